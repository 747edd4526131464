"""Uploads under way and blobs that are stored. Bytes are written, fsynced and renamed before any of these is called.

`append_upload`, `reset_upload`, `terminate_upload` and `revive_upload` tell nothing: how far a transfer is, is no fact about evidence.
Statements are built once and run as Core: an upload of 300 KB takes 4 ms in all, and building them anew would take one of these.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.deeds import deed
from backend.domains.evidence.actions.photos import lock_person, person_of
from backend.domains.evidence.model import Blob, Delivery, Photo, Upload
from backend.domains.evidence.rules.photos import Header, delivery_key
from backend.domains.evidence.rules.tus import Claim

_BLOB, _DELIVERY, _UPLOAD, _PHOTO = (table_of(kind) for kind in (Blob, Delivery, Upload, Photo))

_GO_ON = (
    sa.update(_UPLOAD)
    .where(
        _UPLOAD.c.id == sa.bindparam("upload"),
        _UPLOAD.c.received == sa.bindparam("start"),
        _UPLOAD.c.part == sa.bindparam("same_part"),
    )
    .values(received=sa.bindparam("end"), expires_at=sa.bindparam("until"))
    .returning(_UPLOAD.c.id)
)
_RESET = (
    sa.update(_UPLOAD)
    .where(_UPLOAD.c.id == sa.bindparam("upload"), _UPLOAD.c.person == sa.bindparam("by"), _UPLOAD.c.received == sa.bindparam("start"))
    .values(received=0, part=None)
)
_DROP = sa.delete(_UPLOAD).where(_UPLOAD.c.id == sa.bindparam("upload"), _UPLOAD.c.person == sa.bindparam("by"))
_ARRIVED = (
    sa.update(_PHOTO)
    .where(_PHOTO.c.sha256 == sa.bindparam("hash"), _PHOTO.c.declared_by == sa.bindparam("by"), _PHOTO.c.state == "declared")
    .values(state=sa.bindparam("now_state"), stored_at=sa.bindparam("now"), settled_at=sa.bindparam("settled"))
    .returning(_PHOTO.c.id, _PHOTO.c.subject_type, _PHOTO.c.subject)
)


def append_upload(session: Session, act: Act, *, claim: Claim, days: int, start: int, end: int, part: str, goes_on: bool) -> bool:
    """Compare and set: the upload stood at `start` and now stands at `end` (bytes), all of it safely in the spool file `part`.

    False where it stands elsewhere: a stalled request has lost to another. `goes_on` tells that `part` is the upload's file already;
    otherwise the upload begins with this file. It expires when nothing comes for this many days.
    """
    until = act.at + dt.timedelta(days=days)
    connection = session.connection()
    if goes_on:
        values = {"upload": claim.id, "start": start, "same_part": part, "end": end, "until": until}
        return connection.execute(_GO_ON, values).first() is not None
    row = {"id": claim.id, "person": person_of(act), "replica": act.replica, "sha256": claim.sha256, "size": claim.size}
    row |= {"received": end, "part": part, "began_at": act.at, "expires_at": until, "terminated_at": None}
    return connection.execute(_begin(connection.dialect.name), row).first() is not None


def reset_upload(session: Session, act: Act, *, upload: str, received: int) -> None:
    """Back to offset 0: what came is not the file that was promised, or is no longer there. Nothing where it has moved since."""
    session.connection().execute(_RESET, {"upload": upload, "by": act.actor.person, "start": received})


def terminate_upload(session: Session, act: Act, *, claim: Claim, days: int) -> None:
    """This person gives the upload up; it is gone until it is created again. A blob it finished stays."""
    row = session.get(Upload, claim.id, with_for_update=True) or Upload(
        id=claim.id, person=person_of(act), replica=act.replica, began_at=act.at
    )
    row.sha256, row.size, row.received, row.part = claim.sha256, claim.size, 0, None
    row.terminated_at, row.expires_at = act.at, act.at + dt.timedelta(days=days)
    session.add(row)


def revive_upload(session: Session, act: Act, *, upload: str) -> None:
    """Created again after it was given up."""
    session.connection().execute(_DROP, {"upload": upload, "by": act.actor.person})


def sweep_uploads(session: Session, act: Act) -> int:
    """Forget the expired ones; how many they were. Their spool files go with the next sweep of the spool."""
    gone = sa.delete(_UPLOAD).where(_UPLOAD.c.expires_at <= act.at).returning(_UPLOAD.c.id)
    return len(session.connection().execute(gone).all())


@deed
def store_blob(session: Session, act: Act, *, sha256: str, size: int, header: Header, upload: str | None = None) -> bool:
    """These bytes are in the store, delivered by this person: whether that is new. `upload` names the upload that ends with it.

    This person's photos of them are stored now, or already usable or unreadable where somebody's delivery was examined before. Tells
    `blob.stored`, and `photo.stored`, `photo.usable` or `photo.unreadable` on the subject of each photo.
    """
    person = person_of(act)
    lock_person(session, person)
    connection = session.connection()
    dialect = connection.dialect.name
    blob = {"sha256": sha256, "size": size, "mime": header.mime, "width": header.width, "height": header.height}
    blob |= {"stored_at": act.at, "state": "stored", "attempts": 0, "due_at": act.at}
    state, examined_at = connection.execute(_keep(dialect), blob).one()
    arrived = {"hash": sha256, "by": person, "now_state": state, "now": act.at, "settled": examined_at}
    photos = connection.execute(_ARRIVED, arrived).all()
    delivery = {"key": delivery_key(person, sha256), "person": person, "sha256": sha256, "size": size, "delivered_at": act.at}
    # No photo of this person can be beyond `declared` before the first delivery: those found are all there are.
    delivery |= {"replica": act.replica, "declared": bool(photos)}
    new = connection.execute(_deliver(dialect), delivery).first() is not None
    if upload:
        connection.execute(_DROP, {"upload": upload, "by": person})
    if new:
        act.tell("blob.stored", "blob", sha256, size=size, mime=header.mime, photos=len(photos))
    for photo, subject_type, subject in sorted(photos):
        act.tell(f"photo.{state}", subject_type, subject, photo=photo, sha256=sha256)
    return new


@cache
def _begin(dialect: str) -> Any:
    """A new upload, or one at offset 0, expired or of another size that begins anew; nothing where it stands elsewhere."""
    insert = _insert(dialect, _UPLOAD)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: new[name] for name in ("size", "received", "part", "began_at", "expires_at")},
        where=sa.and_(
            sa.or_(_UPLOAD.c.received == 0, _UPLOAD.c.expires_at <= new.began_at, _UPLOAD.c.size != new.size),
            _UPLOAD.c.terminated_at.is_(None),
        ),
    ).returning(_UPLOAD.c.id)


@cache
def _keep(dialect: str) -> Any:
    """A new blob, or the one that is there: locked either way, and what examinations said of it."""
    insert = _insert(dialect, _BLOB)
    same = {"sha256": insert.excluded.sha256}
    return insert.on_conflict_do_update(index_elements=["sha256"], set_=same).returning(_BLOB.c.state, _BLOB.c.examined_at)


@cache
def _deliver(dialect: str) -> Any:
    return _insert(dialect, _DELIVERY).on_conflict_do_nothing().returning(_DELIVERY.c.key)


def _insert(dialect: str, table: Any) -> Any:
    """INSERT of the dialect at hand, which can say ON CONFLICT."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
