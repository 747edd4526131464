"""What others ask identity: who calls, who somebody is, what they may do now and what they might do at a past moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor, Grant
from backend.core.database.base import UtcDateTime
from backend.core.database.rows import find_row
from backend.domains.identity.model import LoginSession, Person, Replica, ReplicaCredential, RoleHeld, Unit
from backend.domains.identity.rules import tokens
from backend.domains.identity.rules.people import PersonMissing, folded, is_login
from backend.domains.identity.rules.replicas import ReplicaMissing
from backend.domains.identity.rules.services import SERVICES
from backend.domains.identity.rules.units import UnitMissing

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bears a token; has the members of `core.http.callers.Caller`, which queries may not import."""

    actor: Actor
    kind: tokens.Kind
    token_id: UUID
    replica: UUID | None = None
    must_change_password: bool = False


def authenticate(session: Session, token: str, now: dt.datetime) -> Bearer | None:
    """Who bears this token at this moment, with the roles in force; None if it is unknown, expired or revoked. One SELECT.

    A session of a disabled person is refused. The credential of a disabled person or a revoked replica is not: what such a phone
    delivers is kept and judged (sync-protocol.md section 2), so whoever takes it in asks `find_replica` and `was_authorised`.
    """
    kind = tokens.kind_of(token)
    if kind is None:
        return None
    rows = session.connection().execute(_BEARER[kind], {"hash": tokens.digest(token), "now": now}).all()
    if not rows:
        return None
    token_id, replica, person, login, name, must_change = rows[0][:6]
    actor = Actor(person, login, name, tuple(Grant(*row[6:12]) for row in rows if row[6] is not None))
    return Bearer(actor, kind, token_id, replica, must_change_password=bool(must_change))


def find_person(session: Session, person: UUID) -> Person | None:
    """The person with this id."""
    return find_row(session, Person, person)


def get_person(session: Session, person: UUID) -> Person:
    """The person with this id; raises PersonMissing."""
    row = find_person(session, person)
    if row is None:
        raise PersonMissing(f"no person {person}")
    return row


def find_person_by_login(session: Session, login: str) -> Person | None:
    """The person with this login, however its letters are cased."""
    name = folded(login)
    if not is_login(name):
        return None
    return session.scalar(sa.select(Person).where(Person.login == name))


def list_people(
    session: Session,
    *,
    now: dt.datetime,
    limit: int,
    after: str | None = None,
    unit: UUID | None = None,
    role: str | None = None,
) -> Sequence[Person]:
    """At most `limit` people in order of login, after this login; only those who hold this role or any in this unit at `now`.

    Service persons are nobody's account and not among them.
    """
    query = sa.select(Person).where(Person.id.not_in(list(SERVICES))).order_by(Person.login).limit(limit)
    if after is not None:
        query = query.where(Person.login > after)
    if unit is not None or role is not None:
        held = sa.select(RoleHeld.person).where(_in_force(now))
        if unit is not None:
            held = held.where(RoleHeld.unit == unit)
        if role is not None:
            held = held.where(RoleHeld.role == role)
        query = query.where(Person.id.in_(held))
    return session.scalars(query).all()


def names_of(session: Session, people: Iterable[UUID]) -> dict[UUID, str]:
    """The names of these people; unknown ids are absent."""
    wanted = sorted(set(people))
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = sa.select(Person.id, Person.name).where(Person.id.in_(wanted[start : start + _CHUNK]))
        found.update({row.id: row.name for row in session.execute(query)})
    return found


def roles_of(session: Session, people: Collection[UUID], at: dt.datetime) -> dict[UUID, list[tuple[RoleHeld, Unit]]]:
    """For each of these people the roles held at this moment with their units, oldest first."""
    found: dict[UUID, list[tuple[RoleHeld, Unit]]] = {person: [] for person in people}
    query = (
        sa.select(RoleHeld, Unit)
        .join(Unit, Unit.id == RoleHeld.unit)
        .where(RoleHeld.person.in_(list(people)), _in_force(at))
        .order_by(RoleHeld.since, RoleHeld.id)
    )
    for held, unit in session.execute(query):
        found[held.person].append((held, unit))
    return found


def grants_at(session: Session, person: UUID, at: dt.datetime) -> tuple[Grant, ...]:
    """What this person might do at that moment; nothing from when they were disabled, nor for an unknown id."""
    if find_person(session, person) is None:
        return ()
    standing = standing_of(session, person)
    if standing.disabled_at is not None and standing.disabled_at <= at:
        return ()
    return standing.actor_at(at).grants


def grants_of_all(session: Session, people: Collection[UUID], at: dt.datetime) -> dict[UUID, tuple[Grant, ...]]:
    """For each of these people what they may do at that moment: nothing where they are disabled by then, or unknown."""
    found: dict[UUID, list[Grant]] = {person: [] for person in people}
    wanted = sorted(found)
    for start in range(0, len(wanted), _CHUNK):
        query = (
            sa.select(RoleHeld.person, RoleHeld.role, Unit.id, Unit.kind, Unit.area, RoleHeld.since, RoleHeld.until)
            .join(Unit, Unit.id == RoleHeld.unit)
            .join(Person, Person.id == RoleHeld.person)
            .where(RoleHeld.person.in_(wanted[start : start + _CHUNK]), _in_force(at))
            .where(sa.or_(Person.disabled_at.is_(None), Person.disabled_at > at))
            .order_by(RoleHeld.since, RoleHeld.id)
        )
        for row in session.execute(query):
            found[row.person].append(Grant(*row[1:]))
    return {person: tuple(grants) for person, grants in found.items()}


def grants_ever(session: Session, people: Collection[UUID]) -> dict[UUID, tuple[Grant, ...]]:
    """For each of these people every role ever held, with its time, the oldest first; nothing for an unknown id."""
    found: dict[UUID, list[Grant]] = {person: [] for person in people}
    wanted = sorted(found)
    for start in range(0, len(wanted), _CHUNK):
        query = (
            sa.select(RoleHeld.person, RoleHeld.role, Unit.id, Unit.kind, Unit.area, RoleHeld.since, RoleHeld.until)
            .join(Unit, Unit.id == RoleHeld.unit)
            .where(RoleHeld.person.in_(wanted[start : start + _CHUNK]))
            .order_by(RoleHeld.since, RoleHeld.id)
        )
        for row in session.execute(query):
            found[row.person].append(Grant(*row[1:]))
    return {person: tuple(grants) for person, grants in found.items()}


def grants_ahead(session: Session, person: UUID, *, at: dt.datetime, on: dt.datetime) -> tuple[Grant, ...]:
    """What this person may do at a moment to come, `on`, as far as is known `at` now: nothing where they are disabled or unknown.

    Roles that end between the two are not known to; asked again later, with the same moments, the answer is the same.
    """
    row = find_person(session, person)
    if row is None or (row.disabled_at is not None and row.disabled_at <= at):
        return ()
    grants = standing_of(session, person).grants
    return tuple(each for each in grants if (each.since is None or each.since <= on) and (each.until is None or each.until > at))


def inspectors_under(areas: Collection[str], at: dt.datetime) -> sa.Select[UUID]:
    """The ids of those who are inspectors in units of these areas or under them at that moment: to be asked within another query."""
    under = sa.or_(sa.false(), *(Unit.area.startswith(area, autoescape=True) for area in areas))
    query = sa.select(RoleHeld.person).join(Unit, Unit.id == RoleHeld.unit)
    return query.where(RoleHeld.role == "inspector", under, _in_force(at))


@dataclass(frozen=True, slots=True)
class Standing:
    """A person with every role ever held: for judging a whole run of deeds, each at its own moment."""

    person: UUID
    login: str
    name: str
    disabled_at: dt.datetime | None
    grants: tuple[Grant, ...]

    def actor_at(self, moment: dt.datetime) -> Actor:
        """The person with the roles in force at that moment."""
        held = tuple(grant for grant in self.grants if _held_at(grant, moment))
        return Actor(self.person, self.login, self.name, held)


def standing_of(session: Session, person: UUID) -> Standing:
    """The person's standing; raises PersonMissing."""
    row = get_person(session, person)
    query = (
        sa.select(RoleHeld.role, Unit.id, Unit.kind, Unit.area, RoleHeld.since, RoleHeld.until)
        .join(Unit, Unit.id == RoleHeld.unit)
        .where(RoleHeld.person == person)
        .order_by(RoleHeld.since, RoleHeld.id)
    )
    return Standing(row.id, row.login, row.name, row.disabled_at, tuple(Grant(*held) for held in session.execute(query)))


def _held_at(grant: Grant, moment: dt.datetime) -> bool:
    return (grant.since is None or grant.since <= moment) and (grant.until is None or moment < grant.until)


def was_authorised(session: Session, person: UUID, roles: Collection[str], at: dt.datetime) -> bool:
    """Whether this person held one of these roles at that moment and was not disabled by then (sync-protocol.md section 2).

    The moment a role ended or a person was disabled itself counts as after. Enabling somebody again forgives the time between.
    """
    return any(grant.role in roles for grant in grants_at(session, person, at))


def find_unit(session: Session, unit: UUID) -> Unit | None:
    """The unit with this id."""
    return find_row(session, Unit, unit)


def get_unit(session: Session, unit: UUID) -> Unit:
    """The unit with this id; raises UnitMissing."""
    row = find_unit(session, unit)
    if row is None:
        raise UnitMissing(f"no unit {unit}")
    return row


def unit_by_code(session: Session, code: str) -> Unit | None:
    """The unit with this code."""
    return session.scalar(sa.select(Unit).where(Unit.code == code))


def units_by_code(session: Session, codes: Collection[str]) -> dict[str, Unit]:
    """The units with these codes; unknown codes are absent."""
    wanted = sorted(set(codes))
    found: dict[str, Unit] = {}
    for start in range(0, len(wanted), _CHUNK):
        for row in session.scalars(sa.select(Unit).where(Unit.code.in_(wanted[start : start + _CHUNK]))):
            found[row.code] = row
    return found


def unit_codes_by_area(session: Session) -> dict[tuple[str, str], str]:
    """(kind, area code) to the code of the unit that answers for that area."""
    query = sa.select(Unit.kind, Unit.area, Unit.code).where(Unit.area.is_not(None)).order_by(Unit.code.desc())
    return {(kind, area): code for kind, area, code in session.execute(query) if area is not None}


def list_units(session: Session, *, limit: int, kind: str | None = None, after: str | None = None) -> Sequence[Unit]:
    """At most `limit` units in order of code, after this code."""
    query = sa.select(Unit).order_by(Unit.code).limit(limit)
    if kind is not None:
        query = query.where(Unit.kind == kind)
    if after is not None:
        query = query.where(Unit.code > after)
    return session.scalars(query).all()


def find_replica(session: Session, replica: UUID) -> Replica | None:
    """The replica with this id."""
    return find_row(session, Replica, replica)


def get_replica(session: Session, replica: UUID) -> Replica:
    """The replica with this id; raises ReplicaMissing."""
    row = find_replica(session, replica)
    if row is None:
        raise ReplicaMissing(f"no replica {replica}")
    return row


def credential_due(session: Session, credential: UUID, now: dt.datetime) -> bool:
    """Whether `renew_credential` would move anything: asked first, it spares each push a writing transaction."""
    query = sa.select(ReplicaCredential.renewed_at).where(ReplicaCredential.id == credential, ReplicaCredential.superseded_at.is_(None))
    renewed_at = session.scalar(query)
    return renewed_at is not None and tokens.due(renewed_at, now)


def session_due(session: Session, login_session: UUID, now: dt.datetime) -> bool:
    """Whether `renew_session` would move anything."""
    used_at = session.scalar(sa.select(LoginSession.last_used_at).where(LoginSession.id == login_session))
    return used_at is not None and tokens.due(used_at, now)


def find_replica_of_install(session: Session, person: UUID, install_id: str) -> Replica | None:
    """The replica this person registered under this install id."""
    return session.scalar(sa.select(Replica).where(Replica.person == person, Replica.install_id == install_id))


def list_replicas(session: Session, person: UUID) -> Sequence[Replica]:
    """All replicas of a person, newest first."""
    query = sa.select(Replica).where(Replica.person == person).order_by(Replica.registered_at.desc(), Replica.id.desc())
    return session.scalars(query).all()


def _in_force(at: dt.datetime | sa.BindParameter[dt.datetime]) -> sa.ColumnElement[bool]:
    return sa.and_(RoleHeld.since <= at, sa.or_(RoleHeld.until.is_(None), RoleHeld.until > at))


def _bearer_of(kind: tokens.Kind) -> sa.Select[*tuple[Any, ...]]:
    # Built once: each request only binds the hash and the moment. One row a grant, or one with empty grant columns.
    now = sa.bindparam("now", type_=UtcDateTime())
    token = sa.bindparam("hash", type_=sa.LargeBinary())
    grant = (RoleHeld.role, Unit.id, Unit.kind, Unit.area, RoleHeld.since, RoleHeld.until)
    person = (Person.id, Person.login, Person.name)
    query: sa.Select[*tuple[Any, ...]]
    if kind == "session":
        query = (
            sa.select(LoginSession.id, sa.null(), *person, Person.must_change_password, *grant)
            .join(Person, Person.id == LoginSession.person)
            .where(LoginSession.token_hash == token, LoginSession.expires_at > now)
            .where(LoginSession.revoked_at.is_(None), Person.disabled_at.is_(None))
        )
    else:
        # A phone must be able to deliver whatever happened to its person's password.
        query = (
            sa.select(ReplicaCredential.id, Replica.id, *person, sa.false(), *grant)
            .join(Replica, Replica.id == ReplicaCredential.replica)
            .join(Person, Person.id == Replica.person)
            .where(ReplicaCredential.token_hash == token, ReplicaCredential.expires_at > now)
        )
    held = sa.and_(RoleHeld.person == Person.id, _in_force(now))
    return query.outerjoin(RoleHeld, held).outerjoin(Unit, Unit.id == RoleHeld.unit).order_by(RoleHeld.since, RoleHeld.id)


_BEARER: dict[tokens.Kind, sa.Select[*tuple[Any, ...]]] = {"session": _bearer_of("session"), "credential": _bearer_of("credential")}
