"""Questions about consents."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.consents import Consent
from backend.domains.findings.model.finding import Finding
from backend.domains.policies import queries as policies


def last_consent(session: Session, row: Finding, verb: str, request: UUID | None) -> Consent | None:
    """What was said last to this move on this request; without one, to the move from the finding's present state."""
    query = sa.select(Consent).where(Consent.finding == row.id, Consent.verb == verb)
    query = query.where(Consent.request == request) if request is not None else query.where(Consent.state_version == row.state_version)
    return session.scalar(query.order_by(Consent.given_at.desc(), Consent.id.desc()).limit(1))


def consents_of(session: Session, finding: UUID) -> list[dict[str, Any]]:
    """All that was said to moves of a finding, in order."""
    query = sa.select(Consent).where(Consent.finding == finding).order_by(Consent.given_at, Consent.id)
    names = ("id", "verb", "request", "role", "result", "reason", "given_by", "given_at", "policy")
    return [{name: getattr(row, name) for name in names} for row in session.scalars(query)]


def wanted(session: Session, row: Finding, at: dt.datetime) -> list[dict[str, str]]:
    """The moves that the policy in force lets nobody make alone, and the role of who is to agree."""
    category = f"{row.kind}:{row.code}"
    policy = policies.policy_for(session, area=row.grid or row.district, trade=row.trade, category=category, at=at)
    return [{"verb": verb, "role": role} for verb, role in sorted(policy.agree.items())]
