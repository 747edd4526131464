"""The clock against an oracle that walks minute by minute and asks another library which days work; and what must always hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import chinese_calendar
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.domains.deadlines.rules.calendar import SHANGHAI
from backend.domains.deadlines.rules.clock import compute, elapsed, remaining
from backend.domains.deadlines.rules.events import Extended, Paused, Resumed, Stopped, Suspended
from backend.domains.deadlines.rules.limits import UNITS, Limit
from tests.domains.deadlines.almanac import CALENDAR, WITH_2027, at, instants

MINUTE = dt.timedelta(minutes=1)
NOTHING = dt.timedelta()

# mostly near the two long holidays of the shipped years and at the turns of a day, where the rules are thickest
HARD_STARTS = st.one_of(
    instants("2025-01-01 00:00", "2026-09-30 00:00"),
    instants("2026-02-10 00:00", "2026-03-02 00:00"),
    instants("2025-09-25 00:00", "2025-10-14 00:00"),
    st.sampled_from([at(f"2026-02-{day:02} {hour:02}:00") for day in (13, 14, 15, 23, 24, 28) for hour in (0, 8, 12, 14, 18)]),
)
VALUES = st.decimals(Decimal("0.01"), 24, places=2)
UNIT = st.sampled_from(UNITS)
# whole hours and days as well, because they end at closing time
AMOUNTS = {
    "hours": st.one_of(st.integers(1, 24), VALUES),
    "minutes": st.integers(1, 600),
    "days": st.one_of(st.integers(1, 4), st.decimals(Decimal("0.01"), 4, places=2)),
}


def limits(units=UNIT):
    return units.flatmap(lambda unit: AMOUNTS[unit.split("_")[1]].map(lambda value: Limit(value, unit)))


@st.composite
def pauses(draw, start):
    """Pauses and suspensions in order, all over."""
    events, now = [], start
    for _ in range(draw(st.integers(0, 3))):
        begin = now + draw(st.timedeltas(NOTHING, dt.timedelta(hours=30)))
        end = begin + draw(st.timedeltas(dt.timedelta(seconds=1), dt.timedelta(hours=60)))
        begin, end = begin.replace(microsecond=0), end.replace(microsecond=0)
        assume(begin < end)
        events += draw(st.sampled_from([[Paused(begin), Resumed(end)], [Suspended(begin, end)]]))
        now = end
    return events


def counts(minute: dt.datetime, unit: str) -> bool:
    """Whether the minute that begins here is counted."""
    if unit in ("urgent_hours", "calendar_days"):
        return True
    return (8 <= minute.hour < 12 or 14 <= minute.hour < 18) and chinese_calendar.is_workday(minute.date())


def oracle(limit: Limit, start: dt.datetime, standing: list[tuple[dt.datetime, dt.datetime]]) -> dt.datetime:
    """Walk every minute of the wall clock, cut at the start and at pauses, until the amount is used up."""
    left = limit.amount
    zero = {"second": 0, "microsecond": 0, "tzinfo": None}
    minute = start.replace(**zero)
    wall = start.replace(tzinfo=None)
    standing = [(begin.replace(tzinfo=None), end.replace(tzinfo=None)) for begin, end in standing]
    while True:
        if counts(minute, limit.unit):
            pieces = [(max(wall, minute), minute + MINUTE)]
            for begin, end in standing:
                pieces = [
                    piece
                    for first, last in pieces
                    for piece in ((first, min(last, max(begin, first))), (max(first, min(end, last)), last))
                    if piece[0] < piece[1]
                ]
            for first, last in pieces:
                if last - first >= left:
                    return (first + left).replace(tzinfo=SHANGHAI)
                left -= last - first
        minute += MINUTE


@settings(max_examples=150, deadline=None)
@given(st.data(), limits(), HARD_STARTS)
def test_the_deadline_is_what_walking_minute_by_minute_finds(data, limit, start):
    events = data.draw(pauses(start))
    standing = []
    for number, event in enumerate(events):
        if isinstance(event, Suspended):
            standing.append((event.at, event.until))
        elif isinstance(event, Paused):
            standing.append((event.at, events[number + 1].at))
    assert compute(limit, start, CALENDAR, events).due == oracle(limit, start, standing)


@given(st.data(), limits(), HARD_STARTS)
def test_the_whole_limit_is_used_up_at_the_deadline_and_not_before(data, limit, start):
    outcome = compute(limit, start, CALENDAR, data.draw(pauses(start)))
    tick = dt.timedelta(microseconds=1)
    assert remaining(outcome, CALENDAR, outcome.due) == NOTHING
    assert remaining(outcome, CALENDAR, outcome.due - tick) == tick
    assert elapsed(outcome, CALENDAR, outcome.yellow_from) == limit.amount * 4 // 5


@given(limits(), HARD_STARTS, HARD_STARTS)
def test_a_later_start_is_never_due_earlier(limit, one, other):
    early, late = sorted((one, other))
    assert compute(limit, early, CALENDAR).due <= compute(limit, late, CALENDAR).due


@given(st.data(), UNIT, HARD_STARTS, VALUES, VALUES)
def test_a_longer_limit_is_due_later(data, unit, start, one, other):
    assume(one != other)
    short, long = sorted((one, other))
    events = data.draw(pauses(start))
    assert compute(Limit(short, unit), start, CALENDAR, events).due < compute(Limit(long, unit), start, CALENDAR, events).due


@given(limits(), HARD_STARTS)
def test_a_deadline_never_lies_outside_working_time(limit, start):
    due = compute(limit, start, CALENDAR).due.astimezone(SHANGHAI)
    if limit.measure == "working":
        assert chinese_calendar.is_workday(due.date())
        assert dt.time(8) < due.time() <= dt.time(12) or dt.time(14) < due.time() <= dt.time(18)


@given(limits(), HARD_STARTS, st.timedeltas(NOTHING, dt.timedelta(days=10)))
def test_a_pause_of_no_length_changes_nothing(limit, start, later):
    moment = start + later
    assert compute(limit, start, CALENDAR, [Paused(moment), Resumed(moment)]).due == compute(limit, start, CALENDAR).due


@given(
    limits(st.sampled_from(["working_hours", "working_days"])),
    HARD_STARTS,
    st.integers(0, 10),
    st.sampled_from([("12:00", "14:00", 0), ("18:00", "08:00", 1)]),
)
def test_a_pause_outside_working_time_changes_nothing_for_working_units(limit, start, days, pause):
    begin, end, nights = pause
    day = start.date() + dt.timedelta(days=days)
    first, last = at(f"{day} {begin}"), at(f"{day + dt.timedelta(days=nights)} {end}")
    assume(first >= start)
    assert compute(limit, start, CALENDAR, [Paused(first), Resumed(last)]).due == compute(limit, start, CALENDAR).due


@given(limits(), HARD_STARTS, st.tuples(*[st.timedeltas(NOTHING, dt.timedelta(hours=40))] * 3))
def test_a_pause_cut_in_two_is_the_same_pause(limit, start, gaps):
    first = start + gaps[0]
    middle, last = first + gaps[1], first + gaps[1] + gaps[2]
    whole = compute(limit, start, CALENDAR, [Paused(first), Resumed(last)])
    halves = compute(limit, start, CALENDAR, [Paused(first), Resumed(middle), Paused(middle), Resumed(last)])
    assert halves.due == whole.due


@given(st.data(), HARD_STARTS)
def test_a_suspension_is_a_pause_whose_end_is_known(data, start):
    limit = data.draw(limits())
    begin = start + data.draw(st.timedeltas(NOTHING, dt.timedelta(hours=40)))
    end = begin + data.draw(st.timedeltas(dt.timedelta(seconds=1), dt.timedelta(hours=40)))
    assert (
        compute(limit, start, CALENDAR, [Suspended(begin, end)]).due == compute(limit, start, CALENDAR, [Paused(begin), Resumed(end)]).due
    )


@given(UNIT, HARD_STARTS, VALUES, VALUES, st.timedeltas(NOTHING, dt.timedelta(days=5)))
def test_the_order_and_the_moment_of_extensions_do_not_matter(unit, start, one, other, later):
    limit, moment = Limit(1, unit), start + later
    first, second = Limit(one, unit), Limit(other, unit)
    due = compute(Limit(1 + one + other, unit), start, WITH_2027).due
    assert compute(limit, start, WITH_2027, [Extended(start, first), Extended(moment, second)]).due == due
    assert compute(limit, start, WITH_2027, [Extended(moment, second), Extended(moment, first)]).due == due


@given(limits(), HARD_STARTS, st.timedeltas(NOTHING, dt.timedelta(days=10)))
def test_stopping_keeps_the_deadline_and_the_time_that_was_left(limit, start, later):
    running = compute(limit, start, CALENDAR)
    stopped = compute(limit, start, CALENDAR, [Stopped(start + later)])
    assert stopped.due == running.due
    assert stopped.left == remaining(running, CALENDAR, start + later)


@given(limits(), instants("2026-12-20 00:00", "2027-01-05 00:00"))
def test_a_known_deadline_stays_what_it_is_when_a_year_is_added(limit, start):
    before, after = compute(limit, start, CALENDAR), compute(limit, start, WITH_2027)
    assert (before.due is None) == (before.missing_year == 2027)
    assert before.due in (None, after.due)
    assert after.due is not None


@given(st.data(), limits(), HARD_STARTS)
def test_the_counted_steps_add_up_to_what_was_granted(data, limit, start):
    events = [*data.draw(pauses(start)), Extended(start + dt.timedelta(days=12), Limit(1, limit.unit))]
    outcome = compute(limit, start, CALENDAR, events)
    assert sum((step.counted for step in outcome.steps), NOTHING) == outcome.granted
    walk = [step for step in outcome.steps if step.kind not in ("limit", "extended", "due")]
    assert all(one.end <= other.start for one, other in pairwise(walk))
    assert walk[-1].end == outcome.due == outcome.steps[-1].start
