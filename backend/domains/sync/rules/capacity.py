"""How much a phone holds, and which scopes count for it."""

from __future__ import annotations

from collections.abc import Iterable

from backend.core.problems import Clash

CAP = 20_000
"""Entities a replica holds at most (protocol, section 4)."""
_AT_THE_DESK = ("district:", "department:")


class TooManyEntities(Clash):
    """With this role a person's phone would have to hold more than it can. Refused here, not on the phone."""

    slug = "too_many_entities"
    title = "A phone cannot hold this much"
    title_zh = "终端数据量超出上限"
    way_out = "Give the role within a smaller area (a community instead of a town), or end another role of this person first."
    way_out_zh = "请在更小的区域内授予该角色（如以社区代替镇街），或先终止此人的其他角色。"


def counted(scopes: Iterable[str]) -> list[str]:
    """The scopes that count.

    Posts of the whole district and of its bureaus work at the desk, with lists, and have no smaller area to take: were they counted, nobody
    could be appointed to them once a district has seen this many findings.
    """
    return sorted(scope for scope in scopes if not scope.startswith(_AT_THE_DESK))
