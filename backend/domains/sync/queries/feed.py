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
from backend.domains.sync.rules import versions
from backend.domains.sync.rules.cursors import Filling, Position
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
    schema: int = 1,
) -> Page:
    """The next page of changes and outcomes for this reader, at most `limit` of each. The session must be one snapshot.

    A scope gained, or found different, back-fills from 0 beside what changes in the others. What is found different says so in a page
    that holds nothing of its back-fill yet: a phone may drop that scope's copy before or after it takes the page in.
    """
    clock = session.execute(sa.select(Clock.epoch, Clock.seq)).one()
    scopes = scopes_of_reader(reader)
    before = position.scopes if position else {}
    at = {scope: before.get(scope, 0) for scope in scopes}
    resync = _mismatched(session, at, digest or {})
    at.update(dict.fromkeys(resync, 0))
    filling = _filling(position, at, top=clock.seq, now=now, schema=schema)
    rows, reached = _pages(session, at, filling, withheld=resync, top=clock.seq, limit=limit)
    changes = _changes(session, rows, scopes, reader, partial=len(set(at.values())) > 1 or bool(filling and filling.types))
    results, results_at, more_results = _results(session, replica, position=position, top=clock.seq, now=now, limit=limit)
    more = any(seq < clock.seq for seq in reached.values())
    return Page(
        position=Position(clock.epoch, reached, results_at, versions.agreed(schema), filling if more else None),
        changes=changes,
        results=results,
        added=[scope for scope in scopes if scope not in before],
        dropped=[scope for scope in before if scope not in at],
        resync=resync,
        more=more or more_results,
    )


def _filling(position: Position | None, at: dict[str, int], *, top: int, now: dt.datetime, schema: int) -> Filling | None:
    """The back-fill under way after this page's beginning. Sets every scope of `at` to 0 where documents changed their form."""
    filling = position.filling if position else None
    floor = min([top, *(seq for seq in at.values() if seq > 0)])
    fresh = any(seq == 0 for seq in at.values())
    types = versions.changed_between(position.schema, versions.agreed(schema)) if position else frozenset()
    if types:
        at.update(dict.fromkeys(at, 0))
        only = None if fresh or filling else types
        return Filling(min(floor, filling.after) if filling else floor, _earliest(position, now), only)
    if not fresh:
        return filling
    if filling is None:
        return Filling(floor, now)
    if (
        filling.types is not None
        and position is not None
        and all(scope in position.scopes and position.scopes[scope] == at[scope] for scope in at)
    ):
        return filling
    return Filling(min(filling.after, floor), filling.began)


def _earliest(position: Position | None, now: dt.datetime) -> dt.datetime:
    """Since when the reader's copy may stand as it does."""
    if position is None:
        return now
    return position.filling.began if position.filling else position.issued or now


def _pages(
    session: Session, at: dict[str, int], filling: Filling | None, *, withheld: list[str], top: int, limit: int
) -> tuple[list[Any], dict[str, int]]:
    """Member rows for at most `limit` entities, and how far each scope is read with them.

    The scopes that are furthest come first, with half the page where others back-fill: what changes now is not held up by what was.
    """
    ahead = max((seq for scope, seq in at.items() if scope not in withheld), default=top)
    live = {scope: seq for scope, seq in at.items() if seq == ahead and scope not in withheld}
    behind = {scope: seq for scope, seq in at.items() if seq < ahead and scope not in withheld}
    rows, end = _window(session, live, top, max(1, limit // 2) if behind else limit, filling)
    reached = {scope: max(seq, end) for scope, seq in live.items()}
    room = limit - len({row.seq for row in rows})
    if behind and room:
        filled, end = _window(session, behind, top, room, filling)
        rows = sorted([*rows, *filled], key=lambda row: row.seq)
        reached.update((scope, max(seq, end)) for scope, seq in behind.items())
    return rows, {scope: reached.get(scope, seq) for scope, seq in at.items()}


def _window(session: Session, at: dict[str, int], top: int, limit: int, filling: Filling | None) -> tuple[list[Any], int]:
    """Member rows above each scope's position for at most `limit` entities; up to which number they are complete.

    Each scope is read by its index for as many rows as a page holds, so the cost follows the page and not the table.
    """
    table = table_of(FeedMember)
    rows: list[Any] = []
    end = top
    for scope, seq in at.items():
        if seq >= top:
            continue
        part = sa.select(*table.c).where(table.c.scope == scope, table.c.seq > seq, table.c.seq <= top)
        if filling is not None and seq < filling.after:
            wanted = table.c.present if filling.types is None else sa.and_(table.c.present, table.c.subject_type.in_(filling.types))
            part = part.where(sa.or_(table.c.seq > filling.after, wanted))
        found = session.execute(part.order_by(table.c.seq).limit(limit + 1)).all()
        if len(found) > limit:
            # This scope was not read to its end: the page is complete only below its last row.
            end = min(end, found[-1].seq - 1)
        rows += found
    rows = sorted((row for row in rows if row.seq <= end), key=lambda row: row.seq)
    numbers = sorted({row.seq for row in rows})
    if len(numbers) > limit:
        end = numbers[limit - 1]
        rows = [row for row in rows if row.seq <= end]
    return rows, end


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
    for kind in sorted({kind for kind, _ in keys}):
        subjects = [subject for each, subject in keys if each == kind]
        for start in range(0, len(subjects), 400):
            # With all three parts of the key, else a whole scope would be read for each page.
            query = sa.select(FeedMember.scope, FeedMember.subject).where(
                FeedMember.scope.in_(scopes),
                FeedMember.subject_type == kind,
                FeedMember.subject.in_(subjects[start : start + 400]),
                FeedMember.present.is_(True),
            )
            for row in session.execute(query):
                found[kind, row.subject].append(row.scope)
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
