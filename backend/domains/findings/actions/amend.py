"""Amending and withdrawing: what others did meanwhile is never overwritten unseen, and nothing sent is thrown away."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.domains.findings.actions.placing import bind_contract, categorise, place_finding, take_category
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model import Finding, Proposal
from backend.domains.findings.queries.one import await_finding
from backend.domains.findings.rules import moves
from backend.domains.findings.rules.amending import AMENDABLE, Write, fate_of, outranks
from backend.domains.findings.rules.moves import NotYourFinding, allowed
from backend.domains.findings.rules.visibility import scopes_of

AMENDERS = ("inspector", "acceptor", "shift_leader", "dispatcher", "liaison")


@dataclass(slots=True)
class Amended:
    """What became of each field: set, kept as it was because a later write stands, or proposed."""

    finding: Finding
    set: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    proposed: list[str] = field(default_factory=list)
    code: str | None = None


def amend_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Amended:
    """Change fields, each judged by the value seen against the present one (rules.amending).

    The recorder amends wherever the finding is; others need a role for its area. Once it is void or withdrawn the facts are stored
    and the state stays (`state_kept`).
    """
    row = await_finding(session, act, finding)
    person = act.actor.person
    if person is None or not (person == row.recorded_by or allowed(moves.Move("amend", (), "", AMENDERS), act.actor, row)):
        raise NotYourFinding("only its recorder, or staff of its area, amend a finding", roles=list(AMENDERS))
    before = scopes_of(row)
    result = Amended(row)
    mine = Write(by=person, at=act.happened_at, op=str(act.op or act.new_id()))
    found = {name: _present(row, name) for name in AMENDABLE}  # a new category clears the condition: all are judged by what was there
    for name in AMENDABLE:
        if name in payload["fields_"]:
            _amend_field(session, act, result, name, payload["fields_"][name], mine, found[name])
    if result.set:
        row.version += 1
    elif result.proposed:
        row.version += 1
        row.disputed = True
    if result.set and row.state in moves.ENDED:
        result.code = "state_kept"
    elif result.kept and not result.proposed:
        result.code = "later_write_kept"
    tell(act, "finding.amended", row, left=before, set=result.set, kept=result.kept, proposed=result.proposed)
    return result


def withdraw_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, str | None, bool]:
    """Take back an own finding. Returns the row, a code, and whether it took effect.

    Once filed it becomes a request to void, which a shift leader decides; ended already, the reason is stored and the state stays.
    """
    row = await_finding(session, act, finding)
    if row.recorded_by != act.actor.person:
        raise NotYourFinding("only its recorder withdraws a finding", roles=["recorder"])
    row.version += 1
    if row.state == "recorded":
        row.state = "withdrawn"
        row.state_version += 1
        tell(act, "finding.withdrawn", row, reason=payload["reason"])
        return row, None, True
    if row.state in moves.ENDED:
        tell(act, "finding.withdrawal_noted", row, reason=payload["reason"])
        return row, "state_kept", True
    if row.void_request is not None:  # the request that is pending is decided first; this reason is kept with the history
        tell(act, "finding.withdrawal_noted", row, reason=payload["reason"])
        return row, "void_requested", False
    row.void_request = {"by": str(act.actor.person), "at": act.happened_at.isoformat(), "reason": payload["reason"]}
    tell(act, "finding.void_requested", row, reason=payload["reason"])
    return row, "void_requested", False


def _amend_field(  # noqa: PLR0917 - one call, just above
    session: Session, act: Act, result: Amended, name: str, change: dict[str, Any], mine: Write, present: Any
) -> None:
    row = result.finding
    written = row.writes.get(name)
    last = (
        Write(UUID(written["by"]), dt.datetime.fromisoformat(written["at"]), written["op"])
        if written
        else Write(row.recorded_by, row.recorded_at, "")
    )
    seen, value = _comparable(name, change["seen"]), _comparable(name, change["value"])
    fate = fate_of(name, seen=seen, value=value, present=present, mine=mine, last=last, author=row.recorded_by, state=row.state)
    if fate == "same" and value == _present(row, name):
        if outranks(mine, last, author=row.recorded_by):
            # Two said the same: the one of higher standing holds it against a third, whoever came first.
            _sign(row, name, mine)
        return
    if fate == "keep":
        result.kept.append(name)
    elif fate == "propose":
        result.proposed.append(name)
        _propose(session, act, row, name, seen=present, value=change["value"], by=mine.by, at=mine.at)
    else:
        if seen != present and mine.by == row.recorded_by != last.by:
            # The author's value stands over another's, which is kept as a proposal whichever of the two came first.
            _propose(session, act, row, name, seen=seen, value=present, by=last.by, at=last.at)
        _set(session, row, name, change["value"])
        _sign(row, name, mine)
        result.set.append(name)


def _sign(row: Finding, name: str, write: Write) -> None:
    row.writes = {**row.writes, name: {"by": str(write.by), "at": write.at.isoformat(), "op": write.op}}


def _present(row: Finding, name: str) -> Any:
    if name == "category":
        return (row.kind, row.code)
    if name == "place":
        return _comparable(name, row.place)
    return getattr(row, name)


def _comparable(name: str, value: Any) -> Any:
    """A category without its edition and a place without what its sensor said of itself: what a person saw on the screen."""
    if value is None:
        return None
    if name == "category":
        return (value["kind"], value["code"])
    if name == "place":
        return (value["lon"], value["lat"], value["datum"])
    return value


def _set(session: Session, row: Finding, name: str, value: Any) -> None:
    if name == "category":
        category, _ = categorise(session, value, None, at=row.recorded_at)
        take_category(row, category, None)
        bind_contract(session, row)
    elif name == "condition":
        category, _ = categorise(session, {"kind": row.kind, "code": row.code, "edition": row.edition}, value, at=row.recorded_at)
        take_category(row, category, value)
    elif name == "place":
        place_finding(session, row, value)
        bind_contract(session, row)
    elif name == "asset":
        row.asset = value
        bind_contract(session, row)
    else:
        setattr(row, name, value)


def _propose(session: Session, act: Act, row: Finding, name: str, *, seen: Any, value: Any, by: UUID, at: dt.datetime) -> None:
    proposal = Proposal(id=act.new_id(), finding=row.id, field=name, seen=seen, value=value, proposed_by=by, proposed_at=at, op=act.op)
    add_row(session, proposal)
    row.disputed = True
