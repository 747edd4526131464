"""What residents do with receipt and secret: write, withdraw, rate, have their contact erased. The door has checked both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.findings.actions.amend import withdraw_finding
from backend.domains.findings.model.finding import Finding
from backend.domains.identity.rules.services import is_service
from backend.domains.residents.actions.behalf import act_as_resident
from backend.domains.residents.actions.contact import erase_contact
from backend.domains.residents.actions.turns import take_turn
from backend.domains.residents.model import ResidentMessage, ResidentReport
from backend.domains.residents.queries.reports import own_report
from backend.domains.residents.queries.standing import standing_of
from backend.domains.residents.rules.receipts import NotNow
from backend.domains.residents.rules.redacting import redact
from backend.domains.residents.rules.status import ENDED


def write_message(session: Session, act: Act, *, report: UUID, payload: dict[str, Any], turn: bytes) -> ResidentReport:
    """A word to the desk, which owes an answer from then on."""
    row = _own(session, act, report, turn)
    _say(session, act, row, payload["text"])
    row.todo = row.todo or "reply"
    act.tell("resident_report.written_to", "resident_report", row.id)
    return row


def withdraw_report(session: Session, act: Act, *, report: UUID, payload: dict[str, Any], turn: bytes) -> ResidentReport:
    """Take the report back. What is filed already becomes a request to void, which a shift leader decides. Raises NotNow once it ended.

    A finding that somebody of the desk recorded from a call stays theirs: the wish goes to the desk as a word.
    """
    row = _own(session, act, report, turn)
    standing = standing_of(session, row)
    if standing.stage in ENDED:
        raise NotNow(f"it is {standing.stage}", stage=standing.stage)
    reason = redact(payload["reason"] or "撤回 / withdrawn")
    if row.finding is None:
        row.state, row.todo, row.ended_at = "withdrawn", None, act.at
    else:
        finding = session.get(Finding, row.finding)
        assert finding is not None, "findings are never deleted"
        if is_service(finding.recorded_by):
            changed, _ = withdraw_finding(session, act, finding=row.finding, payload={"reason": reason})
            if changed.state == "withdrawn":
                row.state, row.todo, row.ended_at = "withdrawn", None, act.at
        else:
            _say(session, act, row, f"请求撤回 / asks to withdraw: {reason}")
            row.todo = "reply"
    act.tell("resident_report.withdrawn", "resident_report", row.id, at_once=row.state == "withdrawn")
    return row


def rate_report(session: Session, act: Act, *, report: UUID, payload: dict[str, Any], turn: bytes) -> ResidentReport:
    """One to five, once it has ended; another rating takes the place of the first. Raises NotNow."""
    row = _own(session, act, report, turn)
    standing = standing_of(session, row)
    if standing.stage not in {"closed", "not_taken"}:
        raise NotNow("it is rated when it has ended", stage=standing.stage)
    row.rating, row.rated_at = payload["rating"], act.at
    row.rating_note = redact(payload["note"]) if payload["note"] and row.erased_at is None else None
    act.tell("resident_report.rated", "resident_report", row.id, rating=row.rating, finding=row.finding)
    return row


def forget_contact(session: Session, act: Act, *, report: UUID, turn: bytes) -> ResidentReport:
    """The resident takes back the consent: name, phone and the text as it was sent go at once. The report goes on."""
    row = _own(session, act, report, turn)
    if row.contact_erased_at is None:
        erase_contact(act, row)
        act.tell("resident_report.erased", "resident_report", row.id, why="resident")
    return row


def _own(session: Session, act: Act, report: UUID, turn: bytes) -> ResidentReport:
    take_turn(session, act, kind="word", key=turn)
    act_as_resident(session, act)
    return own_report(session, report)


def _say(session: Session, act: Act, row: ResidentReport, text: str) -> None:
    if row.erased_at is not None:
        raise NotNow("the report is kept without personal data and takes no further words", stage="erased")
    session.add(ResidentMessage(id=act.new_id(), report=row.id, author="resident", text=redact(text), written_by=None, written_at=act.at))
