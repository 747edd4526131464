"""What was claimed of a field, as values and as the JSON that a finding keeps: claims, what they came to, and the whole track."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

ALONE = ""
"""The key of a field's only base; a condition has a base a category, by `kind:code`."""

UNSEEN: dict[str, Any] = {"unlike": "any value"}
"""What somebody says to have seen, and what no finding can have shown."""

_UNLIKE = object()


@dataclass(frozen=True, slots=True)
class Claim:
    """One amendment of one field: `seen` on the screen, `value` meant.

    `id` is the operation's, or that of the desk's act; `replica` and `seq` say which phone's and its how-manieth operation it was. `held`:
    it arrived when it could only be proposed. `of`: the category (`kind:code`) that a condition was chosen for, where that is known.
    """

    id: str
    by: UUID
    at: dt.datetime
    seen: Any
    value: Any
    op: UUID | None = None
    held: bool = False
    of: str | None = None
    replica: UUID | None = None
    seq: int | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.id,
            "by": str(self.by),
            "at": self.at.isoformat(),
            "seen": self.seen,
            "value": self.value,
            "op": str(self.op) if self.op else None,
            "held": self.held,
            "of": self.of,
            "replica": str(self.replica) if self.replica else None,
            "seq": self.seq,
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Claim:
        """Of its JSON."""
        ids = {name: UUID(plain[name]) if plain[name] else None for name in ("op", "replica")}
        known = {**plain, **ids, "by": UUID(plain["by"]), "at": dt.datetime.fromisoformat(plain["at"])}
        return cls(**known)


@dataclass(frozen=True, slots=True)
class State:
    """What a field has come to: its value, whose claim that is (None: as recorded or decided), and at most one proposal a person.

    `since_decision`, `since_author`: the values that the field had since somebody decided it, or since the author last amended it; None
    where neither happened. Who has seen none of them speaks without knowing of it.
    """

    value: Any
    claim: Claim | None = None
    since_decision: tuple[Any, ...] | None = None
    since_author: tuple[Any, ...] | None = None
    proposals: tuple[Claim, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "value": self.value,
            "claim": self.claim.plain() if self.claim else None,
            "since_decision": None if self.since_decision is None else list(self.since_decision),
            "since_author": None if self.since_author is None else list(self.since_author),
            "proposals": [each.plain() for each in self.proposals],
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> State:
        """Of its JSON."""
        decision, author = plain["since_decision"], plain["since_author"]
        return cls(
            value=plain["value"],
            claim=Claim.read(plain["claim"]) if plain["claim"] else None,
            since_decision=None if decision is None else tuple(decision),
            since_author=None if author is None else tuple(author),
            proposals=tuple(Claim.read(each) for each in plain["proposals"]),
        )


def decided(value: Any, *, proposals: Iterable[Claim] = ()) -> State:
    """A field that the desk has decided: whoever has not seen that can only propose."""
    return State(value, since_decision=(value,), proposals=tuple(proposals))


@dataclass(slots=True)
class Track:
    """All that was claimed of a field since its base."""

    bases: dict[str, State]
    claims: list[Claim] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"bases": {key: base.plain() for key, base in self.bases.items()}, "claims": [each.plain() for each in self.claims]}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Track:
        """Of its JSON."""
        bases = {key: State.read(base) for key, base in plain["bases"].items()}
        return cls(bases, [Claim.read(each) for each in plain["claims"]])


def alike(name: str, value: Any) -> Any:
    """What of a value is compared: a category without its edition, a place without what its sensor said of itself."""
    if value is None:
        return None
    if value == UNSEEN:
        return _UNLIKE
    if name == "category":
        return value["kind"], value["code"]
    if name == "place":
        return value["lon"], value["lat"], value["datum"]
    return value


def category_key(category: Mapping[str, Any]) -> str:
    """`kind:code`."""
    return f"{category['kind']}:{category['code']}"
