"""What an administrator may say about years, days and hours."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.deadlines.rules.administering import CalendarUnconfirmed, check_year, days_of, read_day, stated_anew
from backend.domains.deadlines.rules.calendar import DEFAULT_SCHEDULE, CalendarInvalid, DayOverride, Schedule

MORNING = ((dt.time(8), dt.time(12)),)
SUMMER = Schedule(dt.date(2026, 7, 1), dt.date(2026, 10, 1), ((dt.time(7), dt.time(11)), (dt.time(15), dt.time(19))))


def test_summer_hours_give_way_to_the_old_ones_afterwards():
    assert stated_anew([DEFAULT_SCHEDULE], SUMMER) == [
        Schedule(DEFAULT_SCHEDULE.valid_from, dt.date(2026, 7, 1), DEFAULT_SCHEDULE.spans),
        SUMMER,
        Schedule(dt.date(2026, 10, 1), None, DEFAULT_SCHEDULE.spans),
    ]


def test_hours_without_an_end_hold_from_their_day_on():
    new = Schedule(dt.date(2026, 8, 1), None, MORNING)
    assert [schedule.valid_from for schedule in stated_anew(stated_anew([DEFAULT_SCHEDULE], SUMMER), new)] == [
        DEFAULT_SCHEDULE.valid_from,
        dt.date(2026, 7, 1),
        dt.date(2026, 8, 1),
    ]


DAYS = st.integers(0, 40).map(lambda number: dt.date(2026, 1, 1) + dt.timedelta(days=number))


@st.composite
def schedules(draw):
    start = draw(DAYS)
    length = draw(st.none() | st.integers(1, 20))
    hour = draw(st.integers(0, 22))
    return Schedule(start, length and start + dt.timedelta(days=length), ((dt.time(hour), dt.time(hour + 1)),))


@given(st.lists(schedules(), min_size=1, max_size=6))
def test_every_day_has_the_hours_stated_last_for_it(stated):
    result = [DEFAULT_SCHEDULE]
    for schedule in stated:
        result = stated_anew(result, schedule)
    for number in range(70):
        day = dt.date(2025, 12, 25) + dt.timedelta(days=number)

        def holds(schedule, day=day):
            return schedule.valid_from <= day and (schedule.valid_until is None or day < schedule.valid_until)

        last = next(schedule for schedule in [*reversed(stated), DEFAULT_SCHEDULE] if holds(schedule))
        assert [schedule.spans for schedule in result if holds(schedule)] == [last.spans]


def test_a_year_that_says_nothing_needs_to_be_confirmed():
    with pytest.raises(CalendarUnconfirmed):
        check_year(2027, {}, confirm=False)
    check_year(2027, {}, confirm=True)


def test_days_of_another_year_and_absurd_years_are_refused():
    with pytest.raises(CalendarInvalid) as refused:
        check_year(2027, {dt.date(2026, 1, 1): DayOverride(working=False)}, confirm=False)
    assert [pointer for pointer, _ in refused.value.errors] == ["/days/2026-01-01"]
    for year in (0, 1991, 2201):
        with pytest.raises(CalendarInvalid):
            check_year(year, {}, confirm=True)


def test_a_day_given_twice_is_refused():
    said = {"day": dt.date(2027, 1, 1), "working": False, "note_zh": "", "note_en": ""}
    with pytest.raises(CalendarInvalid) as refused:
        days_of([said, said])
    assert [pointer for pointer, _ in refused.value.errors] == ["/days/1/day"]


@pytest.mark.parametrize("text", ["", "2027-02-30", "20270101", "2027-W01-1", "x" * 100])
def test_only_a_written_out_day_is_read(text):
    with pytest.raises(CalendarInvalid):
        read_day(text)
    assert read_day("2027-01-01") == dt.date(2027, 1, 1)
