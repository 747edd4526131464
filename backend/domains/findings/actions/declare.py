"""Declaring photos on a finding: what was declared, and what it changes of the finding's flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.problems import Invalid
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.actions.proof import weigh_proof
from backend.domains.findings.model.finding import Finding


def declare_photos(session: Session, act: Act, row: Finding, photos: Sequence[dict[str, Any]]) -> list[str]:
    """Declare these photos on the finding; their ids in the order they were sent. One that is not usable yet is waited for from now on.

    Raises Invalid for one that is named twice, IdTaken.
    """
    ids = [photo["id"] for photo in photos]
    if twice := [(f"/photos/{n}/id", "named before in this list") for n, each in enumerate(ids) if each in ids[:n]]:
        raise Invalid("photos: one is named twice", errors=twice)
    declared = [
        evidence.declare_photo(session, act, photo=photo, subject_type="finding", subject=row.id, at=f"/photos/{n}")
        for n, photo in enumerate(photos)
    ]
    if any(photo.state != "usable" for photo in declared):
        row.lacks_photos = True
    weigh_proof(session, row, act.at)
    return [str(photo.id) for photo in declared]
