"""Questions about the many hands on findings: assignments, demands, hand-overs, and what each finding has been through."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.base import table_of
from backend.core.database.rows import lock_row
from backend.core.problems import Missing
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Assignment, HandOver, Supervision
from backend.domains.findings.model.work import Report
from backend.domains.findings.rules import hands as rules
from backend.domains.findings.rules.reports import Reported


def list_assignments(session: Session, dispatch: UUID) -> Sequence[Assignment]:
    """The assignments of a dispatch by (corrected time, id). Written rows must be flushed before."""
    query = sa.select(Assignment).where(Assignment.dispatch == dispatch)
    return session.scalars(query.order_by(Assignment.assigned_at, Assignment.id)).all()


def counting(reports: Sequence[Report], facts: Sequence[Reported]) -> list[Reported]:
    """The reports of a dispatch as its clock goes by them: those that a manager has to hand back count from then on, or wait."""
    return [
        rules.counted(
            fact,
            by_manager=report.by_manager,
            handed_back_at=report.handed_back_at,
            word=cast("rules.HandBackBy", report.hand_back_by or "worker"),
        )
        for report, fact in zip(reports, facts, strict=True)
    ]


def lock_supervision(session: Session, row: Finding, supervision: UUID) -> Supervision:
    """A demand on this finding, locked. Raises Missing."""
    found = lock_row(session, Supervision, supervision)
    if found is None or found.finding != row.id:
        raise Missing(f"finding {row.id} has no supervision {supervision}")
    return found


def lock_hand_over(session: Session, row: Finding, hand_over: UUID) -> HandOver:
    """A hand-over of this finding, locked. Raises Missing."""
    found = lock_row(session, HandOver, hand_over)
    if found is None or found.finding != row.id:
        raise Missing(f"finding {row.id} has no hand-over {hand_over}")
    return found


def list_hand_overs(session: Session, finding: UUID) -> Sequence[HandOver]:
    """The hand-overs of a finding, the oldest first."""
    return session.scalars(sa.select(HandOver).where(HandOver.finding == finding).order_by(HandOver.sent_at, HandOver.id)).all()


def list_late_replies(session: Session, *, at: dt.datetime, limit: int) -> Sequence[UUID]:
    """The demands whose reply is due and missing, and of which nobody was told, the longest due first."""
    query = sa.select(Supervision.id).where(Supervision.state == "open", Supervision.reply_due < at, Supervision.late_told_at.is_(None))
    return session.scalars(query.order_by(Supervision.reply_due, Supervision.id).limit(limit)).all()


def is_supervised(session: Session, finding: UUID) -> bool:
    """Whether a demand on it is not ended. Written rows must be flushed before."""
    return bool(session.scalar(sa.select(sa.exists().where(Supervision.finding == finding, Supervision.state != "ended"))))


def supervision_docs(
    session: Session, findings: Collection[UUID], *, units: Collection[UUID], outsider: bool
) -> dict[UUID, list[dict[str, Any]]]:
    """The demands on each finding, the oldest first. An outsider reads those to the own units only, and nobody's name."""
    return {
        finding: [_supervision(each, outsider=outsider) for each in rows if not outsider or each.unit in units]
        for finding, rows in _by_finding(session, Supervision, findings, "asked_at").items()
    }


def hand_over_docs(session: Session, findings: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The hand-overs to enforcement of each finding, the oldest first; none of a contractor's business."""
    names = [column.name for column in table_of(HandOver).c if column.name != "finding"]
    return {
        finding: [{name: getattr(each, name) for name in names} for each in rows]
        for finding, rows in _by_finding(session, HandOver, findings, "sent_at").items()
    }


def counters(row: Any, tasks: Sequence[Any], requests: Sequence[Any], supervisions: Sequence[Any], *, outsider: bool) -> dict[str, int]:
    """What a finding has been through, as shown: how often it was sent wrongly, came back, was done again, was given more time.

    `row` is a finding row, the others the rows of its dispatches, requests and demands, for an outsider the own ones.
    """
    return {
        "dispatches": len(tasks),
        "co_units": sum(task.role != "lead" for task in tasks),
        "bounces": 0 if outsider else row.bounces,
        "returns": sum(task.returns for task in tasks),
        "reworks": sum(task.reworks for task in tasks),
        "extensions": sum(asked.kind == "extension" and asked.state == "granted" for asked in requests),
        "suspensions": sum(asked.kind == "suspension" and asked.granted_until is not None for asked in requests),
        "supervisions": len(supervisions),
    }


def _supervision(each: Any, *, outsider: bool) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "demand": each.demand,
        "unit": each.unit,
        "unit_kind": each.unit_kind,
        "state": each.state,
        "reply_due": each.reply_due,
        "asked_by": None if outsider else each.asked_by,
        "asked_at": each.asked_at,
        "reply": each.reply,
        "replied_by": None if outsider else each.replied_by,
        "replied_at": each.replied_at,
        "replied_late": each.replied_at is not None and rules.is_late(each.reply_due, each.replied_at),
        "result": each.result,
        "ended_by": None if outsider else each.ended_by,
        "ended_at": each.ended_at,
        "ended_reason": each.ended_reason,
    }


def _by_finding(session: Session, kind: type[Any], findings: Collection[UUID], order: str) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    if findings:
        table = table_of(kind)
        query = sa.select(*table.c).where(table.c.finding.in_(findings)).order_by(table.c[order], table.c.id)
        for row in session.execute(query):
            found[row.finding].append(row)
    return found
