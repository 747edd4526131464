"""What follows by itself: from photos examined, from calendars extended, from policy. Called by the worker, each safe to repeat."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import find_row, lock_row
from backend.core.deeds import deed
from backend.domains.findings.actions.consents import is_agreed
from backend.domains.findings.actions.move import dispatch_finding, file_finding
from backend.domains.findings.actions.placing import match_contract
from backend.domains.findings.actions.proof import weigh_photos
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.steps import policy_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries.work import looked_in_vain
from backend.domains.findings.rules.moves import ENDED, FILING_NEEDS
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.visibility import scopes_of


@deed
def settle_evidence(session: Session, act: Act, *, finding: UUID) -> Finding | None:
    """Look at the finding's photos again: complete evidence clears the flag. The document changes with each photo's state."""
    row = lock_row(session, Finding, finding)
    if row is None:
        return None
    weigh_photos(session, row, act.at)
    row.version += 1
    tell(act, "finding.evidence_settled", row, complete=not row.lacks_photos)
    return row


@deed
def advance_finding(session: Session, act: Act, *, finding: UUID) -> Finding | None:
    """File and dispatch by itself as far as the category's policy lets it: evidence complete, and exactly one contract or unit to go to.

    What an inspector did not find on site, and what came back as a wrong dispatch, is for a person to decide.
    """
    row = lock_row(session, Finding, finding)
    if row is None:
        return None
    policy = policy_of(session, row, act.at)
    if row.state == "recorded" and policy.auto_file and row.void_request is None and not set(needs_of(row)) & {*FILING_NEEDS, "disputed"}:
        if looked_in_vain(session, row.id) or not is_agreed(session, act, row, "file_finding"):
            return row
        file_finding(session, act, finding=finding, payload={"condition": None, "state_version": None})
    if (
        row.state == "filed"
        and policy.auto_dispatch
        and row.void_request is None
        and not row.disputed
        and row.limit_value is not None
        and not row.bounces
    ):
        found, _ = match_contract(session, row, act.at)
        if (found.winner is not None or found.acting is not None) and is_agreed(session, act, row, "dispatch_finding"):
            dispatch_finding(session, act, finding=finding, payload={"contract": None, "unit": None, "reason": None, "state_version": None})
    return row


@deed
def take_deadline(session: Session, act: Act, *, dispatch: UUID, due: dt.datetime | None, awaiting_calendar: bool) -> Finding | None:
    """The deadline of a dispatch was computed anew (a calendar year was added): the finding shows the lead's."""
    task = find_row(session, Dispatch, dispatch)
    row = lock_row(session, Finding, task.finding) if task else None
    if task is None or row is None:
        return None
    task.due, task.awaiting_calendar = due, awaiting_calendar
    settle_work(session, act, row)  # the deadline that each report is held to moves with it
    row.version += 1
    tell(act, "finding.deadline_taken", row, dispatch=task.id, due=due)
    return row


@deed
def retire_findings(session: Session, act: Act, *, findings: list[UUID]) -> int:
    """Take findings that ended from the feed: phones need hold them no longer, lists and searches show them as before. How many it took."""
    rows = [row for each in sorted(findings) if (row := lock_row(session, Finding, each)) is not None and row.state in ENDED]
    for row in rows:
        act.tell("finding.retired", "finding", row.id, version=row.version, left=scopes_of(row))
    return len(rows)
