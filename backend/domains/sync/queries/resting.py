"""What has rested so long that phones need not hold it: findings that ended, patrols closed, shifts over, untouched for 30 days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.journal import FeedMember
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.rules.moves import ENDED
from backend.domains.patrols.model import Patrol, Shift
from backend.domains.sync.queries.absent import last_number_before

HELD = dt.timedelta(days=30)
"""So long an own finding stays on the phone after its end (protocol, section 4)."""

_PAGE = 500


def list_resting_findings(session: Session, *, now: dt.datetime) -> Iterator[list[UUID]]:
    """Findings that ended and were not touched for 30 days, as far as the feed shows them. Reads all that ever ended: for the night."""
    ended = sa.select(Finding.id, sa.literal("district:").concat(Finding.district).label("scope")).where(Finding.state.in_(sorted(ENDED)))
    return _resting(session, "finding", ended, Finding.id, now)


def list_resting_patrols(session: Session, *, now: dt.datetime) -> Iterator[list[UUID]]:
    """Patrols closed and not touched for 30 days, as far as the feed shows them; in pages."""
    closed = sa.select(Patrol.id, Patrol.inspector).where(Patrol.state == "closed")
    return _resting(session, "patrol", closed, Patrol.id, now)


def list_resting_shifts(session: Session, *, now: dt.datetime) -> Iterator[list[UUID]]:
    """Shifts over for 30 days, as far as the feed shows them; in pages."""
    over = sa.select(Shift.id, Shift.person).where(Shift.until < now - HELD)
    return _resting(session, "shift", over, Shift.id, now)


def _resting(session: Session, kind: str, ended: sa.Select[*tuple[Any, ...]], key: Any, now: dt.datetime) -> Iterator[list[UUID]]:
    """Of what ended, page by page, that whose membership in one of its scopes is that old: a change renews all of them."""
    last = last_number_before(session, now - HELD)
    page = session.execute(ended.order_by(key).limit(_PAGE)).all()
    while page:
        by_scope: dict[str, list[UUID]] = defaultdict(list)
        for each, scope in page:
            by_scope[scope if isinstance(scope, str) else f"user:{scope}"].append(each)
        found: list[UUID] = []
        for scope, ids in by_scope.items():
            query = sa.select(FeedMember.subject).where(
                FeedMember.scope == scope,
                FeedMember.subject_type == kind,
                FeedMember.subject.in_([str(each) for each in ids]),
                FeedMember.present.is_(True),
                FeedMember.seq <= last,
            )
            found += [UUID(subject) for subject in session.scalars(query)]
        if found:
            yield sorted(found)
        page = session.execute(ended.where(key > page[-1][0]).order_by(key).limit(_PAGE)).all()
