"""Open findings that may be of the same thing: near a place within one category, or of the same asset."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.documents import finding_docs
from backend.domains.findings.queries.lists import visible_to
from backend.domains.findings.queries.one import get_finding
from backend.domains.findings.rules.attaching import FARTHEST_M, MOST_CANDIDATES, head_of, reach_m
from backend.domains.findings.rules.moves import OPEN
from backend.domains.territory.rules import datums
from backend.domains.territory.rules.metres import LocalMetres

_READ = 200
"""How many of a box are looked at: far more than stand open within some metres of each other."""


def find_candidates(session: Session, reader: Actor, *, place: dict[str, Any]) -> dict[str, Any]:
    """What is open near a place as a phone has it (`lon`, `lat`, `datum`, `accuracy_m`) of a category (`kind`, `code`), or of its `asset`.

    `{reach_m, head, items: [{metres, same_asset, finding}]}`, at most 20 that the reader may see. Raises PlaceAbsurd, DatumUnknown.
    """
    lon, lat, datum = datums.check_place(place["lon"], place["lat"], place["datum"], at="")
    return _near(
        session,
        reader,
        at=datums.to_wgs84(lon, lat, datum),
        reach=reach_m(place["accuracy_m"]),
        category=(place["kind"], place["code"]),
        asset=place["asset"],
        apart_from=None,
    )


def list_candidates(session: Session, reader: Actor, finding: UUID) -> dict[str, Any]:
    """The same around a finding, for which it is a candidate in turn. Raises Missing."""
    row = get_finding(session, finding, reader)
    return _near(
        session,
        reader,
        at=(row.lon, row.lat),
        reach=reach_m(row.place.get("accuracy_m")),
        category=(row.kind, row.code),
        asset=row.asset,
        apart_from=row,
    )


def _near(
    session: Session,
    reader: Actor,
    *,
    at: tuple[float, float],
    reach: float,
    category: tuple[str, str],
    asset: str | None,
    apart_from: Finding | None,
) -> dict[str, Any]:
    scale = LocalMetres.at(at[1])
    east, north = FARTHEST_M / scale.east, FARTHEST_M / scale.north  # the other's place may be the uncertain one
    boxed = sa.and_(Finding.lat.between(at[1] - north, at[1] + north), Finding.lon.between(at[0] - east, at[0] + east))
    to_east, to_north = (Finding.lon - at[0]) * scale.east, (Finding.lat - at[1]) * scale.north
    query = sa.select(Finding).where(Finding.kind == category[0], Finding.code == category[1], Finding.state.in_(OPEN), visible_to(reader))
    if apart_from is not None:
        query = query.where(Finding.id != apart_from.id)
    nearest = query.where(boxed).order_by(to_east * to_east + to_north * to_north, Finding.id).limit(_READ)
    found = list(session.scalars(nearest))
    if asset is not None:
        seen = {row.id for row in found}
        same = session.scalars(query.where(Finding.asset == asset).order_by(Finding.recorded_at, Finding.id).limit(_READ))
        found += [row for row in same if row.id not in seen]
    ranked = []
    for row in found:
        metres = math.hypot((row.lon - at[0]) * scale.east, (row.lat - at[1]) * scale.north)
        is_same = asset is not None and row.asset == asset
        if is_same or metres <= max(reach, reach_m(row.place.get("accuracy_m"))):
            ranked.append((not is_same, metres, row.id.int, row))
    chosen = sorted(ranked, key=lambda each: each[:3])[:MOST_CANDIDATES]
    docs = finding_docs(session, [row.id for *_, row in chosen], reader)
    group = [row for *_, row in chosen] + ([apart_from] if apart_from is not None and apart_from.state in OPEN else [])
    return {
        "reach_m": reach,
        "head": head_of(group).id if group else None,
        "items": [{"metres": round(metres, 1), "same_asset": not other, "finding": docs[row.id]} for other, metres, _, row in chosen],
    }
