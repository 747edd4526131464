"""The working calendar: working time between instants, dated working hours, coverage, and calendars that contradict themselves."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.deadlines.rules.calendar import (
    DEFAULT_SCHEDULE,
    CalendarGap,
    CalendarInvalid,
    DayOverride,
    Schedule,
    WorkingCalendar,
    days_between,
)
from tests.domains.deadlines.almanac import CALENDAR, NEW_YEAR_2027, WITH_2027, at, instants

MORNING = ((dt.time(8), dt.time(12)),)
HOUR = dt.timedelta(hours=1)


def date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def schedules(*rows: tuple[str, str | None]) -> tuple[Schedule, ...]:
    return tuple(Schedule(date(since), None if until is None else date(until), MORNING) for since, until in rows)


def test_working_time_of_a_week_is_forty_hours():
    assert CALENDAR.worked(at("2026-03-02 00:00"), at("2026-03-09 00:00")) == 40 * HOUR


def test_working_time_is_exact_to_the_microsecond():
    start = at("2026-03-02 11:59:59").replace(microsecond=999_999)
    assert CALENDAR.worked(start, at("2026-03-02 13:00")) == dt.timedelta(microseconds=1)


def test_no_time_has_no_working_time_wherever_it_lies():
    assert CALENDAR.worked(at("2030-01-01 00:00"), at("2030-01-01 00:00")) == dt.timedelta()


def test_working_time_up_to_the_last_instant_of_the_coverage_is_known():
    assert CALENDAR.worked(at("2026-12-31 17:00"), at("2027-01-01 00:00")) == HOUR


@pytest.mark.parametrize(
    ("start", "end", "year"),
    [
        ("2024-12-31 10:00", "2025-01-02 10:00", 2024),
        ("2026-12-31 10:00", "2027-01-01 00:00:01", 2027),
        ("2026-12-31 10:00", "2029-01-01 10:00", 2027),
    ],
)
def test_working_time_beyond_the_coverage_names_the_first_missing_year(start, end, year):
    with pytest.raises(CalendarGap) as gap:
        CALENDAR.worked(at(start), at(end))
    assert gap.value.year == year


def test_a_hole_in_the_coverage_is_a_gap_too():
    holed = WorkingCalendar(1, frozenset({2026, 2028}), {})
    with pytest.raises(CalendarGap) as gap:
        holed.after(at("2026-12-31 17:00"), 2 * HOUR)
    assert gap.value.year == 2027


def test_adding_a_year_makes_a_new_version_and_leaves_the_old_one():
    assert (WITH_2027.version, WITH_2027.years) == (2, {2025, 2026, 2027})
    assert CALENDAR.years == {2025, 2026}
    assert not WITH_2027.is_working_day(date("2027-01-01"))


def test_entering_a_year_again_replaces_what_was_said_about_it():
    again = WITH_2027.with_year(3, 2027, {date("2027-01-04"): DayOverride(working=False)})
    assert again.is_working_day(date("2027-01-01"))
    assert not again.is_working_day(date("2027-01-04"))
    assert {day for day in again.overrides if day.year < 2027} == set(CALENDAR.overrides)


def test_overrides_of_a_year_nobody_confirmed_are_kept_and_not_used():
    calendar = WorkingCalendar(1, frozenset({2026}), NEW_YEAR_2027)
    with pytest.raises(CalendarGap):
        calendar.is_working_day(date("2027-01-01"))


def test_a_calendar_does_not_change_when_the_mapping_it_was_made_of_does():
    mine = {date("2026-03-02"): DayOverride(working=False)}
    calendar = WorkingCalendar(1, frozenset({2026}), mine)
    mine.clear()
    assert not calendar.is_working_day(date("2026-03-02"))
    with pytest.raises(TypeError):
        calendar.overrides[date("2026-03-03")] = DayOverride(working=False)


def test_summer_hours_begin_on_their_day_and_end_the_day_before_their_end():
    summer = Schedule(date("2026-06-01"), date("2026-10-01"), ((dt.time(7), dt.time(11)), (dt.time(15), dt.time(19))))
    winter = DEFAULT_SCHEDULE.spans
    calendar = WorkingCalendar(
        1,
        frozenset({2026}),
        {},
        (Schedule(date("2026-10-01"), None, winter), summer, Schedule(date("2020-01-01"), date("2026-06-01"), winter)),
    )
    assert [calendar.hours_on(date(day))[0][0].hour for day in ("2026-05-29", "2026-06-01", "2026-09-30", "2026-10-01")] == [8, 7, 7, 8]
    assert calendar.after(at("2026-05-29 17:00"), 2 * HOUR) == at("2026-06-01 08:00")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "2026-01-01"),
        ([("2026-01-02", None)], "2026-01-01"),
        ([("2020-01-01", "2026-12-31")], "2026-12-31"),
        ([("2020-01-01", "2026-05-01"), ("2026-05-02", None)], "2026-05-01"),
        ([("2020-01-01", "2026-05-02"), ("2026-05-01", None)], "overlap"),
        ([("2020-01-01", None), ("2026-05-01", None)], "overlap"),
    ],
)
def test_a_covered_day_has_exactly_one_schedule(rows, why):
    with pytest.raises(CalendarInvalid, match=why):
        WorkingCalendar(1, frozenset({2026}), {}, schedules(*rows))


@pytest.mark.parametrize(
    "spans",
    [
        (),
        ((dt.time(12), dt.time(8)),),
        ((dt.time(8), dt.time(8)),),
        ((dt.time(14), dt.time(18)), (dt.time(8), dt.time(12))),
        ((dt.time(8), dt.time(12)), (dt.time(11), dt.time(18))),
        ((dt.time(8, tzinfo=dt.UTC), dt.time(12, tzinfo=dt.UTC)),),
    ],
)
def test_working_hours_that_make_no_sense_are_refused(spans):
    with pytest.raises(CalendarInvalid):
        Schedule(date("2026-01-01"), None, spans)


def test_a_schedule_that_ends_on_the_day_it_begins_is_refused():
    with pytest.raises(CalendarInvalid):
        Schedule(date("2026-01-01"), date("2026-01-01"), MORNING)


def test_a_year_without_a_working_day_is_refused():
    off = {day: DayOverride(working=False) for day in days_between(date("2026-01-01"), date("2026-12-31"))}
    with pytest.raises(CalendarInvalid, match="no working day"):
        WorkingCalendar(1, frozenset({2026}), off)


@pytest.mark.parametrize("year", [1991, 2201])
def test_years_with_summer_time_and_absurd_ones_are_refused(year):
    with pytest.raises(CalendarInvalid):
        WorkingCalendar(1, frozenset({year}), {})


INSTANTS = instants("2025-01-01 00:00", "2026-12-31 23:59")


@given(INSTANTS, INSTANTS, INSTANTS)
def test_working_time_adds_up(one, two, three):
    first, second, third = sorted((one, two, three))
    assert CALENDAR.worked(first, second) + CALENDAR.worked(second, third) == CALENDAR.worked(first, third)


@given(INSTANTS, st.timedeltas(dt.timedelta(microseconds=1), dt.timedelta(hours=800)))
def test_what_is_reached_after_so_much_working_time_is_the_first_such_instant(start, amount):
    reached = WITH_2027.after(start, amount)
    assert WITH_2027.worked(start, reached) == amount
    assert WITH_2027.worked(start, reached - dt.timedelta(microseconds=1)) == amount - dt.timedelta(microseconds=1)
