"""Changes out: the feed of the reader's scopes, page by page, each page read in one snapshot (protocol, section 4)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.core.database.base import table_of
from backend.core.journal import Clock, FeedMember
from backend.domains.catalog import queries as catalog
from backend.domains.deadlines import queries as deadlines
from backend.domains.findings.queries.documents import finding_docs
from backend.domains.findings.rules.visibility import scopes_open_to
from backend.domains.patrols import queries as patrols
from backend.domains.sync.model import KeptLine, Outcome
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
    "area": lambda session, codes, _reader: territory.area_docs(session, codes),
    "category": lambda session, keys, _reader: catalog.category_docs(session, keys),
    "calendar": lambda session, years, _reader: deadlines.calendar_docs(session, years),
}
"""The types in the feed, and where their documents come from."""


@dataclass(slots=True)
class Page:
    """One answer of a pull."""

    position: Position
    changes: list[dict[str, Any]]
    results: list[dict[str, Any]]
    added: list[str]
    dropped: list[str]
    resync: list[str]
    more: bool


def scopes_of_reader(reader: Actor) -> list[str]:
    """Every scope the reader pulls: `ref`, and those of findings."""
    return ["ref", *scopes_open_to(reader)]


def pull_page(
    session: Session,
    reader: Actor,
    *,
    replica: UUID,
    position: Position | None,
    now: dt.datetime,
    limit: int,
    digest: dict[str, list[Any]] | None = None,
) -> Page:
    """The next page of changes and outcomes for this reader. The session must be one snapshot."""
    clock = session.execute(sa.select(Clock.epoch, Clock.seq)).one()
    scopes = scopes_of_reader(reader)
    before = position.scopes if position else {}
    at = {scope: before.get(scope, 0) for scope in scopes}
    resync = _mismatched(session, at, digest or {})
    at.update(dict.fromkeys(resync, 0))
    rows, end, more = _window(session, at, clock.seq, limit)
    changes = _changes(session, rows, scopes, reader, partial=len(set(at.values())) > 1)
    results, results_at, more_results = _results(session, replica, position=position, top=clock.seq, now=now, limit=limit)
    return Page(
        position=Position(clock.epoch, {scope: max(seq, end) for scope, seq in at.items()}, results_at),
        changes=changes,
        results=results,
        added=[scope for scope in scopes if scope not in before],
        dropped=[scope for scope in before if scope not in at],
        resync=resync,
        more=more or more_results,
    )


def _window(session: Session, at: dict[str, int], top: int, limit: int) -> tuple[list[Any], int, bool]:
    """Member rows above each scope's position for about `limit` entities; up to which number they are complete; whether more follow.

    Each scope is read by its index for as many rows as a page holds, so the cost follows the page and not the table.
    """
    parts = []
    table = table_of(FeedMember)
    for scope, seq in at.items():
        if seq < top:
            part = sa.select(*table.c).where(table.c.scope == scope, table.c.seq > seq, table.c.seq <= top)
            parts.append(part.order_by(table.c.seq).limit(limit + 1))
    if not parts:
        return [], top, False
    rows: list[Any] = []
    end = top
    for part in parts:
        found = session.execute(part).all()
        if len(found) > limit:
            # This scope was not read to its end: the page is complete only below its last row.
            end = min(end, found[-1].seq - 1)
        rows += found
    rows = sorted((row for row in rows if row.seq <= end), key=lambda row: row.seq)
    numbers = sorted({row.seq for row in rows})
    if len(numbers) > limit:
        end = numbers[limit - 1]
        rows = [row for row in rows if row.seq <= end]
    return rows, end, end < top


def _changes(session: Session, rows: list[Any], scopes: list[str], reader: Actor, *, partial: bool) -> list[dict[str, Any]]:
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
        inside.update(_memberships(session, unsure, scopes))
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


def _memberships(session: Session, keys: list[tuple[str, str]], scopes: list[str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {key: [] for key in keys}
    for start in range(0, len(keys), 400):
        part = keys[start : start + 400]
        query = sa.select(FeedMember.scope, FeedMember.subject_type, FeedMember.subject).where(
            FeedMember.scope.in_(scopes),
            FeedMember.subject.in_([subject for _, subject in part]),
            FeedMember.present.is_(True),
        )
        for row in session.execute(query):
            if (row.subject_type, row.subject) in found:
                found[row.subject_type, row.subject].append(row.scope)
    return found


def _results(
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


def _mismatched(session: Session, at: dict[str, int], digest: dict[str, list[Any]]) -> list[str]:
    """The scopes whose copy on the phone differs from ours: checked only where nothing changed after the cursor."""
    wrong = []
    for scope, given in digest.items():
        if scope not in at or at[scope] == 0:
            continue
        changed = sa.select(sa.literal(1)).where(FeedMember.scope == scope, FeedMember.seq > at[scope])
        if session.scalar(changed.limit(1)) is None and given != scope_digest(session, scope):
            wrong.append(scope)
    return wrong


def scope_digest(session: Session, scope: str) -> list[Any]:
    """`[count, sum]` of a scope: the sum mod 2^64, in hex, of the first 8 bytes of SHA-256(type|id|ver) of each member."""
    query = sa.select(FeedMember.subject_type, FeedMember.subject, FeedMember.version).where(
        FeedMember.scope == scope, FeedMember.present.is_(True)
    )
    count = total = 0
    for kind, subject, version in session.execute(query):
        count += 1
        total += int.from_bytes(hashlib.sha256(f"{kind}|{subject}|{version}".encode()).digest()[:8], "big")
    return [count, f"{total % 2**64:016x}"]
