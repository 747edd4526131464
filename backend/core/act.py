"""An act: who does something, when, from which device, with which ids and what it tells.

Time, ids and chance come from here and from nowhere else, so that every rule and action can be replayed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import uuid_utils.compat

from backend.core import clock

TimeQuality = Literal["exact", "anchored", "estimated"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_MICROSECOND = dt.timedelta(microseconds=1)
_48_BITS = (1 << 48) - 1


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held within a unit. `area` is the code of the area the unit answers for (6, 9 or 12 digits), if any."""

    role: str
    unit: UUID
    unit_kind: str
    area: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `person` is None only for the system itself (worker, command line, first set-up)."""

    person: UUID | None
    login: str
    name: str
    grants: tuple[Grant, ...] = ()

    def holds(self, *roles: str) -> bool:
        """Whether any of the roles is held, in whichever unit."""
        return any(grant.role in roles for grant in self.grants)

    def grants_of(self, *roles: str) -> list[Grant]:
        """The grants of these roles."""
        return [grant for grant in self.grants if grant.role in roles]


SYSTEM = Actor(person=None, login="system", name="system")


@dataclass(frozen=True, slots=True)
class Call:
    """The call of a registered action, as text: what `core.deeds` keeps.

    `made`: how many ids the act had made before it; `entries`: how much it told.
    """

    name: str
    arguments: str
    made: int
    entries: int


@dataclass(slots=True)
class Told:
    """One thing that happened: becomes a journal entry, and a change in the feed of each scope named.

    `version` is the subject's version after the event, `scopes` who may see the subject now, `left` who no longer may. `seq` is given by
    the journal just before commit. `facts` are ids and changed values, never personal data. `call`: the call that told this first.
    """

    event: str
    subject_type: str
    subject: str
    version: int
    scopes: tuple[str, ...]
    left: tuple[str, ...]
    facts: dict[str, Any]
    act: Act
    seq: int = 0
    call: Call | None = None
    numbered: Callable[[int], object] | None = None
    """Called with its number as soon as it has one, before the commit: for a row that carries that number."""


@dataclass(slots=True)
class Act:
    """One deed of one actor.

    `at` is the server's time, `happened_at` the corrected time of the deed itself (equal to `at` unless it came late from a phone) and
    `device_at` the phone's own unchecked clock. `window` is the earliest and the latest moment at which it can have happened, set only
    where `time_quality` is `estimated` and nobody vouched for the time: a rule whose answer differs between them leaves it to a person.
    """

    actor: Actor
    at: dt.datetime
    happened_at: dt.datetime
    device_at: dt.datetime | None = None
    time_quality: TimeQuality = "exact"
    window: tuple[dt.datetime, dt.datetime] | None = None
    base: int | None = None
    """The version of the entity that the phone saw, where it says so."""
    seq: int | None = None
    """The number of the operation among those of its replica."""
    replica: UUID | None = None
    op: UUID | None = None
    request_id: str | None = None
    told: list[Told] = field(default_factory=list)
    id: UUID = field(default_factory=uuid_utils.compat.uuid7)
    made: int = field(default=0, init=False)
    """How many ids it has made."""
    calling: bool = field(default=False, init=False)
    """Whether a registered action is under way: those it calls are part of it."""

    def new_id(self) -> UUID:
        """The next id of this act: a function of the operation (else of the act's own id), its time and their count, and of nothing else.

        So whoever does the act again gets the same ids. They are no secrets. Those of one act ascend; laid out as UUID version 7.
        """
        milliseconds = max(0, (self.at - _EPOCH) // _MILLISECOND)
        microseconds = (self.at - _EPOCH) // _MICROSECOND
        known = hashlib.sha256(b"%s %d %d" % ((self.op or self.id).bytes, microseconds, self.made)).digest()
        chance = int.from_bytes(known[:8], "big") >> 2
        number = (milliseconds & _48_BITS) << 80 | 7 << 76 | (self.made & 0xFFF) << 64 | 2 << 62 | chance
        self.made += 1
        return UUID(int=number)

    def undo(self, *, made: int = 0) -> None:
        """What it did was undone and is about to be done again: to the same ids, and with nothing told."""
        self.told.clear()
        self.made = made
        self.calling = False

    def tell(
        self,
        event: str,
        subject_type: str,
        subject: UUID | str,
        /,
        *,
        version: int = 0,
        scopes: Iterable[str] = (),
        left: Iterable[str] = (),
        **facts: Any,
    ) -> None:
        """Say what happened. Journal and feed are written from it just before commit, and only if the act commits."""
        self.told.append(
            Told(event, subject_type, str(subject), version, tuple(scopes), tuple(left), facts, self),
        )


def begin(actor: Actor, *, at: dt.datetime | None = None, request_id: str | None = None) -> Act:
    """A new act of this actor, now. The only place that asks for the time."""
    now = at or clock.now()
    return Act(actor=actor, at=now, happened_at=now, request_id=request_id)
