"""Counts and rates of the month, by the formulas of the indicators that districts are measured with, from findings as the API shows them.

应处置数: dispatches whose deadline lies within the period. 处置数: those of them that were handed back. 按期处置数: handed back in time.
A rate whose divisor is 0 is shown as a dash and is part of no mean.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Counts of one town, contractor or the whole."""

    reported: int = 0
    filed: int = 0
    voided: int = 0
    due: int = 0
    done: int = 0
    done_in_time: int = 0
    closing_due: int = 0
    closed: int = 0
    closed_in_time: int = 0
    reworks: int = 0
    handed_back: int = 0
    extended: int = 0
    dispatched: int = 0
    wrong: int = 0
    suspended: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @property
    def rates(self) -> dict[str, float | None]:
        """By name, as parts of one."""
        return {
            "done": part(self.done, self.due),
            "done_in_time": part(self.done_in_time, self.due),
            "closed": part(self.closed, self.closing_due),
            "closed_in_time": part(self.closed_in_time, self.closing_due),
            "reworks": part(self.reworks, self.handed_back),
            "extended": part(self.extended, self.due),
            "filed_right": part(self.filed - self.voided, self.filed),
            "sent_right": part(self.dispatched - self.wrong, self.dispatched),
        }


def part(some: int, whole: int) -> float | None:
    """The rate; None where there is nothing to divide by."""
    return some / whole if whole else None


def tally(findings: Iterable[Mapping[str, Any]], *, until: dt.datetime) -> tuple[Tally, dict[str, Tally], dict[str, Tally]]:
    """Of all, by town, and by the unit that was to do it; the period ends at `until`."""
    whole = Tally()
    towns: dict[str, Tally] = {}
    units: dict[str, Tally] = {}
    for doc in findings:
        town = towns.setdefault(doc["areas"]["town"] or "-", Tally())
        for each in (whole, town):
            _count_finding(each, doc, until)
        extended = {asked["dispatch"] for asked in doc["requests"] if asked["kind"] == "extension" and asked["state"] == "granted"}
        suspended = {asked["dispatch"] for asked in doc["requests"] if asked["kind"] == "suspension" and asked["state"] == "granted"}
        for task in doc["dispatches"]:
            unit = units.setdefault(task["unit"], Tally())
            for each in (whole, town, unit):
                _count_task(each, task, doc, until)
                each.extended += task["id"] in extended
                each.suspended += task["id"] in suspended
    return whole, towns, units


def _count_finding(tally: Tally, doc: Mapping[str, Any], until: dt.datetime) -> None:
    tally.reported += 1
    tally.states[doc["state"]] += 1
    tally.filed += doc["filed_at"] is not None
    tally.voided += doc["filed_at"] is not None and doc["state"] == "void"
    leads = [task for task in doc["dispatches"] if task["role"] == "lead" and task["replaced_by"] is None]
    if doc["state"] != "void" and leads and leads[-1]["due"] is not None and _at(leads[-1]["due"]) <= until:
        tally.closing_due += 1
        tally.closed += doc["state"] == "closed"
        tally.closed_in_time += doc["state"] == "closed" and in_time(leads[-1], doc) is True


def _count_task(tally: Tally, task: Mapping[str, Any], doc: Mapping[str, Any], until: dt.datetime) -> None:
    wrong = {asked["dispatch"] for asked in doc["requests"] if asked["kind"] == "return" and asked["state"] == "granted"}
    tally.dispatched += 1
    tally.wrong += task["id"] in wrong
    tally.reworks += task["reworks"]
    tally.handed_back += (task["handed_back_at"] is not None) + task["reworks"]
    if task["state"] in {"cancelled", "returned"} or task["exempt"] or task["due"] is None or _at(task["due"]) > until:
        return
    tally.due += 1
    tally.done += task["handed_back_at"] is not None
    tally.done_in_time += in_time(task, doc) is True


def in_time(task: Mapping[str, Any], doc: Mapping[str, Any]) -> bool | None:
    """Whether its work was handed back in time; None while it is not."""
    if task["handed_back_at"] is None:
        return None
    reports = [each for each in doc["reports"] if each["dispatch"] == task["id"] and each["state"] not in {"added", "awaiting_hand_back"}]
    return reports[-1]["on_time"] if reports else None


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
