"""What follows from the journal: once, in order, again after a fault of ours, and never at the cost of another entry."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from backend.core import act as acts
from backend.core import reactions
from backend.core.act import SYSTEM
from backend.core.database.engine import db
from backend.core.perform import perform
from backend.core.problems import Clash
from backend.core.reactions import Reaction, ReactionCursor, ReactionRetry, catch_up, pause


@pytest.fixture
def session(app):
    with app.app_context():
        yield db.session()


@pytest.fixture
def clock(monkeypatch):
    """The time of acts that reactions begin."""
    now = {"at": dt.datetime(2026, 11, 23, tzinfo=dt.UTC)}
    begin = acts.begin

    def begun(*given, **named):
        act = begin(*given, **named)
        act.at = act.happened_at = now["at"]
        return act

    monkeypatch.setattr(reactions.acts, "begin", begun)
    return now


def tell(session, *subjects):
    def told(_session, act):
        for subject in subjects:
            act.tell("thing.done", "thing", subject)

    perform(session, acts.begin(SYSTEM), told)


def kept(session):
    with session.begin():
        return [(row.name, row.attempts) for row in session.scalars(sa.select(ReactionRetry).order_by(ReactionRetry.seq))]


def reaction(follow):
    return Reaction("test", ("thing.done",), lambda _session, _act, entry: follow(entry.subject))


def test_what_fails_unexpectedly_is_kept_and_tried_again_until_it_succeeds(session, clock, caplog):
    seen, broken = [], True

    def follow(subject):
        seen.append(subject)
        if subject == "b" and broken:
            raise RuntimeError("out of order")

    each = reaction(follow)
    tell(session, "a", "b", "c")
    catch_up(session, each)
    assert seen[-1] == "c" and kept(session) == [("test", 1)]
    seen.clear()
    assert catch_up(session, each) == 0 and seen == []
    for attempts in (2, 3):
        clock["at"] += pause(attempts - 1)
        caplog.clear()
        assert catch_up(session, each) == 1
        assert set(seen) == {"b"} and kept(session) == [("test", attempts)]
        assert [record.attempt for record in caplog.records if record.name == "backend.core.reactions"] == [attempts]
    broken = False
    clock["at"] += pause(3)
    catch_up(session, each)
    assert kept(session) == []
    seen.clear()
    clock["at"] += dt.timedelta(days=1)
    assert catch_up(session, each) == 0 and seen == []


def test_what_a_rule_refuses_is_passed(session, clock):
    def follow(_subject):
        raise Clash("gone")

    tell(session, "a")
    assert catch_up(session, reaction(follow)) == 1
    assert kept(session) == [] and catch_up(session, reaction(follow)) == 0


def test_a_failure_that_a_rule_refuses_later_is_given_up(session, clock):
    faults = [RuntimeError("first"), RuntimeError("and once more with a savepoint"), Clash("gone")]

    def follow(_subject):
        raise faults.pop(0)

    tell(session, "a")
    catch_up(session, reaction(follow))
    assert kept(session) == [("test", 1)]
    clock["at"] += pause(1)
    catch_up(session, reaction(follow))
    assert kept(session) == [] and faults == []


def test_the_pause_doubles_from_a_minute_to_six_hours():
    assert [pause(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 9, 10, 5000)] == [1, 2, 4, 256, 360, 360]


def test_two_that_start_at_once_share_one_cursor(app):
    with app.app_context():
        tell(db.session(), "a")
        db.session.remove()
    meet = threading.Barrier(2, timeout=10)

    def run():
        with app.app_context():
            meet.wait()
            try:
                catch_up(db.session(), reaction(lambda _subject: None))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(run) for _ in range(2)]:
            running.result()
    with app.app_context():
        assert len(db.session().scalars(sa.select(ReactionCursor)).all()) == 1


def test_the_cursor_never_goes_back(session):
    for seq in (5, 3):
        perform(session, acts.begin(SYSTEM), lambda writer, _act: reactions._move_cursor(writer, name="test", seq=seq))  # noqa: B023
    with session.begin():
        assert session.scalar(sa.select(ReactionCursor.seq)) == 5
