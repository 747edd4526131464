"""The working calendar: which days work, at which hours, and for which years that is known.

Monday to Friday work unless a day's override says otherwise; weekends are off unless it is a make-up working day. Only covered years are
answered for: everything else raises `CalendarGap`, inside this domain, and becomes `awaiting_calendar`.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from backend.core.problems import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
ONE_DAY = dt.timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1992, 2200  # China kept summer time from 1986 to 1991

Span = tuple[dt.time, dt.time]


class CalendarInvalid(Invalid):
    """Working hours or years that contradict themselves."""

    slug = "calendar_invalid"
    title = "The working calendar contradicts itself"
    title_zh = "工作日历自相矛盾"
    way_out = "State spans in order that do not overlap, and exactly one schedule of working hours for every day of the years covered."
    way_out_zh = "请按先后顺序填写互不重叠的时段，并保证所覆盖年份的每一天恰好有一套工作时间。"


class CalendarGap(Exception):
    """The calendar does not cover `year`. A signal inside this domain, never an answer to a caller of the API."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the working calendar does not cover {year}")
        self.year = year


@dataclass(frozen=True, slots=True)
class DayOverride:
    """A day that departs from Monday to Friday, or is worth a name: a holiday or a make-up working day."""

    working: bool
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Working hours of a working day, in force from `valid_from` until the day before `valid_until` (None: until further notice).

    `spans` are wall times in order that do not overlap, none across midnight. Raises CalendarInvalid.
    """

    valid_from: dt.date
    valid_until: dt.date | None
    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise CalendarInvalid(f"schedule from {self.valid_from}: valid_until {self.valid_until} is not after it")
        if not self.spans or any(start >= end for start, end in self.spans):
            raise CalendarInvalid(f"schedule from {self.valid_from}: needs spans, each with its start before its end")
        if any(before[1] > after[0] for before, after in pairwise(self.spans)):
            raise CalendarInvalid(f"schedule from {self.valid_from}: spans overlap or are out of order")
        if any(time.tzinfo is not None for span in self.spans for time in span):
            raise CalendarInvalid(f"schedule from {self.valid_from}: wall times carry no offset")


DEFAULT_SCHEDULE = Schedule(dt.date(FIRST_YEAR, 1, 1), None, ((dt.time(8), dt.time(12)), (dt.time(14), dt.time(18))))


@dataclass(frozen=True, slots=True)
class _Year:
    """The working spans of one year as microseconds since 1970 UTC; `total[i]` is the working time up to the end of span i."""

    starts: list[int]
    ends: list[int]
    total: list[int]

    def worked(self, instant: int) -> int:
        """Working microseconds from the beginning of the year to the instant."""
        at = bisect_right(self.starts, instant) - 1
        return self.total[at] - max(0, self.ends[at] - instant) if at >= 0 else 0

    def reached(self, worked: int) -> int | None:
        """The first instant at which so much has been worked: the closing minute, never the next morning. None: not in this year."""
        at = bisect_left(self.total, worked)
        return self.ends[at] - (self.total[at] - worked) if at < len(self.total) else None


@dataclass(frozen=True)
class WorkingCalendar:
    """One version of the calendar of one place; immutable, so keep one per version: its year tables are built on first use (about 1 ms).

    `years` are those somebody has confirmed; overrides of other years are kept and not used. Raises CalendarInvalid.
    """

    version: int
    years: frozenset[int]
    overrides: Mapping[dt.date, DayOverride]
    schedules: tuple[Schedule, ...] = (DEFAULT_SCHEDULE,)
    tz: ZoneInfo = SHANGHAI
    _tables: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    __hash__ = None  # type: ignore[assignment]  # holds a mapping; `version` is its key

    def __post_init__(self) -> None:
        object.__setattr__(self, "years", frozenset(self.years))
        object.__setattr__(self, "overrides", MappingProxyType(dict(self.overrides)))
        object.__setattr__(self, "schedules", tuple(sorted(self.schedules, key=lambda schedule: schedule.valid_from)))
        if absurd := sorted(year for year in self.years if not FIRST_YEAR <= year <= LAST_YEAR):
            raise CalendarInvalid(f"years: {absurd[0]} is not between {FIRST_YEAR} and {LAST_YEAR}", errors=[("/years", "out of range")])
        for before, after in pairwise(self.schedules):
            if before.valid_until is None or before.valid_until > after.valid_from:
                raise CalendarInvalid(f"schedules: those from {before.valid_from} and {after.valid_from} overlap")
        for year in sorted(self.years):
            self._must_have_hours(year)
            if not any(self.is_working_day(day) for day in days_between(dt.date(year, 1, 1), dt.date(year, 12, 31))):
                raise CalendarInvalid(f"overrides: {year} has no working day at all", errors=[("/overrides", f"{year} is all days off")])

    def _must_have_hours(self, year: int) -> None:
        day: dt.date | None = dt.date(year, 1, 1)
        for schedule in self.schedules:
            if day is None or schedule.valid_from > day:
                break
            if schedule.valid_until is None or schedule.valid_until > day:
                day = schedule.valid_until
        if day is not None and day.year == year:
            raise CalendarInvalid(f"schedules: no working hours are stated for {day}", errors=[("/schedules", f"nothing for {day}")])

    def with_year(self, version: int, year: int, overrides: Mapping[dt.date, DayOverride]) -> WorkingCalendar:
        """A new version that also covers `year`; overrides of that year replace what was there."""
        kept = {day: override for day, override in self.overrides.items() if day.year != year}
        return replace(self, version=version, years=self.years | {year}, overrides=kept | dict(overrides))

    def override(self, day: dt.date) -> DayOverride | None:
        """What is said about this day, if anything."""
        return self.overrides.get(day)

    def is_working_day(self, day: dt.date) -> bool:
        """Whether this local day works. Raises CalendarGap beyond the coverage, on either side and in between."""
        if day.year not in self.years:
            raise CalendarGap(day.year)
        override = self.overrides.get(day)
        return day.weekday() < 5 if override is None else override.working

    def hours_on(self, day: dt.date) -> tuple[Span, ...]:
        """The working hours of this local day as wall times; empty on a day off. Raises CalendarGap."""
        if not self.is_working_day(day):
            return ()
        return next(
            schedule.spans
            for schedule in self.schedules
            if schedule.valid_from <= day and (schedule.valid_until is None or day < schedule.valid_until)
        )

    def local_day(self, instant: dt.datetime) -> dt.date:
        """The day an instant falls on here."""
        return instant.astimezone(self.tz).date()

    def midnight(self, day: dt.date) -> dt.datetime:
        """The instant a local day begins, in UTC."""
        return self.instant(day, dt.time())

    def instant(self, day: dt.date, time: dt.time) -> dt.datetime:
        """A local wall time as an instant, in UTC."""
        return dt.datetime.combine(day, time, self.tz).astimezone(dt.UTC)

    def worked(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Working time between two instants, exact. Raises CalendarGap naming the first year between them that is not covered."""
        if end <= start:
            return dt.timedelta()
        first, last = self.local_day(start).year, self.local_day(end - MICROSECOND).year
        years = [self._year(year) for year in range(first, last + 1)]
        sum_ = sum(year.total[-1] for year in years[:-1]) - years[0].worked(_micros(start)) + years[-1].worked(_micros(end))
        return dt.timedelta(microseconds=sum_)

    def after(self, start: dt.datetime, amount: dt.timedelta) -> dt.datetime:
        """The first instant at which `amount` (above zero) of working time has passed since `start`, in UTC.

        A start outside working time counts from the next working minute; a span that ends at closing time stays there. Raises CalendarGap.
        """
        number = self.local_day(start).year
        year = self._year(number)
        goal = year.worked(_micros(start)) + amount // MICROSECOND
        while (found := year.reached(goal)) is None:
            goal -= year.total[-1]
            number += 1
            year = self._year(number)
        return EPOCH + found * MICROSECOND

    def _year(self, number: int) -> _Year:
        if number not in self.years:
            raise CalendarGap(number)
        if (table := self._tables.get(number)) is None:
            table = self._tables[number] = self._tabulate(number)
        return table

    def _tabulate(self, number: int) -> _Year:
        table = _Year([], [], [])
        sum_ = 0
        for day in days_between(dt.date(number, 1, 1), dt.date(number, 12, 31)):
            for span in self.hours_on(day):
                start, end = (_micros(self.instant(day, time)) for time in span)
                sum_ += end - start
                table.starts.append(start)
                table.ends.append(end)
                table.total.append(sum_)
        return table


def days_between(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    """Every day from first to last, both included."""
    return (first + dt.timedelta(days=number) for number in range((last - first).days + 1))


def looks_unconfirmed(overrides: Mapping[dt.date, DayOverride], years: Collection[int]) -> list[int]:
    """The years without a single make-up working day: since 2008 every notice has had some, so such a year was probably guessed."""
    with_make_up = {day.year for day, override in overrides.items() if override.working}
    return sorted(set(years) - with_make_up)


def _micros(instant: dt.datetime) -> int:
    return (instant - EPOCH) // MICROSECOND
