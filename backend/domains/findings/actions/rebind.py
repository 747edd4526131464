"""Binding a finding to another liable contract, knowingly."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.deeds import deed
from backend.core.problems import Invalid
from backend.domains.contracts import queries as contracts
from backend.domains.findings.actions.placing import bind_contract
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.needs import needs_of


@deed
def rebind_contract(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Say which contract is liable: a `contract`, or the one in force `at` a moment; without either it is looked up anew.

    Settles a finding whose time is too uncertain, and takes over what was corrected in a contract since. Dispatches keep what they were
    issued under. Raises Invalid for both at once or a moment to come, ContractMissing, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("rebind_contract", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    contract, at = payload["contract"], payload["at"]
    if contract is not None and at is not None:
        raise Invalid("contract and at: one of them", errors=[("/at", "not beside contract")])
    if at is not None and at > act.at:
        raise Invalid("at: a moment that has not come", errors=[("/at", "in the future")])
    before = row.liable
    if contract is not None:
        chosen = contracts.get_contract(session, contract)
        named = {
            "id": str(chosen.id),
            "number": chosen.number,
            "contractor": str(chosen.contractor),
            "section": "",
            "level": "",
            "code": "",
        }
        row.liable, row.awaiting_contract = chosen.id, False
        row.liability = {"reason": "rebound", "contract": named, "runner_up": None, "acting": None, "why": payload["reason"]}
    else:
        row.liable_at = at or row.recorded_at
        bind_contract(session, row)
        row.liability = {**row.liability, "why": payload["reason"]}
    row.version += 1
    tell(act, "finding.contract_rebound", row, before=before, liable=row.liable, at=at, reason=payload["reason"])
    return row
