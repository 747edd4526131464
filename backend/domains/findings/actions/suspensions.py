"""Suspensions (挂账): clocks that stand until a date, of one dispatch or of a whole area, and run on by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, find_row, lock_row, write
from backend.core.deeds import deed
from backend.core.problems import Invalid, Missing
from backend.domains.deadlines.rules.events import LONGEST_SUSPENSION
from backend.domains.evidence import queries as evidence
from backend.domains.findings.actions.deciding import check_worked_on, decide, pending_request, refuse_request
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.steps import policy_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import AreaSuspension, Dispatch, DispatchRequest
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.duty import NotYourDispatch, does_work_of
from backend.domains.findings.rules.holds import NotSuspended
from backend.domains.findings.rules.moves import AREA_SUSPENDERS
from backend.domains.findings.rules.moving import NotReady, NotYourFinding, check_move, dispatches_here
from backend.domains.territory import queries as territory


@deed
def grant_suspension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Grant it: the clock stands from now until the date asked for, or until another named, and then runs on by itself.

    What photos it needs is the policy's to say. Raises NotReady, WorkReported, DispatchReplaced, RequestDecided, OwnWork, Missing, Invalid
    for a date that is past or beyond a year.
    """
    row, asked, task = pending_request(session, act, finding, request, "grant", "suspension")
    check_worked_on(task)
    _check_photos(session, row, asked, policy_of(session, row, act.at).photos.get("request_suspension", {}))
    until = payload["until"] or asked.until
    check_until(act, until)
    decide(act, asked, "granted", payload["reason"])
    asked.granted_until = until
    settle_work(session, act, row)
    row.version += 1
    tell(act, "finding.suspension_granted", row, request=request, dispatch=task.id, until=until, due=task.due)
    return row


@deed
def refuse_suspension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse it: the clock runs on. Raises DispatchReplaced, RequestDecided, OwnWork, Missing."""
    return refuse_request(session, act, finding, request, "suspension", payload)


@deed
def end_suspension(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """End it early: the clock runs on from now. By the dispatcher of the area, or by the unit whose work it is.

    Raises NotSuspended, NotYourDispatch, Missing and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("end_suspension", act.actor, row)
    asked = work.lock_request(session, row, request, "suspension")
    task = lock_row(session, Dispatch, asked.dispatch)
    assert task is not None, "a request is on a dispatch"
    if not dispatches_here(act.actor, row) and not does_work_of(act.actor, task.unit, task.unit_kind):
        raise NotYourDispatch(f"dispatch {task.id} went to another unit")
    if asked.state != "granted" or asked.ended_at is not None or not (asked.granted_until and asked.granted_until > act.at):
        raise NotSuspended(f"the suspension is {asked.state}, until {asked.granted_until and asked.granted_until.isoformat()}")
    asked.ended_at, asked.ended_by = act.at, act.actor.person
    settle_work(session, act, row)
    row.version += 1
    tell(act, "finding.suspension_ended", row, request=request, dispatch=task.id, reason=payload["reason"], due=task.due)
    return row


@deed
def settle_suspension(session: Session, act: Act, *, dispatch: UUID) -> Finding | None:
    """Look whether a suspension, of the dispatch or of its area, begins or is over by now. Safe to repeat; tells only what changed."""
    task = find_row(session, Dispatch, dispatch)
    row = lock_row(session, Finding, task.finding) if task is not None else None
    task = lock_row(session, Dispatch, dispatch)
    if row is None or task is None or task.replaced_by is not None:
        return None
    before = task.state, task.suspended_until, task.held_by
    settle_work(session, act, row)
    if (task.state, task.suspended_until, task.held_by) == before:
        return row
    row.version += 1
    event = "finding.suspended" if task.state == "suspended" else "finding.suspension_ended"
    tell(act, event, row, dispatch=task.id, until=task.suspended_until, area_suspension=task.held_by or before[2], due=task.due)
    return row


@deed
def suspend_area(session: Session, act: Act, *, payload: dict[str, Any]) -> AreaSuspension:
    """The clocks of all open dispatches of an area stand until a date: of one trade, or of all. By a leader of the area.

    The worker brings it to each dispatch; it counts from now for all of them. Raises NotYourFinding, AreaMissing, Invalid.
    """
    area = payload["area"]
    _check_leader(act, area)
    territory.get_area(session, area, at=act.at)
    check_until(act, payload["until"])
    assert act.actor.person is not None, "leaders are people"
    row = AreaSuspension(
        id=act.new_id(),
        area=area,
        trade=payload["trade"],
        reason=payload["reason"],
        starts_at=act.at,
        until=payload["until"],
        declared_by=act.actor.person,
        declared_at=act.at,
        ended_at=None,
        ended_by=None,
        ended_reason=None,
    )
    add_row(session, row)
    write(session)
    act.tell("area.suspended", "area_suspension", row.id, area=area, trade=row.trade, until=row.until)
    return row


@deed
def end_area_suspension(session: Session, act: Act, *, suspension: UUID, payload: dict[str, Any]) -> AreaSuspension:
    """End it early: all its clocks run on from now. Raises NotSuspended, NotYourFinding, Missing."""
    row = lock_row(session, AreaSuspension, suspension)
    if row is None:
        raise Missing(f"there is no area-wide suspension {suspension}")
    _check_leader(act, row.area)
    if row.ended_at is not None or row.until <= act.at:
        raise NotSuspended(f"it ended at {(row.ended_at or row.until).isoformat()}")
    row.ended_at, row.ended_by, row.ended_reason = act.at, act.actor.person, payload["reason"]
    write(session)
    act.tell("area.suspension_ended", "area_suspension", row.id, area=row.area, trade=row.trade)
    return row


def check_until(act: Act, until: dt.datetime | None) -> None:
    """Refuse an end that is past, or beyond a year. Raises Invalid."""
    if until is None or not act.at < until <= act.at + LONGEST_SUSPENSION:
        raise Invalid("until: after now and within a year", errors=[("/until", "after now and within a year")])


def _check_photos(session: Session, row: Finding, asked: DispatchRequest, wanted: Mapping[str, int]) -> None:
    """Refuse what is not shown by photos that are usable or waived, of each role as many as wanted. Raises NotReady."""
    declared = [photo for photo in evidence.photos_of(session, [row.id])[row.id] if str(photo["id"]) in asked.photos]
    good = [photo["role"] for photo in declared if not photo["retracted"] and photo["state"] in {"usable", "waived"}]
    if lacking := [f"{count} of {role}" for role, count in wanted.items() if good.count(role) < count]:
        raise NotReady(f"the request needs photos: {', '.join(lacking)}", unmet=["suspension_photos"])


def _check_leader(act: Act, area: str) -> None:
    if not any(grant.area is not None and area.startswith(grant.area) for grant in act.actor.grants_of(*AREA_SUSPENDERS)):
        raise NotYourFinding(f"only a leader of {area} suspends its clocks", roles=list(AREA_SUSPENDERS))
