"""Alembic's environment: runs the numbered migrations with the engine the application would use."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from backend.core.database import engine as engines
from backend.core.database.base import Base, Json, UtcDateTime, Words
from backend.entrypoints import models  # noqa: F401 - every table must be known to the metadata

config = context.config


def render(kind: str, item: object, _autogen: object) -> str | bool:
    """Own column types are written into migrations as the plain types they are."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and item is Json:
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "type" and item is Words:
        return 'sa.Text().with_variant(postgresql.ARRAY(sa.Text()), "postgresql")'
    return False


def is_modelled(_object: object, name: str | None, *_more: object) -> bool:
    """What no model can say, such as full-text tables, is named `ext_…` and made by hand: comparing leaves it out."""
    return not (name or "").startswith("ext_")


def let_tables_be_copied(connection: Connection) -> None:
    """On SQLite a table is altered by a copy that takes its place, which no row of another table may hold up.

    Before any transaction: within one SQLite ignores it.
    """
    driver = connection.connection.driver_connection
    assert driver is not None, "just connected"
    driver.execute("PRAGMA foreign_keys=OFF")


def check_references(ctx: MigrationContext, **_facts: Any) -> None:
    """What was not looked at row by row, as a whole, before the migration commits. Raises RuntimeError: nothing of it remains."""
    assert ctx.connection is not None, "migrations run on a connection"
    if ctx.connection.dialect.name == "sqlite":
        broken = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
        if broken:
            raise RuntimeError(f"rows refer to rows that are not there (table, row, parent): {[tuple(row)[:3] for row in broken]}")


def run() -> None:
    """Migrate the database named by the `sqlalchemy.url` of the configuration, one transaction a migration."""
    url = config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(url, **engines.options(url))
    engines.prepare(engine)
    with engine.connect().execution_options(**engines.WRITER) as connection:
        if connection.dialect.name == "sqlite":
            let_tables_be_copied(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=True,
            render_item=render,
            include_object=is_modelled,
            on_version_apply=check_references,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
