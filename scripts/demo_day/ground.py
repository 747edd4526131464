"""The ground the inspector walks on, as the server tells it: towns, corners where unit grids meet, a road, the edge of the district."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from tests.phone.phone import Phone

Point = tuple[float, float]
Rings = tuple[tuple[Point, ...], ...]

_OFF_THE_EDGE = 0.002
"""Degrees: about 200 m beyond the district's westernmost point."""


@dataclass(frozen=True)
class Ground:
    """What the day is drawn on, in WGS-84.

    Rings of the towns by code (even-odd, holes among them), corners of grids by town, a point just outside, a road section with its middle.
    """

    towns: Mapping[str, Rings]
    corners: Mapping[str, tuple[Point, ...]]
    outside: Point
    road: str
    on_road: Point

    def inside(self, town: str, chance: random.Random) -> Point:
        """Some place in the town."""
        rings = self.towns[town]
        west, east = min(x for ring in rings for x, _ in ring), max(x for ring in rings for x, _ in ring)
        south, north = min(y for ring in rings for _, y in ring), max(y for ring in rings for _, y in ring)
        while True:
            lon, lat = round(chance.uniform(west, east), 6), round(chance.uniform(south, north), 6)
            if holds(rings, lon, lat):
                return lon, lat


def survey(phone: Phone, *, corners_in: tuple[str, ...], road: str) -> Ground:
    """Ask the server for the ground; corners only of the towns named, the first section of the road named."""
    towns = {area["code"]: _rings(area["geometry"]) for area in _areas(phone, level="town", geometry="true")}
    parents = {area["parent"] for area in _areas(phone, level="town")}
    district = _rings(_get(phone, f"/areas/{min(parents)}")["geometry"])
    west, lat = min(point for ring in district for point in ring)
    section = next(each for each in _get(phone, "/roads?limit=1000")["items"] if each["name"] == road)
    (x1, y1), (x2, y2) = section["geometry"]["coordinates"][:2]
    middle = (round((x1 + x2) / 2, 7), round((y1 + y2) / 2, 7))
    corners = {town: _corners(phone, town) for town in corners_in}
    return Ground(towns, corners, (round(west - _OFF_THE_EDGE, 6), lat), section["code"], middle)


def holds(rings: Rings, lon: float, lat: float) -> bool:
    """Whether a ray to the east crosses the rings an odd number of times."""
    odd = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1):
                odd = not odd
    return odd


def _corners(phone: Phone, town: str) -> tuple[Point, ...]:
    """Points where as many grids as possible of the town's first community meet."""
    community = _areas(phone, level="community", parent=town)[0]["code"]
    grids = _areas(phone, level="grid", parent=community, geometry="true")
    meeting = Counter(point for grid in grids for point in {point for ring in _rings(grid["geometry"]) for point in ring})
    most = max(meeting.values())
    return tuple(sorted(point for point, count in meeting.items() if count == most))


def _areas(phone: Phone, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": None}
    while True:
        more = {"cursor": page["next"]} if page["next"] else {}
        page = _get(phone, "/areas?" + urlencode({**query, **more}))
        found += page["items"]
        if page["next"] is None:
            return found


def _get(phone: Phone, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = phone.wire.ask("GET", path, token=phone.store["session"])
    return answer


def _rings(geometry: dict[str, Any]) -> Rings:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return tuple(tuple((lon, lat) for lon, lat in ring) for polygon in polygons for ring in polygon)
