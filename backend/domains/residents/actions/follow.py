"""What follows for reports from what becomes of their findings. Called by the worker, safe to repeat."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.domains.findings.model.finding import Finding
from backend.domains.residents.model import ReopeningRequest, ResidentReport
from backend.domains.residents.queries.reports import reports_of
from backend.domains.residents.queries.standing import find_pending, standing_of
from backend.domains.residents.rules.status import ENDED

FOLLOWED = (
    "finding.amended",
    "finding.proposals_resolved",
    "finding.closed",
    "finding.voided",
    "finding.withdrawn",
    "finding.attached",
    "finding.released",
    "finding.detached",
    "finding.reopened",
    "finding.self_resolution_accepted",
    "finding.self_resolution_refused",
)
"""Events after which a report may have ended, or go on, or lie in another area."""


def follow_finding(session: Session, act: Act, *, finding: UUID) -> int:
    """Reports of the finding, and of those attached to it, end with it and go on with it; how many changed.

    What was not taken on is owed an answer; a request about a finding that is open again lapses.
    """
    pending = find_pending(session, finding)
    found = session.get(Finding, finding)
    if pending is not None and found is not None and found.state not in {"closed", "appealed"}:
        _lapse(session, act, pending.id)
    followers = session.scalars(sa.select(Finding.id).where(Finding.attached_to == finding)).all()
    return sum(_follow(session, act, report) for report in reports_of(session, [finding, *followers]))


def _follow(session: Session, act: Act, report: UUID) -> bool:
    row = lock_row(session, ResidentReport, report)
    if row is None or row.state == "dismissed":
        return False
    own = session.get(Finding, row.finding)
    assert own is not None, "asked for by it"
    row.town, row.community = own.town, own.community
    stage = standing_of(session, row).stage
    ended = stage in ENDED
    if ended == (row.ended_at is not None):
        return False
    row.ended_at = act.at if ended else None
    if stage == "not_taken":
        row.todo = "reply"
    act.tell("resident_report.ended" if ended else "resident_report.resumed", "resident_report", row.id, stage=stage, finding=row.finding)
    return True


def _lapse(session: Session, act: Act, request: UUID) -> None:
    row = lock_row(session, ReopeningRequest, request)
    if row is not None and row.state == "pending":
        row.state, row.decided_at = "lapsed", act.at
        act.tell("reopening.lapsed", "reopening_request", row.id, finding=row.finding)
