"""Endpoints of tasks for a look on site."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.findings.actions import tasks
from backend.domains.findings.api.door import MOVE, STAFF, blueprint, shown
from backend.domains.findings.queries import tasks as queries
from backend.domains.findings.queries.lists import visible_to
from backend.domains.findings.rules.tasks import AssigneeUnfit, NotYourTask, TaskOver
from backend.domains.findings.schemas import documents
from backend.domains.findings.schemas import tasks as schemas


@blueprint.get("/tasks")
@caller(*STAFF)
@blueprint.arguments(schemas.ListTasks(), location="query")
@blueprint.response(200, schemas.TasksPage())
def list_tasks(query: dict[str, Any]) -> dict[str, Any]:
    """Open tasks for a look on site at findings that the caller may see, what is due first before; with `unassigned` those of nobody."""
    session, act = here()
    with reading(session):
        return queries.list_tasks(session, act.actor, filters=query, seen=visible_to(act.actor))


@blueprint.post("/findings/<uuid:finding>/tasks/<uuid:task>/assignment")
@caller("acceptor", "shift_leader")
@blueprint.arguments(schemas.ReassignTask())
@blueprint.refuses(*MOVE, TaskOver, AssigneeUnfit)
@blueprint.response(200, documents.FindingWithHistory())
def reassign_task(payload: dict[str, Any], finding: UUID, task: UUID) -> dict[str, Any]:
    """Give a task to an inspector of the area, on duty or not: never who recorded it (before filing) or did the work (before closing)."""
    session, act = here()
    perform(session, act, tasks.reassign_task, finding=finding, task=task, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/task-refusals")
@caller("inspector")
@blueprint.arguments(schemas.DeclineTask())
@blueprint.refuses(NotYourTask, TaskOver)
@blueprint.response(204)
def decline_task(payload: dict[str, Any], finding: UUID) -> None:
    """Give an own task back, with a reason; who is on duty gets it instead, or it is listed as nobody's."""
    session, act = here()
    perform(session, act, tasks.decline_task, finding=finding, payload=payload)
