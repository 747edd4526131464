"""Uploads by tus 1.0: creation, creation-with-upload, expiration, checksum, termination.

The URL derives from (replica or person, SHA-256): a creation whose answer was lost yields the same upload. It also holds what was claimed,
so that a creation stores nothing and an upload in one PATCH is one commit. No locks: bytes are written at
the offset and fsynced, then the offset is compared and set; a stalled request that comes back later loses.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask import Response, request

from backend.core.act import Act
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here, public
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.core.problems import MethodNotAllowed, Missing, TooLarge, WrongMedia
from backend.domains.evidence import queries
from backend.domains.evidence.actions import uploads as actions
from backend.domains.evidence.api import arriving
from backend.domains.evidence.api.chunks import elsewhere, reset, take_chunk
from backend.domains.evidence.outside import spool
from backend.domains.evidence.rules import photos, tus

blueprint = Blueprint("uploads", __name__, description="Resumable uploads (tus 1.0)")

_REFUSED = (
    photos.PhotoTooLarge,
    photos.NotAPicture,
    photos.EmptyPhoto,
    photos.HashMismatch,
    photos.QuotaExceeded,
    photos.StorageFull,
    tus.ChecksumMismatch,
)
_CHUNK = {"content": {tus.CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
_VERSION = {"name": "Tus-Resumable", "in": "header", "required": True, "schema": {"type": "string", "enum": [tus.VERSION]}}
_BYTES = {"type": "integer", "minimum": 0}
_LENGTH = {"name": "Upload-Length", "in": "header", "required": True, "schema": _BYTES, "description": "Bytes of the whole file"}
_METADATA = {
    "name": "Upload-Metadata",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "Pairs of a name and a base64 value: `sha256` (64 lower-case hexadecimal digits), and `photo`, `mime`",
}
_OFFSET = {"name": "Upload-Offset", "in": "header", "required": True, "schema": _BYTES, "description": "Where this body begins"}
_CHECKSUM = {
    "name": "Upload-Checksum",
    "in": "header",
    "schema": {"type": "string"},
    "description": f"Of this body: one of {', '.join(tus.ALGORITHMS)}, a blank, base64",
}
_OVERRIDE = {"name": "X-HTTP-Method-Override", "in": "header", "required": True, "schema": {"type": "string", "enum": ["PATCH", "DELETE"]}}


@blueprint.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@blueprint.route("/uploads/<upload>", methods=["OPTIONS"], provide_automatic_options=False)
@public
@blueprint.doc(responses={204: {"description": "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm"}})
def describe_uploads(upload: str | None = None) -> Response:  # noqa: ARG001 - the answer is the same for each
    """What of tus is spoken here."""
    return Response(
        status=204,
        headers={
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(settings().photo_bytes),
            "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
        },
    )


@blueprint.post("/uploads")
@caller(kinds=("session", "credential"))
@blueprint.refuses(tus.TusVersion, tus.BadUploadHeader, *_REFUSED)
@blueprint.doc(
    parameters=[_VERSION, _LENGTH, _METADATA, _CHECKSUM],
    requestBody=_CHUNK,
    responses={201: {"description": "Location is the upload's URL, Upload-Offset where to go on"}},
)
def create_upload() -> Response:
    """Begin an upload, or find the one begun before: `Upload-Length`, and `Upload-Metadata` with `sha256` (and `photo`, `mime`).

    A body of type application/offset+octet-stream holds the file's first bytes, or all of it.
    """
    tus.check_version(request.headers.get("Tus-Resumable"))
    headers = request.headers
    session, act = here()
    person = _person(act)
    claim = tus.claim(
        headers.get("Upload-Length"),
        headers.get("Upload-Defer-Length"),
        headers.get("Upload-Metadata"),
        replica=act.replica,
        person=person,
    )
    photos.check_size(claim.size, settings().photo_bytes)
    length = arriving.body_length(required=False)
    with reading(session):
        standing = queries.find_standing(session, claim, person=person, at=act.at)
    if standing.terminated:
        perform(session, act, actions.revive_upload, upload=claim.id)
    offset = standing.received
    if not offset:
        photos.check_quota(standing.undeclared, claim.size, settings().quota_bytes)
        if length:
            offset = take_chunk(claim, offset=0, length=length, part=None)
    return _created(claim, offset, act)


@blueprint.route("/uploads/<upload>", methods=["HEAD"], provide_automatic_options=False)
@caller(kinds=("session", "credential"))
@blueprint.refuses(tus.TusVersion)
@blueprint.doc(parameters=[_VERSION], responses={200: {"description": "Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires"}})
def find_upload(upload: str) -> Response:
    """Where the upload stands."""
    tus.check_version(request.headers.get("Tus-Resumable"))
    claim, standing = _standing(upload)
    if standing.part and not (arriving.store().spool / standing.part).exists():
        reset(claim.id, standing.received)  # the database was restored from a backup: the bytes are asked for again
        standing = standing._replace(received=0)
    headers = {"Upload-Length": str(claim.size), "Upload-Metadata": claim.text, "Cache-Control": "no-store"}
    return Response(status=200, headers=headers | _progress(standing.received, here()[1]))


@blueprint.patch("/uploads/<upload>")
@caller(kinds=("session", "credential"))
@blueprint.refuses(tus.TusVersion, tus.BadUploadHeader, tus.OffsetConflict, WrongMedia, *_REFUSED)
@blueprint.doc(
    parameters=[_VERSION, _OFFSET, _CHECKSUM],
    requestBody=_CHUNK,
    responses={204: {"description": "Upload-Offset after these bytes"}},
)
def append_upload(upload: str) -> Response:
    """Go on at `Upload-Offset`. With the last byte the file is checked (hash, size, picture header) and stored before the answer.

    What came before a connection broke counts, unless the chunk has an `Upload-Checksum`: then it counts whole or not at all.
    """
    return _append(upload)


@blueprint.delete("/uploads/<upload>")
@caller(kinds=("session", "credential"))
@blueprint.refuses(tus.TusVersion)
@blueprint.doc(parameters=[_VERSION], responses={204: {"description": "Forgotten; a file that was stored stays"}})
def terminate_upload(upload: str) -> Response:
    """Give the upload up."""
    return _terminate(upload)


@blueprint.post("/uploads/<upload>")
@caller(kinds=("session", "credential"))
@blueprint.refuses(tus.TusVersion, tus.BadUploadHeader, tus.OffsetConflict, WrongMedia, MethodNotAllowed, *_REFUSED)
@blueprint.doc(parameters=[_VERSION, _OVERRIDE], requestBody=_CHUNK, responses={204: {"description": "As the method named"}})
def override_method(upload: str) -> Response:
    """For clients behind a wall that lets only POST through: `X-HTTP-Method-Override` names PATCH or DELETE."""
    named = request.headers.get("X-HTTP-Method-Override", "")
    if named == "PATCH":
        return _append(upload)
    if named == "DELETE":
        return _terminate(upload)
    raise MethodNotAllowed("POST here needs X-HTTP-Method-Override: PATCH or DELETE", headers={"Allow": "HEAD, PATCH, DELETE, OPTIONS"})


@blueprint.after_request
def _resumable(response: Response) -> Response:
    response.headers["Tus-Resumable"] = tus.VERSION
    return response


def _append(upload: str) -> Response:
    tus.check_version(request.headers.get("Tus-Resumable"))
    if request.mimetype != tus.CHUNK_TYPE:
        raise WrongMedia(f"send Content-Type: {tus.CHUNK_TYPE}")
    offset = tus.number("Upload-Offset", request.headers.get("Upload-Offset"))
    length = arriving.body_length(required=False)
    claim, standing = _standing(upload)
    if offset != standing.received:
        raise elsewhere(standing.received, offset)
    if offset + length > claim.size:
        raise TooLarge(f"{offset} + {length} bytes go beyond Upload-Length {claim.size}", limits={"upload_length": claim.size})
    if length:
        if not offset:
            photos.check_size(claim.size, settings().photo_bytes)
            photos.check_quota(standing.undeclared, claim.size, settings().quota_bytes)
        offset = take_chunk(claim, offset=offset, length=length, part=standing.part)
    return Response(status=204, headers=_progress(offset, here()[1]))


def _standing(upload: str) -> tuple[tus.Claim, queries.Standing]:
    """What the URL claims and where it stands. Raises Missing for another's, one that was given up, or what is no upload's URL."""
    session, act = here()
    person = _person(act)
    claim = tus.claim_of(upload)
    if claim is not None:
        with reading(session):
            standing = queries.find_standing(session, claim, person=person, at=act.at)
        own = standing.known or claim.id in {tus.upload_id(replica, person, claim.sha256) for replica in (act.replica, None)}
        if own and not standing.terminated:
            return claim, standing
    raise Missing("there is no such upload of yours; create it again")


def _terminate(upload: str) -> Response:
    tus.check_version(request.headers.get("Tus-Resumable"))
    claim, standing = _standing(upload)
    session, act = here()
    perform(session, act, actions.terminate_upload, claim=claim, days=settings().upload_days)
    spool.remove(arriving.store().spool, standing.part)
    return Response(status=204)


def _created(claim: tus.Claim, offset: int, act: Act) -> Response:
    location = f"{request.script_root}{request.path.rstrip('/')}/{tus.token_of(claim)}"
    # A path alone: whatever proxy is in front, the client resolves it against the address it called.
    response = Response(status=201, headers={"Location": location, **_progress(offset, act)})
    response.autocorrect_location_header = False
    return response


def _progress(offset: int, act: Act) -> dict[str, str]:
    expires = act.at + dt.timedelta(days=settings().upload_days)
    return {"Upload-Offset": str(offset), "Upload-Expires": tus.http_date(expires)}


def _person(act: Act) -> UUID:
    assert act.actor.person is not None  # every token is a person's
    return act.actor.person
