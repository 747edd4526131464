"""Questions about evidence."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.evidence.model import Blob, Delivery, Photo, Upload
from backend.domains.evidence.rules.photos import Evidence, delivery_key, state_shown, weigh
from backend.domains.evidence.rules.tus import BadUploadHeader, Claim, upload_id

_CHUNK = 500
T = TypeVar("T")

_UNDER_WAY = sa.exists().where(
    Photo.state == "declared",
    Upload.person == Photo.declared_by,
    Upload.sha256 == Photo.sha256,
    Upload.received > 0,
)
# Built once: building a statement costs more than running it, and an upload of 300 KB takes 4 ms in all.
_DELIVERED = sa.select(Delivery.size).where(Delivery.key == sa.bindparam("key"))
_UNDECLARED = (
    sa.select(sa.func.coalesce(sa.func.sum(Delivery.size), 0))
    .where(Delivery.person == sa.bindparam("person"), sa.not_(Delivery.declared))
    .scalar_subquery()
    + sa.select(sa.func.coalesce(sa.func.sum(Upload.size), 0)).where(Upload.person == sa.bindparam("person")).scalar_subquery()
)
_ONE = sa.select(sa.literal(1).label("one")).subquery()
_STANDING = sa.select(
    Upload.size,
    Upload.received,
    Upload.part,
    Upload.expires_at,
    Upload.terminated_at,
    Delivery.size.label("delivered"),
    _UNDECLARED.label("undeclared"),
).select_from(
    _ONE.outerjoin(Upload, sa.and_(Upload.id == sa.bindparam("id"), Upload.person == sa.bindparam("person"))).outerjoin(
        Delivery,
        Delivery.key == sa.bindparam("key"),
    ),
)
_SHOWN_COLUMNS: list[sa.Label[Any]] = [
    Photo.id.label("id"),
    Photo.sha256.label("sha256"),
    Photo.size.label("bytes"),
    Photo.mime.label("mime"),
    Photo.role.label("role"),
    Photo.taken_at.label("taken_at"),
    Photo.declared_by.label("declared_by"),
    Photo.declared_at.label("declared_at"),
    Photo.stored_at.label("stored_at"),
    Photo.state.label("state"),
    Photo.waived_at.is_not(None).label("waived"),
    Photo.retracted_at.is_not(None).label("retracted"),
    Blob.fault.label("fault"),
    _UNDER_WAY.label("uploading"),
]
_SHOWN_NAMES = [column.name for column in _SHOWN_COLUMNS]
_SHOWN = (
    sa.select(Photo.subject, *_SHOWN_COLUMNS)
    .outerjoin(Blob, Blob.sha256 == Photo.sha256)
    .where(Photo.subject.in_(sa.bindparam("subjects", expanding=True)))
    .order_by(Photo.declared_at, Photo.id)
)


class FoundPhoto(NamedTuple):
    """What serving a photo needs: plain values, which outlive the transaction they were read in. `state` is of the bytes."""

    id: UUID
    sha256: str
    mime: str
    state: str


class Standing(NamedTuple):
    """Where an upload stands: plain values, which outlive the transaction they were read in.

    `part` is None at offset 0; `known` tells that a row is behind it; `undeclared` is what counts against the person's quota (bytes).
    """

    received: int = 0
    part: str | None = None
    known: bool = False
    delivered: bool = False
    terminated: bool = False
    undeclared: int = 0


class _Weighed(NamedTuple):
    subject: UUID
    state: str
    waived: bool
    retracted: bool


def evidence_of(session: Session, subjects: Collection[UUID]) -> dict[UUID, Evidence]:
    """The evidence of each of these subjects; one without photos has all zeros. Rows added in this transaction must be flushed before."""
    found: dict[UUID, list[_Weighed]] = defaultdict(list)
    for part in _parts(subjects):
        query = sa.select(Photo.subject, Photo.state, Photo.waived_at.is_not(None), Photo.retracted_at.is_not(None))
        for row in session.execute(query.where(Photo.subject.in_(part))):
            found[row[0]].append(_Weighed(*row))
    return {subject: weigh(found.get(subject, ())) for subject in subjects}


def photos_of(session: Session, subjects: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The photos of each of these subjects in the order of their declaration, retracted ones too. Flush before, as above.

    Each: `{id, sha256, bytes, mime, role, taken_at, declared_by, declared_at, stored_at, state, waived, retracted, fault}`. `state` is
    declared, uploading, stored, usable, unreadable or waived; `fault` says why it is unreadable.
    """
    found: dict[UUID, list[dict[str, Any]]] = {subject: [] for subject in subjects}
    for part in _parts(subjects):
        for subject, *values in session.execute(_SHOWN, {"subjects": part}):
            shown = dict(zip(_SHOWN_NAMES, values, strict=True))
            uploading, stage = shown.pop("uploading"), shown["state"]
            shown["state"] = state_shown(stage, waived=shown["waived"], uploading=uploading)
            if stage != "unreadable":
                shown["fault"] = None
            found[subject].append(shown)
    return found


def find_photo(session: Session, photo: UUID, *, subject: UUID) -> FoundPhoto | None:
    """The photo if it is on this subject and its bytes are here. Its type is that of the content, not the declared one."""
    query = sa.select(Photo.id, Photo.sha256, Blob.mime, Photo.state).join(Blob, Blob.sha256 == Photo.sha256)
    row = session.execute(query.where(Photo.id == photo, Photo.subject == subject, Photo.state != "declared")).one_or_none()
    return FoundPhoto(*row) if row else None


def find_standing(session: Session, claim: Claim, *, person: UUID, at: dt.datetime) -> Standing:
    """Where this person's upload of what it claims stands; at 0 where nothing came, it expired, or what came was of another size.

    Raises BadUploadHeader where this person delivered the blob and its size is another. One statement.
    """
    keys = {"id": claim.id, "person": person, "key": delivery_key(person, claim.sha256)}
    row = session.connection().execute(_STANDING, keys).one()
    known = row.size is not None
    if row.delivered is not None:
        if row.delivered != claim.size:
            raise BadUploadHeader(f"Upload-Length is {claim.size}, but the file with this sha256 has {row.delivered} bytes")
        return Standing(row.delivered, known=known, delivered=True)
    if not known or row.expires_at <= at:
        return Standing(known=known, undeclared=int(row.undeclared))
    if row.terminated_at is not None:
        return Standing(known=True, terminated=True, undeclared=int(row.undeclared))
    received, part = (row.received, row.part) if row.size == claim.size else (0, None)
    return Standing(received, part, known=True, undeclared=int(row.undeclared))


def find_delivered(session: Session, person: UUID, sha256: str) -> int | None:
    """The size of this blob if this person delivered it."""
    return session.connection().scalar(_DELIVERED, {"key": delivery_key(person, sha256)})


def undeclared_bytes(session: Session, person: UUID) -> int:
    """What counts against this person's quota: delivered bytes that none of the own photos names, and the uploads under way."""
    return int(session.connection().scalar(sa.select(_UNDECLARED), {"person": person}) or 0)


def list_blob_states(session: Session, hashes: Sequence[str], *, person: UUID, replica: UUID | None) -> dict[str, dict[str, object]]:
    """`{sha256: {state, offset}}` as this person may know it: stored (by this person), uploading, or unknown whoever else has it."""
    states: dict[str, dict[str, object]] = {sha256: {"state": "unknown", "offset": 0} for sha256 in hashes}
    uploads = sa.select(Upload.sha256, Upload.received).where(
        Upload.id.in_([upload_id(replica, person, sha256) for sha256 in states]),
        Upload.received > 0,
    )
    for sha256, received in session.execute(uploads):
        states[sha256] = {"state": "uploading", "offset": received}
    delivered = sa.select(Delivery.sha256, Delivery.size).where(Delivery.key.in_([delivery_key(person, sha256) for sha256 in states]))
    for sha256, size in session.execute(delivered):
        states[sha256] = {"state": "stored", "offset": size}
    return states


def list_due_examinations(session: Session, *, at: dt.datetime, limit: int) -> list[str]:
    """The hashes of blobs whose examination is due, the longest due first."""
    query = sa.select(Blob.sha256).where(Blob.due_at <= at).order_by(Blob.due_at, Blob.sha256).limit(limit)
    return list(session.scalars(query))


def list_parts(session: Session) -> frozenset[str]:
    """The spool files that uploads under way name."""
    return frozenset(session.scalars(sa.select(Upload.part).where(Upload.part.is_not(None))))


def _parts(values: Collection[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while part := list(islice(rest, _CHUNK)):
        yield part
