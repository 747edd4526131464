"""How the system is at this moment: what must work, and totals. Nothing personal, nothing that helps a stranger in."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.core.config import ROOT, Settings
from backend.core.http.callers import session
from backend.core.journal import Clock, JournalEntry
from backend.core.perform import reading
from backend.core.reactions import ReactionCursor
from backend.core.revisions import current
from backend.domains.catalog.model import Edition, Subclass
from backend.domains.contracts.model import Contract
from backend.domains.deadlines.model import CalendarYear
from backend.domains.evidence.model import Photo
from backend.domains.evidence.outside.stores import LocalStore, Store, open_store
from backend.domains.findings.model.finding import Finding
from backend.domains.sync.model import KeptLine
from backend.domains.territory.model import Area
from backend.domains.territory.rules.territory import local_day
from backend.entrypoints.web.words import LEVELS, PHOTOS, STATES
from backend.entrypoints.worker.reactions import REACTIONS

log = logging.getLogger(__name__)

FRESH_S = 5.0
"""Everybody may ask for the page, so the tables are counted at most this often in a process."""
_STORE_S = 3.0
"""A store that takes longer does not answer."""
_PROBE_S = 1.0
"""How old the last look at the store may be: a look writes to the disk, and everybody may ask."""
_LATE = dt.timedelta(minutes=2)
"""The worker looks at least once a minute: an entry that waited longer means that it stands still."""


@dataclass(frozen=True, slots=True)
class Worker:
    """How far the slowest reaction is behind the journal. `since` is when the oldest entry it has not seen was written."""

    behind: int
    since: dt.datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """What is in the database."""

    epoch: str
    journal: int
    demo: bool
    worker: Worker
    findings: dict[str, int]
    photos: dict[str, int]
    operations: int
    areas: dict[str, int]
    categories: int
    edition: int | None
    contracts: int
    contracts_in_force: int
    years: tuple[int, ...]
    year_covered: bool


@dataclass(frozen=True, slots=True)
class State:
    """What the front page shows. `faults` as of `faults()`; `totals` None where the database cannot tell."""

    database: str
    store: str
    head: str
    faults: dict[str, str | None]
    totals: Totals | None = None

    @property
    def demo(self) -> bool:
        """Whether this is the demo district."""
        return self.totals is not None and self.totals.demo


def faults(settings: Settings) -> dict[str, str | None]:
    """`{database, migrations, store: what is wrong with it or None}`; the words are keys of `words.FAULTS`."""
    database = migrations = None
    try:
        with reading(session()) as reader:
            reader.execute(sa.select(1))
    except SQLAlchemyError:
        log.exception("the database does not answer")
        database, migrations = "does not answer", "not known, the database does not answer"
    else:
        migrations = _migrations()
    return {"database": database, "migrations": migrations, "store": _store(settings)}


def lately(settings: Settings, *, at: dt.datetime) -> State:
    """The state, at most FRESH_S old."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the proxy's documented way to the application
    memory = _memories.setdefault(app, _Memory())
    # Where somebody else is counting the last picture is good enough; without one everybody waits for the first.
    if not memory.lock.acquire(blocking=memory.state is None):
        assert memory.state is not None
        return memory.state
    try:
        if memory.state is None or time.monotonic() - memory.taken >= FRESH_S:
            memory.state, memory.taken = _look(settings, at), time.monotonic()
        return memory.state
    finally:
        memory.lock.release()


@dataclass(slots=True)
class _Memory:
    state: State | None = None
    taken: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_memories: WeakKeyDictionary[Flask, _Memory] = WeakKeyDictionary()


def _look(settings: Settings, at: dt.datetime) -> State:
    found = faults(settings)
    kinds = {
        "database": "SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL",
        "store": "S3" if settings.blob_store.startswith("s3://") else "local",
    }
    totals = None
    if not (found["database"] or found["migrations"]):
        try:
            with reading(session(), snapshot=True) as reader:
                totals = _totals(reader, at)
        except SQLAlchemyError:
            log.exception("the tables could not be counted")
            found["database"] = "does not answer"
    return State(**kinds, head=_head(), faults=found, totals=totals)


def _head() -> str:
    return (ROOT / "migrations" / "head").read_text("utf-8").strip()


def _migrations() -> str | None:
    try:
        with reading(session()) as reader:
            stands = set(reader.scalars(sa.text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        return "not migrated"  # the database answered a moment ago: what is missing is the table
    return None if stands == {_head()} else "not at head"


# A disk or a bucket may hang; whoever asks waits no longer than _STORE_S, and nobody starts a second look beside one that hangs.
_looking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-probe")
_looks: dict[tuple[str, Path], tuple[float, Future[str | None]]] = {}


def _store(settings: Settings) -> str | None:
    key = (settings.blob_store, settings.data_folder)
    began, look = _looks.get(key, (0.0, None))
    now = time.monotonic()
    if look is None or (look.done() and now - began >= _PROBE_S):
        look = _looking.submit(_probe, open_store(*key))
        _looks[key] = now, look
    try:
        return look.result(_STORE_S)
    except TimeoutError:
        return "does not answer"


def _probe(store: Store) -> str | None:
    """A folder is written to; of a bucket the head of an object that need not exist is asked."""
    try:
        if isinstance(store, LocalStore):
            store.put(b"", f"probe-{threading.get_native_id()}")
            store.delete(f"probe-{threading.get_native_id()}")
        else:
            store.size("probe")
    except OSError:
        log.exception("the photo store failed")
        return "cannot be written" if isinstance(store, LocalStore) else "does not answer"
    return None


def _totals(reader: Session, at: dt.datetime) -> Totals:
    today = local_day(at)
    clock = reader.execute(sa.select(Clock.epoch, Clock.seq)).one()
    years = tuple(reader.scalars(sa.select(CalendarYear.year).order_by(CalendarYear.year)))
    edition = reader.scalar(sa.select(sa.func.max(Edition.number)).where(Edition.valid_from <= today))
    in_force = (
        Contract.valid_from <= today,
        Contract.valid_until > today,
        sa.or_(Contract.terminated_on.is_(None), Contract.terminated_on > today),
    )
    return Totals(
        epoch=clock.epoch,
        journal=clock.seq,
        demo=current(reader, "demo") is not None,
        worker=_worker(reader, clock.seq, at),
        findings=_by(reader, Finding.state, STATES),
        photos=_by(reader, Photo.state, PHOTOS),
        operations=_count(reader, KeptLine.op),
        areas=_by(reader, Area.level, LEVELS, Area.valid_from <= today, sa.or_(Area.valid_until.is_(None), Area.valid_until > today)),
        categories=_count(reader, Subclass.code, Subclass.edition == edition),
        edition=edition,
        contracts=_count(reader, Contract.id),
        contracts_in_force=_count(reader, Contract.id, *in_force),
        years=years,
        year_covered=today.year in years,
    )


def _worker(reader: Session, journal: int, at: dt.datetime) -> Worker:
    cursors = {row.name: row.seq for row in reader.execute(sa.select(ReactionCursor.name, ReactionCursor.seq))}
    slowest = min(cursors.get(reaction.name, 0) for reaction in REACTIONS)
    since = None
    if slowest < journal:
        since = reader.scalar(sa.select(JournalEntry.at).where(JournalEntry.seq > slowest).order_by(JournalEntry.seq).limit(1))
    return Worker(journal - slowest, since, late=since is not None and at - since > _LATE)


def _count(reader: Session, column: Any, *where: Any) -> int:
    return reader.scalar(sa.select(sa.func.count(column)).where(*where)) or 0


def _by(reader: Session, column: Any, order: dict[str, str], *where: Any) -> dict[str, int]:
    """Rows by the column's value, in the order of these words; values without a word come last."""
    rows = reader.execute(sa.select(column, sa.func.count()).where(*where).group_by(column))
    found: dict[str, int] = {value: count for value, count in rows}  # noqa: C416 - rows are not pairs to mypy
    known = {word: found.pop(word) for word in order if word in found}
    return known | dict(sorted(found.items()))
