"""Who keeps a roster, and one at a time."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.engine import is_sqlite
from backend.domains.identity import queries as identity
from backend.domains.identity.rules.people import PersonMissing
from backend.domains.patrols.queries.rosters import PLANNERS
from backend.domains.patrols.rules import roster_problems as problems
from backend.domains.patrols.rules.keeping import keeps_roster_of

_LOCK = 0x0570_5745  # any number that nobody else locks by


def one_at_a_time(session: Session) -> None:
    """Two who change rosters at once must see each other's rows. On SQLite there is one writer anyway."""
    if not is_sqlite(session):
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def check_keeper(act: Act, area: str) -> None:
    """Refuse who does not keep the rosters of this area. Raises NotYourRoster."""
    if not keeps_roster_of(act.actor, area):
        raise problems.NotYourRoster(f"shift leaders of {area} and administrators keep its rosters", roles=list(PLANNERS))


def check_keeper_of(session: Session, act: Act, person: UUID) -> None:
    """Who notes an absence keeps the rosters of an area where that person is an inspector."""
    if identity.find_person(session, person) is None:
        raise PersonMissing(f"no person {person}", errors=[("/person", "nobody")])
    areas = [grant.area for grant in identity.grants_at(session, person, act.at) if grant.role == "inspector" and grant.area]
    if not any(keeps_roster_of(act.actor, area) for area in areas) and not keeps_roster_of(act.actor, ""):
        raise problems.NotYourRoster("this person is on no roster of yours", roles=list(PLANNERS))
