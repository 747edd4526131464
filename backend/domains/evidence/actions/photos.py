"""Declaring photos on a subject, retracting and waiving them.

On PostgreSQL a declaration and the arrival of its bytes may run side by side, each blind to what the other has not committed. Both
therefore take the person's lock first, and the blob's row lock next; on SQLite there is one writer anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import add_plain, find_row, lock_row, prefetch
from backend.core.problems import Forbidden, IdTaken, Invalid, Missing
from backend.domains.evidence.model import Blob, Delivery, Photo
from backend.domains.evidence.rules.photos import PhotoSettled, WaivedByShiftLeader, delivery_key


def prefetch_photos(session: Session, photo_ids: Collection[UUID], sha256s: Collection[str], person: UUID) -> None:
    """Before a run: what `declare_photo` will look at for these photos of this person, with a query a table."""
    lock_person(session, person)
    prefetch(session, Blob, sha256s, lock=True)
    prefetch(session, Delivery, [delivery_key(person, sha256) for sha256 in sha256s])
    prefetch(session, Photo, photo_ids)


def declare_photo(session: Session, act: Act, *, photo: Mapping[str, Any], subject_type: str, subject: UUID, at: str = "") -> Photo:
    """This person declares a photo on the subject: `photo` as `schemas.DeclaredPhoto` loads it, which stands at the JSON pointer `at`.

    Tells nothing: whoever declares tells of the subject, naming photo and hash. It starts as stored (usable, unreadable) where this
    person delivered the bytes before. The same declaration again changes nothing;
    under an id that is taken by another declaration it raises IdTaken.
    """
    person = person_of(act)
    if not _locked(session, person):
        lock_person(session, person)
    stated = {
        "subject_type": subject_type,
        "subject": subject,
        "sha256": photo["sha256"],
        "size": photo["bytes"],
        "mime": photo["mime"],
        "role": photo["role"],
        "taken_at": photo.get("taken_at"),
        "declared_by": person,
    }
    known = find_row(session, Photo, photo["id"])
    if known is not None:
        if any(getattr(known, name) != value for name, value in stated.items()):
            raise IdTaken(f"photo {photo['id']} was declared otherwise", errors=[(f"{at}/id", "taken by another declaration")])
        return known
    row = Photo(id=photo["id"], declared_at=act.at, replica=act.replica, state="declared", **stated)
    _take_delivered(session, row)
    return add_plain(session, row)


def show_again(session: Session, act: Act, *, photo: UUID, subject: UUID, on_type: str, on: UUID, at: str = "") -> Photo:
    """What a photo of one subject shows is of another subject, too: declared there anew, as by who declared it first, whoever says so now.

    Tells nothing, as `declare_photo`. Raises Missing, and Invalid (at the JSON pointer `at`) for one that was taken back.
    """
    known = find_row(session, Photo, photo)
    if known is None or known.subject != subject:
        raise Missing(f"no photo {photo} on {subject}")
    if known.retracted_at is not None:
        raise Invalid(f"photo {photo} was taken back", errors=[(at, "was taken back")])
    lock_person(session, known.declared_by)
    same = {name: getattr(known, name) for name in ("sha256", "size", "mime", "role", "taken_at", "declared_by")}
    row = Photo(id=act.new_id(), subject_type=on_type, subject=on, declared_at=act.at, state="declared", **same)
    _take_delivered(session, row)
    return add_plain(session, row)


def retract_photo(session: Session, act: Act, *, photo: UUID, subject: UUID, reason: str) -> Photo:
    """Mark a photo as taken back by who declared it; it no longer counts, its bytes stay. Raises Missing, Forbidden."""
    row = _on(session, photo, subject)
    if row.declared_by != act.actor.person:
        raise Forbidden("only who declared a photo takes it back")
    if row.retracted_at is None:
        row.retracted_at, row.retracted_by, row.retracted_reason = act.at, act.actor.person, _reason(reason)
        act.tell("photo.retracted", row.subject_type, row.subject, photo=row.id)
    return row


def waive_photo(session: Session, act: Act, *, photo: UUID, subject: UUID, reason: str) -> Photo:
    """A shift leader decides that the case goes on without this photo: a phone can be lost for ever.

    Raises Missing, WaivedByShiftLeader, and PhotoSettled for a photo that is usable or retracted. Bytes that come later count again.
    """
    if not act.actor.holds("shift_leader"):
        raise WaivedByShiftLeader("waiving a photo needs the role shift_leader", roles=["shift_leader"])
    row = _on(session, photo, subject)
    if row.state == "usable" or row.retracted_at is not None:
        raise PhotoSettled(f"photo {photo} is {'retracted' if row.retracted_at else 'usable'}")
    if row.waived_at is None:
        row.waived_at, row.waived_by, row.waived_reason = act.at, act.actor.person, _reason(reason)
        act.tell("photo.waived", row.subject_type, row.subject, photo=row.id)
    return row


def lock_person(session: Session, person: UUID) -> None:
    """Until this transaction ends nobody else declares or delivers photos as this person. Nothing to do on SQLite."""
    if is_sqlite(session):
        return
    key = int.from_bytes(person.bytes[8:], "big", signed=True)  # the random half of a UUID v7
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
    if session.get_nested_transaction() is None:  # a savepoint rolled back gives its locks back
        session.info["evidence.locked"] = (session.get_transaction(), person)


def person_of(act: Act) -> UUID:
    """Who acts: photos are a person's, never the system's. Raises Forbidden."""
    if act.actor.person is None:
        raise Forbidden("photos are declared and delivered by persons")
    return act.actor.person


def _take_delivered(session: Session, row: Photo) -> None:
    """Where the declarer delivered the bytes before, the photo is what became of them."""
    delivery = find_row(session, Delivery, delivery_key(row.declared_by, row.sha256))
    blob = lock_row(session, Blob, row.sha256) if delivery else None
    if delivery and blob:
        if not delivery.declared:
            delivery.declared = True
        row.state, row.stored_at = blob.state, delivery.delivered_at
        row.settled_at = blob.examined_at


def _locked(session: Session, person: UUID) -> bool:
    return is_sqlite(session) or session.info.get("evidence.locked") == (session.get_transaction(), person)


def _on(session: Session, photo: UUID, subject: UUID) -> Photo:
    row = lock_row(session, Photo, photo)
    if row is None or row.subject != subject:
        raise Missing(f"no photo {photo} on {subject}")
    return row


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid("a reason is required", errors=[("/reason", "must not be empty")])
    return text.strip()
