"""I5: every declared photo is stored, in the store too, or listed with owner and age."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.evidence.model import Blob, Delivery, Photo
from backend.domains.evidence.rules.photos import delivery_key, original_key
from backend.domains.sync.queries.verify.report import SHOWN, Violation, pages, stream

_CHUNK = 1 << 20


@dataclass(slots=True)
class Promises:
    """Photos that were declared and whose bytes have not come, and what the store was asked."""

    open: int = 0
    oldest: list[dict[str, Any]] = field(default_factory=list)
    """The oldest first: photo, subject, owner, days."""
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Bytes:
    """The store: the size of an object, None when it is not there; with `open` each is read and hashed. Only blobs `since` are seen."""

    size: Callable[[str], int | None]
    open: Callable[[str], BinaryIO] | None = None
    since: dt.datetime | None = None


def photos(session: Session, found: Promises, *, now: dt.datetime, store: Bytes | None) -> Iterator[Violation]:
    """Photos against blobs and deliveries, blobs against the store."""
    waits = sa.select(Photo.id, Photo.subject, Photo.declared_by, Photo.replica, Photo.declared_at)
    waits = waits.where(sa.text("state = 'declared'"), Photo.waived_at.is_(None), Photo.retracted_at.is_(None))
    for row in stream(session, waits.order_by(Photo.declared_at)):
        found.open += 1
        if found.open <= SHOWN:
            found.oldest.append(
                {
                    "photo": row.id,
                    "subject": row.subject,
                    "owner": row.declared_by,
                    "replica": row.replica,
                    "days": round((now - row.declared_at) / dt.timedelta(days=1), 1),
                }
            )
    yield from _stored(session)
    if store is not None:
        yield from _in_store(session, found, store)


def _stored(session: Session) -> Iterator[Violation]:
    """A photo says what its blob says, and its own declarer delivered it."""
    query = sa.select(Photo.id, Photo.sha256, Photo.declared_by, Photo.state, Blob.state.label("blob")).outerjoin(
        Blob, Blob.sha256 == Photo.sha256
    )
    for page in pages(session, query.order_by(Photo.id)):
        keys = {row.id: delivery_key(row.declared_by, row.sha256) for row in page}
        delivered = set(session.scalars(sa.select(Delivery.key).where(Delivery.key.in_(sorted(set(keys.values()))))))
        for row in page:
            arrived = keys[row.id] in delivered
            if (row.state != "declared") != arrived:
                said = "was delivered by who declared it" if arrived else "was never delivered by who declared it"
                yield Violation("I5", f"photo {row.id}", f"{row.state}, although it {said}")
            elif arrived and row.blob != row.state:
                yield Violation("I5", f"photo {row.id}", f"{row.state}, although its bytes are {row.blob or 'unknown'}")


def _in_store(session: Session, found: Promises, store: Bytes) -> Iterator[Violation]:
    query = sa.select(Blob.sha256, Blob.size).order_by(Blob.sha256)
    for row in stream(session, query.where(Blob.stored_at >= store.since) if store.since else query):
        found.asked += 1
        key = original_key(row.sha256)
        size = store.size(key)
        if size != row.size:
            yield Violation("I5", f"blob {row.sha256}", f"{row.size} bytes were stored, the store has {'none' if size is None else size}")
        elif store.open is not None and _hash(store.open, key) != row.sha256:
            yield Violation("I5", f"blob {row.sha256}", "the store has other bytes")


def _hash(opened: Callable[[str], BinaryIO], key: str) -> str:
    known = hashlib.sha256()
    with opened(key) as file:
        while chunk := file.read(_CHUNK):
            known.update(chunk)
    return known.hexdigest()
