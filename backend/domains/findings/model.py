"""Rows of findings, dispatches, notes and proposals."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Finding(Base):
    """What was seen, where and when. `recorded_at` is corrected time; `place` is as received, `lon`/`lat` are WGS-84.

    The columns from `unlocated` to `disputed` are flags beside the state; `needs` in documents is made from them.
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
    __table_args__ = (
        sa.Index(None, "recorded_at", "id"),
        sa.Index(None, "town", "recorded_at", "id"),
        sa.Index(None, "recorded_by", "recorded_at", "id"),
        sa.Index(None, "state", "recorded_at", "id"),
        sa.Index(None, "liable"),
    )


class Dispatch(Base):
    """A task for one contractor or unit: the lead, or one of the co-units. `deadline` names the row of the deadlines domain."""

    __tablename__ = "dispatch"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    role: Mapped[str]
    state: Mapped[str]
    unit: Mapped[UUID] = mapped_column(index=True)
    unit_kind: Mapped[str]
    contract: Mapped[UUID | None]
    choice: Mapped[dict[str, Any]]
    issued_at: Mapped[dt.datetime]
    issued_by: Mapped[UUID | None]
    automatic: Mapped[bool]
    limit_value: Mapped[int | None]
    limit_unit: Mapped[str | None]
    limit_source: Mapped[str | None]
    deadline: Mapped[UUID | None]
    due: Mapped[dt.datetime | None]
    awaiting_calendar: Mapped[bool]


class Note(Base):
    """Text added to a finding; never changed."""

    __tablename__ = "finding_note"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    text: Mapped[str]
    written_by: Mapped[UUID]
    written_at: Mapped[dt.datetime]


class Proposal(Base):
    """A change that was valid but not put into effect: kept on the finding until somebody decides."""

    __tablename__ = "finding_proposal"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    field: Mapped[str]
    seen: Mapped[Any] = mapped_column(sa.JSON())
    value: Mapped[Any] = mapped_column(sa.JSON())
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[dt.datetime]
    op: Mapped[UUID | None]


class NumberCounter(Base):
    """The running number of a district's day."""

    __tablename__ = "finding_number"
    day: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
