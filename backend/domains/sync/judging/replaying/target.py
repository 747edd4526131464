"""An empty database to replay into: a file that goes when it is done with."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from backend.core.database import engine as engines
from backend.core.database.base import Base, table_of
from backend.core.journal import GENESIS, Clock


@contextmanager
def empty_database(folder: Path | None = None) -> Iterator[Session]:
    """A session on an empty SQLite database with all tables, in a temporary file under `folder`."""
    with tempfile.TemporaryDirectory(prefix="replay-", dir=folder) as name:
        url = f"sqlite:///{name}/replay.sqlite3"
        engine = sa.create_engine(url, **engines.options(url))
        engines.prepare(engine)
        event.listen(engine, "connect", _quick)
        try:
            Base.metadata.create_all(engine)
            with engine.begin() as connection:
                connection.execute(sa.insert(table_of(Clock)).values(id=1, epoch="replay", seq=0, head=GENESIS))
            with Session(engine, autoflush=False, expire_on_commit=False) as session:
                yield session
        finally:
            engine.dispose()


def _quick(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # what a power cut leaves of it is of no use to anybody
