"""The shipped calendar as rules see it, and short ways to write a time at Linping."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hypothesis import strategies as st

import backend.domains.deadlines.rules
from backend.domains.deadlines.rules.calendar import SHANGHAI, DayOverride, WorkingCalendar
from backend.domains.deadlines.rules.calendar_file import overrides_from_csv

DATA = Path(backend.domains.deadlines.rules.__file__).parent.parent / "data"
CSV = (DATA / "calendar_cn.csv").read_text(encoding="utf-8")
YEARS = frozenset({2025, 2026})
CALENDAR = WorkingCalendar(version=1, years=YEARS, overrides=overrides_from_csv(CSV, years=YEARS))

# what an administrator might enter once the notice is out; invented for tests
NEW_YEAR_2027 = {dt.date(2027, 1, 1): DayOverride(working=False, note_zh="元旦", note_en="New Year's Day")}
WITH_2027 = CALENDAR.with_year(2, 2027, NEW_YEAR_2027)


def at(text: str) -> dt.datetime:
    """A wall time at Linping: `at("2026-02-13 17:00")`."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def instants(first: str, last: str) -> st.SearchStrategy[dt.datetime]:
    """Any whole second between two wall times."""
    seconds = (at(last) - at(first)) // dt.timedelta(seconds=1)
    return st.integers(0, seconds).map(lambda second: at(first) + dt.timedelta(seconds=second))
