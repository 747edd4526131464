"""An act: who does something, when, from which device, with which ids and what it tells.

Time, ids and chance come from here and from nowhere else, so that every rule and action can be replayed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import uuid_utils.compat

TimeQuality = Literal["exact", "anchored", "estimated"]


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


@dataclass(slots=True)
class Told:
    """One thing that happened: becomes a journal entry, and a change in the feed of each scope named.

    `version` is the subject's version after the event, `scopes` who may see the subject now, `left` who no longer may. `seq` is given by
    the journal just before commit. `facts` are ids and changed values, never personal data.
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


@dataclass(slots=True)
class Act:
    """One deed of one actor.

    `at` is the server's time, `happened_at` the corrected time of the deed itself (equal to `at` unless it came late from a phone) and
    `device_at` the phone's own unchecked clock.
    """

    actor: Actor
    at: dt.datetime
    happened_at: dt.datetime
    device_at: dt.datetime | None = None
    time_quality: TimeQuality = "exact"
    replica: UUID | None = None
    op: UUID | None = None
    request_id: str | None = None
    new_id: Callable[[], UUID] = uuid_utils.compat.uuid7
    told: list[Told] = field(default_factory=list)

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
    """A new act of this actor, now. The only place that reads the clock."""
    now = at or dt.datetime.now(dt.UTC)
    return Act(actor=actor, at=now, happened_at=now, request_id=request_id)
