"""The phone's own SQLite file: settings, the outbox, photos on their way, and the copy of what may be seen.

It is lost or restored as a whole, which is what makes it one replica: its `install_id` is made with the file and never copied to another.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.phone.ids import uuid7

_TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- One row an operation, for good. `line` is what is sent, byte for byte, each time, and never made again.
CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY,
    op      TEXT NOT NULL UNIQUE,
    verb    TEXT NOT NULL,
    entity  TEXT NOT NULL,
    line    BLOB NOT NULL,
    arrived INTEGER NOT NULL DEFAULT 0,  -- the server said it keeps these bytes
    status  TEXT,                        -- what became of it, as last heard
    result  TEXT
);
CREATE INDEX outbox_to_send ON outbox (arrived, seq);
CREATE TABLE anchor (boot TEXT, mono_ms INTEGER, time TEXT, source TEXT, PRIMARY KEY (boot, mono_ms));

-- Bytes stay in their files. state: waiting, uploading, stored.
CREATE TABLE photo (sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, mime TEXT NOT NULL,
                    state TEXT NOT NULL DEFAULT 'waiting', upload TEXT);

-- `copy` counts first syncs: a new one is built beside the old and takes its place when it is whole.
CREATE TABLE doc (copy INTEGER, type TEXT, id TEXT, ver INTEGER NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (copy, type, id));
CREATE TABLE member (copy INTEGER, scope TEXT, type TEXT, id TEXT, PRIMARY KEY (copy, scope, type, id));
CREATE INDEX member_of ON member (copy, type, id);
"""


class Store:
    """One local store of one user."""

    def __init__(self, path: Path) -> None:
        self.path = path
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
        """All of it, or nothing."""
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

    def close(self) -> None:
        """Close the file."""
        self.sql.close()
