"""What no push can do without: marshmallow's validation of its payloads, and a bare executemany of its rows. One process, no HTTP."""

from __future__ import annotations

import time
from typing import Any

import orjson
import sqlalchemy as sa

from backend.core.database.base import Base
from backend.core.database.engine import WRITER, options, prepare
from backend.domains.findings.schemas.operations import RecordFinding
from backend.domains.patrols.schemas.patrols import ClosePatrol, OpenPatrol
from backend.entrypoints import models  # noqa: F401 - every table must be known

SCHEMAS = {"record_finding": RecordFinding(), "open_patrol": OpenPatrol(), "close_patrol": ClosePatrol()}


class Floor:
    """A second database like the server's, and the rows that one push left in the first."""

    def __init__(self, served: str, own: str) -> None:
        self.served = _engine(served)
        self.own = _engine(own)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._before = self._keys()

    def learn(self) -> None:
        """The rows that came since the floor was made, by table."""
        for table in Base.metadata.sorted_tables:
            with self.served.connect() as reader:
                rows = [dict(row) for row in reader.execute(sa.select(table)).mappings()]
            new = [row for row in rows if _key(table, row) not in self._before[table.name]]
            if new:
                self.rows[table.name] = new

    def counts(self) -> str:
        """How many rows a table, for the reader of the figures."""
        return ", ".join(f"{len(rows)} {name}" for name, rows in self.rows.items())

    def validate(self, operations: list[dict[str, Any]]) -> float:
        """Seconds to load these payloads with marshmallow."""
        payloads = [(SCHEMAS[each["t"]], orjson.loads(orjson.dumps(each["d"]))) for each in operations]
        began = time.perf_counter()
        for schema, payload in payloads:
            schema.load(payload)
        return time.perf_counter() - began

    def insert_findings(self) -> float:
        """Seconds to insert as many finding rows with one Core executemany and one commit."""
        return self._insert(["finding"])

    def insert_all(self) -> float:
        """Seconds to insert all the rows the push left, with one Core executemany a table and one commit."""
        return self._insert(list(self.rows))

    def _insert(self, names: list[str]) -> float:
        tables = [table for table in Base.metadata.sorted_tables if table.name in names]
        work = [(table, [dict(row) for row in self.rows[table.name]]) for table in tables]
        with self.own.connect().execution_options(**WRITER) as writer:
            began = time.perf_counter()
            with writer.begin():
                for table, rows in work:
                    writer.execute(sa.insert(table), rows)
            seconds = time.perf_counter() - began
        with self.own.connect().execution_options(**WRITER) as writer, writer.begin():
            for table, rows in reversed(work):
                keys = list(table.primary_key)
                where = sa.and_(*(column == sa.bindparam(f"k_{column.name}") for column in keys))
                writer.execute(sa.delete(table).where(where), [{f"k_{column.name}": row[column.name] for column in keys} for row in rows])
        return seconds

    def _keys(self) -> dict[str, set[tuple[Any, ...]]]:
        with self.served.connect() as reader:
            return {
                table.name: {_key(table, row) for row in reader.execute(sa.select(*table.primary_key)).mappings()}
                for table in Base.metadata.sorted_tables
            }

    def close(self) -> None:
        """Let both databases go."""
        self.served.dispose()
        self.own.dispose()


def _key(table: sa.Table, row: Any) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url, **options(url))
    prepare(engine)
    return engine
