"""Absences are noted and covered, and end sooner or later than was said."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.core.deeds import deed
from backend.core.problems import Missing
from backend.domains.identity import queries as identity
from backend.domains.patrols.actions.keeping import check_keeper_of, one_at_a_time
from backend.domains.patrols.actions.shifts import scopes_of_shifts, tell_shift
from backend.domains.patrols.model import Absence
from backend.domains.patrols.queries import places, rosters
from backend.domains.patrols.queries import shifts as queries
from backend.domains.patrols.rules import roster_problems as problems
from backend.domains.territory.rules.territory import local_day

LONGEST_ABSENCE = dt.timedelta(days=366)


@deed
def note_absence(session: Session, act: Act, *, payload: dict[str, Any]) -> Absence:
    """Note that somebody is not there, and who covers; without a cover the shifts are listed as gaps.

    Raises PersonMissing, NotYourRoster, RosterInvalid (times), AbsencesOverlap, CoverUnfit.
    """
    one_at_a_time(session)
    person, since, until = payload["person"], payload["since"], payload["until"]
    check_keeper_of(session, act, person)
    if not since < until <= since + LONGEST_ABSENCE or until <= act.at:
        raise problems.RosterInvalid("an absence ends after its beginning and after now", errors=[("/until", "within a year of `since`")])
    other = next(iter(queries.absences_of(session, person, since, until)), None)
    if other is not None:
        raise problems.AbsencesOverlap(
            f"absent from {other.since.isoformat()} until {other.until.isoformat()} already",
            errors=[("/since", "meets another absence")],
            overlaps=str(other.id),
        )
    row = Absence(
        id=act.new_id(),
        version=1,
        person=person,
        since=since,
        until=until,
        kind=payload["kind"],
        covered_by=payload["covered_by"],
        noted_at=act.at,
        noted_by=act.actor.person,
    )
    _check_cover(session, act, row)
    before = _shift_scopes(session, row)
    add_row(session, row)
    _tell_absence(session, act, row, "absence.noted", before)
    return row


@deed
def cover_absence(session: Session, act: Act, *, absence: UUID, covered_by: UUID | None) -> Absence:
    """Say who covers an absence that is not over (None: nobody does any more). Raises Missing, NotYourRoster, AbsenceOver, CoverUnfit."""
    one_at_a_time(session)
    row = _standing_absence(session, act, absence)
    before = _shift_scopes(session, row)
    row.covered_by = covered_by
    _check_cover(session, act, row)
    row.version += 1
    _tell_absence(session, act, row, "absence.covered", before)
    return row


@deed
def end_absence(session: Session, act: Act, *, absence: UUID, until: dt.datetime) -> Absence:
    """Somebody is back sooner, or stays away longer: the absence ends then.

    Raises as `cover_absence` does, RosterInvalid, AbsencesOverlap.
    """
    one_at_a_time(session)
    row = _standing_absence(session, act, absence)
    if not row.since <= until <= row.since + LONGEST_ABSENCE:
        raise problems.RosterInvalid("an absence ends after its beginning", errors=[("/until", "within a year of its beginning")])
    others = [each for each in queries.absences_of(session, row.person, row.since, until) if each.id != row.id]
    if others:
        raise problems.AbsencesOverlap("another absence begins before", errors=[("/until", "meets another")], overlaps=str(others[0].id))
    before = _shift_scopes(session, row)
    row.until = until
    _check_cover(session, act, row)
    row.version += 1
    _tell_absence(session, act, row, "absence.ended", before)
    return row


def _standing_absence(session: Session, act: Act, absence: UUID) -> Absence:
    row = lock_row(session, Absence, absence)
    if row is None:
        raise Missing(f"there is no absence {absence}")
    check_keeper_of(session, act, row.person)
    if row.until <= act.at:
        raise problems.AbsenceOver(f"it ended at {row.until.isoformat()}")
    return row


def _check_cover(session: Session, act: Act, row: Absence) -> None:
    """Who covers is another, is there all the time, and an inspector wherever the absent one has a shift meanwhile."""
    if row.covered_by is None:
        return
    faults = []
    if row.covered_by == row.person:
        faults.append("the person is the one who is absent")
    elif queries.absences_of(session, row.covered_by, row.since, row.until):
        faults.append("the person is absent at that time as well")
    grants = identity.grants_ahead(session, row.covered_by, at=act.at, on=max(row.since, act.at))
    if not faults and not any(grant.role == "inspector" for grant in grants):
        faults.append("the person is no inspector")
    for shift in queries.shifts_within(session, row.since, row.until, people=[row.person]) if not faults else ():
        place = places.get_place(session, shift.responsibility_grid, local_day(shift.since))
        if not rosters.is_inspector_of(grants, place.grids):
            faults.append(f"the person is no inspector of {place.code}")
            break
    if faults:
        raise problems.CoverUnfit(f"covered_by: {faults[0]}", errors=[("/covered_by", faults[0])])


def _shift_scopes(session: Session, row: Absence) -> dict[UUID, list[str]]:
    """The shifts of the absent person in that time, and who holds them now."""
    return scopes_of_shifts(session, queries.shifts_within(session, row.since, row.until, people=[row.person]))


def _tell_absence(session: Session, act: Act, row: Absence, event: str, before: dict[UUID, list[str]]) -> None:
    """The absence, and the shifts it meets or met. Why somebody is away is nobody's business but the roster's."""
    session.flush()
    facts: dict[str, Any] = {"person": row.person, "since": row.since, "until": row.until, "covered_by": row.covered_by}
    act.tell(event, "absence", row.id, version=row.version, **facts)
    touched = {shift.id: shift for shift in queries.shifts_within(session, row.since, row.until, people=[row.person])}
    for each in before.keys() - touched.keys():
        touched[each] = queries.get_shift(session, each)
    for shift in sorted(touched.values(), key=lambda each: (each.since, each.id)):
        tell_shift(session, act, shift, "shift.cover_changed", before=before.get(shift.id, ()))
