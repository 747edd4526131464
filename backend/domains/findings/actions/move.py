"""The moves of the desk: file, ask for a void and approve it, dispatch. By hand, or by itself where policy allows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import write
from backend.core.deeds import deed
from backend.domains.findings.actions.addressing import named_addressee
from backend.domains.findings.actions.attach import release_followers
from backend.domains.findings.actions.consents import check_consent
from backend.domains.findings.actions.deciding import check_not_own_work, lapse_requests
from backend.domains.findings.actions.fields import decide_condition
from backend.domains.findings.actions.issue import issue_dispatch
from backend.domains.findings.actions.placing import TIME_UNCERTAIN, categorise, match_contract
from backend.domains.findings.actions.proof import weigh_photos
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.steps import enter, policy_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.needs import needs_of


@deed
def file_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """File it: the desk takes it on. Needs category, condition, grid and complete evidence; the desk may give the condition here."""
    row = lock_finding(session, act, finding)
    check_move("file_finding", act.actor, row, needs=None, state_version=payload["state_version"])
    if payload["condition"] is not None:
        named = {"kind": row.kind, "code": row.code, "edition": row.edition}
        categorise(session, named, payload["condition"], at=row.recorded_at)
        decide_condition(session, act, row, payload["condition"])
    weigh_photos(session, row, act.at)
    move = check_move("file_finding", act.actor, row, needs=needs_of(row))
    check_consent(session, act, row, "file_finding")
    row.filed_at, row.filed_policy = act.at, policy_of(session, row, act.at).version
    enter(session, act, row, move.target)
    write(session)
    looks = work.list_verifications(session, row.id, report=None)
    verified = looks[-1].result if looks else None
    tell(act, "finding.filed", row, condition=row.condition, automatic=act.actor.person is None, verified=verified)
    return row


@deed
def request_void(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Ask for a void; another shift leader approves or refuses it. Raises VoidPending while an earlier request is not decided."""
    row = lock_finding(session, act, finding)
    check_move("request_void", act.actor, row, state_version=payload["state_version"])
    row.void_request = {"by": str(act.actor.person), "at": act.at.isoformat(), "reason": payload["reason"]}
    row.version += 1
    tell(act, "finding.void_requested", row, reason=payload["reason"])
    return row


@deed
def void_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Approve a void that somebody else asked for. Dispatches still open are cancelled, findings attached to it are recorded again.

    Never by who did the work, or works for a unit that has it. Raises OwnWork and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    move = check_move("void_finding", act.actor, row, state_version=payload["state_version"])
    check_consent(session, act, row, "void_finding")
    assert row.void_request is not None, "the move needs it"
    check_not_own_work(session, act, row)
    for task in work.list_dispatches(session, row.id):
        task.cancelled_at = act.at
    enter(session, act, row, move.target)
    settle_work(session, act, row)
    tell(act, "finding.voided", row, reason=payload["reason"], asked_by=row.void_request["by"])
    lapse_requests(session, act, row)
    release_followers(session, act, head=row)
    return row


@deed
def refuse_void(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse a void that somebody else asked for: the finding goes on as if nobody had."""
    row = lock_finding(session, act, finding)
    check_move("refuse_void", act.actor, row, state_version=payload["state_version"])
    assert row.void_request is not None, "the move needs it"
    asked_by = row.void_request["by"]
    row.void_request = None
    row.version += 1
    tell(act, "finding.void_refused", row, reason=payload["reason"], asked_by=asked_by)
    return row


@deed
def withdraw_void_request(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Take back an own request to void it, while nobody has decided: the finding goes on as if nobody had asked."""
    row = lock_finding(session, act, finding)
    check_move("withdraw_void_request", act.actor, row, state_version=payload["state_version"])
    row.void_request = None
    row.version += 1
    tell(act, "finding.void_request_withdrawn", row, reason=payload["reason"])
    return row


@deed
def dispatch_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Issue the lead dispatch to the contract in force now, and start the disposal clock.

    Without `contract` and `unit` the one that matches is taken, else the unit that the responsibility matrix names. Another choice needs a
    reason and is kept as an override beside what would have matched.
    """
    row = lock_finding(session, act, finding)
    move = check_move("dispatch_finding", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    check_consent(session, act, row, "dispatch_finding")
    found, _ = match_contract(session, row, act.at)
    to = named_addressee(session, act, found, payload)
    write(session)
    former = work.list_dispatches(session, row.id)  # of one that was reopened while nobody was there to take it
    dispatch = issue_dispatch(session, act, row, role="lead", to=to)
    for each in former:
        if each.role == dispatch.role:
            each.replaced_by = dispatch.id
    row.awaiting_contract = row.liability["reason"] == TIME_UNCERTAIN  # whom to blame is not settled by whom to send
    enter(session, act, row, move.target)
    tell(
        act,
        "finding.dispatched",
        row,
        dispatch=dispatch.id,
        unit=to.unit,
        contract=to.contract,
        due=dispatch.due,
        automatic=dispatch.automatic,
    )
    return row
