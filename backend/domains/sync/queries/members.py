"""Who is in a scope: rows of the feed above a position, an entity's memberships, and the digest of a scope (protocol, section 4)."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.base import table_of
from backend.core.journal import FeedMember
from backend.domains.sync.rules.cursors import Filling


def window(session: Session, at: dict[str, int], top: int, limit: int, filling: Filling | None) -> tuple[list[Any], int]:
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


def memberships(session: Session, keys: list[tuple[str, str]], scopes: list[str]) -> dict[tuple[str, str], list[str]]:
    """In which of these scopes each (type, id) is, as (type, id) → scopes."""
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


def mismatched(session: Session, at: dict[str, int], digest: dict[str, list[Any]]) -> list[str]:
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
