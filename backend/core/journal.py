"""The journal and the feed: what happened, hash-chained, and who may see it, numbered by one counter in the order of commits.

`seal` is called by `core.perform` alone, as the last statements before commit: the counter row stays locked until then, so numbers are
given in commit order, no reader skips a change and no effect is numbered before its cause.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core import deeds
from backend.core.act import Told
from backend.core.database.base import Base, table_of
from backend.core.database.inserts import insert_rows


class Clock(Base):
    """One row: the incarnation of this database, the last number given and the hash of the entry that holds it."""

    __tablename__ = "clock"
    id: Mapped[int] = mapped_column(sa.SmallInteger(), primary_key=True, autoincrement=False)
    epoch: Mapped[str]
    seq: Mapped[int]
    head: Mapped[bytes]
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)


class JournalEntry(Base):
    """One thing that happened. Append-only. `facts` is the exact JSON text that was hashed."""

    __tablename__ = "journal_entry"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event: Mapped[str]
    subject_type: Mapped[str]
    subject: Mapped[str]
    version: Mapped[int]
    actor: Mapped[UUID | None]
    replica: Mapped[UUID | None]
    op: Mapped[UUID | None]
    request_id: Mapped[str | None]
    at: Mapped[dt.datetime]
    happened_at: Mapped[dt.datetime]
    device_at: Mapped[dt.datetime | None]
    time_quality: Mapped[str]
    facts: Mapped[str]
    hash: Mapped[bytes]
    __table_args__ = (
        sa.Index(None, "subject", "seq"),
        sa.Index(None, "op", postgresql_where=sa.text("op IS NOT NULL"), sqlite_where=sa.text("op IS NOT NULL")),
    )


class FeedMember(Base):
    """Who can see what: one row a (scope, subject), numbered by the last change. Compact: a change moves the row, it adds none."""

    __tablename__ = "feed_member"
    scope: Mapped[str] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    present: Mapped[bool]
    seq: Mapped[int]
    __table_args__ = (sa.Index(None, "scope", "seq"),)


GENESIS = bytes(32)


def digest(previous: bytes, entry: dict[str, object]) -> bytes:
    """SHA-256 over the previous hash and the entry's columns in a fixed order; pure, so that anybody can check the chain."""
    moment = entry["device_at"]
    parts = [
        entry["seq"],
        entry["event"],
        entry["subject_type"],
        entry["subject"],
        entry["version"],
        entry["actor"],
        entry["replica"],
        entry["op"],
        entry["at"],
        entry["happened_at"],
        moment,
        entry["time_quality"],
        entry["facts"],
    ]
    return hashlib.sha256(previous + orjson.dumps(parts, option=orjson.OPT_UTC_Z)).digest()


def seal(session: Session, told: Sequence[Told]) -> None:
    """Number what was told, write journal, deeds and feed. Nothing may be written after it but rows that carry these numbers."""
    if not told:
        return
    connection = session.connection()
    last, head = connection.execute(_COUNT, {"count": len(told)}).one()
    entries = []
    for seq, item in enumerate(told, start=last - len(told) + 1):
        item.seq = seq
        entry = _entry(item)
        entry["hash"] = head = digest(head, entry)
        entries.append(entry)
    insert_rows(session, _ENTRY, entries)
    connection.execute(_HEAD, {"hash": head})
    deeds.keep(connection, told)
    members = _members(told)
    if members:
        insert_rows(session, _MEMBER, members, _MOVED)
    for item in told:
        if item.numbered is not None:
            item.numbered(item.seq)


def _entry(item: Told) -> dict[str, object]:
    act = item.act
    return {
        "seq": item.seq,
        "event": item.event,
        "subject_type": item.subject_type,
        "subject": item.subject,
        "version": item.version,
        "actor": act.actor.person,
        "replica": act.replica,
        "op": act.op,
        "request_id": act.request_id,
        "at": act.at.astimezone(dt.UTC),  # as it is read back: the hash must not depend on how an offset was written
        "happened_at": act.happened_at.astimezone(dt.UTC),
        "device_at": act.device_at and act.device_at.astimezone(dt.UTC),
        "time_quality": act.time_quality,
        "facts": orjson.dumps(item.facts, option=orjson.OPT_SORT_KEYS).decode(),
    }


def _members(told: Sequence[Told]) -> list[dict[str, object]]:
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    for item in told:
        for scopes, present in ((item.left, False), (item.scopes, True)):
            for scope in scopes:
                rows[scope, item.subject_type, item.subject] = {
                    "scope": scope,
                    "subject_type": item.subject_type,
                    "subject": item.subject,
                    "version": item.version,
                    "present": present,
                    "seq": item.seq,
                }
    # One number an entity and transaction: a page of the feed then holds a change whole, with all the scopes it is in.
    last: dict[tuple[str, str], int] = {}
    for item in told:
        last[item.subject_type, item.subject] = item.seq
    for (_, subject_type, subject), row in rows.items():
        row["seq"] = last[subject_type, subject]
    # Sorted, so that two transactions take the row locks in the same order.
    return [rows[key] for key in sorted(rows)]


# Built once: a statement's construction costs more than its execution, and every commit runs these.
_CLOCK = table_of(Clock)
_COUNT = sa.update(_CLOCK).where(_CLOCK.c.id == 1).values(seq=_CLOCK.c.seq + sa.bindparam("count")).returning(_CLOCK.c.seq, _CLOCK.c.head)
_HEAD = sa.update(_CLOCK).where(_CLOCK.c.id == 1).values(head=sa.bindparam("hash"))
_ENTRY, _MEMBER = table_of(JournalEntry), table_of(FeedMember)
_MOVED = """
    ON CONFLICT (scope, subject_type, subject) DO UPDATE
    SET version = excluded.version, present = excluded.present, seq = excluded.seq
"""
