"""Asking for a closed finding to be opened again, and the decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.domains.findings.actions.end import reopen_finding
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.moves import MOVES
from backend.domains.findings.rules.moving import NotYourFinding, SameHands, allowed
from backend.domains.residents.actions.behalf import act_as_resident
from backend.domains.residents.actions.turns import take_turn
from backend.domains.residents.model import ReopeningRequest
from backend.domains.residents.queries.reports import own_report
from backend.domains.residents.queries.standing import check_reopenable, find_pending, standing_of
from backend.domains.residents.rules.access import ReportMissing
from backend.domains.residents.rules.receipts import NotNow
from backend.domains.residents.rules.redacting import redact
from backend.domains.residents.rules.status import ReopeningDecided, check_reopening


def ask_reopening(session: Session, act: Act, *, report: UUID, payload: dict[str, Any], turn: bytes) -> ReopeningRequest:
    """A resident says that it is not mended, and what is still wrong. Raises NotNow, ReopeningPending, TooLateToReopen."""
    take_turn(session, act, kind="word", key=turn)
    act_as_resident(session, act)
    row = own_report(session, report)
    standing = standing_of(session, row)
    target = standing.finding
    finding = lock_row(session, Finding, target) if target is not None else None  # two that ask at once must see each other
    if finding is None:
        raise NotNow("only what was closed can be opened again", stage=standing.stage)
    check_reopenable(session, row, standing_of(session, row), now=act.at)
    return _ask(session, act, finding, report=row.id, asked_by=None, reason=redact(payload["reason"]))


def request_reopening(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> ReopeningRequest:
    """A community's liaison, a town or the desk asks the same. Raises MoveNotOpen where it is not closed, ReopeningPending, Missing."""
    row = lock_finding(session, act, finding)
    if row.state not in MOVES["reopen_finding"].sources:
        raise NotNow(f"it is {row.state}: only what was closed can be opened again", stage=row.state)
    pending = find_pending(session, row.id) is not None
    check_reopening(closed_at=row.closed_at, pending=pending, asked=0, now=act.at)
    return _ask(session, act, row, report=None, asked_by=act.actor.person, reason=payload["reason"])


def grant_reopening(session: Session, act: Act, *, request: UUID, payload: dict[str, Any]) -> ReopeningRequest:
    """Open the finding again: never by who asked. Raises ReopeningDecided, SameHands, and what `reopen_finding` raises."""
    row, _ = _pending(session, act, request)
    if row.asked_by is not None and row.asked_by == act.actor.person:
        raise SameHands("who asked for it does not decide on it")
    _decided(act, row, "granted", payload["reason"])
    reopen_finding(session, act, finding=row.finding, payload={"reason": payload["reason"], "state_version": None})
    act.tell("reopening.granted", "reopening_request", row.id, finding=row.finding, report=row.report)
    return row


def refuse_reopening(session: Session, act: Act, *, request: UUID, payload: dict[str, Any]) -> ReopeningRequest:
    """It stays closed, and the resident reads why. Never by who asked, nor by who closed it. Raises ReopeningDecided, SameHands."""
    row, finding = _pending(session, act, request)
    if not allowed(MOVES["reopen_finding"], act.actor, finding):
        raise NotYourFinding("shift leaders and leaders of its area decide", roles=list(MOVES["reopen_finding"].by))
    if act.actor.person in {row.asked_by, finding.closed_by}:
        raise SameHands("who asked for it, or closed it, does not refuse it")
    _decided(act, row, "refused", payload["reason"])
    act.tell("reopening.refused", "reopening_request", row.id, finding=row.finding, report=row.report)
    return row


def _ask(session: Session, act: Act, finding: Finding, *, report: UUID | None, asked_by: UUID | None, reason: str) -> ReopeningRequest:
    row = ReopeningRequest(
        id=act.new_id(),
        finding=finding.id,
        report=report,
        asked_by=asked_by,
        asked_at=act.at,
        reason=reason,
        state="pending",
        district=finding.district,
        town=finding.town,
        community=finding.community,
        decided_by=None,
        decided_at=None,
        decided_reason=None,
    )
    session.add(row)
    act.tell("reopening.requested", "reopening_request", row.id, finding=finding.id, report=report)
    return row


def _pending(session: Session, act: Act, request: UUID) -> tuple[ReopeningRequest, Finding]:
    """The request and its finding, both locked: the finding first, as everywhere."""
    of = session.scalar(sa.select(ReopeningRequest.finding).where(ReopeningRequest.id == request))
    if of is None:
        raise ReportMissing(f"there is no request {request} that you may see")
    finding = lock_finding(session, act, of)
    row = lock_row(session, ReopeningRequest, request)
    assert row is not None, "never deleted"
    if row.state != "pending":
        raise ReopeningDecided(f"it is {row.state}", state=row.state)
    return row, finding


def _decided(act: Act, row: ReopeningRequest, state: str, reason: str) -> None:
    row.state, row.decided_by, row.decided_at, row.decided_reason = state, act.actor.person, act.at, reason
