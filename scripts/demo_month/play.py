"""Lets the month pass: inspectors walk, findings live, and the clock goes from one deed to the next."""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from scripts.demo_day.ground import survey
from scripts.demo_month.case import Case
from scripts.demo_month.happenings import happenings
from scripts.demo_month.lives import FATES
from scripts.demo_month.office import MonthClock, Office, password_of
from scripts.demo_month.oracle import LOCAL, Hold, Limit
from scripts.demo_month.snaps import Camera
from scripts.demo_month.staff import Staff
from tests.phone.account import SignInNeeded
from tests.phone.ids import uuid7
from tests.phone.phone import Phone

STEP = dt.timedelta(minutes=10)
"""Deeds are done on marks so far apart."""
SWEEP = dt.timedelta(minutes=30)
"""What is due is looked for so often."""
AUTOMATIC = {"cleaning", "sanitation", "municipal", "greening"}
CLASS_DEFAULT = Limit(3, "working_days")
_TRADES = ("municipal", "greening", "sanitation", "cleaning", "cleaning", "enforcement", "other")
_HOME_AT = ((10, 0), (12, 0), (15, 0), (17, 30))
When = dt.datetime | None


class Month:
    """The month: who is in it, what happens next, and what came of it."""

    def __init__(
        self,
        office: Office,
        clock: MonthClock,
        staff: Staff,
        *,
        catalog: dict[str, Any],
        units: dict[str, str],
        seed: int,
        folder: Path,
    ) -> None:
        self.office, self.clock, self.staff = office, clock, staff
        self.chance = random.Random(f"demo month {seed}")  # noqa: S311 - a drawing, no secret
        self.seed, self.camera = seed, Camera(seed)
        self.cases: list[Case] = []
        self.suspensions: list[tuple[str, str | None, Hold]] = []
        """Area, trade (None: all) and hold of each suspension of a whole area."""
        self.deeds = 0
        self._swept = clock.at
        self._units = units
        self._codes = {unit: code for code, unit in units.items()}
        self._folder = folder
        self._heard: set[str] = set()
        self._phones: dict[str, Phone] = {}
        self._queue: list[tuple[dt.datetime, int, Iterator[When], Case | None]] = []
        self._numbers = count()
        self._turns = count()
        self._conditions = _by_trade(catalog)
        login = next(login for logins in staff.inspectors.values() for login in logins)
        self.ground = survey(self.phone(login), corners_in=(), road="东湖中路")

    # Who.

    def unit(self, code: str) -> str:
        """The id of a unit."""
        return self._units[code]

    def doers_of(self, unit: str) -> tuple[str, ...]:
        """Logins that do the work of a unit."""
        return self.staff.doers[self._codes[unit]]

    def phone(self, login: str) -> Phone:
        """The phone of an inspector, registered when it is first needed."""
        if login not in self._phones:
            phone = self._phones[login] = Phone(self._folder / login, self.office.url, clock=self.clock, timeout_s=120)
            phone.sign_in(login, password_of(login))
            phone.register()
        return self._phones[login]

    def keep(self, phone: Phone, content: bytes) -> None:
        """Put a photo's bytes into a phone's album."""
        path = self._folder / f"{next(self._numbers)}.jpg"
        path.write_bytes(content)
        phone.album.keep(path)

    def bring_home(self, login: str) -> None:
        """The phone hands in its operations, then its photos."""
        phone = self.phone(login)
        try:
            phone.push()
            phone.album.deliver()
        except SignInNeeded:
            phone.sign_in(login, password_of(login))
            phone.push()
            phone.album.deliver()
        for outcome in phone.outbox.outcomes():
            if outcome.status not in {"applied", "merged"} and outcome.op not in self._heard and outcome.code != "verdicts_differ":
                self._heard.add(outcome.op)
                self.office.faults.append(f"{login} {outcome.verb} of {outcome.entity}: {outcome.status} {outcome.code}")

    def close(self) -> None:
        """End all connections."""
        for phone in self._phones.values():
            phone.close()

    # When.

    def begin(self, life: Iterator[When], at: dt.datetime | None = None, case: Case | None = None) -> None:
        """A life begins at that moment, else now."""
        heapq.heappush(self._queue, (at or self.clock.at, next(self._numbers), life, case))

    def pass_until(self, end: dt.datetime, told: Callable[[dt.datetime], object]) -> None:
        """Let time pass, deed by deed."""
        day = None
        while self._queue and (at := _mark(self._queue[0][0])) <= end:
            at = max(at, self.clock.at)
            self._sweep_until(at)
            if day != (day := self.clock.at.astimezone(LOCAL).date()):
                told(self.clock.at)
            while self._queue and _mark(self._queue[0][0]) <= self.clock.at:
                follows = False
                for _, _, life, case in self._due():
                    follows |= self._go_on(life, case)
                if follows:
                    self.clock.settle()
        self._sweep_until(max(end, self.clock.at))
        self.clock.settle()

    def _sweep_until(self, at: dt.datetime) -> None:
        """Go to that moment, and look each half hour on the way for what is due, as the worker does each minute."""
        while (next_ := self._swept + SWEEP) <= at:
            self._swept = next_
            if next_ >= self.clock.at:
                self.clock.go_to(next_)
        if self.clock.at != at:
            self.clock.go_to(at, settle=False)

    def _due(self) -> list[tuple[dt.datetime, int, Iterator[When], Case | None]]:
        found = []
        while self._queue and _mark(self._queue[0][0]) <= self.clock.at:
            found.append(heapq.heappop(self._queue))
        return found

    def _go_on(self, life: Iterator[When], case: Case | None) -> bool:
        """The next deed of a life; whether something may follow from it."""
        try:
            at = next(life)
        except StopIteration:
            self.deeds += 1
            return True
        except Exception as fault:  # the month goes on: what went wrong is counted, and told at its end
            if case is None:
                raise
            case.fault = f"{type(fault).__name__}: {fault}"
            self.office.faults.append(f"{case.fate} {case.doc.get('number', case.id)} at {self.clock.at:%m-%d %H:%M}: {case.fault}")
            return False
        self.deeds += 1
        heapq.heappush(self._queue, (max(at or self.clock.at, self.clock.at), next(self._numbers), life, case))
        return True

    # What happens.

    def plan(self, first: dt.date, days: int, findings: int) -> None:
        """Every inspector walks every day, some days with one finding more or less; and what befalls the whole district."""
        for number in range(days):
            day = first + dt.timedelta(days=number)
            for town, logins in self.staff.inspectors.items():
                for login in logins:
                    found = max(0, findings + self.chance.choice((-1, 0, 0, 1)))
                    self.begin(self.patrol(login, town, day, found), _at(day, 8 * 60))
        for life, day, hour in happenings(self, first, days):
            self.begin(life, _at(day, hour * 60))

    def patrol(self, login: str, town: str, day: dt.date, findings: int) -> Iterator[When]:
        """A day of an inspector: findings recorded offline, brought home four times."""
        phone = self.phone(login)
        patrol = str(uuid7())
        walk = sorted((8 * 60 + 15 + self.chance.randrange(9 * 60)) // 5 * 5 for _ in range(findings))
        stops = [(minute, "find") for minute in walk] + [(hour * 60 + minute, "home") for hour, minute in _HOME_AT]
        yield _at(day, 8 * 60 + 5)
        phone.do("open_patrol", "patrol", patrol, {"planned": None})
        fresh: list[Case] = []
        for minute, what in sorted(stops):
            yield _at(day, minute)
            if what == "find":
                fresh.append(self._found(login, town, patrol))
            elif fresh:
                self.bring_home(login)
                for case in fresh:
                    self.begin(FATES[case.fate].life(case), case=case)
                    self.cases.append(case)
                fresh = []
        yield _at(day, 17 * 60 + 35)
        phone.do("close_patrol", "patrol", patrol, {"visited": []})
        self.bring_home(login)

    def _found(self, login: str, town: str, patrol: str) -> Case:
        trade = self.chance.choice(_TRADES)
        kind = "auto" if trade in AUTOMATIC else "desk"
        fates = [name for name, fate in FATES.items() if fate.trades in {"all", kind}]
        (fate,) = self.chance.choices(fates, [FATES[name].share for name in fates])
        case = self.case(fate, login, town, trade)
        self.record(case, patrol)
        before = FATES[fate].at_once
        if before is not None:
            before(case)
        return case

    def case(self, fate: str, login: str, town: str, trade: str, **said: Any) -> Case:
        """A finding that is about to be recorded: where and of what, as chance has it or as `said`."""
        category, condition, limit = self.chance.choice(self._conditions[trade])
        drawn = {
            "id": str(uuid7()),
            "category": category,
            "condition": condition,
            "limit": limit,
            "place": self.ground.inside(town, self.chance),
            "automatic": trade in AUTOMATIC,
            "turn": next(self._turns),
        }
        return Case(month=self, fate=fate, town=town, trade=trade, inspector=login, recorded_at=self.clock.at, **{**drawn, **said})

    def another(self, case: Case) -> tuple[dict[str, Any], int, Limit]:
        """Another category of the trade, with a limit that counts as this one's does."""
        fitting = [each for each in self._conditions[case.trade] if each[2].always == case.limit.always and each[0] != case.category]
        return self.chance.choice(fitting)

    def record(self, case: Case, patrol: str | None) -> None:
        """The inspector records it on the phone, with a photo."""
        phone = self.phone(case.inspector)
        content, declared = self.camera.take("before", self.clock.at)
        self.keep(phone, content)
        lon, lat = case.place
        payload = {
            "patrol": patrol,
            "category": case.category,
            "condition": case.condition,
            "place": {"lon": lon, "lat": lat, "datum": "WGS-84", "accuracy_m": 6.0, "provider": "gnss"},
            "severity": self.chance.choice((1, 1, 2)),
            "note": None,
            "photos": [declared],
        }
        phone.do("record_finding", "finding", case.id, payload)


def _mark(at: dt.datetime) -> dt.datetime:
    """The next mark at or after that moment."""
    local = at.astimezone(LOCAL)
    floor = local.replace(minute=local.minute // 10 * 10, second=0, microsecond=0)
    return floor if floor == local else floor + STEP


def _at(day: dt.date, minute: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), LOCAL)


def _by_trade(catalog: dict[str, Any]) -> dict[str, list[tuple[dict[str, Any], int, Limit]]]:
    """Category, number of the condition, and limit, of each trade."""
    found: dict[str, list[tuple[dict[str, Any], int, Limit]]] = {}
    for category in catalog["categories"]:
        for condition in category["conditions"]:
            said = condition["limit"]
            limit = Limit(said["value"], said["unit"]) if said else CLASS_DEFAULT
            named = {"kind": category["kind"], "code": category["code"], "edition": category["edition"]}
            found.setdefault(category["trade"], []).append((named, condition["number"], limit))
    return found
