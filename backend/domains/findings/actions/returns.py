"""The dispatcher's decision on a return: the work is another unit's, or is to be dispatched anew, or stays where it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.addressing import named_addressee
from backend.domains.findings.actions.deciding import check_worked_on, decide, lapse_requests, pending_request, refuse_request
from backend.domains.findings.actions.issue import issue_dispatch, own_limit
from backend.domains.findings.actions.placing import match_contract
from backend.domains.findings.actions.settle import settle_dispatch, settle_work
from backend.domains.findings.actions.steps import enter
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries import work
from backend.domains.findings.rules.duty import SameUnitAgain
from backend.domains.findings.rules.hands import AlreadyOnIt


@deed
def grant_return(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """It was dispatched to the wrong unit: the dispatch ends and counts as one that came back.

    With a `contract` or `unit` named the work goes there at once, and the clock begins anew. Without, the finding is filed again, to be
    dispatched; what co-units have not handed back by then ends with it. A co-unit's dispatch just ends. Raises SameUnitAgain,
    AlreadyOnIt, WorkReported, DispatchReplaced, RequestDecided, OwnWork, ContractNotInForce, OverrideNeedsReason, Missing.
    """
    row, asked, task = pending_request(session, act, finding, request, "grant", "return")
    check_worked_on(task)
    new: Dispatch | None = None
    if payload["contract"] is not None or payload["unit"] is not None:
        found, _ = match_contract(session, row, act.at)
        to = named_addressee(session, act, found, payload)
        if (to.unit, to.contract) == (task.unit, task.contract):
            raise SameUnitAgain("the return is granted to the unit that asks for it", errors=[("/unit", "another than asks for it")])
        if any((each.unit, each.contract) == (to.unit, to.contract) for each in work.list_standing(session, row.id)):
            raise AlreadyOnIt(f"unit {to.unit} has a dispatch of this finding that stands", unit=str(to.unit))
        new = issue_dispatch(session, act, row, role=task.role, to=to, limit=own_limit(task))
    decide(act, asked, "granted", payload["reason"])
    row.bounces += 1
    ended = [task]
    if new is None and task.role == "lead":
        ended += [each for each in _locked(session, row) if each.id != task.id and each.state != "handed_back"]
        row.deadline, row.awaiting_calendar = None, False
        enter(session, act, row, "filed")
    else:
        row.version += 1
    for each in ended:
        each.cancelled_at = act.at
        write(session)
        settle_dispatch(session, act, each, work.list_area_suspensions(session, row))
    if new is not None:
        task.replaced_by = new.id
    settle_work(session, act, row)
    said: dict[str, Any] = {"request": request, "dispatch": task.id, "unit": task.unit, "bounces": row.bounces}
    to_ = {"issued": new.id, "to": new.unit, "contract": new.contract, "due": new.due} if new is not None else {"issued": None}
    tell(act, "finding.return_granted", row, **said, **to_, cancelled=[each.id for each in ended])
    for each in ended:
        lapse_requests(session, act, row, each)
    return row


@deed
def refuse_return(session: Session, act: Act, *, finding: UUID, request: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse it: the work stays the unit's, and its clock runs on with what was left. Raises DispatchReplaced, RequestDecided, OwnWork."""
    return refuse_request(session, act, finding, request, "return", payload)


def _locked(session: Session, row: Finding) -> list[Dispatch]:
    found = [lock_row(session, Dispatch, each.id) for each in work.list_standing(session, row.id)]
    return [each for each in found if each is not None]
