"""Who of the staff is told what about residents' reports. Nobody's name, number or words are in a message: those stand with the report."""

from __future__ import annotations

from backend.domains.notifications.rules.kinds import LOUD, Kind, Sentence

TO_TAKE_UP = Kind(
    "resident_report.to_take_up",
    Sentence("居民上报待受理 {receipt}", "A resident's report to take up: {receipt}"),
    (Sentence("须确定类别或位置。", "Its category or place is for the desk to say."),),
)
TO_ANSWER = Kind(
    "resident_report.to_answer",
    Sentence("居民上报待答复 {receipt}", "A resident waits for an answer: {receipt}"),
)
TO_DECIDE = Kind(
    "reopening.to_decide",
    Sentence("请审批重新办理申请 {number}", "Decide whether to open {number} again"),
    (Sentence("有人反映已结案的问题并未解决。", "Somebody says that what was closed is not mended."),),
    channels=LOUD,
)
DECIDED = Kind(
    "reopening.decided",
    Sentence("重新办理申请已审批 {number}", "Your request to open {number} again was decided"),
    (Sentence("说明：{reason}。", "Note: {reason}."),),
)
KINDS = (TO_TAKE_UP, TO_ANSWER, TO_DECIDE, DECIDED)

OF_REPORTS = ("resident_report.received", "resident_report.written_to", "resident_report.ended", "resident_report.withdrawn")
OF_REQUESTS = ("reopening.requested", "reopening.granted", "reopening.refused")


def kind_for(todo: str | None) -> Kind | None:
    """What the desk is told of a report that waits for this."""
    return {"take_up": TO_TAKE_UP, "reply": TO_ANSWER}.get(todo or "")
