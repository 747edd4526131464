"""What must hold after the day: each expectation with its Chinese and English words, and what was found where it does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from scripts.demo_day.day import Day, Sight, expected_quality
from tests.phone.album import Delivery
from tests.phone.outbox import Outcome
from tests.phone.phone import Phone, Pushed

_BY_THE_CONTRACT = {("merged", "contract_changed"), ("merged", "time_uncertain")}
"""How a record is answered whose contract has ended since, or hangs on a time that is only estimated: see `check_findings`."""
_CLOSE_ENOUGH = dt.timedelta(seconds=5)
"""Estimated times rest on the way of one request; the others are good to milliseconds."""


@dataclass
class Checks:
    """Expectations met and unmet."""

    lines: list[tuple[bool, str, str, str]] = field(default_factory=list)

    def that(self, holds: object, zh: str, en: str, found: object = "") -> None:
        """Note whether it holds."""
        self.lines.append((bool(holds), zh, en, "" if holds else str(found)))

    @property
    def unmet(self) -> int:
        """How many do not hold."""
        return sum(not line[0] for line in self.lines)

    def shown(self, lang: str) -> str:
        """One line each."""
        return "\n".join(
            f"  {'✓' if ok else '✗'} {zh if lang == 'zh' else en}{f': {found}' if found else ''}" for ok, zh, en, found in self.lines
        )


def check_delivery(checks: Checks, phone: Phone, pushed: Pushed, delivered: Sequence[Delivery], outcomes: Sequence[Outcome]) -> None:
    """Everything arrived once, whatever broke."""
    chain = phone.store["chain"] or {}
    last = phone.outbox.last_seq
    checks.that(
        phone.outbox.depth == 0 and chain.get("through") == last,
        "操作全部送达，哈希链一致",
        "all operations arrived, the chain agrees",
        chain,
    )
    inside = [(sent, known) for sent, known in pushed.duplicates_after_break if 0 < known < sent]
    after = [(sent, known) for sent, known in pushed.duplicates_after_break if known == sent]
    checks.that(inside, "传输中断线：完整的行已保存", "the broken body: its whole lines were kept", pushed.duplicates_after_break)
    checks.that(after, "应答前断线：重发全部为重复", "the lost answer: all of its lines were duplicates", pushed.duplicates_after_break)
    checks.that(pushed.answers.get("deferred"), "先到的子操作暂存", "the child that came before its parent was deferred", pushed.answers)
    resumed = [each for delivery in delivered for each in delivery.resumed]
    checks.that(resumed, "照片断点续传", "an interrupted photo went on where it broke", resumed)
    checks.that(
        sum(delivery.found_again for delivery in delivered) >= 1,
        "丢失应答的上传被找回",
        "an upload whose creation was lost was found again",
    )
    checks.that(sum(delivery.by_put for delivery in delivered) == 1, "一张照片经 PUT 送达", "one photo went by PUT")
    refused = [each for delivery in delivered for each in delivery.refused]
    checks.that(not refused and not phone.album.waiting(), "照片全部送达", "all photos arrived", refused or phone.album.waiting())
    rejected = [(outcome.verb, outcome.code) for outcome in outcomes if outcome.status == "rejected"]
    checks.that(
        rejected == [("record_finding", "unknown_category")], "仅未知类别被拒收", "only the unknown category was rejected", rejected
    )
    others = [
        (outcome.seq, outcome.verb, outcome.status, outcome.code)
        for outcome in outcomes
        if outcome.status not in {"applied", "rejected"} and (outcome.status, outcome.code) not in _BY_THE_CONTRACT
    ]
    checks.that(not others, "其余操作全部生效", "all other operations took effect", others)


def check_times(checks: Checks, day: Day, records: Sequence[Outcome]) -> None:
    """Times are what they truly were, though the phone's clock was wrong."""
    wrong = []
    for sight, record in zip(day.sights, records, strict=True):
        told = record.result.get("time_quality"), record.result.get("at_corrected")
        off = abs(dt.datetime.fromisoformat(told[1]) - sight.at) if told[1] else None
        if told[0] != expected_quality(sight.at, day.boots) or off is None or off > _CLOSE_ENOUGH:
            wrong.append((record.seq, *told, f"{sight.at:%H:%M:%S}"))
    checks.that(not wrong, "校正时间符合实际（钟慢 73 秒）", "corrected times are true (the clock was 73 s slow)", wrong)


def check_findings(checks: Checks, phone: Phone, day: Day, made: Mapping[str, dict[str, Any]], records: Sequence[Outcome]) -> None:
    """Each finding lies where the map says and is bound to the contract that the register names, then and at its dispatch."""
    pairs = [(sight, made[record.entity]) for sight, record in zip(day.sights, records, strict=True) if record.entity in made]
    checks.that(len(pairs) == len(day.sights) - 1, "除未知类别外均已成案", "every record but the unknown category is a finding", len(pairs))
    codes = {record.entity: record.code for record in records}
    astray, liable, executing, told = [], [], [], []
    for sight, doc in pairs:
        if doc["grid"] != _grid(phone, sight):
            astray.append((doc["number"], doc["grid"]))
        then = _match(phone, doc, doc["recorded_at"])
        uncertain = doc["liability"]["reason"] == "time_uncertain"
        ended = then[1] is not None and then[1] != _match(phone, doc, dt.datetime.now(dt.UTC).isoformat())[1]
        if codes[doc["id"]] != ("time_uncertain" if uncertain else "contract_changed" if ended else None):
            told.append((doc["number"], codes[doc["id"]], then[1]))
        if uncertain:
            # Whose it is hangs on a time that is only estimated: the one of the estimate is among those a person chooses from.
            between = [_number(contract) for contract in doc["liability"]["between"]]
            if expected_quality(sight.at, day.boots) != "estimated" or then[1] not in between or doc["liable"] is not None:
                liable.append((doc["number"], then))
        elif (doc["liability"]["reason"], _number(doc["liability"]["contract"]), _number(doc["liability"]["runner_up"])) != then:
            liable.append((doc["number"], then))
        executing += [
            (doc["number"], task["choice"]["reason"])
            for task in doc["dispatches"]
            if _match(phone, doc, task["issued_at"])[:2] != (task["choice"]["reason"], _number(task["choice"]["contract"]))
        ]
    checks.that(not astray, "单元网格与地图一致", "grids are those of the map", astray)
    checks.that(not liable, "责任合同与上报时刻的合同一致", "liable contracts are those in force when it was recorded", liable)
    checks.that(not told, "合同已终止的逐条告知", "where the contract has ended since, the phone was told", told)
    checks.that(not executing, "执行合同与派遣时刻的合同一致", "executing contracts are those in force at dispatch", executing)
    for special, zh, en, holds in _SPECIALS:
        found = [doc for sight, doc in pairs if sight.special == special]
        checks.that(found and all(holds(doc) for doc in found), zh, en, [(doc["number"], doc["state"], doc["needs"]) for doc in found])
    photos = [photo["state"] for _, doc in pairs for photo in doc["photos"]]
    checks.that(set(photos) == {"usable"}, "照片均已检验可用", "all photos were examined and are usable", sorted(set(photos)))


def check_again(checks: Checks, before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> None:
    """The day sent once more changed nothing: no finding more or less, none of them different."""
    changed = [doc["number"] for key, doc in before.items() if after.get(key) != doc]
    checks.that(before.keys() == after.keys(), "案卷数量不变", "as many findings as before", (len(before), len(after)))
    checks.that(not changed, "案卷内容不变", "every finding is as it was", changed)


def is_settled(doc: dict[str, Any], catalog: dict[str, Any]) -> bool:
    """Whether nothing more happens to the finding by itself: photos examined, automatic moves done."""
    if any(photo["state"] in {"declared", "uploading", "stored"} for photo in doc["photos"]):
        return False
    policy = _policy(doc, catalog)
    blocked = set(doc["needs"])
    if doc["state"] == "recorded":
        return not policy["auto_file"] or bool(blocked & {"photos", "unlocated", "condition", "disputed"})
    if doc["state"] == "filed":
        return not policy["auto_dispatch"] or bool(blocked & {"disputed", "awaiting_contract"}) or doc["limit"] is None
    return True


def _policy(doc: dict[str, Any], catalog: dict[str, Any]) -> dict[str, Any]:
    """The filing policy that holds now: the narrowest scope that has one, of it the latest."""
    for scope, key in (("category", f"{doc['category']['kind']}:{doc['category']['code']}"), ("trade", doc["trade"]), ("all", "")):
        found = [policy for policy in catalog["policies"] if (policy["scope"], policy["key"]) == (scope, key)]
        if found:
            return max(found, key=lambda policy: dt.datetime.fromisoformat(policy["valid_from"]))
    return {"auto_file": False, "auto_dispatch": False}


_SPECIALS: tuple[tuple[str, str, str, Callable[[dict[str, Any]], object]], ...] = (
    (
        "outside",
        "区外：保存，未定位",
        "outside the district: kept, unlocated",
        lambda doc: doc["grid"] is None and "unlocated" in doc["needs"],
    ),
    ("gap", "无合同：等待合同", "no contract: waits for one", lambda doc: doc["liable"] is None and "awaiting_contract" in doc["needs"]),
    (
        "overlap",
        "合同重叠：路段合同优先",
        "the overlap: the road's contract comes first",
        lambda doc: doc["liability"]["reason"] == "more_specific" and doc["liability"]["runner_up"] is not None,
    ),
    (
        "no_condition",
        "未定立案条件：等待受理员",
        "no condition: waits for the desk",
        lambda doc: doc["needs"] == ["condition"] and doc["state"] == "recorded",
    ),
    ("withdrawn", "已撤回", "withdrawn", lambda doc: doc["state"] == "withdrawn"),
    ("amended", "备注已更正", "the note was amended", lambda doc: doc["note"].endswith("（面积已量）")),
    ("note_before", "先到的备注已归入", "the note that came first is on it", lambda doc: len(doc["notes"]) == 1),
    ("photo_later", "补充的照片已归入", "the photo added later is on it", lambda doc: doc["evidence"]["usable"] == 2),
    ("corner", "界址点归于唯一网格", "corners of grids fall to one grid", lambda doc: doc["grid"] is not None),
    (
        "succeeded",
        "责任与执行合同已确定",
        "liable and executing contracts are known",
        lambda doc: doc["state"] == "dispatched" and doc["deadline"],
    ),
)


def _grid(phone: Phone, sight: Sight) -> str | None:
    place = {name: sight.place[name] for name in ("lon", "lat", "datum")}
    found = phone.wire.ask("GET", "/areas/locate?" + urlencode({**place, "at": sight.at.isoformat()}), token=phone.store["session"])[
        "located"
    ]
    return found["grid"]["code"] if found else None


def _match(phone: Phone, doc: dict[str, Any], at: str) -> tuple[str, str | None, str | None]:
    query = {name: doc["place"][name] for name in ("lon", "lat", "datum")}
    query |= {"category": f"{doc['category']['kind']}:{doc['category']['code']}", "at": at}
    found = phone.wire.ask("GET", "/contracts/match?" + urlencode(query), token=phone.store["session"])
    return found["reason"], _number(found["winner"]), _number(found["runner_up"])


def _number(contract: dict[str, Any] | None) -> str | None:
    return contract["number"] if contract else None
