"""Questions about responsibility grids: what each was, is and will be. Answered from memory, but for who is about to change them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.revisions import Held
from backend.domains.patrols.model import ResponsibilityGrid, Terms
from backend.domains.patrols.rules.roster_problems import ResponsibilityGridMissing

REVISION = "rosters"


@dataclass(frozen=True, slots=True)
class InForce:
    """A responsibility grid as it is on a day."""

    id: UUID
    code: str
    name: str
    area: str
    valid_from: dt.date
    valid_until: dt.date | None
    grid_class: str
    weekdays: tuple[int, ...]
    duty_from: str
    duty_until: str
    grids: tuple[str, ...]

    def on(self, day: dt.date) -> bool:
        """Whether it is so on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


def versions(session: Session) -> Mapping[UUID, tuple[InForce, ...]]:
    """Every responsibility grid with all that it was, is and will be, the oldest first. Not to be changed."""
    return _HELD.get(session)


def in_force(session: Session, day: dt.date) -> list[InForce]:
    """The responsibility grids as they are on a day, in order of code."""
    return [place for places in _HELD.get(session).values() for place in places if place.on(day)]


def get_place(session: Session, responsibility_grid: UUID, day: dt.date) -> InForce:
    """A responsibility grid as it is on a day. Raises ResponsibilityGridMissing, also where it is none on that day."""
    for place in _HELD.get(session).get(responsibility_grid, ()):
        if place.on(day):
            return place
    raise ResponsibilityGridMissing(f"there is no responsibility grid {responsibility_grid} on {day}")


def place_on(session: Session, responsibility_grid: UUID, day: dt.date) -> InForce:
    """A responsibility grid as it is on a day, or as it last was where it was closed before: for shifts cancelled by that."""
    held = _HELD.get(session)[responsibility_grid]
    return next((place for place in held if place.on(day)), held[-1])


def ever(session: Session) -> list[InForce]:
    """Every responsibility grid there ever was, as it is at the end."""
    return [places[-1] for places in _HELD.get(session).values()]


def find_responsibility_grid(session: Session, code: str) -> ResponsibilityGrid | None:
    """The one with this code."""
    return session.scalar(sa.select(ResponsibilityGrid).where(ResponsibilityGrid.code == code))


def list_responsibility_grids(
    session: Session, *, areas: Collection[str] | None, limit: int, after: str | None = None
) -> list[tuple[ResponsibilityGrid, list[Terms]]]:
    """Those kept in or under these areas (None: all) in order of code, each with its terms, the oldest first."""
    query = sa.select(ResponsibilityGrid).order_by(ResponsibilityGrid.code).limit(limit)
    if areas is not None:
        query = query.where(sa.or_(sa.false(), *(ResponsibilityGrid.area.startswith(area, autoescape=True) for area in areas)))
    if after is not None:
        query = query.where(ResponsibilityGrid.code > after)
    rows = session.scalars(query).all()
    held: dict[UUID, list[Terms]] = {row.id: [] for row in rows}
    terms = sa.select(Terms).where(Terms.responsibility_grid.in_(list(held))).order_by(Terms.responsibility_grid, Terms.valid_from)
    for each in session.scalars(terms):
        held[each.responsibility_grid].append(each)
    return [(row, held[row.id]) for row in rows]


def terms_of(session: Session, responsibility_grid: UUID) -> Sequence[Terms]:
    """What a responsibility grid was, is and will be, the oldest first, from the tables."""
    query = sa.select(Terms).where(Terms.responsibility_grid == responsibility_grid)
    return session.scalars(query.order_by(Terms.valid_from).execution_options(populate_existing=True)).all()


def taken_grids(
    session: Session, grids: Collection[str], *, since: dt.date, until: dt.date | None, besides: UUID | None = None
) -> dict[str, str]:
    """Which of these unit grids belong to another responsibility grid within these days: grid to that one's code. From the tables."""
    query = sa.select(Terms, ResponsibilityGrid.code).join(ResponsibilityGrid, ResponsibilityGrid.id == Terms.responsibility_grid)
    query = query.where(sa.or_(Terms.valid_until.is_(None), Terms.valid_until > since))
    if until is not None:
        query = query.where(Terms.valid_from < until)
    if besides is not None:
        query = query.where(Terms.responsibility_grid != besides)
    wanted = set(grids)
    return {
        grid: code for terms, code in session.execute(query.order_by(ResponsibilityGrid.code)) for grid in terms.grids if grid in wanted
    }


def _load(session: Session) -> Mapping[UUID, tuple[InForce, ...]]:
    query = sa.select(ResponsibilityGrid, Terms).join(Terms, Terms.responsibility_grid == ResponsibilityGrid.id)
    found: dict[UUID, list[InForce]] = {}
    for row, terms in session.execute(query.order_by(ResponsibilityGrid.code, Terms.valid_from)):
        found.setdefault(row.id, []).append(
            InForce(
                id=row.id,
                code=row.code,
                name=row.name,
                area=row.area,
                valid_from=terms.valid_from,
                valid_until=terms.valid_until,
                grid_class=terms.grid_class,
                weekdays=tuple(terms.weekdays),
                duty_from=terms.duty_from,
                duty_until=terms.duty_until,
                grids=tuple(terms.grids),
            )
        )
    return {key: tuple(places) for key, places in found.items()}


_HELD = Held(REVISION, _load)
