"""Handing a finding over to enforcement as a clue, with its legal basis: sent, received, refused, concluded. The work goes on beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.core.deeds import deed
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import HandOver
from backend.domains.findings.queries import hands
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules import moving
from backend.domains.findings.rules.duty import does_work_of
from backend.domains.findings.rules.hands import AlreadyOnIt, AnsweredAlready, NoAddressee, NotAddressed
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.visibility import scope_of_unit
from backend.domains.identity import queries as identity


@deed
def hand_over_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Hand it over to a unit that is no contractor: `legal_basis` names the law, `facts` what was found. That unit reads it from now on.

    Raises NoAddressee, AlreadyOnIt while an earlier hand-over to the unit is not answered or goes on, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("hand_over_finding", act.actor, row, state_version=payload["state_version"])
    unit = identity.get_unit(session, payload["unit"])
    if unit.kind == "contractor":
        raise NoAddressee("enforcement is no contractor's", errors=[("/unit", "a contractor")])
    if any(each.unit == unit.id and each.state in {"sent", "received"} for each in hands.list_hand_overs(session, row.id)):
        raise AlreadyOnIt(f"unit {unit.code} has it already", unit=str(unit.id))
    assert act.actor.person is not None, "checked"
    clue = HandOver(
        id=act.new_id(),
        finding=row.id,
        unit=unit.id,
        unit_kind=unit.kind,
        legal_basis=payload["legal_basis"],
        facts=payload["facts"],
        state="sent",
        sent_by=act.actor.person,
        sent_at=act.at,
    )
    add_row(session, clue)
    row.units = sorted({*row.units, scope_of_unit(unit.id, unit.kind)})
    row.version += 1
    tell(act, "finding.handed_over", row, hand_over=clue.id, unit=unit.id)
    return row


@deed
def receive_hand_over(session: Session, act: Act, *, finding: UUID, hand_over: UUID, payload: dict[str, Any]) -> Finding:
    """The unit takes it on, under the number of its `receipt`. Raises Missing, NotAddressed, AnsweredAlready, MoveNotOpen."""
    row, clue = _addressed(session, act, finding, hand_over, "receive_hand_over", ("sent",))
    clue.state, clue.receipt, clue.received_by, clue.received_at = "received", payload["receipt"], act.actor.person, act.at
    return _told(act, row, clue, "finding.hand_over_received", receipt=clue.receipt)


@deed
def refuse_hand_over(session: Session, act: Act, *, finding: UUID, hand_over: UUID, payload: dict[str, Any]) -> Finding:
    """The unit sends it back with its `reason`. Raises Missing, NotAddressed, AnsweredAlready, MoveNotOpen."""
    row, clue = _addressed(session, act, finding, hand_over, "refuse_hand_over", ("sent",))
    clue.state, clue.reason, clue.refused_by, clue.refused_at = "refused", payload["reason"], act.actor.person, act.at
    return _told(act, row, clue, "finding.hand_over_refused")


@deed
def conclude_hand_over(session: Session, act: Act, *, finding: UUID, hand_over: UUID, payload: dict[str, Any]) -> Finding:
    """What enforcement came to (`outcome`). Raises Missing, NotAddressed, AnsweredAlready, MoveNotOpen."""
    row, clue = _addressed(session, act, finding, hand_over, "conclude_hand_over", ("received",))
    clue.state, clue.outcome, clue.concluded_by, clue.concluded_at = "concluded", payload["outcome"], act.actor.person, act.at
    return _told(act, row, clue, "finding.hand_over_concluded")


def _addressed(  # noqa: PLR0917 - one call an answer, just above
    session: Session, act: Act, finding: UUID, hand_over: UUID, verb: str, states: tuple[str, ...]
) -> tuple[Finding, HandOver]:
    row = lock_finding(session, act, finding)
    clue = hands.lock_hand_over(session, row, hand_over)
    if not does_work_of(act.actor, clue.unit, clue.unit_kind):
        raise NotAddressed("it was handed over to others", unit=str(clue.unit))
    moving.check_state(verb, row)
    if clue.state not in states:
        raise AnsweredAlready(f"the hand-over is {clue.state}")
    return row, clue


def _told(act: Act, row: Finding, clue: HandOver, event: str, **facts: Any) -> Finding:
    row.version += 1
    tell(act, event, row, hand_over=clue.id, unit=clue.unit, sent_by=clue.sent_by, **facts)
    return row
