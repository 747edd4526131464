"""Reports as the staff see them, who read contacts, and requests to open findings again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.act import Actor
from backend.domains.findings.model.finding import Finding
from backend.domains.identity import queries as identity
from backend.domains.residents.model import ContactView, ReopeningRequest, ResidentReport
from backend.domains.residents.queries.reports import in_areas, list_messages, list_photos
from backend.domains.residents.queries.standing import contact_doc, standings_of


def report_docs(session: Session, rows: Sequence[ResidentReport]) -> list[dict[str, Any]]:
    """Reports with masked contacts; the text is the one without personal numbers."""
    ids = [row.id for row in rows]
    photos, messages = list_photos(session, ids), list_messages(session, ids)
    writers = {message.written_by for said in messages.values() for message in said if message.written_by and message.author == "desk"}
    names = identity.names_of(session, writers)
    docs = []
    standings = standings_of(session, rows)
    for row in rows:
        standing = standings[row.id]
        docs.append(
            {
                "id": row.id,
                "receipt": row.receipt,
                "channel": row.channel,
                "state": row.state,
                "outcome": row.outcome,
                "todo": row.todo,
                "stage": standing.stage,
                "finding": row.finding,
                "number": standing.number,
                "attached_to": standing.finding if standing.follows else None,
                "text": row.text,
                "redacted": row.original is not None and row.original != row.text,
                "address": row.address,
                "place": row.place,
                "category": {"kind": row.kind, "code": row.code} if row.kind else None,
                "areas": {"community": row.community, "town": row.town, "district": row.district},
                "contact": contact_doc(row),
                "photos": [
                    {"id": photo.id, "sha256": photo.sha256, "bytes": photo.size, "mime": photo.mime, "at": photo.received_at}
                    for photo in photos[row.id]
                ],
                "messages": [
                    {
                        "from": each.author,
                        "text": each.text,
                        "at": each.written_at,
                        "by": names.get(each.written_by) if each.written_by else None,
                    }
                    for each in messages[row.id]
                ],
                "rating": row.rating,
                "rating_note": row.rating_note,
                "received_at": row.received_at,
                "ended_at": row.ended_at,
            }
        )
    return docs


def list_views(session: Session, *, limit: int, cursor: str | None, report: UUID | None, by: UUID | None) -> dict[str, Any]:
    """A page of who read which contact and why, the last first."""
    query = sa.select(ContactView, ResidentReport.receipt).join(ResidentReport, ResidentReport.id == ContactView.report)
    if report is not None:
        query = query.where(ContactView.report == report)
    if by is not None:
        query = query.where(ContactView.viewed_by == by)
    after = cursors.unpack("contact_views", cursor, cursors.moment, cursors.key)
    if after:
        query = query.where(_key(ContactView.viewed_at, ContactView.id) < _literal(after, ContactView.viewed_at, ContactView.id))
    rows = session.execute(query.order_by(ContactView.viewed_at.desc(), ContactView.id.desc()).limit(limit + 1)).all()
    names = identity.names_of(session, {view.viewed_by for view, _ in rows})
    items = [
        {
            "id": view.id,
            "report": view.report,
            "receipt": receipt,
            "by": view.viewed_by,
            "by_name": names.get(view.viewed_by),
            "at": view.viewed_at,
            "reason": view.reason,
            "note": view.note,
        }
        for view, receipt in rows[:limit]
    ]
    more = rows[limit - 1][0] if len(rows) > limit else None
    return {"items": items, "next": cursors.pack("contact_views", more.viewed_at.isoformat(), str(more.id)) if more else None}


def list_requests(session: Session, actor: Actor, *, state: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of requests to open findings of the actor's areas again: what waits longest first."""
    name = f"reopening_requests:{state}"
    query = sa.select(ReopeningRequest).where(ReopeningRequest.state == state, in_areas(actor, ReopeningRequest))
    after = cursors.unpack(name, cursor, cursors.moment, cursors.key)
    if after:
        query = query.where(
            _key(ReopeningRequest.asked_at, ReopeningRequest.id) > _literal(after, ReopeningRequest.asked_at, ReopeningRequest.id)
        )
    rows = session.scalars(query.order_by(ReopeningRequest.asked_at, ReopeningRequest.id).limit(limit + 1)).all()
    more = rows[limit - 1] if len(rows) > limit else None
    return {
        "items": request_docs(session, rows[:limit]),
        "next": cursors.pack(name, more.asked_at.isoformat(), str(more.id)) if more else None,
    }


def request_docs(session: Session, rows: Sequence[ReopeningRequest]) -> list[dict[str, Any]]:
    """Requests with the numbers of their findings."""
    numbers = _numbers(session, {row.finding for row in rows})
    return [
        {
            "id": row.id,
            "finding": row.finding,
            "number": numbers[row.finding],
            "report": row.report,
            "asked_by": row.asked_by,
            "asked_at": row.asked_at,
            "reason": row.reason,
            "state": row.state,
            "decided_by": row.decided_by,
            "decided_at": row.decided_at,
            "decided_reason": row.decided_reason,
        }
        for row in rows
    ]


def _numbers(session: Session, findings: Collection[UUID]) -> dict[UUID, str]:
    query = sa.select(Finding.id, Finding.number).where(Finding.id.in_(findings))
    return {row.id: row.number for row in session.execute(query)}


def _key(*columns: Any) -> Any:
    return sa.tuple_(*columns)


def _literal(after: tuple[dt.datetime, UUID], moment: Any, key: Any) -> Any:
    return sa.tuple_(sa.literal(after[0], moment.type), sa.literal(after[1], key.type))
