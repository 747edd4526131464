"""Every worklist is read by an index in its own order, on both databases: no table is scanned, and no list is sorted as a whole."""

from __future__ import annotations

import datetime as dt
import re
from uuid import UUID

import pytest
import sqlalchemy as sa

from backend.core.database.engine import db
from backend.domains.findings.queries.search import matching
from backend.domains.findings.queries.worklists.near import boxed
from backend.domains.findings.queries.worklists.reading import counting, dated, undated
from backend.domains.findings.queries.worklists.table import WORKLISTS
from tests.make import many

NOW = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
BIG = ("finding", "dispatch", "dispatch_request", "finding_text")
READERS = {
    "zhao": "acceptor and shift leader of the district",
    "sun": "dispatcher of the district",
    "lin": "inspector of a town",
    "qian": "manager of a contractor",
    "tang": "officer of a town",
    "gu": "officer of a department",
    "shen": "liaison of a community",
    "li": "leader of the district",
}


@pytest.fixture
def crowded(any_district):
    """Twelve thousand findings. PostgreSQL has statistics of them, SQLite has none: nobody makes them there."""
    with any_district.app.app_context():
        with db.engine.connect().execution_options(writer=True) as writer:
            many.plant(writer, 2_000, now=NOW)
            many.multiply(writer, 5)
            writer.commit()
        if db.engine.dialect.name != "sqlite":
            many.settle(db.engine)
    return any_district


@pytest.fixture
def measured(crowded):
    """With statistics on both, as after an operator's ANALYZE."""
    with crowded.app.app_context():
        many.settle(db.engine)
        db.engine.dispose()  # a connection knows the statistics that were there when it began
    return crowded


AS_IF_LONG = ("enable_sort", "enable_bitmapscan", "enable_seqscan")
"""What PostgreSQL rightly does with a short list, and would cost much on a long one: put off, a plan shows whether there is another way."""


def plan_of(session, query, *, as_if_long=True):
    """The database's plan, a line a step."""
    if as_if_long and session.get_bind().dialect.name != "sqlite":
        for setting in AS_IF_LONG:
            session.execute(sa.text(f"SET LOCAL {setting} = off"))
    text = str(query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True}))
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    lite = session.get_bind().dialect.name == "sqlite"
    prefix = "EXPLAIN QUERY PLAN " if lite else "EXPLAIN "
    values = {key: processed(compiled, key, value) for key, value in compiled.params.items()}
    cursor = session.connection().connection.cursor()
    if compiled.positional:
        cursor.execute(prefix + text, tuple(values[key] for key in compiled.positiontup))
    else:
        cursor.execute(prefix + text, values)
    rows = cursor.fetchall()
    return [row[-1] for row in rows]


def processed(compiled, key, value):
    process = compiled._bind_processors.get(key)
    return process(value) if process else value


def scans(plan):
    """The big tables that the plan reads from end to end."""
    found = []
    for line in plan:
        # SQLite: SCAN x (without USING an index that holds the order); PostgreSQL: Seq Scan on x.
        if match := re.match(r"^(?:\s|-|>)*(?:SCAN|Seq Scan on) (\w+)(.*)", line):
            table, rest = match.groups()
            if table in BIG and "USING" not in rest and "VIRTUAL" not in rest:
                found.append(line)
    return found


def statements():
    for name, worklist in WORKLISTS.items():
        for login in READERS:
            yield name, worklist, login


def test_no_worklist_is_read_by_scanning_or_sorting_all_of_it(crowded):
    assert faults_of(crowded) == []


def test_statistics_lead_no_database_astray(measured):
    assert faults_of(measured) == []


def faults_of(crowded):
    """Statements of all lists and readers that scan a big table, or sort: list, reader, which statement, plan."""
    faults = []

    def look(session):
        for name, worklist, login in statements():
            actor = crowded.actor(login)
            if not actor.holds(*worklist.roles):
                continue
            facts = {"now": NOW, "filters": {}}
            after = (NOW, UUID(int=1))
            for what, query in {
                "first": dated(worklist, actor, **facts, after=None, limit=51),
                "next": dated(worklist, actor, **facts, after=after, limit=51),
                "undated": undated(worklist, actor, **facts, after=UUID(int=1), limit=51),
                "count": counting(worklist, actor, **facts),
                "overdue": counting(worklist, actor, **facts, overdue=True),
            }.items():
                if query is None:
                    continue
                plan = plan_of(session, query)
                if scanned := scans(plan):
                    faults.append((name, login, what, scanned))
                if what in {"first", "next", "undated"} and not worklist.either and sorts(plan):
                    faults.append((name, login, what, plan))

    crowded.ask(look)
    return faults


def sorts(plan):
    """Whether an order is made that no index gave: SQLite's temporary tree, PostgreSQL's Sort (an Incremental one is within ties)."""
    return any("TEMP B-TREE FOR ORDER BY" in line or re.match(r"^(?:\s|-|>)*Sort ", line) for line in plan)


@pytest.mark.parametrize("login", ["zhao", "lin", "qian"])
def test_a_search_reads_the_index_of_words(crowded, login):
    def look(session):
        query = matching(session, crowded.actor(login), ["330113", "20260701", "1234"], only_open=False, after=None, limit=20)
        return plan_of(session, query, as_if_long=False)

    plan = crowded.ask(look)
    assert any("ext_finding_text" in line for line in plan), plan
    assert not scans(plan), plan


def test_what_is_near_is_read_by_its_place(crowded):
    plan = crowded.ask(lambda session: plan_of(session, boxed(crowded.actor("lin"), lon=120.3, lat=30.4, metres=300)))
    assert any("ix_worklist_looked_for" in line for line in plan), plan
