"""Responsibility grids are drawn, redrawn from a day on, and closed; what they were stays known."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.core.deeds import deed
from backend.core.revisions import bump
from backend.domains.patrols.actions.keeping import check_keeper, one_at_a_time
from backend.domains.patrols.actions.shifts import cancel_row, shifts_from, tell_shift
from backend.domains.patrols.model import ResponsibilityGrid, Terms
from backend.domains.patrols.queries import places as queries
from backend.domains.patrols.rules import roster_problems as problems
from backend.domains.patrols.rules.keeping import grid_faults
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.territory import local_day

_TERMS = ("grid_class", "visits", "per_days", "weekdays", "duty_from", "duty_until")


@deed
def draw_responsibility_grid(session: Session, act: Act, *, payload: dict[str, Any]) -> ResponsibilityGrid:
    """Draw a new responsibility grid: which unit grids from which day on, and when somebody is to be there.

    Raises NotYourRoster, RosterInvalid (area, grids, days), ResponsibilityGridTaken (code), GridTaken.
    """
    one_at_a_time(session)
    check_keeper(act, payload["area"])
    if queries.find_responsibility_grid(session, payload["code"]) is not None:
        raise problems.ResponsibilityGridTaken(f"code: {payload['code']} belongs to another one", errors=[("/code", "taken")])
    grids = _checked_grids(session, payload["area"], payload, besides=None)
    row = ResponsibilityGrid(
        id=act.new_id(),
        code=payload["code"],
        name=payload["name"],
        name_en=payload["name_en"],
        area=payload["area"],
        version=1,
    )
    add_row(session, row)
    session.flush()
    _add_terms(session, row, payload, grids)
    bump(session, act, queries.REVISION)
    act.tell("responsibility_grid.drawn", "responsibility_grid", row.id, version=row.version, code=row.code, grids=grids)
    return row


@deed
def redraw_responsibility_grid(session: Session, act: Act, *, responsibility_grid: UUID, payload: dict[str, Any]) -> ResponsibilityGrid:
    """What it is from a day on, in place of what it was; not before today, nor before the day it was drawn or redrawn last.

    Raises ResponsibilityGridMissing, NotYourRoster, RosterInvalid, GridTaken.
    """
    one_at_a_time(session)
    row = _locked(session, act, responsibility_grid)
    last = queries.terms_of(session, row.id)[-1]
    since = payload["valid_from"]
    if since < max(last.valid_from, local_day(act.at)):
        least = max(last.valid_from, local_day(act.at))
        raise problems.RosterInvalid("what was stays as it was", errors=[("/valid_from", f"not before {least}")])
    grids = _checked_grids(session, row.area, payload, besides=row.id)
    row.name, row.name_en = payload["name"] or row.name, payload["name_en"] or row.name_en
    row.version += 1
    if since == last.valid_from:
        for name in _TERMS:
            setattr(last, name, payload[name])
        last.grids, last.valid_until = grids, payload["valid_until"]
    else:
        last.valid_until = min(last.valid_until or since, since)
        _add_terms(session, row, payload, grids)
    session.flush()
    bump(session, act, queries.REVISION)
    act.tell("responsibility_grid.redrawn", "responsibility_grid", row.id, version=row.version, since=since.isoformat(), grids=grids)
    for shift in shifts_from(session, row.id, since, act.at):
        tell_shift(session, act, shift, "shift.redrawn")
    return row


@deed
def close_responsibility_grid(session: Session, act: Act, *, responsibility_grid: UUID, on: dt.date) -> ResponsibilityGrid:
    """It is none from this day on; shifts that begin there later are cancelled. Raises as `redraw_responsibility_grid` does."""
    one_at_a_time(session)
    row = _locked(session, act, responsibility_grid)
    last = queries.terms_of(session, row.id)[-1]
    least = max(last.valid_from + dt.timedelta(days=1), local_day(act.at))
    if on < least or (last.valid_until is not None and on > last.valid_until):
        raise problems.RosterInvalid("it cannot end on that day", errors=[("/on", f"not before {least}, nor after its end")])
    last.valid_until = on
    row.version += 1
    session.flush()
    bump(session, act, queries.REVISION)
    act.tell("responsibility_grid.closed", "responsibility_grid", row.id, version=row.version, on=on.isoformat())
    for shift in shifts_from(session, row.id, on, act.at):
        if shift.since > act.at:
            cancel_row(session, act, shift)
    return row


def _locked(session: Session, act: Act, responsibility_grid: UUID) -> ResponsibilityGrid:
    row = lock_row(session, ResponsibilityGrid, responsibility_grid)
    if row is None:
        raise problems.ResponsibilityGridMissing(f"there is no responsibility grid {responsibility_grid}")
    check_keeper(act, row.area)
    return row


def _checked_grids(session: Session, area: str, payload: dict[str, Any], *, besides: UUID | None) -> list[str]:
    """The unit grids, sorted; raises RosterInvalid, GridTaken."""
    since, until = payload["valid_from"], payload["valid_until"]
    standing = {code: each.level.value for code, each in territory.territory(session).areas_on(since).items()}
    faults = grid_faults(area, payload["grids"], standing)
    if until is not None and until <= since:
        faults.append(("/valid_until", f"not after {since}"))
    if faults:
        raise problems.RosterInvalid("the responsibility grid does not fit the ground", errors=faults)
    taken = queries.taken_grids(session, payload["grids"], since=since, until=until, besides=besides)
    if taken:
        errors = [(f"/grids/{number}", f"in {taken[code]}") for number, code in enumerate(payload["grids"]) if code in taken]
        raise problems.GridTaken("unit grids belong to others", errors=errors, taken=taken)
    return sorted(set(payload["grids"]))


def _add_terms(session: Session, row: ResponsibilityGrid, payload: dict[str, Any], grids: list[str]) -> None:
    add_row(
        session,
        Terms(
            responsibility_grid=row.id,
            valid_from=payload["valid_from"],
            valid_until=payload["valid_until"],
            grids=grids,
            **{name: payload[name] for name in _TERMS},
        ),
    )
    session.flush()
