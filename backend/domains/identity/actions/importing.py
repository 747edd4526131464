"""People come in from a file, all of them or nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.identity import queries
from backend.domains.identity.actions.people import new_person
from backend.domains.identity.actions.roles import ended, new_role
from backend.domains.identity.model import Person, RoleHeld
from backend.domains.identity.rules import people_file
from backend.domains.identity.rules.passwords import PasswordChanged

_CHUNK = 500


@dataclass(slots=True)
class Imported:
    """The logins that were new, that changed and that were as the file says already."""

    enrolled: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def import_people(session: Session, act: Act, *, lines: Sequence[people_file.PersonLine], hashes: Mapping[str, str]) -> Imported:
    """Enrol and change people as the lines of a people file say; `hashes` has the password hash of every login that is new.

    A person of the file holds afterwards the roles the file gives them and no others; people not in the file are left alone. Nobody's
    password, sessions or disabled state is touched. Raises PeopleFileInvalid, and PasswordChanged if a login of the file vanished since the
    hashes were made.
    """
    units = queries.units_by_code(session, [line.unit_code for line in lines])
    entries = people_file.gather(lines, {code: unit.kind for code, unit in units.items()})
    known = _known(session, [entry.login for entry in entries])
    held = _held(session, [person.id for person in known.values()])
    done = Imported()
    for entry in entries:
        wanted = {(role, units[code].id) for role, code in entry.roles}
        person = known.get(entry.login)
        if person is None:
            if entry.login not in hashes:
                raise PasswordChanged(f"login: {entry.login} is gone since the file was read; import it again")
            person = new_person(
                session,
                act,
                login=entry.login,
                name=entry.name,
                phone=entry.phone,
                password_hash=hashes[entry.login],
                must_change=True,
            )
            act.tell("person.imported", "person", person.id)
            _settle_roles(session, act, person.id, [], wanted)
            done.enrolled.append(entry.login)
            continue
        fields = _settle_person(person, entry)
        moved = _settle_roles(session, act, person.id, held.get(person.id, []), wanted)
        if fields:
            act.tell("person.changed", "person", person.id, fields=fields)
        (done.changed if fields or moved else done.unchanged).append(entry.login)
    return done


def _known(session: Session, logins: Sequence[str]) -> dict[str, Person]:
    found: dict[str, Person] = {}
    for start in range(0, len(logins), _CHUNK):
        query = sa.select(Person).where(Person.login.in_(logins[start : start + _CHUNK])).order_by(Person.id).with_for_update()
        found.update({person.login: person for person in session.scalars(query)})
    return found


def _held(session: Session, people: Sequence[UUID]) -> dict[UUID, list[RoleHeld]]:
    found: dict[UUID, list[RoleHeld]] = {}
    for start in range(0, len(people), _CHUNK):
        query = sa.select(RoleHeld).where(RoleHeld.person.in_(people[start : start + _CHUNK]), RoleHeld.until.is_(None))
        for row in session.scalars(query.order_by(RoleHeld.id)):
            found.setdefault(row.person, []).append(row)
    return found


def _settle_person(person: Person, entry: people_file.PersonEntry) -> list[str]:
    changed = []
    for name, value in (("name", entry.name), ("phone", entry.phone)):
        if getattr(person, name) != value:
            setattr(person, name, value)
            changed.append(name)
    return changed


def _settle_roles(session: Session, act: Act, person: UUID, held: Sequence[RoleHeld], wanted: set[tuple[str, UUID]]) -> bool:
    present = {(row.role, row.unit) for row in held}
    for row in held:
        if (row.role, row.unit) not in wanted:
            ended(act, row)
    for role, unit in sorted(wanted - present):
        new_role(session, act, person=person, role=role, unit=unit, since=act.at)
    return present != wanted
