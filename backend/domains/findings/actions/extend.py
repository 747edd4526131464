"""The dispatcher's decisions on what a unit asked for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model import Dispatch, DispatchRequest, Finding
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.duty import NoMoreExtensions, RequestDecided, check_not_own
from backend.domains.findings.rules.moves import check_move
from backend.domains.findings.rules.reports import MOST_EXTENSIONS


@deed
def grant_extension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Grant it: the original limit is added once more. A report that came meanwhile stands beside it.

    Raises RequestDecided, NoMoreExtensions, OwnWork, Missing.
    """
    row, asked, task = _pending(session, act, finding, request, "grant_extension")
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
    """Refuse it: the deadline stays. Raises RequestDecided, OwnWork, Missing."""
    row, asked, task = _pending(session, act, finding, request, "refuse_extension")
    _decide(act, asked, "refused", payload["reason"])
    row.version += 1
    tell(act, "finding.extension_refused", row, request=request, dispatch=task.id)
    return row


def _pending(session: Session, act: Act, finding: UUID, request: UUID, verb: str) -> tuple[Finding, DispatchRequest, Dispatch]:
    row = lock_finding(session, act, finding)
    check_move(verb, act.actor, row)
    asked = work.lock_request(session, row, request, "extension")
    if asked.state != "pending":
        raise RequestDecided(f"the request was {asked.state} at {asked.decided_at and asked.decided_at.isoformat()}")
    task = lock_row(session, Dispatch, asked.dispatch)
    assert task is not None, "a request is on a dispatch"
    check_not_own(act.actor, {asked.asked_by}, [(task.unit, task.unit_kind)])
    return row, asked, task


def _decide(act: Act, asked: DispatchRequest, state: str, reason: str | None) -> None:
    asked.state, asked.decided_by, asked.decided_at, asked.decided_reason = state, act.actor.person, act.happened_at, reason
