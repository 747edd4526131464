"""Connecting: SQLite in WAL with writers that BEGIN IMMEDIATE, PostgreSQL through psycopg 3."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from backend.core.database.base import Base, dumps

# Rows inherit Base, not db.Model: this object only ties engines and sessions to the application.
db = SQLAlchemy(
    metadata=Base.metadata,
    # Nothing expires on commit so that a view can dump what it just wrote. Nothing flushes by itself: a run of operations writes once.
    session_options={"expire_on_commit": False, "autoflush": False},
)

WRITER = {"writer": True}
SNAPSHOT = {"isolation_level": "REPEATABLE READ"}


def options(url: str) -> dict[str, Any]:
    """Engine options for this kind of database."""
    common: dict[str, Any] = {"json_serializer": dumps, "json_deserializer": orjson.loads}
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
    """Give an SQLite engine its pragmas and its begin; leaves others alone."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin)


def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: _begin decides which kind
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-8192",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another wrote in between, whatever the busy timeout.
    writer = connection.get_execution_options().get("writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def is_sqlite(connection: Connection | sa.orm.Session) -> bool:
    """Whether this session or connection talks to SQLite."""
    bind = connection if isinstance(connection, Connection) else connection.get_bind()
    return bind.dialect.name == "sqlite"
