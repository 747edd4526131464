"""What there is, in numbers: operations, outcomes, findings, photos, what waits, what phones still hold (I6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.deeds import Deed
from backend.core.journal import Clock
from backend.domains.evidence.model import Photo
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.patrols.model import Patrol
from backend.domains.sync.model import KeptLine, Outcome, Progress
from backend.domains.sync.queries.kept import JUDGED_LANES
from backend.domains.sync.queries.verify.report import SHOWN

LONG = dt.timedelta(hours=72)
"""So long something may wait before a person sees it."""


def counts(session: Session, *, now: dt.datetime) -> dict[str, Any]:
    """The counts that need no walk over rows."""
    waiting = sa.and_(sa.text("status IN ('deferred', 'received')"), Outcome.kept_at < now - LONG)
    photos = _by(session, Photo.state)
    photos["waived"] = _count(session, Photo, Photo.waived_at.is_not(None))
    photos["retracted"] = _count(session, Photo, Photo.retracted_at.is_not(None))
    return {
        "at": now,
        "journal": session.scalar(sa.select(Clock.seq)) or 0,
        "operations": _count(session, KeptLine, KeptLine.lane.in_(JUDGED_LANES)),
        "outcomes": _by(session, Outcome.status),
        "findings": _by(session, Finding.state),
        "dispatches": _count(session, Dispatch, sa.true()),
        "patrols": _by(session, Patrol.state),
        "photos": photos,
        "deeds": _count(session, Deed, sa.true()),
        "waiting_over_72_hours": _count(session, Outcome, waiting),
        "outbox": _outbox(session),
    }


def _by(session: Session, column: Any) -> dict[str, int]:
    query = sa.select(column, sa.func.count()).group_by(column).order_by(column)
    return {str(value): number for value, number in session.execute(query)}


def _count(session: Session, model: Any, which: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(which)) or 0


def _outbox(session: Session) -> dict[str, Any]:
    """What phones still held at their last contact: the known loss if one is stolen."""
    holds = Progress.outbox_depth > 0
    number, operations = session.execute(sa.select(sa.func.count(), sa.func.sum(Progress.outbox_depth)).where(holds)).one()
    query = sa.select(Progress.replica, Progress.outbox_depth, Progress.last_push_at).where(holds)
    deepest = session.execute(query.order_by(Progress.outbox_depth.desc()).limit(SHOWN))
    rows = [{"replica": row.replica, "operations": row.outbox_depth, "last_push_at": row.last_push_at} for row in deepest]
    return {"replicas": number, "operations": int(operations or 0), "deepest": rows}
