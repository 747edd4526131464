"""`flask demo seed`: fills an empty database with the demo district, once. Refused where there is anything real."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import ModuleType
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from backend.core import act as acts
from backend.core.act import SYSTEM, Act
from backend.core.perform import perform, reading
from backend.core.revisions import bump, current
from backend.domains import catalog as catalog_package
from backend.domains import deadlines as deadlines_package
from backend.domains.catalog import actions as catalog
from backend.domains.catalog import queries as catalogue
from backend.domains.contracts import actions as contracts
from backend.domains.deadlines import actions as deadlines
from backend.domains.identity.actions.people import enrol_person
from backend.domains.identity.actions.roles import grant_role
from backend.domains.identity.actions.units import found_unit
from backend.domains.identity.model import Person
from backend.domains.identity.outside import passwords
from backend.domains.policies import actions as policies
from backend.domains.territory import actions as territory
from backend.domains.territory.rules.areas import AreaShape, Level
from backend.domains.territory.rules.roads import RoadSegment
from backend.domains.territory.rules.territory import local_day
from backend.entrypoints.cli import operator
from backend.entrypoints.cli.demo import cast
from backend.entrypoints.cli.demo.geography import demo_areas, demo_roads
from backend.entrypoints.demo_clock import following

REVISION = following.MARK
"""Set in a demo database and in no other: pages show the demo logins only then."""

_AUTOMATIC_SINCE = dt.datetime(2026, 7, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
"""The first day of the demo's catalogue: from then on the automatic trades move by themselves, also where the demo's clock is set back."""

group = AppGroup("demo", help="The demo district. 演示区。")


@group.command("seed")
def seed() -> None:
    """Fill an empty database with the demo district; a second time nothing happens (初始化演示数据)."""
    seed_demo()


def seed_demo() -> None:
    """Fill an empty database with the demo district. Nothing happens where it is there already; refused where there is anything else."""
    session = operator.session()
    with reading(session):
        if current(session, REVISION) is not None:
            return
        if session.scalar(sa.select(Person.id).limit(1)) is not None:
            raise click.ClickException(
                "this database holds real data: the demo goes into an empty one only. 数据库非空，拒绝写入演示数据。"
            )
    password_hash = passwords.hashed(cast.PASSWORD)
    areas, roads = demo_areas(), demo_roads()
    texts = {"catalog_csv": _data(catalog_package, "catalog.csv"), "calendar_csv": _data(deadlines_package, "calendar_cn.csv")}
    following.begin(current_app.extensions["linping.settings"])
    with operator.answering():
        perform(session, acts.begin(SYSTEM), _seed, password_hash=password_hash, areas=areas, roads=roads, **texts)
    click.echo("The demo district is ready. 演示区已就绪。", err=True)


def logins() -> list[str]:
    """The demo's logins as lines, if this is a demo database."""
    session = operator.session()
    with reading(session):
        if current(session, REVISION) is None:
            return []
    people = [f"  {person.login:<6} {person.name}  {', '.join(person.roles)}" for person in cast.PEOPLE]
    return [f"Demo logins (演示账号), password {cast.PASSWORD}:", *people]


def _data(package: ModuleType, name: str) -> str:
    return (Path(package.__path__[0]) / "data" / name).read_text("utf-8")


def _seed(
    session: Session, act: Act, *, password_hash: str, areas: list[AreaShape], roads: list[RoadSegment], catalog_csv: str, calendar_csv: str
) -> None:
    territory.import_areas(session, act, areas=areas)
    territory.import_roads(session, act, roads=roads)
    session.flush()
    catalog.load_edition(
        session,
        act,
        number=1,
        name="GB/T 47678.5-2026 管理部件和事项",
        valid_from=dt.date(2026, 7, 1),
        source="GB/T 47678.5-2026; limits of a city standard",
        csv=catalog_csv,
    )
    session.flush()
    for kind, class_code in sorted({(one.kind, one.class_code) for one in catalogue.catalogue(session).categories(1)}):
        catalog.set_class_default(session, act, kind=kind, class_code=class_code, value=cast.CLASS_DEFAULT[0], unit=cast.CLASS_DEFAULT[1])
    for trade in cast.AUTOMATIC_TRADES:
        policies.set_filing_policy(session, act, scope="trade", key=trade, auto_file=True, auto_dispatch=True, valid_from=_AUTOMATIC_SINCE)
    deadlines.load_calendar_csv(session, act, text=calendar_csv, years=(2025, 2026))
    session.flush()
    units = _found_units(session, act, areas)
    _enrol(session, act, units, password_hash)
    _sign_contracts(session, act, units)
    _assign(session, act, units)
    bump(session, act, REVISION)
    act.tell("demo.seeded", "demo", "linping")


def _found_units(session: Session, act: Act, areas: list[AreaShape]) -> dict[str, UUID]:
    """Units by code: the district, towns and communities by their area code, departments and contractors by their own."""
    units: dict[str, UUID] = {}
    for area in areas:
        if area.level is not Level.GRID:
            parent = units.get(area.parent) if area.parent else None
            kind = area.level.value
            units[area.code] = found_unit(session, act, kind=kind, code=area.code, name=area.name, area=area.code, parent=parent).id
            session.flush()
    for unit in cast.UNITS:
        found = found_unit(session, act, kind=unit.kind, code=unit.code, name=unit.name, name_en=unit.name_en, parent=units[cast.DISTRICT])
        units[unit.code] = found.id
    session.flush()
    return units


def _enrol(session: Session, act: Act, units: dict[str, UUID], password_hash: str) -> None:
    since = act.at - dt.timedelta(days=365)
    for person in cast.PEOPLE:
        row = enrol_person(session, act, login=person.login, name=person.name, password_hash=password_hash, must_change_password=False)
        session.flush()
        for role in person.roles:
            grant_role(session, act, person=row.id, role=role, unit=units[person.unit], since=since)
            session.flush()


def _sign_contracts(session: Session, act: Act, units: dict[str, UUID]) -> None:
    today = local_day(act.at)
    signed: dict[str, UUID] = {}
    for plan in cast.CONTRACTS:
        contract = contracts.sign_contract(
            session,
            act,
            number=plan.number,
            name=plan.name,
            contractor=units[plan.contractor],
            signed_on=today + dt.timedelta(days=plan.first - 30),
            valid_from=today + dt.timedelta(days=plan.first),
            valid_until=today + dt.timedelta(days=plan.until),
            succeeds=signed.get(plan.succeeds) if plan.succeeds else None,
        )
        session.flush()
        signed[plan.number] = contract.id
        section = contracts.add_section(session, act, contract=contract.id, code="01", name="一标段")
        session.flush()
        for kind, code, buffer_m in plan.coverage:
            contracts.add_coverage(session, act, section=section.id, trade=plan.trade, kind=kind, code=code, buffer_m=buffer_m)
        session.flush()


def _assign(session: Session, act: Act, units: dict[str, UUID]) -> None:
    since = local_day(act.at) - dt.timedelta(days=365)
    for code in cast.TOWNS:
        contracts.assign_responsibility(session, act, role="area_owner", scope="all", area=code, unit=units[code], valid_from=since)
    for trade, unit in cast.TRADE_OWNERS.items():
        contracts.assign_responsibility(
            session,
            act,
            role="trade_owner",
            scope="trade",
            key=trade,
            area=cast.DISTRICT,
            unit=units[unit],
            valid_from=since,
        )
    for trade, unit in cast.ACTING.items():
        contracts.assign_responsibility(
            session,
            act,
            role="acting",
            scope="trade",
            key=trade,
            area=cast.DISTRICT,
            unit=units[unit],
            valid_from=since,
        )
    session.flush()
