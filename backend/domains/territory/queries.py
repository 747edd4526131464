"""What others ask the territory. Everything is answered from memory, which follows changes made by other processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.revisions import Held
from backend.domains.territory.model import Area, RoadSegment
from backend.domains.territory.rules.areas import Level
from backend.domains.territory.rules.documents import area_doc
from backend.domains.territory.rules.locate import Layer, Roads
from backend.domains.territory.rules.territory import AreaMissing, AreaVersion, RoadVersion, Territory, local_day

REVISION = "territory"


def territory(session: Session) -> Territory:
    """All areas and roads in memory, as they stand at this transaction. Immutable, shared between threads: take it once a request."""
    return _HELD.get(session)


def layer(session: Session, at: dt.datetime | None = None) -> Layer:
    """The grids in force at that moment, ready to locate points; the newest there are where none is named.

    Its `district` raises NoTerritory while no area has been imported.
    """
    return territory(session).layer_at(_day(at))


def roads(session: Session, at: dt.datetime | None = None) -> Roads:
    """The road segments in force at that moment, ready to be looked for near a point; the newest there are where none is named."""
    return territory(session).roads_at(_day(at))


def area_names(session: Session) -> Mapping[str, str]:
    """Code to name of every area there ever was, by its newest version. Not to be changed."""
    return territory(session).names


def area_docs(session: Session, codes: Collection[str]) -> dict[str, dict[str, Any]]:
    """What phones are shown of these areas, by code: the newest version of each, grids with their polygon; unknown codes are absent."""
    newest = territory(session).newest
    return {code: area_doc(newest[code], geometry=newest[code].level is Level.GRID) for code in codes if code in newest}


def list_areas(
    session: Session, *, at: dt.datetime, limit: int, level: str | None = None, parent: str | None = None, after: str | None = None
) -> list[AreaVersion]:
    """At most `limit` areas in force at that moment in order of code, after this code; only of this level, only children of this parent."""
    held = territory(session).areas_on(local_day(at)).values()
    found = (
        one
        for one in held
        if (after is None or one.code > after) and (level is None or one.level == level) and (parent is None or one.parent == parent)
    )
    return [one for one, _ in zip(found, range(limit), strict=False)]


def list_roads(session: Session, *, at: dt.datetime, limit: int, after: str | None = None) -> list[RoadVersion]:
    """At most `limit` road segments in force at that moment in order of code, after this code."""
    held = territory(session).road_versions_on(local_day(at)).values()
    found = (one for one in held if after is None or one.code > after)
    return [one for one, _ in zip(found, range(limit), strict=False)]


def get_area(session: Session, code: str, *, at: dt.datetime) -> AreaVersion:
    """The version of the area in force at that moment. Raises AreaMissing."""
    found = territory(session).areas_on(local_day(at)).get(code)
    if found is None:
        raise AreaMissing(f"there is no area {code[:40]} in force on {local_day(at)}", errors=[("/code", "no such area")])
    return found


def _day(at: dt.datetime | None) -> dt.date | None:
    return None if at is None else local_day(at)


def read_territory(session: Session) -> Territory:
    """The whole territory from its tables, past memory: for who is about to change it."""
    # Columns, not rows: tens of thousands of polygons must not linger in the session.
    areas = session.execute(
        sa.select(
            Area.code,
            Area.level,
            Area.name,
            Area.parent,
            Area.polygon,
            Area.valid_from,
            Area.valid_until,
            Area.note,
            Area.illustrative,
            Area.version,
        )
    )
    segments = session.execute(
        sa.select(
            RoadSegment.code,
            RoadSegment.name,
            RoadSegment.section,
            RoadSegment.line,
            RoadSegment.valid_from,
            RoadSegment.valid_until,
            RoadSegment.note,
            RoadSegment.illustrative,
        )
    )
    return Territory(
        (AreaVersion(code, Level(level), *rest) for code, level, *rest in areas),
        (RoadVersion(*segment) for segment in segments),
    )


_HELD = Held(REVISION, read_territory)
