"""Many findings from a few: rows that came in through the front door, copied under new ids straight into the tables, on either database.

A copy has its photos with their bytes' rows, its dispatches and its place in every scope of the feed. What pull never reads is left out:
journal entries, kept lines, outcomes, deadlines' events. `bury` puts bare numbers into feed and journal instead: what lies behind a cursor.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

import house  # noqa: F401 - makes `backend` importable
import sqlalchemy as sa
from phone import new_id

from backend.core.database.base import Base
from backend.core.database.engine import options, prepare
from backend.entrypoints import models  # noqa: F401 - every table must be known

_CHUNK = 2_000
Row = dict[str, Any]
TABLES = ("finding", "blob", "delivery", "photo", "dispatch", "feed_member")


def grow(url: str, count: int) -> tuple[int, int]:
    """Bring the database to `count` findings; the numbers in the feed of its first finding and of its last."""
    with _opened(url) as engine:
        with engine.connect() as reader:
            templates = _Templates(reader)
            top = before = int(reader.scalar(sa.text("SELECT seq FROM clock")) or 0)
            first = int(reader.scalar(sa.text("SELECT min(seq) FROM feed_member WHERE subject_type = 'finding'")) or 0)
        copies = (templates.copy(number, before + number + 1) for number in range(count - len(templates.findings)))
        for part in _parts(copies):
            top += len(part)
            with engine.begin() as writer:
                for name in TABLES:
                    rows = [row for made in part for row in made[name]]
                    if rows:
                        writer.execute(sa.insert(Base.metadata.tables[name]), rows)
                writer.execute(sa.text("UPDATE clock SET seq = :top"), {"top": top})
        _settle(engine)
    return first, top


def reserve(url: str, count: int) -> tuple[int, int]:
    """Leave so many numbers out, as if so much had happened; the first of them and the last."""
    with _opened(url) as engine, engine.begin() as writer:
        before = int(writer.scalar(sa.text("SELECT seq FROM clock")) or 0)
        writer.execute(sa.text("UPDATE clock SET seq = seq + :count"), {"count": count})
    return before + 1, before + count


def bury(url: str, numbers: tuple[int, int], scope: str) -> None:
    """Fill the numbers with changes of this scope and their entries in the journal: subjects that nobody asks for any more."""
    first, last = numbers
    with _opened(url) as engine:
        lite = engine.dialect.name == "sqlite"
        series = "WITH RECURSIVE n(seq) AS (SELECT :first UNION ALL SELECT seq + 1 FROM n WHERE seq < :last) " if lite else ""
        source = "n" if lite else "generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n(seq)"
        name = "printf('%08x-0000-7000-8000-%012x', seq, seq)" if lite else "lpad(to_hex(seq), 8, '0') || '-0000-7000-8000-000000000000'"
        zeros = "zeroblob(32)" if lite else "decode(repeat('00', 32), 'hex')"
        yes, now = ("1", "'2026-01-01 00:00:00.000000'") if lite else ("true", "TIMESTAMPTZ '2026-01-01 00:00:00Z'")
        member = f"INSERT INTO feed_member (scope, subject_type, subject, version, present, seq) {series}SELECT :scope, 'finding', {name}, 1, {yes}, seq FROM {source}"  # noqa: S608, E501 - words of our own
        columns = "seq, event, subject_type, subject, version, at, happened_at, time_quality, facts, hash"
        entry = f"INSERT INTO journal_entry ({columns}) {series}SELECT seq, 'finding.recorded', 'finding', {name}, 1, {now}, {now}, 'exact', '{{}}', {zeros} FROM {source}"  # noqa: S608, E501 - words of our own
        with engine.begin() as writer:
            writer.execute(sa.text(member), {"first": first, "last": last, "scope": scope})
            writer.execute(sa.text(entry), {"first": first, "last": last})
        _settle(engine)


class _Templates:
    """The findings that are there, with what belongs to them."""

    def __init__(self, reader: sa.Connection) -> None:
        self.findings = sorted(_rows(reader, "finding"), key=lambda row: (row["recorded_at"], row["id"]))
        self.photos = _by(_rows(reader, "photo"), "subject")
        self.blobs = {row["sha256"]: row for row in _rows(reader, "blob")}
        self.deliveries = {row["sha256"]: row for row in _rows(reader, "delivery")}
        self.dispatches = _by(_rows(reader, "dispatch"), "finding")
        self.members = _by((row for row in _rows(reader, "feed_member") if row["subject_type"] == "finding"), "subject")

    def copy(self, number: int, seq: int) -> dict[str, list[Row]]:
        """One more finding, as the next change in the feed, by table."""
        old = self.findings[number % len(self.findings)]
        finding = new_id()
        made: dict[str, list[Row]] = {
            "finding": [{**old, "id": finding, "number": f"330113-20250101-{number:06d}"}],
            "dispatch": [{**row, "id": new_id(), "finding": finding} for row in self.dispatches.get(old["id"], ())],
            "feed_member": [{**row, "subject": str(finding), "seq": seq} for row in self.members[str(old["id"])]],
            "photo": [],
            "blob": [],
            "delivery": [],
        }
        for row in self.photos.get(old["id"], ()):
            photo = new_id()
            digest = sha256(photo.bytes).hexdigest()
            made["photo"].append({**row, "id": photo, "subject": finding, "sha256": digest})
            if row["sha256"] in self.deliveries:
                delivery = self.deliveries[row["sha256"]]
                made["blob"].append({**self.blobs[row["sha256"]], "sha256": digest})
                made["delivery"].append({**delivery, "sha256": digest, "key": delivery["key"].replace(row["sha256"], digest)})
        return made


@contextlib.contextmanager
def _opened(url: str) -> Iterator[sa.Engine]:
    """An engine as the product's, that waits for no disk."""
    engine = sa.create_engine(url, **options(url))
    prepare(engine)
    hurry = "PRAGMA synchronous=OFF" if engine.dialect.name == "sqlite" else "SET synchronous_commit = off"
    sa.event.listen(engine, "connect", lambda driver, _record: driver.cursor().execute(hurry))
    try:
        yield engine
    finally:
        engine.dispose()


def _settle(engine: sa.Engine) -> None:
    """What the database itself would do in its own time: statistics, the log written back."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as writer:
        for command in ("PRAGMA wal_checkpoint(TRUNCATE)", "ANALYZE") if engine.dialect.name == "sqlite" else ("VACUUM ANALYZE",):
            writer.exec_driver_sql(command)


def _rows(reader: sa.Connection, table: str) -> list[Row]:
    return [dict(row) for row in reader.execute(sa.select(Base.metadata.tables[table])).mappings()]


def _by(rows: Iterable[Row], column: str) -> dict[UUID | str, list[Row]]:
    found: dict[UUID | str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _parts(copies: Iterable[dict[str, list[Row]]]) -> Iterator[list[dict[str, list[Row]]]]:
    rest = iter(copies)
    while part := list(islice(rest, _CHUNK)):
        yield part
