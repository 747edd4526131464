"""Many rows by one statement.

On PostgreSQL they go as one JSON text that the server takes apart by the table's own column types. An executemany sends each row by itself:
three quarters of what a push cost in the driver; and the thread gives up the interpreter at each exchange, which under load it gets back
only after all the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect, ExecutionContext
from sqlalchemy.orm import Session

LEAST = 8
"""Rows of an executemany from which it is worth it."""
_VALUES = re.compile(r"VALUES \(((?:%\(\w+\)s(?:::[\w ]+)?(?:, )?)+)\)")
_NAME = re.compile(r"%\((\w+)\)s")


def insert_rows(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]], on_conflict: str = "") -> None:
    """Insert rows that all name the same columns, without SQLAlchemy's work for each value. Defaults of Python are not applied.

    `on_conflict` is the text of an ON CONFLICT clause, the same on both databases; with DO UPDATE no two rows may have the same key.
    """
    if not rows:
        return
    connection = session.connection()
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        processors = _processors(table, names, connection.dialect)
        columns = [list(map(process, map(itemgetter(name), rows))) for name, process in zip(names, processors, strict=True)]
        marks = f"VALUES ({', '.join('?' * len(names))})"
        connection.exec_driver_sql(_insert(table, names, marks, on_conflict), list(zip(*columns, strict=True)))
        return
    if any(row[name] is None for name in _json_nulls(table, names) for row in rows):
        raise ValueError(f"{table.name}: a JSON null cannot go this way")
    text = orjson.dumps(rows, default=_plain).decode()
    connection.exec_driver_sql(_insert(table, names, _from_recordset(table.name, names), on_conflict), (text,))


def insert_at_once(cursor: Any, statement: str, parameters: Any, context: ExecutionContext) -> bool | None:
    """SQLAlchemy's `do_executemany` on PostgreSQL: True where it was done here, None where the driver must do it row by row.

    That is where the statement is no plain INSERT of bound values, or a value cannot go through JSON unchanged. For the rows of the unit of
    work; what comes in hundreds goes by `insert_rows`.
    """
    compiled: Any = context.compiled
    if not context.isinsert or compiled is None or len(parameters) < LEAST:
        return None
    table = compiled.statement.table
    rewritten = _rewritten(statement, table.name, frozenset(table.c.keys()))
    if rewritten is None:
        return None
    try:
        rows = orjson.dumps(parameters, default=_plain).decode()
    except orjson.JSONEncodeError:
        return None
    cursor.execute(rewritten, (rows,))
    return True


@lru_cache(maxsize=256)
def _rewritten(statement: str, table: str, columns: frozenset[str]) -> str | None:
    """The statement with its VALUES read from a recordset; None where it is of another shape. Parameters are named as their columns."""
    values = _VALUES.search(statement)
    if values is None or "%" in statement[: values.start()] + statement[values.end() :]:
        return None
    names = tuple(_NAME.findall(values[1]))
    if not columns.issuperset(names):
        return None
    return statement[: values.start()] + _from_recordset(table, names) + statement[values.end() :]


@lru_cache(maxsize=256)
def _insert(table: sa.Table, names: tuple[str, ...], source: str, on_conflict: str) -> str:
    return f'INSERT INTO "{table.name}" ({_listed(names)}) {source} {on_conflict}'


@lru_cache(maxsize=256)
def _from_recordset(table: str, names: tuple[str, ...]) -> str:
    return f'SELECT {_listed(names)} FROM json_populate_recordset(NULL::"{table}", %s::json)'  # noqa: S608 - names of our own tables


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@lru_cache(maxsize=256)
def _processors(table: sa.Table, names: tuple[str, ...], dialect: Dialect) -> list[Callable[[Any], Any]]:
    """What makes of each column's value what the driver takes."""
    found = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    return [process or _as_it_is for process in found]


@lru_cache(maxsize=256)
def _json_nulls(table: sa.Table, names: tuple[str, ...]) -> list[str]:
    """The columns in which None means JSON's null and not the absence of a value."""
    return [name for name in names if isinstance(kind := table.c[name].type, sa.JSON) and not kind.none_as_null]


def _as_it_is(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    """What orjson does not know by itself: bytes, and psycopg's wrappers of JSON. A JSON null would read as no value at all."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    held = getattr(value, "obj", None)
    if held is None:
        raise TypeError(f"{type(value).__name__} cannot go through JSON")
    return held
