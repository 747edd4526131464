"""Tasks for a look on site: when one is needed, who gets it, and what becomes of it.

Source: the domain page, section 3 (verification before filing and before closing), and the conflict matrix, row "task reassigned". What a
task has come to is worked out from all facts each time, so that the order of arrival cannot matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.core.problems import Clash, Forbidden, Invalid

Phase = Literal["pre_filing", "pre_closing"]
TaskState = Literal["open", "done", "cancelled", "reassigned", "declined"]
TASK_STATES: tuple[TaskState, ...] = ("open", "done", "cancelled", "reassigned", "declined")

Nearness = Literal["grid", "community", "town"]
NEARNESS: tuple[Nearness, ...] = ("grid", "community", "town")
"""How near somebody's duty is: in the finding's own unit grid, in its community, in its town. Farther away nobody is sent."""

WHYS = (*NEARNESS, "named", "nobody")
"""By what a task was given: by who is on duty how near, by name at the desk, or to nobody."""

STEP_AWAY = 5
"""Somebody one step farther away is sent only where the nearer one has more than so many open tasks more."""

OFF_DUTY_FOR = dt.timedelta(minutes=30)
"""So long after the end of a duty its open tasks go to who is on duty then: the last look of a shift may still be under way."""

NEEDING_A_LOOK = {"verifying": "pre_filing", "rectified": "pre_closing"}
"""The states of a finding that wait for a look, and before what."""


LOOKS_FOLLOW = (
    *("finding.verification_asked", "finding.verification_cancelled", "finding.verified", "finding.dispute_decided"),
    *("finding.rectification_reported", "finding.handed_back", "finding.co_unit_added", "finding.co_unit_cancelled"),
    *("finding.return_granted", "finding.voided", "finding.withdrawn", "finding.attached", "finding.released", "finding.detached"),
    "finding.reopened",
    *("finding.task_declined", "finding.task_unassigned", "finding.step_moved"),
)
"""After these a look may be needed, or not any more, or its task has nobody. What else changes that is found by the sweep."""


class TaskOver(Clash):
    """The task was done, cancelled or given to somebody else meanwhile; `state` says which."""

    slug = "task_over"
    title = "The task is not open any more"
    title_zh = "该核查任务已结束或已转派"
    way_out = "Fetch the finding: `tasks` are those that are open now."
    way_out_zh = "请刷新案卷；tasks 列出当前待办的核查任务。"


class NotYourTask(Forbidden):
    """Only who has a task declines it."""

    slug = "not_your_task"
    title = "The task is another's"
    title_zh = "这是他人的核查任务"
    way_out = "Decline only tasks that are assigned to you; the desk can reassign others."
    way_out_zh = "只能退回本人的任务；他人的任务可由坐席改派。"


class AssigneeUnfit(Invalid):
    """Whom the task is to go to is no inspector of the place, recorded the finding, or did the work."""

    slug = "assignee_unfit"
    title = "This person cannot look at it"
    title_zh = "该人员不能承担此次核查"
    way_out = "Choose an inspector of its area who neither recorded it (before filing) nor did the work (before closing)."
    way_out_zh = "请选择该区域的监督员：立案前核实不得为上报人，结案前核查不得为处置人员。"


@dataclass(frozen=True, slots=True)
class Need:
    """A look that is needed."""

    phase: Phase
    report: UUID | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody on duty who may look; `load` is how many open tasks that person has."""

    person: UUID
    near: Nearness
    load: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A look that counts: by whom, when (corrected time), and when it came."""

    id: UUID
    by: UUID
    at: dt.datetime
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a task but what it has come to."""

    assigned_to: UUID | None
    made_at: dt.datetime
    moved: str | None
    moved_at: dt.datetime | None
    cancelled: bool = False
    """Nobody needed the look any more: that stays so, whatever is needed later."""


def looks_needed(state: str, waiting: Iterable[UUID]) -> list[Need]:
    """The looks that a finding in this state needs; `waiting` are its reports that nobody has judged."""
    phase = NEEDING_A_LOOK.get(state)
    if phase == "pre_filing":
        return [Need("pre_filing", None)]
    if phase == "pre_closing":
        return [Need("pre_closing", report) for report in sorted(waiting)]
    return []


def nearness(grids: Collection[str], *, grid: str | None, community: str | None, town: str | None) -> Nearness | None:
    """How near a duty in these unit grids is to a place; None: too far, or the place is unknown."""
    if grid is not None and grid in grids:
        return "grid"
    if community and any(each.startswith(community) for each in grids):
        return "community"
    if town and any(each.startswith(town) for each in grids):
        return "town"
    return None


def choose(candidates: Iterable[Candidate]) -> Candidate | None:
    """Who gets it: by place and load. None where nobody may."""

    def weight(each: Candidate) -> tuple[int, int, UUID]:
        away = NEARNESS.index(each.near)
        return each.load + STEP_AWAY * away, away, each.person

    return min(candidates, key=weight, default=None)


def come_to(task: Facts, looks: Sequence[Seen], *, needed: bool, phase: Phase) -> tuple[TaskState, UUID | None]:
    """What a task has come to, and the look that did it. `looks` are those that count, of its report or before filing.

    Its assignee's own look does it, also where it went to somebody else after that look. A look before filing counts for what was asked
    for before it came; one before closing names its report.
    """
    counting = [look for look in looks if phase == "pre_closing" or look.received_at >= task.made_at]
    counting.sort(key=lambda look: (look.at, look.id))
    own = [look for look in counting if look.by == task.assigned_to and (task.moved_at is None or look.at < task.moved_at)]
    if own:
        return "done", own[0].id
    if task.moved is not None:
        return ("declined" if task.moved == "declined" else "reassigned"), None
    if task.cancelled:
        return "cancelled", None
    if counting:
        return "done", counting[0].id
    return ("open" if needed else "cancelled"), None


def is_observation(tasks: Iterable[Facts], person: UUID, at: dt.datetime) -> bool:
    """Whether a look by this person at that moment decides nothing: the task was theirs, and had gone to somebody else, or back, by then.

    `tasks` are those of the same look. Somebody who never had it may look as any inspector of the place may.
    """
    own = [task for task in tasks if task.assigned_to == person]
    return bool(own) and all(task.moved_at is not None and task.moved_at <= at for task in own)
