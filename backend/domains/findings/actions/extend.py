"""The dispatcher's decisions on what a unit asked for, and requests that lapse undecided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.duty import NoMoreExtensions, RequestDecided, check_not_own, check_stands
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.reports import MOST_EXTENSIONS


@deed
def grant_extension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Grant it: the original limit is added once more. A report that came meanwhile stands beside it.

    Raises DispatchReplaced, RequestDecided, NoMoreExtensions, OwnWork, Missing.
    """
    row, asked, task = _pending(session, act, finding, request, "grant", "extension")
    write(session)
    if len(work.list_extensions(session, task.id)) >= MOST_EXTENSIONS:
        raise NoMoreExtensions(f"dispatch {task.id} was extended {MOST_EXTENSIONS} times")
    asked.by_value, asked.by_unit = task.limit_value, task.limit_unit
    _decide(act, asked, "granted", payload["reason"])
    settle_work(session, act, row)
    row.version += 1
    tell(act, "finding.extension_granted", row, request=request, dispatch=task.id, due=task.due)
    return row


@deed
def refuse_extension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse it: the deadline stays. Raises DispatchReplaced, RequestDecided, OwnWork, Missing."""
    return _refuse(session, act, finding, request, "extension", payload)


@deed
def refuse_return(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse it: the work stays the unit's. Raises DispatchReplaced, RequestDecided, OwnWork, Missing."""
    return _refuse(session, act, finding, request, "return", payload)


@deed
def refuse_suspension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse it: the clock runs on. Raises DispatchReplaced, RequestDecided, OwnWork, Missing."""
    return _refuse(session, act, finding, request, "suspension", payload)


def lapse_requests(session: Session, act: Act, row: Finding) -> None:
    """Nobody decides any more on what is pending: the finding ended, or is dispatched anew. Part of that deed, after its move."""
    write(session)
    pending = work.list_pending(session, row.id)
    for each in pending:
        asked = lock_row(session, DispatchRequest, each)
        assert asked is not None, "just listed"
        asked.state, asked.decided_at = "lapsed", act.at
    if pending:
        tell(act, "finding.requests_lapsed", row, requests=list(pending))


def _refuse(  # noqa: PLR0917 - one call a kind, just above
    session: Session, act: Act, finding: UUID, request: UUID, kind: str, payload: dict[str, Any]
) -> Finding:
    row, asked, task = _pending(session, act, finding, request, "refuse", kind)
    _decide(act, asked, "refused", payload["reason"])
    row.version += 1
    tell(act, f"finding.{kind}_refused", row, request=request, dispatch=task.id)
    return row


def _pending(  # noqa: PLR0917 - as above
    session: Session, act: Act, finding: UUID, request: UUID, decision: str, kind: str
) -> tuple[Finding, DispatchRequest, Dispatch]:
    row = lock_finding(session, act, finding)
    check_move(f"{decision}_{kind}", act.actor, row)
    asked = work.lock_request(session, row, request, kind)
    task = lock_row(session, Dispatch, asked.dispatch)
    assert task is not None, "a request is on a dispatch"
    check_stands(task, [each.id for each in work.list_standing(session, row.id)])
    if asked.state != "pending":
        raise RequestDecided(f"the request is {asked.state} since {asked.decided_at and asked.decided_at.isoformat()}")
    check_not_own(act.actor, {asked.asked_by}, [(task.unit, task.unit_kind)])
    return row, asked, task


def _decide(act: Act, asked: DispatchRequest, state: str, reason: str | None) -> None:
    asked.state, asked.decided_by, asked.decided_at, asked.decided_reason = state, act.actor.person, act.happened_at, reason
