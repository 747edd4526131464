"""Digests of findings, dispatches, patrols and photo facts, and where two databases differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.base import Base, table_of
from backend.core.journal import JournalEntry
from backend.domains.deadlines.model import Deadline, DeadlineEvent
from backend.domains.evidence.model import Photo
from backend.domains.findings.model.finding import Finding, NumberCounter
from backend.domains.findings.model.texts import FindingText
from backend.domains.findings.model.work import Dispatch, Report
from backend.domains.patrols import model as patrols

_PAGE = 500
_LEFT_OUT = {
    "dispatch": {"watch_at"},  # when a sweep looks next: worked out by the calendar of the moment it was last settled
    "deadline": {"calendar_version"},  # which edition of the calendar it was last computed by: a replay has the last one from the start
}
_NOT_STATE = {NumberCounter.__tablename__, FindingText.__tablename__}
_OWNERS = ("finding", "subject", "patrol", "deadline")
"""Columns that name what a row belongs to; findings and patrols stand for themselves."""
_BELONGS: tuple[tuple[sa.Column[Any], sa.Column[Any]], ...] = tuple(
    (table_of(kind).c.id, table_of(kind).c[owner])
    for kind, owner in ((Deadline, "subject"), (Dispatch, "finding"), (Report, "finding"), (Photo, "subject"))
)
"""What rows belong to that others belong to, up to the finding or patrol."""
_OWN = {Finding.__tablename__, patrols.Patrol.__tablename__}


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the two do not have alike. `fields`: name, the source's value, the target's; empty where one has no such row."""

    table: str
    key: str
    what: str
    fields: dict[str, tuple[Any, Any]]
    owner: str


def tables() -> list[sa.Table]:
    """All that is compared: every table of findings and patrols, photos, and deadlines. What others belong to comes before them."""
    compared = ("backend.domains.findings.model", "backend.domains.patrols.model")
    names = {table_of(mapper.class_).name for mapper in Base.registry.mappers if mapper.class_.__module__.startswith(compared)} - _NOT_STATE
    names |= {table_of(kind).name for kind in (Photo, Deadline, DeadlineEvent)}
    found = [table for table in Base.metadata.sorted_tables if table.name in names]
    return sorted(found, key=lambda table: table.name in {table_of(kind).name for kind in (Deadline, DeadlineEvent)})


def replay_digest(session: Session, *, left_out: set[str] | None = None) -> dict[str, str]:
    """For each table SHA-256 over the canonical JSON of its rows in the order of their keys. `left_out`: ids whose rows do not count."""
    gone = set(left_out or ())
    found = {}
    for table in tables():
        known = hashlib.sha256()
        for _, text, _ in _rows(session, table, gone):
            known.update(text + b"\n")
        found[table.name] = known.hexdigest()
    return found


def differences(source: Session, target: Session, *, left_out: set[str] | None = None) -> Iterator[Difference]:
    """Row by row and field by field where the two differ."""
    gone_here, gone_there = set(left_out or ()), set(left_out or ())
    for table in tables():
        ours, theirs = _rows(source, table, gone_here), _rows(target, table, gone_there)
        one, other = next(ours, None), next(theirs, None)
        while one is not None or other is not None:
            if other is None or (one is not None and one[0] < other[0]):
                assert one is not None, "one of them is there"
                yield Difference(table.name, _shown(one[0]), "not made by the replay", {}, one[2])
                one = next(ours, None)
            elif one is None or other[0] < one[0]:
                yield Difference(table.name, _shown(other[0]), "made by the replay alone", {}, other[2])
                other = next(theirs, None)
            else:
                if one[1] != other[1]:
                    yield Difference(table.name, _shown(one[0]), "differs", _fields(one[1], other[1]), one[2])
                one, other = next(ours, None), next(theirs, None)


def first_told(source: Session, target: Session, subject: str) -> int:
    """The source's number of the first entry about the finding or patrol to which this belongs; 0 where there is none.

    What a row belongs to is looked up in either: one of them alone may have it.
    """
    subject = _root(source, target, subject)
    return source.scalar(sa.select(sa.func.min(JournalEntry.seq)).where(JournalEntry.subject == subject)) or 0


def _root(source: Session, target: Session, subject: str) -> str:
    """The finding or patrol: of an event its deadline's, of a deadline its dispatch's, of what hangs on a dispatch its finding."""
    try:
        key = UUID(subject)
    except ValueError:  # a blob has no owner
        return subject
    for own, owner in _BELONGS:
        for session in (source, target):
            found = session.scalar(sa.select(owner).where(own == key))
            if found is not None:
                return _root(source, target, str(found))
    return subject


def _rows(session: Session, table: sa.Table, gone: set[str]) -> Iterator[tuple[tuple[Any, ...], bytes, str]]:
    """Key, canonical JSON and owner of each row in the order of their keys; what belongs to one that is left out is left out, too."""
    keys = list(table.primary_key)
    owners = [name for name in _OWNERS if name in table.c and table.name not in _OWN][:1]
    skipped = _LEFT_OUT.get(table.name, set())
    result = session.connection().execute(sa.select(table).order_by(*keys), execution_options={"yield_per": _PAGE})
    for page in result.mappings().partitions():
        for row in page:
            owned = [str(row[name]) for name in owners]
            named = [str(row[column.name]) for column in keys]
            if not gone.isdisjoint([*owned, *named]):
                gone.update(named[:1] if isinstance(row[keys[0].name], UUID) else ())
                continue
            plain = {name: _plain(value) for name, value in row.items() if name not in skipped}
            text = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
            yield tuple(row[column.name] for column in keys), text, (owned or named)[0]


def _plain(value: Any) -> Any:
    """As JSON has it: whole numbers are written alike, whichever database kept them."""
    if isinstance(value, float) and value.is_integer():
        return int(value) if abs(value) < 2**63 else value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _fields(one: bytes, other: bytes) -> dict[str, tuple[Any, Any]]:
    here, there = orjson.loads(one), orjson.loads(other)
    return {name: (here.get(name), there.get(name)) for name in sorted(here | there) if here.get(name) != there.get(name)}


def _shown(key: tuple[Any, ...]) -> str:
    return " ".join(map(str, key))
