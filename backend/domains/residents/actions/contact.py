"""Names and phone numbers: read for a reason that is kept, and erased when their time is over."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.domains.residents.model import ContactView, ResidentMessage, ResidentReport
from backend.domains.residents.queries.reports import lock_report
from backend.domains.residents.rules.access import ContactErased, NoContact
from backend.domains.residents.rules.redacting import redact


def view_contact(session: Session, act: Act, *, report: UUID, payload: dict[str, Any]) -> dict[str, Any]:
    """Name, phone and text as they were sent. That it was read, by whom and why, commits before anybody sees them.

    The journal has the reason, which is a word of a list; the note, which is free text, stands with the view alone.

    Raises ContactErased, NoContact, NotYourReport, ReportMissing.
    """
    row = lock_report(session, act, report)
    if row.contact_erased_at is not None:
        gone = row.contact_erased_at.isoformat(timespec="seconds")
        raise ContactErased(f"erased at {gone}", erased_at=gone)
    if not (row.name or row.phone or row.original != row.text):
        raise NoContact("the resident left neither name nor phone")
    person = act.actor.person
    assert person is not None, "the door lets people in only"
    note = redact(payload["note"]) if payload["note"] else None
    view = ContactView(id=act.new_id(), report=row.id, viewed_by=person, viewed_at=act.at, reason=payload["reason"], note=note)
    session.add(view)
    act.tell("resident_contact.viewed", "resident_report", row.id, view=view.id, reason=view.reason)
    return {"name": row.name, "phone": row.phone, "text": row.original or row.text, "view": view.id, "viewed_at": act.at}


def erase_report(session: Session, act: Act, *, report: UUID, ended_before: dt.datetime) -> bool:
    """Erase the personal data of a report that ended before then, where that still holds; whether it did."""
    row = lock_row(session, ResidentReport, report)
    if row is None or row.erased_at is not None or row.ended_at is None or row.ended_at > ended_before:
        return False
    erase_contact(act, row)
    row.rating_note, row.erased_at = None, act.at
    said = sa.update(ResidentMessage).where(ResidentMessage.report == row.id, ResidentMessage.author == "resident")
    session.execute(said.values(text=None))
    act.tell("resident_report.erased", "resident_report", row.id, why="time")
    return True


def erase_contact(act: Act, row: ResidentReport) -> None:
    """Name, phone and the text as it was sent are gone."""
    row.name = row.phone = row.original = row.consent_at = None
    row.content_hash = b""  # a hash of a name and a number is found by trying
    row.contact_erased_at = row.contact_erased_at or act.at
