"""The one place that commits: alone and in runs, the journal it seals, and who reads while others write."""

from __future__ import annotations

import datetime as dt
import threading
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core import act as acts
from backend.core import journal
from backend.core.act import SYSTEM, Actor
from backend.core.database.base import NaiveDatetime
from backend.core.database.engine import db
from backend.core.database.rows import add_row, find_row, lock_row, prefetch
from backend.core.journal import GENESIS, Clock, FeedMember, JournalEntry
from backend.core.perform import Step, perform, perform_run, reading
from backend.core.problems import Clash
from backend.core.reactions import ReactionCursor
from backend.core.revisions import Held, Revision, bump

# Any table with a key and a number will do.
Thing = ReactionCursor


class Refused(Clash):
    slug = "refused_by_a_test"


@pytest.fixture
def session(app):
    with app.app_context():
        yield db.session()


def things(session):
    with reading(session):
        return {row.name: row.seq for row in session.execute(sa.select(Thing.name, Thing.seq))}


def entries(session):
    with reading(session):
        return session.scalars(sa.select(JournalEntry).order_by(JournalEntry.seq)).all()


def put(session, act, *, name="a", seq=1, fail=None):
    row = find_row(session, Thing, name)
    if row is None:
        add_row(session, Thing(name=name, seq=seq))
    else:
        row.seq = seq
    act.tell("thing.put", "thing", name, version=seq, scopes=("everybody",), seq=seq)
    if fail is not None:
        raise fail
    return seq


def system(**other):
    return acts.begin(SYSTEM, **other)


# perform


def test_an_action_commits_with_its_journal_and_feed(session):
    assert perform(session, system(), put, name="a", seq=7) == 7
    assert things(session) == {"a": 7}
    (entry,) = entries(session)
    assert (entry.seq, entry.event, entry.subject, orjson.loads(entry.facts)) == (1, "thing.put", "a", {"seq": 7})
    with reading(session):
        member = session.scalars(sa.select(FeedMember)).one()
    assert (member.scope, member.version, member.present, member.seq) == ("everybody", 7, True, 1)


@pytest.mark.parametrize("fault", [Refused("no"), RuntimeError("a fault"), KeyboardInterrupt()])
def test_whatever_is_raised_leaves_nothing_behind_and_wakes_nobody(session, fault):
    woken = []
    session.info["wake"] = lambda: woken.append(1)
    with pytest.raises(type(fault)):
        perform(session, system(), put, fail=fault)
    assert (things(session), entries(session), woken) == ({}, [], [])
    perform(session, system(), put)
    assert (things(session), len(entries(session)), woken) == ({"a": 1}, 1, [1])


def test_who_tells_nothing_wakes_nobody(session):
    woken = []
    session.info["wake"] = lambda: woken.append(1)
    perform(session, system(), lambda session, _act: add_row(session, Thing(name="silent", seq=1)))
    assert (things(session), woken) == ({"silent": 1}, [])


def test_a_lock_that_could_not_be_had_is_tried_again_and_done_once(session):  # fault 28
    tries = []

    def locked_twice(session, act):
        tries.append(1)
        put(session, act, seq=len(tries))
        if len(tries) < 3:
            raise sa.exc.OperationalError("update", {}, Exception("database is locked"))

    perform(session, system(), locked_twice)
    assert (things(session), len(entries(session)), len(tries)) == ({"a": 3}, 1, 3)


def test_a_lock_that_cannot_be_had_at_all_is_given_up(session):
    def locked(session, act):
        put(session, act)
        raise sa.exc.OperationalError("update", {}, Exception("database is locked"))

    with pytest.raises(sa.exc.OperationalError):
        perform(session, system(), locked)
    assert (things(session), entries(session)) == ({}, [])


# perform_run

STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "rows": st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=3),
            "fails": st.sampled_from(["no", "no", "before", "after", "told", "unexpected", "at the flush"]),
            "tells": st.integers(0, 2),
        }
    ),
    max_size=6,
)


def step_of(plan):
    def do(session, act):
        if plan["fails"] == "before":
            raise Refused("before anything was touched")
        for name, seq in plan["rows"]:
            row = find_row(session, Thing, name)
            if row is None:
                add_row(session, Thing(name=name, seq=seq))
            else:
                row.seq = row.seq * 5 + seq
        for number in range(plan["tells"]):
            act.tell("thing.done", "thing", "x", scopes=("s",), number=number, rows=len(plan["rows"]))
        if plan["fails"] == "after":
            raise Refused("after rows were touched")
        if plan["fails"] == "told":
            act.tell("thing.lied", "thing", "x")
            raise Refused("after it was told")
        if plan["fails"] == "unexpected":
            raise ZeroDivisionError
        if plan["fails"] == "at the flush":
            add_row(session, Thing(name="refused by the database", seq=None))
        return "done"

    def refused(_session, act, fault):
        act.tell("thing.refused", "thing", "x", why=type(fault).__name__)
        return f"refused: {type(fault).__name__}"

    return do, refused


def one_by_one(session, plans):
    """What a run must come to: each step in a transaction of its own."""
    results = []
    for plan in plans:
        do, refused = step_of(plan)
        act = system()
        try:
            results.append(perform(session, act, do))
        except Exception as fault:  # noqa: BLE001 - whatever a step raises becomes its result
            act.told.clear()
            results.append(perform(session, act, refused, fault))
    return results


def emptied(session):
    def empty(session, _act):
        for table in (Thing, JournalEntry, FeedMember):
            session.execute(sa.delete(table))
        session.execute(sa.update(Clock).values(seq=0, head=GENESIS))

    perform(session, system(), empty)


def left_by(session):
    with reading(session):
        feed = session.execute(sa.select(FeedMember.scope, FeedMember.subject, FeedMember.present)).all()
    return things(session), [(entry.seq, entry.event, entry.facts) for entry in entries(session)], sorted(map(tuple, feed))


@given(plans=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_run_comes_to_the_same_as_its_steps_one_by_one(session, plans):
    emptied(session)
    alone = one_by_one(session, plans), left_by(session)
    emptied(session)
    steps = [Step(system(), *step_of(plan)) for plan in plans]
    together = perform_run(session, steps, prepare=lambda writer: prefetch(writer, Thing, "abc", lock=True))
    assert (together, left_by(session)) == alone
    verify(entries(session))


def test_a_row_changed_twice_in_a_run_is_as_the_good_step_left_it(session):
    """The second change is not seen by counting changed rows: the first has changed it already."""
    steps = [
        Step(system(), lambda session, act: put(session, act, seq=1), lambda *_: "refused"),
        Step(system(), lambda session, act: put(session, act, seq=2, fail=None), lambda *_: "refused"),
        Step(system(), lambda session, act: _change_and_refuse(session), lambda *_: "refused"),
    ]
    assert perform_run(session, steps) == [1, 2, "refused"]
    assert things(session) == {"a": 2}


def _change_and_refuse(session):
    find_row(session, Thing, "a").seq = 99
    raise Refused("too late")


def test_what_records_the_results_sees_the_numbers_of_the_journal(session):
    seen = []
    steps = [Step(system(), lambda session, act, n=n: put(session, act, name=str(n)), lambda *_: None) for n in range(3)]
    perform_run(session, steps, record=lambda _session, _results: seen.extend(step.act.told[-1].seq for step in steps))
    assert seen == [1, 2, 3]


def test_an_undone_step_leaves_no_ghost_in_the_feed(session):  # fault 25
    def ghost(session, act):
        put(session, act, name="ghost")
        raise ZeroDivisionError

    steps = [
        Step(system(), lambda session, act: put(session, act, name="real"), lambda *_: None),
        Step(system(), ghost, lambda *_: None),
    ]
    perform_run(session, steps)
    assert things(session) == {"real": 1}
    assert [(entry.seq, entry.subject) for entry in entries(session)] == [(1, "real")]
    with reading(session):
        assert session.scalars(sa.select(FeedMember.subject)).all() == ["real"]


# The journal


def verify(chain):
    """Recompute every digest; the seq of the first entry that does not fit."""
    head = GENESIS
    columns = ("seq", "event", "subject_type", "subject", "version", "actor", "replica", "op", "at", "happened_at", "device_at")
    for number, entry in enumerate(chain, start=1):
        values = {name: getattr(entry, name) for name in (*columns, "time_quality", "facts")}
        head = journal.digest(head, values)
        assert (entry.seq, bytes(entry.hash)) == (number, head), f"broken at {number}"
    return head


def written(session):
    east = dt.timezone(dt.timedelta(hours=8))
    moments = [None, dt.datetime(2026, 11, 23, 12, tzinfo=east), dt.datetime(2026, 11, 23, 4, 0, 0, 5, tzinfo=dt.UTC)]
    for number, moment in enumerate(moments):
        act = system(at=moment)
        act.device_at, act.op = moment, uuid4() if number else None
        perform(session, act, put, name=f"名 {number}", seq=number)
    return entries(session)


def test_the_chain_verifies_from_what_is_stored_and_ends_in_the_clocks_head(session):
    head = verify(written(session))
    with reading(session):
        clock = session.scalars(sa.select(Clock)).one()
    assert (clock.seq, bytes(clock.head)) == (3, head)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda session: session.execute(sa.update(JournalEntry).where(JournalEntry.seq == 2).values(facts='{"seq":9}')),
        lambda session: session.execute(sa.update(JournalEntry).where(JournalEntry.seq == 2).values(actor=uuid4())),
        lambda session: session.execute(
            sa.update(JournalEntry).where(JournalEntry.seq == 1).values(happened_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        ),
        lambda session: session.execute(sa.delete(JournalEntry).where(JournalEntry.seq == 2)),
        lambda session: [
            session.execute(sa.update(JournalEntry).where(JournalEntry.seq == a).values(seq=b)) for a, b in ((1, 99), (2, 1), (99, 2))
        ],
    ],
    ids=["facts altered", "actor altered", "time altered", "removed", "reordered"],
)
def test_what_was_altered_removed_or_reordered_is_found(session, tamper):
    written(session)
    perform(session, system(), lambda session, _act: tamper(session) and None)
    with pytest.raises(AssertionError, match="broken at"):
        verify(entries(session))


def test_a_scope_that_was_left_stays_as_an_absence(session):
    def leave(_session, act):
        act.tell("thing.put", "thing", "a", version=1, scopes=("here", "there"))
        act.tell("thing.moved", "thing", "a", version=2, scopes=("here",), left=("there",))

    perform(session, system(), leave)
    with reading(session):
        members = session.execute(sa.select(FeedMember.scope, FeedMember.present, FeedMember.version, FeedMember.seq)).all()
    assert sorted(map(tuple, members)) == [("here", True, 2, 2), ("there", False, 2, 2)]


def test_no_reader_skips_a_number_while_eight_write(app):  # faults 23, 24, 27
    """A reader that follows the feed by its highest number meets every entry, in order, whoever commits when."""
    writers, each = 8, 12
    faults = []

    def write(writer):
        with app.app_context():
            for number in range(each):
                try:
                    perform(db.session(), acts.begin(Actor(UUID(int=writer), "w", "w")), put, name=f"{writer}-{number}")
                except Exception as fault:  # noqa: BLE001 - told below: a thread's exception is heard by nobody
                    faults.append(fault)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    followed, after = [], 0
    with app.app_context():
        session = db.session()
        while True:
            busy = any(thread.is_alive() for thread in threads)
            with reading(session, snapshot=True):
                top = session.scalar(sa.select(Clock.seq))
                found = session.scalars(sa.select(JournalEntry.seq).where(JournalEntry.seq > after).order_by(JournalEntry.seq)).all()
            assert (found[-1] if found else after) == top
            followed += found
            after = top
            if not busy:
                break
        verify(entries(session))
    for thread in threads:
        thread.join()
    assert faults == []
    assert followed == list(range(1, writers * each + 1))


# Rows, times, reference data


def test_a_naive_time_never_reaches_the_database(session):
    def naive(session, act):
        act.device_at = None
        session.add(_entry_at(dt.datetime(2026, 11, 23, 12)))  # noqa: DTZ001 - naive on purpose

    with pytest.raises(sa.exc.StatementError) as caught:
        perform(session, system(), naive)
    assert isinstance(caught.value.orig, NaiveDatetime)


def _entry_at(moment):
    known = {"event": "e", "subject_type": "t", "subject": "s", "version": 0, "time_quality": "exact", "facts": "{}", "hash": b""}
    return JournalEntry(seq=1, at=moment, happened_at=moment, **known)


def test_a_time_comes_back_in_utc_to_the_microsecond(session):
    moment = dt.datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    perform(session, system(), lambda session, _act: session.add(_entry_at(moment)))
    (entry,) = entries(session)
    assert (entry.at, entry.at.utcoffset()) == (moment, dt.timedelta(0))


def test_rows_added_are_found_before_they_are_written_and_absent_ones_are_not_asked_for_twice(session):
    def look(session, _act):
        prefetch(session, Thing, ["a", "b"])
        asked = []
        sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *_given: asked.append(1))
        assert find_row(session, Thing, "a") is None
        row = add_row(session, Thing(name="a", seq=1))
        assert find_row(session, Thing, "a") is row and lock_row(session, Thing, "a") is row
        assert asked == []

    perform(session, system(), look)
    assert things(session) == {"a": 1}


def test_reference_data_follows_what_another_process_changed(app, tmp_path):
    from tests.make.application import build_app, close_app

    other = build_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path / "other")
    loads = []
    held = Held("numbers", lambda session: loads.append(1) or session.scalar(sa.select(sa.func.count()).select_from(Thing)))

    def change(session, act):
        add_row(session, Thing(name=str(uuid4()), seq=1))
        bump(session, act, "numbers")

    def ask():
        with app.app_context(), reading(db.session()) as session:
            return held.get(session)

    assert [ask(), ask(), len(loads)] == [0, 0, 1]
    with other.app_context():
        perform(db.session(), system(), change)
    assert [ask(), ask(), len(loads)] == [1, 1, 2]
    with other.app_context(), pytest.raises(Refused):
        perform(db.session(), system(), lambda session, act: (change(session, act), _refuse()))
    assert [ask(), len(loads)] == [1, 2]
    close_app(other)


def _refuse():
    raise Refused("rolled back")


def test_who_changed_reference_data_sees_it_in_the_same_transaction_and_nobody_after_a_rollback(session):
    held = Held("numbers", lambda session: session.scalar(sa.select(sa.func.count()).select_from(Revision)))

    def change(session, act, *, fail):
        before = held.get(session)
        bump(session, act, "numbers")
        assert held.get(session) == before + 1
        if fail:
            raise Refused("rolled back")

    with pytest.raises(Refused):
        perform(session, system(), change, fail=True)
    with reading(session):
        assert held.get(session) == 0
    perform(session, system(), change, fail=False)
    with reading(session):
        assert held.get(session) == 1
