"""Rows of patrols and their tracks."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Patrol(Base):
    """A shift of one inspector. Times are corrected times of the phone that walked it; `added_at` is that of its last track."""

    __tablename__ = "patrol"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    inspector: Mapped[UUID]
    replica: Mapped[UUID | None]
    state: Mapped[str]
    planned: Mapped[UUID | None]
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    visited: Mapped[list[str]]
    points: Mapped[int]
    metres: Mapped[float]
    late: Mapped[bool]
    added_at: Mapped[dt.datetime | None]
    overlapping: Mapped[bool]
    __table_args__ = (sa.Index(None, "inspector", "state"), sa.Index(None, "inspector", "closed_at"))


class TrackChunk(Base):
    """Up to 500 points of a track: as received, and in WGS-84."""

    __tablename__ = "track_chunk"
    patrol: Mapped[UUID] = mapped_column(sa.ForeignKey("patrol.id"), primary_key=True)
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    datum: Mapped[str]
    points: Mapped[list[Any]]
    wgs84: Mapped[list[Any]]
    metres: Mapped[float]
