"""The people of each audience."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.catalog.rules.categories import TRADES
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import AreaSuspension, Dispatch
from backend.domains.findings.queries.announcing.facts import Told, named
from backend.domains.findings.queries.work import list_standing
from backend.domains.findings.rules.announcements.table import Audience
from backend.domains.findings.rules.moves import MOVES
from backend.domains.findings.rules.visibility import UNIT_ROLES, may_be_told
from backend.domains.identity import queries as identity
from backend.domains.notifications.queries.inbox import holders
from backend.domains.policies import queries as policies
from backend.domains.territory import queries as territory

_DECISIONS = {
    "finding.return_requested": "grant_return",
    "finding.extension_requested": "grant_extension",
    "finding.suspension_requested": "grant_suspension",
    "finding.void_requested": "void_finding",
}
_HELD = ("issued", "rework", "suspended")
_LEVEL_ROLES = {"community": "liaison", "town": "town_officer", "department": "department_officer", "leader": "leader"}


def audience(session: Session, of: Told, to: Iterable[Audience], *, at: dt.datetime) -> list[UUID]:
    """The people of these audiences, each once, by the roles held at this moment; without those who may not hear of it."""
    return may_hear(session, of.row, {person for each in to for person in _AUDIENCES[each](session, of, at)}, at=at)


def may_hear(session: Session, row: Finding, people: Collection[UUID], *, at: dt.datetime) -> list[UUID]:
    """Those of these people who may be told of the finding by the roles they hold at this moment."""
    held = identity.grants_of_all(session, people, at)
    return sorted(person for person, grants in held.items() if may_be_told(row, Actor(person, "", "", grants)))


def area_told(session: Session, suspension: UUID, *, at: dt.datetime) -> tuple[dict[str, Any], list[UUID]]:
    """The facts of an area-wide suspension, and the people of all units whose open work it concerns."""
    row = session.get_one(AreaSuspension, suspension)
    names = territory.area_names(session)
    facts = {
        "area": names.get(row.area, row.area),
        "trade_zh": TRADES[row.trade][0] if row.trade else None,
        "trade_en": TRADES[row.trade][1] if row.trade else None,
        "until": row.until.isoformat(),
        "reason": row.ended_reason if row.ended_at is not None else row.reason,
    }
    column = {6: Finding.district, 9: Finding.town}.get(len(row.area), Finding.community)
    query = (
        sa.select(Dispatch.unit, Dispatch.unit_kind)
        .distinct()
        .join(Finding, Finding.id == Dispatch.finding)
        .where(Finding.state == "dispatched", column == row.area, Dispatch.state.in_(_HELD), Dispatch.replaced_by.is_(None))
    )
    if row.trade is not None:
        query = query.where(Finding.trade == row.trade)
    units = session.execute(query).all()
    people = {person for unit, kind in units for person in _people_of(session, unit, kind, at)}
    return {name: value for name, value in facts.items() if value is not None}, sorted(people)


def _persons(of: Told, to: str) -> list[UUID]:
    """People that the event itself, or a row it names, names by id."""
    facts = of.facts
    named: Any = {
        "worker": facts.get("worker"),
        "who_asked": facts.get("asked_by") or (of.demand and of.demand.asked_by),
        "who_sent": facts.get("sent_by") or (of.clue and of.clue.sent_by),
        "assignee": facts.get("assigned_to"),
        "former_assignee": facts.get("assigned_before"),
    }[to]
    return [UUID(str(named))] if named else []


def _unit(session: Session, of: Told, at: dt.datetime) -> list[UUID]:
    """Who does the work that the event speaks of; the desk where it names no unit."""
    if of.dispatch is not None:
        return _doers(session, of.dispatch, at)
    named = of.facts.get("unit")
    if named is None:
        return _in_area(session, of.row, ("dispatcher", "shift_leader"), at)
    unit = identity.find_unit(session, UUID(str(named)))
    return [] if unit is None else _people_of(session, unit.id, unit.kind, at)


def _of_dispatches(session: Session, dispatches: Iterable[Any], at: dt.datetime) -> list[UUID]:
    rows = [named(session, Dispatch, each) for each in dispatches]
    return [each for row in rows if row is not None for each in _doers(session, row, at)]


def _last_dispatches(session: Session, row: Finding) -> list[Dispatch]:
    """The dispatches that are worked on; of a finding that was voided those that were cancelled with it."""
    standing = list_standing(session, row.id)
    if standing:
        return standing
    query = sa.select(Dispatch).where(Dispatch.finding == row.id, Dispatch.replaced_by.is_(None), Dispatch.cancelled_at.is_not(None))
    cancelled = session.scalars(query).all()
    last = max((each.cancelled_at for each in cancelled if each.cancelled_at), default=None)
    return [each for each in cancelled if each.cancelled_at == last]


def _doers(session: Session, dispatch: Dispatch, at: dt.datetime) -> list[UUID]:
    """The people of its unit, and the worker who has it."""
    return [*_people_of(session, dispatch.unit, dispatch.unit_kind, at), *([dispatch.worker] if dispatch.worker else [])]


def _people_of(session: Session, unit: UUID, kind: str, at: dt.datetime) -> list[UUID]:
    """Who answers for a unit's work: a contractor's managers (its workers where it has none), the officers of a unit that is none."""
    if kind != "contractor":
        return holders(session, roles=UNIT_ROLES, units=[unit], at=at)
    managers = holders(session, roles=("contractor_manager",), units=[unit], at=at)
    return managers or holders(session, roles=("contractor_worker",), units=[unit], at=at)


def _in_area(session: Session, row: Finding, roles: tuple[str, ...], at: dt.datetime) -> list[UUID]:
    areas = [code for code in (row.district, row.town, row.community) if code]
    return holders(session, roles=roles, areas=areas, at=at)


def _level(session: Session, row: Finding, level: str, at: dt.datetime) -> list[UUID]:
    """The people of a rung: the community's liaisons, the town's officers, the bureau of the trade, the leaders of the area."""
    roles = (_LEVEL_ROLES.get(level, "leader"),)
    if level == "department":
        return holders(session, roles=roles, units=[row.trade_owner], at=at) if row.trade_owner else []
    if level == "leader":
        return _in_area(session, row, roles, at)
    code = row.community if level == "community" else row.town
    return holders(session, roles=roles, areas=[code], at=at) if code else []


def _consenters(session: Session, of: Told, at: dt.datetime) -> list[UUID]:
    """Who holds the role whose consent the policy wants before this is decided: in the finding's areas, or in the bureau of its trade."""
    verb = _DECISIONS.get(of.event)
    policy = policies.policy_for(
        session, area=of.row.grid or of.row.district, trade=of.row.trade, category=f"{of.row.kind}:{of.row.code}", at=at
    )
    role = policy.agree.get(verb) if verb else None
    if role is None:
        return []
    units = [of.row.trade_owner] if of.row.trade_owner else []
    areas = [code for code in (of.row.district, of.row.town, of.row.community) if code]
    if role == "department_officer":
        return holders(session, roles=(role,), units=units, at=at)
    return holders(session, roles=(role,), units=units, areas=areas, at=at)


def _area_of(*roles: str) -> Callable[[Session, Told, dt.datetime], Iterable[UUID]]:
    return lambda session, of, at: _in_area(session, of.row, roles, at)


def _person(name: str) -> Callable[[Session, Told, dt.datetime], Iterable[UUID]]:
    return lambda _session, of, _at: _persons(of, name)


def _cancelled(session: Session, of: Told, at: dt.datetime) -> list[UUID]:
    """The units of the dispatches that ended with the one the event is about."""
    others = [each for each in of.facts.get("cancelled", ()) if each != of.facts.get("dispatch")]
    return _of_dispatches(session, others, at)


_AUDIENCES: dict[Audience, Callable[[Session, Told, dt.datetime], Iterable[UUID]]] = {
    "recorder": lambda _session, of, _at: [of.row.recorded_by],
    "doers": lambda session, of, at: [each for dispatch in _last_dispatches(session, of.row) for each in _doers(session, dispatch, at)],
    "unit": _unit,
    "worker": _person("worker"),
    "managers": lambda session, of, at: [] if of.dispatch is None else _people_of(session, of.dispatch.unit, of.dispatch.unit_kind, at),
    "asker": lambda _session, of, _at: [] if of.asked is None else [of.asked.asked_by],
    "assignee": _person("assignee"),
    "former_assignee": _person("former_assignee"),
    "dispatchers": _area_of("dispatcher"),
    "shift_leaders": _area_of("shift_leader"),
    "leaders": _area_of("leader"),
    "level": lambda session, of, at: _level(session, of.row, str(of.facts.get("to")), at),
    "issued": lambda session, of, at: _of_dispatches(session, [of.facts.get("issued")], at),
    "cancelled": _cancelled,
    "consenters": _consenters,
    "deciders": lambda session, of, at: _in_area(session, of.row, MOVES[str(of.facts["verb"])].by, at),
    "who_asked": _person("who_asked"),
    "who_sent": _person("who_sent"),
}
