"""Appeals: a unit's word against how its work counts, after the close. The state it was in stays a fact, late work stays late."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.deciding import decide, pending_request
from backend.domains.findings.actions.steps import enter
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.duty import AppealedAlready, NotYourDispatch, OwnWork, check_stands, does_work_of
from backend.domains.findings.rules.moving import check_move

KIND = "appeal"


@deed
def appeal_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Appeal against the count of an own dispatch, once: a reviewer who did not close the finding rules on it.

    Raises NotYourDispatch, AppealedAlready, DispatchReplaced, Missing and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    move = check_move("appeal_finding", act.actor, row, state_version=payload["state_version"])
    work.await_dispatch(session, act, row, payload["dispatch"])
    task = lock_row(session, Dispatch, payload["dispatch"])
    assert task is not None, "just found"
    if not does_work_of(act.actor, task.unit, task.unit_kind):
        raise NotYourDispatch(f"dispatch {task.id} went to another unit")
    write(session)
    own = [each.id for each in work.list_standing(session, row.id) if does_work_of(act.actor, each.unit, each.unit_kind)]
    check_stands(task, own)
    if earlier := work.list_requests(session, task.id, KIND):
        raise AppealedAlready(f"appealed at {earlier[0].asked_at.isoformat()}, {earlier[0].state}", request=str(earlier[0].id))
    assert act.actor.person is not None, "appeals are made by people"
    asked = DispatchRequest(
        id=act.new_id(),
        finding=row.id,
        dispatch=task.id,
        kind=KIND,
        state="pending",
        reason=payload["reason"],
        asked_by=act.actor.person,
        asked_at=act.happened_at,
        received_at=act.at,
        time_quality=act.time_quality,
    )
    add_row(session, asked)
    if row.state == move.target:  # another unit's appeal waits already
        row.version += 1
    else:
        enter(session, act, row, move.target)
    tell(act, "finding.appealed", row, request=asked.id, dispatch=task.id, unit=task.unit)
    return row


@deed
def grant_appeal(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Grant it: the dispatch does not count any more. Whether it was late stays what it was.

    Raises RequestDecided, OwnWork (also for who closed the finding, or gave or decided a verdict on the work), Missing and what
    `check_move` raises.
    """
    return _rule(session, act, finding, request, "granted", payload["reason"])


@deed
def refuse_appeal(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse it: the dispatch counts. Raises what `grant_appeal` raises."""
    return _rule(session, act, finding, request, "refused", payload["reason"])


def _rule(  # noqa: PLR0917 - one call a decision, just above
    session: Session, act: Act, finding: UUID, request: UUID, decision: str, reason: str
) -> Finding:
    row, asked, task = pending_request(session, act, finding, request, "grant" if decision == "granted" else "refuse", KIND)
    if row.closed_by is not None and row.closed_by == act.actor.person:
        raise OwnWork("who closed the finding does not rule on the appeal")
    if act.actor.person in work.judges_of(session, task.id):
        raise OwnWork("who gave a verdict on the work does not rule on the appeal")
    decide(act, asked, decision, reason)
    task.exempt = decision == "granted"
    write(session)
    if any(work.list_pending(session, row.id)):
        row.version += 1
    else:
        enter(session, act, row, "closed")
    tell(act, f"finding.appeal_{decision}", row, request=request, dispatch=task.id, unit=task.unit, reason=reason)
    return row
