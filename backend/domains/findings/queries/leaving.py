"""What somebody still has open: before a role or an account ends, and afterwards, where nobody has taken it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Supervision
from backend.domains.findings.model.tasks import OPEN, VerificationTask
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.visibility import CONTRACTOR_ROLES
from backend.domains.identity import queries as identity
from backend.domains.patrols.queries import shifts

AHEAD = dt.timedelta(days=366)
"""So far ahead shifts are looked for."""

MOST = 500
"""Of each kind so much is shown; `count` says how much there is."""


def list_dispatches_of(session: Session, worker: UUID) -> list[tuple[UUID, UUID, UUID]]:
    """The open dispatches that somebody of a company has: (dispatch, finding, unit), in order of finding."""
    query = sa.select(Dispatch.id, Dispatch.finding, Dispatch.unit).where(
        Dispatch.worker == worker,
        Dispatch.replaced_by.is_(None),
        Dispatch.cancelled_at.is_(None),
        Dispatch.state != "handed_back",
    )
    return [(task, finding, unit) for task, finding, unit in session.execute(query.order_by(Dispatch.finding, Dispatch.id))]


def works_for(session: Session, person: UUID, unit: UUID, *, at: dt.datetime) -> bool:
    """Whether somebody does the work of this company at that moment."""
    grants = identity.grants_of_all(session, [person], at)[person]
    return any(grant.unit == unit and grant.role in CONTRACTOR_ROLES for grant in grants)


def open_work_of(session: Session, person: UUID, *, at: dt.datetime) -> dict[str, Any]:
    """What a person has open: tasks for a look, dispatches, demands made, shifts to come, absences covered. By ids and numbers."""
    tasks = sa.select(VerificationTask.id, VerificationTask.finding, Finding.number, VerificationTask.due).join(
        Finding, Finding.id == VerificationTask.finding
    )
    tasks = tasks.where(VerificationTask.assigned_to == person, OPEN).order_by(VerificationTask.id)
    held = [task for task, _, _ in list_dispatches_of(session, person)]
    dispatches = sa.select(Dispatch.id, Dispatch.finding, Finding.number, Dispatch.due).join(Finding, Finding.id == Dispatch.finding)
    dispatches = dispatches.where(Dispatch.id.in_(held)).order_by(Dispatch.id)
    demands = sa.select(Supervision.id, Supervision.finding, Finding.number, Supervision.reply_due.label("due"))
    demands = demands.join(Finding, Finding.id == Supervision.finding)
    demands = demands.where(Supervision.asked_by == person, Supervision.state != "ended").order_by(Supervision.id)
    planned = shifts.shifts_within(session, at, at + AHEAD, people=[person])
    covers = shifts.covered_by(session, person, since=at)
    return {
        "person": person,
        "tasks": _cases(session, tasks),
        "dispatches": _cases(session, dispatches),
        "supervisions": _cases(session, demands),
        "shifts": _times(planned),
        "covers": _times(covers),
    }


def _cases(session: Session, query: sa.Select[*tuple[Any, ...]]) -> dict[str, Any]:
    rows = session.execute(query).all()
    items = [{"id": row[0], "finding": row[1], "number": row[2], "due": row[3]} for row in rows[:MOST]]
    return {"count": len(rows), "items": items}


def _times(rows: Any) -> dict[str, Any]:
    return {"count": len(rows), "items": [{"id": row.id, "since": row.since, "until": row.until} for row in rows[:MOST]]}
