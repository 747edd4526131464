"""Deeds: what is kept of an act with what it told, its exact arguments, and ids that an act makes again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from backend.core import act as acts
from backend.core import deeds
from backend.core.act import SYSTEM, Grant
from backend.core.database.engine import db
from backend.core.deeds import Deed, UnknownDeed, deed, do_again, read, written
from backend.core.journal import JournalEntry
from backend.core.perform import Step, perform, perform_run
from backend.core.problems import Clash, Kind

NOW = dt.datetime(2026, 11, 23, 2, 10, 4, 120_000, dt.UTC)

offsets = st.builds(dt.timezone, st.integers(-1439, 1439).map(lambda minutes: dt.timedelta(minutes=minutes)))
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.uuids()
    | st.datetimes(timezones=offsets)  # a named zone comes back as its offset: the same moment
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.binary()
    | st.sampled_from(Kind)
    | st.builds(Grant, role=st.text("ab"), unit=st.uuids(), unit_kind=st.just("town"), area=st.none() | st.text("12"))
)
hashable = plain.filter(lambda value: value == value)  # noqa: PLR0124 - a number that is not itself
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text("ab$"), inner)
        | st.dictionaries(hashable, inner)
        | st.sets(hashable)
        | st.frozensets(hashable)
    ),
    max_leaves=12,
)


@given(values)
def test_arguments_come_back_equal_and_of_the_same_kind(value):
    back = read(written(value))
    assert back == value
    assert type(back) is type(value)
    assert written(back) == written(value)


def test_what_is_no_plain_value_is_refused():
    class Foreign(Decimal):
        """Whose module is not ours."""

    for value in (object(), Foreign(1), {"a": lambda: None}, iter([])):
        with pytest.raises(TypeError):
            written(value)
    with pytest.raises(TypeError):
        read('{"$":"dataclass","t":"subprocess:Popen","v":{"args":"true"}}')


def begun(**facts):
    return replace(acts.begin(SYSTEM, at=NOW), **facts)


def test_ids_follow_from_the_act_its_time_and_their_count_alone():
    op = uuid4()
    one, other = begun(op=op), begun(op=op)
    ids = [one.new_id() for _ in range(5000)]
    assert ids == [other.new_id() for _ in range(5000)]
    assert len(set(ids)) == 5000
    assert ids[:4096] == sorted(ids[:4096])
    assert {(each.version, each.variant) for each in ids} == {(7, "specified in RFC 4122")}
    assert {each.int >> 80 for each in ids} == {int(NOW.timestamp() * 1000)}
    one.undo()
    assert one.new_id() == ids[0]
    later = begun(op=op)
    later.at += dt.timedelta(microseconds=1)
    assert later.new_id() not in ids
    assert begun(op=uuid4()).new_id() not in ids
    assert begun().new_id() != begun().new_id()
    same = uuid4()
    assert begun(id=same).new_id() == begun(id=same).new_id()


def test_an_act_made_from_another_begins_its_ids_anew():
    first = begun()
    first.new_id()
    op = uuid4()
    assert replace(first, op=op).new_id() == begun(op=op).new_id()


@pytest.fixture
def session(app):
    with app.app_context():
        yield db.session()


@pytest.fixture
def things(monkeypatch):
    """Actions of a domain of things; each call and the id it made."""
    monkeypatch.setattr(deeds, "_ACTIONS", {})
    done: list[tuple[str, object, UUID]] = []

    class Things:
        calls = done

    def make_thing(_session, act, *, what, tell=True):
        done.append(("make", what, act.new_id()))
        if tell:
            act.tell("thing.made", "thing", "t")
        return what

    def move_things(session, act, *, whats):
        for what in whats:
            Things.make(session, act, what=what)
        act.tell("thing.moved", "thing", "t")

    for action in (make_thing, move_things):
        action.__module__ = "backend.domains.things.actions"
    Things.make, Things.move = deed(make_thing), deed(move_things)
    return Things


def kept(session):
    with session.begin():
        return [(row.seq, row.name, read(row.arguments)) for row in session.scalars(sa.select(Deed).order_by(Deed.seq))]


def test_an_act_that_told_something_is_kept_under_the_number_of_its_first_entry(session, things):
    def ahead(_session, act):
        act.tell("thing.done", "thing", "a")

    def both(session, act):
        act.tell("desk.decided", "decision", "d")  # tells of something that is no deed
        things.make(session, act, what=uuid4())
        things.make(session, act, what="second")

    perform(session, acts.begin(SYSTEM), ahead)
    what = {"at": NOW, "id": uuid4()}
    assert perform(session, acts.begin(SYSTEM), things.make, what=what) == what
    perform(session, acts.begin(SYSTEM), things.make, what="silent", tell=False)
    perform(session, acts.begin(SYSTEM), both)
    with session.begin():
        entries = list(session.scalars(sa.select(JournalEntry.event).order_by(JournalEntry.seq)))
    assert entries == ["thing.done", "thing.made", "desk.decided", "thing.made", "thing.made"]
    assert [(seq, name) for seq, name, _ in kept(session)] == [(seq, "things.make_thing") for seq in (2, 4, 5)]
    assert kept(session)[0][2] == {"what": what}


def test_of_deeds_within_a_deed_the_outermost_is_kept(session, things):
    perform(session, acts.begin(SYSTEM), things.move, whats=["a", "b"])
    assert kept(session) == [(1, "things.move_things", {"whats": ["a", "b"]})]


def test_operations_of_phones_keep_no_deed(session, things):
    perform(session, begun(op=uuid4()), things.make, what=object())
    assert kept(session) == []


def test_a_kept_deed_done_again_makes_the_same_ids(session, things):
    def twice(session, act):
        act.new_id()
        things.make(session, act, what=1)
        things.make(session, act, what=2)

    perform(session, begun(), twice)
    first = list(things.calls)
    things.calls.clear()
    with session.begin():
        rows = list(session.scalars(sa.select(Deed).order_by(Deed.seq)))
    for row in rows:
        act = begun(id=row.act)
        act.made = row.made
        do_again(session, act, row.name, row.arguments)
    assert things.calls == first
    with pytest.raises(UnknownDeed):
        do_again(session, begun(), "things.unmake_thing", "{}")


def test_a_deed_of_a_run_whose_step_failed_is_not_kept(session, things):
    def fails(session, act):
        things.make(session, act, what="undone")
        raise Clash("no")

    steps = [
        Step(acts.begin(SYSTEM), lambda session, act: things.make(session, act, what="done"), lambda *_: "refused"),
        Step(acts.begin(SYSTEM), fails, lambda *_: "refused"),
    ]
    assert perform_run(session, steps) == ["done", "refused"]
    assert [arguments for _, _, arguments in kept(session)] == [{"what": "done"}]


def test_an_act_that_is_tried_again_tells_and_keeps_once_with_the_ids_of_the_first_try(session, things):
    faults = [sa.exc.OperationalError("", {}, Exception("database is locked"))]

    def locked(session, act):
        things.make(session, act, what="once")
        if faults:
            raise faults.pop()

    perform(session, acts.begin(SYSTEM), locked)
    (_, _, first), (_, _, second) = things.calls
    assert first == second
    assert len(kept(session)) == 1


def test_positional_arguments_and_two_of_one_name_are_faults_of_ours(session, things):
    with pytest.raises(TypeError, match="keywords"):
        things.move(session, begun(), ["a"])
    with pytest.raises(TypeError, match="share the name"):
        deed(things.make)
