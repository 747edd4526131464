"""How the calendar and a deadline are shown: plain JSON values, but for instants, which stay datetimes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from backend.domains.deadlines.rules.calendar import Schedule, WorkingCalendar, looks_unconfirmed
from backend.domains.deadlines.rules.clock import Outcome, colour, remaining
from backend.domains.deadlines.rules.events import ClockEvent, Extended, Paused, Restarted, Suspended
from backend.domains.deadlines.rules.explain.sentences import sentences
from backend.domains.deadlines.rules.limits import Limit, in_unit


def calendar_doc(calendar: WorkingCalendar, year: int) -> dict[str, Any]:
    """A covered year: its days that depart from Monday to Friday, and the working hours that hold on any of its days."""
    first, after = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
    days = {day: override for day, override in sorted(calendar.overrides.items()) if day.year == year}
    hours = [one for one in calendar.schedules if one.valid_from < after and (one.valid_until is None or first < one.valid_until)]
    return {
        "year": year,
        "timezone": calendar.tz.key,
        "days": [
            {"day": day.isoformat(), "working": override.working, "note_zh": override.note_zh, "note_en": override.note_en}
            for day, override in days.items()
        ],
        "schedules": [schedule_doc(schedule) for schedule in hours],
        "looks_unconfirmed": bool(looks_unconfirmed(days, [year])),
    }


def schedule_doc(schedule: Schedule) -> dict[str, Any]:
    """Working hours from a day on; spans as `[["08:00", "12:00"], …]`."""
    return {
        "valid_from": schedule.valid_from.isoformat(),
        "valid_until": schedule.valid_until and schedule.valid_until.isoformat(),
        "spans": written(schedule),
    }


def written(schedule: Schedule) -> list[list[str]]:
    """The spans of a schedule as wall times, seconds only where there are any."""
    return [[_time(start), _time(end)] for start, end in schedule.spans]


def outcome_doc(outcome: Outcome, calendar: WorkingCalendar, events: Sequence[ClockEvent], now: dt.datetime) -> dict[str, Any]:
    """What a clock says at a moment: state, deadline, colour, what is left in the limit's own unit, and why: each step in two languages."""
    left = remaining(outcome, calendar, now) if outcome.left is None else outcome.left
    said = zip(outcome.steps, sentences(outcome.steps, "zh"), sentences(outcome.steps, "en"), strict=True)
    return {
        "limit": _amount(outcome.limit),
        "started_at": outcome.start,
        "state": outcome.state,
        "due": outcome.due,
        "yellow_from": outcome.yellow_from,
        "colour": colour(outcome, now),
        "awaiting_year": outcome.missing_year,
        "left": None if left is None else float(in_unit(left, outcome.limit.unit)),
        "calendar_version": outcome.calendar_version,
        "events": list(_events(events)),
        "steps": [
            {
                "kind": step.kind,
                "start": step.start,
                "end": step.end,
                "counted_minutes": round(step.counted_minutes, 2),
                "days": step.days,
                "note_zh": step.note_zh,
                "note_en": step.note_en,
                "year": step.year,
                "zh": zh,
                "en": en,
            }
            for step, zh, en in said
        ],
    }


def _events(events: Iterable[ClockEvent]) -> Iterable[dict[str, Any]]:
    for event in events:
        amount = event.by if isinstance(event, Extended) else event.at_least if isinstance(event, Restarted) else None
        yield {
            "kind": event.kind,
            "at": event.at,
            "until": event.until if isinstance(event, Suspended) else None,
            "by": amount and _amount(amount),
            "reason": event.reason if isinstance(event, Paused | Suspended | Extended | Restarted) else "",
        }


def _amount(limit: Limit) -> dict[str, Any]:
    value = limit.value
    return {"value": int(value) if value == int(value) else float(value), "unit": limit.unit}


def _time(time: dt.time) -> str:
    return time.isoformat("auto" if time.microsecond else "seconds" if time.second else "minutes")
