"""What an inspector is to look at near a place."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.worklists import LOOKED_FOR, Condition
from backend.domains.findings.queries.worklists.items import items_of
from backend.domains.findings.queries.worklists.reach import areas_of, within
from backend.domains.findings.queries.worklists.reading import Key
from backend.domains.territory.rules import datums
from backend.domains.territory.rules.metres import LocalMetres

_MOST = 50


def find_near(session: Session, actor: Actor, *, now: dt.datetime, place: dict[str, Any]) -> dict[str, Any]:
    """`{items: [{metres, line}]}` of the looks on site within `metres` of a place as a phone has it.

    Raises PlaceAbsurd, DatumUnknown.
    """
    lon, lat, datum = datums.check_place(place["lon"], place["lat"], place["datum"], at="")
    lon, lat = datums.to_wgs84(lon, lat, datum)
    query = boxed(actor, lon=lon, lat=lat, metres=place["metres"])
    rows = [] if query is None else session.execute(query).all()
    scale = LocalMetres.at(lat)
    ranked = sorted((math.hypot((row.lon - lon) * scale.east, (row.lat - lat) * scale.north), row.id) for row in rows)
    chosen = [(metres, finding) for metres, finding in ranked if metres <= place["metres"]][:_MOST]
    lines = items_of(session, [Key(None, finding, finding, None) for _, finding in chosen], actor, now=now)
    return {"items": [{"metres": round(metres, 1), "line": line} for (metres, _), line in zip(chosen, lines, strict=True)]}


def boxed(actor: Actor, *, lon: float, lat: float, metres: float) -> sa.Select[UUID, float, float] | None:
    """The statement for what lies in the square around the place, the nearest first; None where nothing is in reach."""
    scale = LocalMetres.at(lat)
    east, north = metres / scale.east, metres / scale.north
    box = sa.and_(Finding.lat.between(lat - north, lat + north), Finding.lon.between(lon - east, lon + east))
    areas = areas_of(actor.grants_of("inspector"))
    if not areas:
        return None
    mine: list[Condition] = [sa.and_(*within(area)) for area in sorted(areas)]
    others = sa.or_(Finding.step.like("check"), Finding.recorded_by != actor.person)
    to_east, to_north = (Finding.lon - lon) * scale.east, (Finding.lat - lat) * scale.north
    query = sa.select(Finding.id, Finding.lon, Finding.lat).where(LOOKED_FOR, box, sa.or_(*mine), others)
    return query.order_by(to_east * to_east + to_north * to_north, Finding.id).limit(_MOST)
