"""What others ask about deadlines: the calendar, from memory, and single deadlines with their explanation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.rows import find_row
from backend.core.revisions import Held
from backend.domains.deadlines.model import CalendarDay, CalendarYear, Deadline, DeadlineEvent, WorkingSchedule
from backend.domains.deadlines.rules.administering import DeadlineMissing, check_covered
from backend.domains.deadlines.rules.calendar import DEFAULT_SCHEDULE, DayOverride, Schedule, WorkingCalendar
from backend.domains.deadlines.rules.clock import Outcome, compute, share_reached
from backend.domains.deadlines.rules.documents import calendar_doc, outcome_doc
from backend.domains.deadlines.rules.events import ClockEvent, event_from
from backend.domains.deadlines.rules.limits import Limit, Unit

REVISION = "calendar"


def calendar(session: Session) -> WorkingCalendar:
    """The working calendar in memory, as it stands at this transaction; shared between threads."""
    return _HELD.get(session)


def calendar_docs(session: Session, years: Collection[str]) -> dict[str, dict[str, Any]]:
    """What phones are shown of these years ("2026"); years that are not covered are absent."""
    held = calendar(session)
    covered = {str(year): year for year in held.years}
    return {year: calendar_doc(held, covered[year]) for year in years if year in covered}


def calendar_document(session: Session, year: int) -> dict[str, Any]:
    """A year of the calendar, with all `covered` years. Raises CalendarYearMissing."""
    held = calendar(session)
    check_covered(year, held.years)
    return {**calendar_doc(held, year), "version": held.version, "covered": sorted(held.years)}


def find_deadline(session: Session, deadline: UUID) -> Deadline | None:
    """The deadline with this id."""
    return find_row(session, Deadline, deadline)


def get_deadline(session: Session, deadline: UUID) -> Deadline:
    """The deadline with this id. Raises DeadlineMissing."""
    row = find_deadline(session, deadline)
    if row is None:
        raise DeadlineMissing(f"there is no deadline {deadline}")
    return row


def outcome(session: Session, deadline: Deadline) -> Outcome:
    """What its clock says by the present calendar."""
    return compute(limit_of(deadline), deadline.started_at, calendar(session), events(session, deadline.id))


def due_with(session: Session, deadline: Deadline, happened: Sequence[ClockEvent]) -> dt.datetime | None:
    """When its limit would run out had these events happened to it; None where the calendar does not reach."""
    return compute(limit_of(deadline), deadline.started_at, calendar(session), happened).due


def reached(session: Session, deadline: Deadline, shares: Sequence[Fraction]) -> list[dt.datetime | None]:
    """When these shares of the granted time are used up; None: not before the clock stands for good, or beyond the calendar."""
    said, held = outcome(session, deadline), calendar(session)
    return [share_reached(said, held, share) for share in shares]


def explain(session: Session, deadline: Deadline, *, at: dt.datetime) -> dict[str, Any]:
    """The deadline explained at that moment by the present calendar: the members of `outcome_doc`, with its id and what it is of."""
    held = calendar(session)
    happened = events(session, deadline.id)
    said = compute(limit_of(deadline), deadline.started_at, held, happened)
    return {
        "id": deadline.id,
        "subject_type": deadline.subject_type,
        "subject": deadline.subject,
        **outcome_doc(said, held, happened, at),
    }


def events(session: Session, deadline: UUID) -> list[ClockEvent]:
    """What happened to its clock, in order."""
    return events_of(session, [deadline]).get(deadline, [])


def events_of(session: Session, deadlines: Collection[UUID]) -> dict[UUID, list[ClockEvent]]:
    """The same for up to some hundreds at once; those without events are absent."""
    found: dict[UUID, list[ClockEvent]] = {}
    query = sa.select(DeadlineEvent).where(DeadlineEvent.deadline.in_(list(deadlines)))
    for row in session.scalars(query.order_by(DeadlineEvent.deadline, DeadlineEvent.number)):
        amount = Limit(row.by_value, cast("Unit", row.by_unit)) if row.by_value is not None else None
        found.setdefault(row.deadline, []).append(event_from(row.kind, row.at, until=row.until, amount=amount, reason=row.reason))
    return found


def limit_of(deadline: Deadline) -> Limit:
    """Its limit as a value."""
    return Limit(deadline.limit_value, cast("Unit", deadline.limit_unit))


def list_stale(session: Session, version: int, limit: int) -> list[Deadline]:
    """At most `limit` deadlines that a change of the calendar may move and that were computed with an earlier version."""
    query = (
        sa.select(Deadline)
        .where(Deadline.calendar_version < version, sa.or_(Deadline.state != "stopped", Deadline.awaiting_year.is_not(None)))
        .order_by(Deadline.calendar_version, Deadline.id)
        .limit(limit)
        .with_for_update()
    )
    return list(session.scalars(query))


def read_calendar(session: Session) -> WorkingCalendar:
    """The calendar from its tables, past memory: for who is about to change it. Without stated working hours the default ones hold."""
    years = session.execute(sa.select(CalendarYear.year, CalendarYear.version)).all()
    schedules = session.scalars(sa.select(WorkingSchedule).order_by(WorkingSchedule.valid_from)).all()
    overrides = {row.day: DayOverride(row.working, row.note_zh, row.note_en) for row in session.scalars(sa.select(CalendarDay))}
    return WorkingCalendar(
        version=max([0, *(row.version for row in years), *(row.version for row in schedules)]),
        years=frozenset(row.year for row in years),
        overrides=overrides,
        schedules=tuple(schedule_of(row) for row in schedules) or (DEFAULT_SCHEDULE,),
    )


def schedule_of(row: WorkingSchedule) -> Schedule:
    """The working hours as a value."""
    spans = tuple((dt.time.fromisoformat(start), dt.time.fromisoformat(end)) for start, end in row.spans)
    return Schedule(row.valid_from, row.valid_until, spans)


_HELD = Held(REVISION, read_calendar)
