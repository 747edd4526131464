"""What the worker does about photos: it decodes what was stored, and clears away uploads that nobody goes on with."""

from __future__ import annotations

import logging

from flask import Flask

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.config import Settings
from backend.core.http.callers import session
from backend.core.perform import perform, reading
from backend.domains.evidence import queries
from backend.domains.evidence.actions import examinations, uploads
from backend.domains.evidence.outside import pictures, spool
from backend.domains.evidence.outside.stores import Store, open_store
from backend.domains.evidence.rules.photos import original_key, rendition_key

log = logging.getLogger(__name__)

_STORE_FAULT_SECONDS = 300
_STRAY_SECONDS = 24 * 3600


def examine_due(app: Flask, *, limit: int = 20) -> int:
    """Examine the blobs whose turn it is, at most `limit`; how many were taken up. Safe to repeat and to run side by side."""
    with app.app_context():
        settings: Settings = app.extensions["linping.settings"]
        store = open_store(settings.blob_store, settings.data_folder)
        with reading(session()) as reader:
            due = queries.list_due_examinations(reader, at=acts.begin(SYSTEM).at, limit=limit)
        return sum(examine_blob(store, sha256, pixels=settings.photo_pixels) for sha256 in due)


def examine_blob(store: Store, sha256: str, *, pixels: int) -> bool:
    """Decode this blob, keep its renditions, settle the verdict; False where it was not due any more. Needs an application context.

    The attempt is committed before the decode: a file that kills this process is given up after three. A store that does not answer, or
    has lost the bytes, says nothing about the photo: it is tried again later, and logged.
    """
    if not perform(session(), acts.begin(SYSTEM), examinations.take_examination, sha256=sha256):
        return False
    try:
        with store.open(original_key(sha256)) as file:
            verdict, copies = pictures.examine(file, pixels=pixels)
    except OSError:
        log.exception("a stored photo cannot be read", extra={"sha256": sha256})
        perform(session(), acts.begin(SYSTEM), examinations.postpone_examination, sha256=sha256, seconds=_STORE_FAULT_SECONDS)
        return True
    except MemoryError:
        log.exception("not enough memory to decode a photo", extra={"sha256": sha256})
        return True
    for kind, content in copies.items():
        try:
            store.put(content, rendition_key(sha256, kind))
        except OSError:  # evidence all the same: it is made again when somebody looks
            log.exception("a rendition was not kept", extra={"sha256": sha256, "kind": kind})
    perform(session(), acts.begin(SYSTEM), examinations.settle_examination, sha256=sha256, verdict=verdict)
    return True


def sweep_uploads(app: Flask) -> int:
    """Forget expired uploads and remove spool files that belong to none; how many rows and files went."""
    with app.app_context():
        settings: Settings = app.extensions["linping.settings"]
        act = acts.begin(SYSTEM)
        forgotten = perform(session(), act, uploads.sweep_uploads)
        with reading(session()) as reader:
            kept = queries.list_parts(reader)
        folder = open_store(settings.blob_store, settings.data_folder).spool
        return forgotten + spool.sweep(folder, before=act.at.timestamp() - _STRAY_SECONDS, keep=kept)
