"""Rows of the work on a finding: dispatches with their reports, verifications and requests."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


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
