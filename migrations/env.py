"""Alembic's environment: runs the numbered migrations with the engine the application would use."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from backend.core.database import engine as engines
from backend.core.database.base import Base, Json, UtcDateTime
from backend.entrypoints import models  # noqa: F401 - every table must be known to the metadata

config = context.config


def render(kind: str, item: object, _autogen: object) -> str | bool:
    """Own column types are written into migrations as the plain types they are."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and item is Json:
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run() -> None:
    """Migrate the database named by the `sqlalchemy.url` of the configuration, one transaction a migration."""
    url = config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(url, **engines.options(url))
    engines.prepare(engine)
    with engine.connect().execution_options(**engines.WRITER) as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=True,
            render_item=render,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
