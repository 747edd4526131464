"""Service persons come to be when they are first needed."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act, Actor
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import find_row
from backend.domains.identity.model import Person
from backend.domains.identity.rules.services import Service


def service_actor(session: Session, act: Act, *, service: Service) -> Actor:
    """Who acts as this service person, who is there from now on. Two that come first at once come to the same."""
    if find_row(session, Person, service.person) is None:
        row = {"id": service.person, "login": service.login, "name": service.name, "phone": None, "password_hash": ""}
        row |= {"must_change_password": False, "enrolled_at": act.at, "disabled_at": None}
        insert = sqlite.insert(Person) if is_sqlite(session) else postgresql.insert(Person)
        if session.execute(insert.on_conflict_do_nothing().returning(Person.id), row).first() is not None:
            act.tell("person.enrolled", "person", service.person)
    return Actor(service.person, service.login, service.name)
