"""A district of four square grids in a row, two communities, one town: small enough to see every border."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shapely.geometry import LineString, box

from backend.domains.territory.rules.areas import AreaShape, Level
from backend.domains.territory.rules.roads import RoadSegment

DISTRICT, TOWN = "330113", "330113001"
WEST, EAST = "330113001001", "330113001002"
GRIDS = [f"{WEST}001", f"{WEST}002", f"{EAST}001", f"{EAST}002"]
SINCE = dt.date(2021, 4, 9)
EDGES = [120.30, 120.31, 120.32, 120.33, 120.34]  # between the grids, from west to east
SOUTH, NORTH = 30.40, 30.42


def area(code: str, west: float, east: float, *, since: dt.date = SINCE, until: dt.date | None = None, name: str = "") -> AreaShape:
    """A rectangle over the whole height of the district."""
    level = next(level for level in Level if level.digits == len(code))
    parent = code[: {9: 6, 12: 9, 15: 12}[len(code)]] if len(code) > 6 else None
    return AreaShape(code, level, name or f"区域{code[-3:]}", parent, box(west, SOUTH, east, NORTH), since, until)


def squares(since: dt.date = SINCE) -> list[AreaShape]:
    """The whole district."""
    first, middle, last = EDGES[0], EDGES[2], EDGES[4]
    return [
        area(DISTRICT, first, last, since=since, name="临平区"),
        area(TOWN, first, last, since=since, name="临平街道"),
        area(WEST, first, middle, since=since, name="西社区"),
        area(EAST, middle, last, since=since, name="东社区"),
        *(area(code, EDGES[place], EDGES[place + 1], since=since) for place, code in enumerate(GRIDS)),
    ]


def road(code: str = "330113L00101", *, lat: float = 30.41, since: dt.date = SINCE, until: dt.date | None = None) -> RoadSegment:
    """A street through the whole district from west to east."""
    return RoadSegment(code, "东湖中路", 1, LineString([(EDGES[0], lat), (EDGES[4], lat)]), since, until)


def collection(areas: list[AreaShape]) -> dict[str, Any]:
    """The areas as a GeoJSON FeatureCollection."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": one.code,
                    "level": one.level.value,
                    "name": one.name,
                    "parent": one.parent,
                    "valid_from": one.valid_from.isoformat(),
                    "valid_until": one.valid_until and one.valid_until.isoformat(),
                },
                "geometry": {"type": "Polygon", "coordinates": [[list(point) for point in one.polygon.exterior.coords]]},
            }
            for one in areas
        ],
    }
