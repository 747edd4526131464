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

    `state` is issued, returned, suspended, handed_back, rework or cancelled, and follows from reports, verifications, returns, suspensions
    and `cancelled_at` (`rules.reports`), as do `handed_back_at`, `reworks`, `returns` (how often its unit asked to be rid of it),
    `suspended_until` and `held_by` (the area-wide suspension that holds it now). `wide_before` are the stretches for which area-wide
    suspensions held it up to `wide_since`, when a correction moved the finding to another trade or area (null: never). `replaced_by` is the
    dispatch that came in its place when the finding was reopened or the work went to another. `exempt`: an appeal was granted, it does not
    count. `worker` has it within the unit; `hand_back_by` says who hands it back there, worker or manager. `reminded_at`, `escalation` and
    `escalated_at` are what its deadline has brought about so far, by the policy of version `policy`: so many `stages`
    (`rules.escalation`), the next at `watch_at`.
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
    yellow_from: Mapped[dt.datetime | None]
    suspended_until: Mapped[dt.datetime | None]
    held_by: Mapped[UUID | None]
    wide_since: Mapped[dt.datetime | None]
    wide_before: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    returns: Mapped[int] = mapped_column(default=0, server_default="0")
    exempt: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    worker: Mapped[UUID | None]
    hand_back_by: Mapped[str | None]
    reminded_at: Mapped[dt.datetime | None]
    escalation: Mapped[int] = mapped_column(default=0, server_default="0")
    escalated_at: Mapped[dt.datetime | None]
    policy: Mapped[int | None]
    stages: Mapped[int] = mapped_column(default=0, server_default="0")
    watch_at: Mapped[dt.datetime | None]
    __table_args__ = (
        sa.Index(None, "issued_at"),
        # Deadlines that bring something about.
        sa.Index(
            "ix_dispatch_watch_at",
            "watch_at",
            "id",
            postgresql_where=sa.text("watch_at IS NOT NULL"),
            sqlite_where=sa.text("watch_at IS NOT NULL"),
        ),
        # What was issued before deadlines were watched: soon empty.
        sa.Index(
            "ix_dispatch_unwatched",
            "finding",
            postgresql_where=sa.text("policy IS NULL"),
            sqlite_where=sa.text("policy IS NULL"),
        ),
        # Suspensions that end by themselves.
        sa.Index(
            "ix_dispatch_suspended_until",
            "suspended_until",
            "id",
            postgresql_where=sa.text("state = 'suspended'"),
            sqlite_where=sa.text("state = 'suspended'"),
        ),
        # What somebody of a company has.
        sa.Index(
            "ix_dispatch_worker",
            "worker",
            postgresql_where=sa.text("worker IS NOT NULL"),
            sqlite_where=sa.text("worker IS NOT NULL"),
        ),
        # What an area-wide suspension holds.
        sa.Index(
            "ix_dispatch_held_by",
            "held_by",
            "id",
            postgresql_where=sa.text("held_by IS NOT NULL"),
            sqlite_where=sa.text("held_by IS NOT NULL"),
        ),
    )


class Report(Base):
    """What a unit says it did. `reported_at` is corrected time; `earliest_at` and `latest_at` bound it where it is only estimated.

    `state` is awaiting_hand_back, open, replaced, passed, failed, disputed or added, and follows from all reports and verifications of the
    dispatch. `by_manager`: who made it needs nobody to hand it back. `hand_back_by`: whose word, worker's or manager's, ended the work so
    far as was known when it was received; an assignment that arrives later does not change it (null: the worker's). `handed_back_*`: a
    manager did; `counts_at` is the corrected time that the clock goes by, null while it waits for that (and where it was made before
    anybody had to hand back: then `reported_at`). `due` is the latest deadline granted before the verdict on it: whether it was on time
    follows from that, and is stored nowhere. `photos` are the ids of those declared with it. `decided_*`: what a shift leader decided where
    verdicts differed.
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
    by_manager: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    hand_back_by: Mapped[str | None]
    handed_back_by: Mapped[UUID | None]
    handed_back_at: Mapped[dt.datetime | None]
    counts_at: Mapped[dt.datetime | None]


class Verification(Base):
    """An inspector's look on site: before filing at the finding, before closing at one report of its work. Never changed.

    `observation`: by who no longer had the task when looking, or at a report not yet handed back; it is shown, and decides nothing.
    """

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
    observation: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class DispatchRequest(Base):
    """What a unit asks: an extension, a return, a suspension (`until`), an appeal. `state` is pending, granted, refused or lapsed.

    Lapsed: nobody decided before the finding ended, another dispatch came in place, or the unit did the work. A granted extension adds
    `by_value` of `by_unit`; a granted suspension stands until `granted_until`, or until somebody ended it (`ended_at`).
    `photos` are the ids of those declared with it.
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
    photos: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    granted_until: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[UUID | None]


class AreaSuspension(Base):
    """The clocks of all open dispatches of an area stand (a typhoon): of one trade, or of all, until `until` or until somebody ended it.

    `area` is the code of a district, town or community.
    """

    __tablename__ = "area_suspension"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area: Mapped[str]
    trade: Mapped[str | None]
    reason: Mapped[str]
    starts_at: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    declared_by: Mapped[UUID]
    declared_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[UUID | None]
    ended_reason: Mapped[str | None]
    __table_args__ = (sa.Index(None, "area", "until"),)
