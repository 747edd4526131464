"""Statements: what an administrator said for a scope from a moment on, and the policy that follows from all of them."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

from backend.domains.deadlines.rules.limits import Limit
from backend.domains.policies.rules.policy import DEFAULTS, Level, Policy, Rung

Scope = Literal["all", "trade", "category"]
SCOPES: tuple[Scope, ...] = ("all", "trade", "category")
"""What a statement concerns, widest first."""

SETTINGS = (
    "auto_file",
    "auto_dispatch",
    "photos",
    "agree",
    "steps",
    "reminders",
    "escalation",
    "orphan_after",
    "bounces_before_leader",
)
"""What a statement may say; what it leaves out comes from the next wider one."""

_TOWN = 9
"""Digits of a town's code: statements are given for the whole ground, a district or a town, not for less."""


@dataclass(frozen=True, slots=True)
class Statement:
    """From `valid_from` on this is all that is said for the scope, until a later statement for the same area, scope and key.

    `area` is "" (everywhere) or the code of a district or town. `scope` says what `key` is: "category" `kind:code`, "trade" a trade, "all"
    "". `settings` has those of SETTINGS that it says, as they are kept (JSON values).
    """

    number: int
    area: str
    scope: Scope
    key: str
    valid_from: dt.datetime
    settings: Mapping[str, Any] = field(hash=False)

    @property
    def width(self) -> tuple[int, int]:
        """Rises with narrowness: what it concerns first, then where.

        A word about a category comes before one about its trade, wherever each was said; of equal ones that for the smaller area. So a
        town cannot undo by a rule for a trade what the district says of one dangerous thing.
        """
        return SCOPES.index(self.scope), len(self.area)


class Book:
    """All statements. Immutable but for what it remembers of answers: threads share it."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.statements = tuple(sorted(statements, key=lambda each: each.number))
        said = [limit_of(each.settings["orphan_after"]).amount for each in self.statements if "orphan_after" in each.settings]
        self.shortest_orphan_after = min([DEFAULTS.orphan_after.amount, *said])
        self._timelines: dict[tuple[str, str, str], tuple[list[dt.datetime], list[Policy]]] = {}

    def policy(self, area: str, trade: str, category: str, at: dt.datetime) -> Policy:
        """What holds at that moment in the area (a code of any level) for a category (`kind:code`) of this trade."""
        key = (area[:_TOWN], trade, category)
        line = self._timelines.get(key)
        if line is None:
            line = self._timelines[key] = self._timeline(*key)
        moments, policies = line
        return policies[bisect_right(moments, at)]

    def in_force(self, area: str, trade: str, category: str, at: dt.datetime) -> list[Statement]:
        """The statements that make it up, the narrowest first."""
        return list(reversed(_in_force(self._concerning(area[:_TOWN], trade, category), at)))

    def last(self, area: str, scope: Scope, key: str, at: dt.datetime) -> Statement | None:
        """The statement in force for exactly this scope."""
        same = [each for each in self.statements if (each.area, each.scope, each.key) == (area, scope, key)]
        found = _in_force(same, at)
        return found[0] if found else None

    def _concerning(self, area: str, trade: str, category: str) -> list[Statement]:
        keys = {("all", ""), ("trade", trade), ("category", category)}
        return [each for each in self.statements if (each.scope, each.key) in keys and area.startswith(each.area)]

    def _timeline(self, area: str, trade: str, category: str) -> tuple[list[dt.datetime], list[Policy]]:
        concerning = self._concerning(area, trade, category)
        moments = sorted({each.valid_from for each in concerning})
        return moments, [DEFAULTS, *(_merged(_in_force(concerning, moment)) for moment in moments)]


def _in_force(statements: Sequence[Statement], at: dt.datetime) -> list[Statement]:
    """Of each scope the one that holds at that moment (of equal moments the later said), the widest first."""
    begun = [each for each in statements if each.valid_from <= at]
    latest = {(each.area, each.scope, each.key): each for each in sorted(begun, key=lambda each: (each.valid_from, each.number))}
    return sorted(latest.values(), key=lambda each: each.width)


def _merged(statements: Sequence[Statement]) -> Policy:
    """The defaults with what the statements say, the narrower over the wider. Photos, consents and steps verb by verb, step by step."""
    policy = replace(DEFAULTS, version=max(each.number for each in statements))
    for statement in statements:
        policy = replace(policy, **{name: _READ[name](value, getattr(policy, name)) for name, value in statement.settings.items()})
    return policy


def limit_of(value: Mapping[str, Any]) -> Limit:
    """A limit as it is kept: `{"value": 15, "unit": "working_minutes"}`."""
    return Limit(value["value"], value["unit"])


def _photos(value: Mapping[str, Mapping[str, int]], wider: Mapping[str, Mapping[str, int]]) -> Mapping[str, Mapping[str, int]]:
    return MappingProxyType({**wider, **{verb: MappingProxyType(dict(roles)) for verb, roles in value.items()}})


def _agree(value: Mapping[str, str | None], wider: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({verb: role for verb, role in {**wider, **value}.items() if role is not None})


def _steps(value: Mapping[str, Mapping[str, Any]], wider: Mapping[str, Limit]) -> Mapping[str, Limit]:
    return MappingProxyType({**wider, **{step: limit_of(limit) for step, limit in value.items()}})


def _rungs(value: Sequence[Mapping[str, Any]], _wider: tuple[Rung, ...]) -> tuple[Rung, ...]:
    return tuple(Rung(limit_of(each["after"]), _level(each["to"])) for each in value)


def _level(value: str) -> Level:
    return value  # type: ignore[return-value] # refuse_settings has looked at it


_READ: Mapping[str, Any] = MappingProxyType(
    {
        "auto_file": lambda value, _wider: value,
        "auto_dispatch": lambda value, _wider: value,
        "photos": _photos,
        "agree": _agree,
        "steps": _steps,
        "reminders": lambda value, _wider: tuple(Fraction(share, 100) for share in value),
        "escalation": _rungs,
        "orphan_after": lambda value, _wider: limit_of(value),
        "bounces_before_leader": lambda value, _wider: value,
    }
)
"""How each setting is read from what is kept, given what the wider ones say."""
