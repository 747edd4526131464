"""Telling the staff what residents wait for. Called by the worker, each of the journal's entries once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import find_row
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.announcing.audience import may_hear
from backend.domains.notifications.actions.notify import notify
from backend.domains.notifications.queries.inbox import holders
from backend.domains.residents.model import ReopeningRequest, ResidentReport
from backend.domains.residents.rules import announcements
from backend.domains.residents.rules.access import DECIDERS


def announce_report(session: Session, act: Act, *, report: UUID, seq: int) -> None:
    """The acceptors of its area are told of a report that waits for them."""
    row = find_row(session, ResidentReport, report)
    kind = announcements.kind_for(row.todo) if row is not None else None
    if row is None or kind is None:
        return
    areas = [code for code in (row.community, row.town, row.district) if code]
    people = holders(session, roles=("acceptor",), at=act.at, areas=areas)
    facts = {"receipt": row.receipt}
    notify(session, act, to=people, kind=kind.name, subject_type="resident_report", subject=str(row.id), facts=facts, key=f"journal:{seq}")


def announce_request(session: Session, act: Act, *, request: UUID, seq: int) -> None:
    """Who decides is told of a request that waits; who asked, if it was one of the staff, of the decision."""
    row = find_row(session, ReopeningRequest, request)
    finding = find_row(session, Finding, row.finding) if row is not None else None
    if row is None or finding is None:
        return
    areas = [code for code in (row.community, row.town, row.district) if code]
    people, kind = holders(session, roles=DECIDERS, at=act.at, areas=areas), announcements.TO_DECIDE
    facts = {"number": finding.number}
    if row.state != "pending":
        asked = [row.asked_by] if row.asked_by else []
        people, kind = may_hear(session, finding, asked, at=act.at), announcements.DECIDED
        facts |= {"reason": row.decided_reason or ""}
    notify(session, act, to=people, kind=kind.name, subject_type="finding", subject=str(finding.id), facts=facts, key=f"journal:{seq}")
