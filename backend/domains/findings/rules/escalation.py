"""What a deadline brings about by itself: reminders before it, word that it has passed, and one level after another after it.

Source: the domain page, section 4 (yellow from 80 %, red beyond), and the escalation ladder (community, town, department, leader). Which
shares, rungs and delays is policy data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from backend.domains.deadlines.rules.calendar import WorkingCalendar
from backend.domains.findings.rules.steps import step_due
from backend.domains.policies.rules.policy import LEVELS, Level, Policy

RUNNING = frozenset({"issued", "rework"})
"""States of a dispatch in which its clock runs. Suspended, asked back or handed back it brings nothing about."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Something that comes about once `at` has passed. `share` of a reminder, `to` of a rung."""

    kind: Literal["reminder", "overdue", "rung", "orphan"]
    at: dt.datetime
    share: Fraction | None = None
    to: Level | None = None


def stages(
    policy: Policy, *, due: dt.datetime | None, reached: Mapping[Fraction, dt.datetime | None], calendar: WorkingCalendar
) -> list[Stage]:
    """All of a dispatch with this deadline, in the order they come; none without one. `reached`: when each share of the limit is used up.

    A rung that the calendar does not reach yet is left out with those after it: the calendar's next year brings them.
    """
    if due is None:
        return []
    found = [Stage("reminder", at, share=share) for share in policy.reminders if (at := reached.get(share)) is not None and at < due]
    found.append(Stage("overdue", due))
    for rung in policy.escalation:
        at = step_due(rung.after, due, calendar)
        if at is None:
            break
        found.append(Stage("rung", at, to=rung.to))
    return found


def unattended(policy: Policy, since: dt.datetime, calendar: WorkingCalendar) -> dt.datetime | None:
    """When something counts as orphaned with which nobody has done anything since then; None where the calendar does not reach."""
    return step_due(policy.orphan_after, since, calendar)


def rewound(done: int, line: Sequence[Stage], now: dt.datetime) -> int:
    """How many of the stages remain done: a deadline that moved takes back those that now lie ahead, so that they come again."""
    return min(done, sum(stage.at < now for stage in line))


def passed(done: int, line: Sequence[Stage], now: dt.datetime) -> list[Stage]:
    """The stages that have come and are not done yet. A reminder is left out once the deadline itself has passed."""
    come = [stage for stage in line[done:] if stage.at < now]
    overdue = any(stage.kind == "overdue" for stage in come)
    return [stage for stage in come if not (overdue and stage.kind == "reminder")]


def rungs(done: int, line: Sequence[Stage]) -> int:
    """How many rungs the stages done have climbed."""
    return sum(stage.kind == "rung" for stage in line[:done])


def higher(one: str | None, other: Level) -> Level | None:
    """The second level if it is above the first; None if it is not."""
    return other if one is None or LEVELS.index(other) > _rank(one) else None


def _rank(level: str) -> int:
    return next(place for place, each in enumerate(LEVELS) if each == level)
