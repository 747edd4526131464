"""What happens to a clock after its start, and the stretches of running and standing that follow from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from backend.core.problems import Invalid
from backend.domains.deadlines.rules.limits import Limit

LONGEST_SUSPENSION = dt.timedelta(days=366)  # "end date ≤ 1 year" (domain.md section 3); 366 so that a leap year is a year too


class ClockEventsContradict(Invalid):
    """An event list that no clock can have had; `errors` points at the event, `/events/<index>/<field>`."""

    slug = "clock_events_contradict"
    title = "The events of this deadline contradict each other"
    title_zh = "时限事件相互矛盾"
    way_out = "Look at the deadline's present state and events (GET /api/v1/deadlines/{id}) and send what follows from them."
    way_out_zh = "请查看该时限的当前状态和事件（GET /api/v1/deadlines/{id}），再提交与之相符的操作。"


@dataclass(frozen=True, slots=True)
class Paused:
    """The clock stops until somebody resumes it: a return is asked for."""

    kind: ClassVar[Literal["paused"]] = "paused"
    at: dt.datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A paused or suspended clock runs on with what was left."""

    kind: ClassVar[Literal["resumed"]] = "resumed"
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Suspended:
    """The clock stops until `until` (挂账), at most a year; it resumes by itself, or earlier by a Resumed."""

    kind: ClassVar[Literal["suspended"]] = "suspended"
    at: dt.datetime
    until: dt.datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Extended:
    """More time (延期): `by` is added to the limit. Its unit must count as the limit's does, inside working time or always."""

    kind: ClassVar[Literal["extended"]] = "extended"
    at: dt.datetime
    by: Limit
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Handed back: the work is reported as done."""

    kind: ClassVar[Literal["stopped"]] = "stopped"
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Restarted:
    """Rework: the clock runs on with what was left when it was stopped, and with no less than `at_least`."""

    kind: ClassVar[Literal["restarted"]] = "restarted"
    at: dt.datetime
    at_least: Limit | None = None
    reason: str = ""


ClockEvent = Paused | Resumed | Suspended | Extended | Stopped | Restarted

StretchKind = Literal["running", "paused", "suspended", "stopped"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the clock ran or stood, in UTC. `end` is None for the last one: it goes on."""

    kind: StretchKind
    start: dt.datetime
    end: dt.datetime | None
    reason: str = ""


def stretches(limit: Limit, start: dt.datetime, events: Sequence[ClockEvent]) -> tuple[Stretch, ...]:
    """Running and standing, without a hole from `start` on; the last stretch is open.

    `events` are in the order they happened, at or after `start`; what happens at the same instant keeps the order of the list. A
    suspension that is over runs by itself again. Raises ClockEventsContradict, naming the first event that cannot be.
    """
    _must_be_aware(start, "start", "/start")
    line = _Line(since=start.astimezone(dt.UTC))
    last = start
    for number, event in enumerate(events):
        _must_fit(number, event, limit, last, start)
        last = event.at
        line.run_on_by_itself(event)
        if line.now not in _COMES_IN[type(event)]:
            _refuse(number, "kind", f"{event.kind} at {_shown(event.at)}, but the clock is {line.now} since {_shown(line.since)}")
        match event:
            case Paused() | Suspended():
                line.turn(event.kind, event.at, event.reason)
            case Stopped():
                line.turn("stopped", event.at)
            case Resumed() | Restarted():
                line.turn("running", event.at)
        if isinstance(event, Suspended):
            line.by_itself = event.until
    line.run_on_by_itself(None)
    return (*line.done, Stretch(line.now, line.since, None, line.reason))


@dataclass(slots=True)
class _Line:
    """The stretches so far, and what the clock does now."""

    since: dt.datetime
    now: StretchKind = "running"
    reason: str = ""
    by_itself: dt.datetime | None = None  # when a suspension ends if nobody ends it earlier
    done: list[Stretch] = field(default_factory=list)

    def turn(self, kind: StretchKind, at: dt.datetime, reason: str = "") -> None:
        at = at.astimezone(dt.UTC)
        self.done.append(Stretch(self.now, self.since, at, self.reason))
        self.since, self.now, self.reason, self.by_itself = at, kind, reason, None

    def run_on_by_itself(self, event: ClockEvent | None) -> None:
        """End a suspension whose time has come before the event (None: before nothing more)."""
        if self.by_itself is None:
            return
        # at the very end of a suspension "resumed" and "runs by itself" say the same thing
        if event is None or event.at > self.by_itself or (event.at == self.by_itself and not isinstance(event, Resumed)):
            self.turn("running", self.by_itself)


_COMES_IN: dict[type[ClockEvent], frozenset[StretchKind]] = {
    Paused: frozenset({"running"}),
    Suspended: frozenset({"running"}),
    Resumed: frozenset({"paused", "suspended"}),
    # granted in ignorance of a report that was under way: both stand
    Extended: frozenset({"running", "paused", "suspended", "stopped"}),
    # work is sometimes done while the clock stands
    Stopped: frozenset({"running", "paused", "suspended"}),
    Restarted: frozenset({"stopped"}),
}


def _must_fit(number: int, event: ClockEvent, limit: Limit, last: dt.datetime, start: dt.datetime) -> None:
    """The event by itself, and its place in time."""
    _must_be_aware(event.at, f"event {number}", f"/events/{number}/at")
    if event.at < start:
        _refuse(number, "at", f"{event.kind} at {_shown(event.at)}, before the clock started at {_shown(start)}")
    if event.at < last:
        _refuse(number, "at", f"{event.kind} at {_shown(event.at)}, before the event it follows at {_shown(last)}")
    match event:
        case Suspended():
            _must_be_aware(event.until, f"event {number}", f"/events/{number}/until")
            if not event.at < event.until <= event.at + LONGEST_SUSPENSION:
                _refuse(number, "until", f"suspended until {_shown(event.until)}: not after {_shown(event.at)} and within a year of it")
        case Extended(by=amount) | Restarted(at_least=Limit() as amount):
            if amount.measure != limit.measure:
                field = "by" if isinstance(event, Extended) else "at_least"
                _refuse(number, field, f"{event.kind} by {amount.unit}, which cannot be added to a limit in {limit.unit}")


def _must_be_aware(instant: dt.datetime, name: str, pointer: str) -> None:
    if instant.tzinfo is None:
        raise ClockEventsContradict(f"{name}: {instant.isoformat()} has no offset", errors=[(pointer, "a time without offset")])


def _refuse(number: int, field: str, why: str) -> None:
    raise ClockEventsContradict(f"event {number}: {why}", errors=[(f"/events/{number}/{field}", why)])


def _shown(instant: dt.datetime) -> str:
    return instant.isoformat(sep=" ")


def event_from(
    kind: str,
    at: dt.datetime,
    *,
    until: dt.datetime | None = None,
    amount: Limit | None = None,
    reason: str = "",
) -> ClockEvent:
    """An event from the flat values a row keeps; `amount` is what is added, or the least a rework gets. Raises ClockEventsContradict."""
    match kind, until, amount:
        case "paused", None, None:
            return Paused(at, reason)
        case "resumed", None, None:
            return Resumed(at)
        case "suspended", dt.datetime(), None:
            return Suspended(at, until, reason)
        case "extended", None, Limit():
            return Extended(at, amount, reason)
        case "stopped", None, None:
            return Stopped(at)
        case "restarted", None, _:
            return Restarted(at, amount, reason)
    given = [name for name, value in (("until", until), ("amount", amount)) if value is not None]
    why = f"{kind!r} with {' and '.join(given) or 'neither until nor amount'} is no event of a clock"
    raise ClockEventsContradict(why, errors=[("/kind", why)])


def flat(event: ClockEvent) -> dict[str, Any]:
    """The flat values a row keeps of an event: what `event_from` takes, with the amount as value and unit."""
    amount = event.by if isinstance(event, Extended) else event.at_least if isinstance(event, Restarted) else None
    return {
        "kind": event.kind,
        "at": event.at,
        "until": event.until if isinstance(event, Suspended) else None,
        "by_value": None if amount is None else int(amount.value),
        "by_unit": None if amount is None else amount.unit,
        "reason": event.reason if isinstance(event, Paused | Suspended | Extended | Restarted) else "",
    }
