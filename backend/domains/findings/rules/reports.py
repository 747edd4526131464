"""What follows from reports, verdicts and extensions of a dispatch, in whatever order they arrived.

Source: the domain page, sections 3 and 4, and the conflict matrix (`rules.conflicts`: rows of reports, verdicts and extensions). Everything
here is worked out from the whole set of facts each time, so that the order of arrival cannot matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.core.conflicts import Rule
from backend.domains.deadlines.rules.events import ClockEvent, Extended, Restarted, Stopped
from backend.domains.deadlines.rules.limits import Limit

Result = Literal["pass", "fail"]
Ruling = Literal["open", "pass", "fail", "disputed"]

MOST_EXTENSIONS = 2
REWORK_AT_LEAST = {"working": Limit(2, "working_hours"), "elapsed": Limit(2, "urgent_hours")}
"""The least time a rework gets, by what the limit counts: who is told of a failure must have time to act on it."""

REPORT_TIME_UNCERTAIN = Rule(
    "a rectification is reported at a time that is only estimated",
    "a deadline within the bounds of that time",
    "the report counts; whether it was on time is left to a person",
    "merged",
    "time_uncertain",
)
LIABLE_TIME_UNCERTAIN = Rule(
    "a finding is recorded at a time that is only estimated",
    "different contracts in force within the bounds of that time",
    "it is recorded; nobody is liable until a person binds a contract",
    "merged",
    "time_uncertain",
)
REPORT_AFTER_VERDICT = Rule(
    "a rectification is reported",
    "the work passed before it was done",
    "the verdict stands, the report adds evidence",
    "merged",
    "report_added",
)
REPORT_ON_ENDED = Rule(
    "a rectification is reported",
    "closed, or dispatched anew, meanwhile",
    "the state stays, the report is kept",
    "merged",
    "state_kept",
)
VERDICT_ON_ENDED = Rule(
    "a verification", "the finding has gone on or ended", "the state stays, the verdict is kept", "merged", "state_kept"
)
VERDICT_AFTER_DECISION = Rule(
    "a verdict on a report", "a shift leader's decision on it", "the decision stands, the verdict is kept", "merged", "state_kept"
)
REQUEST_ON_ENDED = Rule(
    "more time, a return or a suspension is asked for",
    "the finding has ended, was dispatched anew, or the work was reported since",
    "the state stays, the request is kept as lapsed",
    "merged",
    "state_kept",
)
SELF_RESOLVED_LATE = Rule(
    "the inspector resolves it on the spot",
    "filed or further",
    "the state stays, photos and note are kept",
    "merged",
    "state_kept",
)
BESIDE_WORK: tuple[Rule, ...] = (
    REPORT_TIME_UNCERTAIN,
    LIABLE_TIME_UNCERTAIN,
    REPORT_AFTER_VERDICT,
    REPORT_ON_ENDED,
    VERDICT_ON_ENDED,
    VERDICT_AFTER_DECISION,
    REQUEST_ON_ENDED,
    SELF_RESOLVED_LATE,
)
"""What meets an act of the work and is in no row of the matrix."""


@dataclass(frozen=True, slots=True)
class Look:
    """A verdict on a report: `at` corrected time of the look, `noticed` when the unit could know of it (receipt by the server)."""

    result: Result
    at: dt.datetime
    noticed: dt.datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """A report with all verdicts on it. `decided` is a shift leader's decision between opposite ones.

    `at` is the corrected time it counts at: its own, or that of its hand-back. `waits`: a manager has yet to hand it back.
    """

    id: UUID
    at: dt.datetime
    looks: tuple[Look, ...] = ()
    decided: Look | None = None
    waits: bool = False

    @property
    def ruling(self) -> Ruling:
        """What counts: the decision, else the verdicts where they agree."""
        if self.decided is not None:
            return self.decided.result
        results = {look.result for look in self.looks}
        if not results:
            return "open"
        return results.pop() if len(results) == 1 else "disputed"

    @property
    def noticed(self) -> dt.datetime:
        """Since when the unit could know of the ruling. Only where there is one."""
        return self.decided.noticed if self.decided is not None else min(look.noticed for look in self.looks)

    @property
    def ruled_at(self) -> dt.datetime | None:
        """The moment of the first look, or the decision: extensions granted later come too late for it."""
        if self.decided is not None:
            return self.decided.at
        return min((look.at for look in self.looks), default=None)


@dataclass(frozen=True, slots=True)
class Granted:
    """A granted extension: when, and how much."""

    at: dt.datetime
    by: Limit


@dataclass(frozen=True, slots=True)
class Standing:
    """How a dispatch stands.

    `state` issued, handed_back, rework or cancelled. `current` is the report that decides, with its `ruling`. `states` says of each report
    awaiting_hand_back (nobody's clock hears of it yet), open, replaced, passed, failed, disputed or added (evidence to work that had
    passed). `stops` are the clock's stops and restarts;
    `before` counts, for each report, how many of them were before it. `handed_back_at` is when the clock stopped, while it stands.
    """

    state: Literal["issued", "handed_back", "rework", "cancelled"]
    current: UUID | None
    ruling: Ruling
    states: dict[UUID, str]
    stops: tuple[ClockEvent, ...]
    before: dict[UUID, int]
    handed_back_at: dt.datetime | None
    reworks: int


def standing_of(reports: Iterable[Reported], *, issued_at: dt.datetime, least: Limit | None, cancelled_at: dt.datetime | None) -> Standing:
    """Work it out from all reports of the dispatch. `least` is the least time of a rework (None: there is no clock).

    The state follows the newest report by (corrected time, id); one made after the pass was known adds evidence only. A failure starts a
    rework unless a newer report had been made before anybody could know of it. One that was cancelled stays so, whatever arrives.
    """
    states: dict[UUID, str] = {}
    chain: list[Reported] = []
    for report in sorted(reports, key=lambda each: (each.at, each.id.int)):
        if report.waits:
            states[report.id] = "awaiting_hand_back"
        elif chain and chain[-1].ruling == "pass" and chain[-1].noticed < report.at:
            states[report.id] = "added"
        else:
            chain.append(report)
    stops, before, reworks = _stops(chain, issued_at, least, cancelled_at)
    for report in chain:
        states[report.id] = _STATES[report.ruling] if report is chain[-1] or report.ruling in ("pass", "fail") else "replaced"
    before |= {added: len(stops) for added in states.keys() - before.keys()}
    last = chain[-1] if chain else None
    failed = last is not None and last.ruling == "fail"
    if cancelled_at is not None:  # whatever was reported on it, before or since: nobody waits for it
        state: Literal["issued", "handed_back", "rework", "cancelled"] = "cancelled"
    elif last is not None and not failed:
        state = "handed_back"
    else:
        state = "rework" if failed else "issued"
    handed_back_at = stops[-1].at if state == "handed_back" and stops else None
    return Standing(
        state=state,
        current=last.id if last else None,
        ruling=last.ruling if last else "open",
        states=states,
        stops=tuple(stops),
        before=before,
        handed_back_at=handed_back_at,
        reworks=reworks,
    )


_STATES: dict[Ruling, str] = {"open": "open", "pass": "passed", "fail": "failed", "disputed": "disputed"}


def _stops(
    chain: Sequence[Reported], issued_at: dt.datetime, least: Limit | None, cancelled_at: dt.datetime | None
) -> tuple[list[ClockEvent], dict[UUID, int], int]:
    """Stops and restarts of the clock in order, how many were before each report, and how many reworks began."""
    stops: list[ClockEvent] = []
    before: dict[UUID, int] = {}
    reworks = 0
    stands = False
    last = issued_at
    for number, report in enumerate(chain):
        if not stands:
            last = max(report.at, last)  # never before the dispatch
            stops.append(Stopped(last))
            stands = True
        before[report.id] = len(stops) - 1
        newer = chain[number + 1] if number + 1 < len(chain) else None
        if report.ruling == "fail" and (newer is None or newer.at > report.noticed):
            last = max(report.noticed, last)
            stops.append(Restarted(last, least))
            stands = False
            reworks += 1
    if cancelled_at is not None:
        stops = [event for event in stops if event.at < cancelled_at]
        if not stops or isinstance(stops[-1], Restarted):
            stops.append(Stopped(max(cancelled_at, issued_at)))
        before = {report: min(count, len(stops) - 1) for report, count in before.items()}
    return stops, before, reworks


def clock_events(stops: Sequence[ClockEvent], extensions: Iterable[Granted]) -> list[ClockEvent]:
    """Stops, restarts and extensions in the order they happened."""
    extended: list[ClockEvent] = [Extended(each.at, each.by) for each in sorted(extensions, key=lambda each: each.at)]
    return sorted([*extended, *stops], key=lambda event: event.at)


def granted_before(extensions: Iterable[Granted], verdict: dt.datetime | None) -> list[Granted]:
    """The extensions that count for a report: all, or those granted before the verdict on it."""
    return [each for each in extensions if verdict is None or each.at <= verdict]


def timeliness(reported_at: dt.datetime, due: dt.datetime | None, window: tuple[dt.datetime, dt.datetime] | None = None) -> bool | None:
    """Whether it was on time: reported by the latest deadline granted before the verdict (each extension only adds time).

    None: there is no deadline (yet), or the time is only estimated and the deadline lies within its bounds.
    """
    if due is None or is_uncertain(due, window):
        return None
    return reported_at <= due


def is_uncertain(due: dt.datetime | None, window: tuple[dt.datetime, dt.datetime] | None) -> bool:
    """Whether the deadline lies within the bounds of an estimated time."""
    return due is not None and window is not None and window[0] <= due < window[1]


def finding_state(standings: Sequence[Standing]) -> Literal["dispatched", "rectified", "verified"]:
    """What the finding's state follows to from its dispatches; those cancelled are out of it."""
    live = [each for each in standings if each.state != "cancelled"]
    if not live or any(each.state != "handed_back" for each in live):
        return "dispatched"
    return "verified" if all(each.ruling == "pass" for each in live) else "rectified"
