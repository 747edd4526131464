"""Shifts are planned and cancelled, never deleted; their people's phones are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.core.deeds import deed
from backend.core.problems import Missing
from backend.domains.identity import queries as identity
from backend.domains.patrols.actions.keeping import check_keeper, one_at_a_time
from backend.domains.patrols.model import ResponsibilityGrid, Shift
from backend.domains.patrols.queries import places, rosters
from backend.domains.patrols.queries import shifts as queries
from backend.domains.patrols.rules import roster_problems as problems
from backend.domains.patrols.rules import rosters as rules
from backend.domains.patrols.rules.rosters import Away
from backend.domains.territory.rules.territory import local_day


@deed
def plan_shifts(session: Session, act: Act, *, items: list[dict[str, Any]]) -> list[Shift]:
    """Plan shifts: all of them or, where one cannot be, none; `errors` points to each that cannot.

    Raises ResponsibilityGridMissing, NotYourRoster, RosterInvalid (times, who is no inspector there), ShiftsOverlap.
    """
    one_at_a_time(session)
    faults: list[tuple[str, str]] = []
    rows: list[Shift] = []
    first, last = min(each["since"] for each in items), max(each["until"] for each in items)
    standing = queries.shifts_within(session, first, last, people={each["person"] for each in items}) if first < last else []
    for number, item in enumerate(items):
        at = f"/items/{number}"
        found = _shift_faults(session, act, item, at)
        faults += found
        if found:
            continue
        other = next((each for each in (*standing, *rows) if _meets(each, item)), None)
        if other is not None:
            detail = f"{item['person']} has a shift from {other.since.isoformat()} until {other.until.isoformat()}"
            raise problems.ShiftsOverlap(detail, errors=[(at, "meets another shift of the same person")], overlaps=str(other.id))
        rows.append(_new_shift(act, item))
    if faults:
        raise problems.RosterInvalid("some shifts cannot be planned", errors=faults)
    for row in rows:
        add_row(session, row)
    session.flush()
    for row in rows:
        tell_shift(session, act, row, "shift.planned", bump_version=False)
    return rows


@deed
def cancel_shift(session: Session, act: Act, *, shift: UUID) -> Shift:
    """Cancel a shift that is not over: from now on it is nobody's. Raises Missing, NotYourRoster, ShiftOver."""
    one_at_a_time(session)
    row = lock_row(session, Shift, shift)
    if row is None:
        raise Missing(f"there is no shift {shift}")
    check_keeper(act, _area_of(session, row.responsibility_grid))
    if row.cancelled_at is not None or row.until <= act.at:
        raise problems.ShiftOver("it was cancelled" if row.cancelled_at else f"it ended at {row.until.isoformat()}")
    cancel_row(session, act, row)
    return row


@deed
def retire_shifts(session: Session, act: Act, *, shifts: list[UUID]) -> int:
    """Take shifts that are over from the feed: phones need hold them no longer. How many it took."""
    rows = [row for each in sorted(shifts) if (row := lock_row(session, Shift, each)) is not None and row.until <= act.at]
    for row in rows:
        scopes = rules.scopes_of_shift(queries.planned(row), queries.absences_within(session, row.since, row.until))
        act.tell("shift.retired", "shift", row.id, version=row.version, left=scopes)
    return len(rows)


def cancel_row(session: Session, act: Act, row: Shift) -> None:
    """Cancel a shift; part of that deed."""
    row.cancelled_at, row.cancelled_by = act.at, act.actor.person
    tell_shift(session, act, row, "shift.cancelled")


def shifts_from(session: Session, responsibility_grid: UUID, day: dt.date, at: dt.datetime) -> Sequence[Shift]:
    """The shifts there that begin on this day or later and are not over, oldest first."""
    query = sa.select(Shift).where(Shift.responsibility_grid == responsibility_grid, Shift.until > at, Shift.cancelled_at.is_(None))
    return [row for row in session.scalars(query.order_by(Shift.since, Shift.id)) if local_day(row.since) >= day]


def _shift_faults(session: Session, act: Act, item: dict[str, Any], at: str) -> list[tuple[str, str]]:
    """What is wrong with a shift to plan."""
    since, until = item["since"], item["until"]
    if not since < until <= since + queries.LONGEST_SHIFT:
        return [(f"{at}/until", "after `since`, at most 24 hours")]
    if until <= act.at:
        return [(f"{at}/until", "the shift is over already")]
    try:
        place = places.get_place(session, item["responsibility_grid"], local_day(since))
    except problems.ResponsibilityGridMissing:
        return [(f"{at}/responsibility_grid", f"none on {local_day(since)}")]
    check_keeper(act, place.area)
    grants = identity.grants_ahead(session, item["person"], at=act.at, on=max(since, act.at))
    if not rosters.is_inspector_of(grants, place.grids):
        return [(f"{at}/person", f"no inspector of {place.code}")]
    return []


def _meets(row: Shift, item: dict[str, Any]) -> bool:
    return bool(row.person == item["person"] and row.since < item["until"] and item["since"] < row.until)


def _new_shift(act: Act, item: dict[str, Any]) -> Shift:
    return Shift(
        id=act.new_id(),
        version=1,
        person=item["person"],
        responsibility_grid=item["responsibility_grid"],
        since=item["since"],
        until=item["until"],
        planned_at=act.at,
        planned_by=act.actor.person,
        cancelled_at=None,
        cancelled_by=None,
    )


def _area_of(session: Session, responsibility_grid: UUID) -> str:
    row = session.get(ResponsibilityGrid, responsibility_grid)
    assert row is not None, "a shift is in one"
    return row.area


def scopes_of_shifts(session: Session, shifts: Iterable[Shift]) -> dict[UUID, list[str]]:
    """Whose phones hold these shifts now, by shift."""
    found = {}
    for shift in shifts:
        away = [
            Away(each.person, each.since, each.until, each.covered_by)
            for each in queries.absences_of(session, shift.person, shift.since, shift.until)
        ]
        found[shift.id] = rules.scopes_of_shift(queries.planned(shift), away)
    return found


def tell_shift(session: Session, act: Act, row: Shift, event: str, *, before: Iterable[str] = (), bump_version: bool = True) -> None:
    """The shift as it is now, to its person and to who covers it."""
    if bump_version:
        row.version += 1
    session.flush()
    scopes = scopes_of_shifts(session, [row])[row.id]
    facts: dict[str, Any] = {"person": row.person, "responsibility_grid": row.responsibility_grid, "since": row.since, "until": row.until}
    act.tell(event, "shift", row.id, version=row.version, scopes=scopes, left=sorted(set(before) - set(scopes)), **facts)
