"""kill -9 in the middle of each reaction and each sweep: what was done goes with its transaction, and is done once by who starts again.

A forked process works on a copy of one district with something to do for everybody, and kills itself when the named reaction (sweep) has
done its first entry (row) and nothing is committed. Another copy is worked on undisturbed: both must have told the same.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
import signal
from collections import Counter
from uuid import UUID

import pytest
import sqlalchemy as sa

from backend.core.database.base import Base
from backend.core.journal import JournalEntry
from backend.domains.deadlines.actions import change_day
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.entrypoints.worker import reactions, sweeps, tasks
from tests.make.application import build_app, close_app
from tests.make.district import MANHOLE, Clock, District, seeded
from tests.stories import Story

PATIENCE_S = 120
PEOPLE = {"role.ended", "person.disabled", "absence.noted", "absence.covered", "absence.ended"}


@pytest.fixture(scope="module")
def pending(databases, tmp_path_factory):
    """A database with something to do for each reaction and sweep, what is in it, and how far its clock has gone."""
    folder = tmp_path_factory.mktemp("pending")
    template, made = seeded(databases, "sqlite")
    path, clock = folder / "linping.sqlite3", Clock()
    shutil.copyfile(template, path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock.install(monkeypatch)
        app = build_app(f"sqlite:///{path}", folder)
        district = District(app, clock, made)
        _make_work(district)
        close_app(app)
    return path, made, clock


def _make_work(district):
    story = Story(district)
    late, other = story.dispatched(), story.ready(category=MANHOLE, condition=2)
    story.ready(category=MANHOLE, condition=2)
    old, _stale = story.ready(), story.ready()
    reply = (district.clock.now() + dt.timedelta(days=1)).isoformat()
    story.desk("li", late, "supervisions", demand="at once", reply_due=reply)
    district.settle()
    district.clock.forward(days=5)
    day = district.clock.now().date() + dt.timedelta(days=1)
    until = (district.clock.now() + dt.timedelta(days=3)).isoformat()
    body = {"area": "330113", "trade": "municipal", "reason": "typhoon", "until": until}
    answer = district.client("li").post("/api/v1/area-suspensions", json=body)
    assert answer.status_code == 201, answer.text
    district.do(change_day, day=day, working=False, note_zh="停工", note_en="off")
    (task,) = district.scalars(sa.select(Dispatch.id).where(Dispatch.finding == UUID(other)))
    lin = district.person("lin")

    def tell(session, act):
        session.execute(sa.update(Finding).where(Finding.id == UUID(old)).values(step=None, step_since=None, step_due=None, steps=0))
        for reaction in reactions.REACTIONS:
            for event in reaction.events[:1]:
                facts = {"person": str(lin), "subject_type": "dispatch", "subject": str(task), "due": None, "awaiting_year": None}
                kind, subject = ("person", lin) if event in PEOPLE else ("finding", late)
                act.tell(event, kind, subject, needs=[], **facts)

    district.do(tell)


def opened(pending, folder, monkeypatch):
    """A copy of it, and an application on that."""
    path, made, clock = pending
    folder.mkdir()
    shutil.copyfile(path, folder / "linping.sqlite3")
    clock.install(monkeypatch)
    return District(build_app(f"sqlite:///{folder / 'linping.sqlite3'}", folder), clock, made)


def told(district):
    return Counter(map(tuple, district.rows(sa.select(JournalEntry.event, JournalEntry.subject_type))))


def sizes(district):
    """How many rows each table has."""
    return {table.name: district.scalars(sa.select(sa.func.count()).select_from(table))[0] for table in Base.metadata.sorted_tables}


def worked_off(pending, folder, monkeypatch):
    district = opened(pending, folder, monkeypatch)
    tasks.settle(district.app)
    found = told(district), sizes(district)
    close_app(district.app)
    return found


@pytest.fixture(scope="module")
def undisturbed(pending, tmp_path_factory):
    """What is told where nobody dies."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return worked_off(pending, tmp_path_factory.mktemp("undisturbed") / "copy", monkeypatch)


def killing(inner):
    def done_and_dead(*given, **named):
        inner(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return done_and_dead


def arm_reaction(name):
    armed = [dataclasses.replace(each, follow=killing(each.follow)) if each.name == name else each for each in reactions.REACTIONS]
    tasks.REACTIONS = tuple(armed)


def arm_sweep(name):
    sweeps.SWEEPS = tuple(dataclasses.replace(each, do=killing(each.do)) if each.name == name else each for each in sweeps.SWEEPS)


CASES = [("reaction", each.name) for each in reactions.REACTIONS] + [("sweep", each.name) for each in sweeps.SWEEPS]
NOTHING_DUE = {"looks on site", "tasks of who is not there"}
"""Sweeps for which nothing is due there: their queries have tests of their own, and their deeds are reactions' as well."""


@pytest.mark.parametrize(("kind", "name"), [case for case in CASES if case[0] == "reaction" or case[1] not in NOTHING_DUE])
def test_who_dies_in_the_middle_of_it_leaves_it_to_be_done_once(pending, undisturbed, tmp_path, monkeypatch, kind, name):  # noqa: PLR0917 - fixtures
    district = opened(pending, tmp_path / "copy", monkeypatch)
    url, folder = f"sqlite:///{tmp_path / 'copy' / 'linping.sqlite3'}", tmp_path / "copy"
    before = told(district)
    close_app(district.app)
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE_S)
        try:
            (arm_reaction if kind == "reaction" else arm_sweep)(name)
            tasks.settle(build_app(url, folder))
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"{kind} {name} was not reached: {status}"
    app = build_app(url, folder)
    again = District(app, pending[2], pending[1])
    assert told(again).total() >= before.total()
    tasks.settle(app)
    assert (told(again), sizes(again)) == undisturbed
    close_app(app)


def test_several_processes_at_once_do_nothing_twice(pending, undisturbed, tmp_path, monkeypatch):
    district = opened(pending, tmp_path / "copy", monkeypatch)
    url, folder = f"sqlite:///{tmp_path / 'copy' / 'linping.sqlite3'}", tmp_path / "copy"
    close_app(district.app)
    children = [_forked(url, folder) for _ in range(3)]
    assert [os.WEXITSTATUS(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    app = build_app(url, folder)
    again = District(app, pending[2], pending[1])
    tasks.settle(app)
    assert (told(again), sizes(again)) == undisturbed
    close_app(app)


def _forked(url, folder):
    child = os.fork()
    if child == 0:
        _work_and_leave(url, folder)
    return child


def _work_and_leave(url, folder):
    signal.alarm(PATIENCE_S)
    code = 1
    try:
        tasks.settle(build_app(url, folder))
        code = 0
    finally:
        os._exit(code)
