"""What an administrator may do to the calendar, and what is there to be found."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backend.core.problems import Invalid, Missing
from backend.domains.deadlines.rules.calendar import FIRST_YEAR, LAST_YEAR, CalendarInvalid, DayOverride, Schedule

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DeadlineMissing(Missing):
    """No deadline with this id."""

    slug = "deadline_not_found"
    title = "There is no such deadline"
    title_zh = "时限不存在"
    way_out = "Take the id from `deadline` of a dispatch (GET /api/v1/findings/{id})."
    way_out_zh = "请使用派遣任务中的 deadline 编号（GET /api/v1/findings/{id}）。"


class CalendarYearMissing(Missing):
    """The calendar does not cover the year; `covered` lists those it does."""

    slug = "calendar_year_not_found"
    title = "The working calendar does not cover this year"
    title_zh = "工作日历未覆盖该年份"
    way_out = "An administrator adds the year with PUT /api/v1/calendar/{year} once its notice is out."
    way_out_zh = "待放假通知发布后，由管理员通过 PUT /api/v1/calendar/{year} 补录。"


class CalendarUnconfirmed(Invalid):
    """A year of which nothing departs from Monday to Friday: no notice was ever like that."""

    slug = "calendar_unconfirmed"
    title = "This year has no holiday at all"
    title_zh = "该年份没有任何节假日安排"
    way_out = "Send the days off and the make-up working days of the notice; or, if it really has none, the same again with confirm: true."
    way_out_zh = "请提交放假通知中的休息日和调休上班日；若确无安排，请附 confirm: true 重新提交。"


def days_of(days: Sequence[Mapping[str, Any]]) -> dict[dt.date, DayOverride]:
    """Overrides by day from `{day, working, note_zh, note_en}`. Raises CalendarInvalid where a day is given twice."""
    overrides: dict[dt.date, DayOverride] = {}
    errors = []
    for place, said in enumerate(days):
        if said["day"] in overrides:
            errors.append((f"/days/{place}/day", f"{said['day']} was already given"))
        overrides[said["day"]] = DayOverride(said["working"], said["note_zh"], said["note_en"])
    if errors:
        raise CalendarInvalid(f"days: {errors[0][1]}", errors=errors)
    return overrides


def read_day(text: str) -> dt.date:
    """A day written as 2026-02-14. Raises CalendarInvalid."""
    try:
        return dt.date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError as fault:
        raise CalendarInvalid(f"day: {text[:20]!r} is no day such as 2026-02-14", errors=[("/day", "no day")]) from fault


def check_year(year: int, overrides: Mapping[dt.date, DayOverride], *, confirm: bool) -> None:
    """Raise CalendarInvalid for an absurd year or a day of another year, CalendarUnconfirmed for a year that says nothing."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise CalendarInvalid(f"year: {year} is not between {FIRST_YEAR} and {LAST_YEAR}", errors=[("/year", "out of range")])
    strange = sorted(day for day in overrides if day.year != year)
    if strange:
        errors = [(f"/days/{day}", f"is no day of {year}") for day in strange]
        raise CalendarInvalid(f"days: {strange[0]} is no day of {year}", errors=errors)
    if not overrides and not confirm:
        raise CalendarUnconfirmed(f"days: nothing is said about {year}", errors=[("/days", "no day off and no make-up working day")])


def check_covered(year: int, covered: Collection[int]) -> None:
    """Raise CalendarYearMissing unless the calendar covers the year."""
    if year not in covered:
        raise CalendarYearMissing(f"year: {year} is not covered", covered=sorted(covered))


def stated_anew(present: Sequence[Schedule], new: Schedule) -> list[Schedule]:
    """The schedules once `new` holds on its days: those it meets give way for that time and go on after it, in order of their days."""
    result = [new]
    for old in present:
        if old.valid_from < new.valid_from:
            until = new.valid_from if old.valid_until is None else min(old.valid_until, new.valid_from)
            result.append(replace(old, valid_until=until))
        if new.valid_until is not None and (old.valid_until is None or new.valid_until < old.valid_until):
            result.append(replace(old, valid_from=max(old.valid_from, new.valid_until)))
    return sorted(result, key=lambda schedule: schedule.valid_from)
