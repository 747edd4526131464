"""What became of each finding, as an aligned table in Chinese or English, and the counts below it."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.phone.clock import LOCAL
from tests.phone.outbox import Outcome

Lang = Literal["zh", "en"]

_HEADS = (
    ("案卷号", "Number"),
    ("类别·立案条件", "Category · condition"),
    ("单元网格", "Grid"),
    ("社区", "Community"),
    ("镇街", "Town"),
    ("责任合同（理由；次选）→ 执行", "Contract (reason; runner-up) → executing"),
    ("状态", "State"),
    ("时限", "Limit"),
    ("截止时间／等待", "Deadline / waits for"),
)
_WIDTHS = (0, 36, 0, 16, 0, 0, 0, 0, 0)
_UNITS = {
    "urgent_hours": ("紧急小时", "urgent h"),
    "working_hours": ("工作小时", "working h"),
    "working_days": ("工作日", "working d"),
    "calendar_days": ("自然日", "calendar d"),
}
_STATES = {
    "recorded": ("已上报", "recorded"),
    "withdrawn": ("已撤回", "withdrawn"),
    "filed": ("已立案", "filed"),
    "dispatched": ("已派遣", "dispatched"),
    "void": ("作废", "void"),
    "rejected": ("拒收", "rejected"),
    "deferred": ("暂存", "deferred"),
}
_NEEDS = {
    "photos": ("照片", "photos"),
    "unlocated": ("定位（区外）", "a place (outside)"),
    "condition": ("立案条件", "a condition"),
    "awaiting_contract": ("合同", "a contract"),
    "awaiting_calendar": ("日历", "the calendar"),
    "disputed": ("争议处理", "the dispute"),
}
_REASONS = {
    "only_one": ("唯一", "only one"),
    "priority": ("优先级", "priority"),
    "more_specific": ("更具体", "more specific"),
    "later_signature": ("签订较晚", "signed later"),
    "lowest_id": ("编号", "lowest id"),
    "acting_unit": ("无合同，按权责清单", "no contract: unit by matrix"),
    "awaiting_contract": ("无", "none"),
}
_OUTCOMES = {
    "applied": ("已生效", "applied"),
    "merged": ("已合并", "merged"),
    "conflict": ("有冲突", "conflict"),
    "rejected": ("已拒收", "rejected"),
    "deferred": ("暂存", "deferred"),
    "received": ("已收未判", "received"),
    "duplicate": ("重复", "duplicate"),
}
_PHOTOS = {
    "declared": ("已声明", "declared"),
    "uploading": ("上传中", "uploading"),
    "stored": ("已存", "stored"),
    "usable": ("可用", "usable"),
    "unreadable": ("无法读取", "unreadable"),
    "waived": ("已豁免", "waived"),
    "on no finding": ("属于被拒收的上报", "of a rejected record"),
}


@dataclass(frozen=True)
class Names:
    """Documents of the phone's copy that turn codes into names."""

    areas: Mapping[str, dict[str, Any]]
    categories: Mapping[str, dict[str, Any]]


def findings_table(
    records: Sequence[Outcome],
    docs: Mapping[str, dict[str, Any]],
    sent: Mapping[str, dict[str, Any]],
    names: Names,
    *,
    lang: Lang,
    plain: bool,
) -> str:
    """One line a finding in the order of the day; `sent` are the payloads by entity. `plain` leaves out numbers and times."""
    rows = []
    for order, record in enumerate(records, start=1):
        doc = docs.get(record.entity)
        cells = _row(doc, names, lang, plain=plain) if doc else _unmade(record, sent[record.entity], names, lang)
        rows.append([f"{order:02d}" if plain else cells[0], *cells[1:]])
    first, second = (0, 1) if lang == "zh" else (1, 0)
    return aligned([head[first] for head in _HEADS], [head[second] for head in _HEADS], rows)


def counts(outcomes: Sequence[Outcome], answers: Mapping[str, int], docs: Sequence[dict[str, Any]], lang: Lang, *, photos: int) -> str:
    """Operations by outcome, answers with their duplicates, photos by state (of `photos` taken), findings by state."""
    which = 0 if lang == "zh" else 1
    operations = Counter(outcome.status or "received" for outcome in outcomes)
    states = Counter(photo["state"] for doc in docs for photo in doc["photos"])
    if photos > states.total():
        states["on no finding"] = photos - states.total()
    parts = (
        (("操作", "Operations"), operations, _OUTCOMES),
        (("应答", "Answers"), answers, _OUTCOMES),
        (("照片", "Photos"), states, _PHOTOS),
        (("案卷", "Findings"), Counter(doc["state"] for doc in docs), _STATES),
    )
    lines = []
    for heads, found, words in parts:
        if not found:
            continue
        said = "，".join if lang == "zh" else ", ".join
        each = said(f"{words[name][which] if name in words else name} {number}" for name, number in sorted(found.items()))
        lines.append(
            f"{heads[0]} {heads[1]}: {sum(found.values())} ({each})" if lang == "zh" else f"{heads[1]}: {sum(found.values())} ({each})"
        )
    return "\n".join(lines)


def aligned(heads: Sequence[str], second_heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, counting a Chinese character as two."""
    clipped = [[clip(cell, most) if most else cell for cell, most in zip(row, _WIDTHS, strict=True)] for row in rows]
    lines = [list(heads), list(second_heads), *clipped]
    widths = [max(width(line[column]) for line in lines) for column in range(len(heads))]
    printed = ["  ".join(cell + " " * (most - width(cell)) for cell, most in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*printed[:2], "─" * (sum(widths) + 2 * (len(widths) - 1)), *printed[2:]])


def width(text: str) -> int:
    """Columns a terminal needs: wide and full-width characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def clip(text: str, most: int) -> str:
    """The text within so many columns, with an ellipsis where something went."""
    if width(text) <= most:
        return text
    while width(text) > most - 1:
        text = text[:-1]
    return text + "…"


def _row(doc: dict[str, Any], names: Names, lang: Lang, *, plain: bool) -> list[str]:
    which = 0 if lang == "zh" else 1
    areas = doc["areas"]
    return [
        doc["number"],
        _category(doc["category"], doc["condition"], names, lang),
        doc["grid"] or "—",
        _area(areas["community"], names),
        _area(areas["town"], names),
        _contract(doc, which),
        _STATES.get(doc["state"], (doc["state"],) * 2)[which],
        _limit(doc["limit"], which),
        _deadline(doc, which, plain=plain),
    ]


def _unmade(record: Outcome, payload: dict[str, Any], names: Names, lang: Lang) -> list[str]:
    """A record that made no finding: what was said, and why not."""
    which = 0 if lang == "zh" else 1
    status = record.status or "received"
    return [
        "—",
        _category(payload["category"], payload["condition"], names, lang),
        "—",
        "—",
        "—",
        "—",
        _STATES[status][which],
        "—",
        record.code or "—",
    ]


def _category(category: dict[str, Any], number: int | None, names: Names, lang: Lang) -> str:
    doc = names.categories.get(f"{category['kind']}:{category['code']}")
    if doc is None:
        return f"{category['code']} ({'目录中没有' if lang == 'zh' else 'not in the catalogue'})"
    condition = next((each for each in doc["conditions"] if each["number"] == number), None)
    if condition is None:
        return f"{category['code']} {doc['name'][lang]} · ?"
    return f"{category['code']} {doc['name'][lang]} · {condition['text'] if lang == 'zh' and condition['text'] else number}"


def _area(code: str | None, names: Names) -> str:
    return "—" if code is None else str(names.areas[code]["name"]) if code in names.areas else code


def _contract(doc: dict[str, Any], which: int) -> str:
    liability = doc["liability"]
    reason: str = _REASONS.get(liability["reason"], (liability["reason"],) * 2)[which]
    contract, runner_up = liability["contract"], liability["runner_up"]
    if contract is None:
        return reason
    more = f"；{runner_up['number']}" if runner_up else ""
    said = f"{contract['number']}（{reason}{more}）" if which == 0 else f"{contract['number']} ({reason}{more.replace('；', '; ')})"
    executing = [task["choice"]["contract"] for task in doc["dispatches"] if task["role"] == "lead" and task["choice"].get("contract")]
    if executing and executing[0]["number"] != contract["number"]:
        said += f" → {executing[0]['number']}"
    return said


def _limit(limit: dict[str, Any] | None, which: int) -> str:
    if limit is None:
        return "—"
    mark = "*" if limit["source"] == "class_default" else ""
    return f"{limit['value']} {_UNITS[limit['unit']][which]}{mark}"


def _deadline(doc: dict[str, Any], which: int, *, plain: bool) -> str:
    if doc["deadline"]:
        if plain:
            return ("已定", "set")[which]
        return f"{dt.datetime.fromisoformat(doc['deadline']).astimezone(LOCAL):%m-%d %H:%M}"
    waits = [_NEEDS[need][which] for need in doc["needs"]]
    if doc["state"] == "withdrawn":
        return "—"
    if waits:
        return ("待" + "、".join(waits)) if which == 0 else "waits for " + ", ".join(waits)
    step = {"recorded": ("待受理立案", "waits for the acceptor"), "filed": ("待派遣", "waits for the dispatcher")}
    return step.get(str(doc["state"]), ("—", "—"))[which]
