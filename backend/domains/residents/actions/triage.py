"""What the desk does with a report: makes it a finding, dismisses it with an answer, or answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.problems import Invalid
from backend.domains.residents.actions.intake import take_up
from backend.domains.residents.model import ResidentMessage, ResidentReport
from backend.domains.residents.queries.reports import lock_report
from backend.domains.residents.rules.intake import ReportNotOpen


def take_up_report(session: Session, act: Act, *, report: UUID, payload: dict[str, Any]) -> ResidentReport:
    """Record the finding that the report tells of: the desk says of what category it is and where.

    Raises ReportNotOpen, Invalid where neither says a place, and what `record_finding` raises.
    """
    row = _open(session, act, report)
    place = payload["place"] or row.place
    if place is None:
        raise Invalid("the report has no place: say where it is", errors=[("/place", "required where the report has none")])
    take_up(session, act, row, category=payload["category"], place=place, address=payload["address"])
    row.taken_by = act.actor.person
    act.tell("resident_report.taken_up", "resident_report", row.id, finding=row.finding)
    return row


def dismiss_report(session: Session, act: Act, *, report: UUID, payload: dict[str, Any]) -> ResidentReport:
    """It becomes no finding: why, and the answer that the resident reads. Raises ReportNotOpen."""
    row = _open(session, act, report)
    row.state, row.outcome, row.todo = "dismissed", payload["outcome"], None
    row.ended_at, row.taken_by = act.at, act.actor.person
    _say(session, act, row, payload["reply"])
    act.tell("resident_report.dismissed", "resident_report", row.id, outcome=row.outcome)
    return row


def reply_to_report(session: Session, act: Act, *, report: UUID, payload: dict[str, Any]) -> ResidentReport:
    """Tell the resident something, at whatever stage."""
    row = lock_report(session, act, report)
    _say(session, act, row, payload["text"])
    if row.todo == "reply":
        row.todo = None
    act.tell("resident_report.replied", "resident_report", row.id)
    return row


def _open(session: Session, act: Act, report: UUID) -> ResidentReport:
    row = lock_report(session, act, report)
    if row.state != "open":
        raise ReportNotOpen(f"it is {row.state}", state=row.state, finding=row.finding and str(row.finding))
    return row


def _say(session: Session, act: Act, row: ResidentReport, text: str) -> None:
    session.add(ResidentMessage(id=act.new_id(), report=row.id, author="desk", text=text, written_by=act.actor.person, written_at=act.at))
