"""Deadlines worked out a second time, by other means: day by day, with the working days of `chinesecalendar`.

Nothing here comes from the system under test. The rules are those of the domain page, section 4: urgent hours and calendar days run without
break; working minutes, hours and days (of 8 hours) only from 08:00 to 12:00 and from 14:00 to 18:00 of working days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import chinese_calendar

LOCAL = dt.timezone(dt.timedelta(hours=8))
HOURS = ((dt.time(8), dt.time(12)), (dt.time(14), dt.time(18)))
SECONDS = {
    "working_minutes": 60,
    "working_hours": 3600,
    "working_days": 8 * 3600,
    "urgent_hours": 3600,
    "calendar_days": 24 * 3600,
}
_ALWAYS = {"urgent_hours", "calendar_days"}
REWORK_S = 2 * 3600
"""The least a rework gets: two hours, working or urgent as its limit counts."""


@dataclass
class Hold:
    """The clock stands from `at` until `until` (None: nobody has said until when)."""

    at: dt.datetime
    until: dt.datetime | None


@dataclass
class Stop:
    """The work was handed back, and came back for rework at `restarted` (None: it did not)."""

    at: dt.datetime
    restarted: dt.datetime | None = None


@dataclass(frozen=True)
class Extension:
    """So many seconds more, given at that time."""

    at: dt.datetime
    seconds: int


@dataclass(frozen=True)
class Limit:
    """So many of a unit."""

    value: int
    unit: str

    @property
    def seconds(self) -> int:
        """The same in seconds, of working time or of all."""
        return self.value * SECONDS[self.unit]

    @property
    def always(self) -> bool:
        """Whether all time counts."""
        return self.unit in _ALWAYS


def is_working(day: dt.date) -> bool:
    """Whether people work on that day. Raises NotImplementedError for a year whose notice is not known."""
    return bool(chinese_calendar.is_workday(day))


def due(
    limit: Limit, start: dt.datetime, *, holds: Sequence[Hold] = (), stops: Sequence[Stop] = (), extensions: Sequence[Extension] = ()
) -> dt.datetime | None:
    """When the limit is used up. None: the clock stands with time left, or a year that is not known lies before it.

    Holds may overlap each other and what was handed back. Work that was handed back for good is asked for as if its clock had run on.
    """
    try:
        runs = _runs(start, holds, stops)
        granted = limit.seconds
        changes: list[tuple[dt.datetime, int]] = [(each.at, each.seconds) for each in extensions]
        changes += [(each.restarted, 0) for each in stops if each.restarted is not None]
        for at, more in sorted(changes):
            granted = granted + more if more else max(granted, _used(limit, runs, at) + REWORK_S)
        return _reached(limit, runs, granted)
    except NotImplementedError:
        return None


Run = tuple[dt.datetime, dt.datetime | None]


def _runs(start: dt.datetime, holds: Sequence[Hold], stops: Sequence[Stop]) -> list[Run]:
    """From when to when the clock runs: wherever nothing has it stand, and on from where it was stopped for good."""
    stands: list[Run] = [(each.at, each.until) for each in holds]
    stands += [(each.at, each.restarted) for each in stops if each.restarted is not None]
    runs: list[Run] = []
    since: dt.datetime | None = start
    for at, until in sorted(stands, key=lambda each: each[0]):
        if since is None:
            break
        if at > since:
            runs.append((since, at))
        since = None if until is None else max(since, until)
    if since is not None:
        runs.append((since, None))
    last = next((each.at for each in stops if each.restarted is None), None)
    if last is None:
        return runs
    return [*((at, last if until is None else min(until, last)) for at, until in runs if at < last), (last, None)]


def _counted(limit: Limit, start: dt.datetime, end: dt.datetime | None) -> Iterator[Run]:
    """The parts of a time that count for the limit."""
    if limit.always:
        yield start, end
        return
    day = start.astimezone(LOCAL).date()
    while end is None or day <= end.astimezone(LOCAL).date():
        if is_working(day):
            for opens, closes in HOURS:
                first, last = dt.datetime.combine(day, opens, LOCAL), dt.datetime.combine(day, closes, LOCAL)
                first, last = max(first, start), last if end is None else min(last, end)
                if first < last:
                    yield first, last
        day += dt.timedelta(days=1)


def _used(limit: Limit, runs: Sequence[Run], until: dt.datetime) -> float:
    sum_ = 0.0
    for start, end in runs:
        if start < until:
            for first, last in _counted(limit, start, until if end is None else min(until, end)):
                assert last is not None, "asked up to a moment"
                sum_ += (last - first).total_seconds()
    return sum_


def _reached(limit: Limit, runs: Sequence[Run], seconds: float) -> dt.datetime | None:
    left = dt.timedelta(seconds=seconds)
    for start, end in runs:
        for first, last in _counted(limit, start, end):
            if last is None or last - first >= left:
                return first + left
            left -= last - first
    return None
