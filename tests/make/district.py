"""A small district with all that a finding meets: ground, catalogue, calendar, contracts, people. Seeded once a run, copied for each test.

Two towns side by side: 330113001 with two communities of two grids, 330113002 with one of one grid; a road along their border.
Its clock begins at `NOON` (a Monday) and runs as the real one does; `district.clock.forward(days=3)` moves it.

Fixtures: `district` (SQLite), `any_district` (the test runs on SQLite and on PostgreSQL). Both are the `cast` on a seeded application.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from shapely.geometry import box

from backend.core import act as acts
from backend.core.act import Act, Actor
from backend.domains import catalog as catalog_package
from backend.domains import deadlines as deadlines_package
from backend.domains.catalog import actions as catalog
from backend.domains.contracts import actions as contracts
from backend.domains.deadlines import actions as deadlines
from backend.domains.policies import actions as policies
from backend.domains.territory import actions as territory
from backend.domains.territory.rules.areas import AreaShape, Level
from backend.entrypoints.worker import tasks
from tests.make.application import build_app, close_app
from tests.make.databases import Databases, once
from tests.make.people import PEOPLE, UNITS, Cast

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)
SINCE = dt.date(2020, 1, 1)
TODAY = NOON.date()
FOREVER = dt.date(2040, 1, 1)

# code: level, parent, west, south, east, north in WGS-84 degrees
AREAS = {
    "330113": ("district", None, (120.00, 30.00, 120.06, 30.02)),
    "330113001": ("town", "330113", (120.00, 30.00, 120.04, 30.02)),
    "330113001001": ("community", "330113001", (120.00, 30.00, 120.02, 30.02)),
    "330113001001001": ("grid", "330113001001", (120.00, 30.00, 120.01, 30.02)),
    "330113001001002": ("grid", "330113001001", (120.01, 30.00, 120.02, 30.02)),
    "330113001002": ("community", "330113001", (120.02, 30.00, 120.04, 30.02)),
    "330113001002001": ("grid", "330113001002", (120.02, 30.00, 120.03, 30.02)),
    "330113001002002": ("grid", "330113001002", (120.03, 30.00, 120.04, 30.02)),
    "330113002": ("town", "330113", (120.04, 30.00, 120.06, 30.02)),
    "330113002001": ("community", "330113002", (120.04, 30.00, 120.06, 30.02)),
    "330113002001001": ("grid", "330113002001", (120.04, 30.00, 120.06, 30.02)),
}
HOME = (120.005, 30.01)  # grid 330113001001001: Lin's town and Shen's community
NEXT_DOOR = (120.025, 30.01)  # the other community of the same town
EAST = (120.05, 30.01)  # the other town, Wu's
OUTSIDE = (121.0, 31.0)

MANHOLE = {"kind": "component", "code": "01001"}  # municipal; by itself from photos to dispatch. Condition 2: 4 working hours
DIRT = {"kind": "event", "code": "06012"}  # cleaning; an overlap in Shen's community. Condition 1: 2 working hours
TOILET = {"kind": "component", "code": "03001"}  # sanitation; a contract that ended at midnight and its successor
TREE = {"kind": "component", "code": "04002"}  # greening; nobody's. Condition 2: 15 working days
ADVERT = {"kind": "component", "code": "03006"}  # enforcement; the matrix names the municipal department

CONTRACTS: dict[str, tuple[str, str, str, dt.date, dt.date, str | None]] = {
    # number: contractor, trade, area, from, until, predecessor
    "SZ": ("hangyang", "municipal", "330113001", SINCE, FOREVER, None),
    "HW-1": ("hangyang", "sanitation", "330113", SINCE, TODAY, None),
    "HW-2": ("lvyuan", "sanitation", "330113", TODAY, FOREVER, "HW-1"),
    "BJ": ("lvyuan", "cleaning", "330113", SINCE, FOREVER, None),
    "BJ-D": ("hangyang", "cleaning", "330113001001", SINCE, FOREVER, None),
}


class Clock:
    """What `acts.begin` reads in these tests."""

    def __init__(self) -> None:
        self._ahead = NOON - dt.datetime.fromtimestamp(time.monotonic(), dt.UTC)

    def now(self) -> dt.datetime:
        """The moment."""
        return (dt.datetime.fromtimestamp(time.monotonic(), dt.UTC) + self._ahead).astimezone(dt.UTC)

    def forward(self, **by: float) -> None:
        """Let this time pass."""
        self._ahead += dt.timedelta(**by)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Acts begin by this clock."""
        begin = acts.begin

        def by_this_clock(actor: Actor, *, at: dt.datetime | None = None, request_id: str | None = None) -> Act:
            return begin(actor, at=at or self.now(), request_id=request_id)

        monkeypatch.setattr(acts, "begin", by_this_clock)


class District(Cast):
    """The cast in the district. `contracts` maps numbers to ids; clients are signed in with sessions opened beforehand."""

    def __init__(self, app: Flask, clock: Clock, seeded: dict[str, Any]) -> None:
        super().__init__(app)
        self.clock = clock
        self._units = {code: UUID(unit) for code, unit in seeded["units"].items()}
        self._people = {login: UUID(person) for login, person in seeded["people"].items()}
        self.contracts = {number: UUID(contract) for number, contract in seeded["contracts"].items()}
        self._tokens = seeded["tokens"]

    def token(self, login: str) -> str:
        """The session opened beforehand; for others a new one."""
        return self._tokens.get(login) or super().token(login)

    def settle(self) -> None:
        """Let the worker do everything that is due."""
        tasks.settle(self.app)

    def react(self) -> int:
        """Let the worker follow the journal."""
        return tasks.react(self.app)

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        """What a query gives, detached from its session."""
        return list(self.ask(lambda session: session.execute(query).all()))

    def scalars(self, query: sa.Select[Any]) -> list[Any]:
        """The first column of it."""
        return list(self.ask(lambda session: session.scalars(query).all()))


def seed(app: Flask) -> dict[str, Any]:
    """Fill an empty database; ids and tokens by name."""
    cast = Cast(app)
    shapes = [
        AreaShape(code, Level(level), code, parent, box(*bounds), SINCE, illustrative=True)
        for code, (level, parent, bounds) in AREAS.items()
    ]
    cast.do(territory.import_areas, areas=shapes)
    text = _data(catalog_package, "catalog.csv")
    cast.do(catalog.load_edition, number=1, name="2026", valid_from=SINCE, source="test", csv=text)
    cast.do(policies.set_filing_policy, scope="trade", key="municipal", auto_file=True, auto_dispatch=True)
    cast.do(deadlines.load_calendar_csv, text=_data(deadlines_package, "calendar_cn.csv"), years=(2025, 2026))
    units = {code: cast.unit(code) for code in UNITS}
    people = {login: cast.person(login) for login in PEOPLE}
    signed: dict[str, UUID] = {}
    for number, (contractor, trade, area, first, until, before) in CONTRACTS.items():
        row = cast.do(
            contracts.sign_contract,
            number=number,
            name=number,
            contractor=units[contractor],
            signed_on=SINCE,
            valid_from=first,
            valid_until=until,
            succeeds=signed[before] if before else None,
        )
        signed[number] = row.id
        section = cast.do(contracts.add_section, contract=row.id, code="1", name="1")
        cast.do(contracts.add_coverage, section=section.id, trade=trade, kind="area", code=area)
    for role, scope, key, area, unit in (
        ("area_owner", "all", "", "330113001", "330113001"),
        ("trade_owner", "trade", "municipal", "330113", "municipal"),
        ("acting", "trade", "enforcement", "330113", "municipal"),
    ):
        cast.do(contracts.assign_responsibility, role=role, scope=scope, key=key, area=area, unit=units[unit], valid_from=SINCE)
    return {
        "units": {code: str(unit) for code, unit in units.items()},
        "people": {login: str(person) for login, person in people.items()},
        "contracts": {number: str(contract) for number, contract in signed.items()},
        "tokens": {login: cast.token(login) for login in people},
    }


def seeded(databases: Databases, kind: str) -> tuple[str, dict[str, Any]]:
    """The name of the seeded template of this kind (a file, or a PostgreSQL database) and what is in it."""
    name, made = json.loads(once(databases.run, f"district-{kind}", lambda: json.dumps(_SEEDERS[kind](databases))))
    return name, made


def _seed_sqlite(databases: Databases) -> tuple[str, dict[str, Any]]:
    path = databases.run / "district.sqlite3"
    made = _seeded_at(databases.sqlite(path), databases.run)
    if left := [str(other) for other in databases.run.glob("district.sqlite3-*")]:
        raise RuntimeError(f"a connection to the template is still open: {left}")
    return str(path), made


def _seed_postgres(databases: Databases) -> tuple[str, dict[str, Any]]:
    name = f"{databases._prefix}district"
    template = once(databases.run, "postgres", databases._postgres_template)
    databases._maintain(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return name, _seeded_at(databases._url(name), databases.run)


_SEEDERS: dict[str, Callable[[Databases], tuple[str, dict[str, Any]]]] = {"sqlite": _seed_sqlite, "postgres": _seed_postgres}


def _seeded_at(url: str, folder: Path) -> dict[str, Any]:
    app = build_app(url, folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock = Clock()
        clock.forward(hours=-1)  # what is seeded holds from then on: a test begins at noon
        clock.install(monkeypatch)
        made = seed(app)
    close_app(app)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The district's clock, at noon."""
    clock = Clock()
    clock.install(monkeypatch)
    return clock


@pytest.fixture
def district_url(databases: Databases, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    """A seeded SQLite database of this test's own, and what is in it."""
    name, made = seeded(databases, "sqlite")
    path = tmp_path / "linping.sqlite3"
    shutil.copyfile(name, path)
    return f"sqlite:///{path}", made


@pytest.fixture
def postgres_district_url(databases: Databases, postgres_wanted: None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same on PostgreSQL."""
    template, made = seeded(databases, "postgres")
    name = f"{databases._prefix}{databases.worker}_d{next(databases._numbers)}"
    databases._maintain(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    try:
        yield databases._url(name), made
    finally:
        databases._maintain(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_wanted() -> None:
    """Leaves the test out where PostgreSQL is left out."""
    from tests.make.databases import _or_leave_out

    _or_leave_out()


@pytest.fixture(params=["district_url", "postgres_district_url"], ids=["sqlite", "postgres"])
def any_district_url(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """A seeded database: the test runs on SQLite and on PostgreSQL."""
    url: tuple[str, dict[str, Any]] = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def district(district_url: tuple[str, dict[str, Any]], tmp_path: Path, clock: Clock) -> Iterator[District]:
    """The district on SQLite."""
    yield from _opened(district_url, tmp_path, clock)


@pytest.fixture
def any_district(any_district_url: tuple[str, dict[str, Any]], tmp_path: Path, clock: Clock) -> Iterator[District]:
    """The district; the test runs on SQLite and on PostgreSQL."""
    yield from _opened(any_district_url, tmp_path, clock)


def _opened(url: tuple[str, dict[str, Any]], folder: Path, clock: Clock) -> Iterator[District]:
    app = build_app(url[0], folder)
    yield District(app, clock, url[1])
    close_app(app)


def _data(package: ModuleType, name: str) -> str:
    return (Path(package.__path__[0]) / "data" / name).read_text("utf-8")
