"""Findings that were there before steps were kept and deadlines watched: caught up on, so that worklists and sweeps know of them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.core.deeds import deed
from backend.domains.deadlines import queries as deadlines
from backend.domains.findings.actions.escalate import watch_deadline
from backend.domains.findings.actions.steps import catch_up_steps
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries import work
from backend.domains.findings.rules.moves import ENDED


def follow_past(session: Session, act: Act, *, finding: UUID) -> Finding | None:
    """Catch up on the finding where that is still to do: a sweep calls it, `catch_up` is the deed. Safe to repeat."""
    row = lock_row(session, Finding, finding)
    if row is None or not (_lacks_steps(row) or any(task.policy is None for task in work.list_all_dispatches(session, row.id))):
        return row
    return catch_up(session, act, finding=finding)


@deed
def catch_up(session: Session, act: Act, *, finding: UUID) -> Finding | None:
    """Keep the steps it went through, and watch the deadlines of its dispatches. Tells `finding.caught_up`.

    Told even where nothing is missing: whoever does all deeds again kept them from the start, and has to count this version alike.
    """
    row = lock_row(session, Finding, finding)
    if row is None:
        return None
    if _lacks_steps(row):
        catch_up_steps(session, row)
    for task in work.list_all_dispatches(session, row.id):
        if task.policy is None:
            _watch(session, act, row, task)
    if row.step is None and row.state in ENDED:  # nobody's work: it comes to no phone again
        act.tell("finding.caught_up", "finding", row.id, version=row.version, state=row.state)
    else:
        row.version += 1
        tell(act, "finding.caught_up", row, step=row.step, due=row.step_due)
    return row


def _lacks_steps(row: Finding) -> bool:
    return row.step is None and not row.steps


def _watch(session: Session, act: Act, row: Finding, task: Dispatch) -> None:
    if task.deadline is not None and (clock := deadlines.find_deadline(session, task.deadline)) is not None:
        task.yellow_from = clock.yellow_from
    watch_deadline(session, act, row, task)
