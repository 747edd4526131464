"""Many findings from a few: rows that came in through the front door, copied under new ids straight into the tables (SQLite only).

A copy has its photos with their bytes' rows, its dispatches and its place in every scope of the feed. What pull never reads is left out:
journal entries, kept lines, outcomes, deadlines' events.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from phone import new_id

_CHUNK = 2_000
Row = dict[str, Any]


def grow(path: Path, count: int) -> tuple[int, int]:
    """Bring the database to `count` findings; the numbers in the feed of its first finding and of its last."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA busy_timeout=30000")
        templates = _Templates(db)
        top = before = int(db.execute("SELECT seq FROM clock").fetchone()[0])
        first = int(db.execute("SELECT min(seq) FROM feed_member WHERE subject_type = 'finding'").fetchone()[0])
        copies = (templates.copy(number, before + number + 1) for number in range(count - len(templates.findings)))
        for part in _parts(copies):
            db.execute("BEGIN IMMEDIATE")
            for table in ("finding", "blob", "delivery", "photo", "dispatch", "feed_member"):
                _insert(db, table, [row for made in part for row in made.get(table, ())])
            top += len(part)
            db.execute("UPDATE clock SET seq = ?", (top,))
            db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("ANALYZE")
    return first, top


class _Templates:
    """The findings that are there, with what belongs to them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.findings = _rows(db, "SELECT * FROM finding ORDER BY recorded_at, id")
        self.photos = _by(_rows(db, "SELECT * FROM photo"), "subject")
        self.blobs = {row["sha256"]: row for row in _rows(db, "SELECT * FROM blob")}
        self.deliveries = {row["sha256"]: row for row in _rows(db, "SELECT * FROM delivery")}
        self.dispatches = _by(_rows(db, "SELECT * FROM dispatch"), "finding")
        self.members = _by(_rows(db, "SELECT * FROM feed_member WHERE subject_type = 'finding'"), "subject")

    def copy(self, number: int, seq: int) -> dict[str, list[Row]]:
        """One more finding, as the next change in the feed, by table."""
        old = self.findings[number % len(self.findings)]
        finding = new_id()
        made: dict[str, list[Row]] = {
            "finding": [{**old, "id": finding.hex, "number": f"330113-20250101-{number:06d}"}],
            "dispatch": [{**row, "id": new_id().hex, "finding": finding.hex} for row in self.dispatches.get(old["id"], ())],
            "feed_member": [{**row, "subject": str(finding), "seq": seq} for row in self.members[str(UUID(old["id"]))]],
            "photo": [],
            "blob": [],
            "delivery": [],
        }
        for row in self.photos[old["id"]]:
            photo = new_id()
            digest = sha256(photo.bytes).hexdigest()
            made["photo"].append({**row, "id": photo.hex, "subject": finding.hex, "sha256": digest})
            if row["sha256"] in self.deliveries:
                delivery = self.deliveries[row["sha256"]]
                made["blob"].append({**self.blobs[row["sha256"]], "sha256": digest})
                made["delivery"].append({**delivery, "sha256": digest, "key": delivery["key"].replace(row["sha256"], digest)})
        return made


def _rows(db: sqlite3.Connection, query: str) -> list[Row]:
    return [dict(row) for row in db.execute(query)]


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _insert(db: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    if rows:
        names = list(rows[0])
        query = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of our own tables
        db.executemany(query, [tuple(row.values()) for row in rows])


def _parts(copies: Iterable[dict[str, list[Row]]]) -> Iterator[list[dict[str, list[Row]]]]:
    rest = iter(copies)
    while part := list(islice(rest, _CHUNK)):
        yield part
