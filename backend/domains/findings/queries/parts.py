"""The parts of a finding's document: its dispatches with what was reported, asked and found, each from the columns of its row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from backend.domains.findings.rules.reports import is_uncertain, timeliness


def own_task(tasks: Iterable[Any], units: Collection[UUID]) -> Any:
    """The dispatch that people of these units have of a finding: one that stands, the lead before others, the newest. None without one."""
    own = [task for task in tasks if task.unit in units and task.replaced_by is None]
    return max(own, key=lambda task: (task.cancelled_at is None, task.role == "lead", task.issued_at), default=None)


def limit_of(row: Any) -> dict[str, Any] | None:
    """The limit of a finding or dispatch row."""
    if row.limit_value is None:
        return None
    return {"value": row.limit_value, "unit": row.limit_unit, "source": row.limit_source}


def dispatch_doc(task: Any, *, outsider: bool) -> dict[str, Any]:
    """A dispatch; for contractors without what else might have matched."""
    return {
        "id": task.id,
        "role": task.role,
        "state": task.state,
        "unit": task.unit,
        "unit_kind": task.unit_kind,
        "contract": task.contract,
        "choice": {"reason": task.choice["reason"]} if outsider else task.choice,
        "issued_at": task.issued_at,
        "automatic": task.automatic,
        "limit": limit_of(task),
        "deadline": task.deadline,
        "due": task.due,
        "awaiting_calendar": task.awaiting_calendar,
        "handed_back_at": task.handed_back_at,
        "reworks": task.reworks,
        "returns": task.returns,
        "suspended_until": task.suspended_until,
        "area_suspension": task.held_by,
        "yellow_from": task.yellow_from,
        "exempt": task.exempt,
        "worker": task.worker,
        "hand_back_by": task.hand_back_by or "worker",
        "replaced_by": task.replaced_by,
    }


def report_doc(report: Any, *, outsider: bool) -> dict[str, Any]:
    """A report; for contractors without names."""
    window = (report.earliest_at, report.latest_at) if report.earliest_at and report.latest_at else None
    waits = report.state == "awaiting_hand_back"
    return {
        "id": report.id,
        "dispatch": report.dispatch,
        "state": report.state,
        "note": report.note,
        "photos": report.photos,
        "reported_by": None if outsider else report.reported_by,
        "reported_at": report.reported_at,
        "received_at": report.received_at,
        "time_quality": report.time_quality,
        "due": report.due,
        "counts_at": report.counts_at or (None if waits else report.reported_at),
        "handed_back_at": report.handed_back_at,
        "handed_back_by": None if outsider else report.handed_back_by,
        "on_time": None if waits else timeliness(report.counts_at or report.reported_at, report.due, window),
        "time_uncertain": is_uncertain(report.due, window),
        "decided": report.decided_result,
        "decided_at": report.decided_at,
    }


def verification_doc(look: Any, *, outsider: bool) -> dict[str, Any]:
    """A look on site; for contractors without names."""
    return {
        "id": look.id,
        "phase": look.phase,
        "report": look.report,
        "result": look.result,
        "note": look.note,
        "photos": look.photos,
        "verified_by": None if outsider else look.verified_by,
        "observation": look.observation,
        "verified_at": look.verified_at,
        "received_at": look.received_at,
        "time_quality": look.time_quality,
    }


def request_doc(asked: Any, *, outsider: bool) -> dict[str, Any]:
    """What a unit asked, and the decision; for contractors without names."""
    return {
        "id": asked.id,
        "dispatch": asked.dispatch,
        "kind": asked.kind,
        "state": asked.state,
        "reason": asked.reason,
        "until": asked.until,
        "granted_until": asked.granted_until,
        "ended_at": asked.ended_at,
        "photos": asked.photos,
        "asked_by": None if outsider else asked.asked_by,
        "asked_at": asked.asked_at,
        "decided_by": None if outsider else asked.decided_by,
        "decided_at": asked.decided_at,
        "decided_reason": asked.decided_reason,
    }
