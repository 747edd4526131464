"""What the unit that has the work says: that it is done, and what it asks of the dispatcher."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import add_row, find_row, write
from backend.core.deeds import deed
from backend.core.problems import IdTaken, Invalid
from backend.domains.deadlines.rules.events import LONGEST_SUSPENSION
from backend.domains.findings.actions.deciding import check_worked_on
from backend.domains.findings.actions.declare import declare_photos
from backend.domains.findings.actions.settle import FOLLOWING, settle_work, window_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, DispatchRequest, Report
from backend.domains.findings.queries import hands, work
from backend.domains.findings.queries.one import await_finding
from backend.domains.findings.rules import conflicts, moving
from backend.domains.findings.rules import reports as rules
from backend.domains.findings.rules.duty import (
    AlreadyOverdue,
    NoDeadline,
    NoMoreExtensions,
    NotYourDispatch,
    RequestPending,
    check_stands,
    does_work_of,
    is_over,
)
from backend.domains.findings.rules.hands import manages, whose_word


@deed
def report_rectification(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Report the work of a dispatch as done, with photos of after; the clock stops at the report's corrected time.

    A second report adds evidence. One on a finding that has ended, or on a dispatch that was replaced, is kept and changes no state.
    Without photos it is kept as well, but the finding is not closed before there is one. Raises NotYet for a finding or dispatch
    that has not arrived (at the desk Missing), NotYourDispatch, IdTaken, Invalid, at the desk also MoveNotOpen and DispatchReplaced.
    """
    row, task = _own_dispatch(session, act, finding, payload["dispatch"])
    _check_open(session, act, row, task, "report_rectification")
    if find_row(session, Report, payload["report"]) is not None:
        raise IdTaken(f"report {payload['report']} exists already", errors=[("/report", "taken")])
    write(session)
    earlier = work.reported(session, work.list_reports(session, task.id))
    assert act.actor.person is not None, "reports are made by people"
    photos = declare_photos(session, act, row, payload["photos"])
    earliest, latest = act.window or (None, None)
    report = Report(
        **_said(act, row, task, id=payload["report"], state="open"),
        note=payload["note"],
        photos=photos,
        reported_by=act.actor.person,
        reported_at=act.happened_at,
        earliest_at=earliest,
        latest_at=latest,
        due=None,
        decided_result=None,
        by_manager=task.unit_kind != "contractor" or manages(act.actor, task.unit),
        hand_back_by=whose_word(hands.list_assignments(session, task.id), act.happened_at),
    )
    add_row(session, report)
    settle_work(session, act, row)
    row.version += 1
    said: dict[str, Any] = {"report": report.id, "dispatch": task.id, "reported_at": report.reported_at, "due": report.due}
    tell(act, "finding.rectification_reported", row, photos=photos, **said)
    return row, _met_by(row, task, report, earlier)


def _met_by(row: Finding, task: Dispatch, report: Report, earlier: list[rules.Reported]) -> Rule | None:
    """The row of the matrix that this report is a case of."""
    if row.state == "void":
        return conflicts.REPORT_ON_VOID
    if row.state not in FOLLOWING or is_over(task):
        return rules.REPORT_ON_ENDED
    if rules.is_uncertain(report.due, window_of(report)):
        return rules.REPORT_TIME_UNCERTAIN
    if report.state == "added":
        return rules.REPORT_AFTER_VERDICT
    if any(each.ruling in ("open", "disputed") for each in earlier):
        return conflicts.SECOND_REPORT
    return None


@deed
def request_extension(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Ask for more time: one original limit, at most twice, never once overdue at the request's corrected time.

    Of an estimated time the earliest moment counts. Raises AlreadyOverdue, NoMoreExtensions, NoDeadline and what `_ask` raises.
    """
    row, task = _own_dispatch(session, act, finding, payload["dispatch"])
    if row.state in FOLLOWING and not is_over(task):
        if task.limit_value is None:
            raise NoDeadline(f"dispatch {task.id} has no limit")
        write(session)
        if len(work.list_extensions(session, task.id)) >= rules.MOST_EXTENSIONS:
            raise NoMoreExtensions(f"dispatch {task.id} was extended {rules.MOST_EXTENSIONS} times")
        at = act.window[0] if act.window else act.happened_at
        if task.due is not None and at > task.due:
            raise AlreadyOverdue(f"asked at {act.happened_at.isoformat()}, due at {task.due.isoformat()}", due=task.due.isoformat())
    return _ask(session, act, row, task, "extension", payload)


@deed
def request_return(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Say that it is not the unit's duty: kept and shown until the dispatcher decides. Raises what `_ask` raises."""
    row, task = _own_dispatch(session, act, finding, payload["dispatch"])
    return _ask(session, act, row, task, "return", payload)


@deed
def request_suspension(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Ask for the clock to stand until a date: kept and shown until the dispatcher decides. Raises Invalid and what `_ask` raises."""
    row, task = _own_dispatch(session, act, finding, payload["dispatch"])
    if not act.happened_at < payload["until"] <= act.happened_at + LONGEST_SUSPENSION:
        raise Invalid("until: after now and within a year", errors=[("/until", "after the request and within a year of it")])
    return _ask(session, act, row, task, "suspension", payload, until=payload["until"])


def _ask(  # noqa: PLR0917 - one call a kind, just above
    session: Session, act: Act, row: Finding, task: Dispatch, kind: str, payload: dict[str, Any], until: dt.datetime | None = None
) -> tuple[Finding, Rule | None]:
    """Keep the request; lapsed at once where there is nothing left to decide.

    Raises RequestPending where the same waits, at the desk MoveNotOpen and DispatchReplaced.
    """
    _check_open(session, act, row, task, f"request_{kind}")
    if act.op is None:
        check_worked_on(task)
    write(session)
    lapsed = row.state not in FOLLOWING or is_over(task)
    if not lapsed and any(each.state == "pending" for each in work.list_requests(session, task.id, kind)):
        raise RequestPending(f"an earlier request for the {kind} of dispatch {task.id} is not decided")
    assert act.actor.person is not None, "requests are made by people"
    photos = declare_photos(session, act, row, payload.get("photos", []))
    request = DispatchRequest(
        **_said(act, row, task, id=act.op or act.new_id(), state="lapsed" if lapsed else "pending"),
        kind=kind,
        reason=payload["reason"],
        until=until,
        asked_by=act.actor.person,
        asked_at=act.happened_at,
        by_value=None,
        by_unit=None,
        photos=photos,
    )
    if lapsed:
        request.decided_at = act.at
    add_row(session, request)
    settle_work(session, act, row)
    lapsed = request.state == "lapsed"  # also where the work was reported since it was asked
    row.version += 1
    tell(act, f"finding.{kind}_requested", row, request=request.id, dispatch=task.id)
    return row, rules.REQUEST_ON_ENDED if lapsed else None


def _said(act: Act, row: Finding, task: Dispatch, **named: Any) -> dict[str, Any]:
    """What a report and a request have in common: where they belong, how they came, and that nobody has decided."""
    undecided = dict.fromkeys(("decided_by", "decided_at", "decided_reason"))
    came = {"received_at": act.at, "time_quality": act.time_quality, "op": act.op}
    return {"finding": row.id, "dispatch": task.id, **named, **came, **undecided}


def _check_open(session: Session, act: Act, row: Finding, task: Dispatch, verb: str) -> None:
    """At the desk the finding must be open to the verb, and the dispatch stand. Of what stands only the actor's own is named."""
    if act.op is None:
        moving.check_state(verb, row)
        own = [each.id for each in work.list_standing(session, row.id) if does_work_of(act.actor, each.unit, each.unit_kind)]
        check_stands(task, own)


def _own_dispatch(session: Session, act: Act, finding: UUID, dispatch: UUID) -> tuple[Finding, Dispatch]:
    """The finding, locked, and its dispatch to a unit whose work the actor does."""
    row = await_finding(session, act, finding)
    task = work.await_dispatch(session, act, row, dispatch)
    if not does_work_of(act.actor, task.unit, task.unit_kind):
        raise NotYourDispatch(f"dispatch {dispatch} went to another unit")
    return row, task
