"""Connecting: SQLite in WAL with writers that BEGIN IMMEDIATE, PostgreSQL through psycopg 3. Writers of a process take turns."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from backend.core.database.base import Base, dumps, loads
from backend.core.database.inserts import insert_at_once
from backend.core.database.turns import PATIENCE, NoTurn, Turns, first_in_line

# Rows inherit Base, not db.Model: this object only ties engines and sessions to the application.
db = SQLAlchemy(
    metadata=Base.metadata,
    # Nothing expires on commit so that a view can dump what it just wrote. Nothing flushes by itself: a run of operations writes once.
    session_options={"expire_on_commit": False, "autoflush": False},
)

WRITER = {"writer": True}
COURTESY = 5.0
"""Seconds after which a writer on PostgreSQL waits no longer for its turn."""
_BUSY_MS = 30_000
_TURN = "linping.turn"
SNAPSHOT = {"isolation_level": "REPEATABLE READ"}


def options(url: str) -> dict[str, Any]:
    """Engine options for this kind of database."""
    common: dict[str, Any] = {"json_serializer": dumps, "json_deserializer": loads}
    if url.startswith("sqlite"):
        return {**common, "connect_args": {"timeout": 30, "check_same_thread": False}, "pool_size": 40, "max_overflow": 40}
    settings = "-c lock_timeout=10s -c timezone=UTC -c idle_in_transaction_session_timeout=60s"
    return {
        **common,
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 40,
        "connect_args": {"options": settings, "connect_timeout": 10},
    }


def connect(app: Flask, url: str, *, wake: Callable[[], None] | None = None) -> None:
    """Tie the application to its database. `wake` is called after each commit that told something."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options(url)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
    app.extensions["linping.wake"] = wake


def prepare(engine: Engine) -> None:
    """Let its writers take turns. Give an SQLite engine its pragmas and its begin, PostgreSQL inserts of many rows by one statement."""
    # Threads of a process compute by turns anyway. Writing side by side, the one that holds the journal's counter would wait for the
    # interpreter behind all others, and each operation would cost a third more.
    turns = Turns(1)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", partial(_begin, turns, _line_of(engine)))
    else:
        event.listen(engine, "do_executemany", insert_at_once)
        event.listen(engine, "begin", partial(_begin_in_turn, turns))
    event.listen(engine, "checkin", partial(_give_turn, turns))


def _line_of(engine: Engine) -> str | None:
    """The file beside an SQLite database where processes queue to write; None for one in memory."""
    path = engine.url.database
    return None if not path or path.startswith((":", "file:")) else str(Path(path).with_name(f".{Path(path).name}.turn"))


def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: _begin decides which kind
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_MS}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-8192",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(turns: Turns, line: str | None, connection: Connection) -> None:
    if not _writes(connection):
        connection.exec_driver_sql("BEGIN")
        return
    try:
        _take_turn(turns, connection, PATIENCE)
        with first_in_line(line):
            _begin_to_write(cast("sqlite3.Connection", connection.connection.driver_connection))
    except (sqlite3.OperationalError, NoTurn) as locked:
        raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, locked) from locked


def _begin_in_turn(turns: Turns, connection: Connection) -> None:
    if _writes(connection):
        with suppress(NoTurn):  # somebody hangs in a transaction: here others can write beside it
            _take_turn(turns, connection, COURTESY)


def _begin_to_write(driver: sqlite3.Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another wrote in between, whatever the busy timeout. Asked every
    # few milliseconds: left to itself SQLite pauses for 100 ms between attempts, in which others come and go.
    until = time.monotonic() + PATIENCE
    driver.execute("PRAGMA busy_timeout=3")
    try:
        while not _begun(driver, last=time.monotonic() > until):
            pass
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_MS}")


def _begun(driver: sqlite3.Connection, *, last: bool) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as fault:
        if last or fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writer", False))


def _take_turn(turns: Turns, connection: Connection, patience: float) -> None:
    """The turn is held until the connection goes back to the pool, over whatever it does until then."""
    held = connection.connection.record_info
    if held is not None and not held.get(_TURN):
        turns.enter(patience)
        held[_TURN] = True


def _give_turn(turns: Turns, _driver: object, record: ConnectionPoolEntry) -> None:
    if (record.record_info or {}).pop(_TURN, False):
        turns.leave()


def is_sqlite(connection: Connection | sa.orm.Session) -> bool:
    """Whether this session or connection talks to SQLite."""
    bind = connection if isinstance(connection, Connection) else connection.get_bind()
    return bind.dialect.name == "sqlite"
