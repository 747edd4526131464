"""What deadlines, silence and wrong dispatches bring about by themselves. Done by the worker's sweeps; each is safe to repeat."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import find_row, lock_row
from backend.core.deeds import deed
from backend.domains.deadlines import queries as deadlines
from backend.domains.findings.actions.steps import policy_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.escalation import RUNNING, Stage, higher, passed, rewound, rungs, stages, unattended
from backend.domains.findings.rules.moves import ENDED
from backend.domains.policies.rules.policy import Policy

_YELLOW = Fraction(4, 5)


def watch_deadline(session: Session, act: Act, row: Finding, task: Dispatch) -> None:
    """Set when the dispatch's deadline next brings something about; for whoever issues it, or works out its state or clock."""
    policy = policy_of(session, row, task.issued_at)
    task.policy = policy.version
    if task.state not in RUNNING:
        task.watch_at = None
        return
    line = _line(session, task, policy)
    task.stages = rewound(task.stages, line, act.at)
    task.escalation = rungs(task.stages, line)
    task.watch_at = line[task.stages].at if task.stages < len(line) else None


@deed
def follow_deadline(session: Session, act: Act, *, dispatch: UUID) -> Finding | None:
    """Do what the dispatch's deadline has brought about by now: remind, say that it is overdue, bring it to the next level.

    Tells `finding.due_soon`, `finding.overdue`, `finding.escalated`. What the worker slept through is told in order, but for reminders.
    """
    named = find_row(session, Dispatch, dispatch)
    row = lock_row(session, Finding, named.finding) if named else None
    task = lock_row(session, Dispatch, dispatch)
    if row is None or task is None or task.watch_at is None or task.watch_at >= act.at or task.state not in RUNNING:
        return row
    line = _line(session, task, policy_of(session, row, task.issued_at))
    come = passed(task.stages, line, act.at)
    task.stages = max(task.stages, sum(stage.at < act.at for stage in line))
    task.watch_at = line[task.stages].at if task.stages < len(line) else None
    for stage in come:
        _tell(act, row, task, stage)
    return row


@deed
def note_orphan(session: Session, act: Act, *, finding: UUID) -> Finding | None:
    """Say that nobody has done anything with the finding for too long: leaders see it. Tells `finding.orphaned` once a step."""
    row = lock_row(session, Finding, finding)
    if row is None or row.step is None or row.step_since is None or row.orphaned_at is not None or row.state in ENDED:
        return row
    at = unattended(policy_of(session, row, row.step_since), row.step_since, deadlines.calendar(session))
    if at is None or at >= act.at:
        return row
    _orphan(act, row, why=row.step, since=row.step_since)
    return row


@deed
def note_bounces(session: Session, act: Act, *, finding: UUID) -> Finding | None:
    """Bring a finding to leaders that was dispatched wrongly as often as the policy bears. Tells `finding.escalated` once."""
    row = lock_row(session, Finding, finding)
    if row is None or row.state in ENDED or row.bounces < policy_of(session, row, act.at).bounces_before_leader:
        return row
    if higher(row.escalated_to, "leader"):
        row.escalated_to = "leader"
        row.version += 1
        tell(act, "finding.escalated", row, to="leader", why="bounced", bounces=row.bounces)
    return row


def _line(session: Session, task: Dispatch, policy: Policy) -> list[Stage]:
    """All that its deadline brings about. One without a deadline is orphaned after a while: nobody is ever late with it."""
    calendar = deadlines.calendar(session)
    if task.due is None:
        at = unattended(policy, task.issued_at, calendar)
        return [Stage("orphan", at)] if at is not None else []
    reached = {_YELLOW: task.yellow_from}
    others = [share for share in policy.reminders if share != _YELLOW]
    if others and task.deadline is not None and (clock := deadlines.find_deadline(session, task.deadline)) is not None:
        reached |= dict(zip(others, deadlines.reached(session, clock, others), strict=True))
    return stages(policy, due=task.due, reached=reached, calendar=calendar)


def _tell(act: Act, row: Finding, task: Dispatch, stage: Stage) -> None:
    of: dict[str, Any] = {"dispatch": task.id, "unit": task.unit, "due": task.due, "policy": task.policy}
    if stage.kind == "orphan":
        if row.orphaned_at is None:
            _orphan(act, row, why="no_deadline", since=task.issued_at)
        return
    row.version += 1
    if stage.kind == "reminder":
        assert stage.share is not None, "a reminder has one"
        task.reminded_at = act.at
        tell(act, "finding.due_soon", row, **of, share=int(stage.share * 100))
    elif stage.kind == "overdue":
        tell(act, "finding.overdue", row, **of)
    else:
        assert stage.to is not None, "a rung has one"
        task.escalation += 1
        task.escalated_at = act.at
        row.escalated_to = higher(row.escalated_to, stage.to) or row.escalated_to
        tell(act, "finding.escalated", row, **of, to=stage.to, rung=task.escalation, why="overdue")


def _orphan(act: Act, row: Finding, *, why: str, since: object) -> None:
    row.orphaned_at = act.at
    row.version += 1
    tell(act, "finding.orphaned", row, why=why, since=since)
