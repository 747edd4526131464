"""What holds up the clock of a dispatch: returns that nobody has decided, suspensions of its own, suspensions of its whole area.

Source: the domain page, sections 3 and 4. As `rules.reports` it is worked out from the whole set of facts, so that their order of arrival
cannot matter: each hold is a stretch of time, and the clock stands wherever one of them lies.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, cast
from uuid import UUID

from backend.core.problems import Clash
from backend.domains.deadlines.rules.events import ClockEvent, Paused, Restarted, Resumed, Stopped, Suspended
from backend.domains.deadlines.rules.limits import Limit, Unit
from backend.domains.findings.rules.reports import Granted

HOLDABLE = frozenset({"issued", "rework"})
"""States of a dispatch that is worked on: returned or suspended it goes by the name of what holds it."""

NOT_COUNTED = frozenset({"added", "awaiting_hand_back"})
"""States of reports that stop no clock."""


class NotSuspended(Clash):
    """The suspension is over, or was never granted."""

    slug = "not_suspended"
    title = "The suspension does not run"
    title_zh = "该挂账未生效或已结束"
    way_out = "Fetch the finding: only a granted suspension whose end has not come can be ended early."
    way_out_zh = "请刷新案卷：只有已批准且尚未到期的挂账可以提前结束。"


class WorkReported(Clash):
    """The unit has handed the work back meanwhile: nothing is left that could be returned, suspended or extended."""

    slug = "work_reported"
    title = "The unit has reported the work meanwhile"
    title_zh = "处置单位已反馈处置结果"
    way_out = "Have the work verified; the request can still be refused."
    way_out_zh = "请安排核查；该申请仍可驳回。"


class Asked(Protocol):
    """What a unit asked, and what became of it."""

    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def asked_at(self) -> dt.datetime: ...
    @property
    def decided_at(self) -> dt.datetime | None: ...
    @property
    def by_value(self) -> int | None: ...
    @property
    def by_unit(self) -> str | None: ...
    @property
    def granted_until(self) -> dt.datetime | None: ...
    @property
    def ended_at(self) -> dt.datetime | None: ...


class Wide(Protocol):
    """A suspension of a whole area."""

    @property
    def id(self) -> UUID: ...
    @property
    def reason(self) -> str: ...
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def until(self) -> dt.datetime: ...
    @property
    def ended_at(self) -> dt.datetime | None: ...


@dataclass(frozen=True, slots=True)
class Hold:
    """The clock stands from `at` until `until` (None: until somebody decides).

    `kind` return: its unit asks to be rid of the work; suspension: until a date. `area` is the area-wide suspension that it comes from:
    that of a whole area is not over because the work is done.
    """

    kind: Literal["return", "suspension"]
    at: dt.datetime
    until: dt.datetime | None
    reason: str = ""
    area: UUID | None = None

    def holds(self, moment: dt.datetime) -> bool:
        """Whether it holds the clock at that moment."""
        return self.at <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Held:
    """How a dispatch is held at a moment: returned, suspended until then (by an area-wide one), or not at all."""

    state: Literal["returned", "suspended"] | None = None
    until: dt.datetime | None = None
    area: UUID | None = None


def holds_of(asked: Iterable[Asked], of_area: Iterable[Hold]) -> list[Hold]:
    """The holds by a dispatch's requests, beside those of its area (`area_holds`).

    A return holds from its asking until somebody decides, whatever the decision; a suspension from its grant until its end, or until
    somebody ended it.
    """
    found = []
    for each in asked:
        if each.kind == "return":
            found.append(Hold("return", each.asked_at, each.decided_at if each.state != "pending" else None, each.reason))
        elif each.kind == "suspension" and each.state == "granted" and each.decided_at and each.granted_until:
            found.append(Hold("suspension", each.decided_at, _first(each.granted_until, each.ended_at), each.reason))
    return [*found, *of_area]


def area_holds(wide: Iterable[Wide], *, since: dt.datetime | None, before: Iterable[Mapping[str, Any]]) -> list[Hold]:
    """The holds by area-wide suspensions: what they held `before`, and those of the present trade and areas since then (None: always).

    A correction changes whom a suspension reaches from then on, never what it held.
    """
    found = []
    for kept in before:
        began, ended = dt.datetime.fromisoformat(kept["at"]), dt.datetime.fromisoformat(kept["until"])
        found.append(Hold("suspension", began, ended, kept["reason"], UUID(kept["id"])))
    for each in wide:
        at, until = each.starts_at if since is None else max(each.starts_at, since), _first(each.until, each.ended_at)
        if until <= at:
            continue
        went_on = next((index for index, hold in enumerate(found) if hold.area == each.id and hold.until == at), None)
        if went_on is None:
            found.append(Hold("suspension", at, until, each.reason, each.id))
        else:
            found[went_on] = replace(found[went_on], until=until)
    return found


def area_holds_until(moment: dt.datetime, holds: Iterable[Hold]) -> list[dict[str, Any]]:
    """What these held up to a moment, as kept with a dispatch: `{id, at, until, reason}`, instants in UTC."""
    kept = []
    for hold in holds:
        until = moment if hold.until is None else min(hold.until, moment)
        if hold.at < until:
            ends = {"at": hold.at.astimezone(dt.UTC).isoformat(), "until": until.astimezone(dt.UTC).isoformat()}
            kept.append({"id": str(hold.area), **ends, "reason": hold.reason})
    return kept


def extensions_of(asked: Iterable[Asked], limit: Limit | None) -> list[Granted]:
    """The extensions granted: each of what was added, or of the limit as it is now where that was corrected to count otherwise."""
    found = []
    for each in asked:
        if each.kind == "extension" and each.state == "granted" and each.decided_at and each.by_value is not None:
            by = Limit(each.by_value, cast("Unit", each.by_unit))
            found.append(Granted(each.decided_at, by if limit is None or by.measure == limit.measure else limit))
    return found


def is_given_up(asked: Asked, reports: Iterable[dt.datetime]) -> bool:
    """Whether nothing is left to decide: the unit did the work that it asked to be rid of, or to have suspended."""
    return asked.state == "pending" and asked.kind in ("return", "suspension") and any(moment >= asked.asked_at for moment in reports)


def _first(until: dt.datetime, ended_at: dt.datetime | None) -> dt.datetime:
    return until if ended_at is None else min(until, ended_at)


def cut(holds: Iterable[Hold], *, issued_at: dt.datetime, reports: Collection[dt.datetime]) -> list[Hold]:
    """The holds as they are in force: none begins before the dispatch, and a unit's own ends with the next report that counts.

    Who reports the work as done has given up the return, and what the suspension waited for has come.
    """
    found = []
    for hold in holds:
        at, until = max(hold.at, issued_at), hold.until
        if hold.area is None:
            done = [moment for moment in reports if moment >= at]
            until = min([*done, *([until] if until is not None else [])], default=None)
        if until is None or until > at:
            found.append(replace(hold, at=at, until=until))
    return sorted(found, key=lambda each: (each.at, each.kind, str(each.area)))


def held_at(holds: Sequence[Hold], moment: dt.datetime) -> Held:
    """How they hold a dispatch at that moment. Of suspensions that meet or overlap the last end counts."""
    active = [hold for hold in holds if hold.holds(moment)]
    if any(hold.kind == "return" for hold in active):
        return Held("returned")
    if not active:
        return Held()
    end = moment
    while ahead := [hold.until for hold in holds if hold.kind == "suspension" and hold.holds(end) and hold.until is not None]:
        end = max(ahead)
    return Held("suspended", end, next((hold.area for hold in active if hold.area is not None), None))


def held_events(stops: Sequence[ClockEvent], holds: Sequence[Hold]) -> list[ClockEvent]:
    """Stops and restarts of the clock with the pauses and suspensions that lie where it would run, in the order they happened.

    A return outweighs a suspension: nobody knows when it ends. A suspension that is longer than another goes on after it.
    """
    line = _Line()
    moments = {event.at for event in stops} | {hold.at for hold in holds} | {hold.until for hold in holds if hold.until is not None}
    for moment in sorted(moments):
        for event in stops:
            if event.at == moment:
                line.turn(event)
        if line.now != "stopped":
            line.hold(moment, [hold for hold in holds if hold.holds(moment)])
    return line.events


class _Line:
    """The events so far, and what the clock does now."""

    def __init__(self) -> None:
        self.events: list[ClockEvent] = []
        self.now: Literal["running", "paused", "suspended", "stopped"] = "running"
        self.until: dt.datetime | None = None  # of the suspension

    def turn(self, event: ClockEvent) -> None:
        self.events.append(event)
        self.now = "stopped" if isinstance(event, Stopped) else "running"
        assert isinstance(event, Stopped | Restarted), "reports and verdicts stop and restart a clock, nothing else"

    def hold(self, moment: dt.datetime, active: Sequence[Hold]) -> None:
        returns = [hold for hold in active if hold.kind == "return"]
        lasting = self.now == "suspended" and self.until is not None and moment < self.until
        if returns:
            if self.now != "paused":
                self._run(moment, lasting=lasting)
                self.events.append(Paused(moment, returns[0].reason))
                self.now = "paused"
        elif active:
            if not lasting:
                self._run(moment, lasting=False)
                longest = max(active, key=lambda hold: (hold.until or moment, str(hold.area)))
                assert longest.until is not None, "only a return has no end"
                self.events.append(Suspended(moment, longest.until, longest.reason))
                self.now, self.until = "suspended", longest.until
        else:
            self._run(moment, lasting=lasting)

    def _run(self, moment: dt.datetime, *, lasting: bool) -> None:
        """From now on it runs: a suspension whose end has come does so by itself."""
        if self.now == "paused" or lasting:
            self.events.append(Resumed(moment))
        self.now, self.until = "running", None
