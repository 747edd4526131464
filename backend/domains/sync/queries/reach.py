"""Which exceptions are of whose areas: a finding's area decides, else the areas in which its author held roles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.evidence.model import Photo
from backend.domains.findings.model import Finding
from backend.domains.identity.model import Replica, RoleHeld, Unit
from backend.domains.sync.model import Incident, Outcome, Push
from backend.domains.sync.rules.desk import Desk


def within(desk: Desk, *, finding: Any, person: Any) -> sa.ColumnElement[bool]:
    """Whether this desk is answerable for what happened to `finding` (a column, may be null) by `person` (a column).

    Codes begin with their parents'. A finding of no grid, and whoever never held a role in an area (contractors), are the district's.
    """
    if desk.sees_all:
        return sa.true()
    if not desk.areas:
        return sa.false()
    there = sa.select(sa.literal(1)).where(Finding.id == finding)
    inside = there.where(sa.or_(*(Finding.grid.startswith(area) for area in desk.areas)))
    authors = (
        sa.select(sa.literal(1))
        .select_from(RoleHeld)
        .join(Unit, Unit.id == RoleHeld.unit)
        .where(RoleHeld.person == person, sa.or_(*(Unit.area.startswith(area) for area in desk.areas)))
    )
    return sa.or_(inside.exists(), sa.and_(~there.exists(), authors.exists()))


def finding_of(outcome: type[Outcome] = Outcome) -> sa.ColumnElement[UUID | None]:
    """The finding that an operation is on, null for others."""
    return sa.case((outcome.entity_type == "finding", outcome.entity), else_=sa.cast(sa.null(), sa.Uuid()))


def find_operation(session: Session, desk: Desk, op: UUID) -> Outcome | None:
    """The outcome of this operation as it is now, where this desk is answerable for it."""
    query = sa.select(Outcome).where(Outcome.op == op, within(desk, finding=finding_of(), person=Outcome.person))
    return session.scalar(query.execution_options(populate_existing=True))


def is_answerable(session: Session, desk: Desk, about: str, subject: UUID) -> bool:
    """Whether this desk is answerable for an operation, line, hole, photo or incident, decided or not."""
    none = sa.cast(sa.null(), sa.Uuid())
    if about == "op":
        return find_operation(session, desk, subject) is not None
    if about == "photo":
        query = sa.select(Photo.id).where(Photo.id == subject, within(desk, finding=Photo.subject, person=Photo.declared_by))
    elif about == "incident":
        owner = sa.select(Incident.id).outerjoin(Replica, Replica.id == Incident.replica)
        query = owner.where(Incident.id == subject, within(desk, finding=none, person=Replica.person))
    else:
        replica = subject if about == "hole" else sa.select(Push.replica).where(Push.id == subject).scalar_subquery()
        query = sa.select(Replica.id).where(Replica.id == replica, within(desk, finding=none, person=Replica.person))
    return session.scalar(query) is not None
