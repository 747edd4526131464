"""One finding of the month: what people do with it through the API, and a diary of it from which the oracle works out its deadlines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.demo_month.oracle import Extension, Hold, Limit, Stop, due
from scripts.demo_month.staff import RELIEF
from tests.phone.ids import uuid7

if TYPE_CHECKING:
    from scripts.demo_month.play import Month


@dataclass
class Reported:
    """A report, counted at that time."""

    id: str
    at: dt.datetime
    stops: int
    """How many stops of the clock were over before it."""
    verdict: dt.datetime | None = None


@dataclass
class Work:
    """The diary of one dispatch."""

    id: str
    unit: str
    limit: Limit
    started: dt.datetime
    holds: list[Hold] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    reports: list[Reported] = field(default_factory=list)
    role: str = "lead"
    over: bool = False
    """Worked on no more: another came in its place, or it was cancelled."""

    def hold(self, at: dt.datetime, until: dt.datetime | None = None) -> Hold:
        """Its clock stands from then on."""
        self.holds.append(Hold(at, until))
        return self.holds[-1]

    def end(self, at: dt.datetime) -> None:
        """Worked on no more from then on."""
        self.over = True
        if not self.stops or self.stops[-1].restarted is not None:
            self.stops.append(Stop(at))

    def due(self, wide: Sequence[Hold] = ()) -> dt.datetime | None:
        """Its deadline, by the oracle."""
        return due(self.limit, self.started, holds=self._holds(wide), stops=self.stops, extensions=self.extensions)

    def due_of(self, report: Reported, wide: Sequence[Hold] = ()) -> dt.datetime | None:
        """The deadline that counts for a report: whatever had happened by then, and more time granted before the verdict on it."""
        holds = [each for each in self._holds(wide) if each.at < report.at]
        counting = [each for each in self.extensions if report.verdict is None or each.at <= report.verdict]
        return due(self.limit, self.started, holds=holds, stops=self.stops[: report.stops], extensions=counting)

    def _holds(self, wide: Sequence[Hold]) -> list[Hold]:
        """What holds it: nothing before it began; its own until the next report at the latest."""
        found = []
        for each in self.holds:
            ends = [each.until] if each.until is not None else []
            found.append(Hold(each.at, min([*ends, *(report.at for report in self.reports if report.at >= each.at)], default=None)))
        found += [Hold(max(each.at, self.started), each.until) for each in wide]
        return [each for each in found if each.until is None or each.until > each.at]


@dataclass
class Stepped:
    """The diary of one step of the desk or an inspector."""

    step: str
    since: dt.datetime
    done: dt.datetime | None = None


@dataclass
class Case:
    """One finding."""

    month: Month
    id: str
    fate: str
    town: str
    trade: str
    inspector: str
    category: dict[str, Any]
    condition: int
    limit: Limit
    place: tuple[float, float]
    automatic: bool
    recorded_at: dt.datetime
    turn: int
    """Whose turn it is among equals."""
    doc: dict[str, Any] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)
    steps: list[Stepped] = field(default_factory=list)
    expected: str = "recorded"
    closer: str = "zhao"
    exempt: bool = False
    done: bool = False
    """Whether its life came to the end that was meant; else the month ended before."""
    fault: str = ""

    # Who and when.

    @property
    def wide(self) -> list[Hold]:
        """What held the clocks of its whole area."""
        return [hold for area, trade, hold in self.month.suspensions if self.town.startswith(area) and trade in {None, self.trade}]

    @property
    def now(self) -> dt.datetime:
        """The moment."""
        return self.month.clock.at

    @property
    def work(self) -> Work:
        """The lead's dispatch that stands."""
        return next(each for each in reversed(self.works) if each.role == "lead" and not each.over)

    @property
    def doers(self) -> tuple[str, ...]:
        """Logins of the unit whose work it is, the manager or officer first."""
        return self.month.doers_of(self.work.unit)

    @property
    def doer(self) -> str:
        """Its manager or officer."""
        return self.doers[0]

    @property
    def due(self) -> dt.datetime:
        """The deadline as its doer is shown it."""
        task = next(each for each in self.doc["dispatches"] if each["id"] == self.work.id)
        if task["due"] is None:
            raise AssertionError(f"{self.doc['number']} has no deadline")
        return dt.datetime.fromisoformat(task["due"])

    def looker(self, number: int = 0) -> str:
        """An inspector of the town who did not record it."""
        others = [login for login in self.month.staff.inspectors[self.town] if login != self.inspector] or RELIEF
        return others[(self.turn + number) % len(others)]

    # Asking.

    def ask(self, login: str, verb: str, payload: dict[str, Any] | None = None, *, refused: str | None = None, method: str = "POST") -> Any:
        """Somebody moves it; the finding as shown to them is kept."""
        found = self.month.office.ask(login, method, f"/findings/{self.id}/{verb}", payload or {}, refused=refused)
        if refused is None:
            self.doc = found
        return found

    def look(self, login: str = "sun") -> dict[str, Any]:
        """The finding as somebody sees it now."""
        self.doc = self.month.office.ask(login, "GET", f"/findings/{self.id}")
        return self.doc

    def snap(self, login: str, role: str) -> dict[str, Any]:
        """A photo of somebody whose bytes have arrived; its declaration."""
        content, declared = self.month.camera.take(role, self.now)
        headers = {"Content-Type": "application/octet-stream"}
        self.month.office.call(login, "PUT", f"/blobs/sha256/{declared['sha256']}", body=content, headers=headers)
        return declared

    # The desk.

    def file(self, login: str, condition: int | None = None) -> None:
        """File it; the desk chooses the condition where nobody has."""
        self.ask(login, "filing", {"condition": condition, "state_version": self.doc["state_version"]})
        self.expected = "filed"

    def dispatch(self, login: str, **to: str) -> Work:
        """Dispatch it; the clock of the new dispatch starts."""
        self.ask(login, "dispatches", {**to, "state_version": self.doc["state_version"]})
        return self.dispatched()

    def dispatched(self, limit: Limit | None = None) -> Work:
        """Note the dispatch that is new, as it is shown; `limit` is its own, where it has one."""
        known = {each.id for each in self.works}
        for task in self.doc["dispatches"]:
            if task["id"] not in known and task["replaced_by"] is None:
                started = dt.datetime.fromisoformat(task["issued_at"])
                self.works.append(Work(task["id"], task["unit"], limit or self.limit, started, role=task["role"]))
        self.expected = "dispatched"
        return self.works[-1]

    def close(self, login: str = "zhao") -> None:
        """Close what was verified."""
        self.ask(login, "closing", {"note": "符合结案条件"})
        self.expected = "closed"

    # The work.

    def report(self, login: str | None = None, *, work: Work | None = None, counts: bool = True) -> str:
        """The work is done: reported with a photo of after. `counts`: else it waits for the manager."""
        work = work or self.work
        login = login or self.month.doers_of(work.unit)[0]
        report = str(uuid7())
        photos = [self.snap(login, "after")]
        self.ask(login, "reports", {"report": report, "dispatch": work.id, "note": "已处置完毕", "photos": photos})
        if counts:
            self.handed_back(work, report, self.now)
        return report

    def handed_back(self, work: Work, report: str, at: dt.datetime) -> None:
        """The clock of the work has stopped at that time, by this report."""
        work.reports.append(Reported(report, at, len(work.stops)))
        work.stops.append(Stop(at))
        if all(each.over or (each.stops and each.stops[-1].restarted is None) for each in self.works):
            self.expected = "rectified"

    def verify(self, result: str, login: str | None = None, *, work: Work | None = None) -> None:
        """An inspector looks at the newest report, with the phone on site."""
        work = work or self.work
        report = work.reports[-1]
        self.look_on_site("pre_closing", result, login or self.looker(len(work.reports)), report=report.id)
        report.verdict = self.now
        if result == "fail":
            work.stops[-1].restarted = self.now
            self.expected = "dispatched"
        elif all(each.over or (each.reports and each.reports[-1].verdict) for each in self.works):
            self.expected = "verified"

    def look_on_site(self, phase: str, result: str, login: str, *, report: str | None = None) -> None:
        """An inspector's verdict, sent from the phone with a photo."""
        phone = self.month.phone(login)
        content, declared = self.month.camera.take("verification", self.now)
        self.month.keep(phone, content)
        payload = {"phase": phase, "report": report, "result": result, "note": None, "photos": [declared]}
        phone.do("verify_finding", "finding", self.id, payload)
        self.month.bring_home(login)
        self.look()

    def request(self, kind: str, login: str | None = None, *, refused: str | None = None, **more: Any) -> str:
        """The unit asks for a return, an extension or a suspension; the request's id."""
        asked = {"dispatch": self.work.id, "reason": _REASONS[kind], **more}
        self.ask(login or self.doer, f"{kind}-requests", asked, refused=refused)
        if refused is not None:
            return ""
        return str(next(each["id"] for each in reversed(self.doc["requests"]) if each["kind"] == kind and each["state"] == "pending"))

    def decide(self, kind: str, request: str, decision: str, login: str = "sun", **more: Any) -> None:
        """The dispatcher grants or refuses it."""
        self.ask(login, f"{kind}-requests/{request}/{'grant' if decision == 'grant' else 'refusal'}", more)


_REASONS = {
    "extension": "材料采购需要时间",
    "return": "不属于本单位职责",
    "suspension": "待管线迁改完成后施工",
}
