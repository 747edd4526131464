"""Findings of the same thing: how near counts, and which of them is the head.

Source: the conflict matrix, row "two inspectors, same pothole"; the domain page, section 3 (attach).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol, TypeVar
from uuid import UUID

from backend.core.problems import Invalid

NEAR_M = 25.0
"""Within this many metres two findings of a category may be of the same thing however exact their places are."""
FARTHEST_M = 500.0
"""A place that is known no better than this names no neighbours further away."""
MOST_CANDIDATES = 20

DISPATCHED = frozenset({"dispatched", "rectified", "verified"})


class NoHead(Invalid):
    """What was named cannot be the head that others follow."""

    slug = "no_head"
    title = "This finding cannot be the head"
    title_zh = "该案卷不能作为并案主案卷"
    way_out = "Name an open finding that is not attached itself; `head` names the one it is attached to."
    way_out_zh = "请指定一个未办结且未被并案的案卷；head 给出了其所并入的主案卷。"


class NotAlike(Invalid):
    """Their categories differ, or they lie farther apart than their places are uncertain; `metres` apart, within `reach_m`."""

    slug = "not_alike"
    title = "They do not look like the same thing"
    title_zh = "两案卷不似同一问题"
    way_out = "Look whether the right finding is named; if they are of the same thing all the same, repeat with `override` and say why."
    way_out_zh = "请核对所选案卷；确属同一问题的，请以 override 重试并说明理由。"


class Attachable(Protocol):
    """What decides which of a group is its head."""

    id: UUID
    state: str
    recorded_at: dt.datetime


T = TypeVar("T", bound=Attachable)


def head_of(group: Iterable[T]) -> T:
    """The head of findings of the same thing: the dispatched one, else the first by (recorded time, id). The order given is no matter."""
    return min(group, key=lambda each: (each.state not in DISPATCHED, each.recorded_at, each.id.int))


def reach_m(*accuracies: float | None) -> float:
    """How far apart two findings of the same thing may be, in metres: 25, or as much as a place is uncertain, at most 500."""
    return min(FARTHEST_M, max([NEAR_M, *(accuracy or 0.0 for accuracy in accuracies)]))
