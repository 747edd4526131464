"""Amending: what becomes of each field when somebody else may have changed it meanwhile.

Source: the sync research's conflict matrix, rows "two inspectors, different fields / same field", "inspector amends / supervisor dismissed"
and "amend after verified/closed". The outcome does not depend on the order of arrival.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

AMENDABLE = ("category", "condition", "asset", "address", "place", "severity", "note")
BINDING = frozenset({"category", "condition", "place", "asset"})
"""Fields that decide contract and deadline: once dispatched they are proposals, corrected only by a desk's own move."""

SETTLED = frozenset({"verified", "closed", "appealed"})

Fate = Literal["set", "same", "keep", "propose"]


@dataclass(frozen=True, slots=True)
class Write:
    """Who last wrote a field, when (corrected time) and by which operation. The operation breaks a tie."""

    by: UUID
    at: dt.datetime
    op: str


def fate_of(field: str, *, seen: Any, value: Any, present: Any, mine: Write, last: Write, author: UUID, state: str) -> Fate:
    """`set` the value, leave it as the `same`, `keep` the present one because a later write of equal standing stands, or `propose`.

    `last` is who wrote the present value: the recording itself, or the last amendment of this field. The author outranks all others; among
    equals the later corrected time stands, a tie goes to the higher operation id.
    """
    if value == present:
        return "same"
    if state in SETTLED or (state in {"dispatched", "rectified"} and field in BINDING):
        return "propose"
    if seen == present:
        return "set"
    if outranks(mine, last, author=author):
        return "set"
    return "propose" if mine.by != author == last.by else "keep"


def outranks(mine: Write, last: Write, *, author: UUID) -> bool:
    """Whether the one write stands before the other, both having seen the same: the author's, then the later, then the higher operation."""
    return (mine.by == author, mine.at, mine.op) > (last.by == author, last.at, last.op)
