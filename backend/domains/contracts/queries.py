"""What others ask contracts. Matching is answered from memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.rows import find_row
from backend.core.revisions import Held
from backend.domains.catalog import queries as catalog
from backend.domains.catalog.rules.administering import CategoryMissing
from backend.domains.contracts.model import Contract, Coverage, Responsibility, Section
from backend.domains.contracts.rules.coverage_report import CommunityCoverage, report_coverage
from backend.domains.contracts.rules.explain import match_doc, responsible_doc
from backend.domains.contracts.rules.match import COVERAGE_KINDS, Candidate, CoverageKind, Responsible
from backend.domains.contracts.rules.register import ContractSummary, Register
from backend.domains.contracts.rules.terms import ContractMissing
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.areas import Level
from backend.domains.territory.rules.datums import Datum, to_wgs84

REVISION = "contracts"


def register_of_contracts(session: Session) -> Register:
    """All coverages and the responsibility matrix in memory, as they stand at this transaction. Frozen: take it once a request."""
    return _HELD.get(session)


def match_place(
    session: Session, *, lon: float, lat: float, datum: str, category: str, at: dt.datetime, asset: str | None = None
) -> dict[str, Any]:
    """Which contract answers for a place in degrees of `datum` and a category `kind:code` at a moment, with everything it rests on.

    Raises CategoryMissing.
    """
    kind, _, code = category.partition(":")
    resolved = catalog.catalogue(session).resolve(kind, code, at=at)
    if resolved is None:
        raise CategoryMissing(f"category: there is no {category}", errors=[("/category", "not in the catalogue")])
    holds, said = resolved
    east, north = to_wgs84(lon, lat, Datum(datum))
    register = register_of_contracts(session)
    located = territory.layer(session, at).locate(east, north)
    roads = territory.roads(session, at).near_with_distance(east, north, register.reach_m)
    answer = register.match(holds, located, roads, asset, at=at)
    owners = register.owners(holds, located, at=at)
    return {
        "wgs84": [east, north],
        "located": {"grid": located.grid, "community": located.community, "town": located.town, "district": located.district}
        if located
        else None,
        "roads": [{"code": road, "metres": metres} for road, metres in roads],
        "category": holds.key,
        "code": said,
        "trade": holds.trade,
        "at": at,
        **match_doc(answer),
        "area_owner": responsible_doc(owners.area_owner) if owners.area_owner else None,
        "trade_owner": responsible_doc(owners.trade_owner) if owners.trade_owner else None,
    }


def coverage_report(session: Session, *, trade: str, day: dt.date) -> list[CommunityCoverage]:
    """Gaps and overlaps of a trade on a day, community by community."""
    areas = territory.territory(session).areas_on(day)
    grids = [code for code, area in areas.items() if area.level is Level.GRID]
    return report_coverage(register_of_contracts(session), trade, grids, day)


def get_contract(session: Session, contract: UUID, *, contractors: Collection[UUID] | None = None) -> Contract:
    """The contract, if it is one of these contractors' (None: whosever). Raises ContractMissing."""
    row = find_row(session, Contract, contract)
    if row is None or (contractors is not None and row.contractor not in contractors):
        raise ContractMissing(f"there is no contract {contract}")
    return row


def find_contract_by_number(session: Session, number: str) -> Contract | None:
    """The contract of this number."""
    return session.scalar(sa.select(Contract).where(Contract.number == number))


def list_contracts(
    session: Session, *, contractors: Collection[UUID] | None, limit: int, after: str | None = None, on: dt.date | None = None
) -> Sequence[Contract]:
    """At most `limit` contracts of these contractors (None: all) by number, after this number; only those in force on the day `on`."""
    query = sa.select(Contract).order_by(Contract.number).limit(limit)
    if contractors is not None:
        query = query.where(Contract.contractor.in_(list(contractors)))
    if after is not None:
        query = query.where(Contract.number > after)
    if on is not None:
        lasting = sa.or_(Contract.terminated_on.is_(None), Contract.terminated_on > on)
        query = query.where(Contract.valid_from <= on, Contract.valid_until > on, lasting)
    return session.scalars(query).all()


def sections_of(session: Session, contracts: Collection[UUID]) -> dict[UUID, list[tuple[Section, list[Coverage]]]]:
    """The sections of these contracts in order of code, each with its coverages."""
    found: dict[UUID, list[tuple[Section, list[Coverage]]]] = {contract: [] for contract in contracts}
    sections = session.scalars(
        sa.select(Section).where(Section.contract.in_(list(contracts))).order_by(Section.contract, Section.code)
    ).all()
    inside: dict[UUID, list[Coverage]] = {section.id: [] for section in sections}
    order = (Coverage.section, Coverage.trade, Coverage.kind, Coverage.code, Coverage.valid_from, Coverage.id)
    for coverage in session.scalars(sa.select(Coverage).where(Coverage.section.in_(list(inside))).order_by(*order)):
        inside[coverage.section].append(coverage)
    for section in sections:
        found[section.contract].append((section, inside[section.id]))
    return found


def list_responsibilities(session: Session, *, area: str | None = None, unit: UUID | None = None) -> Sequence[Responsibility]:
    """The lines of the matrix, of an area or unit where one is named: a district has hundreds of them."""
    query = sa.select(Responsibility).order_by(
        Responsibility.area, Responsibility.role, Responsibility.scope, Responsibility.key, Responsibility.valid_from, Responsibility.id
    )
    if area is not None:
        query = query.where(Responsibility.area == area)
    if unit is not None:
        query = query.where(Responsibility.unit == unit)
    return session.scalars(query).all()


def _load(session: Session) -> Register:
    query = (
        sa.select(Coverage, Section, Contract).join(Section, Section.id == Coverage.section).join(Contract, Contract.id == Section.contract)
    )
    coverages = [_candidate(coverage, section, contract) for coverage, section, contract in session.execute(query)]
    matrix = [
        Responsible(
            id=row.id,
            role=row.role,
            scope=row.scope,
            key=row.key,
            area=row.area,
            unit=row.unit,
            person=row.person,
            phone=row.phone,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in session.scalars(sa.select(Responsibility))
    ]
    return Register(coverages, matrix, [_summary(row) for row in session.scalars(sa.select(Contract))])


def _candidate(coverage: Coverage, section: Section, contract: Contract) -> Candidate:
    return Candidate(
        contract=contract.id,
        number=contract.number,
        name=contract.name,
        contractor=contract.contractor,
        section=section.id,
        section_code=section.code,
        section_name=section.name,
        coverage=coverage.id,
        trade=coverage.trade,
        kind=_KINDS[coverage.kind],
        code=coverage.code,
        buffer_m=coverage.buffer_m,
        priority=coverage.priority if coverage.priority is not None else contract.priority,
        signed_on=contract.signed_on,
        valid_from=max(coverage.valid_from, contract.valid_from),
        valid_until=min(coverage.valid_until, contract.valid_until, contract.terminated_on or contract.valid_until),
    )


def _summary(row: Contract) -> ContractSummary:
    return ContractSummary(
        id=row.id,
        number=row.number,
        name=row.name,
        contractor=row.contractor,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        successor=row.successor,
        terminated_on=row.terminated_on,
    )


_KINDS: dict[str, CoverageKind] = {kind: kind for kind in COVERAGE_KINDS}
_HELD = Held(REVISION, _load)
