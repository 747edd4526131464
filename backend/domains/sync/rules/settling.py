"""When a conflict is over, whichever door it was decided through, and what its outcome is called then (protocol, sections 3 and 7)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

FIELDS = {
    "category": ("Category", "案件类别"),
    "condition": ("Filing condition", "立案条件"),
    "asset": ("Component", "部件编号"),
    "address": ("Address", "地址"),
    "place": ("Place", "位置"),
    "severity": ("Severity", "严重程度"),
    "note": ("Description", "问题描述"),
}
"""The fields that an amendment can change, in English and Chinese."""

KINDS = {
    "proposal": ("Another value stands; this one is proposed", "现值与手机所报不同，列为修改建议"),
    "void_request": ("A withdrawal of a case that was filed: void it?", "已立案案卷的撤回，待决定是否作废"),
    "dispute": ("Verdicts on one report differ", "对同一整改报告的核查结论不一致"),
    "other": ("Kept beside what stands", "已保留，未生效"),
}
"""The kinds of conflicts, in English and Chinese."""

Resolution = Literal["resolved_keep", "resolved_take", "resolved_merge"]


def of_choices(choices: Collection[str]) -> Resolution:
    """The outcome of an amendment whose proposals were decided: all kept as it stood, all taken as proposed, or something of both.

    One that was overtaken, by its author or another, never took effect: what stood then stands.
    """
    made = {"keep" if each == "overtaken" else each for each in choices}
    if made == {"take"}:
        return "resolved_take"
    return "resolved_keep" if made <= {"keep"} else "resolved_merge"


def of_void(state: str) -> Resolution:
    """The outcome of a withdrawal that became a request to void."""
    return "resolved_take" if state in {"void", "withdrawn"} else "resolved_keep"


def of_dispute(verdict: str, decided: str) -> Resolution:
    """The outcome of a verdict that another contradicted."""
    return "resolved_take" if verdict == decided else "resolved_keep"
