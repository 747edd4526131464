"""Inside a company: the manager gives a dispatch to a worker, and hands back what the worker reported."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import add_row, lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.settle import FOLLOWING, settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Assignment
from backend.domains.findings.model.work import Dispatch, Report
from backend.domains.findings.queries import hands, work
from backend.domains.findings.queries.one import await_finding
from backend.domains.findings.rules import hands as rules
from backend.domains.findings.rules import moving
from backend.domains.findings.rules.duty import NotYourDispatch, check_stands, does_work_of, is_over
from backend.domains.findings.rules.hands import NothingToHandBack, NotYourWorker
from backend.domains.findings.rules.visibility import CONTRACTOR_ROLES
from backend.domains.identity import queries as identity


@deed
def assign_worker(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Give a dispatch of the own company to one of its people (`worker` null: to nobody), and say whose word hands it back.

    Of several assignments the one with the latest corrected time holds, for reports that arrive from now on: one that is here already
    goes by what was known when it came, so that no company undoes what was reported, looked at or late. Raises NotYet for a finding or
    dispatch that has not arrived (at the desk Missing), NotYourDispatch, NotYourWorker, at the desk also MoveNotOpen and DispatchReplaced.
    """
    row, task = _managed(session, act, finding, payload["dispatch"], "assign_worker")
    worker = payload["worker"]
    if worker is not None:
        grants = identity.grants_at(session, worker, act.happened_at)
        if not any(grant.unit == task.unit and grant.role in CONTRACTOR_ROLES for grant in grants):
            raise NotYourWorker(f"{worker} does not work for unit {task.unit}", errors=[("/worker", "holds no role in the company")])
    assert act.actor.person is not None, "checked: the system manages no company"
    new = Assignment(
        id=act.op or act.new_id(),
        finding=row.id,
        dispatch=task.id,
        worker=worker,
        hand_back_by=payload["hand_back_by"],
        assigned_by=act.actor.person,
        assigned_at=act.happened_at,
        received_at=act.at,
        time_quality=act.time_quality,
        op=act.op,
    )
    add_row(session, new)
    write(session)
    last = rules.in_force(hands.list_assignments(session, task.id))
    assert last is not None, "just added"
    task.worker, task.hand_back_by = last.worker, last.hand_back_by
    row.version += 1
    tell(act, "finding.worker_assigned", row, dispatch=task.id, unit=task.unit, worker=task.worker, hand_back_by=task.hand_back_by)
    if row.state not in FOLLOWING or is_over(task):
        return row, rules.ASSIGNED_ON_ENDED
    return row, None if last.id == new.id else rules.LATER_ASSIGNMENT


@deed
def hand_back(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """A manager hands back what a worker of the company reported: the clock stops now, the report's facts stay as they are.

    Of several hand-backs of a report the earliest counts. Raises NotYet for what has not arrived (at the desk Missing), NotYourDispatch,
    at the desk also MoveNotOpen, DispatchReplaced and NothingToHandBack.
    """
    row = await_finding(session, act, finding)
    named = work.await_report(session, act, row, payload["report"])
    _, task = _managed(session, act, finding, named.dispatch, "hand_back")
    report = lock_row(session, Report, named.id)
    assert report is not None, "just found"
    waiting = report.state == "awaiting_hand_back"
    if not waiting and act.op is None:
        raise NothingToHandBack(f"report {report.id} is {report.state}")
    if report.handed_back_at is None or act.happened_at < report.handed_back_at:
        report.handed_back_at, report.handed_back_by = act.happened_at, act.actor.person
    settle_work(session, act, row)
    row.version += 1
    said: dict[str, Any] = {"report": report.id, "dispatch": task.id, "unit": task.unit}
    tell(act, "finding.handed_back", row, **said, handed_back_at=report.handed_back_at, due=report.due)
    if row.state not in FOLLOWING or is_over(task):
        return row, rules.HAND_BACK_ON_ENDED
    return row, None if waiting else rules.HAND_BACK_TWICE


def _managed(session: Session, act: Act, finding: UUID, dispatch: UUID, verb: str) -> tuple[Finding, Dispatch]:
    """The finding and its dispatch, both locked, to a company that the actor manages; at the desk open to the verb."""
    row = await_finding(session, act, finding)
    work.await_dispatch(session, act, row, dispatch)
    task = lock_row(session, Dispatch, dispatch)
    assert task is not None, "just found"
    if not rules.manages(act.actor, task.unit):
        raise NotYourDispatch(f"dispatch {dispatch} is for the manager of unit {task.unit}")
    if act.op is None:
        moving.check_state(verb, row)
        write(session)
        own = [each.id for each in work.list_standing(session, row.id) if does_work_of(act.actor, each.unit, each.unit_kind)]
        check_stands(task, own)
    return row, task
