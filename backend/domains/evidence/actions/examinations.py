"""Examinations: taken, put off, settled. The decode itself happens outside any transaction."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.core.deeds import deed
from backend.core.problems import Missing
from backend.domains.evidence.model import Blob, Photo
from backend.domains.evidence.rules.photos import LEASE_SECONDS, MAX_ATTEMPTS, Verdict


def take_examination(session: Session, act: Act, *, sha256: str) -> bool:
    """Begin to examine this blob: True if it is for the caller to do, who then has ten minutes before another may begin.

    The attempt is counted before the decode, and tells nothing. After the third that came to no end the blob is unreadable
    (`examiner_failed`), so that one file cannot kill the worker for ever.
    """
    blob = lock_row(session, Blob, sha256)
    if blob is None or blob.due_at is None or blob.due_at > act.at:
        return False
    if blob.attempts >= MAX_ATTEMPTS:
        verdict = Verdict("unreadable", fault=f"examiner_failed: {MAX_ATTEMPTS} examinations came to no end")
        settle_examination(session, act, sha256=sha256, verdict=verdict)
        return False
    blob.attempts += 1
    blob.due_at = act.at + dt.timedelta(seconds=LEASE_SECONDS)
    return True


def postpone_examination(session: Session, act: Act, *, sha256: str, seconds: int) -> None:
    """The bytes could not be fetched, which says nothing about them: the attempt does not count, try again after these seconds."""
    blob = lock_row(session, Blob, sha256)
    if blob is not None and blob.due_at is not None:
        blob.attempts = max(0, blob.attempts - 1)
        blob.due_at = act.at + dt.timedelta(seconds=seconds)


@deed
def settle_examination(session: Session, act: Act, *, sha256: str, verdict: Verdict) -> Blob:
    """What the examination found: the blob, and every photo whose declarer delivered it, is usable or unreadable. Raises Missing.

    Tells `blob.examined`, and `photo.usable` or `photo.unreadable` on the subject of each photo. A second verdict changes nothing.
    """
    blob = lock_row(session, Blob, sha256)
    if blob is None:
        raise Missing(f"no blob {sha256}")
    if blob.state != "stored":
        return blob
    blob.state, blob.examined_at, blob.examiner, blob.due_at = verdict.state, act.at, verdict.examiner, None
    blob.exif, blob.fault = verdict.exif, verdict.fault
    blob.width, blob.height = verdict.width or blob.width, verdict.height or blob.height
    act.tell("blob.examined", "blob", sha256, state=verdict.state, examiner=verdict.examiner)
    photos = sa.select(Photo).where(Photo.sha256 == sha256, Photo.state == "stored").order_by(Photo.id).with_for_update()
    for photo in session.scalars(photos.execution_options(populate_existing=True)):
        photo.state, photo.settled_at = verdict.state, act.at
        act.tell(f"photo.{verdict.state}", photo.subject_type, photo.subject, photo=photo.id, sha256=sha256)
    return blob
