"""Conflicts: the desk decides through one door, and the phone learns what its operation became, whichever door was used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.problems import Invalid
from backend.domains.findings.actions.move import refuse_void, void_finding
from backend.domains.findings.actions.resolve import resolve_proposals
from backend.domains.findings.actions.verify import decide_dispute
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.model.work import Verification
from backend.domains.findings.rules.moves import ENDED
from backend.domains.sync.actions.decide import note_decision
from backend.domains.sync.model import Decision, Outcome
from backend.domains.sync.queries.conflicts import Open, disputed_report, get_conflict, kind_of
from backend.domains.sync.queries.reach import find_operation
from backend.domains.sync.rules import settling
from backend.domains.sync.rules.desk import ConflictMissing, NotOpen, OwnOperation, desk_of


def resolve_conflict(session: Session, act: Act, *, key: UUID, payload: dict[str, Any]) -> Open:
    """Decide a conflict: field by field, or on a request to void, or between verdicts. Its outcome becomes final in the same commit.

    Raises ConflictMissing, NotOpen where somebody was quicker, OwnOperation, Invalid, and what the move itself raises.
    """
    desk = replace(desk_of(act.actor), administers=False)
    _wait_for_others(session, desk_key=key)
    try:
        one = get_conflict(session, desk, key)
    except ConflictMissing:
        _say_who_was_quicker(session, act, key)
        raise
    if one.person == act.actor.person or _repaired_by(session, act, one):
        raise OwnOperation("nobody decides on what is their own, or what they repaired")
    kind = kind_of(session, one)
    _check_members(kind, payload)
    _DECIDE[kind](session, act, one, payload)
    decision = note_decision(session, act, "op", one.id, 0, "resolved", payload["reason"])
    decision.op = one.op
    decision.data = {"fields": payload["fields"]} if payload["fields"] else {"decision": payload["decision"]}
    session.flush()
    if kind == "other":
        _settle(session, act, _locked(session, key), "resolved_keep", None)
    else:
        settle_conflicts(session, act, finding=one.finding)
    return one


def settle_conflicts(session: Session, act: Act, *, finding: UUID) -> int:
    """Make final the outcomes of this finding's conflicts that nothing is left to decide of; how many. Safe to repeat.

    What hung on an uncertain time of the finding leaves the list of exceptions once its contract was bound by a person.
    """
    query = sa.select(Outcome).where(
        Outcome.entity == finding, Outcome.entity_type == "finding", Outcome.status == "conflict", Outcome.settled_at.is_(None)
    )
    rows = session.scalars(query.order_by(Outcome.op).with_for_update().execution_options(populate_existing=True)).all()
    row = session.get(Finding, finding, populate_existing=bool(rows))
    settled = 0
    for outcome in rows:
        code = _resolution(session, outcome, row)
        if code is not None:
            _settle(session, act, outcome, code, row.version if row else None)
            settled += 1
    return settled


def settle_uncertain(session: Session, act: Act, *, finding: UUID) -> int:
    """Take the finding's record of an uncertain time off the list: a person has bound its contract. How many.

    A report whose time straddles its deadline is another question: it stays until somebody takes it off.
    """
    query = sa.select(Outcome).where(
        Outcome.entity == finding,
        Outcome.code == "time_uncertain",
        Outcome.status == "merged",
        Outcome.verb != "report_rectification",
        Outcome.settled_at.is_(None),
    )
    rows = session.scalars(query.order_by(Outcome.op).with_for_update()).all()
    for outcome in rows:
        outcome.settled_at, outcome.settled_by = act.at, act.actor.person
    return len(rows)


def _resolution(session: Session, outcome: Outcome, row: Finding | None) -> settling.Resolution | None:
    """What became of it; None while something is open."""
    if outcome.verb == "amend_finding":
        proposals = session.scalars(sa.select(Proposal).where(Proposal.op == outcome.op)).all()
        if not proposals or any(each.resolved_at is None for each in proposals):
            return None
        return settling.of_choices([each.choice or "keep" for each in proposals])
    if outcome.verb == "withdraw_finding" and row is not None:
        if row.void_request is not None and row.state not in {"void", "withdrawn"}:
            return None
        return settling.of_void(row.state)
    return _of_verdict(session, outcome, row) if outcome.verb == "verify_finding" else None


def _of_verdict(session: Session, outcome: Outcome, row: Finding | None) -> settling.Resolution | None:
    if row is not None and row.state in ENDED:
        return "resolved_keep"  # there is nothing left that a verdict could move
    report = disputed_report(session, outcome.op)
    verdict = session.scalar(sa.select(Verification.result).where(Verification.op == outcome.op))
    if report is None or verdict is None or report.decided_result is None:
        return None
    return settling.of_dispute(verdict, report.decided_result)


def _settle(session: Session, act: Act, outcome: Outcome, code: settling.Resolution, version: int | None) -> None:
    """Final now: merged, with the number of this very commit, so that the phone learns it by pull."""
    op, before = outcome.op, outcome.code
    values: dict[str, Any] = {"status": "merged", "code": code, "judged_at": act.at}
    if version is not None:
        values["version"] = version
    outcome.status, outcome.code, outcome.judged_at = "merged", code, act.at
    session.flush()

    def numbered(seq: int) -> None:
        where = sa.update(Outcome).where(Outcome.op == op).values(**values, at_seq=seq, changed_seq=seq)
        session.execute(where.execution_options(synchronize_session=False))

    act.tell("operation.resolved", "operation", op, code=code, before=before)
    act.told[-1].numbered = numbered


def _fields(session: Session, act: Act, one: Open, payload: dict[str, Any]) -> None:
    if not payload["fields"]:
        raise Invalid("fields: say for each what is to be", errors=[("/fields", "required for a proposal")])
    resolve_proposals(session, act, finding=one.finding, op=one.op, choices=payload["fields"], reason=payload["reason"])


def _void(session: Session, act: Act, one: Open, payload: dict[str, Any]) -> None:
    moves = {"void": void_finding, "refuse": refuse_void}
    move = moves.get(_decision(payload, ("void", "refuse")))
    assert move is not None, "checked"
    move(session, act, finding=one.finding, payload={"reason": payload["reason"], "state_version": payload["state_version"]})


def _verdict(session: Session, act: Act, one: Open, payload: dict[str, Any]) -> None:
    result = _decision(payload, ("pass", "fail"))
    assert one.op is not None, "a verdict is an operation's"
    if session.get_one(Finding, one.finding, populate_existing=True).state in ENDED:
        return  # it has ended meanwhile: the verdict is kept, and the conflict is over
    report = disputed_report(session, one.op)
    decide_dispute(
        session,
        act,
        finding=one.finding,
        payload={
            "result": result,
            "reason": payload["reason"],
            "report": report.id if report else None,
            "state_version": payload["state_version"],
        },
    )


def _note(_session: Session, _act: Act, _one: Open, payload: dict[str, Any]) -> None:
    _decision(payload, ("keep",))


_DECIDE: dict[str, Callable[[Session, Act, Open, dict[str, Any]], None]] = {
    "proposal": _fields,
    "void_request": _void,
    "dispute": _verdict,
    "other": _note,
}


def _check_members(kind: str, payload: dict[str, Any]) -> None:
    """Refuse the member that this kind of conflict has no use for, rather than pass over what somebody meant."""
    if kind == "proposal" and payload["decision"] is not None:
        raise Invalid("decision: a proposal is decided field by field", errors=[("/decision", "not for a proposal: say it in fields")])
    if kind != "proposal" and payload["fields"]:
        raise Invalid("fields: only a proposal has fields", errors=[("/fields", "only for a proposal: say it in decision")])


def _decision(payload: dict[str, Any], among: tuple[str, ...]) -> str:
    decision: str | None = payload["decision"]
    if decision not in among:
        raise Invalid(f"decision: {' or '.join(among)}", errors=[("/decision", f"one of {', '.join(among)}")])
    return decision


def _repaired_by(session: Session, act: Act, one: Open) -> bool:
    """Whether who decides had put words of their own into the operation."""
    if one.op is None:
        return False
    query = sa.select(Decision.id).where(
        sa.or_(Decision.op == one.op, Decision.made == one.op), Decision.kind == "repaired", Decision.by == act.actor.person
    )
    return session.scalar(query.limit(1)) is not None


def _locked(session: Session, op: UUID) -> Outcome:
    return session.scalars(sa.select(Outcome).where(Outcome.op == op).execution_options(populate_existing=True)).one()


def _wait_for_others(session: Session, *, desk_key: UUID) -> None:
    """Of two who decide at once, the second sees what the first decided."""
    of_op = sa.select(Outcome.entity).where(Outcome.op == desk_key, Outcome.entity_type == "finding").scalar_subquery()
    of_proposal = sa.select(Proposal.finding).where(Proposal.id == desk_key).scalar_subquery()
    session.execute(sa.select(Finding.id).where(sa.or_(Finding.id == of_op, Finding.id == of_proposal)).with_for_update())


def _say_who_was_quicker(session: Session, act: Act, key: UUID) -> None:
    query = sa.select(Decision).where(Decision.subject == key, Decision.about == "op", Decision.kind == "resolved")
    decision = session.scalar(query.order_by(Decision.at.desc()).limit(1))
    row = find_operation(session, desk_of(act.actor), key)
    if row is not None and (decision is not None or row.status == "merged"):
        facts: dict[str, Any] = {"outcome": row.status, "code": row.code, "at_seq": row.at_seq}
        raise NotOpen("nothing is left to decide about this operation", **facts)
