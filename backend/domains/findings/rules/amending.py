"""Amending: which fields can be amended, when a change can only be proposed, and what is a value at all.

Source: the conflict matrix (`rules.conflicts`), rows "inspector amends / supervisor dismissed", "amend after verified/closed" and "contract
area or terms corrected later". What becomes of several amendments of one field is in `rules.settling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from backend.core.conflicts import Rule
from backend.core.problems import Invalid
from backend.domains.findings.rules.claims import UNSEEN
from backend.domains.findings.rules.conflicts import (
    AMEND_ON_VOID,
    AMEND_SETTLED,
    AUTHOR_PREVAILS,
    BINDING_FIELD_AMENDED,
    CATEGORY_MAPPED,
    FIELDS_COMBINED,
    LATER_WRITE_KEPT,
    OTHER_PROPOSES,
)
from backend.domains.findings.rules.moves import ENDED

AMENDABLE = ("category", "condition", "asset", "address", "place", "severity", "note")
BINDING = frozenset({"category", "condition", "place", "asset"})
"""Fields that decide contract and deadline: once dispatched they are proposals, corrected only by a desk's own move."""

SETTLED = frozenset({"verified", "closed", "appealed"})
WORKED_ON = frozenset({"dispatched", "rectified"})

CHOICES = ("keep", "take", "merge")
"""Of a proposal: keep what stands, take what is proposed, or a value of the desk's own."""

_LONGEST = {"asset": 200, "address": 200, "note": 2000}
_EXACT = 2**53


def is_held(name: str, state: str) -> bool:
    """Whether an amendment of this field that arrives in this state can only be proposed."""
    return state in SETTLED or (state in WORKED_ON and name in BINDING)


def rule_of_amendment(  # noqa: PLR0911 - one return a row, in the order in which they outweigh each other
    *, state: str, changed: bool, kept: bool, proposed: list[str], displaced: bool, foreign: bool, mapped: bool
) -> Rule | None:
    """The row of the matrix that an amendment met, None where it met nothing.

    `proposed`: the fields that are only proposed. `changed`: something was set; `kept`: something was not, because a later write stands.
    `displaced`: another's value gave way and is a proposal now. `foreign`: others amended it since the version that was seen.
    """
    if proposed:
        if state in SETTLED:
            return AMEND_SETTLED
        return BINDING_FIELD_AMENDED if all(is_held(name, state) for name in proposed) else OTHER_PROPOSES
    if state in ENDED and (changed or kept):
        return AMEND_ON_VOID
    if displaced:
        return AUTHOR_PREVAILS
    if kept:
        return LATER_WRITE_KEPT
    if changed and foreign:
        return FIELDS_COMBINED
    return CATEGORY_MAPPED if mapped and changed else None


def seen_of(name: str, value: Any) -> Any:
    """What somebody says to have seen, as it is kept: what no finding can have shown becomes UNSEEN."""
    if value is None:
        return None
    if name == "place":
        seen = {key: value[key] for key in ("lon", "lat", "datum")}
        return seen if math.isfinite(seen["lon"]) and math.isfinite(seen["lat"]) else UNSEEN
    if isinstance(value, int):
        return value if abs(value) < _EXACT else UNSEEN
    if isinstance(value, str):
        return value if len(value) <= _LONGEST[name] else UNSEEN
    return value


def checked_value(name: str, value: Any) -> Any:
    """A value of the desk's own for this field, held to what an amendment may carry. Categories and places are looked up elsewhere.

    Raises Invalid, naming `/fields/<field>/value`.
    """
    fault = _CHECKS[name](value)
    if fault:
        raise Invalid(f"{name}: {fault}", errors=[(f"/fields/{name}/value", fault)])
    if name == "place":
        return {"accuracy_m": None, "provider": None, "fix_age_s": None, "mock": None, **value}
    return value


def _text(name: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > _LONGEST[name]:
            return f"null or a text of at most {_LONGEST[name]} characters"
        return "no NUL characters" if "\0" in value else None

    return check


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _severity(value: Any) -> str | None:
    return None if _whole(value) and value in {1, 2, 3} else "1, 2 or 3"


def _condition(value: Any) -> str | None:
    return None if value is None or (_whole(value) and 1 <= value < _EXACT) else "a number from 1, or null"


def _category(value: Any) -> str | None:
    good = isinstance(value, Mapping) and set(value) <= {"kind", "code", "edition"} and value.get("kind") in {"component", "event"}
    good = good and isinstance(value.get("code"), str) and 1 <= len(value["code"]) <= 20
    good = good and (value.get("edition") is None or (_whole(value["edition"]) and abs(value["edition"]) < _EXACT))
    return None if good else "{kind, code, edition?} of the catalogue"


def _place(value: Any) -> str | None:
    known = {"lon", "lat", "datum", "accuracy_m", "provider", "fix_age_s", "mock"}
    good = isinstance(value, Mapping) and set(value) <= known and isinstance(value.get("datum"), str)
    good = good and all(_number(value.get(key)) for key in ("lon", "lat"))
    good = good and all(value.get(key) is None or _number(value[key]) for key in ("accuracy_m", "fix_age_s"))
    good = good and isinstance(value.get("provider"), str | None) and isinstance(value.get("mock"), bool | None)
    return None if good else "{lon, lat, datum} of numbers and a datum"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "category": _category,
    "condition": _condition,
    "asset": _text("asset"),
    "address": _text("address"),
    "place": _place,
    "severity": _severity,
    "note": _text("note"),
}
