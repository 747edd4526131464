"""People and their roles, for those who keep the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.core import cursors
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.identity import queries
from backend.domains.identity.actions import people, roles
from backend.domains.identity.api.sessions import role_docs
from backend.domains.identity.model import Person
from backend.domains.identity.rules.roles import ACCOUNT_KEEPERS, RoleConflict, RoleHeldAlready, RoleInvalid
from backend.domains.identity.schemas import GrantRole, ListPeople, PeoplePage, PersonDoc, RoleDoc

blueprint = Blueprint("people", __name__, description="People and the roles they hold within units")


@blueprint.get("/people")
@caller(*ACCOUNT_KEEPERS)
@blueprint.arguments(ListPeople(), location="query")
@blueprint.response(200, PeoplePage())
def list_people(query: dict[str, Any]) -> dict[str, Any]:
    """People in order of login, by unit and by role; the roles shown are those in force now."""
    session, act = here()
    after = cursors.unpack("people", query["cursor"], cursors.text)
    limit = query["limit"]
    with reading(session):
        found = queries.list_people(
            session,
            now=act.at,
            limit=limit + 1,
            after=after[0] if after else None,
            unit=query["unit"],
            role=query["role"],
        )
        items = _docs(found[:limit])
    return {"items": items, "next": cursors.pack("people", items[-1]["login"]) if len(found) > limit else None}


@blueprint.get("/people/<uuid:person>")
@caller(*ACCOUNT_KEEPERS)
@blueprint.response(200, PersonDoc())
def get_person(person: UUID) -> dict[str, Any]:
    """A person with the roles in force now."""
    return _doc(person)


@blueprint.post("/people/<uuid:person>/disable")
@caller(*ACCOUNT_KEEPERS)
@blueprint.response(200, PersonDoc())
def disable_person(person: UUID) -> dict[str, Any]:
    """Close an account: its sessions end at once. What its phones still deliver is kept and judged by when it happened."""
    session, act = here()
    perform(session, act, people.disable_person, person=person)
    return _doc(person)


@blueprint.post("/people/<uuid:person>/enable")
@caller(*ACCOUNT_KEEPERS)
@blueprint.response(200, PersonDoc())
def enable_person(person: UUID) -> dict[str, Any]:
    """Open an account again, with the roles it has."""
    session, act = here()
    perform(session, act, people.enable_person, person=person)
    return _doc(person)


@blueprint.post("/people/<uuid:person>/roles")
@caller(*ACCOUNT_KEEPERS)
@blueprint.refuses(RoleInvalid, RoleConflict, RoleHeldAlready)
@blueprint.arguments(GrantRole())
@blueprint.response(201, RoleDoc())
def grant_role(payload: dict[str, Any], person: UUID) -> dict[str, Any]:
    """Give a role within a unit from now on. Contractor roles exclude those of verifiers and leaders; administrator posts each other."""
    session, act = here()
    row = perform(session, act, roles.grant_role, person=person, role=payload["role"], unit=payload["unit"])
    with reading(session):
        return role_docs([(row, queries.get_unit(session, row.unit))])[0]


@blueprint.delete("/people/<uuid:person>/roles/<uuid:held>")
@caller(*ACCOUNT_KEEPERS)
@blueprint.response(204)
def end_role(person: UUID, held: UUID) -> None:
    """End a role now. That it was held stays known: what was done before this moment is judged by it."""
    session, act = here()
    perform(session, act, roles.end_role, person=person, held=held)


def _doc(person: UUID) -> dict[str, Any]:
    session, _ = here()
    with reading(session):
        return _docs([queries.get_person(session, person)])[0]


def _docs(found: Sequence[Person]) -> list[dict[str, Any]]:
    session, act = here()
    held = queries.roles_of(session, [person.id for person in found], act.at)
    return [
        {
            "id": person.id,
            "login": person.login,
            "name": person.name,
            "phone": person.phone,
            "must_change_password": person.must_change_password,
            "disabled_at": person.disabled_at,
            "roles": role_docs(held[person.id]),
        }
        for person in found
    ]
