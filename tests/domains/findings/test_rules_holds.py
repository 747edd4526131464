"""What holds a clock up: any set of returns and suspensions beside any reports makes a list of events that a clock can have."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.deadlines.rules.clock import compute
from backend.domains.deadlines.rules.events import LONGEST_SUSPENSION, Paused, Restarted, Resumed, Stopped, Suspended, stretches
from backend.domains.deadlines.rules.limits import Limit
from backend.domains.findings.rules.holds import Held, Hold, cut, held_at, held_events
from tests.domains.deadlines.almanac import CALENDAR

START = dt.datetime(2026, 11, 23, 0, tzinfo=dt.UTC)
LIMIT = Limit(1000, "urgent_hours")
AREA = UUID(int=7)


def hours(number):
    return START + dt.timedelta(hours=number)


MOMENTS = st.integers(0, 60)


@st.composite
def holds(draw):
    begin = draw(MOMENTS)
    until = draw(st.none() | st.integers(begin - 2, 70))
    kind = draw(st.sampled_from(["return", "suspension"]))
    if kind == "suspension" and until is None:
        until = begin + 5
    area = draw(st.sampled_from([None, AREA])) if kind == "suspension" else None
    return Hold(kind, hours(begin), None if until is None else hours(until), area=area)


@st.composite
def stop_lines(draw):
    moments = sorted(draw(st.lists(MOMENTS, max_size=6)))
    return [(Stopped if number % 2 == 0 else Restarted)(hours(each)) for number, each in enumerate(moments)]


@given(stop_lines(), st.lists(holds(), max_size=6))
def test_the_clock_stands_exactly_where_it_is_stopped_or_held(stops, held):
    held = cut(held, issued_at=START, reports=[])
    line = stretches(LIMIT, START, held_events(stops, held))
    for half in range(1, 150, 2):  # between all moments
        moment = START + dt.timedelta(minutes=30 * half)
        (kind,) = [each.kind for each in line if each.start <= moment and (each.end is None or moment < each.end)]
        stopped = sum(event.at <= moment for event in stops) % 2 == 1
        active = {hold.kind for hold in held if hold.holds(moment)}
        expected = "stopped" if stopped else "paused" if "return" in active else "suspended" if active else "running"
        assert kind == expected


@given(stop_lines(), st.lists(holds(), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_arrival_is_no_matter(stops, held, chance):
    shuffled = held[:]
    chance.shuffle(shuffled)
    events = [held_events(stops, cut(each, issued_at=START, reports=[])) for each in (held, shuffled)]
    assert compute(LIMIT, START, CALENDAR, events[0]).due == compute(LIMIT, START, CALENDAR, events[1]).due


@given(st.lists(holds(), max_size=6), MOMENTS)
def test_how_it_is_held_at_a_moment_agrees_with_its_clock(held, at):
    held = cut(held, issued_at=START, reports=[])
    moment = hours(at) + dt.timedelta(minutes=30)
    line = stretches(LIMIT, START, held_events([], held))
    (kind,) = [each.kind for each in line if each.start <= moment and (each.end is None or moment < each.end)]
    found = held_at(held, moment)
    assert {None: "running", "returned": "paused", "suspended": "suspended"}[found.state] == kind
    if found.state == "suspended":
        assert found.until > moment
        assert not any(hold.kind == "suspension" and hold.holds(found.until) for hold in held)


def test_a_units_own_hold_ends_with_its_report_and_that_of_an_area_does_not():
    own, wide = Hold("suspension", hours(1), hours(50)), Hold("suspension", hours(1), hours(50), area=AREA)
    assert [each.until for each in cut([own], issued_at=START, reports=[hours(10)])] == [hours(10)]
    assert [each.until for each in cut([wide], issued_at=START, reports=[hours(10)])] == [hours(50)]
    assert cut([own], issued_at=START, reports=[hours(1)]) == []


def test_a_hold_never_begins_before_the_dispatch():
    assert cut([Hold("return", hours(1), hours(5))], issued_at=hours(3), reports=[]) == [Hold("return", hours(3), hours(5))]
    assert cut([Hold("return", hours(1), hours(3))], issued_at=hours(3), reports=[]) == []


def test_a_longer_suspension_goes_on_where_a_shorter_ends():
    held = [Hold("suspension", hours(1), hours(10), "parts"), Hold("suspension", hours(5), hours(20), "typhoon", AREA)]
    assert held_events([], held) == [Suspended(hours(1), hours(10), "parts"), Suspended(hours(10), hours(20), "typhoon")]
    assert held_at(held, hours(2)) == Held("suspended", hours(20), None)
    assert held_at(held, hours(6)) == Held("suspended", hours(20), AREA)


def test_a_return_outweighs_a_suspension():
    held = [Hold("suspension", hours(1), hours(20)), Hold("return", hours(5), hours(8))]
    assert held_events([], held) == [
        Suspended(hours(1), hours(20)),
        Resumed(hours(5)),
        Paused(hours(5)),
        Resumed(hours(8)),
        Suspended(hours(8), hours(20)),
    ]


@pytest.mark.parametrize("days", [365, 366])
def test_suspensions_that_follow_each_other_may_last_longer_than_a_year_together(days):
    first = Hold("suspension", hours(0), hours(24 * days))
    second = Hold("suspension", hours(24 * 100), hours(24 * 100) + LONGEST_SUSPENSION)
    assert stretches(LIMIT, START, held_events([], [first, second]))[-1].start == hours(24 * 100) + LONGEST_SUSPENSION
