"""Questions about suspensions: which dispatches one begins or ends for by itself, and those of whole areas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import AreaSuspension, Dispatch
from backend.domains.findings.rules.holds import HOLDABLE

_LEVELS = {6: Finding.district, 9: Finding.town, 12: Finding.community}
_SHOWN = dt.timedelta(days=366)
_MOST = 1000


def list_due_suspensions(session: Session, *, at: dt.datetime, limit: int) -> list[UUID]:
    """Dispatches that a suspension begins or is over for by now, at most `limit`; fewer: there are no more."""
    queries = [_over(at), _ended_early(), *(_to_hold(each) for each in _in_force(session, at))]
    found: dict[UUID, None] = {}
    for query in queries:
        if len(found) >= limit:
            break
        found |= dict.fromkeys(session.scalars(query.limit(limit - len(found))))
    return list(found)


def list_area_suspensions(session: Session, *, at: dt.datetime) -> list[dict[str, Any]]:
    """Documents of those that were in force within the last year, the newest first."""
    query = sa.select(AreaSuspension).where(AreaSuspension.until > at - _SHOWN)
    return [
        area_suspension_doc(each)
        for each in session.scalars(query.order_by(AreaSuspension.starts_at.desc(), AreaSuspension.id).limit(_MOST))
    ]


def area_suspension_doc(row: AreaSuspension) -> dict[str, Any]:
    """The document of an area-wide suspension."""
    names = ("id", "area", "trade", "reason", "starts_at", "until", "ended_at", "ended_reason")
    return {name: getattr(row, name) for name in names}


def _over(at: dt.datetime) -> sa.Select[UUID]:
    """Those suspended until now at the latest."""
    return (
        sa.select(Dispatch.id)
        .where(Dispatch.state == "suspended", Dispatch.suspended_until <= at, Dispatch.replaced_by.is_(None))
        .order_by(Dispatch.suspended_until)
    )


def _ended_early() -> sa.Select[UUID]:
    """Those that an area-wide suspension holds which somebody ended."""
    ended = sa.select(AreaSuspension.id).where(AreaSuspension.ended_at.is_not(None))
    return (
        sa.select(Dispatch.id)
        .where(Dispatch.held_by.is_not(None), Dispatch.held_by.in_(ended), Dispatch.replaced_by.is_(None))
        .order_by(Dispatch.id)
    )


def _in_force(session: Session, at: dt.datetime) -> Sequence[AreaSuspension]:
    query = sa.select(AreaSuspension).where(AreaSuspension.until > at, AreaSuspension.ended_at.is_(None))
    return session.scalars(query.order_by(AreaSuspension.id)).all()


def _to_hold(wide: AreaSuspension) -> sa.Select[UUID]:
    """Those of its area and trade that are worked on and that nothing holds, or nothing for as long."""
    query = (
        sa.select(Dispatch.id)
        .join(Finding, Finding.id == Dispatch.finding)
        .where(
            Finding.state.in_(("dispatched", "rectified")),
            _LEVELS[len(wide.area)] == wide.area,
            Dispatch.state.in_([*sorted(HOLDABLE), "suspended"]),
            sa.or_(Dispatch.suspended_until.is_(None), Dispatch.suspended_until < wide.until),
            Dispatch.replaced_by.is_(None),
            Dispatch.cancelled_at.is_(None),
        )
    )
    if wide.trade is not None:
        query = query.where(Finding.trade == wide.trade)
    return query.order_by(Dispatch.id)
