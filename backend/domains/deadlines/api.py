"""Endpoints of deadlines and of the working calendar."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.deadlines import actions, queries
from backend.domains.deadlines.rules.administering import CalendarYearMissing, days_of, read_day
from backend.domains.deadlines.rules.calendar import SHANGHAI
from backend.domains.deadlines.rules.documents import schedule_doc
from backend.domains.deadlines.schemas import (
    AddCalendarYear,
    CalendarDoc,
    CalendarQuery,
    CalendarYearDoc,
    ChangeDay,
    DeadlineDoc,
    ScheduleDoc,
    SchedulesDoc,
    SetSchedule,
)

blueprint = Blueprint("deadlines", __name__, description="Deadlines that explain themselves, and the working calendar they run by")
blueprints = [blueprint]
blueprint.describe(CalendarYearDoc())  # as phones pull it

# Here nobody asks whose a deadline is: for the desk and those who look at it from above alone.
_READERS = ("acceptor", "shift_leader", "dispatcher", "assessor", "leader", "auditor")


@blueprint.get("/deadlines/<uuid:deadline>")
@caller(*_READERS)
@blueprint.response(200, DeadlineDoc())
def get_deadline(deadline: UUID) -> dict[str, Any]:
    """A deadline by the present calendar, explained step by step in Chinese and English.

    For the district's desk, its leaders and auditors; all others read the deadlines of what they may see at /findings/{id}/deadlines.
    """
    session, act = here()
    with reading(session):
        return queries.explain(session, queries.get_deadline(session, deadline), at=act.at)


@blueprint.get("/calendar")
@caller()
@blueprint.refuses(CalendarYearMissing)
@blueprint.arguments(CalendarQuery(), location="query")
@blueprint.response(200, CalendarDoc())
def get_calendar(query: dict[str, Any]) -> dict[str, Any]:
    """A year of the working calendar; a year that is not covered is answered with 404 and the years that are."""
    session, act = here()
    year = query["year"] or act.at.astimezone(SHANGHAI).year
    with reading(session):
        return queries.calendar_document(session, year)


@blueprint.put("/calendar/<int:year>")
@caller("administrator")
@blueprint.arguments(AddCalendarYear())
@blueprint.response(200, CalendarDoc())
def add_calendar_year(payload: dict[str, Any], year: int) -> dict[str, Any]:
    """State a whole year: its days off and make-up working days. Deadlines that waited for it are then computed by themselves."""
    session, act = here()
    overrides = days_of(payload["days"])
    perform(session, act, actions.add_calendar_year, year=year, overrides=overrides, confirm=payload["confirm"])
    return _year(year)


@blueprint.put("/calendar/days/<string:day>")
@caller("administrator")
@blueprint.arguments(ChangeDay())
@blueprint.response(200, CalendarDoc())
def change_day(payload: dict[str, Any], day: str) -> dict[str, Any]:
    """Say of one day of a covered year whether it works; deadlines that count it are computed anew."""
    session, act = here()
    changed = read_day(day)
    perform(session, act, actions.change_day, day=changed, **payload)
    return _year(changed.year)


@blueprint.get("/calendar/schedules")
@caller()
@blueprint.response(200, SchedulesDoc())
def list_schedules() -> dict[str, Any]:
    """The working hours stated, in order of their days."""
    session, _ = here()
    with reading(session):
        return {"items": [schedule_doc(schedule) for schedule in queries.calendar(session).schedules]}


@blueprint.post("/calendar/schedules")
@caller("administrator")
@blueprint.arguments(SetSchedule())
@blueprint.response(201, ScheduleDoc())
def set_schedule(payload: dict[str, Any]) -> dict[str, Any]:
    """State the working hours of some days; the hours stated before give way for that time and go on after it."""
    session, act = here()
    return schedule_doc(queries.schedule_of(perform(session, act, actions.set_schedule, **payload)))


def _year(year: int) -> dict[str, Any]:
    session, _ = here()
    with reading(session):
        return queries.calendar_document(session, year)
