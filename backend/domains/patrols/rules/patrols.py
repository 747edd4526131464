"""Rules of patrols: how long a track is, when something counts as late, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from backend.core.conflicts import Rule
from backend.core.problems import Forbidden

LATE_AFTER = dt.timedelta(minutes=10)
"""What arrives for a patrol this long after its close is marked late (sync research, conflict matrix: track after close_patrol)."""

TRACK_AFTER_CLOSE = Rule(
    "a track is appended",
    "its patrol was closed before it was walked",
    "it is accepted and the totals hold it; the patrol is late if that was more than 10 minutes after",
    "merged",
    "patrol_closed",
    any_order=True,
)
FINDING_AFTER_CLOSE = Rule(
    "a finding is recorded",
    "its patrol was closed before it was found",
    "it is accepted and belongs to the patrol, which is late if that was more than 10 minutes after",
    "merged",
    "patrol_closed",
    any_order=True,
)
PATROLS_OVERLAP = Rule(
    "a patrol is opened",
    "another of the same inspector whose time it meets",
    "both stand, both are flagged as overlapping",
    "applied",
    any_order=True,
)
TASK_CANCELLED = Rule(
    "a patrol of a shift, with its findings",
    "the shift was cancelled meanwhile",
    "the findings stand, the patrol is marked as unplanned",
    "merged",
    "task_cancelled",
)
PATROL_OF_ANOTHER = Rule(
    "a patrol of A's shift",
    "another is on duty in that shift by then",
    "it is kept and marked as unplanned; the shift stays the other's",
    "merged",
    "task_reassigned",
)
CHUNK_RENUMBERED = Rule(
    "a chunk of a track",
    "another chunk under its number",
    "kept under the next free number: no walked metre is lost to a counter that began anew",
    "merged",
    "chunk_renumbered",
)

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


@dataclass(frozen=True, slots=True)
class Span:
    """The time of a patrol; `until` None: it is open."""

    since: dt.datetime
    until: dt.datetime | None


def overlap(one: Span, other: Span) -> bool:
    """Whether the two share more than a moment; one that is open goes on."""
    return (other.until is None or one.since < other.until) and (one.until is None or other.since < one.until)


def hull(spans: Sequence[Span]) -> Span:
    """From the first beginning to the last end."""
    ends = [each.until for each in spans if each.until is not None]
    return Span(min(each.since for each in spans), max(ends) if len(ends) == len(spans) else None)


def is_late(added_at: dt.datetime | None, closed_at: dt.datetime | None) -> bool:
    """Whether what was added last, at this moment, came too long after the patrol's close."""
    return added_at is not None and closed_at is not None and added_at > closed_at + LATE_AFTER
