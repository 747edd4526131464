"""The migrations lead from nothing to what the models say, and back, on both databases."""

from __future__ import annotations

import alembic.autogenerate
import alembic.command
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from backend.core.database import engine as engines
from backend.core.database.base import Base
from backend.entrypoints import models
from tests.make.databases import ROOT, alembic_config, migrate

assert models  # every table is known to the metadata


@pytest.fixture
def connect():
    opened = []

    def to(url):
        engine = sa.create_engine(url, **engines.options(url))
        engines.prepare(engine)
        opened.append(engine)
        return engine

    yield to
    for engine in opened:
        engine.dispose()


def tables(engine):
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def test_from_nothing_to_head_are_all_the_tables_and_the_clock_stands_at_zero(any_empty_database_url, connect):
    migrate(any_empty_database_url)
    engine = connect(any_empty_database_url)
    assert tables(engine) == set(Base.metadata.tables)
    with engine.connect() as connection:
        clock = connection.execute(sa.text("SELECT id, epoch, seq FROM clock")).one()
    assert (clock.id, clock.seq, len(clock.epoch)) == (1, 0, 32)


def test_two_databases_are_two_incarnations(tmp_path, connect):
    epochs = set()
    for name in ("a", "b"):
        migrate(f"sqlite:///{tmp_path / name}")
        with connect(f"sqlite:///{tmp_path / name}").connect() as connection:
            epochs.add(connection.scalar(sa.text("SELECT epoch FROM clock")))
    assert len(epochs) == 2


def test_head_is_what_the_models_say(any_database_url, connect):
    engine = connect(any_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": Base.metadata})
        assert alembic.autogenerate.compare_metadata(context, Base.metadata) == []


def test_alembics_own_check_agrees(any_database_url):
    alembic.command.check(alembic_config(any_database_url))


def test_each_step_back_and_forth_again(any_empty_database_url, connect):
    config = alembic_config(any_empty_database_url)
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    for revision in revisions:
        alembic.command.upgrade(config, revision)
        alembic.command.downgrade(config, "-1")
        alembic.command.upgrade(config, revision)
    alembic.command.downgrade(config, "base")
    assert tables(connect(any_empty_database_url)) == set()
    migrate(any_empty_database_url)
    assert tables(connect(any_empty_database_url)) == set(Base.metadata.tables)


def test_revisions_are_numbered_in_one_line_and_the_head_is_on_file():
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
    assert (ROOT / "migrations" / "head").read_text().strip() == scripts.get_current_head() == revisions[-1]


def test_the_command_migrates_and_may_be_repeated(app):
    runner = app.test_cli_runner()
    for _ in range(2):
        assert runner.invoke(args=["database", "migrate"]).exit_code == 0
