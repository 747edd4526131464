"""Sending a photo that the subject it is on has let its reader see. Nothing is served by hash."""

from __future__ import annotations

from typing import Protocol

from flask import Response, send_file

from backend.core.config import Settings
from backend.core.problems import Missing
from backend.domains.evidence.outside.pictures import rendition
from backend.domains.evidence.outside.stores import open_store
from backend.domains.evidence.rules.photos import original_key

_KEPT_SECONDS = 7 * 24 * 3600


class Found(Protocol):
    """What `queries.find_photo` gives."""

    @property
    def sha256(self) -> str: ...
    @property
    def mime(self) -> str: ...


def send_photo(settings: Settings, found: Found, kind: str) -> Response:
    """The original byte for byte (`kind` "original"), or the rendition thumbnail or screen, made now where it is not there yet.

    By the server's own file sending where the store is a folder, with ETag and ranges. Raises Missing where the store lost the bytes,
    NotAPicture for a rendition of what cannot be decoded.
    """
    store = open_store(settings.blob_store, settings.data_folder)
    key = original_key(found.sha256)
    try:
        if kind == "original":
            source, mime = store.path(key) or store.open(key), found.mime
        else:
            source, mime = rendition(store, found.sha256, kind, key, pixels=settings.photo_pixels), "image/jpeg"
    except FileNotFoundError as error:
        raise Missing(f"the bytes of this photo ({found.sha256}) are not in the store") from error
    answer = send_file(source, mimetype=mime, conditional=True, etag=f"{found.sha256}-{kind}")
    answer.headers["Cache-Control"] = f"private, max-age={_KEPT_SECONDS}"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
