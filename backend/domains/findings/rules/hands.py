"""Several hands on one finding: who of a company has the work and whose word ends it, co-units, a leader's demands, hand-overs.

Source: the domain page, section 3 (report rectification and hand back, add co-unit, supervise, hand over to enforcement), and the domain
research, section 5.3.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, Protocol, cast
from uuid import UUID

from backend.core.act import Actor
from backend.core.conflicts import Rule
from backend.core.problems import Clash, Forbidden, Invalid
from backend.domains.findings.rules.duty import does_work_of
from backend.domains.findings.rules.moves import Move
from backend.domains.findings.rules.moving import Movable, allowed
from backend.domains.findings.rules.reports import Reported

HandBackBy = Literal["worker", "manager"]
HAND_BACK_BY: tuple[HandBackBy, ...] = ("worker", "manager")
SUPERVISIONS = ("important", "timeout", "leader")
"""Why a leader presses: an important case, one that is late, the leader's own word."""
RESULTS = ("settled", "insufficient", "withdrawn")
MANAGERS = ("contractor_manager",)
DESK = ("acceptor", "shift_leader", "dispatcher")

ASSIGNED_ON_ENDED = Rule(
    "a manager assigns a worker",
    "the finding has ended, or its dispatch is over",
    "the state stays, the assignment is kept",
    "merged",
    "state_kept",
)
LATER_ASSIGNMENT = Rule(
    "a manager assigns a worker",
    "a later assignment of the same dispatch",
    "the later corrected time stands, at the same time the higher id",
    "merged",
    "later_write_kept",
    any_order=True,
)
HAND_BACK_TWICE = Rule(
    "a manager hands a report back",
    "it was handed back, or nobody had to",
    "the earliest hand-back counts",
    "merged",
    "state_kept",
    any_order=True,
)
HAND_BACK_ON_ENDED = Rule(
    "a manager hands a report back",
    "the finding has ended, or its dispatch is over",
    "the state stays, the hand-back is kept",
    "merged",
    "state_kept",
)
VERDICT_BEFORE_HAND_BACK = Rule(
    "a verdict on a report",
    "its company's manager had not handed it back",
    "the verdict is kept as an observation; once handed back, somebody looks again",
    "merged",
    "state_kept",
)
BESIDE_HANDS: tuple[Rule, ...] = (
    ASSIGNED_ON_ENDED,
    LATER_ASSIGNMENT,
    HAND_BACK_TWICE,
    HAND_BACK_ON_ENDED,
    VERDICT_BEFORE_HAND_BACK,
)
"""What meets an act of a manager and is in no row of the matrix."""


class NotYourWorker(Invalid):
    """The person named holds no role in the unit that the dispatch went to."""

    slug = "not_your_worker"
    title = "The person does not work for your company"
    title_zh = "该人员不属于本单位"
    way_out = "Name somebody who holds the role contractor_worker or contractor_manager in the company that has the dispatch, or null."
    way_out_zh = "请指定在本公司任作业人员或负责人的人员，或填 null 取消指派。"


class NothingToHandBack(Clash):
    """The report waits for nobody: it counts already."""

    slug = "nothing_to_hand_back"
    title = "The report waits for nobody"
    title_zh = "该处置反馈无需再交回"
    way_out = "Fetch the finding: only reports in the state awaiting_hand_back are handed back."
    way_out_zh = "请刷新案卷；仅状态为 awaiting_hand_back 的处置反馈需要交回。"


class NotHandedBack(Clash):
    """A verdict on a report that its company has not answered for yet."""

    slug = "not_handed_back"
    title = "The report has not been handed back"
    title_zh = "该处置反馈尚未交回"
    way_out = "Wait until the company's manager hands it back: its state is awaiting_hand_back until then."
    way_out_zh = "请等待处置单位负责人交回；交回之前其状态为 awaiting_hand_back。"


class AlreadyOnIt(Clash):
    """The unit has a dispatch of this finding that stands."""

    slug = "already_on_it"
    title = "The unit has a dispatch of this finding"
    title_zh = "该单位已在办理本案卷"
    way_out = "Name another contract or unit; `dispatches` of the finding lists those that stand."
    way_out_zh = "请指定其他合同或单位；案卷的 dispatches 列出了现有派遣任务。"


class NoCoUnit(Invalid):
    """A co-unit is named by its contract or unit; the lead is no co-unit."""

    slug = "no_co_unit"
    title = "This is no co-unit"
    title_zh = "不是协办单位"
    way_out = "To add one, name either a contract or a unit; to cancel one, name the dispatch of a co-unit that stands."
    way_out_zh = "添加时请指定合同或单位之一；取消时请指定仍在办理的协办派遣任务。"


class NotAddressed(Forbidden):
    """The demand, or the hand-over, is addressed to others."""

    slug = "not_addressed"
    title = "It is addressed to others"
    title_zh = "不是发给您的单位"
    way_out = "Leave the answer to the unit that `unit` names; where it names none, to the desk of the finding's area."
    way_out_zh = "请由 unit 所列单位办理；未列单位时由该区域受理、派遣人员办理。"


class NoAddressee(Invalid):
    """The unit named has nothing to do with the finding, or cannot take it."""

    slug = "no_addressee"
    title = "This unit cannot be addressed"
    title_zh = "不能发给该单位"
    way_out = (
        "A demand goes to a unit that has a dispatch of the finding, to the bureau of its trade, or to the unit of its area; a hand-over "
        "to a unit that is no contractor."
    )
    way_out_zh = "督办须发给案卷的派遣单位、行业主管部门或所在区域的单位；移送执法须发给非承包单位。"


class AnsweredAlready(Clash):
    """It was answered, decided or ended before."""

    slug = "answered_already"
    title = "It was answered already"
    title_zh = "已办理，无需重复"
    way_out = "Fetch the finding: its state is shown there; a leader can demand again."
    way_out_zh = "请刷新案卷查看其状态；领导可再次督办。"


class Assigned(Protocol):
    """An assignment, as kept."""

    @property
    def id(self) -> UUID: ...
    @property
    def worker(self) -> UUID | None: ...
    @property
    def hand_back_by(self) -> str: ...
    @property
    def assigned_at(self) -> dt.datetime: ...


def in_force(assignments: Iterable[Assigned], at: dt.datetime | None = None) -> Assigned | None:
    """The assignment in force at that moment (None: the last one), by (corrected time, id), whatever their order of arrival."""
    begun = [each for each in assignments if at is None or each.assigned_at <= at]
    return max(begun, key=lambda each: (each.assigned_at, each.id.int), default=None)


def whose_word(assignments: Iterable[Assigned], at: dt.datetime) -> HandBackBy:
    """Whose word ended the work at that moment: the worker's where nothing else was said."""
    found = in_force(assignments, at)
    return cast("HandBackBy", found.hand_back_by) if found is not None else "worker"


def counted(fact: Reported, *, by_manager: bool, handed_back_at: dt.datetime | None, word: HandBackBy) -> Reported:
    """The report as the clock goes by it: one that a manager has to hand back waits, and counts from the hand-back, never before itself."""
    if by_manager or word == "worker":
        return fact
    if handed_back_at is None:
        return replace(fact, waits=True)
    return replace(fact, at=max(fact.at, handed_back_at))


def is_early(look: dt.datetime, *, by_manager: bool, handed_back_at: dt.datetime | None, word: str | None) -> bool:
    """Whether a look comes before the hand-back that the report needs: it is at work that the company does not answer for yet."""
    return not by_manager and word == "manager" and (handed_back_at is None or look < handed_back_at)


def manages(actor: Actor, unit: UUID) -> bool:
    """Whether the actor manages this company."""
    return any(grant.unit == unit for grant in actor.grants_of(*MANAGERS))


def may_reply(actor: Actor, finding: Movable, unit: UUID | None, kind: str | None) -> bool:
    """Whether a demand to this unit is the actor's to answer; to none: whether the actor is of the desk of the finding's area."""
    if unit is None:
        return allowed(Move("reply_supervision", (), "", DESK), actor, finding)
    return does_work_of(actor, unit, kind or "")


def is_late(due: dt.datetime, answered: dt.datetime) -> bool:
    """Whether a reply came after it was due."""
    return answered > due
