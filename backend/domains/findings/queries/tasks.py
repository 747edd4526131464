"""Questions about tasks: what looks are needed, who has which, and how they are shown."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.act import Actor
from backend.core.database.base import table_of
from backend.core.database.rows import find_row
from backend.core.problems import Missing
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.tasks import OPEN, VerificationTask
from backend.domains.findings.model.work import Dispatch, Report, Verification
from backend.domains.findings.rules import tasks as rules
from backend.domains.findings.rules.tasks import Facts, Need, Seen
from backend.domains.identity import queries as identity

_FAR = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)

DESK = ("acceptor", "shift_leader", "dispatcher", "leader", "auditor", "administrator")
"""Who sees the tasks of others."""


def get_task(session: Session, finding: UUID, task: UUID) -> VerificationTask:
    """A task on this finding. Raises Missing."""
    row = find_row(session, VerificationTask, task)
    if row is None or row.finding != finding:
        raise Missing(f"finding {finding} has no task {task}")
    return row


def list_tasks_of(session: Session, finding: UUID) -> list[VerificationTask]:
    """All tasks there ever were on a finding, the oldest first. Written rows must be flushed before."""
    query = sa.select(VerificationTask).where(VerificationTask.finding == finding)
    fresh = {"populate_existing": True}  # another may have moved one since it was looked at
    return list(session.scalars(query.order_by(VerificationTask.made_at, VerificationTask.id), execution_options=fresh))


def facts_of(task: VerificationTask) -> Facts:
    """The task as a value."""
    return Facts(task.assigned_to, task.made_at, task.moved, task.moved_at, cancelled=task.state == "cancelled")


def needs_of_looks(session: Session, row: Finding) -> list[Need]:
    """The looks that a finding needs as it stands."""
    waiting: list[UUID] = []
    if rules.NEEDING_A_LOOK.get(row.state) == "pre_closing":
        query = sa.select(Report.id).join(Dispatch, Dispatch.id == Report.dispatch)
        standing = (Dispatch.replaced_by.is_(None), Dispatch.cancelled_at.is_(None))
        waiting = list(session.scalars(query.where(Report.finding == row.id, Report.state == "open", *standing)))
    return rules.looks_needed(row.state, waiting)


def looks_at(session: Session, finding: UUID, phase: str, report: UUID | None) -> list[Seen]:
    """The looks of this phase, at this report, that count."""
    query = sa.select(Verification).where(
        Verification.finding == finding, Verification.phase == phase, Verification.report == report, Verification.observation.is_(False)
    )
    return [Seen(each.id, each.verified_by, each.verified_at, each.received_at) for each in session.scalars(query)]


def loads_of(session: Session, people: Collection[UUID]) -> dict[UUID, int]:
    """How many open tasks each of these has."""
    loads = dict.fromkeys(people, 0)
    query = sa.select(VerificationTask.assigned_to, sa.func.count()).where(OPEN, VerificationTask.assigned_to.in_(list(people)))
    for person, count in session.execute(query.group_by(VerificationTask.assigned_to)):
        loads[cast("UUID", person)] = count
    return loads


def open_tasks_held_by(session: Session, person: UUID) -> list[tuple[UUID, UUID]]:
    """The open tasks of a person: (task, finding), in order of id."""
    query = sa.select(VerificationTask.id, VerificationTask.finding).where(VerificationTask.assigned_to == person, OPEN)
    return [(task, finding) for task, finding in session.execute(query.order_by(VerificationTask.id))]


def open_tasks_of(session: Session, ids: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The open tasks of these findings as shown within them, what is due first before."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    if ids:
        table = table_of(VerificationTask)
        query = sa.select(table).where(table.c.finding.in_(ids), table.c.state == "open").order_by(table.c.made_at, table.c.id)
        for row in session.execute(query):
            found[row.finding].append(task_doc(row))
    return found


def task_doc(row: Any) -> dict[str, Any]:
    """A task as shown within its finding."""
    return {
        "id": row.id,
        "phase": row.phase,
        "report": row.report,
        "assigned_to": row.assigned_to,
        "assigned_at": row.assigned_at,
        "why": row.why,
        "due": row.due,
        "made_at": row.made_at,
    }


def list_tasks(session: Session, reader: Actor, *, filters: dict[str, Any], seen: sa.ColumnElement[bool]) -> dict[str, Any]:
    """A page `{items, next}` of open tasks on findings that the reader may see (`seen`), what is due first before."""
    due = sa.func.coalesce(VerificationTask.due, sa.literal(_FAR, VerificationTask.due.type)).label("by")
    query = sa.select(VerificationTask, Finding, due).join(Finding, Finding.id == VerificationTask.finding).where(OPEN, seen)
    if filters["mine"] or not reader.holds(*DESK):
        query = query.where(VerificationTask.assigned_to == reader.person)
    if filters["unassigned"]:
        query = query.where(VerificationTask.assigned_to.is_(None))
    if filters["assigned_to"]:
        query = query.where(VerificationTask.assigned_to == filters["assigned_to"])
    if filters["phase"]:
        query = query.where(VerificationTask.phase == filters["phase"])
    after = cursors.unpack("tasks", filters["cursor"], cursors.moment, cursors.key)
    if after is not None:
        last_key = sa.tuple_(sa.literal(after[0], VerificationTask.due.type), sa.literal(after[1], VerificationTask.id.type))
        query = query.where(sa.tuple_(due, VerificationTask.id) > last_key)
    limit = filters["limit"]
    rows = session.execute(query.order_by(due, VerificationTask.id).limit(limit + 1)).all()
    names = identity.names_of(session, {row[0].assigned_to for row in rows if row[0].assigned_to is not None})
    items = [
        {
            **task_doc(task),
            "finding": row.id,
            "number": row.number,
            "state": row.state,
            "category": {"kind": row.kind, "code": row.code, "edition": row.edition},
            "address": row.address,
            "grid": row.grid,
            "wgs84": [row.lon, row.lat],
            "severity": row.severity,
            "assignee": names.get(task.assigned_to) if task.assigned_to is not None else None,
        }
        for task, row, _ in rows[:limit]
    ]
    last_row = rows[limit - 1] if len(rows) > limit else None
    return {
        "items": items,
        "next": cursors.pack("tasks", last_row[2].astimezone(dt.UTC).isoformat(), str(last_row[0].id)) if last_row else None,
    }
