"""The moves of the desk: file, ask for a void and approve it, dispatch. By hand, or by itself where policy allows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import write
from backend.core.deeds import deed
from backend.core.problems import Invalid
from backend.domains.contracts import queries as contracts
from backend.domains.contracts.rules.match import Match
from backend.domains.findings.actions.addressing import Addressee, ends_on, is_in_force, matching_addressee
from backend.domains.findings.actions.attach import release_followers
from backend.domains.findings.actions.extend import lapse_requests
from backend.domains.findings.actions.fields import decide_condition
from backend.domains.findings.actions.issue import issue_dispatch
from backend.domains.findings.actions.placing import TIME_UNCERTAIN, categorise, liability_of, match_contract
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.moving import NotReady, check_move, enter
from backend.domains.findings.rules.needs import needs_of
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


@deed
def file_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """File it: the desk takes it on. Needs category, condition, grid and complete evidence; the desk may give the condition here."""
    row = lock_finding(session, act, finding)
    check_move("file_finding", act.actor, row, needs=None, state_version=payload["state_version"])
    if payload["condition"] is not None:
        named = {"kind": row.kind, "code": row.code, "edition": row.edition}
        categorise(session, named, payload["condition"], at=row.recorded_at)
        decide_condition(session, row, payload["condition"])
    move = check_move("file_finding", act.actor, row, needs=needs_of(row))
    row.filed_at = act.at
    enter(row, move.target)
    write(session)
    looks = work.list_verifications(session, row.id, report=None)
    verified = looks[-1].result if looks else None
    tell(act, "finding.filed", row, condition=row.condition, automatic=act.actor.person is None, verified=verified)
    return row


@deed
def request_void(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Ask for a void; another shift leader approves or refuses it. Raises VoidPending while an earlier request is not decided."""
    row = lock_finding(session, act, finding)
    check_move("request_void", act.actor, row, state_version=payload["state_version"])
    row.void_request = {"by": str(act.actor.person), "at": act.at.isoformat(), "reason": payload["reason"]}
    row.version += 1
    tell(act, "finding.void_requested", row, reason=payload["reason"])
    return row


@deed
def void_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Approve a void that somebody else asked for. Dispatches still open are cancelled, findings attached to it are recorded again."""
    row = lock_finding(session, act, finding)
    move = check_move("void_finding", act.actor, row, state_version=payload["state_version"])
    assert row.void_request is not None, "the move needs it"
    write(session)
    for task in work.list_dispatches(session, row.id):
        task.cancelled_at = act.at
    enter(row, move.target)
    settle_work(session, act, row)
    tell(act, "finding.voided", row, reason=payload["reason"], asked_by=row.void_request["by"])
    lapse_requests(session, act, row)
    release_followers(session, act, head=row)
    return row


@deed
def refuse_void(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Refuse a void that somebody else asked for: the finding goes on as if nobody had."""
    row = lock_finding(session, act, finding)
    check_move("refuse_void", act.actor, row, state_version=payload["state_version"])
    assert row.void_request is not None, "the move needs it"
    asked_by = row.void_request["by"]
    row.void_request = None
    row.version += 1
    tell(act, "finding.void_refused", row, reason=payload["reason"], asked_by=asked_by)
    return row


@deed
def dispatch_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Issue the lead dispatch to the contract in force now, and start the disposal clock.

    Without `contract` and `unit` the one that matches is taken, else the unit that the responsibility matrix names. Another choice needs a
    reason and is kept as an override beside what would have matched.
    """
    row = lock_finding(session, act, finding)
    move = check_move("dispatch_finding", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    found, _ = match_contract(session, row, act.at)
    to = _addressee(session, act, found, payload)
    write(session)
    former = work.list_dispatches(session, row.id)  # of one that was reopened while nobody was there to take it
    dispatch = issue_dispatch(session, act, row, role="lead", to=to)
    for each in former:
        each.replaced_by = dispatch.id
    row.awaiting_contract = row.liability["reason"] == TIME_UNCERTAIN  # whom to blame is not settled by whom to send
    enter(row, move.target)
    tell(
        act,
        "finding.dispatched",
        row,
        dispatch=dispatch.id,
        unit=to.unit,
        contract=to.contract,
        due=dispatch.due,
        automatic=dispatch.automatic,
    )
    return row


def _addressee(session: Session, act: Act, found: Match, payload: dict[str, Any]) -> Addressee:
    """The one named, else the one that matches."""
    if payload["contract"] is None and payload["unit"] is None:
        matching = matching_addressee(session, found)
        if matching is None:
            raise NotReady(
                "no contract covers this place and trade, and the responsibility matrix names no unit", unmet=["awaiting_contract"]
            )
        return matching
    if payload["contract"] is not None:
        chosen = contracts.get_contract(session, payload["contract"])
        today = local_day(act.at)
        if not is_in_force(chosen, today):
            fault = f"in force from {chosen.valid_from} until the day before {ends_on(chosen)}"
            raise ContractNotInForce(f"contract {chosen.number} is not in force on {today}", errors=[("/contract", fault)])
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
