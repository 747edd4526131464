"""What the worker does about looks on site: it chooses who is to look, by place and load, and hands its choice to the deeds."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import find_row
from backend.domains.findings.actions import tasks
from backend.domains.findings.model.tasks import VerificationTask
from backend.domains.findings.queries import looking as choosing
from backend.domains.findings.queries import tasks as queries


def follow_looks(session: Session, act: Act, *, finding: UUID) -> None:
    """Make, cancel and give the finding's tasks as it stands now. Safe to repeat."""
    to, why = choosing.choose_looker(session, finding, at=act.at)
    tasks.settle_tasks(session, act, finding=finding, to=to, why=why)
    for each in queries.list_tasks_of(session, finding):
        if each.state == "open" and each.assigned_to is None:
            pass_task_on(session, act, task=each.id)


def pass_task_on(session: Session, act: Act, *, task: UUID) -> None:
    """Give an open task to who is there now, where who has it is not, or nobody has it. Safe to repeat."""
    row = find_row(session, VerificationTask, task)
    holder = choosing.next_holder(session, task, at=act.at)
    if row is not None and holder is not None:
        tasks.assign_task(session, act, finding=row.finding, task=task, to=holder[0], why=holder[1])


def pass_tasks_on(session: Session, act: Act, *, person: UUID) -> None:
    """Somebody left, or is not there: what that person may not keep goes to who is on duty, or is listed as nobody's. Safe to repeat."""
    for task, _ in sorted(queries.open_tasks_held_by(session, person), key=lambda each: each[1]):
        pass_task_on(session, act, task=task)
