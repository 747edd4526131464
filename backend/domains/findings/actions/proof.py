"""What verified work still lacks for being closed, kept as flags of the finding."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.core.database.rows import write
from backend.domains.evidence import queries as evidence
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries import work
from backend.domains.findings.rules.needs import lacks_proof


def weigh_proof(session: Session, row: Finding) -> None:
    """Set the flags by photos and looks as they are now, those of this transaction with them; clear unless the finding is verified."""
    if row.state != "verified":
        row.lacks_after_photos = row.lacks_look_photos = False
        return
    write(session)
    photos = evidence.photos_of(session, [row.id])[row.id]
    looks, since = work.photos_of_looks(session, row.id), work.dispatched_anew_at(session, row.id)
    row.lacks_after_photos, row.lacks_look_photos = lacks_proof(photos, looks=looks, since=since)
