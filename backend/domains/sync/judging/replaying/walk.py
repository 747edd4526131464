"""The journal read back into the acts that wrote it: operations of phones, and deeds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import TimeQuality
from backend.core.deeds import Deed
from backend.core.journal import JournalEntry
from backend.domains.sync.judging.replaying.reference import SUBJECTS
from backend.domains.sync.rules.verdicts import SATISFYING

REPLAYED = frozenset({"finding", "patrol", "blob", "deadline"})
"""What acts are about that a replay does again. Everything else the journal tells of is reference data, access, or sync itself."""
_PAGE = 500


@dataclass(slots=True)
class Done:
    """One act as the journal has it. `kind`: an operation, a deed, an act of before deeds were kept, or a change of reference data."""

    kind: Literal["operation", "deed", "unkept", "reference"]
    seq: int
    at: dt.datetime
    happened_at: dt.datetime
    device_at: dt.datetime | None
    time_quality: TimeQuality
    person: UUID | None
    replica: UUID | None
    op: UUID | None
    deed: tuple[UUID, int, str, str] | None
    """Act, ids made before it, name, arguments."""
    told: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Event, type of subject, subject, version."""
    numbers: list[str] = field(default_factory=list)
    """Case numbers that were given in it."""

    def subjects(self) -> set[str]:
        """What it was about, of that which is done again."""
        return {subject for _, kind, subject, _ in self.told if kind in REPLAYED}


def acts_done(session: Session) -> Iterator[Done]:
    """Every act that had an effect, in the order of the journal, from one snapshot and with flat memory."""
    query = sa.select(JournalEntry.__table__, Deed.entries, Deed.act, Deed.made, Deed.name, Deed.arguments)
    query = query.outerjoin(Deed, Deed.seq == JournalEntry.seq).order_by(JournalEntry.seq)
    result = session.connection().execute(query, execution_options={"yield_per": _PAGE})
    yield from _grouped(row for page in result.partitions() for row in page)


def _grouped(rows: Iterable[sa.Row[Any]]) -> Iterator[Done]:
    """Entries of one act follow each other: those of an operation by its id, those of a deed by their number."""
    act: Done | None = None
    rest = 0
    for row in rows:
        if act is not None and not _goes_on(act, row, rest):
            yield act
            act = None
        if act is None:
            act, rest = _begun(row), (row.entries or 1)
        if act is not None:
            rest -= 1
            act.told.append((row.event, row.subject_type, row.subject, row.version))
            if row.event == "finding.recorded":
                act.numbers.append(orjson.loads(row.facts)["number"])
    if act is not None:
        yield act


def _goes_on(act: Done, row: sa.Row[Any], rest: int) -> bool:
    if act.kind == "operation":
        return bool(row.op == act.op and _has_effect(row))
    return rest > 0


def _has_effect(row: sa.Row[Any]) -> bool:
    """Whether an operation's entry tells that it was done. One that only told its outcome was done if that outcome says so."""
    return row.subject_type != "operation" or row.event.removeprefix("operation.") in SATISFYING


def _begun(row: sa.Row[Any]) -> Done | None:
    """The act that this entry is the first of; None for what a replay has no part in."""
    kind: Literal["operation", "deed", "unkept", "reference"]
    if row.op is not None:
        if not _has_effect(row):
            return None
        kind = "operation"
    elif row.name is not None:
        kind = "deed"
    elif row.subject_type in REPLAYED:
        kind = "unkept"
    elif row.subject_type in SUBJECTS:
        kind = "reference"
    else:
        return None
    deed = (row.act, row.made, row.name, row.arguments) if kind == "deed" else None
    return Done(kind, row.seq, row.at, row.happened_at, row.device_at, row.time_quality, row.actor, row.replica, row.op, deed)
