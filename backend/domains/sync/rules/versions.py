"""Versions of the documents in the feed: which types look different to a phone since which version.

A document that only gains a member is no new version: phones pass over members they do not know. A phone that was updated and asks for a
higher version than its copy was made under is sent every document of the types that changed between, beside what is new anyway.
"""

from __future__ import annotations

from collections.abc import Mapping

CHANGED_IN: Mapping[int, frozenset[str]] = {1: frozenset()}
"""By version, the types whose documents changed with it. The highest is the one this server speaks."""


def spoken() -> int:
    """The version of the documents this server sends."""
    return max(CHANGED_IN)


def agreed(asked: int) -> int:
    """The version a copy is made under for a phone that asks for this one: a newer app is told later what this server cannot say yet."""
    return max(1, min(asked, spoken()))


def changed_between(had: int, wanted: int) -> frozenset[str]:
    """The types whose documents changed after version `had` up to `wanted`."""
    return frozenset().union(*(types for version, types in CHANGED_IN.items() if had < version <= wanted))
