"""The clock at its edges: each case is a time somebody could ask about."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest

from backend.domains.deadlines.rules.calendar import Schedule, WorkingCalendar
from backend.domains.deadlines.rules.clock import colour, compute, elapsed, remaining
from backend.domains.deadlines.rules.events import Extended, Paused, Restarted, Resumed, Stopped, Suspended
from backend.domains.deadlines.rules.limits import Limit
from tests.domains.deadlines.almanac import CALENDAR, NEW_YEAR_2027, WITH_2027, at

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)


def due(value, unit, start, *events, calendar=CALENDAR):
    return compute(Limit(value, unit), at(start), calendar, events).due


# Monday 2 March 2026 and the days after it are ordinary
@pytest.mark.parametrize(
    ("value", "unit", "start", "expected"),
    [
        # before work, in the lunch break, after closing: from the next working minute
        (2, "working_hours", "2026-03-02 06:30", "2026-03-02 10:00"),
        (2, "working_hours", "2026-03-02 12:30", "2026-03-02 16:00"),
        (2, "working_hours", "2026-03-02 19:00", "2026-03-03 10:00"),
        (2, "working_hours", "2026-03-02 18:00", "2026-03-03 10:00"),
        (2, "working_hours", "2026-03-02 12:00", "2026-03-02 16:00"),
        (2, "working_hours", "2026-03-02 23:59:59", "2026-03-03 10:00"),
        # across the lunch break and over night
        (2, "working_hours", "2026-03-02 11:00", "2026-03-02 15:00"),
        (4, "working_hours", "2026-03-02 16:30", "2026-03-03 10:30"),
        # a span that ends at closing stays there
        (4, "working_hours", "2026-03-02 14:00", "2026-03-02 18:00"),
        (4, "working_hours", "2026-03-02 08:00", "2026-03-02 12:00"),
        (1, "working_days", "2026-03-02 08:00", "2026-03-02 18:00"),
        # one working day filed at 17:00 ends at 17:00 of the next
        (1, "working_days", "2026-03-02 17:00", "2026-03-03 17:00"),
        (1, "working_days", "2026-03-06 17:00", "2026-03-09 17:00"),
        (5, "working_days", "2026-03-02 09:15", "2026-03-09 09:15"),
        # seconds are kept
        (2, "working_hours", "2026-03-02 11:00:37", "2026-03-02 15:00:37"),
        (2, "working_hours", "2026-03-02 17:59:59", "2026-03-03 09:59:59"),
        (Decimal("0.25"), "working_hours", "2026-03-02 11:50", "2026-03-02 14:05"),
        # on a holiday; on the Friday before it; on a make-up Saturday; on the one after the holiday
        (2, "working_hours", "2026-02-18 10:00", "2026-02-24 10:00"),
        (2, "working_days", "2026-02-13 14:00", "2026-02-24 12:00"),
        (1, "working_hours", "2026-02-14 09:00", "2026-02-14 10:00"),
        (5, "working_days", "2026-02-24 08:00", "2026-02-28 18:00"),
        (Decimal("5.125"), "working_days", "2026-02-24 08:00", "2026-03-02 09:00"),
        # National Day 2025: Sunday 28 September works, 1 to 8 October are off, Saturday 11 October works
        (1, "working_days", "2025-09-27 10:00", "2025-09-28 18:00"),
        (3, "working_days", "2025-09-30 09:00", "2025-10-11 09:00"),
        (4, "working_days", "2025-09-30 09:00", "2025-10-13 09:00"),
        # across new year inside the coverage; Sunday 4 January 2026 works
        (2, "working_days", "2025-12-31 17:00", "2026-01-05 17:00"),
        # urgent hours run at night and on holidays; calendar days keep the wall time
        (2, "urgent_hours", "2026-02-16 23:30", "2026-02-17 01:30"),
        (4, "urgent_hours", "2026-03-02 11:00:07", "2026-03-02 15:00:07"),
        (1, "calendar_days", "2026-02-16 15:20:30", "2026-02-17 15:20:30"),
        (10, "calendar_days", "2026-02-14 00:00", "2026-02-24 00:00"),
        # a year elsewhere has summer time in it; here 200 days keep the wall time
        (200, "calendar_days", "2026-01-15 09:00", "2026-08-03 09:00"),
        # the last minute of the coverage
        (1, "working_hours", "2026-12-31 17:00", "2026-12-31 18:00"),
    ],
)
def test_due(value, unit, start, expected):
    assert due(value, unit, start) == at(expected)


def test_every_instant_of_an_outcome_is_utc():
    outcome = compute(Limit(2, "calendar_days"), at("2026-03-02 09:00"), CALENDAR, [Paused(at("2026-03-02 10:00"))])
    after = compute(Limit(2, "calendar_days"), at("2026-03-02 09:00"), CALENDAR)
    assert {one.tzinfo for one in (after.due, after.yellow_from, after.start, outcome.stretches[-1].start)} == {dt.UTC}


def test_the_start_is_the_same_instant_whatever_offset_it_is_written_in():
    start = at("2026-03-02 09:00")
    assert compute(Limit(2, "working_days"), start, CALENDAR) == compute(Limit(2, "working_days"), start.astimezone(dt.UTC), CALENDAR)


def test_a_working_day_is_eight_hours_even_where_a_day_has_six():
    short = Schedule(dt.date(2020, 1, 1), None, ((dt.time(9), dt.time(12)), (dt.time(13), dt.time(16))))
    calendar = WorkingCalendar(1, frozenset({2026}), {}, (short,))
    assert due(1, "working_days", "2026-03-02 09:00", calendar=calendar) == at("2026-03-03 11:00")


# Coverage


@pytest.mark.parametrize(
    ("value", "unit", "start", "year"),
    [
        (1, "working_hours", "2026-12-31 17:00:01", 2027),
        (5, "working_days", "2026-12-29 10:00", 2027),
        (1, "working_hours", "2027-01-01 00:00", 2027),
        (1, "working_hours", "2031-05-01 10:00", 2031),
        (1, "working_hours", "2024-12-31 17:00", 2024),
    ],
)
def test_a_deadline_beyond_the_coverage_waits_and_names_the_year(value, unit, start, year):
    outcome = compute(Limit(value, unit), at(start), CALENDAR)
    assert (outcome.state, outcome.due, outcome.missing_year) == ("awaiting_calendar", None, year)
    assert outcome.known_until == at(f"{year}-01-01 00:00")


def test_adding_the_year_gives_the_deadline():
    limit, start = Limit(5, "working_days"), at("2026-12-29 10:00")
    assert compute(limit, start, CALENDAR).state == "awaiting_calendar"
    outcome = compute(limit, start, WITH_2027)
    # 6 + 8 + 8 hours in December, 1 January is off, 8 + 8 on Monday and Tuesday, 2 on Wednesday
    assert (outcome.state, outcome.due, outcome.missing_year, outcome.calendar_version) == ("running", at("2027-01-06 10:00"), None, 2)


def test_a_year_that_is_not_the_missing_one_does_not_help():
    calendar = CALENDAR.with_year(2, 2028, NEW_YEAR_2027)
    outcome = compute(Limit(5, "working_days"), at("2026-12-29 10:00"), calendar)
    assert outcome.missing_year == 2027


@pytest.mark.parametrize(("value", "unit"), [(4, "urgent_hours"), (30, "calendar_days")])
def test_limits_that_always_count_need_no_calendar(value, unit):
    assert due(value, unit, "2030-12-31 22:00") == at("2030-12-31 22:00") + Limit(value, unit).amount


def test_a_deadline_met_before_the_coverage_ends_stands_whatever_comes_later():
    outcome = compute(Limit(1, "working_days"), at("2026-12-28 10:00"), CALENDAR, [Stopped(at("2027-02-01 10:00"))])
    assert (outcome.due, outcome.state, outcome.missing_year, outcome.left) == (at("2026-12-29 10:00"), "stopped", None, None)
    assert colour(outcome, at("2027-03-01 10:00")) == "red"


def test_an_open_pause_that_began_beyond_the_coverage_is_paused_and_names_the_year():
    outcome = compute(Limit(5, "working_days"), at("2026-12-30 10:00"), CALENDAR, [Paused(at("2027-01-05 10:00"))])
    assert (outcome.state, outcome.due, outcome.left, outcome.missing_year) == ("paused", None, None, 2027)


def test_a_pause_before_the_coverage_ends_asks_for_no_year_yet():
    outcome = compute(Limit(5, "working_days"), at("2026-12-29 10:00"), CALENDAR, [Paused(at("2026-12-30 10:00"))])
    assert (outcome.state, outcome.left, outcome.missing_year) == ("paused", 32 * HOUR, None)


def test_work_handed_back_in_time_is_stopped_even_where_its_deadline_waits():
    outcome = compute(Limit(5, "working_days"), at("2026-12-29 10:00"), CALENDAR, [Stopped(at("2026-12-30 10:00"))])
    assert (outcome.state, outcome.due, outcome.left, outcome.missing_year) == ("stopped", None, 32 * HOUR, 2027)
    assert colour(outcome, at("2027-05-01 10:00")) == "green"


def test_a_pause_that_ends_beyond_the_coverage_waits_too():
    events = [Suspended(at("2026-12-30 10:00"), at("2027-02-01 10:00"))]
    assert compute(Limit(5, "working_days"), at("2026-12-29 10:00"), CALENDAR, events).missing_year == 2027


# Events


def test_a_pause_stops_the_clock_and_what_was_left_runs_on():
    events = [Paused(at("2026-03-02 10:00")), Resumed(at("2026-03-03 15:00"))]
    assert due(4, "working_hours", "2026-03-02 09:00", *events) == at("2026-03-03 18:00")


def test_a_pause_counts_for_calendar_days_by_the_clock():
    events = [Paused(at("2026-03-02 10:00")), Resumed(at("2026-03-02 13:30"))]
    assert due(1, "calendar_days", "2026-03-02 09:00", *events) == at("2026-03-03 12:30")


def test_an_open_pause_has_no_deadline_but_the_time_that_is_left():
    outcome = compute(Limit(4, "working_hours"), at("2026-03-02 09:00"), CALENDAR, [Paused(at("2026-03-02 14:30"), "退单")])
    assert (outcome.state, outcome.due, outcome.left) == ("paused", None, HOUR / 2)
    assert remaining(outcome, CALENDAR, at("2026-03-20 09:00")) == HOUR / 2


def test_a_clock_that_was_over_before_it_was_paused_stays_due_then():
    outcome = compute(Limit(4, "working_hours"), at("2026-03-02 08:00"), CALENDAR, [Paused(at("2026-03-02 15:00"))])
    assert (outcome.state, outcome.due, outcome.left) == ("paused", at("2026-03-02 12:00"), -HOUR)


def test_a_pause_at_the_very_deadline_leaves_it_there():
    events = [Paused(at("2026-03-02 12:00")), Resumed(at("2026-03-05 08:00"))]
    assert due(4, "working_hours", "2026-03-02 08:00", *events) == at("2026-03-02 12:00")


def test_a_suspension_moves_the_deadline_at_once_because_its_end_is_known():
    outcome = compute(
        Limit(1, "working_days"), at("2026-03-02 10:00"), CALENDAR, [Suspended(at("2026-03-02 12:00"), at("2026-03-09 08:00"))]
    )
    # 6 hours are left on Monday the 9th
    assert (outcome.state, outcome.due) == ("running", at("2026-03-09 16:00"))


def test_ending_a_suspension_early_takes_the_rest_of_it_back():
    suspended = Suspended(at("2026-03-02 12:00"), at("2026-03-09 08:00"))
    assert due(1, "working_days", "2026-03-02 10:00", suspended, Resumed(at("2026-03-03 08:00"))) == at("2026-03-03 16:00")


def test_an_extension_adds_to_the_present_deadline():
    extended = Extended(at("2026-03-02 16:00"), Limit(1, "working_days"))
    assert due(1, "working_days", "2026-03-02 10:00", extended) == at("2026-03-04 10:00")


def test_an_extension_granted_after_the_deadline_still_adds_to_the_deadline():
    extended = Extended(at("2026-03-20 16:00"), Limit(1, "working_days"))
    assert due(1, "working_days", "2026-03-02 10:00", extended) == at("2026-03-04 10:00")


def test_hours_can_be_added_to_days_that_count_alike():
    assert due(1, "working_days", "2026-03-02 08:00", Extended(at("2026-03-02 09:00"), Limit(2, "working_hours"))) == at("2026-03-03 10:00")
    assert due(1, "calendar_days", "2026-03-02 08:00", Extended(at("2026-03-02 09:00"), Limit(2, "urgent_hours"))) == at("2026-03-03 10:00")


def test_handing_back_stops_the_clock_and_keeps_the_deadline_that_was_in_force():
    outcome = compute(Limit(1, "working_days"), at("2026-03-02 10:00"), CALENDAR, [Stopped(at("2026-03-02 17:00"))])
    assert (outcome.state, outcome.due, outcome.left) == ("stopped", at("2026-03-03 10:00"), 3 * HOUR)
    assert outcome.stopped_at == at("2026-03-02 17:00")


def test_rework_runs_on_what_was_left():
    events = [Stopped(at("2026-03-02 16:00")), Restarted(at("2026-03-04 09:00"), Limit(2, "working_hours"))]
    assert due(1, "working_days", "2026-03-02 10:00", *events) == at("2026-03-04 15:00")


@pytest.mark.parametrize("handed_back", ["2026-03-03 09:30", "2026-03-03 10:00", "2026-03-05 10:00"])
def test_rework_gets_at_least_the_minimum(handed_back):
    events = [Stopped(at(handed_back)), Restarted(at("2026-03-06 09:00"), Limit(2, "working_hours"))]
    assert due(1, "working_days", "2026-03-02 10:00", *events) == at("2026-03-06 11:00")


def test_rework_without_a_minimum_of_a_clock_that_was_over_stays_due_when_it_was():
    events = [Stopped(at("2026-03-05 10:00")), Restarted(at("2026-03-06 09:00"))]
    assert due(1, "working_days", "2026-03-02 10:00", *events) == at("2026-03-03 10:00")


def test_an_extension_after_rework_adds_to_what_the_rework_was_given():
    events = [
        Stopped(at("2026-03-05 10:00")),
        Restarted(at("2026-03-06 09:00"), Limit(2, "working_hours")),
        Extended(at("2026-03-06 10:00"), Limit(1, "working_hours")),
    ]
    assert due(1, "working_days", "2026-03-02 10:00", *events) == at("2026-03-06 12:00")


# Elapsed, remaining, colour


def test_elapsed_and_remaining_count_in_the_measure_of_the_limit():
    outcome = compute(Limit(1, "working_days"), at("2026-03-06 16:00"), CALENDAR)
    now = at("2026-03-09 09:30:30")
    assert elapsed(outcome, CALENDAR, now) == 3.5 * HOUR + 30 * SECOND
    assert remaining(outcome, CALENDAR, now) == 4.5 * HOUR - 30 * SECOND
    assert elapsed(outcome, CALENDAR, at("2026-03-06 15:00")) == dt.timedelta()
    assert remaining(outcome, CALENDAR, at("2026-03-10 16:00")) == -8 * HOUR


def test_elapsed_is_unknown_where_the_calendar_does_not_reach():
    outcome = compute(Limit(1, "working_days"), at("2026-12-28 10:00"), CALENDAR)
    assert elapsed(outcome, CALENDAR, at("2027-01-04 10:00")) is None
    assert remaining(outcome, CALENDAR, at("2027-01-04 10:00")) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-06 08:00", "green"),  # before it began
        ("2026-03-06 16:00", "green"),
        ("2026-03-08 12:00", "green"),  # the weekend uses nothing up
        ("2026-03-09 15:00", "green"),  # 8 of 10 hours: 80 % is still green
        ("2026-03-09 15:00:01", "yellow"),
        ("2026-03-09 17:00", "yellow"),  # 100 % is still yellow
        ("2026-03-09 17:00:01", "red"),
        ("2027-06-01 12:00", "red"),
    ],
)
def test_green_to_eighty_percent_yellow_to_the_end_red_beyond(now, expected):
    # Friday 15:00 with 10 working hours: 3 on Friday, 7 on Monday; 80 % on Monday 15:00
    outcome = compute(Limit(10, "working_hours"), at("2026-03-06 15:00"), CALENDAR)
    assert colour(outcome, at(now)) == expected


def test_late_is_red_although_no_working_time_has_passed_since_closing():
    outcome = compute(Limit(4, "working_hours"), at("2026-03-02 14:00"), CALENDAR)
    assert elapsed(outcome, CALENDAR, at("2026-03-02 18:30")) == 4 * HOUR
    assert colour(outcome, at("2026-03-02 18:30")) == "red"


def test_a_paused_clock_keeps_its_colour():
    paused = [Paused(at("2026-03-02 10:00"))]
    assert colour(compute(Limit(4, "working_hours"), at("2026-03-02 08:00"), CALENDAR, paused), at("2026-03-20 10:00")) == "green"
    paused = [Paused(at("2026-03-02 11:30"))]
    assert colour(compute(Limit(4, "working_hours"), at("2026-03-02 08:00"), CALENDAR, paused), at("2026-03-20 10:00")) == "yellow"


def test_a_stopped_clock_keeps_the_colour_it_was_stopped_with():
    outcome = compute(Limit(4, "working_hours"), at("2026-03-02 08:00"), CALENDAR, [Stopped(at("2026-03-02 10:00"))])
    assert colour(outcome, at("2026-03-20 10:00")) == "green"


def test_the_colour_of_a_waiting_deadline_is_known_as_far_as_the_calendar_reaches():
    outcome = compute(Limit(6, "working_days"), at("2026-12-24 10:00"), CALENDAR)
    # 80 % are 38.4 hours: 6 on the 24th, 8 each on the 25th, 28th, 29th and 30th, 0.4 on the 31st
    assert (outcome.state, outcome.yellow_from) == ("awaiting_calendar", at("2026-12-31 08:24"))
    assert colour(outcome, at("2026-12-29 10:00")) == "green"
    assert colour(outcome, at("2026-12-31 17:59")) == "yellow"
    assert colour(outcome, at("2027-01-01 00:00")) is None


def test_a_thousand_deadlines_of_sixty_working_days_are_computed_in_a_second():
    limit, start = Limit(60, "working_days"), at("2026-02-11 15:00:30")

    def seconds_each() -> float:
        began = time.process_time()
        for _ in range(40):
            compute(limit, start, CALENDAR)
        return (time.process_time() - began) / 40

    assert min(seconds_each() for _ in range(5)) < 0.001
