"""What the desk decides about what sync could not settle: judged again, taken off the list. All is kept, with who and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.evidence.model import Photo
from backend.domains.sync.actions.epoch import AHEAD as AHEAD_INCIDENT
from backend.domains.sync.actions.epoch import confirm_restore
from backend.domains.sync.actions.keep import lock_progress
from backend.domains.sync.model import Decision, Incident, KeptLine, Outcome, Push, Waiting
from backend.domains.sync.queries.exceptions import Listed, get_exception, read_key
from backend.domains.sync.queries.kept import JUDGED_LANES, decisions_on
from backend.domains.sync.queries.reach import find_operation, is_answerable, reaches
from backend.domains.sync.rules.desk import (
    OPEN,
    TECHNICAL,
    Desk,
    ExceptionMissing,
    NotOpen,
    NotTheWindow,
    OutcomeMoved,
    OutOfReach,
    OwnOperation,
    TechnicalOnly,
    desk_of,
)
from backend.domains.sync.rules.repairing import check_authors_own, repaired
from backend.domains.sync.rules.verdicts import REOPENED

_UNDER_WAY = dt.timedelta(minutes=1)
"""A re-drive is judged at once; one that was not within this time was cut off, and another may begin."""


def redrive_operation(session: Session, act: Act, *, op: UUID, payload: dict[str, Any], known: Mapping[tuple[str, int], str]) -> Outcome:
    """Open the outcome again, so that the operation is judged once more: as it came, or with what is given in place of parts of it.

    `vouch` answers for its author's standing then, `happened_at` sets an estimated time. Either stays, and so does a repair: judged again
    later without a word on it, the operation is judged as repaired, vouched for and timed before. `known`: this server's operations with
    what they are on. Raises ExceptionMissing, OwnOperation, TechnicalOnly, NotOpen, OutcomeMoved, NotTheWindow, AuthorsOwn, OutOfReach.
    """
    desk = desk_of(act.actor)
    found = find_operation(session, desk, op)
    if found is None:
        raise ExceptionMissing(f"there is no operation {op} of your areas")
    place = lock_progress(session, found.replica)
    row = _present(session, op)
    changes = {name: payload[name] for name in ("t", "v", "at", "deps", "entity", "d") if payload.get(name) is not None}
    leading = replace(desk, administers=False)
    leads = find_operation(session, leading, op) is not None
    if not leads and (changes or payload["vouch"] or payload["happened_at"] or row.status not in {"deferred", "received"}):
        raise TechnicalOnly("only a shift leader of its area changes an operation, vouches for it or takes up a rejected one")
    _check_open(session, act, row, payload)
    before = decisions_on(session, [op]).get(op)
    data = before.data if before is not None else None
    if changes:
        sent = _line_of(session, op)
        data = repaired(data or sent, changes)
        check_authors_own(sent, data, known)
        check_reach(session, leading, data)
    decision = note_decision(session, act, "op", op, 0, "repaired" if changes else "redriven", payload["reason"])
    decision.op, decision.data = op, data
    decision.vouched, decision.happened_at = payload["vouch"], payload["happened_at"]
    if before is not None:
        decision.vouched = before.vouched if not leads or decision.vouched is None else decision.vouched
        decision.happened_at = decision.happened_at or before.happened_at
    decision.vouched = bool(decision.vouched)
    if row.status != "received":
        place.unjudged += 1
    row.status, row.code, row.problem, row.settled_at, row.settled_by = "received", REOPENED, None, None, None
    session.execute(sa.delete(Waiting).where(Waiting.op == op).execution_options(synchronize_session=False))
    act.tell("operation.redriven", "operation", op, repaired=bool(changes), vouched=decision.vouched, reason=payload["reason"])
    return row


def dismiss_exception(session: Session, act: Act, *, key: str, payload: dict[str, Any]) -> None:
    """Take it off the list. Nothing is thrown away: an operation that changes later is listed again, what waits goes on waiting.

    An incident is closed; that a phone is ahead of the server only an administrator says. Raises ExceptionMissing, OwnOperation,
    TechnicalOnly, NotOpen, OutcomeMoved.
    """
    desk, one = taken_up(session, act, key)
    leads = get_leading(session, desk, key, now=act.at) is not None
    if not leads and one.kind not in TECHNICAL:
        raise TechnicalOnly("only a shift leader of its area takes this off the list")
    reason = payload["reason"]
    if one.about == "incident":
        _close_incident(session, act, desk, one.subject, reason)
        return
    if one.about == "op":
        if find_operation(session, desk, one.subject) is None:
            raise NotOpen("nobody could judge it yet: it stays on the list until the worker has")
        row = _present(session, one.subject)
        _check_seen(row, payload)
        row.settled_at, row.settled_by = act.at, act.actor.person
    decision = note_decision(session, act, one.about, one.subject, one.number, "dismissed", reason)
    decision.op = one.subject if one.about == "op" else None
    subject = str(one.subject) + (f":{one.number}" if one.about in {"line", "hole"} else "")
    act.tell("exception.dismissed", {"op": "operation"}.get(one.about, one.about), subject, kind=one.kind, reason=reason)


def check_reach(session: Session, desk: Desk, made: dict[str, Any]) -> None:
    """Refuse a repair that would act outside the areas of whoever repairs. Raises OutOfReach."""
    if not reaches(session, desk, made):
        raise OutOfReach("what the repaired operation is on lies outside your areas")


def get_leading(session: Session, desk: Desk, key: str, *, now: dt.datetime) -> Listed | None:
    """The exception, if this desk stands before it as shift leader of its area; None if as administrator alone."""
    try:
        return get_exception(session, replace(desk, administers=False), key, now=now)
    except ExceptionMissing:
        return None


def taken_up(session: Session, act: Act, key: str) -> tuple[Desk, Listed]:
    """The exception, with whatever it hangs on locked: of two who decide at once the second finds it decided."""
    desk = desk_of(act.actor)
    about, subject, number = read_key(key)
    _lock(session, about, subject)
    try:
        one = get_exception(session, desk, key, now=act.at)
    except ExceptionMissing:
        _say_who_was_quicker(session, desk, about, subject, number)
        raise
    if one.person is not None and one.person == desk.person and one.about not in {"hole", "incident"}:
        raise OwnOperation("nobody decides on what is their own")
    return desk, one


def _lock(session: Session, about: str, subject: UUID) -> None:
    if about == "photo":
        session.execute(sa.select(Photo.id).where(Photo.id == subject).with_for_update())
    elif about == "incident":
        session.execute(sa.select(Incident.id).where(Incident.id == subject).with_for_update())
    else:
        owners = {"op": sa.select(Outcome.replica).where(Outcome.op == subject), "line": sa.select(Push.replica).where(Push.id == subject)}
        replica = subject if about == "hole" else session.scalar(owners[about])
        known = session.scalar(sa.select(KeptLine.replica).where(KeptLine.replica == replica).limit(1))
        if known is not None:
            lock_progress(session, known)


def _say_who_was_quicker(session: Session, desk: Desk, about: str, subject: UUID, number: int) -> None:
    """Raise NotOpen with the present state where somebody decided on it; to others than those answerable nothing is said."""
    query = sa.select(Decision).where(Decision.about == about, Decision.subject == subject, Decision.number == number)
    decision = session.scalar(query.order_by(Decision.at.desc()).limit(1))
    if decision is None or not is_answerable(session, desk, about, subject):
        return
    facts: dict[str, Any] = {"decided": decision.kind, "decided_at": decision.at.isoformat()}
    if about == "op":
        facts.update(_state(_present(session, subject)))
    raise NotOpen("somebody has decided on it", **facts)


def _present(session: Session, op: UUID) -> Outcome:
    return session.scalars(sa.select(Outcome).where(Outcome.op == op).execution_options(populate_existing=True)).one()


def _check_open(session: Session, act: Act, row: Outcome, payload: dict[str, Any]) -> None:
    if row.person == act.actor.person:
        raise OwnOperation("nobody decides on an operation of their own")
    if row.status not in OPEN:
        raise NotOpen(f"the operation is {row.status}" + (f" ({row.code})" if row.code else ""), **_state(row))
    last = decisions_on(session, [row.op]).get(row.op)
    if row.code == REOPENED and last is not None and act.at - last.at < _UNDER_WAY:
        raise NotOpen("somebody had it judged again just now", **_state(row))
    _check_seen(row, payload)
    moment = payload["happened_at"]
    if moment is None:
        return
    if row.time_quality != "estimated" or row.earliest_at is None:
        raise NotTheWindow(f"its time is {row.time_quality}", errors=[("/happened_at", "only an estimated time can be set")])
    if not row.earliest_at <= moment <= row.kept_at:
        window = f"{row.earliest_at.isoformat()} to {row.kept_at.isoformat()}"
        raise NotTheWindow(f"it was done within {window}", errors=[("/happened_at", f"within {window}")])


def _state(row: Outcome) -> dict[str, Any]:
    """The present outcome, as members of a problem."""
    return {"outcome": row.status, "code": row.code, "at_seq": row.at_seq}


def _check_seen(row: Outcome, payload: dict[str, Any]) -> None:
    if payload.get("at_seq") is not None and payload["at_seq"] != row.at_seq:
        raise OutcomeMoved(f"at_seq is {row.at_seq}, not {payload['at_seq']}", **_state(row))


def note_decision(session: Session, act: Act, about: str, subject: UUID, number: int, kind: str, reason: str) -> Decision:  # noqa: PLR0917 - a row
    """Keep who decided what, and why."""
    row = Decision(
        id=act.new_id(),
        about=about,
        subject=subject,
        number=number,
        kind=kind,
        by=act.actor.person,
        at=act.at,
        reason=reason,
        vouched=False,
    )
    session.add(row)
    return row


def _line_of(session: Session, op: UUID) -> dict[str, Any]:
    query = sa.select(KeptLine.raw).join(Push, Push.id == KeptLine.push).where(KeptLine.op == op, KeptLine.lane.in_(JUDGED_LANES))
    raw = session.scalars(query.order_by(Push.received_at, KeptLine.push).limit(1)).one()
    data: dict[str, Any] = orjson.loads(bytes(raw))
    return data


def _close_incident(session: Session, act: Act, desk: Desk, incident: UUID, reason: str) -> None:
    row = session.scalars(sa.select(Incident).where(Incident.id == incident).execution_options(populate_existing=True)).one()
    if row.kind == AHEAD_INCIDENT:
        if not desk.administers:
            raise TechnicalOnly("that a phone is ahead of the server is confirmed by an administrator")
        confirm_restore(session, act, incident=incident, restored=False, note=reason)
        return
    row.closed_at, row.closed_by, row.note = act.at, act.actor.person, reason
    act.tell("incident.closed", "incident", row.id, kind=row.kind, replica=row.replica)
