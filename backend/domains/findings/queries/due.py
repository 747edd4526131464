"""What the worker's sweeps look for: deadlines that bring something about, and findings with which nobody does anything."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.deadlines import queries as deadlines
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.escalation import unattended
from backend.domains.policies import queries as policies

PAGE = 500


def list_due_dispatches(
    session: Session, *, at: dt.datetime, limit: int, after: tuple[dt.datetime, UUID] | None = None
) -> list[tuple[dt.datetime, UUID]]:
    """At most `limit` dispatches (moment, id) whose deadline has brought something about by then, the longest due first."""
    query = sa.select(Dispatch.watch_at, Dispatch.id).where(Dispatch.watch_at < at).order_by(Dispatch.watch_at, Dispatch.id).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(Dispatch.watch_at, Dispatch.id) > sa.tuple_(*map(sa.literal, after)))
    return [(row.watch_at, row.id) for row in session.execute(query)]


def list_unattended(session: Session, *, at: dt.datetime, after: tuple[dt.datetime, UUID] | None = None) -> tuple[list[UUID], Any]:
    """Findings that wait for a step longer than their policy bears and that are not told of yet; and where to go on, None at the end.

    One page of those that wait is read. Time since they began to can only be longer than working time: who has not waited for the shortest
    limit there is is not read at all.
    """
    book, calendar = policies.book(session), deadlines.calendar(session)
    columns = (Finding.id, Finding.step_since, Finding.grid, Finding.district, Finding.trade, Finding.kind, Finding.code)
    waiting = (Finding.step.is_not(None), Finding.orphaned_at.is_(None), Finding.step_since < at - book.shortest_orphan_after)
    query = sa.select(*columns).where(*waiting).order_by(Finding.step_since, Finding.id).limit(PAGE)
    if after is not None:
        query = query.where(sa.tuple_(Finding.step_since, Finding.id) > sa.tuple_(*map(sa.literal, after)))
    rows = session.execute(query).all()
    found = []
    for row in rows:
        policy = book.policy(row.grid or row.district, row.trade, f"{row.kind}:{row.code}", row.step_since)
        until = unattended(policy, row.step_since, calendar)
        if until is not None and until < at:
            found.append(row.id)
    return found, (rows[-1].step_since, rows[-1].id) if len(rows) == PAGE else None
