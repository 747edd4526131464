"""The explanation as data: one step after the other from the start to the deadline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from backend.domains.deadlines.rules.calendar import MICROSECOND, ONE_DAY, Span, WorkingCalendar, days_between
from backend.domains.deadlines.rules.events import Extended, Restarted, Stretch
from backend.domains.deadlines.rules.limits import Limit

StepKind = Literal[
    "limit",
    "extended",
    "restarted",
    "outside_hours",
    "day_off",
    "counted",
    "make_up_day",
    "paused",
    "suspended",
    "stopped",
    "due",
    "awaiting_calendar",
]


@dataclass(frozen=True, slots=True)
class Grant:
    """What an event added to the limit, and what is granted from then on."""

    event: Extended | Restarted
    added: dt.timedelta
    granted: dt.timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation.

    `start` and `end` are UTC; `end` is None for what happens at an instant or still goes on. `counted` is the time used up in this step,
    in the limit's own measure; the `counted` and `make_up_day` steps up to the deadline add up to what was granted. `days` are the local
    days the step spans. `amount` is the limit that a `limit` or `extended` step grants, `added` what an event added, `granted` the sum from
    then on. The notes name the holiday, the make-up day, the working hours or the reason given. `year` is the missing one.
    """

    kind: StepKind
    start: dt.datetime
    end: dt.datetime | None = None
    counted: dt.timedelta = dt.timedelta()
    days: int = 0
    note_zh: str = ""
    note_en: str = ""
    amount: Limit | None = None
    added: dt.timedelta | None = None
    granted: dt.timedelta | None = None
    year: int | None = None

    @property
    def counted_minutes(self) -> float:
        """`counted` in minutes; a fraction where there are seconds."""
        return self.counted / dt.timedelta(minutes=1)


def explain(
    limit: Limit,
    line: tuple[Stretch, ...],
    grants: tuple[Grant, ...],
    calendar: WorkingCalendar,
    *,
    due: dt.datetime | None,
    missing_year: int | None,
) -> tuple[Step, ...]:
    """The steps that lead to `due`, or to where they can lead no further.

    First the limit and its extensions, then running and standing in the order of time. What came after the deadline is left out, but for
    where the clock stands now.
    """
    granted = grants[-1].granted if grants else limit.amount
    known_until = None if missing_year is None else calendar.midnight(dt.date(missing_year, 1, 1))
    until = due if due is not None else known_until
    restarts = iter([grant for grant in grants if isinstance(grant.event, Restarted)])
    steps = [Step("limit", line[0].start, amount=limit, granted=limit.amount)]
    steps += [_grant(grant) for grant in grants if isinstance(grant.event, Extended)]
    shown: list[Stretch] = []
    for stretch in line:
        if shown and until is not None and stretch.start >= until:
            break
        if stretch.kind != "running":
            steps.append(_standing(stretch))
        else:
            if shown and shown[-1].kind == "stopped" and (grant := next(restarts, None)):
                steps.append(_grant(grant))
            # a running stretch without an end leads to the deadline or out of the coverage, so one of the two is there
            steps += _running(limit, calendar, stretch.start, min(end for end in (stretch.end, until) if end is not None))
        shown.append(stretch)
    if due is not None:
        steps.append(Step("due", due, granted=granted))
    if missing_year is not None:
        steps.append(Step("awaiting_calendar", max(until or line[0].start, line[0].start), year=missing_year))
    if line[-1].kind != "running" and line[-1] is not shown[-1]:
        steps.append(_standing(line[-1]))
    return tuple(steps)


def _standing(stretch: Stretch) -> Step:
    kinds: dict[str, StepKind] = {"paused": "paused", "suspended": "suspended", "stopped": "stopped"}
    return Step(kinds[stretch.kind], stretch.start, stretch.end, note_zh=stretch.reason, note_en=stretch.reason)


def _grant(grant: Grant) -> Step:
    event = grant.event
    amount = event.by if isinstance(event, Extended) else event.at_least
    at = event.at.astimezone(dt.UTC)
    return Step(
        event.kind,
        at,
        note_zh=event.reason,
        note_en=event.reason,
        amount=amount,
        added=grant.added,
        granted=grant.granted,
    )


def _running(limit: Limit, calendar: WorkingCalendar, start: dt.datetime, end: dt.datetime) -> list[Step]:
    if start >= end:
        return []
    if limit.measure == "elapsed":
        spanned = (calendar.local_day(end - MICROSECOND) - calendar.local_day(start)).days + 1
        return [Step("counted", start, end, end - start, spanned)]
    steps: list[Step] = []
    first, last = calendar.local_day(start), calendar.local_day(end - MICROSECOND)
    if hours := calendar.hours_on(first):
        opens = next((max(start, calendar.instant(first, span[0])) for span in hours if calendar.instant(first, span[1]) > start), None)
        if opens is None:
            first += ONE_DAY
            next_hours = calendar.hours_on(first) if first.year in calendar.years else ()
            opens = calendar.instant(first, next_hours[0][0]) if next_hours else calendar.midnight(first)
        if opens > start:
            spanned = (first - calendar.local_day(start)).days + 1
            steps.append(Step("outside_hours", start, min(opens, end), days=spanned))
            start = opens
    for (kind, hours, note_zh, note_en), days_ in groupby(days_between(first, last), lambda day: _sort_of_day(calendar, day)):
        days = list(days_)
        if hours:
            begin, finish = calendar.instant(days[0], hours[0][0]), calendar.instant(days[-1], hours[-1][1])
        else:
            begin, finish = calendar.midnight(days[0]), calendar.midnight(days[-1] + ONE_DAY)
        begin, finish = max(start, begin), min(end, finish)
        if begin < finish:
            counted = calendar.worked(begin, finish) if hours else dt.timedelta()
            notes = (_written(hours, "、"), _written(hours, ", ")) if kind == "counted" else (note_zh, note_en)
            steps.append(Step(kind, begin, finish, counted, len(days), *notes))
    return steps


def _sort_of_day(calendar: WorkingCalendar, day: dt.date) -> tuple[StepKind, tuple[Span, ...], str, str]:
    """Consecutive days of one sort make one step."""
    override = calendar.override(day)
    hours = calendar.hours_on(day)
    weekend = day.weekday() >= 5
    if not hours:
        if override is not None and (override.note_zh or override.note_en):
            return "day_off", (), override.note_zh or override.note_en, override.note_en or override.note_zh
        return ("day_off", (), "周末", "weekend") if weekend else ("day_off", (), "休息日", "day off")
    if weekend and override is not None:
        return (
            "make_up_day",
            hours,
            override.note_zh or override.note_en or "调休上班",
            override.note_en or override.note_zh or "make-up working day",
        )
    return "counted", hours, "", ""


def _written(hours: tuple[Span, ...], comma: str) -> str:
    return comma.join(f"{begin:%H:%M}–{end:%H:%M}" for begin, end in hours)
