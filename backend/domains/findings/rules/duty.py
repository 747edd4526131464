"""Separation of duty: nobody verifies, decides on or closes own work; and whose a dispatch is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from backend.core.act import Actor
from backend.core.problems import Clash, Forbidden, Invalid, Kind, Problem
from backend.domains.findings.rules.visibility import CONTRACTOR_ROLES, UNIT_ROLES

DOERS = (*CONTRACTOR_ROLES, *UNIT_ROLES)
"""Roles that do the work of a dispatch, when held in the unit it went to."""


class NotYourDispatch(Forbidden):
    """The dispatch went to another unit."""

    slug = "not_your_dispatch"
    title = "The dispatch is another unit's"
    title_zh = "该派遣任务不属于您的单位"
    way_out = "Report and ask only on dispatches that went to your unit; the dispatcher can send it to another."
    way_out_zh = "只能办理派遣给本单位的任务；如需改派请联系派遣员。"


class OwnWork(Forbidden):
    """Separation of duty: who did the work, or works for the unit that did it, does not rule on it."""

    slug = "own_work"
    title = "Nobody rules on own work"
    title_zh = "不得对本人或本单位的工作进行核查、裁定或结案"
    way_out = "Ask somebody of the area who neither did the work nor belongs to the unit that did it."
    way_out_zh = "请由未参与处置且不属于处置单位的人员办理。"


class AlreadyOverdue(Clash):
    """An extension is asked for once the deadline has passed."""

    slug = "already_overdue"
    title = "The deadline has passed"
    title_zh = "已超过处置时限，不能申请延期"
    way_out = "Report the work as soon as it is done; an appeal can name the reasons for the delay."
    way_out_zh = "请尽快完成处置并反馈；超时原因可在申诉中说明。"


class NoMoreExtensions(Clash):
    """A dispatch is extended at most twice."""

    slug = "no_more_extensions"
    title = "It has been extended twice already"
    title_zh = "延期次数已达上限（两次）"
    way_out = "Report what is done by the deadline, or ask for a return or a suspension with its reason."
    way_out_zh = "请在时限内反馈处置情况，或说明理由申请退单、挂账。"


class DispatchReplaced(Clash):
    """The dispatch is worked on no more: another came in its place, or it was cancelled. `stands` names those that stand now."""

    slug = "dispatch_replaced"
    title = "The dispatch does not stand any more"
    title_zh = "该派遣任务已被替换或取消"
    way_out = "Work on the dispatch that `stands` names; where it names none, the work is another unit's now, or nobody's."
    way_out_zh = "请办理 stands 所列的派遣任务；未列出时，该工作已转交其他单位或已取消。"


class SameUnitAgain(Invalid):
    """A return is granted by sending the work to the very unit that asks to be rid of it."""

    slug = "same_unit_again"
    title = "The unit named is the one that asks for the return"
    title_zh = "所填单位即为申请退单的单位"
    way_out = "Refuse the return: the work stays with the unit and its clock runs on. Or name another contract or unit."
    way_out_zh = "如仍由该单位处置，请驳回退单申请，计时将继续；否则请填写其他合同或单位。"


class RequestPending(Clash):
    """The same was asked for already, and nobody has decided."""

    slug = "request_pending"
    title = "The same request waits for a decision"
    title_zh = "同类申请正在等待审批"
    way_out = (
        "Ask the dispatcher to decide on the request that `requests` of the finding shows as pending. It lapses when the finding is closed "
        "or voided, and a return or suspension also when the work is reported."
    )
    way_out_zh = "请联系派遣员处理案卷 requests 中待审批的申请；案卷结案或作废时申请自动失效，退单、挂账申请在反馈处置结果后也自动失效。"


class AppealedAlready(Clash):
    """A unit appeals once."""

    slug = "appealed_already"
    title = "The unit has appealed already"
    title_zh = "该单位已申诉过一次"
    way_out = "Look at the appeal in `requests` of the finding: it is ruled on once, and the ruling stands."
    way_out_zh = "请查看案卷 requests 中的申诉记录；每项任务只能申诉一次，裁定为最终结果。"


class RequestDecided(Clash):
    """Somebody has decided on the request already, or it lapsed."""

    slug = "request_decided"
    title = "The request was decided already"
    title_zh = "该申请已审批"
    way_out = "Look at the decision in `requests` of the finding; the unit can ask again."
    way_out_zh = "请查看案卷 requests 中的审批结果；处置单位可再次申请。"


class NoDeadline(Clash):
    """There is no deadline that could be extended."""

    slug = "no_deadline"
    title = "The dispatch has no deadline"
    title_zh = "该派遣任务没有处置时限"
    way_out = "Nothing needs to be extended: the finding's condition has no limit."
    way_out_zh = "该立案条件没有时限，无需延期。"


class NothingDisputed(Clash):
    """No report of the finding has opposite verdicts that wait for a decision."""

    slug = "nothing_disputed"
    title = "No verdicts differ"
    title_zh = "没有需要裁定的核查分歧"
    way_out = "Fetch the finding: `disputed` in `needs` and the state of its reports show where verdicts differ."
    way_out_zh = "请刷新案卷：needs 中的 disputed 及 reports 的状态会显示存在分歧之处。"


class EvidenceMissing(Problem):
    """Resolving on the spot is shown by a photo before and a photo after."""

    slug = "evidence_missing"
    kind = Kind.INVALID
    title = "Photos before and after are needed"
    title_zh = "需要处置前和处置后的照片"
    way_out = "Declare at least one photo with the role `before` and one with the role `after`."
    way_out_zh = "请至少声明一张处置前（before）和一张处置后（after）照片。"


class ReportNeeded(Invalid):
    """A verification before closing names the report it looked at; one before filing names none."""

    slug = "report_needed"
    title = "A verification before closing names a report"
    title_zh = "结案前核查须指明处置反馈"
    way_out = "Send the id of the report that was looked at with the phase pre_closing, and null with pre_filing."
    way_out_zh = "phase 为 pre_closing 时请填写所核查反馈的编号；pre_filing 时 report 须为 null。"


class Task(Protocol):
    """What decides whether a dispatch stands."""

    id: UUID
    replaced_by: UUID | None
    cancelled_at: dt.datetime | None


def is_over(task: Task) -> bool:
    """Whether the dispatch is worked on no more: another came in its place, or it was cancelled."""
    return task.replaced_by is not None or task.cancelled_at is not None


def check_stands(task: Task, standing: Collection[UUID]) -> None:
    """Refuse a dispatch that is over, naming those that stand. Raises DispatchReplaced."""
    if is_over(task):
        now = f"{', '.join(map(str, standing))} stands now" if standing else "none that is yours stands now"
        raise DispatchReplaced(
            f"dispatch {task.id} was {'replaced' if task.replaced_by else 'cancelled'}; {now}", stands=[str(each) for each in standing]
        )


def does_work_of(actor: Actor, unit: UUID, kind: str) -> bool:
    """Whether the actor does the work of this unit: a contractor's people, or the officers of a unit that is none."""
    roles = CONTRACTOR_ROLES if kind == "contractor" else UNIT_ROLES
    return any(grant.unit == unit for grant in actor.grants_of(*roles))


def may_rule(actor: Actor, doers: Collection[UUID], units: Collection[tuple[UUID, str]]) -> bool:
    """Whether `check_not_own` lets the actor pass."""
    try:
        check_not_own(actor, doers, units)
    except OwnWork:
        return False
    return True


def check_not_own(actor: Actor, doers: Collection[UUID], units: Collection[tuple[UUID, str]]) -> None:
    """Refuse who had a hand in the work, or works for one of the units (id, kind) that it went to. Raises OwnWork.

    An inspector whose role is held in the town that did the work may look at it: the role says whose streets, not who did it.
    """
    if actor.person in doers:
        raise OwnWork("who had a hand in the work does not rule on it")
    for unit, kind in units:
        if does_work_of(actor, unit, kind) or (kind == "contractor" and any(grant.unit == unit for grant in actor.grants)):
            raise OwnWork("who works for the unit that did it does not rule on it", unit=str(unit))
