"""Co-units (协办): units that work on a finding beside the lead, each with its own dispatch and deadline."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.core.deeds import deed
from backend.domains.deadlines.rules.limits import Limit
from backend.domains.findings.actions.addressing import Addressee, contract_in_force
from backend.domains.findings.actions.issue import issue_dispatch
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.duty import check_stands
from backend.domains.findings.rules.hands import AlreadyOnIt, NoCoUnit
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.needs import needs_of
from backend.domains.identity import queries as identity
from backend.domains.territory.rules.territory import local_day

CO = "co"


@deed
def add_co_unit(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Dispatch it to one more contract or unit beside the lead: by the finding's limit from now on, or by a `limit` of its own.

    Rectified or verified before, it is dispatched again until the co-unit has handed back too. Raises NoCoUnit, AlreadyOnIt,
    ContractNotInForce, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("add_co_unit", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    to = _addressee(session, act, payload)
    write(session)
    if any((each.unit, each.contract) == (to.unit, to.contract) for each in work.list_standing(session, row.id)):
        raise AlreadyOnIt(f"unit {to.unit} has a dispatch of this finding that stands", unit=str(to.unit))
    limit = Limit(payload["limit"]["value"], payload["limit"]["unit"]) if payload["limit"] else None
    task = issue_dispatch(session, act, row, role=CO, to=to, limit=limit)
    settle_work(session, act, row)
    row.version += 1
    said: dict[str, Any] = {"dispatch": task.id, "unit": to.unit, "contract": to.contract, "due": task.due}
    tell(act, "finding.co_unit_added", row, **said)
    return row


@deed
def cancel_co_unit(session: Session, act: Act, *, finding: UUID, dispatch: UUID, payload: dict[str, Any]) -> Finding:
    """The co-unit is needed no more: its clock stops, what it asked for lapses. What it reported stays.

    Raises NoCoUnit for the lead and for one that has handed back, DispatchReplaced, Missing, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("cancel_co_unit", act.actor, row, state_version=payload["state_version"])
    work.await_dispatch(session, act, row, dispatch)
    task = lock_row(session, Dispatch, dispatch)
    assert task is not None, "just found"
    if task.role != CO:
        raise NoCoUnit(f"dispatch {dispatch} is the lead's", errors=[("/dispatch", "the lead's")])
    check_stands(task, [each.id for each in work.list_standing(session, row.id)])
    if task.state == "handed_back":
        raise NoCoUnit(f"dispatch {dispatch} has been handed back: what was done is verified", errors=[("/dispatch", "handed back")])
    task.cancelled_at = act.at
    lapsed = _lapse_requests(session, act, row, task)
    settle_work(session, act, row)
    row.version += 1
    tell(act, "finding.co_unit_cancelled", row, dispatch=task.id, unit=task.unit, reason=payload["reason"], requests=lapsed)
    return row


def _addressee(session: Session, act: Act, payload: dict[str, Any]) -> Addressee:
    contract, unit = payload["contract"], payload["unit"]
    if (contract is None) == (unit is None):
        raise NoCoUnit("name either a contract or a unit", errors=[("/contract", "either this"), ("/unit", "or this")])
    choice = {"reason": "co_unit", "why": payload["reason"]}
    if contract is None:
        named = identity.get_unit(session, unit)
        return Addressee(named.id, named.kind, None, choice)
    chosen = contract_in_force(session, contract, local_day(act.at))
    return Addressee(chosen.contractor, "contractor", chosen.id, choice)


def _lapse_requests(session: Session, act: Act, row: Finding, task: Dispatch) -> list[UUID]:
    write(session)
    lapsed = []
    for each in work.list_pending(session, row.id):
        asked = lock_row(session, DispatchRequest, each)
        assert asked is not None, "just listed"
        if asked.dispatch == task.id:
            asked.state, asked.decided_at = "lapsed", act.at
            lapsed.append(each)
    return lapsed
