"""An event of the journal with the rows that it names, and the facts that sentences are made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.journal import JournalEntry
from backend.domains.catalog import queries as catalog
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import HandOver, Supervision
from backend.domains.findings.model.tasks import VerificationTask
from backend.domains.findings.model.work import Dispatch, DispatchRequest, Report, Verification
from backend.domains.findings.rules.duty import is_over
from backend.domains.territory import queries as territory

_OPEN = frozenset({"issued", "rework"})
_PHASES = {"pre_filing": ("立案前核实", "Before it is filed"), "pre_closing": ("结案前核查", "Before it is closed")}


def actor_of(session: Session, seq: int) -> UUID | None:
    """Who did what this entry of the journal tells: nobody is told of own deeds."""
    return session.scalar(sa.select(JournalEntry.actor).where(JournalEntry.seq == seq))


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the journal about a finding, with the rows that it names."""

    row: Finding
    event: str
    facts: Mapping[str, Any]
    dispatch: Dispatch | None
    report: Report | None
    asked: DispatchRequest | None
    look: Verification | None
    demand: Supervision | None
    clue: HandOver | None
    task: VerificationTask | None

    def works(self) -> bool:
        """Whether the work that it speaks of is still to be done."""
        return self.dispatch is not None and self.dispatch.state in _OPEN and not is_over(self.dispatch)


def told(session: Session, row: Finding, event: str, facts: Mapping[str, Any]) -> Told:
    """The event with the rows that it names, as they are now."""
    look = named(session, Verification, facts.get("verification"))
    report = named(session, Report, facts.get("report"))
    asked = named(session, DispatchRequest, facts.get("request"))
    dispatch = facts.get("dispatch") or (report and report.dispatch) or (asked and asked.dispatch)
    return Told(
        row,
        event,
        facts,
        named(session, Dispatch, dispatch),
        report,
        asked,
        look,
        named(session, Supervision, facts.get("supervision")),
        named(session, HandOver, facts.get("hand_over")),
        named(session, VerificationTask, facts.get("task")),
    )


def facts_told(session: Session, of: Told) -> dict[str, Any]:
    """The facts that sentences name; those that are absent are not among them. No names of people."""
    row, facts = of.row, of.facts
    category = catalog.catalogue(session).find(row.kind, row.code, row.edition)
    areas = territory.area_names(session)
    found: dict[str, Any] = {
        "number": row.number,
        "category_zh": category.name_zh if category else row.code,
        "category_en": category.name_en if category else row.code,
        "place": row.address or areas.get(row.community or "") or areas.get(row.town or "") or areas.get(row.district) or row.district,
        "due": facts.get("due") or _due(of),
        "until": facts.get("until"),
        "reason": facts.get("reason"),
        "note": facts.get("note"),
        "state": row.state,
        "bounces": row.bounces or None,
        "since": facts.get("since"),
    }
    if of.asked is not None:
        asking = of.event.endswith("_requested") or of.event == "finding.appealed"
        found["reason"] = of.asked.reason if asking else of.asked.decided_reason
        found["until"] = found["until"] or of.asked.granted_until or of.asked.until
    if of.look is not None or of.report is not None:
        found["note"] = of.look.note if of.look is not None else of.report.note if of.report is not None else None
    if of.demand is not None:
        found |= {"demand": of.demand.demand, "reply": of.demand.reply, "reply_due": of.demand.reply_due, "reason": of.demand.ended_reason}
    if of.clue is not None:
        found |= {"legal_basis": of.clue.legal_basis, "reason": of.clue.reason, "receipt": of.clue.receipt, "outcome": of.clue.outcome}
    if of.task is not None or facts.get("phase") in _PHASES:
        phase = of.task.phase if of.task is not None else facts["phase"]
        found["phase_zh"], found["phase_en"] = _PHASES.get(phase, (phase, phase))
        found["due"] = facts.get("due") or (of.task.due if of.task is not None else found["due"])
    found["head"] = _number(session, facts.get("head"))
    found["part"] = facts.get("number") if of.event == "finding.split" else None
    return {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in found.items() if value is not None}


def facts_judged(of: Told) -> dict[str, Any]:
    """The facts that the table's conditions look at: those of the event, and what follows from the rows it names.

    `left_alone`: somebody had the task, and nobody has it now; those that nobody ever had stand in a list.
    """
    state = of.report.state if of.report is not None else None
    left = bool(of.facts.get("assigned_before")) and not of.facts.get("assigned_to")
    return {**of.facts, "report_state": state, "disputed": state == "disputed", "left_alone": left}


def _number(session: Session, finding: Any) -> str | None:
    found = named(session, Finding, finding)
    return found.number if found is not None else None


def _due(of: Told) -> dt.datetime | None:
    return of.dispatch.due if of.dispatch is not None else of.row.deadline


def named(session: Session, kind: type[Any], key: Any) -> Any:
    """The row with this id, as an event of the journal names it; None where it names none, or it is gone."""
    return session.get(kind, UUID(str(key))) if key else None
