"""Worklists of whoever does the work: contractors, and the officers of units that are none."""

from __future__ import annotations

import sqlalchemy as sa

from backend.domains.findings.model import worklists as held
from backend.domains.findings.model.hands import HandOver, Supervision
from backend.domains.findings.model.work import Dispatch, DispatchRequest, Report
from backend.domains.findings.queries.worklists.kinds import Reader, Worklist
from backend.domains.findings.rules.visibility import CONTRACTOR_ROLES, UNIT_ROLES

_DOERS = (*CONTRACTOR_ROLES, *UNIT_ROLES)
_ISSUED, _REWORK = held.word(Dispatch.state, "issued"), held.word(Dispatch.state, "rework")


def _refused(_reader: Reader) -> tuple[held.Condition, ...]:
    refused = sa.select(DispatchRequest.id).where(DispatchRequest.dispatch == Dispatch.id, held.word(DispatchRequest.state, "refused"))
    return (held.each(refused),)


def _waits_for_us(_reader: Reader) -> tuple[held.Condition, ...]:
    asked = sa.select(DispatchRequest.id).where(DispatchRequest.dispatch == Dispatch.id, held.PENDING)
    return (held.each(asked),)


def _reported_by_worker(_reader: Reader) -> tuple[held.Condition, ...]:
    waits = sa.select(Report.id).where(Report.dispatch == Dispatch.id, held.word(Report.state, "awaiting_hand_back"))
    return (held.each(waits),)


UNITS = (
    Worklist(
        "overdue_work",
        "Overdue",
        "已超时",
        "Work of the own unit past its deadline.",
        "本单位已超过处置时限的任务。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda reader: (held.STANDING, Dispatch.due < reader.now),
        either=(_ISSUED, _REWORK),
        reach="unit",
        rows="dispatch",
    ),
    Worklist(
        "due_today",
        "Due today",
        "今日到期",
        "Work of the own unit that is due before midnight.",
        "本单位今日内到期的任务。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda reader: (held.STANDING, Dispatch.due >= reader.now, Dispatch.due < reader.midnight),
        either=(_ISSUED, _REWORK),
        reach="unit",
        rows="dispatch",
    ),
    Worklist(
        "new_work",
        "New",
        "新任务",
        "Dispatched to the own unit and not yet in anybody's hands.",
        "已派遣至本单位、尚未分派到人的任务。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING, Dispatch.worker.is_(None)),
        either=(_ISSUED,),
        reach="unit",
        rows="dispatch",
        verbs=("assign_worker",),
    ),
    Worklist(
        "rework",
        "Rework",
        "返工",
        "The look on site found the work not to be good.",
        "现场核查未通过，须重新处置。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING,),
        either=(_REWORK,),
        reach="unit",
        rows="dispatch",
    ),
    Worklist(
        "asked",
        "Asked for, not decided",
        "申请待批",
        "The own unit asked for a return, more time or a suspension. Until somebody decides only a return stops the clock.",
        "本单位的退单、延期或挂账申请尚未审批；除退单外，审批前时限照常计算。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING,),
        also=_waits_for_us,
        either=(_ISSUED, _REWORK, held.word(Dispatch.state, "returned")),
        reach="unit",
        rows="dispatch",
    ),
    Worklist(
        "refused",
        "Refused",
        "申请被驳回",
        "A request was refused, and the work is still to be done.",
        "申请被驳回，任务仍须办理。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING,),
        also=_refused,
        either=(_ISSUED, _REWORK),
        reach="unit",
        rows="dispatch",
    ),
    Worklist(
        "in_hand",
        "All open work",
        "在办任务",
        "All that the own unit has to do.",
        "本单位全部在办任务。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING,),
        either=(_ISSUED, _REWORK),
        reach="unit",
        rows="dispatch",
    ),
    Worklist(
        "standing_still",
        "Suspended",
        "挂账任务",
        "The clock stands until a date.",
        "计时暂停至指定日期。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING,),
        either=(held.word(Dispatch.state, "suspended"),),
        reach="unit",
        rows="dispatch",
    ),
    Worklist(
        "handed_back",
        "Handed back, to be checked",
        "待核查任务",
        "Reported as done; the verdict of a look on site is to come.",
        "已反馈完成，等待现场核查结论。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING,),
        either=(held.word(Dispatch.state, "handed_back"),),
        reach="unit",
        rows="dispatch",
        is_due=False,
    ),
    Worklist(
        "to_hand_back",
        "To hand back",
        "待交回",
        "A worker reported it as done; the clock runs until the manager hands it back.",
        "作业人员已反馈完成；管理员交回前继续计时。",
        roles=("contractor_manager",),
        order=Dispatch.due,
        where=lambda _: (held.STANDING,),
        also=_reported_by_worker,
        either=(_ISSUED, _REWORK),
        reach="unit",
        rows="dispatch",
        verbs=("hand_back",),
    ),
    Worklist(
        "demands",
        "Demands to reply to",
        "待回复的督办",
        "A leader presses for it and waits for the own unit's reply.",
        "领导督办，等待本单位回复。",
        roles=_DOERS,
        order=Supervision.reply_due,
        where=lambda _: (held.DEMANDED,),
        reach="unit",
        rows="demand",
        verbs=("reply_supervision",),
    ),
    Worklist(
        "handed_over",
        "Handed over to enforcement",
        "移交执法的线索",
        "Sent to the own unit with its legal basis: receive, refuse, or say what came of it.",
        "移交本单位的执法线索：请接收、退回或反馈结果。",
        roles=("department_officer", "town_officer"),
        order=HandOver.sent_at,
        either=(held.word(HandOver.state, "sent"), held.word(HandOver.state, "received")),
        reach="unit",
        rows="hand_over",
        is_due=False,
        verbs=("receive_hand_over", "refuse_hand_over", "conclude_hand_over"),
    ),
    Worklist(
        "given_to_me",
        "Given to me",
        "派给我的",
        "Work that the manager put into the reader's hands.",
        "管理员分派给本人的任务。",
        roles=_DOERS,
        order=Dispatch.due,
        where=lambda _: (held.STANDING, held.WITH_WORKER),
        either=(_ISSUED, _REWORK),
        reach="worker",
        rows="dispatch",
    ),
)
