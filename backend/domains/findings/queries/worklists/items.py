"""What a line of a worklist shows: enough to decide by without opening the finding, and nothing that the reader may not see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.core.journal import JournalEntry
from backend.domains.catalog import queries as catalog
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import HandOver, Supervision
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.queries.parts import own_task
from backend.domains.findings.queries.worklists.kinds import Rows
from backend.domains.findings.queries.worklists.reach import KINDS
from backend.domains.findings.queries.worklists.reading import Key
from backend.domains.findings.rules.colours import colour_of
from backend.domains.findings.rules.moving import moves_open_to
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.visibility import is_outsider
from backend.domains.identity.model import Unit
from backend.domains.territory import queries as territory

_TELLING = (
    "finding.recorded",
    "finding.verified",
    "finding.filed",
    "finding.dispatched",
    "finding.rectification_reported",
    "finding.void_requested",
    "finding.voided",
    "finding.void_refused",
    "finding.void_request_withdrawn",
    "finding.withdrawn",
    "finding.attached",
    "finding.released",
    "finding.detached",
    "finding.self_resolved",
    "finding.self_resolution_accepted",
    "finding.self_resolution_refused",
    "finding.closed",
    "finding.reopened",
)
"""Events that say what became of a finding."""
_WHY = ("reason", "head", "result", "condition", "units")


def items_of(
    session: Session, keys: Sequence[Key], actor: Actor, *, now: dt.datetime, rows: Rows = "finding", outcomes: bool = False
) -> list[dict[str, Any]]:
    """One document a key, in their order. `rows`: what the keys are of. `outcomes`: with what happened last and why, from the journal."""
    findings = _by_id(session, Finding, {key.finding for key in keys})
    dispatches = _dispatches(session, keys, actor)
    own = _by_id(session, KINDS[rows], {key.id for key in keys}) if rows in _SHOWN else {}
    units = _units(session, {each.unit for each in dispatches.values()})
    told = _told(session, findings, actor) if outcomes else {}
    supervised = _supervised(session, findings, actor)
    areas, categories = territory.area_names(session), catalog.catalogue(session)
    items = []
    for key in keys:
        row = findings[key.finding]
        dispatch = dispatches.get(key.dispatch or key.finding)
        items.append(
            {
                **_of_finding(row, actor, areas, categories),
                "supervised": row.id in supervised,
                **_timing(row, dispatch, now, outsider=is_outsider(actor)),
                "dispatch": _of_dispatch(dispatch, units) if dispatch else None,
                **{name: show(own[key.id], actor) if name == rows else None for name, show in _SHOWN.items()},
                "outcome": told.get(row.id),
            }
        )
    return items


def _of_finding(row: Finding, actor: Actor, areas: Mapping[str, str], categories: Any) -> dict[str, Any]:
    category = categories.last_known(row.kind, row.code)
    outsider = is_outsider(actor)
    return {
        "finding": row.id,
        "number": row.number,
        "state": row.state,
        "state_version": row.state_version,
        "category": {"kind": row.kind, "code": row.code, "edition": row.edition},
        "category_name": category.name_en if category else None,
        "category_name_zh": category.name_zh if category else None,
        "condition": row.condition,
        "trade": row.trade,
        "severity": row.severity,
        "address": row.address,
        "note": row.note,
        "areas": {"community": row.community, "town": row.town, "district": row.district},
        "town_name": areas.get(row.town or ""),
        "community_name": areas.get(row.community or ""),
        "wgs84": [row.lon, row.lat],
        "needs": needs_of(row),
        "source": row.source,
        "recorded_at": row.recorded_at,
        "step": None if outsider else row.step,
        "step_since": None if outsider else row.step_since,
        "bounces": None if outsider else row.bounces,
        "void_reason": row.void_request["reason"] if row.void_request and not outsider else None,
        "moves": moves_open_to(actor, row),
    }


def _timing(row: Finding, dispatch: Any, now: dt.datetime, *, outsider: bool) -> dict[str, Any]:
    """By when, and its colour: of the dispatch that is worked on, else of the step that is waited for. The steps are the staff's own."""
    if outsider and dispatch is None:
        return {"due": None, "colour": None}
    if dispatch is not None and (outsider or row.step is None):
        due, yellow_from = dispatch.due, dispatch.yellow_from
        still = dispatch.state in {"returned", "suspended", "handed_back", "cancelled"}
    else:
        due, yellow_from, still = row.step_due, None, False
        if row.step_due is not None and row.step_since is not None:
            yellow_from = row.step_since + (row.step_due - row.step_since) * 4 / 5
    return {"due": due, "colour": None if still else colour_of(due, yellow_from, now)}


def _of_dispatch(row: Dispatch, units: Mapping[UUID, Any]) -> dict[str, Any]:
    unit = units.get(row.unit)
    return {
        "id": row.id,
        "role": row.role,
        "state": row.state,
        "unit": row.unit,
        "unit_name": unit.name if unit else None,
        "unit_name_en": unit.name_en if unit else None,
        "contract": row.contract,
        "worker": row.worker,
        "issued_at": row.issued_at,
        "due": row.due,
        "suspended_until": row.suspended_until,
        "returns": row.returns,
        "reworks": row.reworks,
        "escalation": row.escalation,
    }


def _of_request(row: DispatchRequest, actor: Actor) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "reason": row.reason,
        "until": row.until,
        "asked_by": None if is_outsider(actor) else row.asked_by,
        "asked_at": row.asked_at,
    }


def _of_demand(row: Supervision, _actor: Actor) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "demand": row.demand,
        "reply_due": row.reply_due,
        "reply": row.reply,
        "replied_at": row.replied_at,
    }


def _of_hand_over(row: HandOver, _actor: Actor) -> dict[str, Any]:
    return {"id": row.id, "state": row.state, "unit": row.unit, "legal_basis": row.legal_basis, "facts": row.facts, "sent_at": row.sent_at}


_SHOWN: Mapping[str, Callable[[Any, Actor], dict[str, Any]]] = {
    "request": _of_request,
    "demand": _of_demand,
    "hand_over": _of_hand_over,
}
"""What a list may be of beside findings, dispatches and looks, and how a line shows it."""


def _dispatches(session: Session, keys: Sequence[Key], actor: Actor) -> dict[UUID, Dispatch]:
    """Those that the keys name, by their ids; of the other findings the lead that stands, by the finding's. A contractor's own only."""
    found = _by_id(session, Dispatch, {key.dispatch for key in keys if key.dispatch})
    own = {grant.unit for grant in actor.grants} if is_outsider(actor) else None
    if own is not None:
        found = {key: each for key, each in found.items() if each.unit in own}
    others = [key.finding for key in keys if not key.dispatch]
    if others:
        query = sa.select(Dispatch).where(Dispatch.finding.in_(others), Dispatch.replaced_by.is_(None))
        query = query.where(Dispatch.role == "lead" if own is None else Dispatch.unit.in_(sorted(own)))
        of: dict[UUID, list[Dispatch]] = {}
        for each in session.scalars(query.order_by(Dispatch.issued_at)):
            of.setdefault(each.finding, []).append(each)
        found |= {finding: each[-1] if own is None else own_task(each, own) for finding, each in of.items()}
    return found


def _supervised(session: Session, findings: Mapping[UUID, Finding], actor: Actor) -> set[UUID]:
    """Those for which a leader presses; for a contractor those with a demand to the own units, as documents say it."""
    pressed = {each.id for each in findings.values() if each.supervised}
    if not pressed or not is_outsider(actor):
        return pressed
    own = sorted({grant.unit for grant in actor.grants})
    return set(session.scalars(sa.select(Supervision.finding).where(Supervision.finding.in_(sorted(pressed)), Supervision.unit.in_(own))))


def _units(session: Session, ids: set[UUID]) -> dict[UUID, Any]:
    return (
        {row.id: row for row in session.execute(sa.select(Unit.id, Unit.name, Unit.name_en).where(Unit.id.in_(sorted(ids))))} if ids else {}
    )


def _told(session: Session, findings: Mapping[UUID, Finding], actor: Actor) -> dict[UUID, dict[str, Any]]:
    """What happened last to each, by whom it is not said: event, when, and the facts that say why."""
    if is_outsider(actor):
        return {}
    query = (
        sa.select(JournalEntry.subject, JournalEntry.event, JournalEntry.happened_at, JournalEntry.facts)
        .where(JournalEntry.subject.in_([str(each) for each in findings]), JournalEntry.event.in_(_TELLING))
        .order_by(JournalEntry.seq)
    )
    found: dict[UUID, dict[str, Any]] = {}
    for subject, event, at, facts in session.execute(query):
        held = orjson.loads(facts)
        found[UUID(subject)] = {"event": event, "at": at, "why": {name: held[name] for name in _WHY if held.get(name) is not None}}
    return found


def _by_id(session: Session, kind: type[Any], ids: set[Any]) -> dict[UUID, Any]:
    return {row.id: row for row in session.scalars(sa.select(kind).where(kind.id.in_(sorted(ids))))} if ids else {}
