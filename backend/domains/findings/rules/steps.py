"""Steps: what somebody has to do next with a finding as it stands, and by when.

Source: the domain page, section 3 (step limits are policy data). The work itself is no step: it has the clocks of its dispatches.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from backend.domains.deadlines.rules.calendar import CalendarGap, WorkingCalendar
from backend.domains.deadlines.rules.limits import Limit

STEP_OF: Mapping[str, str] = {
    "recorded": "accept",
    "self_resolved": "accept",
    "verifying": "verify",
    "filed": "dispatch",
    "rectified": "check",
    "verified": "close",
    "appealed": "appeal",
}
"""The step that each state waits for: accept or review it, look before filing, dispatch, look before closing, close, rule on the appeal."""

STEPS = tuple(dict.fromkeys(STEP_OF.values()))


def step_due(limit: Limit | None, since: dt.datetime, calendar: WorkingCalendar) -> dt.datetime | None:
    """When the step is due, in UTC: so much after `since`. None without a limit, and where the calendar does not reach."""
    if limit is None:
        return None
    if limit.measure == "elapsed":
        return since.astimezone(dt.UTC) + limit.amount
    try:
        return calendar.after(since, limit.amount)
    except CalendarGap:
        return None


def is_late(due: dt.datetime | None, done_at: dt.datetime) -> bool | None:
    """Whether the step was done late; None where it had no limit."""
    return None if due is None else done_at > due
