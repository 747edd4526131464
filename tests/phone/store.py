"""The phone's own SQLite file: settings, the outbox, photos on their way, and the copy of what may be seen.

It is lost or restored as a whole, which is what makes it one replica: its `install_id` is made with the file and never copied to another.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.phone.ids import uuid7

Step = Callable[[str], None]
"""Told where the phone is, at each point where a battery could end it; see STEPS. A test ends it there."""

STEPS = {
    "saving": "a deed is written, its transaction is not committed",
    "photo_kept": "a photo's bytes are safe in their file, the store does not know them",
    "answered": "the server's answer to a push has come, nothing of it is kept",
    "page_received": "a page of changes has come, nothing of it is kept",
    "page_kept": "a page is kept with its cursor, another follows",
    "upload_created": "the server has begun an upload, the phone does not know its address",
    "chunk_sent": "the server has a chunk of a photo",
    "photo_sent": "the server has a photo, the phone does not know it yet",
}

_TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- One row an operation. `line` is what is sent, byte for byte, each time, and never made again. A negative seq: settled under an earlier
-- replica of this phone, and kept for a server that may have to be healed.
CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY,
    op      TEXT NOT NULL UNIQUE,
    verb    TEXT NOT NULL,
    entity  TEXT NOT NULL,
    line    BLOB NOT NULL,
    arrived TEXT,  -- when the server said that it keeps these bytes
    status  TEXT,  -- what became of it, as last heard
    result  TEXT
);
CREATE INDEX outbox_to_send ON outbox (arrived, seq);
CREATE TABLE anchor (boot TEXT, mono_ms INTEGER, time TEXT, source TEXT, PRIMARY KEY (boot, mono_ms));

-- Bytes stay in their files. state: waiting, uploading, stored.
CREATE TABLE photo (sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, mime TEXT NOT NULL,
                    state TEXT NOT NULL DEFAULT 'waiting', stored TEXT, upload TEXT);

-- `copy` counts first syncs: a new one is built beside the old and takes its place when it is whole.
CREATE TABLE doc (copy INTEGER, type TEXT, id TEXT, ver INTEGER NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (copy, type, id));
CREATE TABLE member (copy INTEGER, scope TEXT, type TEXT, id TEXT, PRIMARY KEY (copy, scope, type, id));
CREATE INDEX member_of ON member (copy, type, id);
"""


class Store:
    """One local store of one user. `step` is told where the phone is; None: nobody asks."""

    def __init__(self, path: Path, *, step: Step | None = None) -> None:
        self.path = path
        self.step: Step = step or (lambda _: None)
        self.sql = sqlite3.connect(path, isolation_level=None)
        self.sql.row_factory = sqlite3.Row
        self.sql.execute("PRAGMA journal_mode = WAL")
        self.sql.execute("PRAGMA synchronous = FULL")  # what the inspector was told is saved survives an empty battery
        if self.sql.execute("SELECT 1 FROM sqlite_master WHERE name = 'setting'").fetchone() is None:
            with self.transaction():
                for statement in _TABLES.split(";"):
                    self.sql.execute(statement)
                self["install_id"] = str(uuid7())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it, or nothing. Inside another it is part of that."""
        if self.sql.in_transaction:
            yield
            return
        self.sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.sql.execute("ROLLBACK")
            raise
        self.sql.execute("COMMIT")

    def __getitem__(self, name: str) -> Any:
        """A setting, None where it was never set."""
        row = self.sql.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return json.loads(row["value"]) if row else None

    def __setitem__(self, name: str, value: object) -> None:
        self.sql.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))

    def wipe(self) -> None:
        """Nothing of the work or the copy stays: documents, photos with their files, lines. Settings but the tokens stay."""
        for row in self.sql.execute("SELECT path FROM photo").fetchall():
            Path(row["path"]).unlink(missing_ok=True)
        with self.transaction():
            for table in ("doc", "member", "photo", "outbox", "anchor"):
                self.sql.execute(f"DELETE FROM {table}")
            for name in ("session", "credential", "cursor"):
                self[name] = None
        self.sql.execute("VACUUM")  # deleted rows are not left readable in the file

    def close(self) -> None:
        """Close the file."""
        self.sql.close()
