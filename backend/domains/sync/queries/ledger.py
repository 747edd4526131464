"""The device ledger: every store that syncs, when it was last heard of, and what it still owes (protocol, section 8, I6)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.domains.identity import queries as identity
from backend.domains.identity.model import Replica, RoleHeld
from backend.domains.identity.rules.replicas import ReplicaMissing
from backend.domains.sync.model import Incident, KeptLine, Outcome, Progress, Push
from backend.domains.sync.queries.reach import within
from backend.domains.sync.queries.standing import standing
from backend.domains.sync.rules.desk import SILENT, Desk

_RANGES = 20
_PUSHES = 20


def list_replicas(session: Session, desk: Desk, *, now: dt.datetime, filters: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the stores that this desk is answerable for, by id, and the cursor of the next."""
    limit = filters["limit"]
    query = sa.select(Replica, Progress).outerjoin(Progress, Progress.replica == Replica.id).where(*_conditions(desk, now, filters))
    after = cursors.unpack("replicas", filters["cursor"], cursors.key)
    if after is not None:
        query = query.where(Replica.id > after[0])
    rows: list[tuple[Replica, Progress | None]] = [(row[0], row[1]) for row in session.execute(query.order_by(Replica.id).limit(limit + 1))]
    docs = _docs(session, rows[:limit], now)
    return docs, cursors.pack("replicas", str(rows[limit - 1][0].id)) if len(rows) > limit else None


def get_replica(session: Session, desk: Desk, replica: UUID, *, now: dt.datetime) -> dict[str, Any]:
    """One store with its last pushes, its operations by status and its open incidents. Raises ReplicaMissing."""
    query = sa.select(Replica, Progress).outerjoin(Progress, Progress.replica == Replica.id).where(Replica.id == replica)
    found = session.execute(query.where(within(desk, finding=sa.cast(sa.null(), sa.Uuid()), person=Replica.person))).first()
    if found is None:
        raise ReplicaMissing(f"no replica {replica}")
    pushes = session.scalars(
        sa.select(Push).where(Push.replica == replica).order_by(Push.received_at.desc(), Push.id.desc()).limit(_PUSHES)
    )
    counted = session.execute(sa.select(Outcome.status, sa.func.count()).where(Outcome.replica == replica).group_by(Outcome.status))
    beside = sa.select(sa.func.count()).where(KeptLine.replica == replica, sa.text("lane <> 'main'"), KeptLine.lane != "desk")
    incidents = session.scalars(
        sa.select(Incident).where(Incident.replica == replica, Incident.closed_at.is_(None)).order_by(Incident.at, Incident.id)
    )
    return {
        **_docs(session, [(found[0], found[1])], now)[0],
        "outcomes": {row[0]: row[1] for row in counted},
        "beside": session.scalar(beside) or 0,
        "pushes": [{"push": row.id, "received_at": row.received_at, "lines": row.lines, "broken": row.broken} for row in pushes],
        "incidents": [{"key": f"incident:{row.id}", "kind": row.kind, "at": row.at} for row in incidents],
    }


def _conditions(desk: Desk, now: dt.datetime, filters: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [within(desk, finding=sa.cast(sa.null(), sa.Uuid()), person=Replica.person)]
    found += [getattr(Replica, name) == filters[name] for name in ("platform", "app_version", "person") if filters[name] is not None]
    if filters["unit"] is not None:
        held = sa.or_(RoleHeld.until.is_(None), RoleHeld.until > now)
        found.append(Replica.person.in_(sa.select(RoleHeld.person).where(RoleHeld.unit == filters["unit"], held)))
    if filters["state"] is not None:
        found.append(_states(now)[filters["state"]])
    if filters["behind"]:
        found.append(sa.or_(*_TROUBLES))
    return found


_TROUBLES = (
    Progress.highest > Progress.acked_through,
    Progress.unjudged > 0,
    Progress.chain_differs_at.is_not(None),
    Progress.ahead_at.is_not(None),
)


def _states(now: dt.datetime) -> dict[str, sa.ColumnElement[bool]]:
    heard = sa.or_(*(contact > now - SILENT for contact in (Replica.last_contact_at, Progress.last_push_at, Progress.last_pull_at)))
    heard = sa.func.coalesce(heard, sa.false())  # a phone that never pushed has nulls there, and they decide nothing
    return {
        "revoked": Replica.revoked_at.is_not(None),
        "active": sa.and_(Replica.revoked_at.is_(None), heard),
        "silent": sa.and_(Replica.revoked_at.is_(None), ~heard),
    }


def _docs(session: Session, rows: list[tuple[Replica, Progress | None]], now: dt.datetime) -> list[dict[str, Any]]:
    people = {replica.person for replica, _ in rows}
    names = identity.names_of(session, people)
    held = identity.roles_of(session, people, now)
    waiting = _waiting(session, [replica.id for replica, _ in rows])
    return [
        {
            **_doc(session, replica, place, now),
            "person": {"id": replica.person, "name": names.get(replica.person)},
            "units": [{"id": unit.id, "name": unit.name, "role": role.role} for role, unit in held[replica.person]],
            "deferred": waiting[replica.id]["deferred"],
            "received": waiting[replica.id]["received"],
        }
        for replica, place in rows
    ]


def _doc(session: Session, replica: Replica, place: Progress | None, now: dt.datetime) -> dict[str, Any]:
    missing = standing(session, replica.id).missing if place is not None and place.highest > place.acked_through else []
    contacts = [replica.last_contact_at, place.last_push_at if place else None, place.last_pull_at if place else None]
    heard = max(contact for contact in contacts if contact is not None)
    return {
        "replica": replica.id,
        "platform": replica.platform,
        "app_version": replica.app_version,
        "schema": replica.schema,
        "state": "revoked" if replica.revoked_at is not None else "active" if heard > now - SILENT else "silent",
        "registered_at": replica.registered_at,
        "revoked_at": replica.revoked_at,
        "last_contact_at": heard,
        "last_push_at": place.last_push_at if place else None,
        "last_pull_at": place.last_pull_at if place else None,
        "outbox_depth": place.outbox_depth if place else None,
        "acked_through": place.acked_through if place else 0,
        "highest": place.highest if place else 0,
        "holes": sum(last - first + 1 for first, last in missing),
        "missing": [list(gap) for gap in missing[:_RANGES]],
        "unjudged": place.unjudged if place else 0,
        "clock_offset_ms": place.clock_offset_ms if place else None,
        "chain_differs_at": place.chain_differs_at if place else None,
        "ahead": {"through": place.ahead_through, "at": place.ahead_at} if place is not None and place.ahead_at is not None else None,
    }


def _waiting(session: Session, replicas: list[UUID]) -> dict[UUID, Counter[str]]:
    found: dict[UUID, Counter[str]] = defaultdict(Counter)
    query = sa.select(Outcome.replica, Outcome.status, sa.func.count()).where(
        Outcome.replica.in_(replicas),
        sa.text("status IN ('deferred', 'received')"),  # literally as the partial index has it
    )
    for replica, status, count in session.execute(query.group_by(Outcome.replica, Outcome.status)):
        found[replica][status] = count
    return found
