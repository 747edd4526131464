"""Endpoints of rosters: responsibility grids, shifts, absences with their cover, who is on duty, and where nobody is."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from backend.core import cursors
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Invalid
from backend.domains.identity.rules.people import PersonMissing
from backend.domains.patrols.actions import absences, shifts
from backend.domains.patrols.actions import places as grids
from backend.domains.patrols.model import Absence
from backend.domains.patrols.queries import places, roster_docs
from backend.domains.patrols.queries.rosters import PLANNERS, READERS
from backend.domains.patrols.rules.roster_problems import (
    AbsenceOver,
    AbsencesOverlap,
    CoverUnfit,
    GridTaken,
    NotYourRoster,
    ResponsibilityGridTaken,
    RosterInvalid,
    ShiftOver,
    ShiftsOverlap,
)
from backend.domains.patrols.schemas import places as place_schemas
from backend.domains.patrols.schemas import rosters as schemas
from backend.domains.patrols.schemas import shifts as shift_schemas

blueprint = Blueprint("rosters", __name__, description="Who is on duty where: responsibility grids, shifts, absences and cover")
blueprints = [blueprint]
blueprint.describe(shift_schemas.ShiftDoc())

_LONGEST = dt.timedelta(days=31)
_YEAR = dt.timedelta(days=366)


@blueprint.get("/responsibility-grids")
@caller(*READERS, "inspector")
@blueprint.refuses(NotYourRoster)
@blueprint.arguments(place_schemas.ListResponsibilityGrids(), location="query")
@blueprint.response(200, place_schemas.ResponsibilityGridsPage())
def list_responsibility_grids(query: dict[str, Any]) -> dict[str, Any]:
    """Responsibility grids in order of code, each with all that it was, is and will be."""
    session, act = here()
    after = cursors.unpack("responsibility_grids", query["cursor"], cursors.text)
    limit = query["limit"]
    areas = roster_docs.areas_read_by(act.actor, query["area"]) if act.actor.holds(*READERS) else _own_areas(act.actor.grants)
    with reading(session):
        found = places.list_responsibility_grids(session, areas=areas, limit=limit + 1, after=after[0] if after else None)
        items = [roster_docs.responsibility_grid_doc(row, terms) for row, terms in found[:limit]]
    return {"items": items, "next": cursors.pack("responsibility_grids", items[-1]["code"]) if len(found) > limit else None}


@blueprint.post("/responsibility-grids")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, RosterInvalid, GridTaken, ResponsibilityGridTaken)
@blueprint.arguments(place_schemas.DrawResponsibilityGrid())
@blueprint.response(201, place_schemas.ResponsibilityGridDoc())
def draw_responsibility_grid(payload: dict[str, Any]) -> dict[str, Any]:
    """Draw a responsibility grid: unit grids that one inspector patrols, how often, and when somebody is to be there."""
    session, act = here()
    row = perform(session, act, grids.draw_responsibility_grid, payload=payload)
    return _responsibility_grid(row.id)


@blueprint.post("/responsibility-grids/<uuid:responsibility_grid>/terms")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, RosterInvalid, GridTaken)
@blueprint.arguments(place_schemas.RedrawResponsibilityGrid())
@blueprint.response(201, place_schemas.ResponsibilityGridDoc())
def redraw_responsibility_grid(payload: dict[str, Any], responsibility_grid: UUID) -> dict[str, Any]:
    """Say what it is from a day on; what it was stays known."""
    session, act = here()
    perform(session, act, grids.redraw_responsibility_grid, responsibility_grid=responsibility_grid, payload=payload)
    return _responsibility_grid(responsibility_grid)


@blueprint.post("/responsibility-grids/<uuid:responsibility_grid>/closing")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, RosterInvalid)
@blueprint.arguments(place_schemas.CloseResponsibilityGrid())
@blueprint.response(200, place_schemas.ResponsibilityGridDoc())
def close_responsibility_grid(payload: dict[str, Any], responsibility_grid: UUID) -> dict[str, Any]:
    """From this day on it is none; its later shifts are cancelled and its unit grids are listed as nobody's."""
    session, act = here()
    perform(session, act, grids.close_responsibility_grid, responsibility_grid=responsibility_grid, on=payload["on"])
    return _responsibility_grid(responsibility_grid)


@blueprint.get("/shifts")
@caller(*READERS, "inspector")
@blueprint.refuses(NotYourRoster)
@blueprint.arguments(shift_schemas.ListShifts(), location="query")
@blueprint.response(200, shift_schemas.ShiftsPage())
def list_shifts(query: dict[str, Any]) -> dict[str, Any]:
    """The shifts of a time, each with who is on duty in which part of it; an inspector's own."""
    session, act = here()
    _check_span(query["since"], query["until"], _LONGEST)
    after = cursors.unpack("shifts", query["cursor"], cursors.moment, cursors.key)
    with reading(session):
        items, last = roster_docs.list_shifts(session, act.actor, query=query, after=after, at=act.at)
    return {"items": items, "next": cursors.pack("shifts", last.since.isoformat(), str(last.id)) if last else None}


@blueprint.post("/shifts")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, RosterInvalid, ShiftsOverlap)
@blueprint.arguments(shift_schemas.PlanShifts())
@blueprint.response(201, shift_schemas.ShiftsList())
def plan_shifts(payload: dict[str, Any]) -> dict[str, Any]:
    """Plan shifts: all of them, or none where one cannot be."""
    session, act = here()
    rows = perform(session, act, shifts.plan_shifts, items=payload["items"])
    with reading(session):
        docs = roster_docs.shift_docs(session, [row.id for row in rows])
    return {"items": [docs[str(row.id)] for row in rows]}


@blueprint.post("/shifts/<uuid:shift>/cancellation")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, ShiftOver)
@blueprint.response(200, shift_schemas.ShiftDoc())
def cancel_shift(shift: UUID) -> dict[str, Any]:
    """Cancel a shift that is not over; a patrol opened later for it counts as unplanned."""
    session, act = here()
    perform(session, act, shifts.cancel_shift, shift=shift)
    with reading(session):
        return roster_docs.shift_docs(session, [shift])[str(shift)]


@blueprint.get("/absences")
@caller(*PLANNERS)
@blueprint.arguments(shift_schemas.ListAbsences(), location="query")
@blueprint.response(200, shift_schemas.AbsencesPage())
def list_absences(query: dict[str, Any]) -> dict[str, Any]:
    """The absences of a time among those whose rosters the caller keeps."""
    session, act = here()
    _check_span(query["since"], query["until"], _YEAR)
    after = cursors.unpack("absences", query["cursor"], cursors.moment, cursors.key)
    with reading(session):
        items, last = roster_docs.list_absences(session, act.actor, query=query, after=after, at=act.at)
    return {"items": items, "next": cursors.pack("absences", last.since.isoformat(), str(last.id)) if last else None}


@blueprint.post("/absences")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, RosterInvalid, AbsencesOverlap, CoverUnfit, PersonMissing)
@blueprint.arguments(shift_schemas.NoteAbsence())
@blueprint.response(201, shift_schemas.AbsenceDoc())
def note_absence(payload: dict[str, Any]) -> dict[str, Any]:
    """Note that somebody is not there, and who covers their shifts. Their tasks go to who is on duty instead."""
    session, act = here()
    return _absence(perform(session, act, absences.note_absence, payload=payload))


@blueprint.put("/absences/<uuid:absence>/cover")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, AbsenceOver, CoverUnfit)
@blueprint.arguments(shift_schemas.CoverAbsence())
@blueprint.response(200, shift_schemas.AbsenceDoc())
def cover_absence(payload: dict[str, Any], absence: UUID) -> dict[str, Any]:
    """Say who covers."""
    session, act = here()
    return _absence(perform(session, act, absences.cover_absence, absence=absence, covered_by=payload["covered_by"]))


@blueprint.put("/absences/<uuid:absence>/end")
@caller(*PLANNERS)
@blueprint.refuses(NotYourRoster, AbsenceOver, AbsencesOverlap, RosterInvalid, CoverUnfit)
@blueprint.arguments(shift_schemas.EndAbsence())
@blueprint.response(200, shift_schemas.AbsenceDoc())
def end_absence(payload: dict[str, Any], absence: UUID) -> dict[str, Any]:
    """Somebody is back sooner, or stays away longer."""
    session, act = here()
    return _absence(perform(session, act, absences.end_absence, absence=absence, until=payload["until"]))


@blueprint.get("/rosters/on-duty")
@caller(*READERS, "inspector")
@blueprint.refuses(NotYourRoster)
@blueprint.arguments(schemas.OnDutyQuery(), location="query")
@blueprint.response(200, schemas.OnDutyList())
def show_on_duty(query: dict[str, Any]) -> dict[str, Any]:
    """Who is on duty in a unit grid of the caller's areas, now or at a moment."""
    session, act = here()
    at = query["at"] or act.at
    roster_docs.check_reads_grid(act.actor, query["grid"])
    with reading(session):
        return {"grid": query["grid"], "at": at, "items": roster_docs.on_duty_docs(session, grid=query["grid"], at=at)}


@blueprint.get("/rosters/report")
@caller(*READERS)
@blueprint.refuses(NotYourRoster)
@blueprint.arguments(schemas.ReportRosters(), location="query")
@blueprint.response(200, schemas.RosterReport())
def report_rosters(query: dict[str, Any]) -> dict[str, Any]:
    """Grids that nobody patrols, times in which nobody is on duty and why, and times in which more than one is."""
    session, act = here()
    if not dt.timedelta(0) < query["until"] - query["since"] <= _LONGEST:
        raise Invalid("until: one to 31 days after since", errors=[("/until", "one to 31 days after since")])
    with reading(session):
        return roster_docs.report_doc(session, act.actor, query=query, at=act.at)


def _responsibility_grid(responsibility_grid: UUID) -> dict[str, Any]:
    session, _ = here()
    with reading(session):
        return roster_docs.get_responsibility_grid(session, responsibility_grid)


def _absence(row: Absence) -> dict[str, Any]:
    session, _ = here()
    with reading(session):
        return roster_docs.absence_docs(session, [row])[0]


def _own_areas(grants: Any) -> list[str]:
    return sorted({grant.area for grant in grants if grant.role == "inspector" and grant.area})


def _check_span(since: dt.datetime, until: dt.datetime, longest: dt.timedelta) -> None:
    if not since < until <= since + longest:
        raise Invalid(f"until: after since, at most {longest.days} days", errors=[("/until", f"after since, at most {longest.days} days")])
