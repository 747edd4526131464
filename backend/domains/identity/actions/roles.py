"""Roles are granted and ended, never changed or deleted: what somebody might do at a past moment stays known."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.domains.identity import queries
from backend.domains.identity.actions.people import locked_person
from backend.domains.identity.model import RoleHeld
from backend.domains.identity.rules import roles
from backend.domains.identity.rules.people import OwnAccount


def grant_role(session: Session, act: Act, *, person: UUID, role: str, unit: UUID, since: dt.datetime | None = None) -> RoleHeld:
    """Give a person a role within a unit from `since` (now) on.

    Raises PersonMissing, UnitMissing, OwnAccount, RoleInvalid (not held in units of this kind), RoleConflict, RoleHeldAlready.
    """
    locked_person(session, person)  # two grants at once must see each other
    _of_another(act, person)
    place = queries.get_unit(session, unit)
    roles.check_place(role, place.kind)
    begins = since or act.at
    held = session.scalars(sa.select(RoleHeld).where(RoleHeld.person == person)).all()
    roles.check_grant(role, unit, begins, [roles.Holding(row.role, row.unit, row.since, row.until) for row in held])
    row = new_role(session, act, person=person, role=role, unit=unit, since=begins)
    session.flush()
    return row


def new_role(session: Session, act: Act, *, person: UUID, role: str, unit: UUID, since: dt.datetime) -> RoleHeld:
    """The row of a grant that was checked, told."""
    row = add_row(session, RoleHeld(id=act.new_id(), person=person, role=role, unit=unit, since=since, until=None))
    act.tell("role.granted", "person", person, role=role, unit=unit, grant=row.id)
    return row


def end_role(session: Session, act: Act, *, person: UUID, held: UUID) -> RoleHeld:
    """End a role now. Raises RoleNotHeld if this person does not hold it (any more), OwnAccount."""
    locked_person(session, person)
    _of_another(act, person)
    row = lock_row(session, RoleHeld, held)
    if row is None or row.person != person or row.until is not None:
        raise roles.RoleNotHeld(f"this person holds no role {held}")
    return ended(act, row)


def ended(act: Act, row: RoleHeld) -> RoleHeld:
    """The role ended now, told. One that has not begun is held for no moment."""
    row.until = max(row.since, act.at)
    act.tell("role.ended", "person", row.person, role=row.role, unit=row.unit, grant=row.id)
    return row


def _of_another(act: Act, person: UUID) -> None:
    if act.actor.person == person:
        raise OwnAccount("an administrator neither gives nor ends the own roles")
