"""A database of before steps were kept and deadlines watched: the worker catches up, and all is as if they always had been."""

from __future__ import annotations

import alembic.command
import pytest
import sqlalchemy as sa

from backend.core.database.base import table_of
from backend.core.journal import JournalEntry
from backend.core.perform import reading
from backend.domains.findings.model.finding import Finding, Step
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries.steps import list_without_steps
from backend.domains.sync.judging.replaying.check import check_replay
from backend.domains.sync.judging.replaying.target import empty_database
from backend.domains.sync.queries.verify.report import Report
from tests.make.application import close_app
from tests.make.databases import alembic_config, migrate
from tests.make.district import OUTSIDE, TREE
from tests.stories import Story

LOGINS = ("zhao", "sun", "chen", "qian", "feng", "li", "tang", "gu", "lin", "wu")


def lines(district):
    """Everybody's worklists, as number and deadline of each line."""
    found = {}
    for login in LOGINS:
        client = district.client(login)
        for name in [each["name"] for each in client.get("/api/v1/worklists").json["items"]]:
            items = client.get(f"/api/v1/worklists/{name}?limit=100").json["items"]
            found[login, name] = sorted((each["number"], each["due"] or "", each["colour"] or "") for each in items)
    return found


def kept(district):
    """What an upgrade leaves empty."""
    columns = ("number", "state", "step", "step_since", "step_due", "steps", "filed_policy", "closed_by")
    of_findings = sa.select(*[table_of(Finding).c[name] for name in columns]).order_by(Finding.number)
    of_tasks = sa.select(Dispatch.state, Dispatch.due, Dispatch.watch_at, Dispatch.yellow_from, Dispatch.policy).order_by(Dispatch.id)
    of_steps = sa.select(*table_of(Step).c).order_by(Step.finding, Step.number)
    return [district.rows(query) for query in (of_findings, of_tasks, of_steps)]


def emptied(district):
    """Leave the rows as a migration does that adds the columns."""

    def do(session, _act):
        nothing = dict.fromkeys(("step", "step_since", "step_due", "step_calendar", "filed_policy", "closed_by"))
        session.execute(sa.update(Finding).values(**nothing, steps=0))
        session.execute(sa.update(Dispatch).values(policy=None, watch_at=None, yellow_from=None))
        session.execute(sa.delete(Step))

    district.do(do)


def caught_up(district):
    return district.scalars(sa.select(JournalEntry.subject).where(JournalEntry.event == "finding.caught_up"))


def without_steps(district, **page):
    return district.ask(lambda session: list(list_without_steps(session, **page)))


@pytest.fixture
def story(any_district):
    return Story(any_district)


@pytest.fixture
def told(any_district, story):
    """Findings in many states."""
    story.recorded(photos=1)
    story.ready()
    story.recorded(at=OUTSIDE)
    story.filed(category=TREE, condition=2)
    story.dispatched()
    story.rectified()
    story.verified()
    story.closed()
    any_district.settle()
    return any_district


def test_an_upgraded_database_shows_the_same_worklists_as_a_fresh_one(told, any_district_url):
    url, before, was = any_district_url[0], lines(told), kept(told)
    close_app(told.app)
    alembic.command.downgrade(alembic_config(url), "0002")
    migrate(url)
    told.settle()
    assert kept(told) == was
    assert lines(told) == before


def test_an_overdue_dispatch_of_before_is_told_of(any_district, story):
    story.dispatched()
    emptied(any_district)
    any_district.clock.forward(days=3)
    any_district.settle()
    any_district.settle()
    assert len(any_district.scalars(sa.select(JournalEntry.seq).where(JournalEntry.event == "finding.overdue"))) == 1


def test_pages_reach_all_of_them_and_each_is_caught_up_on_once(any_district, story):
    story.dispatched()
    for _ in range(4):
        story.recorded()
    any_district.settle()
    emptied(any_district)
    everyone = sorted(any_district.scalars(sa.select(Finding.id)))
    found, after = [], None
    while page := without_steps(any_district, limit=2, after=after):
        found += page
        after = page[-1]
    assert found == everyone
    any_district.settle()
    any_district.settle()
    assert sorted(caught_up(any_district)) == sorted(map(str, everyone))
    assert without_steps(any_district, limit=9, after=None) == []


def test_one_that_is_moved_before_the_worker_comes_by_keeps_its_steps(any_district, story):
    finding = story.ready()
    any_district.settle()
    emptied(any_district)
    story.desk("zhao", finding, "filing")
    assert [step.step for step in any_district.rows(sa.select(Step.step).order_by(Step.number))] == ["accept"]
    any_district.settle()
    assert caught_up(any_district) == []


def test_done_again_in_the_order_of_the_journal_it_comes_out_the_same(told, story, tmp_path):
    emptied(told)
    told.settle()
    story.dispatched()
    told.settle()
    report = Report()

    def check(session, _act):
        with reading(session, snapshot=True), empty_database(tmp_path) as target:
            check_replay(report, session, target)

    told.do(check)
    assert report.violations == []
    assert report.counts["replay"]["deeds"]
    assert report.counts["replay"]["differs_by_later_reference_data"] == 0
