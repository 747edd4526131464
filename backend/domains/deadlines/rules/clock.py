"""The stop clock: when a limit runs out, as a pure function of limit, start, calendar and events.

The clock is granted so much time (the limit, and what events add) and uses it up while it runs. The deadline is the first instant at
which all of it is used. Urgent hours and calendar days count always and need no calendar; working hours and working days count only
inside working time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from backend.domains.deadlines.rules.calendar import CalendarGap, WorkingCalendar
from backend.domains.deadlines.rules.events import ClockEvent, Extended, Restarted, Stretch, stretches
from backend.domains.deadlines.rules.explain.steps import Grant, Step, explain
from backend.domains.deadlines.rules.limits import Limit

State = Literal["running", "paused", "stopped", "awaiting_calendar"]
Colour = Literal["green", "yellow", "red"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a clock says. All instants are UTC.

    `state`: `paused` and `stopped` while it stands, `awaiting_calendar` when it runs into a year nobody has confirmed, else `running`, also
    through a suspension, whose end is known (`stretches` tell when it stands).
    `due`: when the granted time is used up. None while awaiting the calendar, and while paused with time left: nobody can say. A clock that
    was over before it was paused stays due then. Stopped: the deadline that was in force at hand-back.
    `yellow_from`: the same for 80 % of it. `missing_year`: the year to add before `due` can be computed, also beside `paused` or `stopped`.
    `known_until`: the first instant of that year. `left`: the time left while it stands, negative when overdue; None while running or
    unknown. `granted`: the limit and all that was added, in the limit's own measure.
    """

    state: State
    due: dt.datetime | None
    yellow_from: dt.datetime | None
    missing_year: int | None
    known_until: dt.datetime | None
    left: dt.timedelta | None
    granted: dt.timedelta
    limit: Limit
    start: dt.datetime
    calendar_version: int
    stretches: tuple[Stretch, ...]
    steps: tuple[Step, ...]

    @property
    def stopped_at(self) -> dt.datetime | None:
        """When it was handed back, if that is where it stands."""
        return self.stretches[-1].start if self.stretches[-1].kind == "stopped" else None


def compute(limit: Limit, start: dt.datetime, calendar: WorkingCalendar, events: Sequence[ClockEvent] = ()) -> Outcome:
    """Work out the deadline (domain.md section 4).

    `start` is any instant with an offset; `events` are in the order they happened. Raises ClockEventsContradict. A year the calendar does
    not cover is an answer (`missing_year`), not an error, and is met only by limits that count working time.
    """
    line = stretches(limit, start, events)
    tally = _Tally(limit, calendar, line)
    last = line[-1]
    due = yellow_from = left = known_until = None
    missing: int | None = None
    grants: tuple[Grant, ...] = ()
    granted = limit.amount
    try:
        grants = tally.grants(events)
        granted = grants[-1].granted if grants else granted
        yellow_from = tally.reached(granted * 4 // 5)
        due = tally.reached(granted)
    except CalendarGap as gap:
        missing = gap.year
        known_until = calendar.midnight(dt.date(gap.year, 1, 1))
    if last.kind in ("paused", "stopped"):
        # a deadline met before the coverage ends stands, even where what came after it cannot be counted
        with contextlib.suppress(CalendarGap):
            left = granted - tally.used(last.start)
    state: State = "running"
    if last.kind in ("paused", "stopped"):
        state = "paused" if last.kind == "paused" else "stopped"
    elif missing is not None:
        state = "awaiting_calendar"
    return Outcome(
        state=state,
        due=due,
        yellow_from=yellow_from,
        missing_year=missing,
        known_until=known_until,
        left=left,
        granted=granted,
        limit=limit,
        start=line[0].start,
        calendar_version=calendar.version,
        stretches=line,
        steps=explain(limit, line, grants, calendar, due=due, missing_year=missing),
    )


def elapsed(outcome: Outcome, calendar: WorkingCalendar, now: dt.datetime) -> dt.timedelta | None:
    """Time used up by `now`, in the limit's own measure (`limits.in_unit` gives its unit). None where the calendar does not reach."""
    try:
        return _Tally(outcome.limit, calendar, outcome.stretches).used(now)
    except CalendarGap:
        return None


def remaining(outcome: Outcome, calendar: WorkingCalendar, now: dt.datetime) -> dt.timedelta | None:
    """Time left at `now`, in the limit's own measure; negative when overdue. None where the calendar does not reach."""
    used = elapsed(outcome, calendar, now)
    return None if used is None else outcome.granted - used


def share_reached(outcome: Outcome, calendar: WorkingCalendar, share: Fraction) -> dt.datetime | None:
    """When so much of the granted time is used up, in UTC. None: not before the clock stands for good, or beyond the calendar."""
    try:
        return _Tally(outcome.limit, calendar, outcome.stretches).reached(outcome.granted * share.numerator // share.denominator)
    except CalendarGap:
        return None


def colour(outcome: Outcome, now: dt.datetime) -> Colour | None:
    """Green to 80 % of the limit, yellow to 100 %, red beyond (domain.md section 4), each by the limit's own measure; None: not known.

    80 % and 100 % are instants, so a query can ask for the same thing. Red begins the instant after `due`, although no working time
    has passed yet at 18:30 when it was due at 18:00: late is late. A clock that was stopped keeps the colour it was stopped with.
    """
    moment = now if outcome.stopped_at is None else min(now, outcome.stopped_at)
    if outcome.due is not None and moment > outcome.due:
        return "red"
    if outcome.due is None and outcome.known_until is not None and moment >= outcome.known_until:
        return None
    return "yellow" if outcome.yellow_from is not None and moment > outcome.yellow_from else "green"


@dataclass(frozen=True, slots=True)
class _Tally:
    """Counts a limit's measure along the stretches."""

    limit: Limit
    calendar: WorkingCalendar
    line: tuple[Stretch, ...]

    def _between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        return self.calendar.worked(start, end) if self.limit.measure == "working" else end - start

    def _after(self, start: dt.datetime, amount: dt.timedelta) -> dt.datetime:
        return self.calendar.after(start, amount) if self.limit.measure == "working" else start.astimezone(dt.UTC) + amount

    def used(self, until: dt.datetime) -> dt.timedelta:
        """How much the clock has run by then. Raises CalendarGap."""
        sum_ = dt.timedelta()
        for stretch in self.line:
            if stretch.kind == "running" and stretch.start < until:
                sum_ += self._between(stretch.start, until if stretch.end is None else min(until, stretch.end))
        return sum_

    def grants(self, events: Sequence[ClockEvent]) -> tuple[Grant, ...]:
        """What each event added to the limit. Raises CalendarGap where a rework's minimum depends on time that cannot be counted."""
        granted = self.limit.amount
        found: list[Grant] = []
        for event in events:
            match event:
                case Extended():
                    added = event.by.amount
                case Restarted():
                    least = dt.timedelta() if event.at_least is None else self.used(event.at) + event.at_least.amount
                    added = max(dt.timedelta(), least - granted)
                case _:
                    continue
            granted += added
            found.append(Grant(event, added, granted))
        return tuple(found)

    def reached(self, amount: dt.timedelta) -> dt.datetime | None:
        """The first instant at which so much is used. None: not before the clock stands for good. Raises CalendarGap.

        A stopped clock is asked as if it had run on: that is the deadline which was in force.
        """
        left = amount
        for stretch in self.line:
            stopped = stretch.kind == "stopped" and stretch.end is None
            if stretch.kind != "running" and not stopped:
                continue
            if stretch.end is None:
                return self._after(stretch.start, left)
            try:
                found = self._after(stretch.start, left)
            except CalendarGap:
                found = None  # beyond the coverage, hence beyond this stretch, unless the stretch leaves the coverage too
            if found is not None and found <= stretch.end:
                return found
            left -= self._between(stretch.start, stretch.end)
        return None
