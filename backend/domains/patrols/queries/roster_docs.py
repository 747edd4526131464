"""Rosters as they are shown: to the desk with names, to phones by ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.identity import queries as identity
from backend.domains.patrols.model import Absence, ResponsibilityGrid, Shift, Terms
from backend.domains.patrols.queries import places, rosters, shifts
from backend.domains.patrols.queries.roster_report import report
from backend.domains.patrols.rules import rosters as rules
from backend.domains.patrols.rules.roster_problems import NotYourRoster
from backend.domains.patrols.rules.rosters import Part
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.territory import local_day


def areas_read_by(actor: Actor, area: str | None = None) -> list[str] | None:
    """The areas whose rosters this actor reads, narrowed to one; None: all. Raises NotYourRoster where nothing is left."""
    if actor.holds("administrator"):
        return [area] if area else None
    own = sorted({grant.area for grant in actor.grants_of(*rosters.READERS) if grant.area})
    if area is None:
        return own
    within = [area] if any(area.startswith(each) for each in own) else [each for each in own if each.startswith(area)]
    if not within:
        raise NotYourRoster(f"the rosters of {area} are not yours to read", roles=list(rosters.READERS))
    return within


def check_reads_grid(actor: Actor, grid: str) -> None:
    """Raises NotYourRoster for a unit grid in none of the areas whose rosters the actor reads, or patrols."""
    areas = [grant.area for grant in actor.grants_of(*rosters.READERS, "inspector") if grant.area]
    if not actor.holds("administrator") and not any(grid.startswith(area) for area in areas):
        raise NotYourRoster(f"grid: {grid[:20]!r} is in none of your areas", errors=[("/grid", "in none of your areas")])


def responsibility_grid_doc(row: ResponsibilityGrid, terms: Sequence[Terms]) -> dict[str, Any]:
    """One with all its terms."""
    return {**{name: getattr(row, name) for name in ("id", "code", "name", "name_en", "area", "version")}, "terms": list(terms)}


def get_responsibility_grid(session: Session, responsibility_grid: UUID) -> dict[str, Any]:
    """The document of one that is there."""
    row = session.get_one(ResponsibilityGrid, responsibility_grid)
    return responsibility_grid_doc(row, places.terms_of(session, row.id))


def shift_docs(session: Session, ids: Collection[UUID]) -> dict[str, dict[str, Any]]:
    """The shifts' documents by id, as pulled: who covers follows from absences alone, so that each change of it is told."""
    rows = session.scalars(sa.select(Shift).where(Shift.id.in_(ids)).order_by(Shift.id)).all()
    return {str(row.id): shift_doc(session, row, _parts_as_noted(session, row)) for row in rows}


def shift_doc(session: Session, row: Shift, parts: Sequence[Part]) -> dict[str, Any]:
    """One shift, with these parts of it."""
    place = places.place_on(session, row.responsibility_grid, local_day(row.since))
    return {
        "id": row.id,
        "version": row.version,
        "person": row.person,
        "responsibility_grid": row.responsibility_grid,
        "code": place.code,
        "name": place.name,
        "grid_class": place.grid_class,
        "grids": list(place.grids),
        "since": row.since,
        "until": row.until,
        "cancelled_at": row.cancelled_at,
        "parts": [
            {name: getattr(part, name) for name in ("since", "until", "person", "covering", "reason")}
            for part in parts
            if row.cancelled_at is None
        ],
    }


def list_shifts(
    session: Session, actor: Actor, *, query: dict[str, Any], after: tuple[dt.datetime, UUID] | None, at: dt.datetime
) -> tuple[list[dict[str, Any]], Shift | None]:
    """A page of shifts as documents, and the row after which the next page begins (None: it was the last)."""
    people, places = [query["person"]] if query["person"] else None, None
    if not actor.holds(*rosters.READERS):
        people = [each for each in (people or [actor.person]) if each == actor.person]
    elif (areas := areas_read_by(actor, query["area"])) is not None:
        under = sa.or_(sa.false(), *(ResponsibilityGrid.area.startswith(area, autoescape=True) for area in areas))
        places = list(session.scalars(sa.select(ResponsibilityGrid.id).where(under)))
    limit = query["limit"]
    rows = shifts.shifts_within(
        session,
        query["since"],
        query["until"],
        people=[each for each in people if each is not None] if people is not None else None,
        places=places,
        after=after,
        limit=limit + 1,
        cancelled=query["cancelled"],
    )
    page = rows[:limit]
    parts: dict[UUID, list[Part]] = {row.id: [] for row in page}
    for part in rosters.serve(session, [shifts.planned(row) for row in page], at=at):
        parts[part.shift].append(part)
    return [shift_doc(session, row, parts[row.id]) for row in page], page[-1] if len(rows) > limit else None


def absence_docs(session: Session, rows: Sequence[Absence]) -> list[dict[str, Any]]:
    """Absences with names."""
    people = {row.person for row in rows} | {row.covered_by for row in rows if row.covered_by}
    names = identity.names_of(session, people)
    shown = ("id", "version", "person", "since", "until", "kind", "covered_by")
    return [
        {
            **{name: getattr(row, name) for name in shown},
            "name": names.get(row.person),
            "cover_name": names.get(row.covered_by) if row.covered_by else None,
        }
        for row in rows
    ]


def list_absences(
    session: Session, actor: Actor, *, query: dict[str, Any], after: tuple[dt.datetime, UUID] | None, at: dt.datetime
) -> tuple[list[dict[str, Any]], Absence | None]:
    """A page of the absences of those whose rosters the actor keeps, and the row after which the next page begins."""
    wanted = sa.select(Absence).where(Absence.until > query["since"], Absence.since < query["until"])
    if query["person"]:
        wanted = wanted.where(Absence.person == query["person"])
    if not actor.holds("administrator"):
        areas = [grant.area for grant in actor.grants_of("shift_leader") if grant.area]
        wanted = wanted.where(Absence.person.in_(identity.inspectors_under(areas, at)))
    if after is not None:
        key = sa.tuple_(sa.literal(after[0], Absence.since.type), sa.literal(after[1], Absence.id.type))
        wanted = wanted.where(sa.tuple_(Absence.since, Absence.id) > key)
    limit = query["limit"]
    rows = session.scalars(wanted.order_by(Absence.since, Absence.id).limit(limit + 1)).all()
    return absence_docs(session, rows[:limit]), rows[limit - 1] if len(rows) > limit else None


def on_duty_docs(session: Session, *, grid: str, at: dt.datetime) -> list[dict[str, Any]]:
    """Who is on duty in a grid, with names."""
    found = rosters.on_duty(session, grid=grid, at=at)
    names = identity.names_of(session, [each.person for each in found])
    return [
        {"person": each.person, "name": names.get(each.person), "grid_class": each.grid_class, "covering": each.covering} for each in found
    ]


def report_doc(session: Session, actor: Actor, *, query: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """The holes of these days, with names of areas and people."""
    areas = areas_read_by(actor, query["area"])
    found = report(session, areas=areas, since=query["since"], until=query["until"], at=at)
    names = identity.names_of(session, {gap.person for gap in found.gaps if gap.person is not None})
    grids = territory.area_names(session)
    codes = {place.id: place.code for place in places.ever(session)}
    return {
        "since": query["since"],
        "until": query["until"],
        "unassigned": [{"grid": grid, "name": grids.get(grid), "since": since, "until": until} for grid, since, until in found.unassigned],
        "gaps": [
            {
                "responsibility_grid": gap.responsibility_grid,
                "code": codes[gap.responsibility_grid],
                "since": gap.since,
                "until": gap.until,
                "reason": gap.reason,
                "reason_text": dict(rules.REASON_TEXTS[gap.reason]),
                "person": gap.person,
                "name": names.get(gap.person) if gap.person else None,
                "shift": gap.shift,
            }
            for gap in found.gaps
        ],
        "doubled": [
            {
                "responsibility_grid": each.responsibility_grid,
                "code": codes[each.responsibility_grid],
                "since": each.since,
                "until": each.until,
                "people": list(each.people),
            }
            for each in found.doubled
        ],
    }


def _parts_as_noted(session: Session, row: Shift) -> list[Part]:
    away = shifts.absences_within(session, row.since, row.until)
    return rules.served(shifts.planned(row), rules.concerning(row.person, away), lambda _person, _shift: True)
