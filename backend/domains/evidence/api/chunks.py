"""A chunk of an upload: its bytes written at the offset, then the offset compared and set."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from backend.core.http.callers import here
from backend.core.http.settings import settings
from backend.core.perform import perform
from backend.domains.evidence.actions import uploads as actions
from backend.domains.evidence.api import arriving
from backend.domains.evidence.outside import spool
from backend.domains.evidence.rules import photos, tus


def take_chunk(claim: tus.Claim, *, offset: int, length: int, part: str | None) -> int:
    """Receive the chunk; the offset after it. Commits how far it came, and the stored blob with the last byte."""
    expected = tus.checksum(request.headers.get("Upload-Checksum"))
    algorithm = expected.algorithm if expected else None
    folder = arriving.store().spool
    file = spool.resume(folder, part, offset, algorithm=algorithm) if offset and part else spool.begin(folder, algorithm=algorithm)
    if file is None:
        reset(claim.id, offset)
        raise elsewhere(0, offset)
    progress = _Progress(claim, file, offset)
    with file:
        try:
            receipt = file.receive(arriving.body(), length, None if expected else progress.save)
            if expected:
                tus.check_chunk(expected, file.chunk.digest(), whole=receipt.whole)
            if receipt.end == claim.size:
                _finish(progress)
            elif receipt.end > progress.at and not progress.save(receipt.end):
                raise tus.OffsetConflict("another request went on with this upload")
        finally:
            if file.private:  # no offset in it was committed: nobody will ask for it
                file.discard()
    return receipt.end


def _finish(progress: _Progress) -> None:
    """The last byte has come. Where it is not the file that was promised the upload goes back to 0."""
    claim, file = progress.claim, progress.file
    try:
        arriving.finish(file, sha256=claim.sha256, size=claim.size, upload=claim.id if progress.at else None)
    except (photos.HashMismatch, photos.NotAPicture, photos.PhotoTooLarge):
        if progress.at:
            reset(claim.id, progress.at)
        file.discard()
        raise
    file.discard()


@dataclass(slots=True)
class _Progress:
    """How far this request's bytes are known to the database."""

    claim: tus.Claim
    file: spool.Part
    at: int

    def save(self, end: int) -> bool:
        """Compare and set the offset: False where another request was quicker."""
        session, act = here()
        saved = perform(
            session,
            act,
            actions.append_upload,
            claim=self.claim,
            days=settings().upload_days,
            start=self.at,
            end=end,
            part=self.file.name,
            goes_on=self.file.published,
        )
        if saved:
            self.at, self.file.published = end, True
        return saved


def reset(upload: str, received: int) -> None:
    """Begin the upload again at 0: what was received is lost or not what was promised."""
    session, act = here()
    perform(session, act, actions.reset_upload, upload=upload, received=received)


def elsewhere(stands: int, asked: int) -> tus.OffsetConflict:
    """The refusal that says where the upload stands."""
    return tus.OffsetConflict(f"Upload-Offset is {asked}, the upload stands at {stands}", headers={"Upload-Offset": str(stands)})
