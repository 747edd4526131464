"""Order of commits: what a phone that pulls sees while others write, idle, hold locks or do a thousand things at once."""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.core import act as acts
from backend.core import journal
from backend.core.act import SYSTEM
from backend.core.database.engine import db
from backend.core.database.rows import lock_row
from backend.core.journal import FeedMember
from backend.core.perform import perform
from backend.core.reactions import ReactionCursor
from backend.domains.deadlines import actions as deadlines
from backend.domains.deadlines.model import Deadline
from backend.domains.deadlines.rules.calendar import DayOverride
from backend.domains.sync.model import Progress
from backend.entrypoints.worker import tasks
from tests.make.application import build_app, close_app
from tests.make.phone import Phone, record_payload

TOWN = "town:330113001"
# Any table with a key and a number will do.
Thing = ReactionCursor


@pytest.fixture
def tang(district):
    district.do(lambda session, _act: session.execute(sa.delete(FeedMember)))
    phone = Phone(district, "tang")
    phone.sync()
    return phone


def wrote(district, action, app=None):
    with (app or district.app).app_context():
        result = perform(db.session(), acts.begin(SYSTEM), action)
        db.session.remove()
        return result


def test_no_phone_skips_a_change_and_none_comes_before_its_cause(district, tang):  # fault 23
    """Eight writers commit when they like, some late; each commit names one it knew of as its cause."""
    writers, commits, rows = 8, 20, 60
    causes, known, guard = {}, [], threading.Lock()

    def write(writer):
        for number in range(commits):
            with guard:
                cause = known[-1] if known else None
            names = [f"{writer:02}-{number:02}-{row:02}" for row in range(rows)]

            def tell(session, act, names=names, late=number % 7 == writer % 7):
                for name in names:
                    act.tell("thing.put", "thing", name, version=1, scopes=(TOWN,))
                if late:  # the others overtake it
                    session.connection().execute(sa.select(sa.func.count()).select_from(FeedMember)).all()

            wrote(district, tell)
            with guard:
                causes[names[0]] = cause
                known.append(names[-1])

    seen: list[str] = []

    def pull():
        page = tang.pull(limit=400)
        seen.extend(change["id"] for change in page["changes"])
        return page["more"]

    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, writer) for writer in range(writers)]
        while not all(each.done() for each in writing):
            pull()
        for each in writing:
            each.result()
    while pull():
        pass
    assert len(seen) == len(set(seen)) == writers * commits * rows
    place = {name: number for number, name in enumerate(seen)}
    assert all(place[cause] < place[effect] for effect, cause in causes.items() if cause)


def test_an_idle_transaction_delays_no_pull(district, lin, tang):  # fault 24
    """On PostgreSQL one that has written, and holds what a stuck push of the same phone would; on SQLite, where that would hold up writers,
    one that has read.
    """
    district.clock.forward(minutes=11)  # it is due to be noted that the phone pulls
    url = district.app.config["SQLALCHEMY_DATABASE_URI"]
    engine = sa.create_engine(url)
    with engine.connect() as idle:
        if url.startswith("postgresql"):
            idle.execute(sa.insert(Thing).values(name="idle", seq=1))
            held = idle.execute(sa.select(Progress.replica).where(Progress.replica == UUID(tang.replica)).with_for_update())
            assert len(held.all()) == 1
        idle.execute(sa.select(FeedMember.seq)).all()
        began = time.monotonic()
        for _ in range(5):
            finding = lin.record()["e"]["id"]
            lin.pushed()
            page = tang.pull()
            assert finding in {change["id"] for change in page["changes"]} and not page["more"]
        assert time.monotonic() - began < 3
        idle.rollback()
    engine.dispose()
    assert tang.pull()["changes"] == []


def test_a_bulk_job_commits_in_chunks_and_pushes_go_on_between_them(district, lin, monkeypatch):  # fault 26
    start = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
    for _ in range(3):
        district.do(start_many, count=500, start=start)
    district.do(deadlines.add_calendar_year, year=2026, overrides={dt.date(2026, 11, 24): DayOverride(False, "停", "off")}, confirm=True)
    sizes: list[int] = []
    seal = journal.seal

    def counted(session, told):
        sizes.append(len(told))
        seal(session, told)

    monkeypatch.setattr(journal, "seal", counted)
    took = []
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(tasks.recompute_deadlines, district.app)
        while not job.done() or len(took) < 5:
            lin.record()
            began = time.monotonic()
            assert lin.pushed()[0]["status"] == "applied"
            took.append(time.monotonic() - began)
        assert job.result() >= 1500
    district.settle()
    assert sum(size for size in sizes if size >= 400) >= 1500 and max(sizes) <= 1000
    assert max(took) < 2
    moved = district.rows(sa.select(Deadline.due, sa.func.count()).where(Deadline.subject_type == "test").group_by(Deadline.due))
    assert len(moved) == 1 and moved[0][1] == 1500 and moved[0][0] == start + dt.timedelta(days=2)


def start_many(session, act, *, count, start):
    for _ in range(count):
        deadlines.start_deadline(session, act, subject_type="test", subject=uuid4(), value=1, unit="working_days", start=start)


@pytest.fixture
def another_process(district, tmp_path):
    """The application once more, as another process has it: its writers take turns among themselves."""
    app = build_app(district.app.config["SQLALCHEMY_DATABASE_URI"], tmp_path / "another")
    yield app
    close_app(app)


def test_a_deadlock_is_tried_again_and_done_once(district, another_process):  # fault 28
    district.do(lambda session, _act: session.add_all([Thing(name="a", seq=0), Thing(name="b", seq=0)]))
    met = threading.Barrier(2)
    tries = []

    def add(app, first, second):
        def action(session, act):
            tries.append(first)
            lock_row(session, Thing, first).seq += 1
            session.flush()
            # Both hold one and want the other's; on SQLite the second cannot even begin, so nobody meets.
            try:
                met.wait(0.3)
            except threading.BrokenBarrierError:
                met.reset()
            lock_row(session, Thing, second).seq += 1
            act.tell("thing.put", "thing", first, version=1, scopes=(TOWN,))

        wrote(district, action, app)

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(add, district.app, "a", "b"), pool.submit(add, another_process, "b", "a")]:
            each.result(30)
    assert set(district.rows(sa.select(Thing.name, Thing.seq).where(Thing.name.in_(("a", "b"))))) == {("a", 2), ("b", 2)}
    assert district.scalars(sa.select(sa.func.count()).select_from(FeedMember).where(FeedMember.subject_type == "thing")) == [2]
    if district.app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        assert len(tries) > 2


def test_a_failed_operation_of_a_push_leaves_no_ghost_for_others(district, lin, tang):  # fault 25
    """The run is repeated with savepoints; what the failed one had begun is nowhere, and the numbers have no hole."""
    good, also = uuid4(), uuid4()
    taken = lin.record()["e"]["id"]
    lin.pushed()
    tang.sync()
    results = lin.pushed(
        lin.line("record_finding", good, record_payload()),
        lin.line("record_finding", UUID(taken), record_payload(note="another with the same id")),
        lin.line("record_finding", also, record_payload()),
    )
    assert [result["status"] for result in results] == ["applied", "rejected", "applied"]
    page = tang.pull()
    assert [change["id"] for change in page["changes"]] == [str(good), str(also)]
    entries = district.rows(sa.select(journal.JournalEntry.seq).order_by(journal.JournalEntry.seq))
    assert [row.seq for row in entries] == list(range(1, len(entries) + 1))
