"""What follows from the facts of the work: states of reports and dispatches, the clocks, and the state of the finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import write
from backend.domains.deadlines import actions as deadlines
from backend.domains.deadlines import queries as clocks
from backend.domains.deadlines.rules.limits import Limit, Unit
from backend.domains.findings.actions.escalate import watch_deadline
from backend.domains.findings.actions.proof import weigh_proof
from backend.domains.findings.actions.steps import follow
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import AreaSuspension, Dispatch, Report
from backend.domains.findings.queries import hands, work
from backend.domains.findings.rules.holds import (
    HOLDABLE,
    NOT_COUNTED,
    Held,
    area_holds,
    cut,
    extensions_of,
    held_at,
    held_events,
    holds_of,
    is_given_up,
)
from backend.domains.findings.rules.reports import REWORK_AT_LEAST, Standing, clock_events, finding_state, granted_before, standing_of

FOLLOWING = frozenset({"dispatched", "rectified", "verified"})
"""States that follow from the dispatches; all others are somebody's decision."""


def settle_work(session: Session, act: Act, row: Finding) -> dict[UUID, Standing]:
    """Work out anew how the finding's dispatches stand, by their ids, and its state with them.

    Called after each new fact: a report, a verdict, a decision, a request, a suspension, a cancellation. Writes what is pending first.
    """
    write(session)
    standings = {}
    tasks = work.list_dispatches(session, row.id)
    wide = work.list_area_suspensions(session, row) if tasks else []
    for task in tasks:
        standings[task.id] = settle_dispatch(session, act, task, wide)
        watch_deadline(session, act, row, task)
        if task.role == "lead" and row.state != "filed":  # filed again: what it was dispatched as is over
            row.deadline, row.awaiting_calendar = task.due, task.awaiting_calendar
    row.disputed = work.has_open_dispute(session, row.id) or work.has_open_proposal(session, row.id)
    if row.state in FOLLOWING and tasks:
        state = finding_state(list(standings.values()))
        if state != row.state:
            follow(session, act, row, state)
    weigh_proof(session, row, act.at)
    return standings


def settle_dispatch(session: Session, act: Act, task: Dispatch, wide: Sequence[AreaSuspension] = ()) -> Standing:
    """Work out the dispatch from reports, verdicts and requests: its state, its clock, the state and deadline of each report.

    `wide` are the suspensions of its whole area, by its trade and place as they are now.
    """
    reports = work.list_reports(session, task.id)
    asked = work.list_asked(session, task.id)
    facts = hands.counting(reports, work.reported(session, reports))
    clock = clocks.find_deadline(session, task.deadline) if task.deadline else None
    limit = Limit(task.limit_value, cast("Unit", task.limit_unit)) if task.limit_value is not None else None
    extensions = extensions_of(asked, limit)
    least = REWORK_AT_LEAST[limit.measure] if limit else None
    standing = standing_of(facts, issued_at=task.issued_at, least=least, cancelled_at=task.cancelled_at)
    done = [fact.at for fact in facts if standing.states[fact.id] not in NOT_COUNTED]
    of_area = area_holds(wide, since=task.wide_since, before=task.wide_before)
    holds = cut(holds_of(asked, of_area), issued_at=task.issued_at, reports=done)
    held = held_at(holds, act.at) if standing.state in HOLDABLE else Held()
    task.state, task.handed_back_at, task.reworks = held.state or standing.state, standing.handed_back_at, standing.reworks
    task.suspended_until, task.held_by = held.until, held.area
    task.returns = sum(each.kind == "return" for each in asked)
    for each in asked:
        if is_given_up(each, done):
            each.state, each.decided_at = "lapsed", act.at
    if clock is not None:
        stated = clock_events(held_events(standing.stops, holds), extensions)
        clock = deadlines.state_events(session, act, deadline=clock.id, happened=stated, limit=limit)
        task.due, task.yellow_from, task.awaiting_calendar = clock.due, clock.yellow_from, clock.awaiting_year is not None
    for report, fact in zip(reports, facts, strict=True):
        report.state = standing.states[report.id]
        report.counts_at = None if fact.waits else fact.at
        if clock is not None:
            counting = granted_before(extensions, fact.ruled_at)
            by_then = held_events(standing.stops[: standing.before[report.id]], [hold for hold in holds if hold.at < fact.at])
            report.due = clocks.due_with(session, clock, clock_events(by_then, counting))
    return standing


def window_of(report: Report) -> tuple[dt.datetime, dt.datetime] | None:
    """Between when and when it was made, where its time is only estimated."""
    return (report.earliest_at, report.latest_at) if report.earliest_at is not None and report.latest_at is not None else None
