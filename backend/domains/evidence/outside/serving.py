"""The file to send for a photo that the subject it is on has let its reader see. Nothing is served by hash."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from backend.core.problems import Missing
from backend.domains.evidence.outside.pictures import rendition
from backend.domains.evidence.outside.stores import Store
from backend.domains.evidence.rules.photos import original_key


class Found(Protocol):
    """What `queries.find_photo` gives."""

    @property
    def sha256(self) -> str: ...
    @property
    def mime(self) -> str: ...


class PhotoFile(NamedTuple):
    """A path where the store is a folder (the server then sends it by sendfile), else an open file."""

    source: Path | BinaryIO
    mime: str
    etag: str


def photo_file(store: Store, found: Found, kind: str, *, pixels: int) -> PhotoFile:
    """The original byte for byte (`kind` "original"), or the rendition thumbnail or screen, made now where it is not there yet.

    `pixels` is the most a picture may have. Raises Missing where the store lost the bytes, NotAPicture for a rendition of what cannot be
    decoded.
    """
    key = original_key(found.sha256)
    etag = f"{found.sha256}-{kind}"
    try:
        if kind == "original":
            return PhotoFile(store.path(key) or store.open(key), found.mime, etag)
        return PhotoFile(rendition(store, found.sha256, kind, key, pixels=pixels), "image/jpeg", etag)
    except FileNotFoundError as error:
        raise Missing(f"the bytes of this photo ({found.sha256}) are not in the store") from error
