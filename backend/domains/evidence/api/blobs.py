"""Blobs: bytes put under their SHA-256, and what became of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here, present
from backend.core.http.settings import settings
from backend.core.perform import reading
from backend.core.problems import Invalid
from backend.domains.evidence import queries, schemas
from backend.domains.evidence.api import arriving
from backend.domains.evidence.outside import spool
from backend.domains.evidence.rules.photos import (
    EmptyPhoto,
    HashMismatch,
    NotAPicture,
    PhotoTooLarge,
    QuotaExceeded,
    StorageFull,
    check_quota,
    check_size,
    is_sha256,
)
from backend.domains.evidence.rules.tus import LengthRequired

blueprint = Blueprint("blobs", __name__, description="Photo bytes under their SHA-256")

blueprint.describe(lambda api: {"BlobStates": {"type": "object", "additionalProperties": api.answered(schemas.BlobState())}})

_STATES = {"$ref": "#/components/schemas/BlobStates"}
_PICTURE = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}, "required": True}


@blueprint.put("/blobs/sha256/<sha256>")
@caller(kinds=("session", "credential"))
@blueprint.refuses(LengthRequired, PhotoTooLarge, NotAPicture, EmptyPhoto, HashMismatch, QuotaExceeded, StorageFull)
@blueprint.doc(
    requestBody=_PICTURE,
    responses={
        201: {"description": "Stored: checked by size, hash and picture header, and safe on disk"},
        200: {"description": "You had delivered it already; the body was not looked at"},
    },
)
def store_blob(sha256: str) -> Response:
    """Deliver a photo's bytes in one request. They are required even where somebody else delivered them: knowing a hash proves nothing."""
    if not is_sha256(sha256):
        raise Invalid("the path needs the SHA-256 as 64 lower-case hexadecimal digits", errors=[("/sha256", "not a SHA-256")])
    size = arriving.body_length(required=True)
    check_size(size, settings().photo_bytes)
    session, _ = here()
    with reading(session):
        if queries.find_delivered(session, _person(), sha256) is not None:
            return _nothing(200)
        undeclared = queries.undeclared_bytes(session, _person())
    check_quota(undeclared, size, settings().quota_bytes)
    with spool.begin(arriving.store().spool) as part:
        try:
            arriving.receive_whole(part, size)
            arriving.finish(part, sha256=sha256, size=size)
        finally:
            part.discard()  # what is stored has left the spool
    return _nothing(201)


@blueprint.post("/blobs/status")
@caller(kinds=("session", "credential"))
@blueprint.arguments(schemas.ListBlobStates())
@blueprint.doc(
    responses={200: {"description": "By hash", "content": {"application/json": {"schema": _STATES}}}},
)
def list_blob_states(payload: dict[str, Any]) -> dict[str, dict[str, object]]:
    """What of these (at most 500) is safe here as your delivery: a phone deletes a picture 30 days after `stored`."""
    session, act = here()
    with reading(session):
        return queries.list_blob_states(session, payload["sha256"], person=_person(), replica=act.replica)


def _person() -> UUID:
    person = present().actor.person
    assert person is not None  # every token is a person's
    return person


def _nothing(status: int) -> Response:
    """An answer without a body, and therefore without a type of one."""
    answer = Response(status=status)
    del answer.headers["Content-Type"]
    return answer
