"""Rows of findings, dispatches with their reports, verifications and requests, notes and proposals."""

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


class Dispatch(Base):
    """A task for one contractor or unit: the lead, or one of the co-units. `deadline` names the row of the deadlines domain.

    `state` is issued, handed_back, rework or cancelled, and follows from reports, verifications and `cancelled_at` (`rules.reports`), as do
    `handed_back_at` and `reworks`. `replaced_by` is the dispatch that came in its place when the finding was reopened.
    """

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
    handed_back_at: Mapped[dt.datetime | None]
    reworks: Mapped[int] = mapped_column(default=0, server_default="0")
    cancelled_at: Mapped[dt.datetime | None]
    replaced_by: Mapped[UUID | None]


class Report(Base):
    """What a unit says it did. `reported_at` is corrected time; `earliest_at` and `latest_at` bound it where it is only estimated.

    `state` is open, replaced, passed, failed, disputed or added, and follows from all reports and verifications of the dispatch. `due` is
    the latest deadline granted before the verdict on it: whether it was on time follows from that, and is stored nowhere. `photos` are the
    ids of those declared with it. `decided_*`: what a shift leader decided where verdicts differed.
    """

    __tablename__ = "report"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    dispatch: Mapped[UUID] = mapped_column(sa.ForeignKey("dispatch.id"), index=True)
    state: Mapped[str]
    note: Mapped[str | None]
    photos: Mapped[list[str]]
    reported_by: Mapped[UUID]
    reported_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    time_quality: Mapped[str]
    earliest_at: Mapped[dt.datetime | None]
    latest_at: Mapped[dt.datetime | None]
    due: Mapped[dt.datetime | None]
    decided_result: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[dt.datetime | None]
    decided_reason: Mapped[str | None]
    op: Mapped[UUID | None]


class Verification(Base):
    """An inspector's look on site: before filing at the finding, before closing at one report of its work. Never changed."""

    __tablename__ = "verification"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    phase: Mapped[str]
    report: Mapped[UUID | None] = mapped_column(sa.ForeignKey("report.id"))
    result: Mapped[str]
    note: Mapped[str | None]
    photos: Mapped[list[str]]
    verified_by: Mapped[UUID]
    verified_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    time_quality: Mapped[str]
    op: Mapped[UUID | None]


class DispatchRequest(Base):
    """What a unit asks of the dispatcher: an extension, a return, a suspension (`until`). `state` is pending, granted, refused or lapsed.

    Lapsed: nobody decided before the finding ended or another dispatch came in place. A granted extension adds `by_value` of `by_unit`.
    """

    __tablename__ = "dispatch_request"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    dispatch: Mapped[UUID] = mapped_column(sa.ForeignKey("dispatch.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    until: Mapped[dt.datetime | None]
    asked_by: Mapped[UUID]
    asked_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    time_quality: Mapped[str]
    by_value: Mapped[int | None]
    by_unit: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[dt.datetime | None]
    decided_reason: Mapped[str | None]
    op: Mapped[UUID | None]


class Note(Base):
    """Text added to a finding; never changed."""

    __tablename__ = "finding_note"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    text: Mapped[str]
    written_by: Mapped[UUID]
    written_at: Mapped[dt.datetime]


class Proposal(Base):
    """A change that was valid but not put into effect: kept on the finding until somebody decides.

    `resolved_at`: somebody decided then; `choice` is keep, take or merge.
    """

    __tablename__ = "finding_proposal"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    field: Mapped[str]
    seen: Mapped[Any] = mapped_column(sa.JSON())
    value: Mapped[Any] = mapped_column(sa.JSON())
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[dt.datetime]
    op: Mapped[UUID | None]
    resolved_at: Mapped[dt.datetime | None]
    resolved_by: Mapped[UUID | None]
    choice: Mapped[str | None]


class NumberCounter(Base):
    """The running number of a district's day."""

    __tablename__ = "finding_number"
    day: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
