"""A finding comes to a state: the step that ended is kept, the next one begins with its limit by the policy of the place and moment."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.core.deeds import deed
from backend.domains.deadlines import queries as deadlines
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding, Step
from backend.domains.findings.queries.steps import states_told
from backend.domains.findings.rules.steps import STEP_OF, step_due
from backend.domains.policies import queries as policies
from backend.domains.policies.rules.policy import Policy

_LAST = "step_due"
"""The last deadline of a step that was worked out: all that a phone pushes at once begins at one moment."""


def enter(session: Session, act: Act, row: Finding, state: str) -> None:
    """The finding comes to this state by a move."""
    row.version += 1
    follow(session, act, row, state)


def follow(session: Session, act: Act, row: Finding, state: str) -> None:
    """Its state follows to this one from what somebody told; whoever calls counts the version."""
    if row.step is None and not row.steps:
        catch_up_steps(session, row)
    end_step(session, act, row)
    row.orphaned_at = None
    if row.state == "closed" and state != "appealed":  # reopened: what it was brought before is over
        row.escalated_to = None
    row.state = state
    row.state_version += 1
    begin_step(session, act, row)


def begin_step(session: Session, act: Act, row: Finding) -> None:
    """The step that its state waits for begins now, when the server knows of it: nobody can act on what has not arrived."""
    _begin(session, row, row.state, act.at)


def _begin(session: Session, row: Finding, state: str, at: dt.datetime) -> None:
    row.step = STEP_OF.get(state)
    row.step_since = at if row.step else None
    row.step_due = row.step_calendar = None
    if row.step:
        limit_step(session, row)


def limit_step(session: Session, row: Finding) -> None:
    """Work out by when the present step is due, by the policy of its beginning and the calendar as it is now."""
    if row.step is None or row.step_since is None:
        return
    since, calendar = row.step_since, deadlines.calendar(session)
    limit = policy_of(session, row, since).steps.get(row.step)
    last = session.info.get(_LAST)
    if last is None or last[0] is not limit or last[1] is not since or last[2] is not calendar:
        last = session.info[_LAST] = limit, since, calendar, step_due(limit, since, calendar)
    row.step_due, row.step_calendar = last[3], calendar.version


def end_step(session: Session, act: Act, row: Finding) -> None:
    """The present step is done, by this act: at its corrected time, yet not before the step began."""
    _end(session, row, act.happened_at, act.actor.person)


def _end(session: Session, row: Finding, at: dt.datetime, by: UUID | None) -> None:
    if row.step is None or row.step_since is None:
        return
    policy = policy_of(session, row, row.step_since)
    limit = policy.steps.get(row.step)
    row.steps += 1
    add_row(
        session,
        Step(
            finding=row.id,
            number=row.steps,
            step=row.step,
            started_at=row.step_since,
            limit_value=int(limit.value) if limit else None,
            limit_unit=limit.unit if limit else None,
            due=row.step_due,
            done_at=max(row.step_since, at),
            done_by=by,
            policy=policy.version,
        ),
    )


def catch_up_steps(session: Session, row: Finding) -> None:
    """Work out the steps of a finding that was there before steps were kept: from the journal, as they would have been kept then.

    Sets the policy it was filed by and who closed it, too. What the journal does not know began when the finding arrived.
    """
    state = closer = None
    for came in states_told(session, row.id):
        if came.state != state:
            _end(session, row, came.happened_at, came.actor)
            _begin(session, row, came.state, came.at)
            state = came.state
            closer = came.actor if state == "closed" else closer
    if state != row.state:
        _begin(session, row, row.state, row.filed_at or row.received_at)
    if row.step is None and not row.steps:
        _begin(session, row, "recorded", row.received_at)
        _end(session, row, row.received_at, None)
        _begin(session, row, row.state, row.received_at)
    if row.filed_at is not None and row.filed_policy is None:
        row.filed_policy = policy_of(session, row, row.filed_at).version
    if row.closed_at is not None and row.closed_by is None:
        row.closed_by = closer


def policy_of(session: Session, row: Finding, at: dt.datetime) -> Policy:
    """The policy for a finding of this place, trade and category at that moment."""
    return policies.policy_for(session, area=row.grid or row.district, trade=row.trade, category=f"{row.kind}:{row.code}", at=at)


@deed
def recompute_step(session: Session, act: Act, *, finding: UUID) -> Finding | None:
    """Work out the present step's deadline anew after the calendar changed. Safe to repeat; tells only what moved."""
    row = lock_row(session, Finding, finding)
    if row is None or row.step is None:
        return None
    before = row.step_due
    limit_step(session, row)
    if row.step_due != before:
        row.version += 1
        tell(act, "finding.step_moved", row, step=row.step, due=row.step_due)
    return row
