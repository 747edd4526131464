"""What the desk is shown: each exception in words, and everything about one operation."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.journal import JournalEntry
from backend.domains.evidence.model import Photo
from backend.domains.findings.model.finding import Finding
from backend.domains.identity import queries as identity
from backend.domains.sync.model import Decision, Incident, KeptLine, Outcome, Progress, Push
from backend.domains.sync.queries.exceptions import Listed, get_exception
from backend.domains.sync.queries.kept import JUDGED_LANES, outcomes_of
from backend.domains.sync.queries.reach import find_operation, leads
from backend.domains.sync.queries.standing import standing
from backend.domains.sync.queries.waiting import awaited_by
from backend.domains.sync.rules.desk import KINDS, OPEN, Desk, ExceptionMissing, Standing, decisions_open, waited_for

_VEILED = {"text": None, "base64": None}
"""What of a line is personal: its bytes."""


def exception_docs(session: Session, desk: Desk, listed: Sequence[Listed], *, now: dt.datetime) -> list[dict[str, Any]]:
    """The exceptions as shown, in their order; lines without their text to who does not lead their area."""
    outcomes = outcomes_of(session, [one.subject for one in listed if one.about == "op"])
    awaits = awaited_by(session, list(outcomes))
    people = identity.names_of(session, {one.person for one in listed if one.person is not None})
    numbers = _numbers(session, {one.finding for one in listed if one.finding is not None})
    docs = []
    for one in listed:
        outcome = outcomes.get(one.subject) if one.about == "op" else None
        facts = _FACTS[one.about](session, one, now) if one.about in _FACTS else {}
        if one.about == "op" and outcome is None:
            facts = raw_line(_first_line(session, one.subject)[0])
        if "sha256" in facts and "text" in facts and not leads(session, desk, one.about, one.subject):
            facts = {**facts, **_VEILED}
        lane = facts.get("lane")
        case = Standing(one.kind, one.person, outcome.status if outcome else None, lane, outcome is not None and _estimated(outcome))
        en, zh = KINDS[one.kind]
        docs.append(
            {
                "key": one.key,
                "kind": one.kind,
                "title": {"en": en, "zh": zh},
                "at": one.at,
                "replica": one.replica,
                "person": {"id": one.person, "name": people.get(one.person)} if one.person else None,
                "finding": {"id": one.finding, "number": numbers.get(one.finding)} if one.finding else None,
                "operation": _brief(outcome) if outcome else None,
                "waits_for": [waited_for(key) for key in awaits.get(one.subject, ())] if outcome else [],
                "facts": facts,
                "decisions": decisions_open(case, desk) if one.about != "op" or outcome is not None else [],
            }
        )
    return docs


def operation_doc(session: Session, desk: Desk, op: UUID, *, now: dt.datetime) -> dict[str, Any]:
    """Everything about one operation, for a desk that is answerable for it. Raises ExceptionMissing.

    What people wrote, in the line or into it by a repair, is for who leads its area; an administrator sees what is technical.
    """
    outcome = find_operation(session, desk, op)
    if outcome is None:
        raise ExceptionMissing(f"there is no operation {op} of your areas")
    line, push = _first_line(session, op)
    decisions = session.scalars(
        sa.select(Decision).where(sa.or_(Decision.op == op, Decision.made == op)).order_by(Decision.at, Decision.id)
    ).all()
    names = identity.names_of(session, {outcome.person, *(row.by for row in decisions if row.by is not None)})
    kind = _kind(session, desk, outcome, now)
    case = Standing(kind or "waiting", outcome.person, outcome.status, None, _estimated(outcome))
    decisions_left = [each for each in decisions_open(case, desk) if each != "dismiss" or kind is not None]
    finding = outcome.entity if outcome.entity_type == "finding" else None
    number = _numbers(session, [finding]).get(finding) if finding else None
    veil: dict[str, Any] = {} if leads(session, desk, "op", op) else _VEILED
    return {
        **_brief(outcome),
        "replica": outcome.replica,
        "person": {"id": outcome.person, "name": names.get(outcome.person)},
        "version": outcome.version,
        "effects": outcome.effects,
        "at_seq": outcome.at_seq,
        "settled_at": outcome.settled_at,
        "line": {**raw_line(line), **veil},
        "header": push.header,
        "time": {
            "device": _device_time(line),
            "corrected": outcome.at_corrected,
            "quality": outcome.time_quality,
            "window": [outcome.earliest_at, outcome.kept_at] if _estimated(outcome) else None,
            "received": push.received_at,
            "judged": outcome.judged_at,
        },
        "waits_for": [waited_for(key) for key in awaited_by(session, [op])[op]],
        "finding": {"id": finding, "number": number} if finding else None,
        "history": _history(session, op),
        "decisions_made": [_decided(row, names) | ({"data": None} if veil else {}) for row in decisions],
        "kind": kind,
        "decisions": decisions_left if kind is not None or outcome.status in OPEN else [],
    }


def _kind(session: Session, desk: Desk, outcome: Outcome, now: dt.datetime) -> str | None:
    """As which kind of exception it stands open, None if as none."""
    try:
        return get_exception(session, desk, f"op:{outcome.op}", now=now).kind
    except ExceptionMissing:
        return None


def _first_line(session: Session, op: UUID) -> tuple[KeptLine, Push]:
    """The operation's line as first kept, and the push it came in."""
    query = sa.select(KeptLine, Push).join(Push, Push.id == KeptLine.push).where(KeptLine.op == op, KeptLine.lane.in_(JUDGED_LANES))
    row = session.execute(query.order_by(Push.received_at, KeptLine.push).limit(1)).one()
    return row[0], row[1]


def raw_line(line: KeptLine) -> dict[str, Any]:
    """The line as it arrived: as text, or in base64 where it is no UTF-8."""
    raw = bytes(line.raw)
    try:
        text, encoded = raw.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, base64.b64encode(raw).decode()
    return {
        "push": line.push,
        "line": line.line,
        "lane": line.lane,
        "seq": line.seq,
        "sha256": bytes(line.sha256).hex(),
        "bytes": len(raw),
        "text": text,
        "base64": encoded,
    }


def _brief(outcome: Outcome) -> dict[str, Any]:
    return {
        "op": outcome.op,
        "seq": outcome.seq,
        "t": outcome.verb,
        "status": outcome.status,
        "code": outcome.code,
        "problem": outcome.problem,
        "entity": {"type": outcome.entity_type, "id": outcome.entity} if outcome.entity else None,
    }


def _estimated(outcome: Outcome) -> bool:
    return outcome.time_quality == "estimated" and outcome.earliest_at is not None


def _device_time(line: KeptLine) -> str | None:
    at = orjson.loads(bytes(line.raw)).get("at")
    return at if isinstance(at, str) else None


def _history(session: Session, op: UUID) -> list[dict[str, Any]]:
    """What the journal tells of it, in order: its own effects, and what was decided about it."""
    query = sa.select(JournalEntry).where(sa.or_(JournalEntry.op == op, JournalEntry.subject == str(op))).order_by(JournalEntry.seq)
    return [
        {"seq": row.seq, "event": row.event, "at": row.at, "by": row.actor, "version": row.version, "facts": orjson.loads(row.facts)}
        for row in session.scalars(query)
    ]


def _decided(row: Decision, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "by": {"id": row.by, "name": names.get(row.by)} if row.by else None,
        "at": row.at,
        "reason": row.reason,
        "data": row.data,
        "vouched": row.vouched,
        "happened_at": row.happened_at,
    }


def _numbers(session: Session, findings: Iterable[UUID]) -> dict[UUID | None, str]:
    wanted = sorted(set(findings))
    return {row.id: row.number for row in session.execute(sa.select(Finding.id, Finding.number).where(Finding.id.in_(wanted)))}


def _line_facts(session: Session, one: Listed, _now: dt.datetime) -> dict[str, Any]:
    return raw_line(session.get_one(KeptLine, (one.subject, one.number)))


def _hole_facts(session: Session, one: Listed, _now: dt.datetime) -> dict[str, Any]:
    found = next((gap for gap in standing(session, one.subject).missing if gap[0] == one.number), (one.number, one.number))
    return {"first": found[0], "last": found[1], "count": found[1] - found[0] + 1, **_contact(session, one.replica)}


def _photo_facts(session: Session, one: Listed, now: dt.datetime) -> dict[str, Any]:
    row = session.get_one(Photo, one.subject)
    return {"sha256": row.sha256, "role": row.role, "age_days": (now - row.declared_at).days, **_contact(session, one.replica)}


def _incident_facts(session: Session, one: Listed, _now: dt.datetime) -> dict[str, Any]:
    row = session.get_one(Incident, one.subject)
    return {"incident": row.kind, **row.facts}


def _contact(session: Session, replica: UUID | None) -> dict[str, Any]:
    """What the phone said of itself when it last came: whether it still holds what is missing."""
    place = session.get(Progress, replica) if replica else None
    return {"outbox_depth": place.outbox_depth if place else None, "last_push_at": place.last_push_at if place else None}


_FACTS = {"line": _line_facts, "hole": _hole_facts, "photo": _photo_facts, "incident": _incident_facts}
