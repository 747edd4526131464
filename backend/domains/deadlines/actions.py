"""The writes of this domain: deadlines start, meet events and are computed anew; years, days and hours of the calendar are stated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.core.deeds import deed
from backend.core.revisions import bump
from backend.domains.deadlines import queries
from backend.domains.deadlines.model import CalendarDay, CalendarYear, Deadline, DeadlineEvent, WorkingSchedule
from backend.domains.deadlines.rules.administering import DeadlineMissing, check_covered, check_year, stated_anew
from backend.domains.deadlines.rules.calendar import DayOverride, Schedule, Span, WorkingCalendar
from backend.domains.deadlines.rules.calendar_file import overrides_from_csv
from backend.domains.deadlines.rules.clock import Outcome, compute
from backend.domains.deadlines.rules.documents import written
from backend.domains.deadlines.rules.events import ClockEvent, flat
from backend.domains.deadlines.rules.limits import Limit, Unit

EVERYBODY = ("ref",)
CHUNK = 500


def start_deadline(session: Session, act: Act, *, subject_type: str, subject: UUID, value: int, unit: str, start: dt.datetime) -> Deadline:
    """Start the clock of a limit for something (`subject_type`, `subject`).

    `due` is null and `awaiting_year` set where the calendar does not reach. Raises LimitInvalid.
    """
    limit = Limit(value, cast("Unit", unit))
    said = compute(limit, start, queries.calendar(session))
    row = Deadline(
        id=act.new_id(),
        subject_type=subject_type,
        subject=subject,
        limit_value=value,
        limit_unit=unit,
        started_at=start,
    )
    _take(row, said)
    add_row(session, row)
    act.tell("deadline.started", "deadline", row.id, of=f"{subject_type}:{subject}", due=row.due, awaiting_year=row.awaiting_year)
    return row


def state_events(session: Session, act: Act, *, deadline: UUID, happened: Sequence[ClockEvent], limit: Limit | None = None) -> Deadline:
    """State anew what happened to a clock, in the order of time, and its `limit` where that was corrected.

    For events that are worked out from facts which may arrive late and in any order. Where nothing differs nothing is told.
    Raises DeadlineMissing, ClockEventsContradict.
    """
    row = lock_row(session, Deadline, deadline)
    if row is None:
        raise DeadlineMissing(f"there is no deadline {deadline}")
    before, limit = queries.events(session, deadline), limit or queries.limit_of(row)
    if list(happened) == before and limit == queries.limit_of(row):
        return row
    said = compute(limit, row.started_at, queries.calendar(session), happened)
    row.limit_value, row.limit_unit = int(limit.value), limit.unit
    session.flush()  # the deadline itself may be of this transaction, and the tables know each other by foreign keys only
    kept = {event.number: event for event in session.scalars(sa.select(DeadlineEvent).where(DeadlineEvent.deadline == deadline))}
    for number, event in enumerate(happened, start=1):
        values = flat(event)
        if number in kept:
            for name, value in values.items():
                setattr(kept[number], name, value)
        else:
            session.add(DeadlineEvent(deadline=deadline, number=number, **values))
    for number in range(len(happened) + 1, len(before) + 1):
        session.delete(kept[number])
    _take(row, said)
    session.flush()
    act.tell("deadline.moved", "deadline", row.id, of=f"{row.subject_type}:{row.subject}", kind="stated", due=row.due, state=row.state)
    return row


@deed
def recompute_deadlines(session: Session, act: Act, limit: int = CHUNK) -> int:
    """Compute up to `limit` (at most 500) deadlines anew that an earlier version of the calendar still decides; how many were.

    Zero: none is left. Safe to repeat. Each that moved is told as `deadline.computed` with the facts subject_type, subject, due.
    """
    held = queries.calendar(session)
    rows = queries.list_stale(session, held.version, min(limit, CHUNK))
    happened = queries.events_of(session, [row.id for row in rows])
    for row in rows:
        before = (row.due, row.awaiting_year)
        _take(row, compute(queries.limit_of(row), row.started_at, held, happened.get(row.id, ())))
        if (row.due, row.awaiting_year) != before:
            facts: dict[str, Any] = {"subject_type": row.subject_type, "subject": str(row.subject), "due": row.due}
            act.tell("deadline.computed", "deadline", row.id, awaiting_year=row.awaiting_year, **facts)
    session.flush()
    return len(rows)


def add_calendar_year(
    session: Session, act: Act, *, year: int, overrides: Mapping[dt.date, DayOverride], confirm: bool = False
) -> CalendarYear:
    """State a whole year: every day off and make-up working day of its notice. What was said of the year before is replaced.

    Raises CalendarInvalid, and CalendarUnconfirmed for a year without any override unless `confirm`.
    """
    check_year(year, overrides, confirm=confirm)
    present = _about_to_change(session, act)
    present.with_year(present.version + 1, year, overrides)  # raises where it contradicts itself
    session.execute(sa.delete(CalendarDay).where(CalendarDay.day.between(dt.date(year, 1, 1), dt.date(year, 12, 31))))
    session.add_all(
        CalendarDay(day=day, working=override.working, note_zh=override.note_zh, note_en=override.note_en)
        for day, override in overrides.items()
    )
    row = session.get(CalendarYear, year) or CalendarYear(year=year)
    row.imported_at, row.imported_by = act.at, act.actor.person
    session.add(row)
    _tell(act, row, present.version + 1, days=len(overrides))
    session.flush()
    return row


def change_day(session: Session, act: Act, *, day: dt.date, working: bool, note_zh: str = "", note_en: str = "") -> CalendarDay:
    """Say of one day of a covered year whether it works. Raises CalendarYearMissing, CalendarInvalid."""
    present = _about_to_change(session, act)
    check_covered(day.year, present.years)
    said = {known: override for known, override in present.overrides.items() if known.year == day.year}
    present.with_year(present.version + 1, day.year, said | {day: DayOverride(working, note_zh, note_en)})
    row = session.get(CalendarDay, day) or CalendarDay(day=day)
    row.working, row.note_zh, row.note_en = working, note_zh, note_en
    session.add(row)
    _tell(act, session.get_one(CalendarYear, day.year), present.version + 1, day=day.isoformat(), working=working)
    session.flush()
    return row


def set_schedule(
    session: Session, act: Act, *, valid_from: dt.date, spans: Sequence[Span], valid_until: dt.date | None = None
) -> WorkingSchedule:
    """State the working hours of some days; the hours stated before give way for that time and go on after it. Raises CalendarInvalid."""
    new = Schedule(valid_from, valid_until, tuple(spans))
    present = _about_to_change(session, act)
    version = present.version + 1
    schedules = stated_anew(present.schedules, new)
    WorkingCalendar(version, present.years, present.overrides, tuple(schedules))  # raises where it contradicts itself
    session.execute(sa.delete(WorkingSchedule))
    rows = {
        schedule.valid_from: WorkingSchedule(
            id=act.new_id(), valid_from=schedule.valid_from, valid_until=schedule.valid_until, spans=written(schedule), version=version
        )
        for schedule in schedules
    }
    session.add_all(rows.values())
    act.tell("schedule.set", "calendar", "schedules", valid_from=valid_from.isoformat(), spans=written(new))
    for row in session.scalars(sa.select(CalendarYear).order_by(CalendarYear.year)):
        if valid_from.year <= row.year and (valid_until is None or dt.date(row.year, 1, 1) < valid_until):
            _tell(act, row, version, schedule=valid_from.isoformat())
    session.flush()
    return rows[valid_from]


def load_calendar_csv(session: Session, act: Act, *, text: str, years: Collection[int]) -> list[CalendarYear]:
    """State these years from the text of a calendar file, for the first set-up: years already covered are left alone.

    Raises CalendarFileInvalid, CalendarInvalid.
    """
    overrides = overrides_from_csv(text, years=years)
    covered = _about_to_change(session, act).years
    return [
        add_calendar_year(session, act, year=year, overrides={day: said for day, said in overrides.items() if day.year == year})
        for year in sorted(years)
        if year not in covered
    ]


def _about_to_change(session: Session, act: Act) -> WorkingCalendar:
    """The calendar as it is now; of two changes at a time the later one waits here for the first."""
    bump(session, act, queries.REVISION)
    return queries.read_calendar(session)


def _tell(act: Act, row: CalendarYear, version: int, **facts: Any) -> None:
    row.version = version
    act.tell("calendar.changed", "calendar", str(row.year), version=version, scopes=EVERYBODY, **facts)


def _take(row: Deadline, said: Outcome) -> None:
    row.due, row.yellow_from = said.due, said.yellow_from
    row.awaiting_year, row.state, row.calendar_version = said.missing_year, said.state, said.calendar_version
