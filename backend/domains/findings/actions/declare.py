"""Declaring photos on a finding: what was declared, and what it changes of the finding's flag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.model import Finding


def declare_photos(session: Session, act: Act, row: Finding, photos: Sequence[dict[str, Any]]) -> list[str]:
    """Declare these photos on the finding; their ids in the order they were sent. One that is not usable yet is waited for from now on."""
    declared = [evidence.declare_photo(session, act, photo=photo, subject_type="finding", subject=row.id) for photo in photos]
    if any(photo.state != "usable" for photo in declared):
        row.lacks_photos = True
    return [str(photo.id) for photo in declared]
