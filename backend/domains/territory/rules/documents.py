"""How areas, roads and places are shown: plain JSON values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping

from backend.domains.territory.rules.areas import Level
from backend.domains.territory.rules.locate import Located
from backend.domains.territory.rules.territory import AreaVersion, RoadVersion, Territory

DECIMALS = 7  # of a degree: 1 cm; the demo's ground lies on this lattice, so that corners are exact
BESIDE_M = 50.0  # a road within so many metres is named beside a place

NOWHERE: dict[str, tuple[str, str]] = {  # reason: zh, en
    "outside_district": ("该点不在辖区范围内。", "The point lies outside the district."),
    "gap": ("该点在辖区内，但不属于任何单元网格。", "The point lies inside the district, but in none of its unit grids."),
    "not_in_force": ("所查询日期没有生效的区域数据。", "No areas are in force on the day asked about."),
}


def geometry_of(wkb: bytes) -> dict[str, Any]:
    """The GeoJSON geometry of a WKB, in WGS-84 degrees with DECIMALS places."""
    rounded = shapely.transform(shapely.from_wkb(wkb), lambda points: np.round(points, DECIMALS))
    geometry: dict[str, Any] = mapping(rounded)
    return geometry


def area_doc(area: AreaVersion, *, geometry: bool) -> dict[str, Any]:
    """An area; days as ISO text. `geometry` adds its GeoJSON polygon."""
    doc: dict[str, Any] = {
        "code": area.code,
        "level": area.level.value,
        "name": area.name,
        "parent": area.parent,
        **_days(area),
        "illustrative": area.illustrative,
        "note": area.note,
    }
    if geometry:
        doc["geometry"] = geometry_of(area.polygon)
    return doc


def area_feature(area: AreaVersion) -> dict[str, Any]:
    """An area as a GeoJSON Feature, as `areas_from_geojson` reads it."""
    return {"type": "Feature", "id": area.code, "properties": area_doc(area, geometry=False), "geometry": geometry_of(area.polygon)}


def road_doc(road: RoadVersion) -> dict[str, Any]:
    """A road segment with its GeoJSON line; days as ISO text."""
    return {
        "code": road.code,
        "name": road.name,
        "section": road.section,
        **_days(road),
        "illustrative": road.illustrative,
        "note": road.note,
        "geometry": geometry_of(road.line),
    }


def place_doc(territory: Territory, day: dt.date, lon: float, lat: float) -> dict[str, Any]:
    """Where a WGS-84 point is on that day: `located` with code and name of grid, community, town and district, or None with the reason.

    `reason` is a key of NOWHERE, said in `reason_zh` and `reason_en`; `roads` are those within BESIDE_M metres, the nearest first.
    """
    layer = territory.layer_at(day)
    located = layer.locate(lon, lat)
    reason = None
    if located is None:
        reason = "gap" if layer.in_district(lon, lat) else "outside_district" if territory.areas_on(day) else "not_in_force"
    zh, en = NOWHERE[reason] if reason else (None, None)
    beside = territory.roads_at(day).near_with_distance(lon, lat, BESIDE_M)
    return {
        "wgs84": [lon, lat],
        "located": located and _named(located, territory),
        "reason": reason,
        "reason_zh": zh,
        "reason_en": en,
        "roads": _roads(beside, territory.road_versions_on(day)),
    }


def _named(located: Located, territory: Territory) -> dict[str, Any]:
    codes = {level.value: getattr(located, level.value) for level in reversed(Level)}
    return {level: {"code": code, "name": territory.names.get(code)} for level, code in codes.items()}


def _roads(beside: Sequence[tuple[str, float]], roads: Mapping[str, RoadVersion]) -> list[dict[str, Any]]:
    return [
        {"code": code, "name": roads[code].name, "section": roads[code].section, "distance_m": round(distance, 1)}
        for code, distance in beside
    ]


def _days(dated: AreaVersion | RoadVersion) -> dict[str, Any]:
    return {"valid_from": dated.valid_from.isoformat(), "valid_until": dated.valid_until and dated.valid_until.isoformat()}
