"""What PUT and tus share: the body of the request, and the last byte of a file."""

from __future__ import annotations

from typing import cast

from flask import request

from backend.core.http.callers import here
from backend.core.http.settings import settings
from backend.core.perform import perform
from backend.core.problems import Malformed
from backend.domains.evidence.actions import uploads as actions
from backend.domains.evidence.outside import spool
from backend.domains.evidence.outside.keeping import keep_picture
from backend.domains.evidence.outside.stores import Store, open_store
from backend.domains.evidence.rules.tus import LengthRequired


def store() -> Store:
    """The store of this application."""
    return open_store(settings().blob_store, settings().data_folder)


def body() -> spool.Stream:
    """The body as the server hands it over, undecoded and unbuffered; `body_length` says where it ends."""
    return cast("spool.Stream", request.environ["wsgi.input"])


def body_length(*, required: bool) -> int:
    """Content-Length in bytes. Raises LengthRequired for a chunked body, and for a missing one where it is required."""
    if "Transfer-Encoding" in request.headers or (required and request.content_length is None):
        raise LengthRequired("Content-Length is required; a chunked body is not taken")
    return request.content_length or 0


def receive_whole(part: spool.Part, size: int) -> None:
    """The body, all of it. Raises Malformed where the connection broke, StorageFull."""
    if not part.receive(body(), size).whole:
        raise Malformed(f"the connection broke before all {size} bytes had come; use /uploads to go on where it broke")


def finish(part: spool.Part, *, sha256: str, size: int, upload: str | None = None) -> bool:
    """All bytes have come: check, move into the store, commit. Whether this person's delivery is new.

    Raises HashMismatch, NotAPicture, PhotoTooLarge, StorageFull, Unavailable; then nothing is stored, and the file is as before, or
    gone where it was this request's own.
    """
    whole = part if part.private else spool.own_copy(part, size)
    _, header = keep_picture(store(), whole, sha256=sha256, pixels=settings().photo_pixels)
    reader, act = here()
    return perform(reader, act, actions.store_blob, sha256=sha256, size=size, header=header, upload=upload)
