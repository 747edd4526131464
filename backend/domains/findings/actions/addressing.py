"""Whom a dispatch goes to: the contract in force at that moment, else the unit that answers where no contract does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.domains.contracts import queries as contracts
from backend.domains.contracts.model import Contract
from backend.domains.contracts.rules.match import Match
from backend.domains.findings.actions.placing import liability_of, match_contract
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.identity import queries as identity
from backend.domains.territory.rules.territory import local_day


@dataclass(frozen=True, slots=True)
class Addressee:
    """A unit, its kind, the contract under which it acts (None: it has none), and how it was chosen."""

    unit: UUID
    unit_kind: str
    contract: UUID | None
    choice: dict[str, Any]


def matching_addressee(session: Session, found: Match) -> Addressee | None:
    """Who matches: the contract, else the unit of the responsibility matrix; None where there is neither."""
    choice = liability_of(found)
    if found.winner is not None:
        return Addressee(found.winner.contractor, "contractor", found.winner.contract, choice)
    if found.acting is not None:
        return Addressee(found.acting.unit, identity.get_unit(session, found.acting.unit).kind, None, choice)
    return None


def addressee_anew(session: Session, row: Finding, old: Dispatch, *, at: dt.datetime, why: str) -> Addressee | None:
    """Who gets the work of this dispatch when it begins anew: the same unit, but for a contract that is not in force at that moment.

    Then whoever matches now; None where nobody does.
    """
    if old.contract is None or is_in_force(contracts.get_contract(session, old.contract), local_day(at)):
        named: Addressee | None = Addressee(old.unit, old.unit_kind, old.contract, {})
    else:
        named = matching_addressee(session, match_contract(session, row, at)[0])
    if named is None:
        return None
    choice = {**named.choice, "reason": "reopened", "why": why, "instead_of": old.choice}
    return Addressee(named.unit, named.unit_kind, named.contract, choice)


def is_in_force(contract: Contract, day: dt.date) -> bool:
    """Whether the contract holds on this day."""
    return contract.valid_from <= day < ends_on(contract)


def ends_on(contract: Contract) -> dt.date:
    """The first day on which it holds no more."""
    return min(contract.valid_until, contract.terminated_on or contract.valid_until)
