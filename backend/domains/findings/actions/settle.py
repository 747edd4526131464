"""What follows from the facts of the work: states of reports and dispatches, the clocks, and the state of the finding."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import write
from backend.domains.deadlines import actions as deadlines
from backend.domains.deadlines import queries as clocks
from backend.domains.findings.actions.proof import weigh_proof
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, Report
from backend.domains.findings.queries import work
from backend.domains.findings.rules.reports import REWORK_AT_LEAST, Standing, clock_events, finding_state, granted_before, standing_of

FOLLOWING = frozenset({"dispatched", "rectified", "verified"})
"""States that follow from the dispatches; all others are somebody's decision."""

STATED = ("extended", "stopped", "restarted")
"""Events of a clock that are worked out from the facts of the work."""


def settle_work(session: Session, act: Act, row: Finding) -> Standing | None:
    """Work out anew how the finding's dispatches stand, and its state with them. The lead's standing, None where it has no dispatch.

    Called after each new fact: a report, a verdict, a decision, an extension, a cancellation. Writes what is pending first.
    """
    write(session)
    standings = {}
    tasks = work.list_dispatches(session, row.id)
    for task in tasks:
        standings[task.id] = settle_dispatch(session, act, task)
        if task.role == "lead" and row.state != "filed":  # filed again: what it was dispatched as is over
            row.deadline, row.awaiting_calendar = task.due, task.awaiting_calendar
    row.disputed = work.has_open_dispute(session, row.id) or work.has_open_proposal(session, row.id)
    if row.state in FOLLOWING and tasks:
        state = finding_state(list(standings.values()))
        if state != row.state:
            row.state = state
            row.state_version += 1
    weigh_proof(session, row)
    return next((standings[task.id] for task in tasks if task.role == "lead"), None)


def settle_dispatch(session: Session, act: Act, task: Dispatch) -> Standing:
    """Work out the dispatch from its reports, verdicts and extensions: its state, its clock, the state and deadline of each report."""
    reports = work.list_reports(session, task.id)
    extensions = work.list_extensions(session, task.id)
    facts = work.reported(session, reports)
    clock = clocks.find_deadline(session, task.deadline) if task.deadline else None
    least = REWORK_AT_LEAST[clocks.limit_of(clock).measure] if clock else None
    standing = standing_of(facts, issued_at=task.issued_at, least=least, cancelled_at=task.cancelled_at)
    task.state, task.handed_back_at, task.reworks = standing.state, standing.handed_back_at, standing.reworks
    if clock is not None:
        stated = clock_events(standing.stops, extensions)
        clock = deadlines.state_events(session, act, deadline=clock.id, kinds=STATED, happened=stated)
        task.due, task.awaiting_calendar = clock.due, clock.awaiting_year is not None
    for report, fact in zip(reports, facts, strict=True):
        report.state = standing.states[report.id]
        if clock is not None:
            counting = granted_before(extensions, fact.ruled_at)
            others = [event for event in clocks.events(session, clock.id) if event.kind not in STATED and event.at <= report.reported_at]
            happened = clock_events([*standing.stops[: standing.before[report.id]]], counting)
            report.due = clocks.due_with(session, clock, sorted([*others, *happened], key=lambda event: event.at))
    return standing


def window_of(report: Report) -> tuple[dt.datetime, dt.datetime] | None:
    """Between when and when it was made, where its time is only estimated."""
    return (report.earliest_at, report.latest_at) if report.earliest_at is not None and report.latest_at is not None else None
