"""Whether somebody had a task."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.tasks import VerificationTask


def had_task(session: Session, finding: UUID, person: UUID | None) -> bool:
    """Whether somebody ever had a task on it: a phone may still speak of it after it went to another."""
    if person is None:
        return False
    query = sa.select(sa.exists().where(VerificationTask.finding == finding, VerificationTask.assigned_to == person))
    return bool(session.scalar(query))
