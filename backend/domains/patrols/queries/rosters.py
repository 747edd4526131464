"""Who is on duty where. What is shown, what is listed as a gap and who is given a task all come from here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.identity import queries as identity
from backend.domains.patrols.model import Shift
from backend.domains.patrols.queries.places import InForce, in_force, versions
from backend.domains.patrols.queries.shifts import LONGEST_SHIFT, absences_within, planned
from backend.domains.patrols.rules import rosters as rules
from backend.domains.patrols.rules.rosters import OnDuty, Part, Planned
from backend.domains.territory.rules.territory import local_day

PLANNERS = ("shift_leader", "administrator")
"""Who keeps rosters: the shift leaders of the area, and administrators."""

READERS = (*PLANNERS, "acceptor", "dispatcher", "leader", "assessor", "auditor", "town_officer")
"""Who reads the rosters of their area; an inspector reads the own shifts."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody on duty at a moment, with the grids it is for; `covering` is whose shift it is, where it is another's."""

    person: UUID
    covering: UUID | None
    place: InForce


def on_duty(session: Session, *, grid: str, at: dt.datetime) -> list[OnDuty]:
    """Who is on duty in a unit grid at a moment, in order of person; nobody where it is in no responsibility grid."""
    found = [duty for duty in duties(session, at=at) if grid in duty.place.grids]
    return sorted((OnDuty(duty.person, duty.place.grid_class, duty.covering) for duty in found), key=lambda each: each.person)


def duties(session: Session, *, at: dt.datetime) -> list[Duty]:
    """Everybody on duty at a moment, in order of person."""
    places = {place.id: place for place in in_force(session, local_day(at))}
    query = sa.select(Shift).where(Shift.since <= at, Shift.since > at - LONGEST_SHIFT, Shift.until > at, Shift.cancelled_at.is_(None))
    shifts = [planned(row) for row in session.scalars(query.order_by(Shift.since, Shift.id))]
    parts = serve(session, [shift for shift in shifts if shift.responsibility_grid in places], at=at)
    found = [
        Duty(part.person, part.covering, places[part.responsibility_grid])
        for part in parts
        if part.person is not None and part.since <= at < part.until
    ]
    return sorted(found, key=lambda duty: (duty.person, duty.place.code))


def serve(session: Session, shifts: Sequence[Planned], *, at: dt.datetime) -> list[Part]:
    """The parts of these shifts, each with who is on duty in it, by the roles held at that moment."""
    if not shifts:
        return []
    away = absences_within(session, min(shift.since for shift in shifts), max(shift.until for shift in shifts))
    people = {shift.person for shift in shifts} | {each.covered_by for each in away if each.covered_by is not None}
    held = identity.grants_of_all(session, people, at)
    places = versions(session)

    def able(person: UUID, shift: Planned) -> bool:
        day = local_day(shift.since)
        place = next((each for each in places.get(shift.responsibility_grid, ()) if each.on(day)), None)
        return place is not None and is_inspector_of(held.get(person, ()), place.grids)

    return [part for shift in shifts for part in rules.served(shift, rules.concerning(shift.person, away), able)]


def is_inspector_of(grants: Iterable[Any], grids: Collection[str]) -> bool:
    """Whether one of these roles makes an inspector of all these grids."""
    areas = [grant.area for grant in grants if grant.role == "inspector" and grant.area]
    return any(all(grid.startswith(area) for grid in grids) for area in areas)
