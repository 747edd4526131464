"""The territory's tables: areas and road segments, each with its versions over time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Area(Base):
    """One version of an area, in force from the day `valid_from` until the day before `valid_until` (None: without end).

    `polygon` is WKB in WGS-84 degrees. `version` rises with every change of what phones are shown of the code, over all its versions.
    """

    __tablename__ = "area"
    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(primary_key=True)
    valid_until: Mapped[dt.date | None]
    level: Mapped[str]
    name: Mapped[str]
    parent: Mapped[str | None]
    polygon: Mapped[bytes]
    note: Mapped[str]
    illustrative: Mapped[bool]
    version: Mapped[int]


class RoadSegment(Base):
    """One version of a section of a road, in force as an area is. `line` is WKB in WGS-84 degrees."""

    __tablename__ = "road_segment"
    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(primary_key=True)
    valid_until: Mapped[dt.date | None]
    name: Mapped[str]
    section: Mapped[int]
    line: Mapped[bytes]
    note: Mapped[str]
    illustrative: Mapped[bool]
