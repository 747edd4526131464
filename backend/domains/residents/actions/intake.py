"""A report comes in: from a resident at the public door, or from a caller whom the desk listens to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import lock_row, write
from backend.core.problems import Problem
from backend.domains.evidence.actions.uploads import store_blob
from backend.domains.evidence.rules.photos import Header
from backend.domains.findings.actions.placing import UnknownCategory, categorise
from backend.domains.findings.actions.record import add_photo, record_finding
from backend.domains.residents.actions.behalf import act_as_resident, as_resident
from backend.domains.residents.actions.turns import take_turn, take_turn_of_all
from backend.domains.residents.model import ResidentPhoto, ResidentReport
from backend.domains.residents.queries.reports import list_photos
from backend.domains.residents.rules.access import ConsentNeeded
from backend.domains.residents.rules.intake import Ticket, check_room, content_digest
from backend.domains.residents.rules.receipts import KeyUsed
from backend.domains.residents.rules.redacting import redact
from backend.domains.territory import queries as territory
from backend.domains.territory.rules import datums

REFUSED: tuple[type[Problem], ...] = (ConsentNeeded, KeyUsed, UnknownCategory, datums.PlaceAbsurd, datums.DatumUnknown)
"""What a report may be refused with, whoever brings it."""


def submit_report(session: Session, act: Act, *, payload: dict[str, Any], ticket: Ticket, turn: bytes, most: int) -> ResidentReport:
    """Keep what a resident reports; where it names a category and a place in the district it is a finding at once.

    The same report sent again under its key is answered with its row. Of all addresses together `most` an hour are taken. Raises KeyUsed,
    ConsentNeeded, TooManyTurns, DoorCrowded, UnknownCategory, PlaceAbsurd, DatumUnknown.
    """
    take_turn(session, act, kind="report", key=turn)
    take_turn_of_all(session, act, most=most)
    act_as_resident(session, act)
    row, new = _keep(session, act, payload=payload, ticket=ticket, channel="resident")
    if not new:
        return row
    category = payload["category"]
    if category is not None:
        categorise(session, {**category, "edition": None}, None, at=act.at)
    if category is not None and row.town is not None:
        _record(session, act, row, finding=act.new_id(), category=category, place=payload["place"], source="resident")
    act.tell("resident_report.received", "resident_report", row.id, channel=row.channel, finding=row.finding, town=row.town)
    return row


def record_call(session: Session, act: Act, *, payload: dict[str, Any], ticket: Ticket) -> ResidentReport:
    """Keep what a caller says, whom the desk gives a receipt; a finding at once where category and place are given.

    Its recorder is who took the call. Raises as `submit_report`.
    """
    row, new = _keep(session, act, payload=payload, ticket=ticket, channel=payload["channel"])
    if not new:
        return row
    row.taken_by = act.actor.person
    if payload["category"] is not None and payload["place"] is not None:
        _record(session, act, row, finding=act.new_id(), category=payload["category"], place=payload["place"], source=row.channel)
    act.tell("resident_report.received", "resident_report", row.id, channel=row.channel, finding=row.finding, town=row.town)
    return row


def take_up(
    session: Session, act: Act, row: ResidentReport, *, category: dict[str, Any], place: dict[str, Any], address: str | None
) -> None:
    """Make the report a finding whose recorder is the service person: the desk said only what and where.

    Raises what `record_finding` raises.
    """
    row.address = redact(address) if address is not None else row.address
    row.place = place
    _locate(session, row)
    photos = list_photos(session, [row.id])[row.id]
    with as_resident(session, act) as theirs:
        finding = theirs.new_id()
        _record(session, theirs, row, finding=finding, category=category, place=place, source="resident")
        write(session)
        for photo in photos:
            _declare(session, theirs, finding, photo)


def receive_photo(session: Session, act: Act, *, report: UUID, sha256: str, size: int, header: Header) -> tuple[ResidentPhoto, bool]:
    """A picture of the report is in the store: its row, and whether it is new. Declared on the finding, where there is one.

    Raises TooManyPhotos, NotNow for a report that has ended.
    """
    act_as_resident(session, act)
    row = lock_row(session, ResidentReport, report)
    assert row is not None, "it was found by its receipt"
    had = list_photos(session, [row.id])[row.id]
    for photo in had:
        if photo.sha256 == sha256:
            return photo, False
    check_room(row.state, ended=row.ended_at is not None, photos=len(had))
    photo = ResidentPhoto(id=act.new_id(), report=row.id, sha256=sha256, size=size, mime=header.mime, received_at=act.at)
    session.add(photo)
    if row.finding is not None:
        _declare(session, act, row.finding, photo)
    write(session)
    store_blob(session, act, sha256=sha256, size=size, header=header)
    act.tell("resident_report.photo_added", "resident_report", row.id, photo=photo.id, sha256=sha256)
    return photo, True


def _keep(session: Session, act: Act, *, payload: dict[str, Any], ticket: Ticket, channel: str) -> tuple[ResidentReport, bool]:
    content = content_digest(orjson.dumps({**payload, "channel": channel}, option=orjson.OPT_SORT_KEYS))
    if (payload["name"] or payload["phone"]) and not payload["consent"]:
        raise ConsentNeeded("name or phone without consent", errors=[("/consent", "true, or leave name and phone out")])
    row = ResidentReport(
        id=act.new_id(),
        receipt=ticket.receipt,
        secret_hash=ticket.secret_hash,
        key_hash=ticket.key_hash,
        content_hash=content,
        channel=channel,
        state="open",
        outcome=None,
        todo="take_up",
        finding=None,
        text=redact(payload["text"]),
        original=payload["text"],
        address=redact(payload["address"]) if payload["address"] else None,
        place=payload["place"],
        kind=payload["category"]["kind"] if payload["category"] else None,
        code=payload["category"]["code"] if payload["category"] else None,
        name=payload["name"],
        phone=payload["phone"],
        consent_at=act.at if payload["consent"] else None,
        town=None,
        community=None,
        received_at=act.at,
        taken_by=None,
        ended_at=None,
        contact_erased_at=None,
        erased_at=None,
        rating=None,
        rating_note=None,
        rated_at=None,
    )
    _locate(session, row)
    values = {column.key: getattr(row, column.key) for column in sa.inspect(ResidentReport).column_attrs}
    insert = sqlite.insert(table_of(ResidentReport)) if is_sqlite(session) else postgresql.insert(table_of(ResidentReport))
    fresh = insert.on_conflict_do_nothing(index_elements=["key_hash"]).returning(table_of(ResidentReport).c.id)
    made = session.execute(fresh, values).first()
    kept = session.scalars(sa.select(ResidentReport).where(ResidentReport.key_hash == ticket.key_hash).with_for_update()).one()
    if made is None and (kept.content_hash != content or kept.secret_hash != ticket.secret_hash):
        raise KeyUsed("another report was sent with this key", errors=[("/key", "used before")])
    return kept, made is not None


def _locate(session: Session, row: ResidentReport) -> None:
    layer = territory.layer(session)
    row.district = layer.district
    if row.place is None:
        return
    lon, lat, datum = datums.check_place(row.place["lon"], row.place["lat"], row.place["datum"], at="/place")
    located = layer.locate(*datums.to_wgs84(lon, lat, datum))
    row.town, row.community = (located.town, located.community) if located else (None, None)


def _record(
    session: Session, act: Act, row: ResidentReport, *, finding: UUID, category: dict[str, Any], place: dict[str, Any], source: str
) -> None:
    payload: dict[str, Any] = {
        "patrol": None,
        "category": {"kind": category["kind"], "code": category["code"], "edition": None},
        "condition": None,
        "asset": None,
        "address": row.address,
        "place": {**place, "provider": "resident" if source == "resident" else "desk", "fix_age_s": None, "mock": None},
        "severity": 1,
        "note": row.text,
        "photos": [],
    }
    record_finding(session, act, finding=finding, payload=payload, source=source)
    row.state, row.todo, row.finding = "taken_up", None, finding
    row.kind, row.code = category["kind"], category["code"]


def _declare(session: Session, act: Act, finding: UUID, photo: ResidentPhoto) -> None:
    declared = {"id": photo.id, "sha256": photo.sha256, "bytes": photo.size, "mime": photo.mime, "role": "before", "taken_at": None}
    add_photo(session, act, finding=finding, payload=declared)
