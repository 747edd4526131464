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
from backend.core.deeds import DeedStart
from backend.core.journal import Clock
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.sync.model import KeptLine
from backend.entrypoints import models
from tests.make.application import close_app
from tests.make.databases import ROOT, alembic_config, migrate
from tests.make.phone import Phone, photo
from tests.make.pictures import picture
from tests.stories import Story

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


def is_modelled(_object, name, *_more):
    """What no model can say (full-text tables) is named ext_…: see migrations/env.py."""
    return not (name or "").startswith("ext_")


def tables(engine):
    return {name for name in sa.inspect(engine).get_table_names() if not name.startswith("ext_")} - {"alembic_version"}


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
        opts = {"compare_type": True, "include_object": is_modelled, "target_metadata": Base.metadata}
        context = MigrationContext.configure(connection, opts=opts)
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


def rows_of(engine):
    """How many rows the tables have that are in 0001 and at head."""
    known = (Finding, Dispatch, KeptLine, Clock)
    with engine.connect() as connection:
        return {kind.__tablename__: connection.scalar(sa.text(f"SELECT count(*) FROM {kind.__tablename__}")) for kind in known}


def test_a_district_at_work_goes_a_version_back_and_forth_again(any_district, any_district_url, connect):
    district, url = any_district, any_district_url[0]
    story = Story(district)
    wu = Phone(district, "wu")
    story.looked(story.rectified(), "fail")
    amended = story.recorded(photos=1)
    for phone, value in ((story.lin, "one"), (wu, "other")):
        phone.do("amend_finding", amended, {"fields": {"note": {"seen": None, "value": value}}})
        phone.do("add_photo", amended, photo(picture(3)))
        phone.do("add_note", "00000000-0000-4000-8000-000000000001", {"text": "waits"})
        phone.pushed()
    close_app(district.app)
    engine = connect(url)
    before = rows_of(engine)
    assert before["finding"] == 2 and before["kept_line"] > 6
    alembic.command.downgrade(alembic_config(url), "0001")
    assert rows_of(engine) == before
    assert "deed" not in tables(engine)
    migrate(url)
    assert rows_of(engine) == before
    with engine.connect() as connection:
        # of what was done until now this database has no deeds
        assert connection.scalar(sa.select(DeedStart.seq)) == connection.scalar(sa.select(Clock.seq)) > 0
    alembic.command.downgrade(alembic_config(url), "base")
    assert tables(engine) == set()


def test_what_is_filed_by_itself_moves_to_the_policies_and_back(any_empty_database_url, connect):
    config, engine = alembic_config(any_empty_database_url), connect(any_empty_database_url)
    alembic.command.upgrade(config, "0002")
    columns = "scope, key, valid_from, auto_file, auto_dispatch"
    insert = f"INSERT INTO catalog_filing_policy (id, {columns}, set_at) VALUES (:id, :scope, :key, :at, TRUE, FALSE, :at)"
    with engine.begin() as connection:
        for number, (scope, key) in enumerate((("trade", "municipal"), ("all", ""))):
            values = {"id": f"{number:032x}", "scope": scope, "key": key, "at": f"2026-0{number + 1}-01 00:00:00.000000"}
            connection.execute(sa.text(insert), values)
        before = connection.execute(sa.text(f"SELECT {columns} FROM catalog_filing_policy ORDER BY set_at")).all()
    alembic.command.upgrade(config, "0003")
    with engine.begin() as connection:
        moved = f"SELECT {columns} FROM policy_statement WHERE area = '' ORDER BY number"
        assert connection.execute(sa.text(moved)).all() == before
    alembic.command.downgrade(config, "0002")
    with engine.begin() as connection:
        assert connection.execute(sa.text(f"SELECT {columns} FROM catalog_filing_policy ORDER BY set_at")).all() == before


def test_a_migration_that_would_leave_rows_without_their_parents_does_nothing(district, district_url, connect):
    """SQLite alone: PostgreSQL holds each statement to it."""
    Story(district).recorded()
    close_app(district.app)
    engine = connect(district_url[0])
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("DELETE FROM push")
        connection.commit()
    engine.dispose()
    with pytest.raises(RuntimeError, match="kept_line"):
        alembic.command.downgrade(alembic_config(district_url[0]), "0001")
    assert tables(engine) == set(Base.metadata.tables)


def test_revisions_are_numbered_in_one_line_and_the_head_is_on_file():
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
    assert (ROOT / "migrations" / "head").read_text().strip() == scripts.get_current_head() == revisions[-1]


def test_the_command_migrates_and_may_be_repeated(app):
    runner = app.test_cli_runner()
    for _ in range(2):
        assert runner.invoke(args=["database", "migrate"]).exit_code == 0
