"""Uploads under way and blobs that are stored. Bytes are written, fsynced and renamed before any of these is called.

`create_upload`, `append_upload`, `reset_upload` and `terminate_upload` tell nothing: how far a transfer is, is no fact about evidence.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import Base
from backend.core.database.engine import is_sqlite
from backend.domains.evidence.actions.photos import lock_person, person_of
from backend.domains.evidence.model import Blob, Delivery, Photo, Upload
from backend.domains.evidence.rules.photos import Header, delivery_key
from backend.domains.evidence.rules.tus import Claim

_NO_SYNC = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Life:
    """How long an upload is kept without progress."""

    days: int

    def end(self, act: Act) -> dt.datetime:
        """When it expires if nothing more comes after this act."""
        return act.at + dt.timedelta(days=self.days)


def create_upload(session: Session, act: Act, *, claim: Claim, life: Life, finished: bool = False) -> None:
    """Note an upload at offset 0, or as finished where this person delivered the blob before.

    One that is there and under way stays as it is, unless it has expired or claimed another size: then it starts anew.
    """
    values = _values(act, claim, life) | {
        "received": claim.size if finished else 0,
        "part": None,
        "finished_at": act.at if finished else None,
    }
    row = session.get(Upload, claim.id, with_for_update=True)
    if row is None:
        session.execute(_insert(session, Upload).values(values).on_conflict_do_nothing())
    elif finished or row.finished_at is not None or row.size != claim.size or row.expires_at <= act.at:
        for name, value in values.items():
            setattr(row, name, value)


def append_upload(session: Session, act: Act, *, claim: Claim, life: Life, start: int, end: int, part: str, went_on: bool) -> bool:
    """Compare and set: the upload stood at `start` and now stands at `end` (bytes), all of it safely in the spool file `part`.

    False where it stands elsewhere: a stalled request has lost to another. `went_on` tells that `part` is the upload's file already;
    otherwise it begins with this file, and is created where it was not there.
    """
    values = {"received": end, "part": part, "expires_at": life.end(act)}
    if went_on:
        update = sa.update(Upload).where(Upload.id == claim.id, Upload.received == start, Upload.part == part, Upload.finished_at.is_(None))
        return bool(session.execute(update.values(values).returning(Upload.id).execution_options(**_NO_SYNC)).first())
    insert = _insert(session, Upload).values(_values(act, claim, life) | values)
    upsert = insert.on_conflict_do_update(
        index_elements=["id"],
        set_=values,
        where=sa.and_(Upload.received == 0, Upload.finished_at.is_(None)),
    )
    return bool(session.execute(upsert.returning(Upload.id), execution_options=_NO_SYNC).first())


def reset_upload(session: Session, act: Act, *, upload: str, received: int) -> None:
    """Back to offset 0: what came is not the file that was promised, or is no longer there. Nothing where it has moved since."""
    own = (Upload.id == upload, Upload.person == act.actor.person)
    update = sa.update(Upload).where(*own, Upload.received == received, Upload.finished_at.is_(None))
    session.execute(update.values(received=0, part=None).execution_options(**_NO_SYNC))


def terminate_upload(session: Session, act: Act, *, upload: str) -> None:
    """Forget this person's upload; a blob it finished stays."""
    session.execute(sa.delete(Upload).where(Upload.id == upload, Upload.person == act.actor.person).execution_options(**_NO_SYNC))


def sweep_uploads(session: Session, act: Act) -> int:
    """Forget the expired ones, finished or not; how many they were. Their spool files go with the next sweep of the spool."""
    gone = session.execute(sa.delete(Upload).where(Upload.expires_at <= act.at).returning(Upload.id).execution_options(**_NO_SYNC))
    return len(gone.all())


def store_blob(
    session: Session,
    act: Act,
    *,
    sha256: str,
    size: int,
    header: Header,
    upload: Claim | None = None,
    life: Life | None = None,
) -> bool:
    """These bytes are in the store, delivered by this person: whether that is new.

    This person's photos of them are stored now, or already usable or unreadable where somebody's delivery was examined before. Tells
    `blob.stored`, and `photo.stored`, `photo.usable` or `photo.unreadable` on the subject of each photo.
    """
    person = person_of(act)
    lock_person(session, person)
    blob = {"sha256": sha256, "size": size, "mime": header.mime, "width": header.width, "height": header.height}
    blob |= {"stored_at": act.at, "state": "stored", "attempts": 0, "due_at": act.at}
    session.execute(_insert(session, Blob).values(blob).on_conflict_do_nothing())
    state, examined_at = session.execute(sa.select(Blob.state, Blob.examined_at).where(Blob.sha256 == sha256).with_for_update()).one()
    photos = session.scalars(sa.select(Photo).where(Photo.sha256 == sha256, Photo.declared_by == person).with_for_update()).all()
    delivery = {"key": delivery_key(person, sha256), "person": person, "sha256": sha256, "size": size, "delivered_at": act.at}
    delivery |= {"replica": act.replica, "declared": bool(photos)}
    insert = _insert(session, Delivery).values(delivery).on_conflict_do_nothing().returning(Delivery.key)
    new = session.execute(insert).first() is not None
    if upload and life:
        done = {"received": size, "part": None, "finished_at": act.at, "expires_at": life.end(act)}
        insert = _insert(session, Upload).values(_values(act, upload, life) | done)
        session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=done), execution_options=_NO_SYNC)
    if new:
        act.tell("blob.stored", "blob", sha256, size=size, mime=header.mime, photos=len(photos))
    for photo in photos:
        if photo.state == "declared":
            photo.state, photo.stored_at, photo.settled_at = state, act.at, examined_at
            act.tell(f"photo.{state}", photo.subject_type, photo.subject, photo=photo.id, sha256=sha256)
    return new


def _values(act: Act, claim: Claim, life: Life) -> dict[str, Any]:
    return {
        "id": claim.id,
        "person": person_of(act),
        "replica": act.replica,
        "sha256": claim.sha256,
        "size": claim.size,
        "metadata_text": claim.text,
        "created_at": act.at,
        "expires_at": life.end(act),
    }


def _insert(session: Session, kind: type[Base]) -> Any:
    """INSERT of the dialect at hand, which can say ON CONFLICT."""
    return sqlite.insert(kind) if is_sqlite(session) else postgresql.insert(kind)
