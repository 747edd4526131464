"""The kinds of message about findings, with their words in both languages.

Facts that sentences name: `number`, `category`, `place`, `due`, `until`, `reason`, `note`, `demand`, `reply`, … (`queries.announcing`).
Nobody is named in them. A sentence whose fact is missing is left out.
"""

from __future__ import annotations

from backend.domains.notifications.rules.kinds import IN_APP, LOUD, Kind, Sentence

_WHAT = Sentence("{category}，{place}。", "{category}, {place}.")
_DUE = Sentence("处置时限：{due}。", "Due {due}.")
_NEW_DUE = Sentence("新的处置时限：{due}。", "Now due {due}.")
_REASON = Sentence("理由：{reason}。", "Reason: {reason}.")
_NOTE = Sentence("说明：{note}。", "Note: {note}.")
_UNTIL = Sentence("至 {until}。", "Until {until}.")


def _kind(name: str, zh: str, en: str, *text: Sentence, urgent: bool = False, channels: tuple[str, ...] = ()) -> Kind:
    said = (_WHAT, *text)
    if channels:
        return Kind(f"finding.{name}", Sentence(zh, en), said, urgent=urgent, channels=channels)
    return Kind(f"finding.{name}", Sentence(zh, en), said, urgent=urgent)


DISPATCHED = _kind("dispatched", "新任务 {number}", "New task {number}", _DUE, channels=LOUD)
CO_UNIT = _kind("co_unit_added", "协办任务 {number}", "Task {number} to do together", _DUE, _REASON, channels=LOUD)
ASSIGNED = _kind("worker_assigned", "指派给您的任务 {number}", "Task {number} is yours", _DUE, channels=LOUD)
TO_ASSIGN = _kind("to_assign", "待重新指派 {number}：作业人员已离岗", "To assign: {number}, your worker has left", _DUE)
TO_HAND_BACK = _kind("to_hand_back", "待回单 {number}：作业人员已处置", "To hand back: {number}, your worker has done it", _DUE, _NOTE)
DUE_SOON = _kind("due_soon", "即将超时 {number}", "{number} is due soon", _DUE, urgent=True, channels=LOUD)
OVERDUE = _kind("overdue", "已超时 {number}", "{number} is overdue", _DUE, urgent=True, channels=LOUD)
ESCALATED = _kind("escalated", "超时升级 {number}", "{number} is brought to you: overdue", _DUE, channels=LOUD)
ORPHANED = _kind("orphaned", "无人办理 {number}", "Nobody acts on {number}", Sentence("最近一次办理：{since}。", "Last acted on {since}."))
BOUNCED = _kind(
    "bounced", "多次退单 {number}", "{number} was sent back again", Sentence("已退单 {bounces} 次。", "Sent back {bounces} times.")
)
REWORK = _kind("rework", "返工 {number}：核查不通过", "Rework {number}: the check failed", _NOTE, _REASON, _DUE, channels=LOUD)
WORK_CANCELLED = _kind("work_cancelled", "任务取消 {number}", "Task {number} is cancelled", _REASON, channels=LOUD)
WORK_CLOSED = _kind("work_closed", "任务已结案 {number}", "Task {number} is closed")
WORK_REOPENED = _kind("work_reopened", "任务重新打开 {number}", "Task {number} is open again", _DUE, _REASON, channels=LOUD)

RETURN_REQUESTED = _kind("return_requested", "申请退单 {number}", "{number}: a return is asked for", _REASON)
EXTENSION_REQUESTED = _kind("extension_requested", "申请延期 {number}", "{number}: more time is asked for", _DUE, _REASON)
SUSPENSION_REQUESTED = _kind("suspension_requested", "申请挂账 {number}", "{number}: a suspension is asked for", _UNTIL, _REASON)
APPEALED = _kind("appealed", "申诉 {number}", "{number}: an appeal", _REASON)
RETURN_GRANTED = _kind("return_granted", "退单已批准 {number}", "{number}: the return is granted", _REASON)
RETURN_REFUSED = _kind("return_refused", "退单被驳回 {number}", "{number}: the return is refused", _REASON, _DUE, channels=LOUD)
EXTENSION_GRANTED = _kind("extension_granted", "延期已批准 {number}", "{number}: you have more time", _NEW_DUE, _REASON)
EXTENSION_REFUSED = _kind("extension_refused", "延期被驳回 {number}", "{number}: more time is refused", _REASON, _DUE, channels=LOUD)
SUSPENSION_GRANTED = _kind("suspension_granted", "挂账已批准 {number}", "{number}: the suspension is granted", _UNTIL, _REASON)
SUSPENSION_REFUSED = _kind("suspension_refused", "挂账被驳回 {number}", "{number}: the suspension is refused", _REASON, _DUE, channels=LOUD)
SUSPENDED = _kind("suspended", "已挂账 {number}，计时暂停", "{number} is suspended, its clock stands", _UNTIL, _REASON)
RESUMED = _kind("resumed", "挂账结束 {number}，恢复计时", "{number} goes on, its clock runs again", _NEW_DUE, channels=LOUD)
APPEAL_GRANTED = _kind("appeal_granted", "申诉成立 {number}", "{number}: the appeal is granted", _REASON)
APPEAL_REFUSED = _kind("appeal_refused", "申诉驳回 {number}", "{number}: the appeal is refused", _REASON)

TASK_ASSIGNED = _kind(
    "task_assigned",
    "核查任务 {number}",
    "{number}: please look at it on site",
    Sentence("{phase}。", "{phase}."),
    Sentence("请于 {due} 前完成。", "By {due}."),
    channels=LOUD,
)
TASK_TAKEN_BACK = _kind("task_taken_back", "核查任务取消 {number}", "{number} need not be looked at by you", _REASON, channels=IN_APP)
TASK_UNASSIGNED = _kind("task_unassigned", "无人核查 {number}", "{number}: nobody is there to look at it", _REASON)
DISPUTED = _kind("disputed", "核查分歧 {number}，待裁定", "{number}: verdicts differ, decide", _NOTE)
VOID_REQUESTED = _kind("void_requested", "申请作废 {number}", "{number}: a void is asked for", _REASON)
VOID_REFUSED = _kind("void_refused", "作废申请被驳回 {number}", "{number}: the void is refused", _REASON)
CONSENT_ASKED = _kind("consent_asked", "待征询意见 {number}", "{number}: your consent is asked for", _REASON)
CONSENTED = _kind("consented", "已同意 {number}", "{number}: the consent is given", _REASON)
OBJECTED = _kind("objected", "不同意 {number}", "{number}: the consent is refused", _REASON)
CORRECTED = _kind("corrected", "案卷更正 {number}", "{number} was corrected", _NEW_DUE, _REASON, channels=LOUD)

CLOSED = _kind("closed", "您上报的 {number} 已结案", "{number}, which you recorded, is closed", _NOTE)
VOIDED = _kind("voided", "您上报的 {number} 已作废", "{number}, which you recorded, was voided", _REASON)
ATTACHED = _kind(
    "attached",
    "您上报的 {number} 已并入 {head}",
    "{number}, which you recorded, was joined with {head}",
    _REASON,
)
RELEASED = _kind("released", "您上报的 {number} 恢复单独办理", "{number}, which you recorded, stands for itself again")
DETACHED = _kind("detached", "您上报的 {number} 撤销并案", "{number}, which you recorded, was detached again", _REASON)
REOPENED = _kind("reopened", "您上报的 {number} 重新办理", "{number}, which you recorded, is open again", _REASON)
SELF_ACCEPTED = _kind("self_resolution_accepted", "自处置通过 {number}", "{number}: resolving it yourself was accepted", _REASON)
SELF_REFUSED = _kind("self_resolution_refused", "自处置不通过 {number}", "{number}: resolving it yourself was not accepted", _REASON)
SPLIT = _kind("split", "您上报的 {number} 已拆分出 {part}", "{number}, which you recorded, was split: {part}", _REASON)

_DEMAND = Sentence("督办要求：{demand}。", "Demanded: {demand}.")
_REPLY_DUE = Sentence("请于 {reply_due} 前回复。", "Reply by {reply_due}.")
SUPERVISED = _kind("supervised", "督办 {number}", "{number} is supervised", _DEMAND, _REPLY_DUE, urgent=True, channels=LOUD)
SUPERVISION_REPLIED = _kind("supervision_replied", "督办回复 {number}", "{number}: a reply to your demand", Sentence("{reply}", "{reply}"))
SUPERVISION_ENDED = _kind("supervision_ended", "督办结束 {number}", "{number} is no longer supervised", _REASON)
SUPERVISION_OVERDUE = _kind("supervision_overdue", "督办逾期未回复 {number}", "{number}: no reply to the demand", _DEMAND, channels=LOUD)
_BASIS = Sentence("法律依据：{legal_basis}。", "Legal basis: {legal_basis}.")
HANDED_OVER = _kind("handed_over", "案件线索移交 {number}", "{number} is handed over to you", _BASIS, channels=LOUD)
HAND_OVER_RECEIVED = _kind(
    "hand_over_received", "移交已接收 {number}", "{number}: enforcement took it on", Sentence("回执 {receipt}。", "Receipt {receipt}.")
)
HAND_OVER_REFUSED = _kind("hand_over_refused", "移交被退回 {number}", "{number}: enforcement sent it back", _REASON)
HAND_OVER_CONCLUDED = _kind(
    "hand_over_concluded", "执法办结 {number}", "{number}: enforcement is done", Sentence("结果：{outcome}。", "Outcome: {outcome}.")
)

AREA_SUSPENDED = Kind(
    "area.suspended",
    Sentence("{area} 全域挂账，计时暂停", "The clocks of {area} stand"),
    (Sentence("行业：{trade}。", "Trade: {trade}."), _UNTIL, _REASON, Sentence("到期后自动恢复计时。", "They run again by themselves.")),
    channels=LOUD,
)
AREA_RESUMED = Kind(
    "area.suspension_ended",
    Sentence("{area} 全域挂账结束，恢复计时", "The clocks of {area} run again"),
    (Sentence("行业：{trade}。", "Trade: {trade}."), _REASON),
    channels=LOUD,
)

KINDS: tuple[Kind, ...] = tuple(each for each in list(globals().values()) if isinstance(each, Kind))
"""Every kind of message about findings."""
