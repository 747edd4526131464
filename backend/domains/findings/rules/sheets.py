"""A worklist as a sheet: its columns, their headings in both languages, and the cells of a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from backend.domains.findings.rules.wording import STATE_NAMES

Cell = str | int | dt.datetime | None
MOST_ROWS = 20_000
"""A sheet ends there and says so: nobody works through more by hand, and it stays a matter of seconds."""

STATES = {
    **{state: " ".join(names) for state, names in STATE_NAMES.items()},
    "issued": "办理中 issued",
    "returned": "申请退单 returned",
    "suspended": "挂账 suspended",
    "handed_back": "已反馈 handed back",
    "rework": "返工 rework",
    "cancelled": "已取消 cancelled",
}
"""Of findings and of their dispatches."""
COLOURS = {"green": "绿 green", "yellow": "黄 yellow", "red": "红 red"}
TRADES = {
    "municipal": "市政 municipal",
    "greening": "绿化 greening",
    "sanitation": "环卫 sanitation",
    "cleaning": "保洁 cleaning",
    "enforcement": "执法 enforcement",
    "other": "其他 other",
}
SEVERITIES = {1: "一般 low", 2: "较重 medium", 3: "危险 danger"}
NEEDS = {
    "photos": "照片 photos",
    "unlocated": "定位 place",
    "condition": "立案条件 condition",
    "awaiting_contract": "责任单位 contract",
    "awaiting_calendar": "工作日历 calendar",
    "disputed": "裁定 dispute",
    "after_photos": "处置后照片 photo of the work",
    "verification_photos": "核查照片 photo of the look",
}
REQUESTS = {"extension": "延期 extension", "return": "退单 return", "suspension": "挂账 suspension", "appeal": "申诉 appeal"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its headings, how wide it is in characters, what it holds, and how it is read from a line of a worklist."""

    heading_zh: str
    heading: str
    width: int
    kind: Literal["text", "number", "moment"]
    cell: Callable[[Mapping[str, Any]], Cell]


def _of(part: str, name: str) -> Callable[[Mapping[str, Any]], Cell]:
    return lambda line: (line[part] or {}).get(name)


def _said(words: Mapping[Any, str], value: Any) -> str | None:
    """In words; what has none, as it is."""
    return None if value is None else words.get(value, str(value))


def _category(line: Mapping[str, Any]) -> str:
    names = (line["category_name_zh"], line["category_name"], f"{line['category']['kind']}:{line['category']['code']}")
    return " ".join(name for name in names if name)


COLUMNS: Sequence[Column] = (
    Column("案卷号", "Number", 24, "text", lambda line: line["number"]),
    Column("类别", "Category", 34, "text", _category),
    Column("行业", "Trade", 18, "text", lambda line: _said(TRADES, line["trade"])),
    Column("严重程度", "Severity", 14, "text", lambda line: _said(SEVERITIES, line["severity"])),
    Column("状态", "State", 20, "text", lambda line: _said(STATES, line["state"])),
    Column("到期时间（北京时间）", "Due (Beijing time)", 20, "moment", lambda line: line["due"]),
    Column("红黄绿", "Colour", 12, "text", lambda line: _said(COLOURS, line["colour"])),
    Column("镇街", "Town", 14, "text", lambda line: line["town_name"]),
    Column("社区", "Community", 14, "text", lambda line: line["community_name"]),
    Column("地址", "Address", 34, "text", lambda line: line["address"]),
    Column("描述", "Note", 40, "text", lambda line: line["note"]),
    Column("尚缺", "Missing", 24, "text", lambda line: "、".join(_said(NEEDS, need) or "" for need in line["needs"])),
    Column("上报时间（北京时间）", "Recorded (Beijing time)", 20, "moment", lambda line: line["recorded_at"]),
    Column("处置单位", "Unit", 22, "text", _of("dispatch", "unit_name")),
    Column("任务状态", "Work", 20, "text", lambda line: _said(STATES, (line["dispatch"] or {}).get("state"))),
    Column("派遣时间（北京时间）", "Dispatched (Beijing time)", 20, "moment", _of("dispatch", "issued_at")),
    Column("返工次数", "Reworks", 10, "number", _of("dispatch", "reworks")),
    Column("退单次数", "Bounces", 10, "number", lambda line: line["bounces"]),
    Column("申请", "Request", 18, "text", lambda line: _said(REQUESTS, (line["request"] or {}).get("kind"))),
    Column("申请理由", "Reason asked", 34, "text", _of("request", "reason")),
)


def cells_of(line: Mapping[str, Any]) -> list[Cell]:
    """The cells of one line, in the order of the columns."""
    return [column.cell(line) for column in COLUMNS]
