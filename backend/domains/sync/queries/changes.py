"""What a page of a pull carries: puts with their documents, drops, and outcomes (protocol, section 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.catalog import queries as catalog
from backend.domains.deadlines import queries as deadlines
from backend.domains.findings.queries.documents import finding_docs
from backend.domains.patrols.queries import patrols, roster_docs
from backend.domains.sync.model import KeptLine, Outcome
from backend.domains.sync.queries.members import memberships
from backend.domains.sync.rules.cursors import Position
from backend.domains.sync.rules.verdicts import shown
from backend.domains.territory import queries as territory

Docs = dict[str, dict[str, Any]]
RESULTS_BACK = dt.timedelta(days=30)


def _findings(session: Session, ids: Collection[str], reader: Actor) -> Docs:
    return {str(key): doc for key, doc in finding_docs(session, [UUID(each) for each in ids], reader).items()}


SUBJECTS: dict[str, Callable[[Session, Collection[str], Actor], Docs]] = {
    "finding": _findings,
    "patrol": lambda session, ids, _reader: patrols.patrol_docs(session, [UUID(each) for each in ids]),
    "shift": lambda session, ids, _reader: roster_docs.shift_docs(session, [UUID(each) for each in ids]),
    "area": lambda session, codes, _reader: territory.area_docs(session, codes),
    "category": lambda session, keys, _reader: catalog.category_docs(session, keys),
    "calendar": lambda session, years, _reader: deadlines.calendar_docs(session, years),
}
"""The types in the feed, and where their documents come from."""


def changes_in(session: Session, rows: list[Any], scopes: list[str], reader: Actor, *, partial: bool) -> list[dict[str, Any]]:
    """Puts with their documents, and drops for what is in none of the reader's scopes any more."""
    latest: dict[tuple[str, str], Any] = {}
    inside: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        key = (row.subject_type, row.subject)
        latest[key] = row
        inside.setdefault(key, [])
        if row.present:
            inside[key].append(row.scope)
    unsure = [key for key in latest if partial or not inside[key]]
    if unsure:
        inside.update(memberships(session, unsure, scopes))
    docs = {
        kind: SUBJECTS[kind](session, [subject for each, subject in latest if each == kind and inside[each, subject]], reader)
        for kind in {kind for kind, _ in latest}
        if kind in SUBJECTS
    }
    changes = []
    for (kind, subject), row in sorted(latest.items(), key=lambda item: (item[1].seq, item[0])):
        doc = docs.get(kind, {}).get(subject)
        if doc is not None and inside[kind, subject]:
            put = {
                "s": row.seq,
                "k": "put",
                "type": kind,
                "id": subject,
                "ver": row.version,
                "scopes": sorted(inside[kind, subject]),
                "doc": doc,
            }
            changes.append(put)
        else:
            changes.append(
                {"s": row.seq, "k": "drop", "type": kind, "id": subject, "why": "gone" if inside[kind, subject] else "out_of_scope"}
            )
    return changes


def results_after(
    session: Session,
    replica: UUID,
    *,
    position: Position | None,
    top: int,
    now: dt.datetime,
    limit: int,
) -> tuple[list[dict[str, Any]], int, bool]:
    """Outcomes that became final or changed after the position; at first the open ones and those of 30 days."""
    after = position.results if position else 0
    # Own operations, and those that another store of the same person had sent first, before a fork.
    resent = sa.select(KeptLine.op).where(KeptLine.replica == replica, KeptLine.again)
    own = sa.or_(Outcome.replica == replica, Outcome.op.in_(resent))
    query = sa.select(Outcome).where(own, Outcome.changed_seq > after, Outcome.changed_seq <= top)
    if after == 0:
        recent = Outcome.judged_at >= now - RESULTS_BACK
        query = query.where(sa.or_(Outcome.status.in_(("deferred", "received", "conflict")), recent))
    rows = session.scalars(query.order_by(Outcome.changed_seq).limit(limit + 1)).all()
    more = len(rows) > limit
    kept = rows[:limit]
    return [shown(row) for row in kept], kept[-1].changed_seq if more else top, more
