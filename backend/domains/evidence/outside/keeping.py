"""The last step of any arrival: what was received becomes a stored original, or nothing."""

from __future__ import annotations

import logging

from backend.core.problems import Unavailable
from backend.domains.evidence.outside import pictures, spool
from backend.domains.evidence.outside.stores import Store
from backend.domains.evidence.rules.photos import Header, check_hash, original_key

log = logging.getLogger(__name__)


def keep_picture(store: Store, whole: spool.Part, *, sha256: str | None, pixels: int) -> tuple[str, Header]:
    """Check a file that has come whole (hash, where one was promised; picture header) and move it into the store: its hash and header.

    Raises HashMismatch, NotAPicture, PhotoTooLarge (over `pixels`), StorageFull, Unavailable; then nothing is stored and the file is gone.
    """
    try:
        known = whole.digest()
        if sha256 is not None:
            check_hash(sha256, known)
        header = pictures.read_header(whole.path, pixels=pixels)
        whole.close()
        store.keep(whole.path, original_key(known))
    except OSError as error:
        whole.discard()
        problem = spool.named(error)
        if problem is error:
            log.exception("the store failed")
            problem = Unavailable("the photo store does not answer", headers={"Retry-After": "30"})
        raise problem from error
    except BaseException:
        whole.discard()
        raise
    return known, header
