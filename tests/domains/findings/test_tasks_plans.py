"""What the worker and the desk ask about tasks and rosters is found by an index, however many findings and shifts there are."""

from __future__ import annotations

import datetime as dt
import re
from uuid import UUID

import pytest
import sqlalchemy as sa

from backend.core.database.engine import db
from backend.core.perform import reading
from backend.domains.findings.queries import leaving, looking, tasks
from backend.domains.findings.queries.lists import visible_to
from backend.domains.patrols.queries import rosters
from tests.make.rosters import FIRST, SECOND, asked

BIG = ("finding", "verification_task", "report", "dispatch", "shift", "verification")


def questions(actor, finding, task, now):
    """Every question that is asked in the worker's round, or by somebody who looks at a page."""
    person = actor.person
    page = {"mine": True, "unassigned": False, "assigned_to": None, "phase": None, "cursor": None, "limit": 50}
    yield "movable", lambda session: looking.list_movable(session, at=now, after=None, limit=200)
    yield "movable, next", lambda session: looking.list_movable(session, at=now, after=UUID(int=1), limit=200)
    yield "without task", lambda session: looking.list_without_task(session, limit=200)
    yield "unneeded", lambda session: looking.list_unneeded(session, limit=200)
    yield "held", lambda session: tasks.open_tasks_held_by(session, person)
    yield "loads", lambda session: tasks.loads_of(session, [person])
    yield "choose", lambda session: looking.choose_looker(session, finding, at=now)
    yield "next holder", lambda session: looking.next_holder(session, task, at=now)
    yield "duties", lambda session: rosters.duties(session, at=now)
    yield "own page", lambda session: tasks.list_tasks(session, actor, filters=page, seen=visible_to(actor))
    yield "open work", lambda session: leaving.open_work_of(session, person, at=now)


def asked_of(session, question):
    """The statements that a question sends, with their values."""
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.lstrip().upper().startswith("SELECT"):
            sent.append((statement, parameters))

    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        question(session)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return sent


def plan_of(session, statement, parameters):
    cursor = session.connection().connection.cursor()
    if session.get_bind().dialect.name == "sqlite":
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    else:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", parameters)
    return [row[-1] for row in cursor.fetchall()]


def scans(plan):
    """The big tables read from end to end; reading an index of open tasks alone is none."""
    found = []
    for line in plan:
        match = re.match(r"^(?:\s|-|>)*(?:SCAN|Seq Scan on) (\w+)(.*)", line)
        if match and match[1] in BIG and "ix_verification_task_open" not in match[2]:
            found.append(line)
    return found


def test_no_question_reads_a_big_table_from_end_to_end(story, roster):
    roster.on("wang", FIRST)
    roster.on("xu", SECOND)
    finding = UUID(asked(story))
    district = story.district
    actor, now = district.actor("wang"), district.clock.now()
    with district.app.app_context(), reading(db.session()) as session:
        (task,) = [each.id for each in tasks.list_tasks_of(session, finding)]
        faults = []
        for name, question in questions(actor, finding, task, now):
            sent = asked_of(session, question)
            assert sent, name
            faults += [(name, line) for statement, values in sent for line in scans(plan_of(session, statement, values))]
    assert faults == []


@pytest.mark.parametrize("hours", [0, 24])
def test_a_shift_of_a_whole_day_is_found_until_its_end(story, roster, hours):
    roster.on("wang", FIRST, hours=24)
    at = story.district.clock.now() + dt.timedelta(hours=hours, seconds=-5 if hours else 0)
    assert [each.person for each in story.district.ask(rosters.on_duty, grid=FIRST, at=at)] == [story.district.person("wang")]
