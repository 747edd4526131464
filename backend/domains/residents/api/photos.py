"""Photos of reports: in by a small path of their own that ends where all evidence does, out to the desk as renditions."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from flask import Response, request, send_file

from backend.core.http.callers import caller, here, public
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.core.problems import Malformed, Missing
from backend.domains.evidence.outside import spool
from backend.domains.evidence.outside.keeping import keep_picture
from backend.domains.evidence.outside.serving import photo_file
from backend.domains.evidence.outside.stores import Store, open_store
from backend.domains.evidence.rules.photos import EmptyPhoto, NotAPicture, PhotoTooLarge, StorageFull, check_size
from backend.domains.evidence.rules.tus import LengthRequired
from backend.domains.residents.actions.intake import receive_photo
from backend.domains.residents.actions.turns import take_turn
from backend.domains.residents.api.door import SECRET, blueprint, known_report, turn_of
from backend.domains.residents.queries.reports import find_photo, get_report, list_photos, own_report
from backend.domains.residents.queries.standing import Pictured, shown_photo
from backend.domains.residents.rules.access import READERS
from backend.domains.residents.rules.intake import PHOTO_BYTES, TooManyPhotos, check_room
from backend.domains.residents.rules.receipts import NotNow, ReceiptUnknown, TooManyTurns
from backend.domains.residents.schemas.public import ReportPhotoReceived

_JPEG = {"description": "An upright JPEG without metadata", "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
_PICTURE = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}, "required": True}


@blueprint.post("/residents/reports/<receipt>/photos")
@public
@blueprint.refuses(
    ReceiptUnknown, TooManyTurns, TooManyPhotos, NotNow, LengthRequired, PhotoTooLarge, NotAPicture, EmptyPhoto, StorageFull, Malformed
)
@blueprint.doc(parameters=[SECRET], requestBody=_PICTURE)
@blueprint.response(201, ReportPhotoReceived())
def add_report_photo(receipt: str) -> dict[str, Any]:
    """Send one photo (JPEG, PNG, WebP or HEIC, at most 10 MiB) as the body; three a report. The same bytes again are the same photo."""
    if "Transfer-Encoding" in request.headers or request.content_length is None:
        raise LengthRequired("Content-Length is required; a chunked body is not taken")
    size = request.content_length
    check_size(size, min(PHOTO_BYTES, settings().photo_bytes))
    report = known_report(receipt)
    session, act = here()
    perform(session, act, take_turn, kind="photo", key=turn_of("photo"))
    with reading(session):  # before the bytes are read: the door is no place to leave files at
        row = own_report(session, report)
        check_room(row.state, ended=row.ended_at is not None, photos=len(list_photos(session, [report])[report]))
    with spool.begin(_store().spool) as part:
        try:
            if not part.receive(cast("spool.Stream", request.environ["wsgi.input"]), size).whole:
                raise Malformed(f"the connection broke before all {size} bytes had come")
            sha256, header = keep_picture(_store(), part, sha256=None, pixels=settings().photo_pixels)
        finally:
            part.discard()  # what is stored has left the spool
    session, act = here()
    photo, _ = perform(session, act, receive_photo, report=report, sha256=sha256, size=size, header=header)
    return {"id": photo.id, "sha256": photo.sha256}


@blueprint.get("/residents/reports/<receipt>/photos/<uuid:photo>/<any(thumbnail,screen):kind>")
@public
@blueprint.refuses(ReceiptUnknown, TooManyTurns)
@blueprint.doc(parameters=[SECRET], responses={200: _JPEG})
def show_report_photo(receipt: str, photo: UUID, kind: str) -> Response:
    """A photo of the report, or of the work done: a copy without metadata, thumbnail (320 px) or screen (1280 px)."""
    report = known_report(receipt)
    session, _ = here()
    with reading(session):
        found = shown_photo(session, own_report(session, report), photo)
    return _sent(found, photo, kind)


@blueprint.get("/resident-reports/<uuid:report>/photos/<uuid:photo>/<any(thumbnail,screen):kind>")
@caller(*READERS)
@blueprint.doc(responses={200: _JPEG})
def get_report_photo(report: UUID, photo: UUID, kind: str) -> Response:
    """A rendition of a photo of a report: thumbnail (320 px) or screen (1280 px)."""
    session, act = here()
    with reading(session):
        get_report(session, report, act.actor)
        row = find_photo(session, report, photo)
        found = Pictured(row.sha256, row.mime) if row is not None else None
    return _sent(found, photo, kind)


def _sent(found: Pictured | None, photo: UUID, kind: str) -> Response:
    if found is None:
        raise Missing(f"there is no photo {photo} on this report that you may see")
    source, mime, etag = photo_file(_store(), found, kind, pixels=settings().photo_pixels)
    answer = send_file(source, mimetype=mime, conditional=True, etag=etag)
    answer.headers["Cache-Control"] = "private, max-age=604800"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _store() -> Store:
    return open_store(settings().blob_store, settings().data_folder)
