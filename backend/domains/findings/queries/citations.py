"""Whether a verdict rests on a photo."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.work import Report, Verification


def is_cited(session: Session, finding: UUID, photo: UUID) -> bool:
    """Whether a verdict on this finding names the photo, or judges a report that does. Written rows must be flushed before."""
    looks = session.execute(sa.select(Verification.photos, Verification.report).where(Verification.finding == finding)).all()
    if any(str(photo) in look.photos for look in looks):
        return True
    judged = {look.report for look in looks if look.report is not None}
    reports = session.execute(sa.select(Report.id, Report.photos).where(Report.finding == finding)).all()
    return any(report.id in judged and str(photo) in report.photos for report in reports)
