"""Where the finding of a report stands: its own state or its head's, with what a resident is told of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.rows import find_row, prefetch
from backend.core.journal import JournalEntry
from backend.core.problems import Problem
from backend.domains.evidence import queries as evidence
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.identity.rules.services import RESIDENT
from backend.domains.residents.model import ReopeningRequest, ResidentReport
from backend.domains.residents.queries.reports import find_photo, list_messages, list_photos
from backend.domains.residents.rules.intake import MOST_PHOTOS
from backend.domains.residents.rules.receipts import NotNow
from backend.domains.residents.rules.redacting import mask_name, mask_phone
from backend.domains.residents.rules.status import STEPS, can, check_reopening, stage_of, words

_TOLD = tuple(event for event in STEPS if event.startswith("finding."))


class Pictured(NamedTuple):
    """What serving a photo needs."""

    sha256: str
    mime: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The finding that counts for a report (its own, or the head it is attached to), and the stage that follows."""

    stage: str
    finding: UUID | None = None
    state: str | None = None
    number: str | None = None
    follows: bool = False
    expected_by: dt.datetime | None = None
    closed_at: dt.datetime | None = None


def standing_of(session: Session, row: ResidentReport) -> Standing:
    """Where it stands now."""
    return standings_of(session, [row])[row.id]


def standings_of(session: Session, rows: Sequence[ResidentReport]) -> dict[UUID, Standing]:
    """Where each of these stands now, by the report's id; three queries however many they are."""
    prefetch(session, Finding, {row.finding for row in rows if row.finding is not None})
    own = {row.id: find_row(session, Finding, row.finding) for row in rows if row.finding is not None}
    prefetch(session, Finding, {each.attached_to for each in own.values() if each is not None and each.attached_to is not None})
    shown = {report: _head(session, each) for report, each in own.items() if each is not None}
    states = dispatch_states(session, [each.id for each in shown.values() if each.state == "dispatched"])
    return {row.id: _standing(row, own.get(row.id), shown.get(row.id), states) for row in rows}


def dispatch_states(session: Session, findings: Collection[UUID]) -> dict[UUID, list[str]]:
    """The states of the dispatches of each finding that stand."""
    found: dict[UUID, list[str]] = defaultdict(list)
    if findings:
        query = sa.select(Dispatch.finding, Dispatch.state).where(
            Dispatch.finding.in_(findings), Dispatch.replaced_by.is_(None), Dispatch.cancelled_at.is_(None)
        )
        for finding, state in session.execute(query):
            found[finding].append(state)
    return found


def _head(session: Session, own: Finding) -> Finding:
    head = find_row(session, Finding, own.attached_to) if own.attached_to is not None else None
    return head or own


def _standing(row: ResidentReport, own: Finding | None, shown: Finding | None, states: Mapping[UUID, Collection[str]]) -> Standing:
    if own is None or shown is None:
        return Standing(stage_of(row.state, None))
    stage = stage_of(row.state, shown.state, states.get(shown.id, ()))
    if shown.state == "void" and shown.void_request is not None and shown.void_request["by"] == str(RESIDENT.person):
        stage = "withdrawn"  # the desk did what the resident asked for
    expected = shown.deadline if stage in {"ordered", "again"} else None
    return Standing(stage, shown.id, shown.state, own.number, shown is not own, expected, shown.closed_at)


def status_doc(session: Session, row: ResidentReport, *, now: dt.datetime) -> dict[str, Any]:
    """What a resident is told with receipt and secret: no names of staff, units or contracts, and the contact only masked."""
    standing = standing_of(session, row)
    requests = requests_by(session, row.id)
    photos = list_photos(session, [row.id])[row.id]
    takes_photos = row.ended_at is None and row.erased_at is None
    return {
        "receipt": row.receipt,
        "received_at": row.received_at,
        "number": standing.number,
        "text": row.text,
        "address": row.address,
        "stage": standing.stage,
        "words": words(standing.stage, follows=standing.follows, outcome=row.outcome if standing.stage == "not_taken" else None),
        "expected_by": standing.expected_by,
        "steps": _steps(session, row, standing),
        "photos": _photos(session, row, [(photo.id, photo.received_at) for photo in photos]),
        "result": [each["id"] for each in result_photos(session, standing)],
        "messages": [
            {"from": message.author, "text": message.text, "at": message.written_at}
            for message in list_messages(session, [row.id])[row.id]
            if message.text is not None
        ],
        "rating": row.rating,
        "reopening": _request(requests[-1]) if requests else None,
        "contact": contact_doc(row),
        "can": can(
            standing.stage,
            reopenable=_is_reopenable(session, row, standing, now=now),
            photos=takes_photos and len(photos) < MOST_PHOTOS,
            has_contact=row.contact_erased_at is None and bool(row.name or row.phone or row.original != row.text),
        ),
    }


def result_photos(session: Session, standing: Standing) -> list[dict[str, Any]]:
    """What the place looks like now: the photos of the work, once it was checked and closed. As `evidence.queries.photos_of` gives them."""
    if standing.finding is None or standing.stage != "closed":
        return []
    found = evidence.photos_of(session, [standing.finding])[standing.finding]
    return [each for each in found if each["role"] == "after" and each["state"] == "usable" and not each["retracted"]]


def shown_photo(session: Session, row: ResidentReport, photo: UUID) -> Pictured | None:
    """The photo, if a resident may see it: an own one, or one of the result."""
    own = find_photo(session, row.id, photo)
    if own is not None:
        return Pictured(own.sha256, own.mime)
    found = next((each for each in result_photos(session, standing_of(session, row)) if each["id"] == photo), None)
    return Pictured(found["sha256"], found["mime"]) if found else None


def contact_doc(row: ResidentReport) -> dict[str, Any]:
    """The contact as everybody but who reads it for a reason sees it."""
    return {"name": mask_name(row.name), "phone": mask_phone(row.phone), "erased_at": row.contact_erased_at}


def requests_by(session: Session, report: UUID) -> list[ReopeningRequest]:
    """What the report asked, the first first."""
    query = sa.select(ReopeningRequest).where(ReopeningRequest.report == report)
    return list(session.scalars(query.order_by(ReopeningRequest.asked_at, ReopeningRequest.id)))


def check_reopenable(session: Session, row: ResidentReport, standing: Standing, *, now: dt.datetime) -> UUID:
    """The finding that the report may ask to be opened again. Raises NotNow, and what `rules.status.check_reopening` raises."""
    if standing.finding is None or standing.stage != "closed":
        raise NotNow("only what was closed can be opened again", stage=standing.stage)
    pending = find_pending(session, standing.finding) is not None
    check_reopening(closed_at=standing.closed_at, pending=pending, asked=len(requests_by(session, row.id)), now=now)
    return standing.finding


def _is_reopenable(session: Session, row: ResidentReport, standing: Standing, *, now: dt.datetime) -> bool:
    try:
        check_reopenable(session, row, standing, now=now)
    except Problem:
        return False
    return True


def find_pending(session: Session, finding: UUID) -> ReopeningRequest | None:
    """The request about this finding that nobody has decided."""
    return session.scalar(sa.select(ReopeningRequest).where(ReopeningRequest.finding == finding, ReopeningRequest.state == "pending"))


def _steps(session: Session, row: ResidentReport, standing: Standing) -> list[dict[str, Any]]:
    zh, en = STEPS["resident_report.received"]
    steps = [{"words": {"zh": zh, "en": en}, "at": row.received_at}]
    if row.finding is None:
        return steps
    subjects = {str(row.finding), str(standing.finding)}
    query = sa.select(JournalEntry.event, JournalEntry.at, JournalEntry.subject).where(
        JournalEntry.subject.in_(subjects), JournalEntry.subject_type == "finding", JournalEntry.event.in_(_TOLD)
    )
    attached = False
    for event, at, subject in session.execute(query.order_by(JournalEntry.seq)):
        # Of the head only what came since the two were joined: before, it was another's report.
        if subject == str(row.finding) or attached:
            steps.append({"words": {"zh": STEPS[event][0], "en": STEPS[event][1]}, "at": at})
        attached = event == "finding.attached" or (attached and event != "finding.detached")
    return steps


def _photos(session: Session, row: ResidentReport, photos: list[tuple[UUID, dt.datetime]]) -> list[dict[str, Any]]:
    states: dict[UUID, str] = {}
    if row.finding is not None:
        states = {each["id"]: each["state"] for each in evidence.photos_of(session, [row.finding])[row.finding]}
    return [{"id": photo, "at": at, "unreadable": states.get(photo) == "unreadable"} for photo, at in photos]


def _request(asked: ReopeningRequest) -> dict[str, Any]:
    return {"state": asked.state, "asked_at": asked.asked_at, "decided_at": asked.decided_at, "answer": asked.decided_reason}
