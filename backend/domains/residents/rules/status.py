"""Where a report stands, in words for people: what happens now, never who does it.

What residents of other cities complain of most: "closed" that says neither whether it was mended nor why not; so each stage is a sentence,
ends are told apart, and what was not taken on needs an answer of the desk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from backend.core.problems import Clash

STAGES: dict[str, tuple[str, str]] = {
    "received": ("已收到，等待受理员查看。", "Received. The desk will look at it."),
    "recorded": ("已登记，受理员正在核对情况。", "On record. The desk is checking it."),
    "looking": ("正在派人到现场核实。", "Somebody is being sent to look at the place."),
    "accepted": ("已立案，即将派给负责单位处置。", "Accepted. It is about to go to those who mend it."),
    "ordered": ("已派给负责单位处置。", "The work was ordered."),
    "postponed": ("因故暂缓处置，到期后自动恢复。", "The work is postponed for a stated time and goes on by itself then."),
    "again": ("现场核查未通过，正在返工。", "It was checked on site and was not good enough: it is being done again."),
    "done": ("负责单位已处置，等待现场核查。", "The work is reported as done. Somebody will check it on site."),
    "checked": ("现场核查已通过，即将结案。", "It was checked on site and is good. It is about to be closed."),
    "closed": ("已处置完毕，经核查后结案。", "Mended, checked and closed."),
    "not_taken": ("未予受理或已作废，原因见受理员答复。", "It was not taken on. The answer of the desk says why."),
    "withdrawn": ("已按您的要求撤回。", "Withdrawn as you asked."),
    "on_the_spot": ("监督员已当场处置，正在复核。", "It was mended on the spot. The desk is checking that."),
    "in_work": ("正在办理。", "It is being worked on."),
}
"""Stage -> Chinese and English."""

FOLLOWS = (
    "同一问题此前已有人上报，两条上报合并办理，进展相同。",
    "The same thing had been reported before. Both are dealt with as one, and this is how it stands.",
)

_OF_STATE = {
    "recorded": "recorded",
    "verifying": "looking",
    "filed": "accepted",
    "dispatched": "ordered",
    "rectified": "done",
    "verified": "checked",
    "closed": "closed",
    "appealed": "closed",
    "void": "not_taken",
    "withdrawn": "withdrawn",
    "attached": "recorded",
    "self_resolved": "on_the_spot",
}
ENDED = ("closed", "not_taken", "withdrawn")
"""Stages from which nothing follows by itself."""

STEPS: dict[str, tuple[str, str]] = {
    "resident_report.received": ("收到上报", "Report received"),
    "finding.recorded": ("登记案卷", "Put on record"),
    "finding.filed": ("立案", "Accepted"),
    "finding.dispatched": ("派给负责单位", "Work ordered"),
    "finding.rectification_reported": ("负责单位反馈已处置", "Work reported as done"),
    "finding.verified": ("现场核查", "Checked on site"),
    "finding.closed": ("结案", "Closed"),
    "finding.self_resolved": ("当场处置", "Mended on the spot"),
    "finding.self_resolution_accepted": ("结案", "Closed"),
    "finding.self_resolution_refused": ("未予受理", "Not taken on"),
    "finding.voided": ("未予受理", "Not taken on"),
    "finding.withdrawn": ("撤回", "Withdrawn"),
    "finding.attached": ("并入此前的同一问题", "Joined with an earlier report of the same thing"),
    "finding.released": ("恢复单独办理", "Dealt with by itself again"),
    "finding.detached": ("恢复单独办理", "Dealt with by itself again"),
    "finding.reopened": ("重新办理", "Opened again"),
}
"""What of a finding's journal a resident is told, with its day."""

REOPEN_WITHIN = dt.timedelta(days=30)
MOST_REOPENINGS = 2
"""How often one report may ask for its finding to be opened again."""
OUTCOMES: dict[str, tuple[str, str]] = {
    "not_ours": ("不属于本区城市管理职责范围。", "It is not this district's to mend."),
    "not_found": ("现场未发现所述问题。", "Nothing of the kind was found there."),
    "known": ("该问题已在办理中。", "It is known and being worked on."),
    "answered": ("已答复。", "Answered."),
    "spam": ("内容与城市管理无关。", "It has nothing to do with the upkeep of the district."),
}
"""Why a report became no finding."""


class ReopeningPending(Clash):
    """Somebody has asked for it already, and nobody has decided yet."""

    slug = "reopening_pending"
    title = "A request to open it again waits for a decision"
    title_zh = "已有待审批的重新办理申请"
    way_out = "Wait for the decision; the status of the report shows it."
    way_out_zh = "请等待审批结果，可在上报状态中查看。"


class TooLateToReopen(Clash):
    """It was closed too long ago, or this report has asked twice before."""

    slug = "too_late_to_reopen"
    title = "This report cannot ask for it to be opened again"
    title_zh = "该上报不能再申请重新办理"
    way_out = "Send a new report: it is linked to what was closed at the same place."
    way_out_zh = "请提交新的上报；系统会与同一地点已结案的问题关联。"


class ReopeningDecided(Clash):
    """Somebody has decided on the request already."""

    slug = "reopening_decided"
    title = "The request was decided already"
    title_zh = "该申请已审批"
    way_out = "Look at the decision in the list of requests."
    way_out_zh = "请在申请列表中查看审批结果。"


def stage_of(report_state: str, finding_state: str | None, dispatch_states: Collection[str] = ()) -> str:
    """The stage of a report: from its own state where it is no finding, else from the finding's (its head's) and its dispatches' states."""
    if report_state == "withdrawn":
        return "withdrawn"
    if report_state == "dismissed":
        return "not_taken"
    if finding_state is None:
        return "received"
    if finding_state == "dispatched":
        for state, stage in (("rework", "again"), ("suspended", "postponed")):
            if state in dispatch_states:
                return stage
    return _OF_STATE.get(finding_state, "in_work")


def can(stage: str, *, reopenable: bool, photos: bool, has_contact: bool) -> list[str]:
    """What a resident may do now."""
    found = ["write"]
    if stage not in ENDED:
        found.append("withdraw")
        if photos:
            found.append("add_photo")
    if stage in {"closed", "not_taken"}:
        found.append("rate")
    if reopenable:
        found.append("ask_reopening")
    if has_contact:
        found.append("forget_contact")
    return found


def check_reopening(*, closed_at: dt.datetime | None, pending: bool, asked: int, now: dt.datetime) -> None:
    """Refuse a request to open a closed finding again. `asked`: how often this report did before. Raises the problems above."""
    if pending:
        raise ReopeningPending("a request waits for a decision")
    if asked >= MOST_REOPENINGS:
        raise TooLateToReopen(f"this report has asked {asked} times before")
    if closed_at is None or now - closed_at > REOPEN_WITHIN:
        raise TooLateToReopen(f"a request is possible within {REOPEN_WITHIN.days} days after it was closed")


def words(stage: str, *, follows: bool, outcome: str | None = None) -> Mapping[str, str]:
    """The sentence of a stage in Chinese and English; of a report that was dismissed its reason."""
    zh, en = OUTCOMES[outcome] if outcome else STAGES[stage]
    return {"zh": f"{zh}{FOLLOWS[0]}" if follows else zh, "en": f"{en} {FOLLOWS[1]}" if follows else en}
