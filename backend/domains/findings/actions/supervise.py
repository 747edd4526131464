"""A leader presses for a finding (督办): the demand, the reply, the end of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, find_row, lock_row, write
from backend.core.deeds import deed
from backend.core.problems import Invalid
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Supervision
from backend.domains.findings.queries import hands, work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules import moving
from backend.domains.findings.rules.hands import AnsweredAlready, NoAddressee, NotAddressed, may_reply
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.reports import timeliness
from backend.domains.identity import queries as identity


@deed
def supervise_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Demand something of whoever has the finding, with a reply due: the lead's unit unless another is named, the desk before a dispatch.

    Raises Invalid for a moment that has passed, NoAddressee, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("supervise_finding", act.actor, row, state_version=payload["state_version"])
    if payload["reply_due"] <= act.at:
        raise Invalid("reply_due: a moment to come", errors=[("/reply_due", "has passed")])
    assert act.actor.person is not None, "leaders are people"
    write(session)
    unit, kind = _addressee(session, row, payload["unit"])
    demand = Supervision(
        id=act.new_id(),
        finding=row.id,
        kind=payload["kind"],
        demand=payload["demand"],
        unit=unit,
        unit_kind=kind,
        state="open",
        reply_due=payload["reply_due"],
        asked_by=act.actor.person,
        asked_at=act.at,
    )
    add_row(session, demand)
    row.supervised = True
    row.version += 1
    tell(act, "finding.supervised", row, supervision=demand.id, kind=demand.kind, unit=unit, unit_kind=kind, reply_due=demand.reply_due)
    return row


@deed
def reply_supervision(session: Session, act: Act, *, finding: UUID, supervision: UUID, payload: dict[str, Any]) -> Finding:
    """Answer a demand: somebody of the unit it went to, or of the desk where it went to none. Late or not is worked out when it is shown.

    Raises Missing, NotAddressed, AnsweredAlready, MoveNotOpen.
    """
    row = lock_finding(session, act, finding)
    demand = hands.lock_supervision(session, row, supervision)
    if not may_reply(act.actor, row, demand.unit, demand.unit_kind):
        raise NotAddressed("the demand is for others to answer", unit=str(demand.unit) if demand.unit else None)
    moving.check_state("reply_supervision", row)
    if demand.state != "open":
        raise AnsweredAlready(f"the demand is {demand.state}")
    demand.state, demand.reply, demand.replied_by, demand.replied_at = "replied", payload["reply"], act.actor.person, act.at
    row.version += 1
    on_time = timeliness(act.at, demand.reply_due)
    tell(act, "finding.supervision_replied", row, supervision=demand.id, unit=demand.unit, on_time=on_time, asked_by=demand.asked_by)
    return row


@deed
def end_supervision(session: Session, act: Act, *, finding: UUID, supervision: UUID, payload: dict[str, Any]) -> Finding:
    """A leader ends the demand, answered or not: `settled`, `insufficient` (whoever demands more does so anew) or `withdrawn`.

    Raises Missing, AnsweredAlready, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("end_supervision", act.actor, row)
    demand = hands.lock_supervision(session, row, supervision)
    if demand.state == "ended":
        raise AnsweredAlready("the demand was ended")
    demand.state, demand.result, demand.ended_reason = "ended", payload["result"], payload["reason"]
    demand.ended_by, demand.ended_at = act.actor.person, act.at
    write(session)
    row.supervised = hands.is_supervised(session, row.id)
    row.version += 1
    tell(act, "finding.supervision_ended", row, supervision=demand.id, unit=demand.unit, result=demand.result)
    return row


@deed
def note_late_reply(session: Session, act: Act, *, supervision: UUID) -> Finding | None:
    """A reply is due and missing: told once. Safe to repeat."""
    known = find_row(session, Supervision, supervision)
    row = lock_row(session, Finding, known.finding) if known is not None else None
    demand = lock_row(session, Supervision, supervision)
    if row is None or demand is None or demand.state != "open" or demand.late_told_at is not None or act.at <= demand.reply_due:
        return None
    demand.late_told_at = act.at
    row.version += 1
    tell(act, "finding.supervision_overdue", row, supervision=demand.id, unit=demand.unit, asked_by=demand.asked_by)
    return row


def _addressee(session: Session, row: Finding, named: UUID | None) -> tuple[UUID | None, str | None]:
    """The unit named, if it has something to do with the finding; else the lead's, None for the desk."""
    tasks = work.list_standing(session, row.id)
    if named is None:
        lead = next((task for task in tasks if task.role == "lead"), None)
        return (lead.unit, lead.unit_kind) if lead is not None else (None, None)
    unit = identity.get_unit(session, named)
    own = unit.area is not None and (row.grid or row.district).startswith(unit.area)
    if not own and unit.id != row.trade_owner and all(task.unit != unit.id for task in tasks):
        raise NoAddressee(f"unit {unit.code} has nothing to do with this finding", errors=[("/unit", "has no part in it")])
    return unit.id, unit.kind
