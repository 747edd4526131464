"""Repeat problems: what a finding repeats, and the whole history of the same problem."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.core.database.rows import find_row
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries.lists import visible_to
from backend.domains.findings.queries.one import get_finding
from backend.domains.findings.rules.attaching import FARTHEST_M, reach_m
from backend.domains.findings.rules.repeats import MOST_REPEATS, REPEAT_WITHIN, is_repeat
from backend.domains.territory.rules.metres import LocalMetres

_READ = 200
"""How many closed ones of a box are looked at, the last closed first."""


def find_repeated(session: Session, finding: UUID) -> UUID | None:
    """The last closed finding that this one repeats, None where it repeats nothing. Written rows must be flushed before."""
    row = find_row(session, Finding, finding)
    if row is None:
        return None
    scale = LocalMetres.at(row.lat)
    east, north = FARTHEST_M / scale.east, FARTHEST_M / scale.north
    closed = sa.select(Finding).where(
        Finding.kind == row.kind,
        Finding.code == row.code,
        Finding.state == "closed",
        Finding.closed_at < row.recorded_at,
        Finding.closed_at >= row.recorded_at - REPEAT_WITHIN,
        Finding.id != row.id,
    )
    boxed = closed.where(
        Finding.lat.between(row.lat - north, row.lat + north), Finding.lon.between(row.lon - east, row.lon + east)
    ).order_by(Finding.closed_at.desc(), Finding.id)
    found = list(session.scalars(boxed.limit(_READ)))
    if row.asset is not None:
        found += session.scalars(closed.where(Finding.asset == row.asset).order_by(Finding.closed_at.desc(), Finding.id).limit(1))
    last = max((each for each in found if repeats(row, each)), key=lambda each: (each.closed_at, each.id.int), default=None)
    return last.id if last is not None else None


def repeats(row: Finding, earlier: Finding) -> bool:
    """Whether a finding repeats an earlier one that stands closed."""
    if earlier.state != "closed" or (row.kind, row.code) != (earlier.kind, earlier.code):
        return False
    scale = LocalMetres.at(row.lat)
    return is_repeat(
        recorded_at=row.recorded_at,
        closed_at=earlier.closed_at,
        metres=math.hypot((earlier.lon - row.lon) * scale.east, (earlier.lat - row.lat) * scale.north),
        reach=reach_m(row.place.get("accuracy_m"), earlier.place.get("accuracy_m")),
        same_asset=row.asset is not None and row.asset == earlier.asset,
    )


def list_repeats(session: Session, reader: Actor, finding: UUID) -> list[dict[str, Any]]:
    """The history of a problem, the latest first: what this finding repeats, and what repeats it; what the reader may see. Raises Missing.

    Each `{id, number, state, repeat_of, recorded_at, closed_at, days_after, units}`: `days_after` since the one that it repeats was
    closed, `units` those that had the lead.
    """
    row = get_finding(session, finding, reader)
    known = {row.id: row}
    earlier = row.repeat_of
    while earlier is not None and earlier not in known and len(known) < MOST_REPEATS:
        before = find_row(session, Finding, earlier)
        if before is None:
            break
        known[before.id], earlier = before, before.repeat_of
    last: Collection[UUID] = list(known)
    while last and len(known) < 2 * MOST_REPEATS:
        query = sa.select(Finding).where(Finding.repeat_of.in_(last)).order_by(Finding.recorded_at, Finding.id).limit(MOST_REPEATS)
        new = {each.id: each for each in session.scalars(query) if each.id not in known}
        known |= new
        last = list(new)
    seen = set(session.scalars(sa.select(Finding.id).where(Finding.id.in_(known), visible_to(reader))))
    leads = sa.select(Dispatch.finding, Dispatch.unit).where(Dispatch.finding.in_(seen), Dispatch.role == "lead")
    units: dict[UUID, list[UUID]] = {}
    for task in session.execute(leads.order_by(Dispatch.issued_at, Dispatch.id)):
        units.setdefault(task.finding, []).append(task.unit)
    return [
        _shown(each, known.get(each.repeat_of) if each.repeat_of else None, list(dict.fromkeys(units.get(each.id, []))))
        for each in sorted(known.values(), key=lambda each: (each.recorded_at, each.id), reverse=True)
        if each.id in seen
    ]


def _shown(row: Finding, earlier: Finding | None, units: list[UUID]) -> dict[str, Any]:
    closed_at = earlier.closed_at if earlier is not None else None
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "repeat_of": row.repeat_of,
        "recorded_at": row.recorded_at,
        "closed_at": row.closed_at,
        "days_after": (row.recorded_at - closed_at).days if closed_at is not None else None,
        "units": units,
    }
