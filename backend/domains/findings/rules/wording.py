"""How moves and states are called, in Chinese and English: for lists of what can be done, the diagram and the table."""

from __future__ import annotations

from collections.abc import Mapping

VERBS: Mapping[str, tuple[str, str]] = {
    "withdraw_finding": ("撤回上报", "withdraw"),
    "file_finding": ("立案", "file"),
    "ask_verification": ("派发核实", "ask for a look before filing"),
    "cancel_verification": ("取消核实", "wait for the look no longer"),
    "request_void": ("申请作废", "ask for a void"),
    "void_finding": ("批准作废", "approve the void"),
    "refuse_void": ("驳回作废申请", "refuse the void"),
    "withdraw_void_request": ("撤回作废申请", "take back the request for a void"),
    "waive_photo": ("豁免照片", "waive a photo"),
    "self_resolve_finding": ("自处置", "resolve on the spot"),
    "accept_self_resolution": ("自处置结案", "accept what was resolved on the spot"),
    "refuse_self_resolution": ("自处置不予认可", "refuse what was resolved on the spot"),
    "attach_finding": ("并案", "attach"),
    "detach_finding": ("撤销并案", "detach"),
    "dispatch_finding": ("派遣", "dispatch"),
    "rebind_contract": ("更正责任合同", "bind to another contract"),
    "correct_finding": ("更正类别或立案条件", "correct category or condition"),
    "report_rectification": ("反馈处置结果", "report the work as done"),
    "request_extension": ("申请延期", "ask for more time"),
    "request_return": ("申请退单", "ask for a return"),
    "request_suspension": ("申请挂账", "ask for a suspension"),
    "grant_extension": ("批准延期", "grant more time"),
    "grant_return": ("批准退单", "grant the return"),
    "grant_suspension": ("批准挂账", "grant the suspension"),
    "end_suspension": ("提前结束挂账", "end the suspension early"),
    "refuse_extension": ("驳回延期", "refuse more time"),
    "refuse_return": ("驳回退单", "refuse the return"),
    "refuse_suspension": ("驳回挂账", "refuse the suspension"),
    "verify_finding": ("核实核查", "give the verdict of a look"),
    "reassign_task": ("改派核查任务", "give the look to another"),
    "decline_task": ("退回核查任务", "decline the look"),
    "decide_dispute": ("裁定核查分歧", "decide between verdicts"),
    "close_finding": ("结案", "close"),
    "add_co_unit": ("增加协办单位", "add a co-unit"),
    "cancel_co_unit": ("取消协办", "cancel a co-unit"),
    "assign_worker": ("指派作业人员", "assign a worker"),
    "hand_back": ("交回任务", "hand back"),
    "split_finding": ("拆分案卷", "split"),
    "supervise_finding": ("督办", "supervise"),
    "reply_supervision": ("回复督办", "reply to a demand"),
    "end_supervision": ("办结督办", "end a demand"),
    "hand_over_finding": ("移交执法", "hand over to enforcement"),
    "receive_hand_over": ("接收移交", "receive the hand-over"),
    "refuse_hand_over": ("退回移交", "refuse the hand-over"),
    "conclude_hand_over": ("反馈执法结果", "conclude the hand-over"),
    "group_finding": ("纳入专项行动", "group into a campaign"),
    "ungroup_finding": ("移出专项行动", "take from its campaign"),
    "appeal_finding": ("申诉", "appeal"),
    "grant_appeal": ("申诉成立", "grant the appeal"),
    "refuse_appeal": ("驳回申诉", "refuse the appeal"),
    "reopen_finding": ("重新开启", "reopen"),
}

STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "recorded": ("已上报", "recorded"),
    "verifying": ("核实中", "verifying"),
    "filed": ("已立案", "filed"),
    "dispatched": ("已派遣", "dispatched"),
    "rectified": ("已处置", "rectified"),
    "verified": ("核查通过", "verified"),
    "closed": ("已结案", "closed"),
    "appealed": ("申诉中", "appealed"),
    "withdrawn": ("已撤回", "withdrawn"),
    "void": ("已作废", "void"),
    "attached": ("已并案", "attached"),
    "self_resolved": ("自处置", "self-resolved"),
}


def named(verb: str) -> dict[str, str]:
    """A verb with its words: `verb`, `zh`, `en`."""
    zh, en = VERBS[verb]
    return {"verb": verb, "zh": zh, "en": en}
