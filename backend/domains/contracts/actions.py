"""The writes of contracts: signing, sections, coverages, an early end, and the responsibility matrix. Each renews what lies in memory."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, find_row, lock_row
from backend.core.revisions import bump
from backend.domains.catalog import queries as catalog
from backend.domains.contracts import queries
from backend.domains.contracts.model import Contract, Coverage, Responsibility, Section
from backend.domains.contracts.rules import terms
from backend.domains.identity import queries as identity
from backend.domains.territory import queries as territory


def sign_contract(
    session: Session,
    act: Act,
    *,
    number: str,
    name: str,
    contractor: UUID,
    signed_on: dt.date,
    valid_from: dt.date,
    valid_until: dt.date,
    priority: int = 0,
    succeeds: UUID | None = None,
) -> Contract:
    """Enter a contract, in force from `valid_from` until the day before `valid_until`; `succeeds` is the one it follows.

    Raises ContractInvalid (days, contractor), ContractTaken (number, the predecessor's successor), ContractMissing (predecessor).
    """
    unit = identity.find_unit(session, contractor)
    faults = terms.Days(valid_from, valid_until).faults() + terms.contractor_faults(unit.kind if unit else None)
    before = _locked(session, succeeds) if succeeds is not None else None
    if before is not None and valid_from <= before.valid_from:
        faults.append(("/valid_from", f"{valid_from} is not after {before.valid_from}, the first day of the contract it succeeds"))
    terms.refuse(faults)
    if queries.find_contract_by_number(session, number) is not None:
        raise terms.ContractTaken(f"number: {number} belongs to another contract", errors=[("/number", "taken")])
    if before is not None and before.successor is not None:
        raise terms.ContractTaken(f"succeeds: {before.number} already has a successor", errors=[("/succeeds", "has a successor")])
    contract = Contract(
        id=act.new_id(),
        number=number,
        name=name,
        contractor=contractor,
        signed_on=signed_on,
        valid_from=valid_from,
        valid_until=valid_until,
        priority=priority,
        successor=None,
        terminated_on=None,
        termination_reason=None,
        version=1,
        recorded_at=act.at,
        recorded_by=act.actor.person,
    )
    add_row(session, contract)
    session.flush()
    if before is not None:
        before.successor = contract.id
        before.version += 1
        act.tell("contract.succeeded", "contract", before.id, version=before.version, successor=str(contract.id))
    act.tell("contract.signed", "contract", contract.id, version=1, number=number, contractor=str(contractor))
    bump(session, act, queries.REVISION)
    return contract


def terminate_contract(session: Session, act: Act, *, contract: UUID, on: dt.date, reason: str) -> Contract:
    """End a contract early: `on` is the first day on which it no longer holds. Raises ContractInvalid, ContractTaken, ContractMissing."""
    row = _locked(session, contract)
    if row.terminated_on is not None:
        raise terms.ContractTaken(f"{row.number} was terminated on {row.terminated_on}", errors=[("/on", "already terminated")])
    if not row.valid_from <= on < row.valid_until:
        terms.refuse([("/on", f"{on} is not a day of the contract, {row.valid_from} until before {row.valid_until}")])
    row.terminated_on, row.termination_reason = on, reason
    row.version += 1
    act.tell("contract.terminated", "contract", row.id, version=row.version, on=on.isoformat())
    bump(session, act, queries.REVISION)
    return row


def add_section(session: Session, act: Act, *, contract: UUID, code: str, name: str) -> Section:
    """Add a section (标段). Raises ContractMissing, ContractTaken (code)."""
    row = _locked(session, contract)
    if session.scalar(sa.select(Section.id).where(Section.contract == contract, Section.code == code)) is not None:
        raise terms.ContractTaken(f"code: {row.number} has a section {code}", errors=[("/code", "taken")])
    section = add_row(session, Section(id=act.new_id(), contract=contract, code=code, name=name))
    session.flush()
    row.version += 1
    act.tell("section.added", "contract", contract, version=row.version, section=str(section.id), code=code)
    bump(session, act, queries.REVISION)
    return section


def add_coverage(
    session: Session,
    act: Act,
    *,
    section: UUID,
    trade: str,
    kind: str,
    code: str,
    buffer_m: float | None = None,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
    priority: int | None = None,
) -> Coverage:
    """Say that a section maintains an area (its code), a road (code and `buffer_m`) or an asset (its id) for a trade.

    Without days it holds as long as the contract; without `priority` with the contract's. Raises ContractMissing, ContractInvalid.
    """
    inside = find_row(session, Section, section)
    if inside is None:
        raise terms.ContractMissing(f"there is no section {section}")
    contract = _locked(session, inside.contract)
    whole = terms.Days(contract.valid_from, contract.valid_until)
    days = terms.Days(valid_from or contract.valid_from, valid_until or contract.valid_until)
    faults = terms.coverage_faults(trade=trade, kind=kind, code=code, buffer_m=buffer_m, days=days, contract=whole)
    terms.refuse(faults or _place_faults(session, kind, code))
    coverage = Coverage(
        id=act.new_id(),
        section=section,
        trade=trade,
        kind=kind,
        code=code,
        buffer_m=buffer_m,
        valid_from=days.first,
        valid_until=days.until,
        priority=priority,
    )
    add_row(session, coverage)
    contract.version += 1
    act.tell(
        "coverage.added", "contract", contract.id, version=contract.version, coverage=str(coverage.id), trade=trade, kind=kind, code=code
    )
    bump(session, act, queries.REVISION)
    return coverage


def assign_responsibility(
    session: Session,
    act: Act,
    *,
    role: str,
    scope: str,
    area: str,
    unit: UUID,
    valid_from: dt.date,
    key: str = "",
    person: str | None = None,
    phone: str | None = None,
    valid_until: dt.date | None = None,
) -> Responsibility:
    """Write a line of the matrix: who answers for a category, class, trade or all in an area. Of two lines the later begun holds.

    `role` is area_owner, trade_owner or acting. Raises ContractInvalid.
    """
    faults = terms.responsibility_faults(
        role=role, scope=scope, key=key, days=terms.Days(valid_from, valid_until), known=_known_keys(session, scope)
    )
    if identity.find_unit(session, unit) is None:
        faults.append(("/unit", "there is no such unit"))
    if area not in territory.territory(session).newest:
        faults.append(("/area", f"there is no area {area!r}"))
    terms.refuse(faults)
    line = Responsibility(
        id=act.new_id(),
        role=role,
        scope=scope,
        key=key,
        area=area,
        unit=unit,
        person=person,
        phone=phone,
        valid_from=valid_from,
        valid_until=valid_until,
        recorded_at=act.at,
        recorded_by=act.actor.person,
    )
    add_row(session, line)
    act.tell("responsibility.assigned", "responsibility", line.id, role=role, scope=scope, key=key, area=area, unit=str(unit))
    bump(session, act, queries.REVISION)
    return line


def _locked(session: Session, contract: UUID) -> Contract:
    row = lock_row(session, Contract, contract)
    if row is None:
        raise terms.ContractMissing(f"there is no contract {contract}")
    return row


def _place_faults(session: Session, kind: str, code: str) -> terms.Faults:
    """Whether the area or road exists. Assets are numbered by their register, which is not kept here."""
    if kind == "area" and code not in territory.territory(session).newest:
        return [("/code", f"there is no area {code!r}")]
    if kind == "road" and code not in territory.territory(session).newest_roads:
        return [("/code", f"there is no road segment {code!r}")]
    return []


def _known_keys(session: Session, scope: str) -> set[str]:
    """The keys of all categories or classes of all editions."""
    held = catalog.catalogue(session)
    every = [category for edition in held.editions for category in held.categories(edition.number)]
    return {category.key if scope == "category" else category.class_key for category in every}
