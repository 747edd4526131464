"""The shipped calendar against two calendars kept by others, day by day."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
import holidays
import pytest

from backend.domains.deadlines.rules.calendar import CalendarGap, days_between, looks_unconfirmed
from tests.domains.deadlines.almanac import CALENDAR, CSV

DAYS = list(days_between(dt.date(2025, 1, 1), dt.date(2026, 12, 31)))


def test_every_day_agrees_with_holidays():
    theirs = holidays.country_holidays("CN", years=[2025, 2026])
    assert [day for day in DAYS if CALENDAR.is_working_day(day) != theirs.is_working_day(day)] == []


def test_every_day_agrees_with_chinesecalendar():
    assert [day for day in DAYS if CALENDAR.is_working_day(day) != chinese_calendar.is_workday(day)] == []


def test_there_are_248_working_days_in_each_year():
    # 365 days, 104 weekend days, less and more what the notices move
    assert [sum(CALENDAR.is_working_day(day) for day in DAYS if day.year == year) for year in (2025, 2026)] == [248, 248]


def test_every_make_up_day_is_there_and_on_a_weekend():
    make_up = [day for day, override in CALENDAR.overrides.items() if override.working]
    assert [f"{day:%m-%d}" for day in make_up if day.year == 2025] == ["01-26", "02-08", "04-27", "09-28", "10-11"]
    assert [f"{day:%m-%d}" for day in make_up if day.year == 2026] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert all(day.weekday() >= 5 for day in make_up)


def test_every_day_has_its_name_in_both_languages():
    assert [day for day, override in CALENDAR.overrides.items() if not (override.note_zh and override.note_en)] == []


def test_the_file_is_in_the_order_of_days():
    days = [line.split(",")[0] for line in CSV.splitlines()[1:]]
    assert days == sorted(days)


def test_2027_is_absent_and_2024_too():
    for year in (2024, 2027):
        with pytest.raises(CalendarGap) as gap:
            CALENDAR.is_working_day(dt.date(year, 6, 1))
        assert gap.value.year == year


def test_a_year_taken_from_holidays_before_its_notice_looks_unconfirmed():
    assert looks_unconfirmed(CALENDAR.overrides, [2025, 2026, 2027]) == [2027]
