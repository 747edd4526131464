"""Rows of findings, and the counter of their numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Finding(Base):
    """What was seen, where and when. `recorded_at` is corrected time; `place` is as received, `lon`/`lat` are WGS-84.

    The columns from `unlocated` to `disputed` are flags beside the state; `needs` in documents is made from them, and from
    `lacks_after_photos` and `lacks_look_photos`, which are set only while it is verified: closing needs them clear. `earliest_at` and
    `latest_at` stand where `recorded_at` is only estimated: it was between them. `liable_at` is the moment that somebody decided for the
    look-up of the liable contract. `attached_to` is the head of an attached one.
    """

    __tablename__ = "finding"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int]
    state_version: Mapped[int]
    state: Mapped[str]
    source: Mapped[str]
    kind: Mapped[str]
    code: Mapped[str]
    edition: Mapped[int]
    condition: Mapped[int | None]
    trade: Mapped[str]
    place: Mapped[dict[str, Any]]
    lon: Mapped[float]
    lat: Mapped[float]
    address: Mapped[str | None]
    asset: Mapped[str | None]
    grid: Mapped[str | None]
    community: Mapped[str | None]
    town: Mapped[str | None]
    district: Mapped[str]
    severity: Mapped[int]
    note: Mapped[str | None]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[dt.datetime]
    device_at: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime]
    time_quality: Mapped[str]
    patrol: Mapped[UUID | None]
    liable: Mapped[UUID | None]
    liability: Mapped[dict[str, Any]]
    trade_owner: Mapped[UUID | None]
    limit_value: Mapped[int | None]
    limit_unit: Mapped[str | None]
    limit_source: Mapped[str | None]
    unlocated: Mapped[bool]
    awaiting_contract: Mapped[bool]
    awaiting_calendar: Mapped[bool]
    lacks_photos: Mapped[bool]
    lacks_condition: Mapped[bool]
    disputed: Mapped[bool]
    units: Mapped[list[str]]
    deadline: Mapped[dt.datetime | None]
    filed_at: Mapped[dt.datetime | None]
    void_request: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    writes: Mapped[dict[str, Any]]
    earliest_at: Mapped[dt.datetime | None]
    latest_at: Mapped[dt.datetime | None]
    liable_at: Mapped[dt.datetime | None]
    attached_to: Mapped[UUID | None]
    closed_at: Mapped[dt.datetime | None]
    lacks_after_photos: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    lacks_look_photos: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    __table_args__ = (
        sa.Index(None, "recorded_at", "id"),
        sa.Index(None, "town", "recorded_at", "id"),
        sa.Index(None, "recorded_by", "recorded_at", "id"),
        sa.Index(None, "state", "recorded_at", "id"),
        sa.Index(None, "liable"),
        # What is near a place: a box of some metres within one category.
        sa.Index("ix_finding_nearby", "kind", "code", "lat", "lon"),
        sa.Index(
            "ix_finding_asset",
            "asset",
            postgresql_where=sa.text("asset IS NOT NULL"),
            sqlite_where=sa.text("asset IS NOT NULL"),
        ),
        sa.Index(
            "ix_finding_attached_to",
            "attached_to",
            postgresql_where=sa.text("attached_to IS NOT NULL"),
            sqlite_where=sa.text("attached_to IS NOT NULL"),
        ),
    )


class NumberCounter(Base):
    """The running number of a district's day."""

    __tablename__ = "finding_number"
    day: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
