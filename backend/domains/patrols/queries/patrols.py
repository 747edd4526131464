"""Questions about patrols."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.rows import find_row
from backend.core.problems import NotYet
from backend.domains.patrols.model import Patrol, TrackChunk
from backend.domains.patrols.rules.patrols import Span, overlap


def await_patrol(session: Session, patrol: UUID) -> Patrol:
    """The patrol; NotYet if it has not arrived."""
    row = find_row(session, Patrol, patrol)
    if row is None:
        raise NotYet(f"patrol {patrol} has not arrived", awaits=f"patrol:{patrol}")
    return row


def list_patrols_within(session: Session, inspector: UUID, span: Span) -> list[Patrol]:
    """The inspector's patrols whose time meets this span, as this transaction has left them so far, locked."""
    query = sa.select(Patrol).where(Patrol.inspector == inspector, sa.or_(Patrol.closed_at.is_(None), Patrol.closed_at > span.since))
    if span.until is not None:
        query = query.where(Patrol.opened_at < span.until)
    written = session.scalars(query.order_by(Patrol.id).with_for_update()).all()
    pending = [row for row in session.new if isinstance(row, Patrol) and row.inspector == inspector]
    # One may have been closed, but not written yet; times only ever come to be earlier.
    return [row for row in (*written, *pending) if overlap(Span(row.opened_at, row.closed_at), span)]


def has_chunk(session: Session, patrol: UUID, chunk: int) -> bool:
    """Whether this chunk of the track arrived before."""
    return find_row(session, TrackChunk, (patrol, chunk)) is not None


def list_chunks(session: Session, patrol: UUID) -> list[TrackChunk]:
    """The chunks of the track, those of this transaction with them."""
    pending = [row for row in session.new if isinstance(row, TrackChunk) and row.patrol == patrol]
    return [*session.scalars(sa.select(TrackChunk).where(TrackChunk.patrol == patrol)), *pending]


def patrol_docs(session: Session, patrols: Collection[UUID]) -> dict[str, dict[str, Any]]:
    """The patrols' documents by id."""
    rows = session.scalars(sa.select(Patrol).where(Patrol.id.in_(patrols)))
    return {str(row.id): patrol_doc(row) for row in rows}


def patrol_doc(row: Patrol) -> dict[str, Any]:
    """One patrol as pulled."""
    return {
        "id": row.id,
        "version": row.version,
        "state": row.state,
        "inspector": row.inspector,
        "planned": row.planned,
        "opened_at": row.opened_at,
        "closed_at": row.closed_at,
        "visited": row.visited,
        "points": row.points,
        "metres": round(row.metres, 1),
        "late": row.late,
        "overlapping": row.overlapping,
        "unplanned": row.unplanned,
    }
