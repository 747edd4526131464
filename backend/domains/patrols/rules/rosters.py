"""Who is on duty where: shifts, absences and cover, and where nobody is.

Everything that shows or uses a roster goes through `served`: what is shown, what is listed as a gap and who is given a task never differ.
Times are half-open: a shift that ends when another begins does not meet it. A cover is what it covers and no more: it neither joins two
shifts of the absent person nor fills the time between them.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.domains.patrols.rules.patrols import Span
from backend.domains.territory.rules.territory import SHANGHAI

GRID_CLASSES = ("key", "general")
ABSENCES = ("sick", "leave", "training", "other")

Reason = Literal["no_shift", "absent", "cover_absent", "left"]
REASONS: tuple[Reason, ...] = ("no_shift", "absent", "cover_absent", "left")
"""Why nobody is on duty: no shift was planned; its person is absent and nobody covers; who covers is absent as well; who has the shift,
or covers it, is no inspector there any more."""

REASON_TEXTS: Mapping[str, Mapping[str, str]] = {
    "no_shift": {"en": "No shift is planned", "zh": "未排班"},
    "absent": {"en": "Absent, and nobody covers", "zh": "缺勤且无人替班"},
    "cover_absent": {"en": "Who covers is absent as well", "zh": "替班人员同时缺勤"},
    "left": {"en": "No inspector of this place any more", "zh": "已不再是该区域监督员"},
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A shift that was not cancelled."""

    id: UUID
    person: UUID
    responsibility_grid: UUID
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Away:
    """An absence, and who covers it."""

    person: UUID
    since: dt.datetime
    until: dt.datetime
    covered_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a shift. `person` is on duty in it, None for nobody (`reason`); `covering` is whose shift it is, where it is another's."""

    shift: UUID
    responsibility_grid: UUID
    since: dt.datetime
    until: dt.datetime
    person: UUID | None
    covering: UUID | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who is on duty in a grid; `covering` is whose shift it is, where it is another's."""

    person: UUID
    grid_class: str
    covering: UUID | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which somebody was to be on duty in a responsibility grid, and nobody is; `person` is who should have been."""

    responsibility_grid: UUID
    since: dt.datetime
    until: dt.datetime
    reason: Reason
    person: UUID | None
    shift: UUID | None


@dataclass(frozen=True, slots=True)
class Doubled:
    """A time in which more than one is on duty in a responsibility grid."""

    responsibility_grid: UUID
    since: dt.datetime
    until: dt.datetime
    people: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody is to be on duty there from `since` until `until`."""

    responsibility_grid: UUID
    since: dt.datetime
    until: dt.datetime


Able = Callable[[UUID, Planned], bool]
"""Whether a person is an inspector of the place of a shift."""


def served(shift: Planned, absences: Collection[Away], able: Able) -> list[Part]:
    """The parts of a shift in order of time, each with who is on duty in it. `absences` are those of everybody concerned."""
    moments = {shift.since, shift.until}
    for away in absences:
        moments.update(each for each in (away.since, away.until) if shift.since < each < shift.until)
    ordered = sorted(moments)
    parts: list[Part] = []
    for since, until in itertools.pairwise(ordered):
        part = Part(shift.id, shift.responsibility_grid, since, until, *_on_duty(shift, since, absences, able))
        last = parts[-1] if parts else None
        if last is not None and (last.person, last.covering, last.reason) == (part.person, part.covering, part.reason):
            parts[-1] = Part(last.shift, last.responsibility_grid, last.since, until, last.person, last.covering, last.reason)
        else:
            parts.append(part)
    return parts


def _on_duty(shift: Planned, at: dt.datetime, absences: Collection[Away], able: Able) -> tuple[UUID | None, UUID | None, Reason | None]:
    """Who is on duty at a moment of the shift, covering whom, or why nobody is."""
    away = _absent(shift.person, at, absences)
    if away is None:
        return (shift.person, None, None) if able(shift.person, shift) else (None, shift.person, "left")
    if away.covered_by is None:
        return None, shift.person, "absent"
    if _absent(away.covered_by, at, absences) is not None:
        return None, shift.person, "cover_absent"
    return (away.covered_by, shift.person, None) if able(away.covered_by, shift) else (None, shift.person, "left")


def concerning(person: UUID, absences: Iterable[Away]) -> list[Away]:
    """Of everybody's absences those that decide who does this person's shifts: the own ones, and those of who covers them."""
    held = list(absences)
    own = [away for away in held if away.person == person]
    covering = {away.covered_by for away in own}
    return [*own, *(away for away in held if away.person in covering and away.person != person)]


def holder_at(shift: Planned, at: dt.datetime, absences: Collection[Away]) -> UUID:
    """Whose shift it is at a moment: who covers it then, else its person, who may have come all the same."""
    away = _absent(shift.person, at, absences)
    return away.covered_by if away is not None and away.covered_by is not None else shift.person


def _absent(person: UUID, at: dt.datetime, absences: Iterable[Away]) -> Away | None:
    return next((away for away in absences if away.person == person and away.since <= at < away.until), None)


def wanted_on(responsibility_grid: UUID, day: dt.date, *, weekdays: Collection[int], duty_from: str, duty_until: str) -> Wanted | None:
    """When somebody is to be on duty on this day of the district; None on a day on which nobody is."""
    if day.isoweekday() not in weekdays:
        return None
    since = dt.datetime.combine(day, clock_time(duty_from), SHANGHAI)
    last = day if clock_time(duty_until) > clock_time(duty_from) else day + dt.timedelta(days=1)
    return Wanted(
        responsibility_grid, since.astimezone(dt.UTC), dt.datetime.combine(last, clock_time(duty_until), SHANGHAI).astimezone(dt.UTC)
    )


def clock_time(text: str) -> dt.time:
    """`HH:MM` as a time of day."""
    return dt.time(int(text[:2]), int(text[3:]))


def gaps(wanted: Iterable[Wanted], parts: Iterable[Part]) -> Iterator[Gap]:
    """Where and when somebody is wanted and nobody is on duty, with the reason, in the order of what is wanted."""
    by_grid: dict[UUID, list[Part]] = defaultdict(list)
    for part in parts:
        by_grid[part.responsibility_grid].append(part)
    for want in wanted:
        meeting = [part for part in by_grid[want.responsibility_grid] if part.since < want.until and want.since < part.until]
        on_duty = [Span(part.since, part.until) for part in meeting if part.person is not None]
        missed = [part for part in meeting if part.person is None]
        for since, until in _without(want.since, want.until, on_duty):
            yield from _told_apart(want.responsibility_grid, since, until, missed)


def _told_apart(responsibility_grid: UUID, since: dt.datetime, until: dt.datetime, missed: Sequence[Part]) -> Iterator[Gap]:
    """The gap by its reasons: a shift whose person is not there first, else that there is none."""
    at = since
    for part in sorted(missed, key=lambda each: (each.since, each.shift)):
        begins, ends = max(part.since, at), min(part.until, until)
        if begins >= ends or part.reason is None:
            continue
        if at < begins:
            yield Gap(responsibility_grid, at, begins, "no_shift", None, None)
        yield Gap(responsibility_grid, begins, ends, part.reason, part.covering, part.shift)
        at = ends
    if at < until:
        yield Gap(responsibility_grid, at, until, "no_shift", None, None)


def _without(since: dt.datetime, until: dt.datetime, spans: Iterable[Span]) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """What is left of a time without these spans."""
    at = since
    for span in sorted(spans, key=lambda each: each.since):
        if span.since > at:
            yield at, min(span.since, until)
        at = max(at, span.until or until)
        if at >= until:
            return
    yield at, until


def doubled(parts: Iterable[Part]) -> list[Doubled]:
    """Where two or more people are on duty at once, in order of place and time."""
    by_grid: dict[UUID, list[Part]] = defaultdict(list)
    for part in parts:
        if part.person is not None:
            by_grid[part.responsibility_grid].append(part)
    found: list[Doubled] = []
    for grid, held in sorted(by_grid.items()):
        moments = sorted({moment for part in held for moment in (part.since, part.until)})
        for since, until in itertools.pairwise(moments):
            people = tuple(
                sorted({part.person for part in held if part.person is not None and part.since <= since and until <= part.until})
            )
            if len(people) < 2:
                continue
            last = found[-1] if found else None
            if last is not None and (last.responsibility_grid, last.until, last.people) == (grid, since, people):
                found[-1] = Doubled(grid, last.since, until, people)
            else:
                found.append(Doubled(grid, since, until, people))
    return found


def scopes_of_shift(shift: Planned, absences: Iterable[Away]) -> list[str]:
    """Whose phones hold the shift: its person's, and those of who covers it."""
    people = {shift.person}
    for away in absences:
        meets = away.since < shift.until and shift.since < away.until
        if away.person == shift.person and away.covered_by is not None and meets:
            people.add(away.covered_by)
    return sorted(f"user:{person}" for person in people)
