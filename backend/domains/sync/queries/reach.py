"""Which exceptions are of whose areas: a finding's area decides, else the areas in which its author held roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.problems import Problem
from backend.domains.evidence.model import Photo
from backend.domains.findings.model.finding import Finding
from backend.domains.identity.model import Replica, RoleHeld, Unit
from backend.domains.sync.model import Incident, Outcome, Push
from backend.domains.sync.rules.desk import Desk
from backend.domains.sync.rules.envelope import BadEnvelope, read_operation
from backend.domains.territory import queries as territory
from backend.domains.territory.rules import datums

WHEN = (Outcome.at_corrected, Outcome.kept_at)
"""When an operation was done, and when it was received."""


def within(desk: Desk, *, finding: Any, person: Any, moments: Sequence[Any] = ()) -> sa.ColumnElement[bool]:
    """Whether this desk is answerable for what happened to `finding` (a column, may be null) by `person` (a column).

    Codes begin with their parents'. Of its author count the roles held at one of these `moments` (columns: when it was done, when it was
    received) and those that last: who left an area long ago is not its desk's. A finding of no grid, and whoever held no role in an area
    then (contractors), are the district's.
    """
    if desk.sees_all:
        return sa.true()
    if not desk.areas:
        return sa.false()
    there = sa.select(sa.literal(1)).where(Finding.id == finding)
    inside = there.where(sa.or_(*(Finding.grid.startswith(area) for area in desk.areas)))
    then = (sa.and_(RoleHeld.since <= moment, RoleHeld.until > moment) for moment in moments)
    authors = (
        sa.select(sa.literal(1))
        .select_from(RoleHeld)
        .join(Unit, Unit.id == RoleHeld.unit)
        .where(
            RoleHeld.person == person,
            sa.or_(RoleHeld.until.is_(None), *then),
            sa.or_(*(Unit.area.startswith(area) for area in desk.areas)),
        )
    )
    return sa.or_(inside.exists(), sa.and_(~there.exists(), authors.exists()))


def finding_of(outcome: type[Outcome] = Outcome) -> sa.ColumnElement[UUID | None]:
    """The finding that an operation is on, null for others."""
    return sa.case((outcome.entity_type == "finding", outcome.entity), else_=sa.cast(sa.null(), sa.Uuid()))


def find_operation(session: Session, desk: Desk, op: UUID) -> Outcome | None:
    """The outcome of this operation as it is now, where this desk is answerable for it."""
    query = sa.select(Outcome).where(Outcome.op == op, within(desk, finding=finding_of(), person=Outcome.person, moments=WHEN))
    return session.scalar(query.execution_options(populate_existing=True))


def reaches(session: Session, desk: Desk, made: dict[str, Any]) -> bool:
    """Whether what a repaired operation is on lies in this desk's areas: its finding if it is there, or the place that a record names.

    What is not there yet, or cannot be located, is its author's, and so whose desk that is.
    """
    if desk.leads_district:
        return True
    try:
        operation = read_operation(made)
    except BadEnvelope:
        return True  # it is refused again, and on nothing
    if operation.entity_type != "finding":
        return True
    query = sa.select(Finding.id, Finding.grid).where(Finding.id == operation.entity)
    row = session.execute(query).first()
    if row is not None:
        return _inside(desk, row.grid)
    grid = _grid_of(session, operation.payload.get("place")) if operation.verb == "record_finding" else None
    return grid is None or _inside(desk, grid)


def _grid_of(session: Session, place: Any) -> str | None:
    """The grid that a place of the wire lies in; None for one that is none, or lies nowhere."""
    if not isinstance(place, dict):
        return None
    try:
        lon, lat, datum = datums.check_place(place.get("lon"), place.get("lat"), place.get("datum"))
    except Problem:
        return None
    located = territory.layer(session).locate(*datums.to_wgs84(lon, lat, datum))
    return located.grid if located else None


def _inside(desk: Desk, grid: str | None) -> bool:
    return grid is not None and grid.startswith(desk.areas)


def leads(session: Session, desk: Desk, about: str, subject: UUID) -> bool:
    """Whether this desk is answerable for it as shift leader, not as administrator alone: then it may see what people wrote."""
    return not desk.administers or is_answerable(session, replace(desk, administers=False), about, subject)


def is_answerable(session: Session, desk: Desk, about: str, subject: UUID) -> bool:
    """Whether this desk is answerable for an operation, line, hole, photo or incident, decided or not."""
    none = sa.cast(sa.null(), sa.Uuid())
    if about == "op":
        return find_operation(session, desk, subject) is not None
    if about == "photo":
        query = sa.select(Photo.id).where(
            Photo.id == subject, within(desk, finding=Photo.subject, person=Photo.declared_by, moments=(Photo.declared_at,))
        )
    elif about == "incident":
        owner = sa.select(Incident.id).outerjoin(Replica, Replica.id == Incident.replica)
        query = owner.where(Incident.id == subject, within(desk, finding=none, person=Replica.person, moments=(Incident.at,)))
    elif about == "line":
        sender = sa.select(Push.id).join(Replica, Replica.id == Push.replica)
        query = sender.where(Push.id == subject, within(desk, finding=none, person=Replica.person, moments=(Push.received_at,)))
    else:
        query = sa.select(Replica.id).where(Replica.id == subject, within(desk, finding=none, person=Replica.person))
    return session.scalar(query) is not None
