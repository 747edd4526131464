"""Signing in and out, and the own account. Passwords are checked between transactions: it takes 40 ms."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from flask import request

from backend.core.act import Actor
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here, present, public
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.domains.identity import queries
from backend.domains.identity.actions import attempts, people, sessions
from backend.domains.identity.outside import passwords
from backend.domains.identity.rules.lockout import Keys, LockedOut, key_of_address, key_of_login
from backend.domains.identity.rules.passwords import LoginRefused, PasswordChanged, PasswordWeak, PasswordWrong, check_password
from backend.domains.identity.rules.people import folded
from backend.domains.identity.schemas import ChangePassword, MeDoc, OpenSession, SessionDoc

blueprint = Blueprint("sessions", __name__, description="Signing in and out, and the own account")


@blueprint.post("/sessions")
@public
@blueprint.arguments(OpenSession())
@blueprint.refuses(LoginRefused, LockedOut)
@blueprint.response(201, SessionDoc())
def open_session(payload: dict[str, Any]) -> dict[str, Any]:
    """Sign in. After five failures in 15 minutes the login is locked, for the right password as well: 429 with Retry-After."""
    session, act = here()
    login = folded(payload["login"])
    keys = _keys(login)
    with reading(session):
        person = queries.find_person_by_login(session, login)
        who = Actor(person.id, person.login, person.name) if person else None
        known = person.password_hash if person and person.disabled_at is None else None
        subject = person.id if person else None
    began = perform(session, act, attempts.begin_attempt, keys=keys)
    if not _checked(keys, began, payload["password"], known, subject) or who is None or who.person is None or known is None:
        raise LoginRefused("login or password is wrong", headers={"WWW-Authenticate": "Bearer"})
    rehashed = passwords.hashed(payload["password"]) if passwords.outdated(known) else None
    _, act = here()
    act.actor = who
    opened = perform(
        session,
        act,
        sessions.open_session,
        person=who.person,
        checked=known,
        rehashed=rehashed,
        attempt=(keys, began),
        days=settings().session_days,
    )
    return {"access_token": opened.token, "expires_at": opened.row.expires_at, "user": _me(who.person)}


@blueprint.delete("/sessions/current")
@caller(before_password=True)
@blueprint.response(204)
def close_session() -> None:
    """Sign out: the token is refused from now on. Credentials of replicas go on, so that unsent work still arrives."""
    session, act = here()
    perform(session, act, sessions.close_session, login_session=present().token_id)


@blueprint.get("/people/me")
@caller(before_password=True)
@blueprint.response(200, MeDoc())
def get_me() -> dict[str, Any]:
    """The person who is signed in, with the roles in force now."""
    return _me(own_person())


@blueprint.post("/people/me/password")
@caller(before_password=True)
@blueprint.arguments(ChangePassword())
@blueprint.refuses(PasswordWeak, PasswordWrong, PasswordChanged, LockedOut)
@blueprint.response(200, MeDoc())
def change_password(payload: dict[str, Any]) -> dict[str, Any]:
    """Choose a new password. All other sessions end; wrong present passwords count as failed sign-ins."""
    session, act = here()
    check_password(payload["new"], login=act.actor.login)
    person, keys = own_person(), _keys(act.actor.login)
    with reading(session):
        known = queries.get_person(session, person).password_hash
    began = perform(session, act, attempts.begin_attempt, keys=keys)
    if not _checked(keys, began, payload["present"], known, person):
        raise PasswordWrong("present: this is not the present password", errors=[("/present", "wrong")])
    _settle(keys, began, passed=True)
    if passwords.matches(payload["new"], known):
        raise PasswordWeak("new: it is the present password", errors=[("/new", "it is the present password")])
    password_hash = passwords.hashed(payload["new"])
    _, act = here()
    keep = present().token_id
    perform(
        session,
        act,
        people.change_password,
        person=person,
        checked=known,
        password_hash=password_hash,
        keep=keep,
        login_key=keys.login,
    )
    return _me(person)


def own_person() -> UUID:
    """The person whose token the request bears."""
    person = present().actor.person
    if person is None:
        raise AssertionError("a token always has its person")
    return person


def role_docs(held: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
    """The documents of roles with their units."""
    return [
        {"id": role.id, "role": role.role, "unit": unit.id, "unit_name": unit.name, "area": unit.area, "since": role.since}
        for role, unit in held
    ]


def _checked(keys: Keys, began: dt.datetime, password: str, known: str | None, subject: UUID | None) -> bool:
    """Whether the password is right; a wrong one is counted, one that could not be checked is not."""
    try:
        right = passwords.matches(password, known)
    except Exception:
        _settle(keys, began, passed=True)
        raise
    if not right:
        _settle(keys, began, passed=False, person=subject)
    return right


def _settle(keys: Keys, began: dt.datetime, *, passed: bool, person: UUID | None = None) -> None:
    session, act = here()
    perform(session, act, attempts.settle_attempt, keys=keys, began=began, passed=passed, person=person)


def _keys(login: str) -> Keys:
    return Keys(key_of_login(login), key_of_address(request.remote_addr or ""))


def _me(person: UUID) -> dict[str, Any]:
    session, act = here()
    with reading(session):
        row = queries.get_person(session, person)
        return {
            "id": row.id,
            "login": row.login,
            "name": row.name,
            "phone": row.phone,
            "must_change_password": row.must_change_password,
            "roles": role_docs(queries.roles_of(session, [person], act.at)[person]),
        }
