"""The commands an operator runs: a district is opened with them, and mistakes are told in one line."""

from __future__ import annotations

import socket

import pytest
import sqlalchemy as sa

from backend.core.database.engine import db
from backend.domains.catalog.model import Edition, Subclass
from backend.domains.identity.model import Unit
from backend.domains.territory.actions import import_areas
from backend.entrypoints.cli.demo.geography import demo_areas
from backend.entrypoints.worker import tasks
from tests.make.application import build_app, close_app

UNITS = "kind,code,name,name_en,area,parent_code\ndepartment,SZ,区市政养护中心,Municipal Works,,330113\ncontractor,HD,恒道公司,Hengdao,,\n"


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()

    def run(*arguments):
        return runner.invoke(args=list(arguments))

    return run


def count(app, kind):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(kind))


def test_a_district_is_opened_by_commands(app, run, cast, tmp_path):
    cast.do(import_areas, areas=[area for area in demo_areas() if len(area.code) <= 9])
    before = count(app, Unit)
    done = run("units", "from-areas")
    assert done.exit_code == 0, done.output
    assert count(app, Unit) >= before + 1
    file = tmp_path / "units.csv"
    file.write_text(UNITS, "utf-8")
    assert run("units", "import", str(file)).exit_code == 0
    again = run("units", "import", str(file))
    assert (again.exit_code, "0 units founded, 0 changed, 2 unchanged" in again.output) == (0, True)
    loaded = run("catalog", "import", "--number", "1", "--name", "2026", "--from", "2026-07-01")
    assert loaded.exit_code == 0, loaded.output
    assert (count(app, Edition), count(app, Subclass)) == (1, 282)
    assert run("calendar", "import").exit_code == 0


def test_faults_in_a_unit_file_are_told_by_line_and_change_nothing(app, run, tmp_path):
    file = tmp_path / "units.csv"
    file.write_text(UNITS + "kiosk,X1,什么,What,,\ncontractor,,无编码,,,\n", "utf-8")
    before = count(app, Unit)
    done = run("units", "import", str(file))
    assert done.exit_code == 1
    assert "/4/kind" in done.output
    assert "/5/code" in done.output
    assert count(app, Unit) == before


def test_a_taken_port_is_told_before_anything_starts(sqlite_url, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        app = build_app(sqlite_url, tmp_path, port=taken.getsockname()[1])
        done = app.test_cli_runner().invoke(args=["start", "--no-demo"])
        close_app(app)
    assert done.exit_code == 1
    assert "PORT=" in done.output
    assert "Traceback" not in done.output


def test_a_step_that_fails_keeps_no_other_from_its_turn(app):
    seen = []

    def broken(_app):
        raise RuntimeError("broken")

    tasks.each(app, broken, seen.append)
    assert seen == [app]


def test_a_reaction_that_is_stuck_stops_no_other(app, monkeypatch):
    tried = []

    def catch_up(_session, reaction):
        tried.append(reaction.name)
        raise RuntimeError("stuck")

    monkeypatch.setattr(tasks, "catch_up", catch_up)
    assert tasks.react(app) == 0
    assert tried == [reaction.name for reaction in tasks.REACTIONS]
