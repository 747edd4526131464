"""Questions about shifts and absences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.rows import find_row
from backend.core.problems import Missing
from backend.domains.patrols.model import Absence, Shift
from backend.domains.patrols.rules.rosters import Away, Planned

LONGEST_SHIFT = dt.timedelta(hours=24)
"""No shift is longer: what runs at a moment began in the day before it."""


def get_shift(session: Session, shift: UUID) -> Shift:
    """The shift. Raises Missing."""
    row = find_row(session, Shift, shift)
    if row is None:
        raise Missing(f"there is no shift {shift}")
    return row


def shifts_within(
    session: Session,
    since: dt.datetime,
    until: dt.datetime,
    *,
    people: Collection[UUID] | None = None,
    places: Collection[UUID] | None = None,
    after: tuple[dt.datetime, UUID] | None = None,
    limit: int | None = None,
    cancelled: bool = False,
) -> list[Shift]:
    """The shifts whose time meets this one, in order of (since, id); only of these people, only in these responsibility grids."""
    query = sa.select(Shift).where(Shift.since < until, Shift.since > since - LONGEST_SHIFT, Shift.until > since)
    if not cancelled:
        query = query.where(Shift.cancelled_at.is_(None))
    if people is not None:
        query = query.where(Shift.person.in_(people))
    if places is not None:
        query = query.where(Shift.responsibility_grid.in_(places))
    if after is not None:
        key = sa.tuple_(sa.literal(after[0], Shift.since.type), sa.literal(after[1], Shift.id.type))
        query = query.where(sa.tuple_(Shift.since, Shift.id) > key)
    return list(session.scalars(query.order_by(Shift.since, Shift.id).limit(limit)))


def absences_within(session: Session, since: dt.datetime, until: dt.datetime) -> list[Away]:
    """Everybody's absences whose time meets this one."""
    query = sa.select(Absence).where(Absence.until > since, Absence.since < until).order_by(Absence.since, Absence.id)
    return [Away(row.person, row.since, row.until, row.covered_by) for row in session.scalars(query)]


def absences_of(session: Session, person: UUID, since: dt.datetime, until: dt.datetime) -> list[Absence]:
    """This person's absences whose time meets this one, the oldest first."""
    query = sa.select(Absence).where(Absence.person == person, Absence.until > since, Absence.since < until)
    return list(session.scalars(query.order_by(Absence.since, Absence.id)))


def covered_by(session: Session, person: UUID, *, since: dt.datetime) -> list[Absence]:
    """The absences of others that this person covers from then on, the first first."""
    query = sa.select(Absence).where(Absence.covered_by == person, Absence.until > since)
    return list(session.scalars(query.order_by(Absence.since, Absence.id)))


def planned(row: Shift) -> Planned:
    """The shift as a value."""
    return Planned(row.id, row.person, row.responsibility_grid, row.since, row.until)
