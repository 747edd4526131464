"""The demo's own clock: only for the demo district, for all processes, and what is due by then is done."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys

import pytest

from backend.core import act as acts
from backend.core import clock
from backend.core.config import ROOT, BadSettings, Settings
from backend.core.revisions import bump
from tests.make.application import build_app, close_app
from tests.make.people import Cast

SUNDAY = "2026-09-20T10:00:00+08:00"
"""A day on which Linping works, though it is a Sunday."""
URL = "/api/v1/demo/clock"


@pytest.fixture
def demo(sqlite_url, tmp_path):
    """The people of the tests in a demo district whose clock may be set."""
    app = build_app(sqlite_url, tmp_path, demo_clock="on")
    cast = Cast(app)
    cast.do(lambda session, act: bump(session, act, "demo"))
    cast.person("admin")
    yield cast
    clock.follow(None)
    close_app(app)


def true():
    return dt.datetime.now(dt.UTC)


def moment(text):
    return dt.datetime.fromisoformat(text)


def test_it_shows_the_true_time_until_it_is_set(demo):
    shown = demo.client("admin").get(URL).json
    assert (shown["set"], shown["stands"]) == (False, False)
    assert abs(moment(shown["now"]) - true()) < dt.timedelta(seconds=5)


def test_it_stands_where_it_was_set_and_every_act_is_of_that_moment(demo):
    admin = demo.client("admin")
    answer = admin.put(URL, json={"at": SUNDAY, "stands": True})
    assert answer.status_code == 200 and moment(answer.json["now"]) == moment(SUNDAY)
    assert acts.begin(acts.SYSTEM).at == moment(SUNDAY) == acts.begin(acts.SYSTEM).at
    assert admin.get(URL).json == {"now": "2026-09-20T02:00:00+00:00", "set": True, "stands": True}


def test_set_without_standing_it_runs_on_from_there(demo):
    demo.client("admin").put(URL, json={"at": SUNDAY})
    first = acts.begin(acts.SYSTEM).at
    assert moment(SUNDAY) <= first < moment(SUNDAY) + dt.timedelta(seconds=30)
    assert acts.begin(acts.SYSTEM).at > first


def test_with_null_it_is_the_true_time_again(demo):
    admin = demo.client("admin")
    admin.put(URL, json={"at": SUNDAY, "stands": True})
    assert admin.put(URL, json={"at": None}).json["set"] is False
    assert abs(acts.begin(acts.SYSTEM).at - true()) < dt.timedelta(seconds=5)


def test_another_process_of_the_installation_follows(demo, tmp_path):
    demo.client("admin").put(URL, json={"at": SUNDAY, "stands": True})
    script = (
        "import sys; from pathlib import Path; from backend.core import act, clock; clock.follow(Path(sys.argv[1]));"
        "print(act.begin(act.SYSTEM).at.isoformat())"
    )
    told = subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert moment(told) == moment(SUNDAY)


def test_what_is_due_by_then_is_done_before_it_answers(demo, monkeypatch):
    seen = []
    monkeypatch.setattr("backend.entrypoints.demo_clock.api.tasks.settle", lambda _app: seen.append(acts.begin(acts.SYSTEM).at))
    admin = demo.client("admin")
    admin.put(URL, json={"at": SUNDAY, "stands": True})
    admin.put(URL, json={"at": SUNDAY, "stands": True, "settle": False})
    assert seen == [moment(SUNDAY)]


def test_each_setting_is_told_once_in_the_journal(demo):
    admin = demo.client("admin")
    for _ in range(2):
        admin.put(URL, json={"at": SUNDAY, "stands": True})
    from backend.core.journal import JournalEntry

    told = demo.ask(lambda session: [row for row in session.query(JournalEntry) if row.event == "demo.clock_set"])
    assert [row.actor for row in told] == [demo.person("admin")]


@pytest.mark.parametrize("login", ["lin", "zhao", "yu", "stranger"])
def test_only_an_administrator_sets_it(demo, login):
    assert demo.client(login).put(URL, json={"at": SUNDAY}).status_code == 403
    assert clock.setting() is None


@pytest.mark.parametrize("at", ["1999-12-31T23:59:59+08:00", "2101-01-01T00:00:00Z", "2026-09-20T10:00:00", "noon"])
def test_a_moment_out_of_reach_or_without_offset_is_refused(demo, at):
    answer = demo.client("admin").put(URL, json={"at": at})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/at")


@pytest.mark.parametrize("method", ["get", "put"])
def test_without_the_setting_there_is_none(app, cast, method):
    cast.do(lambda session, act: bump(session, act, "demo"))
    answer = getattr(cast.client("admin"), method)(URL, **({"json": {"at": SUNDAY}} if method == "put" else {}))
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/demo_clock_off")


def test_a_real_district_keeps_the_true_time_whatever_the_setting_says(sqlite_url, tmp_path):
    app = build_app(sqlite_url, tmp_path, demo_clock=SUNDAY)
    cast = Cast(app)
    cast.person("admin")
    assert abs(acts.begin(acts.SYSTEM).at - true()) < dt.timedelta(minutes=1)
    answer = cast.client("admin").put(URL, json={"at": SUNDAY})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/demo_clock_off")
    close_app(app)


def test_before_there_is_anybody_it_is_the_true_time_and_so_it_stays_when_real_people_come(any_database_url, tmp_path, caplog):
    app = build_app(any_database_url, tmp_path, demo_clock=SUNDAY)
    assert app.test_client().get("/readyz").status_code == 200
    assert abs(acts.begin(acts.SYSTEM).at - true()) < dt.timedelta(minutes=1)
    Cast(app).person("admin")
    assert abs(acts.begin(acts.SYSTEM).at - true()) < dt.timedelta(minutes=1)
    assert "DEMO_CLOCK" in caplog.text and not (tmp_path / clock.NAME).exists()
    close_app(app)


def test_it_is_followed_from_the_moment_the_demo_is_seen(any_database_url, tmp_path):
    app = build_app(any_database_url, tmp_path, demo_clock=SUNDAY)
    assert abs(acts.begin(acts.SYSTEM).at - true()) < dt.timedelta(minutes=1)
    Cast(app).do(lambda session, act: bump(session, act, "demo"))
    assert acts.begin(acts.SYSTEM).at == moment(SUNDAY)
    clock.follow(None)
    close_app(app)


def test_a_process_that_serves_nothing_keeps_the_true_time_of_real_people(sqlite_url, tmp_path):
    app = build_app(sqlite_url, tmp_path)
    Cast(app).person("admin")
    close_app(app)
    script = "from app import app; from backend.core import act; print(act.begin(act.SYSTEM).at.isoformat())"
    told = _run([sys.executable, "-c", script], sqlite_url, tmp_path)
    assert told.returncode == 0, told.stderr
    assert abs(moment(told.stdout.split()[-1]) - true()) < dt.timedelta(minutes=1)
    assert "DEMO_CLOCK" in told.stdout + told.stderr


@pytest.mark.parametrize("command", [["start", "--no-demo"], ["worker", "--once"]])
def test_what_begins_to_run_is_refused_the_setting_where_real_people_are(sqlite_url, tmp_path, command):
    app = build_app(sqlite_url, tmp_path)
    Cast(app).person("admin")
    close_app(app)
    told = _run([sys.executable, "-m", "flask", "--app", "app", *command], sqlite_url, tmp_path, PORT=str(_free_port()))
    assert told.returncode == 1
    assert "DEMO_CLOCK is for the demo district only" in told.stderr and "仅用于演示区" in told.stderr


def test_the_demo_itself_is_seeded_at_the_moment_of_the_setting(sqlite_url, tmp_path):
    told = _run([sys.executable, "-m", "flask", "--app", "app", "demo", "seed"], sqlite_url, tmp_path)
    assert told.returncode == 0, told.stderr
    app = build_app(sqlite_url, tmp_path)
    from backend.core.journal import JournalEntry

    told_at = Cast(app).ask(lambda session: [row.at for row in session.query(JournalEntry) if row.event == "demo.seeded"])
    assert told_at == [moment(SUNDAY)]
    close_app(app)


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as trial:
        return trial.getsockname()[1]


def _run(command, url, folder, **environ):
    known = {**os.environ, "DATABASE_URL": url, "DATA_FOLDER": str(folder), "DEMO_CLOCK": SUNDAY, **environ}
    return subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("text", "kept"), [("", ""), ("off", ""), ("No", ""), ("on", "on"), (SUNDAY, SUNDAY)])
def test_the_setting_is_off_on_or_a_moment(tmp_path, text, kept):
    assert Settings.from_env({"DATA_FOLDER": str(tmp_path), "DEMO_CLOCK": text}).demo_clock == kept


@pytest.mark.parametrize("text", ["yesterday", "2026-09-20T10:00:00", "2026-13-01T00:00:00Z"])
def test_another_setting_is_refused_in_both_languages(tmp_path, text):
    with pytest.raises(BadSettings, match=r"DEMO_CLOCK.*neither(?s:.*)无效"):
        Settings.from_env({"DATA_FOLDER": str(tmp_path), "DEMO_CLOCK": text})


def test_the_moment_of_the_setting_is_where_the_clock_begins_and_not_where_it_begins_anew(tmp_path):
    clock.follow(tmp_path, begins=moment(SUNDAY))
    assert clock.now() == moment(SUNDAY)
    clock.put(moment(SUNDAY) + dt.timedelta(days=3), stands=True)
    clock.follow(tmp_path, begins=moment(SUNDAY))
    assert clock.now() == moment(SUNDAY) + dt.timedelta(days=3)
    clock.follow(None)
    with pytest.raises(RuntimeError):
        clock.put(moment(SUNDAY), stands=True)
