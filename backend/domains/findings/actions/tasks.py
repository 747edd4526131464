"""Tasks for a look on site: made where one is needed, given to who is on duty, passed on, declined, and done by a verification.

The worker chooses to whom a task goes and hands its choice to these actions: done again they come to the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import add_row, find_row, lock_row, write
from backend.core.deeds import deed
from backend.core.problems import Missing, NotYet
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.tasks import VerificationTask
from backend.domains.findings.queries import tasks as queries
from backend.domains.findings.queries.looking import is_fit
from backend.domains.findings.queries.one import await_finding, lock_finding
from backend.domains.findings.rules import conflicts
from backend.domains.findings.rules import tasks as rules
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.tasks import Need, Phase
from backend.domains.findings.rules.visibility import scopes_of


@deed
def settle_tasks(session: Session, act: Act, *, finding: UUID, to: UUID | None, why: str) -> Finding | None:
    """Make a task of each look that the finding needs and nobody has, for `to` (None: nobody is there); cancel those not needed any more.

    Safe to repeat: tells only what it changed.
    """
    row = lock_row(session, Finding, finding)
    if row is None:
        return None
    write(session)
    before, tasks = scopes_of(row), queries.list_tasks_of(session, row.id)
    needs = queries.needs_of_looks(session, row)
    ended = _weigh(session, row, tasks, needs)
    moved = [task for task in tasks if task.state == "open" and task.due != row.step_due]
    for task in moved:
        task.due = row.step_due
    have = {(task.phase, task.report) for task in tasks if task.state == "open"}
    made = [_new_task(act, row, need, to=to, why=why) for need in needs if (need.phase, need.report) not in have]
    if not made and not ended and not moved:
        return row
    for task in made:
        add_row(session, task)
    write(session)
    row.assigned = _assigned([*tasks, *made])
    row.version += 1
    for task in ended:
        tell(act, f"finding.task_{task.state}", row, left=before, **_said(task))
    for task in moved:
        tell(act, "finding.task_due_moved", row, left=before, **_said(task))
    for task in made:
        tell(act, "finding.task_assigned" if task.assigned_to else "finding.task_unassigned", row, left=before, **_said(task))
    return row


@deed
def assign_task(session: Session, act: Act, *, finding: UUID, task: UUID, to: UUID | None, why: str) -> Finding | None:
    """Give an open task to `to`, who is on duty; None: nobody is, and who had it is not there. Safe to repeat."""
    row = lock_row(session, Finding, finding)
    held = lock_row(session, VerificationTask, task)
    if row is None or held is None or held.state != "open" or held.assigned_to == to:
        return None
    if held.assigned_to is not None:
        _pass_on(session, act, row, held, moved="reassigned", to=to, why=why, reason=None)
        return row
    before = scopes_of(row)
    held.assigned_to, held.assigned_at, held.assigned_by, held.why = to, act.at, act.actor.person, why
    write(session)
    row.assigned = _assigned(queries.list_tasks_of(session, row.id))
    row.version += 1
    tell(act, "finding.task_assigned", row, left=before, **_said(held))
    return row


@deed
def reassign_task(session: Session, act: Act, *, finding: UUID, task: UUID, payload: dict[str, Any]) -> Finding:
    """The desk gives a task to somebody it names, on duty or not. What its assignee looked at before is still that person's work.

    Raises Missing, TaskOver, AssigneeUnfit, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("reassign_task", act.actor, row, state_version=payload["state_version"])
    held = queries.get_task(session, row.id, task)
    if held.state != "open":
        raise rules.TaskOver(f"the task is {held.state}", state=held.state)
    to = payload["to"]
    need = [Need(cast("Phase", held.phase), held.report)]
    if to == held.assigned_to or not is_fit(session, row, need, to, at=act.at):
        fault = "has it already" if to == held.assigned_to else "no inspector of the area, or has recorded it or done the work"
        raise rules.AssigneeUnfit(f"to: {fault}", errors=[("/to", fault)])
    if held.assigned_to is None:
        before = scopes_of(row)
        held.assigned_to, held.assigned_at, held.assigned_by = to, act.at, act.actor.person
        held.why, held.reason = "named", payload["reason"]
        write(session)
        row.assigned = _assigned(queries.list_tasks_of(session, row.id))
        row.version += 1
        tell(act, "finding.task_assigned", row, left=before, **_said(held))
    else:
        _pass_on(session, act, row, held, moved="reassigned", to=to, why="named", reason=payload["reason"])
    return row


@deed
def decline_task(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Who has a task gives it back, with a reason; the worker looks for somebody else.

    From offline it may come when the task has gone on: then nothing changes. Raises NotYet for a finding or task that has not arrived
    (at the desk Missing), NotYourTask, at the desk TaskOver.
    """
    row = await_finding(session, act, finding)
    held = find_row(session, VerificationTask, payload["task"])
    if held is None or held.finding != row.id:
        if act.op is None:
            raise Missing(f"finding {row.id} has no task {payload['task']}")
        raise NotYet(f"task {payload['task']} of finding {row.id} has not arrived", awaits=f"finding:{row.id}")
    if held.assigned_to is None or held.assigned_to != act.actor.person:
        raise rules.NotYourTask("the task is assigned to somebody else")
    if held.state == "open":
        _pass_on(session, act, row, held, moved="declined", to=None, why="nobody", reason=payload["reason"])
        return row, None
    if act.op is None:
        raise rules.TaskOver(f"the task is {held.state}", state=held.state)
    return row, conflicts.TASK_REASSIGNED if held.state in ("reassigned", "declined") else conflicts.DECLINED_LATE


def sees_only(session: Session, act: Act, row: Finding, *, phase: str, report: UUID | None) -> bool:
    """Whether a look that the actor gives now is an observation that decides nothing: the task was theirs, and no more by then.

    At the desk, where nobody is offline, it is refused: raises TaskOver.
    """
    held = [task for task in queries.list_tasks_of(session, row.id) if (task.phase, task.report) == (phase, report)]
    if held and phase == "pre_filing":  # each time that it is asked for is a look of its own
        asked = max(task.made_at for task in held if task.follows is None)
        held = [task for task in held if task.made_at >= asked]
    assert act.actor.person is not None, "looks are people's"
    observed = rules.is_observation((queries.facts_of(task) for task in held), act.actor.person, act.happened_at)
    if observed and act.op is None:
        raise rules.TaskOver("the task went to somebody else, who looks at it", state="reassigned")
    return observed


def take_look(session: Session, row: Finding) -> None:
    """A look was given: what the finding's tasks have come to by it. Part of that deed, which counts the version and tells."""
    write(session)
    tasks = queries.list_tasks_of(session, row.id)
    if tasks and _weigh(session, row, tasks, queries.needs_of_looks(session, row)):
        write(session)
        row.assigned = _assigned(tasks)


def _weigh(session: Session, row: Finding, tasks: Iterable[VerificationTask], needs: Sequence[Need]) -> list[VerificationTask]:
    """Work out what each task has come to; those that changed."""
    needed = {(need.phase, need.report) for need in needs}
    looks: dict[tuple[str, UUID | None], list[rules.Seen]] = {}
    changed = []
    for task in tasks:
        key = (task.phase, task.report)
        if key not in looks:
            looks[key] = queries.looks_at(session, row.id, *key)
        phase = cast("Phase", task.phase)
        state, look = rules.come_to(queries.facts_of(task), looks[key], needed=key in needed, phase=phase)
        if (task.state, task.look) != (state, look):
            task.state, task.look = state, look
            changed.append(task)
    return changed


def _new_task(
    act: Act, row: Finding, need: Need, *, to: UUID | None, why: str, follows: UUID | None = None, due: dt.datetime | None = None
) -> VerificationTask:
    return VerificationTask(
        id=act.new_id(),
        finding=row.id,
        phase=need.phase,
        report=need.report,
        state="open",
        assigned_to=to,
        assigned_at=act.at if to is not None else None,
        assigned_by=act.actor.person if to is not None else None,
        why=why,
        due=due or row.step_due,
        made_at=act.at,
        follows=follows,
        moved=None,
        moved_at=None,
        moved_by=None,
        reason=None,
        look=None,
    )


def _pass_on(
    session: Session, act: Act, row: Finding, held: VerificationTask, *, moved: str, to: UUID | None, why: str, reason: str | None
) -> None:
    """The task goes from its assignee, at the corrected time of this deed, to `to` or to nobody yet."""
    before = scopes_of(row)
    held.moved, held.moved_at, held.moved_by, held.reason = moved, act.happened_at, act.actor.person, reason
    held.state = moved
    need = Need(cast("Phase", held.phase), held.report)
    new = add_row(session, _new_task(act, row, need, to=to, why=why, follows=held.id, due=held.due))
    write(session)
    row.assigned = _assigned(queries.list_tasks_of(session, row.id))
    row.version += 1
    event = "finding.task_declined" if moved == "declined" else "finding.task_reassigned" if to else "finding.task_unassigned"
    tell(act, event, row, left=before, **_said(new), instead_of=held.id, assigned_before=held.assigned_to)


def _assigned(tasks: Iterable[VerificationTask]) -> list[str]:
    return sorted({f"user:{task.assigned_to}" for task in tasks if task.state == "open" and task.assigned_to is not None})


def _said(task: VerificationTask) -> dict[str, Any]:
    return {"task": task.id, "assigned_to": task.assigned_to, "phase": task.phase, "due": task.due}
