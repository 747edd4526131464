"""What must hold after the month: every finding came to what its life meant, and every deadline is what the oracle says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.demo_day.checks import Checks
from scripts.demo_month.case import Case
from scripts.demo_month.oracle import Limit, due

STEP_LIMITS = {
    "accept": Limit(15, "working_minutes"),
    "dispatch": Limit(15, "working_minutes"),
    "verify": Limit(30, "working_minutes"),
    "check": Limit(30, "working_minutes"),
    "appeal": Limit(2, "working_days"),
}
_SHOWN = 8


def check_lives(checks: Checks, cases: Sequence[Case], docs: Mapping[str, dict[str, Any]]) -> None:
    """Every finding is there, where it is meant to be, and in the state that its life came to."""
    missing = [case.id for case in cases if case.id not in docs]
    checks.that(not missing, f"{len(cases)} 条上报全部成案", f"all {len(cases)} records are findings", missing[:_SHOWN])
    failed = [f"{case.fate} {case.doc.get('number')}: {case.fault}" for case in cases if case.fault]
    checks.that(not failed, "每条案卷按其经历走完", "every life went as it was meant", failed[:_SHOWN])
    there = [(case, docs[case.id]) for case in cases if case.id in docs and not case.fault]
    wrong = [(doc["number"], case.fate, doc["state"], case.expected) for case, doc in there if not _as_expected(case, doc)]
    checks.that(not wrong, "每条案卷的状态与其经历一致", "every state is what its life came to", wrong[:_SHOWN])
    astray = [doc["number"] for case, doc in there if doc["areas"]["town"] != case.town]
    checks.that(not astray, "所属镇街与位置一致", "every finding is in the town it was seen in", astray[:_SHOWN])


def check_deadlines(checks: Checks, cases: Sequence[Case], docs: Mapping[str, dict[str, Any]]) -> tuple[int, int]:
    """Each dispatch's deadline, each report's, and whether it was in time, as the oracle has them from the diaries; how many of each."""
    late, unlike, reports_unlike, limits = [], [], [], []
    tasks = reports = 0
    for case in cases:
        if case.id not in docs or case.fault:
            continue
        doc = docs[case.id]
        shown = {task["id"]: task for task in doc["dispatches"]}
        told = {report["id"]: report for report in doc["reports"]}
        for work in case.works:
            task = shown[work.id]
            tasks += 1
            if (task["limit"]["value"], task["limit"]["unit"]) != (work.limit.value, work.limit.unit):
                limits.append((doc["number"], task["limit"], work.limit))
            by = work.due(case.wide)
            if not _same(task["due"], by):
                unlike.append((doc["number"], case.fate, task["due"], _said(by)))
            for report in work.reports:
                reports += 1
                by = work.due_of(report, case.wide)
                seen = told[report.id]
                if not _same(seen["due"], by):
                    reports_unlike.append((doc["number"], case.fate, seen["due"], _said(by)))
                if by is not None and seen["on_time"] != (report.at <= by):
                    late.append((doc["number"], case.fate, seen["on_time"], report.at.isoformat(), _said(by)))
    checks.that(not limits, "处置时限取自目录", "every limit is that of the catalogue", limits[:_SHOWN])
    checks.that(not unlike, f"{tasks} 个派遣截止时间与独立核算一致", f"{tasks} deadlines are those of the oracle", unlike[:_SHOWN])
    checks.that(not reports_unlike, f"{reports} 次反馈的截止时间与独立核算一致", f"and those of {reports} reports", reports_unlike[:_SHOWN])
    checks.that(not late, "按期与超期的判定与独立核算一致", "in time or late as the oracle says", late[:_SHOWN])
    return tasks, reports


def check_steps(checks: Checks, cases: Sequence[Case], explained: Mapping[str, dict[str, Any]]) -> int:
    """The steps of the desk and of inspectors are due when the oracle says, and late where they were done later; how many steps."""
    wrong, late = [], []
    count = 0
    for case in cases:
        for step in explained.get(case.id, {"steps": []})["steps"]:
            limit = STEP_LIMITS.get(step["step"])
            count += 1
            by = due(limit, dt.datetime.fromisoformat(step["started_at"])) if limit else None
            if not _same(step["due"], by):
                wrong.append((case.doc.get("number"), step["step"], step["started_at"], step["due"], _said(by)))
            if by is not None and step["done_at"] is not None and step["late"] != (dt.datetime.fromisoformat(step["done_at"]) > by):
                late.append((case.doc.get("number"), step))
    checks.that(not wrong, f"{count} 个环节时限与独立核算一致", f"{count} steps are due as the oracle says", wrong[:_SHOWN])
    checks.that(not late, "环节超时的判定与独立核算一致", "steps are late where the oracle says so", late[:_SHOWN])
    return count


def check_rulings(checks: Checks, cases: Sequence[Case], docs: Mapping[str, dict[str, Any]]) -> None:
    """Appeals that were granted exempt their dispatch, and no other."""
    wrong = [
        (doc["number"], task["id"])
        for case in cases
        if (doc := docs.get(case.id)) is not None and not case.fault
        for task in doc["dispatches"]
        if task["exempt"] != (case.exempt and case.done)
    ]
    checks.that(not wrong, "仅申诉成立者免计", "only granted appeals exempt", wrong[:_SHOWN])


def check_asking(checks: Checks, faults: Iterable[str], answers: Mapping[int, int]) -> None:
    """Nobody got an answer that was not meant."""
    found = list(faults)
    checks.that(not found, "所有应答均在意料之中", "every answer was as it was meant", found[:_SHOWN])
    checks.that(not any(status >= 500 for status in answers), "没有服务端错误", "no server error", dict(answers))


def _as_expected(case: Case, doc: Mapping[str, Any]) -> bool:
    return bool(doc["state"] == case.expected)


def _same(shown: str | None, worked_out: dt.datetime | None) -> bool:
    return (shown and dt.datetime.fromisoformat(shown)) == worked_out


def _said(at: dt.datetime | None) -> str:
    return "—" if at is None else at.isoformat(timespec="seconds")


__all__ = ["Checks", "check_asking", "check_deadlines", "check_lives", "check_rulings", "check_steps"]
