"""What a worklist is: a name for the same question asked of every reader's own part of the district."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import InstrumentedAttribute

from backend.domains.findings.model.worklists import Condition
from backend.domains.territory.rules.territory import SHANGHAI, local_day

Rows = Literal["finding", "dispatch", "request", "task", "demand", "hand_over"]
IN_BULK = frozenset(
    (
        *("file_finding", "request_void", "void_finding", "refuse_void", "attach_finding", "dispatch_finding", "close_finding"),
        *("accept_self_resolution", "refuse_self_resolution", "rebind_contract", "supervise_finding", "end_suspension"),
        *(f"{verb}_{kind}" for verb in ("grant", "refuse") for kind in ("extension", "return", "suspension", "appeal")),
    )
)
"""The verbs that can be told for many findings alike: what they say of each is its id, its state and at most a request."""
Reach = Literal["area", "unit", "owner", "worker", "recorder", "assignee", "nobody", "asker"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, and when: `now` is the act's moment, `midnight` the end of that day in the district."""

    person: Any
    now: dt.datetime

    @property
    def midnight(self) -> dt.datetime:
        """The first moment of the district's next day."""
        following = local_day(self.now) + dt.timedelta(days=1)
        return dt.datetime.combine(following, dt.time(), SHANGHAI).astimezone(dt.UTC)


def nothing(_reader: Reader) -> Sequence[Condition]:
    """No further condition."""
    return ()


@dataclass(frozen=True, slots=True)
class Worklist:
    """One line of the table.

    `roles` see it, within their `reach`: the areas they are held for, the units they do the work of, the trades a unit owns, what was
    given to the reader, what the reader recorded, what the reader is to look at or asked for (within the areas:
    what nobody is). `rows` are what it
    lists: each row is one thing to decide. `order` comes first to last, nulls at the end; `newest` turns it round. `is_due`: the order is
    by when something is due. `where` must hold, and `also`, which no index knows and is asked of one row after the other; and one of
    `either`. `verbs` are the moves that it is there for; those `IN_BULK` may be done to many at once.
    `by_town`: there is an index for each town's part.
    """

    name: str
    title: str
    title_zh: str
    says: str
    says_zh: str
    roles: tuple[str, ...]
    order: InstrumentedAttribute[Any]
    where: Callable[[Reader], Sequence[Condition]] = nothing
    also: Callable[[Reader], Sequence[Condition]] = nothing
    either: tuple[Condition, ...] = ()
    reach: Reach = "area"
    rows: Rows = "finding"
    is_due: bool = True
    newest: bool = False
    by_town: bool = False
    verbs: tuple[str, ...] = ()
