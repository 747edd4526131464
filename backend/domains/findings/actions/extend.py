"""The dispatcher's decision on more time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import write
from backend.core.deeds import deed
from backend.domains.findings.actions.deciding import decide, pending_request, refuse_request
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries import work
from backend.domains.findings.rules.duty import NoMoreExtensions
from backend.domains.findings.rules.reports import MOST_EXTENSIONS


@deed
def grant_extension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Grant it: the original limit is added once more. A report that came meanwhile stands beside it.

    Raises DispatchReplaced, RequestDecided, NoMoreExtensions, OwnWork, Missing.
    """
    row, asked, task = pending_request(session, act, finding, request, "grant", "extension")
    write(session)
    if len(work.list_extensions(session, task.id)) >= MOST_EXTENSIONS:
        raise NoMoreExtensions(f"dispatch {task.id} was extended {MOST_EXTENSIONS} times")
    asked.by_value, asked.by_unit = task.limit_value, task.limit_unit
    decide(act, asked, "granted", payload["reason"])
    settle_work(session, act, row)
    row.version += 1
    tell(act, "finding.extension_granted", row, request=request, dispatch=task.id, due=task.due)
    return row


@deed
def refuse_extension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse it: the deadline stays. Raises DispatchReplaced, RequestDecided, OwnWork, Missing."""
    return refuse_request(session, act, finding, request, "extension", payload)
