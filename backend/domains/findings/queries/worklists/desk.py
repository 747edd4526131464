"""Worklists of the desk: acceptors, shift leaders, dispatchers."""

from __future__ import annotations

import sqlalchemy as sa

from backend.domains.findings.model import worklists as held
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.queries.worklists.kinds import Worklist

_ACCEPTORS = ("acceptor", "shift_leader")
_FOLLOW = ("acceptor", "shift_leader", "dispatcher")
_BLOCKED = sa.or_(
    held.is_set(Finding.lacks_photos),
    held.is_set(Finding.lacks_after_photos),
    held.is_set(Finding.lacks_look_photos),
    held.is_set(Finding.disputed),
)


def _asked(kind: str) -> tuple[held.Condition, ...]:
    return held.PENDING, held.word(DispatchRequest.kind, kind)


DESK = (
    Worklist(
        "to_file",
        "To file",
        "待立案",
        "Nothing is missing: file, ask for a void or attach.",
        "材料齐全，可立案、申请作废或并案。",
        by_town=True,
        roles=_ACCEPTORS,
        order=Finding.step_due,
        where=lambda _: held.READY,
        verbs=("file_finding", "request_void"),
    ),
    Worklist(
        "photos_missing",
        "Photos missing",
        "缺照片",
        "Recorded, and a photo has not come or cannot be read: wait, or waive it.",
        "已上报，照片尚未送达或无法读取：等待补传或豁免。",
        by_town=True,
        roles=_ACCEPTORS,
        order=Finding.step_due,
        where=lambda _: (
            held.HAS_STEP,
            held.word(Finding.step, "accept"),
        ),
        also=lambda _: (held.word(Finding.state, "recorded"), held.is_set(Finding.lacks_photos)),
        verbs=("request_void",),
    ),
    Worklist(
        "condition_missing",
        "Condition missing",
        "待选立案条件",
        "Recorded without a filing condition: choose one, which also sets the limit.",
        "上报时未选立案条件：请选定，时限随之确定。",
        by_town=True,
        roles=_ACCEPTORS,
        order=Finding.step_due,
        where=lambda _: (
            held.HAS_STEP,
            held.word(Finding.step, "accept"),
        ),
        also=lambda _: (held.word(Finding.state, "recorded"), held.is_set(Finding.lacks_condition)),
        verbs=("file_finding", "request_void"),
    ),
    Worklist(
        "unlocated",
        "Unlocated",
        "待定位",
        "The place lies in no grid: correct it. These belong to the district.",
        "位置不在任何单元网格内：请更正位置。此类案卷归区级办理。",
        roles=_ACCEPTORS,
        order=Finding.step_due,
        where=lambda _: held.UNLOCATED,
        verbs=("request_void",),
    ),
    Worklist(
        "awaiting_contract",
        "Awaiting a contract",
        "待落实责任单位",
        "No contract and no unit answers for it: dispatch it by hand, or have the register completed.",
        "没有合同也没有责任单位对应：请人工派遣，或补全合同与权责清单。",
        roles=(*_FOLLOW, "town_officer"),
        order=Finding.step_due,
        where=lambda _: held.AWAITING_CONTRACT,
        verbs=("rebind_contract",),
    ),
    Worklist(
        "awaiting_calendar",
        "Awaiting the calendar",
        "待发布工作日历",
        "Dispatched, and its deadline lies beyond the calendar that is loaded.",
        "已派遣，处置时限超出已载入的工作日历。",
        roles=_FOLLOW,
        order=Finding.recorded_at,
        where=lambda _: held.AWAITING_CALENDAR,
        is_due=False,
    ),
    Worklist(
        "being_verified",
        "Being verified",
        "核实中",
        "An inspector was asked to look before filing.",
        "已请监督员在立案前到场核实。",
        by_town=True,
        roles=_ACCEPTORS,
        order=Finding.step_due,
        where=lambda _: (held.HAS_STEP, held.word(Finding.step, "verify")),
    ),
    Worklist(
        "self_resolved",
        "Self-resolved, to review",
        "自处置待审核",
        "Its inspector resolved it on the spot: accept or refuse, by the photos.",
        "监督员已当场处置：请对照照片审核通过或驳回。",
        by_town=True,
        roles=("acceptor",),
        order=Finding.step_due,
        where=lambda _: (held.HAS_STEP, held.word(Finding.step, "accept")),
        also=lambda _: (held.word(Finding.state, "self_resolved"),),
        verbs=("accept_self_resolution", "refuse_self_resolution"),
    ),
    Worklist(
        "to_void",
        "Voids to decide",
        "待批作废",
        "Somebody else asked for a void: approve or refuse.",
        "他人申请作废：请批准或驳回。",
        roles=("shift_leader",),
        order=Finding.recorded_at,
        where=lambda reader: (*held.VOID_ASKED, Finding.void_request["by"].as_string() != str(reader.person)),
        is_due=False,
        verbs=("void_finding", "refuse_void"),
    ),
    Worklist(
        "disputed",
        "Disputed",
        "待裁定",
        "Verdicts differ, or changes stand against each other: decide.",
        "核查结论不一致或修改相互冲突：请裁定。",
        roles=("shift_leader",),
        order=Finding.recorded_at,
        where=lambda _: (held.DISPUTED,),
        is_due=False,
        verbs=("decide_dispute",),
    ),
    Worklist(
        "to_close",
        "To close",
        "待结案",
        "The work was found to be good and the photos are complete.",
        "核查通过且照片齐全。",
        by_town=True,
        roles=("shift_leader",),
        order=Finding.step_due,
        where=lambda _: (
            held.HAS_STEP,
            held.word(Finding.step, "close"),
        ),
        also=lambda _: (
            held.is_clear(Finding.lacks_photos),
            held.is_clear(Finding.lacks_after_photos),
            held.is_clear(Finding.lacks_look_photos),
            held.is_clear(Finding.disputed),
            Finding.void_request.is_(sa.null()),
        ),
        verbs=("close_finding",),
    ),
    Worklist(
        "closing_blocked",
        "Verified, not ready to close",
        "已核查、材料不全",
        "A photo of the work or of the look is missing, or verdicts differ.",
        "缺少处置后照片或核查照片，或结论存在分歧。",
        by_town=True,
        roles=("shift_leader",),
        order=Finding.step_due,
        where=lambda _: (held.HAS_STEP, held.word(Finding.step, "close")),
        also=lambda _: (_BLOCKED,),
        verbs=("request_void",),
    ),
    Worklist(
        "appeals",
        "Appeals to rule on",
        "申诉待裁定",
        "A unit appeals against a closed case: somebody who did not close it rules.",
        "责任单位对已结案件提出申诉：由未参与结案的人员裁定。",
        by_town=True,
        roles=("shift_leader", "leader"),
        order=Finding.step_due,
        where=lambda reader: (
            held.HAS_STEP,
            held.word(Finding.step, "appeal"),
            Finding.closed_by.is_distinct_from(reader.person),
        ),
        verbs=("grant_appeal", "refuse_appeal"),
    ),
    Worklist(
        "to_dispatch",
        "To dispatch",
        "待派遣",
        "Filed: send it to the contract or unit that answers for it.",
        "已立案：请派遣给对应的合同或责任单位。",
        by_town=True,
        roles=("dispatcher",),
        order=Finding.step_due,
        where=lambda _: (held.HAS_STEP, held.word(Finding.step, "dispatch")),
        verbs=("dispatch_finding",),
    ),
    *(
        Worklist(
            f"{kind}s_asked",
            f"{title} asked for",
            f"{title_zh}申请",
            says,
            says_zh,
            roles=("dispatcher",),
            order=DispatchRequest.asked_at,
            where=lambda _, kind=kind: _asked(kind),  # type: ignore[misc] # the loop's own word, bound now
            rows="request",
            is_due=False,
            verbs=(f"grant_{kind}", f"refuse_{kind}"),
        )
        for kind, title, title_zh, says, says_zh in (
            ("return", "Return", "退单", "A unit says that it is not its duty.", "处置单位认为不属于其职责。"),
            ("extension", "Extension", "延期", "A unit asks for more time.", "处置单位申请延长时限。"),
            ("suspension", "Suspension", "挂账", "A unit asks for its clock to stand until a date.", "处置单位申请在某日前停止计时。"),
        )
    ),
    Worklist(
        "suspended",
        "Suspended",
        "挂账中",
        "The clock stands; what goes on first comes first.",
        "计时已暂停；最先到期恢复的排在最前。",
        roles=("dispatcher", "leader"),
        order=Dispatch.suspended_until,
        where=lambda _: (held.word(Dispatch.state, "suspended"), held.STANDING),
        rows="dispatch",
        is_due=False,
        verbs=("end_suspension",),
    ),
)
