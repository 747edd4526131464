"""Whom a dispatch goes to: the contract in force at that moment, else the unit that answers where no contract does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.problems import Invalid
from backend.domains.contracts import queries as contracts
from backend.domains.contracts.model import Contract
from backend.domains.contracts.rules.match import Match
from backend.domains.findings.actions.placing import liability_of, match_contract
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.moving import NotReady
from backend.domains.identity import queries as identity
from backend.domains.territory.rules.territory import local_day


class OverrideNeedsReason(Invalid):
    """A dispatch to another contract or unit than the one that matches must say why."""

    slug = "override_needs_reason"
    title = "Say why another contract or unit is chosen"
    title_zh = "改派其他合同或单位须说明理由"
    way_out = "Repeat the request with `reason`; it is kept with the dispatch."
    way_out_zh = "请填写 reason 后重试，理由将随派遣单保存。"


class ContractNotInForce(Invalid):
    """A dispatch to a contract that has not begun, has ended, or was terminated."""

    slug = "contract_not_in_force"
    title = "The contract is not in force today"
    title_zh = "该合同当前不在有效期内"
    way_out = "Choose a contract that is in force today, or leave `contract` out to take the one that matches."
    way_out_zh = "请选择当前有效的合同，或不填 contract 以采用自动匹配的合同。"


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


def named_addressee(session: Session, act: Act, found: Match, payload: dict[str, Any]) -> Addressee:
    """The `contract` or `unit` named, else the one that matches; another than that needs a `reason`, and is kept as an override.

    Raises NotReady where nobody is named and nobody matches, ContractNotInForce, OverrideNeedsReason, and Missing for an unknown one.
    """
    if payload["contract"] is None and payload["unit"] is None:
        matching = matching_addressee(session, found)
        if matching is None:
            raise NotReady(
                "no contract covers this place and trade, and the responsibility matrix names no unit", unmet=["awaiting_contract"]
            )
        return matching
    if payload["contract"] is not None:
        chosen = contract_in_force(session, payload["contract"], local_day(act.at))
        contract, unit, kind = chosen.id, chosen.contractor, "contractor"
    else:
        named = identity.get_unit(session, payload["unit"])
        contract, unit, kind = None, named.id, named.kind
    choice = liability_of(found)
    if found.winner is not None and found.winner.contract == contract:
        return Addressee(unit, kind, contract, choice)
    if not payload["reason"]:
        raise OverrideNeedsReason("another contract or unit than the one that matches", errors=[("/reason", "required for an override")])
    return Addressee(unit, kind, contract, {"reason": "override", "why": payload["reason"], "instead_of": choice})


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


def contract_in_force(session: Session, contract: UUID, day: dt.date) -> Contract:
    """The contract named, if it holds on this day. Raises ContractMissing, ContractNotInForce."""
    chosen = contracts.get_contract(session, contract)
    if not is_in_force(chosen, day):
        fault = f"in force from {chosen.valid_from} until the day before {ends_on(chosen)}"
        raise ContractNotInForce(f"contract {chosen.number} is not in force on {day}", errors=[("/contract", fault)])
    return chosen


def is_in_force(contract: Contract, day: dt.date) -> bool:
    """Whether the contract holds on this day."""
    return contract.valid_from <= day < ends_on(contract)


def ends_on(contract: Contract) -> dt.date:
    """The first day on which it holds no more."""
    return min(contract.valid_until, contract.terminated_on or contract.valid_until)
