"""What a finding still lacks of photos for being filed, and verified work for being closed, kept as flags of the finding."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from backend.core.database.rows import write
from backend.domains.evidence import queries as evidence
from backend.domains.findings.actions.steps import policy_of
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.proofs import proofs_of
from backend.domains.findings.rules.needs import lacks_photos, lacks_proof

_NONE: dict[str, int] = {}


def weigh_photos(session: Session, row: Finding, at: dt.datetime) -> None:
    """Set the flags by the photos as they are now, those of this transaction with them, and by the policy at that moment."""
    write(session)
    photos = [photo for photo in evidence.photos_of(session, [row.id])[row.id] if not photo["retracted"]]
    wanted = policy_of(session, row, at).photos.get("record_finding", _NONE)
    row.lacks_photos = lacks_photos(((photo["role"], photo["state"] in {"usable", "waived"}) for photo in photos), wanted)
    weigh_proof(session, row, at)


def weigh_proof(session: Session, row: Finding, at: dt.datetime) -> None:
    """Set the flags of verified work by photos and looks as they are now and by the policy at that moment; clear unless it is verified."""
    if row.state != "verified":
        row.lacks_after_photos = row.lacks_look_photos = False
        return
    write(session)
    photos = evidence.photos_of(session, [row.id])[row.id]
    wanted = policy_of(session, row, at).photos
    done, seen = wanted.get("report_rectification", _NONE), wanted.get("verify_finding", _NONE)
    row.lacks_after_photos, row.lacks_look_photos = lacks_proof(photos, proofs_of(session, row.id, photos), work=done, look=seen)
