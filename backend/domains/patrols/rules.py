"""Rules of patrols: how long a track is, when something counts as late, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from itertools import pairwise

from backend.core.problems import Forbidden

LATE_AFTER = dt.timedelta(minutes=10)
"""What arrives for a patrol this long after its close is marked late (sync research, conflict matrix: track after close_patrol)."""

_EARTH_M = 6_371_008.8


class NotYourPatrol(Forbidden):
    """Only the inspector who walks a patrol adds to it."""

    slug = "not_your_patrol"
    title = "This patrol is another inspector's"
    title_zh = "这是其他监督员的巡查"
    way_out = "Open an own patrol, or leave the patrol away."
    way_out_zh = "请开启自己的巡查，或不填写巡查。"


def length_m(points: Sequence[Sequence[float]]) -> float:
    """Length in metres of a WGS-84 line of (lon, lat, …) points, by the haversine formula; the steps of a walk are short."""
    total = 0.0
    for (lon_a, lat_a, *_), (lon_b, lat_b, *_) in pairwise(points):
        d_lat, d_lon = math.radians(lat_b - lat_a), math.radians(lon_b - lon_a)
        h = math.sin(d_lat / 2) ** 2 + math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b)) * math.sin(d_lon / 2) ** 2
        total += 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(h)))
    return total


def is_late(added_at: dt.datetime | None, closed_at: dt.datetime | None) -> bool:
    """Whether what was added last, at this moment, came too long after the patrol's close."""
    return added_at is not None and closed_at is not None and added_at > closed_at + LATE_AFTER
