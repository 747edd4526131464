"""The oracle of the demo month: worked out by hand, and against the system's own clock for whatever may happen to one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domains import deadlines
from backend.domains.deadlines.rules import events as own
from backend.domains.deadlines.rules.calendar import WorkingCalendar
from backend.domains.deadlines.rules.calendar_file import overrides_from_csv
from backend.domains.deadlines.rules.clock import compute
from backend.domains.deadlines.rules.limits import Limit as OwnLimit
from backend.domains.findings.rules.reports import REWORK_AT_LEAST
from scripts.demo_month.oracle import LOCAL, Extension, Hold, Limit, Stop, due, is_working

CSV = (Path(deadlines.__path__[0]) / "data" / "calendar_cn.csv").read_text("utf-8")
CALENDAR = WorkingCalendar(1, frozenset({2025, 2026}), overrides_from_csv(CSV, years=(2025, 2026)))
DAY = dt.timedelta(days=1)


def at(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%m-%d %H:%M").replace(year=2026, tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("limit", "start", "end"),
    [
        ((4, "working_hours"), "09-18 16:00", "09-20 10:00"),  # a Friday; the make-up Sunday works, the Saturday does not
        ((1, "working_days"), "09-24 17:00", "09-28 17:00"),  # over Mid-Autumn
        ((2, "working_days"), "09-30 15:00", "10-09 15:00"),  # over National Day
        ((2, "working_hours"), "10-09 17:00", "10-10 09:00"),  # into the make-up Saturday
        ((15, "working_minutes"), "09-14 11:50", "09-14 14:05"),  # over noon
        ((30, "working_minutes"), "09-19 10:00", "09-20 08:30"),  # from a Saturday
        ((4, "urgent_hours"), "09-30 23:00", "10-01 03:00"),  # night and holiday count
        ((2, "calendar_days"), "10-01 09:15", "10-03 09:15"),
        ((4, "working_hours"), "09-14 08:00", "09-14 12:00"),  # used up at closing time, not after noon
    ],
)
def test_a_limit_ends_where_it_does_by_hand(limit, start, end):
    assert due(Limit(*limit), at(start)) == at(end)


def test_a_suspended_clock_runs_on_by_itself_and_one_whose_return_is_undecided_has_no_deadline():
    limit, start = Limit(8, "working_hours"), at("09-14 08:00")
    assert due(limit, start, holds=[Hold(at("09-14 10:00"), at("09-16 00:00"))]) == at("09-16 16:00")
    assert due(limit, start, holds=[Hold(at("09-14 10:00"), at("09-15 08:00"))]) == at("09-15 16:00")
    assert due(limit, start, holds=[Hold(at("09-14 10:00"), None)]) is None


def test_holds_that_overlap_are_counted_once():
    limit, start = Limit(4, "urgent_hours"), at("09-14 08:00")
    holds = [
        Hold(at("09-14 09:00"), at("09-14 12:00")),
        Hold(at("09-14 10:00"), at("09-14 11:00")),
        Hold(at("09-14 11:30"), at("09-14 13:00")),
    ]
    assert due(limit, start, holds=holds) == at("09-14 16:00")


def test_a_rework_has_two_hours_at_least_and_what_was_handed_back_keeps_the_deadline_that_was_in_force():
    limit, start = Limit(4, "working_hours"), at("09-14 08:00")
    assert due(limit, start, stops=[Stop(at("09-14 11:50"))]) == at("09-14 12:00")
    assert due(limit, start, stops=[Stop(at("09-14 11:50"), at("09-14 15:00"))]) == at("09-14 17:00")


def test_a_year_that_is_not_known_is_not_guessed():
    assert due(Limit(1, "working_days"), at("12-31 17:00")) is None
    with pytest.raises(NotImplementedError):
        is_working(dt.date(2027, 1, 4))


def test_both_know_the_same_working_days():
    days = [dt.date(2025, 1, 1) + number * DAY for number in range(730)]
    assert [day for day in days if CALENDAR.is_working_day(day) != is_working(day)] == []


@st.composite
def histories(draw):
    """A limit, a start, and what can happen to a clock, as both sides say it."""
    unit = draw(st.sampled_from(["working_minutes", "working_hours", "working_days", "urgent_hours", "calendar_days"]))
    value = draw(st.integers(1, 300 if unit == "working_minutes" else 12))
    start = moment = at("09-14 00:00") + dt.timedelta(minutes=draw(st.integers(0, 30 * 24 * 60)))
    limit = OwnLimit(value, unit)
    events, holds, stops, extensions = [], [], [], []
    for _ in range(draw(st.integers(0, 6))):
        moment += dt.timedelta(minutes=draw(st.integers(1, 3 * 24 * 60)))
        stopped, returned = stops and stops[-1].restarted is None, holds and holds[-1].until is None
        open_to = ["restart"] if stopped else ["resume", "stop", "extend"] if returned else ["return", "suspend", "stop", "extend"]
        kind = draw(st.sampled_from(open_to))
        if kind == "suspend":
            until = moment + dt.timedelta(minutes=draw(st.integers(1, 5 * 24 * 60)))
            events.append(own.Suspended(moment, until))
            holds.append(Hold(moment, until))
            if draw(st.booleans()):
                holds[-1].until = until = moment + (until - moment) / 2
                events.append(own.Resumed(until))
            moment = until
        elif kind == "extend":
            events.append(own.Extended(moment, limit))
            extensions.append(Extension(moment, Limit(value, unit).seconds))
        elif kind == "return":
            events.append(own.Paused(moment))
            holds.append(Hold(moment, None))
        elif kind == "restart":
            events.append(own.Restarted(moment, REWORK_AT_LEAST[limit.measure]))
            stops[-1].restarted = moment
        else:
            if returned:
                holds[-1].until = moment
            events.append(own.Resumed(moment) if kind == "resume" else own.Stopped(moment))
            stops += [Stop(moment)] if kind == "stop" else []
    return limit, start, events, {"holds": holds, "stops": stops, "extensions": extensions}


@settings(max_examples=400)
@given(histories())
def test_the_oracle_and_the_clock_agree_on_whatever_happens(history):
    limit, start, events, happened = history
    assert compute(limit, start, CALENDAR, events).due == due(Limit(int(limit.value), limit.unit), start, **happened)
