"""Where a roster has holes, and where it is doubled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backend.domains.patrols.queries.places import InForce, in_force
from backend.domains.patrols.queries.rosters import serve
from backend.domains.patrols.queries.shifts import planned, shifts_within
from backend.domains.patrols.rules import rosters as rules
from backend.domains.patrols.rules.rosters import Doubled, Gap, Part
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.areas import Level


@dataclass(frozen=True, slots=True)
class Report:
    """Where a roster has holes: unit grids in no responsibility grid by day, times without anybody on duty, and with more than one."""

    unassigned: list[tuple[str, dt.date, dt.date]]
    gaps: list[Gap]
    doubled: list[Doubled]


def report(session: Session, *, areas: Collection[str] | None, since: dt.date, until: dt.date, at: dt.datetime) -> Report:
    """The holes from one day until the day before another, under these areas (None: all), by the roles held at that moment."""
    days = [since + dt.timedelta(days=n) for n in range((until - since).days)]
    wanted, unassigned = [], []
    places: dict[UUID, InForce] = {}
    for day in days:
        held = [place for place in in_force(session, day) if _under(place.area, areas)]
        places.update((place.id, place) for place in held)
        for place in held:
            want = rules.wanted_on(place.id, day, weekdays=place.weekdays, duty_from=place.duty_from, duty_until=place.duty_until)
            wanted += [want] if want else []
        unassigned.append(_without_place(session, day, areas))
    wanted.sort(key=lambda want: (places[want.responsibility_grid].code, want.since))
    parts: list[Part] = []
    if wanted:
        first, last = min(want.since for want in wanted), max(want.until for want in wanted)
        shifts = [planned(row) for row in shifts_within(session, first, last, places=list(places))]
        parts = serve(session, shifts, at=at)
    return Report(_ranges(days, unassigned), list(rules.gaps(wanted, parts)), rules.doubled(parts))


def _without_place(session: Session, day: dt.date, areas: Collection[str] | None) -> set[str]:
    """The unit grids that are in no responsibility grid on that day."""
    held = {grid for place in in_force(session, day) for grid in place.grids}
    standing = territory.territory(session).areas_on(day)
    return {code for code, area in standing.items() if area.level is Level.GRID and code not in held and _under(code, areas)}


def _ranges(days: Sequence[dt.date], found: Sequence[set[str]]) -> list[tuple[str, dt.date, dt.date]]:
    """Each grid with the first day and the day after the last of a run of days, in order of (grid, day)."""
    ranges: list[tuple[str, dt.date, dt.date]] = []
    begun: dict[str, dt.date] = {}
    for day, grids in zip(days, found, strict=True):
        ranges += [(grid, begun.pop(grid), day) for grid in begun.keys() - grids]
        for grid in grids - begun.keys():
            begun[grid] = day
    if days:
        ranges += [(grid, first, days[-1] + dt.timedelta(days=1)) for grid, first in begun.items()]
    return sorted(ranges)


def _under(code: str, areas: Collection[str] | None) -> bool:
    return areas is None or any(code.startswith(area) for area in areas)
