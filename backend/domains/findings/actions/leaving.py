"""Somebody left: what they had open goes to who is there, or is nobody's and listed as that."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.looking import pass_tasks_on
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Assignment
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries import leaving as queries


def pass_work_on(session: Session, act: Act, *, person: UUID) -> None:
    """A role or an account ended: tasks go to who is on duty, dispatches back to the manager. What the person may still do stays.

    Safe to repeat. A leader's demands stay: any leader of the area ends them.
    """
    pass_tasks_on(session, act, person=person)
    for dispatch, finding, unit in queries.list_dispatches_of(session, person):
        if not queries.works_for(session, person, unit, at=act.at):
            release_worker(session, act, finding=finding, dispatch=dispatch, worker=person)


@deed
def release_worker(session: Session, act: Act, *, finding: UUID, dispatch: UUID, worker: UUID) -> Finding | None:
    """A dispatch is nobody's within its company any more: its worker left. Safe to repeat."""
    row = lock_row(session, Finding, finding)
    task = lock_row(session, Dispatch, dispatch)
    if row is None or task is None or task.worker != worker:
        return None
    released = Assignment(
        id=act.new_id(),
        finding=row.id,
        dispatch=task.id,
        worker=None,
        hand_back_by=task.hand_back_by or "worker",
        assigned_by=None,
        assigned_at=act.at,
        received_at=act.at,
        time_quality=act.time_quality,
        op=None,
    )
    add_row(session, released)
    write(session)
    task.worker = None
    settle_work(session, act, row)
    row.version += 1
    tell(act, "finding.worker_left", row, dispatch=task.id, unit=task.unit, worker_before=worker)
    return row
