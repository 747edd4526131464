"""Deciding what a unit asked for: what all decisions have in common, and requests that lapse undecided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.domains.findings.actions.consents import check_consent
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.duty import RequestDecided, check_not_own, check_stands
from backend.domains.findings.rules.holds import WorkReported
from backend.domains.findings.rules.moving import check_move


def pending_request(  # noqa: PLR0917 - one call a decision
    session: Session, act: Act, finding: UUID, request: UUID, decision: str, kind: str
) -> tuple[Finding, DispatchRequest, Dispatch]:
    """The finding, the request and its dispatch, all locked, free for this decision (grant or refuse) by the actor.

    Raises DispatchReplaced, RequestDecided, OwnWork, Missing and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move(f"{decision}_{kind}", act.actor, row)
    asked = work.lock_request(session, row, request, kind)
    task = lock_row(session, Dispatch, asked.dispatch)
    assert task is not None, "a request is on a dispatch"
    write(session)
    check_stands(task, [each.id for each in work.list_standing(session, row.id)])
    if asked.state != "pending":
        raise RequestDecided(f"the request is {asked.state} since {asked.decided_at and asked.decided_at.isoformat()}")
    check_not_own(act.actor, work.doers_of(session, row.id), [(task.unit, task.unit_kind)])
    if decision == "grant":
        check_consent(session, act, row, f"grant_{kind}", request)
    return row, asked, task


def check_not_own_work(session: Session, act: Act, row: Finding) -> None:
    """Refuse who had a hand in work on the finding, or works for a unit that it was dispatched to. Raises OwnWork."""
    write(session)
    units = [(task.unit, task.unit_kind) for task in work.list_dispatches(session, row.id)]
    check_not_own(act.actor, work.doers_of(session, row.id), units)


def check_worked_on(task: Dispatch) -> None:
    """Refuse to return or suspend what the unit has handed back. Raises WorkReported."""
    if task.state == "handed_back":
        raise WorkReported(f"dispatch {task.id} was handed back at {task.handed_back_at and task.handed_back_at.isoformat()}")


def decide(act: Act, asked: DispatchRequest, state: str, reason: str | None) -> None:
    """Write the decision: granted or refused."""
    asked.state, asked.decided_by, asked.decided_at, asked.decided_reason = state, act.actor.person, act.happened_at, reason


def refuse_request(  # noqa: PLR0917 - one call a kind
    session: Session, act: Act, finding: UUID, request: UUID, kind: str, payload: dict[str, Any]
) -> Finding:
    """Refuse it, and work out what follows: a clock that a return held runs on."""
    row, asked, task = pending_request(session, act, finding, request, "refuse", kind)
    decide(act, asked, "refused", payload["reason"])
    settle_work(session, act, row)
    row.version += 1
    tell(act, f"finding.{kind}_refused", row, request=request, dispatch=task.id)
    return row


def lapse_requests(session: Session, act: Act, row: Finding, task: Dispatch | None = None) -> None:
    """Nobody decides any more on what is pending: the finding ended or is dispatched anew, or this one dispatch is over.

    Part of that deed, after its move.
    """
    write(session)
    lapsed = []
    for each in work.list_pending(session, row.id):
        asked = lock_row(session, DispatchRequest, each)
        assert asked is not None, "just listed"
        if task is None or asked.dispatch == task.id:
            asked.state, asked.decided_at = "lapsed", act.at
            lapsed.append(each)
    if lapsed:
        tell(act, "finding.requests_lapsed", row, requests=lapsed)
