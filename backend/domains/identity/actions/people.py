"""People get an account, lose and regain it, and choose passwords. Hashes come in ready made: hashing is slow and stays outside."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.domains.identity import queries
from backend.domains.identity.actions.attempts import forgive
from backend.domains.identity.model import LoginSession, Person
from backend.domains.identity.rules.passwords import PasswordChanged
from backend.domains.identity.rules.people import LoginTaken, OwnAccount, PersonMissing, check_person, folded
from backend.domains.identity.rules.services import is_service


def enrol_person(
    session: Session,
    act: Act,
    *,
    login: str,
    name: str,
    password_hash: str,
    phone: str | None = None,
    must_change_password: bool = True,
) -> Person:
    """Give somebody an account without roles. `password_hash` is argon2's encoded form. Raises PersonInvalid, LoginTaken."""
    login = folded(login)
    check_person(login=login, name=name, phone=phone)
    if queries.find_person_by_login(session, login) is not None:
        raise LoginTaken(f"login: {login} is taken", errors=[("/login", "taken")])
    person = new_person(session, act, login=login, name=name, phone=phone, password_hash=password_hash, must_change=must_change_password)
    session.flush()
    act.tell("person.enrolled", "person", person.id)
    return person


def new_person(session: Session, act: Act, *, login: str, name: str, phone: str | None, password_hash: str, must_change: bool) -> Person:
    """The row of somebody whose data were checked; whoever calls it tells it."""
    return add_row(
        session,
        Person(
            id=act.new_id(),
            login=login,
            name=name.strip(),
            phone=phone,
            password_hash=password_hash,
            must_change_password=must_change,
            enrolled_at=act.at,
            disabled_at=None,
        ),
    )


def locked_person(session: Session, person: UUID) -> Person:
    """The person, locked; raises PersonMissing. Everything that depends on a person's state takes this lock first.

    A service person has no account to change: it counts as missing.
    """
    row = lock_row(session, Person, person)
    if row is None or is_service(person):
        raise PersonMissing(f"no person {person}")
    return row


def disable_person(session: Session, act: Act, *, person: UUID) -> Person:
    """Close the account: sessions end at once, sign-in is refused, what phones still deliver is judged by its time. Safe to repeat.

    Raises PersonMissing, OwnAccount.
    """
    row = locked_person(session, person)
    _of_another(act, row)
    if row.disabled_at is None:
        row.disabled_at = act.at
        end_sessions(session, act, person)
        act.tell("person.disabled", "person", person)
    return row


def enable_person(session: Session, act: Act, *, person: UUID) -> Person:
    """Open the account again with the roles it has; sessions that ended stay ended. Safe to repeat. Raises PersonMissing, OwnAccount."""
    row = locked_person(session, person)
    _of_another(act, row)
    if row.disabled_at is not None:
        row.disabled_at = None
        act.tell("person.enabled", "person", person)
    return row


def change_password(session: Session, act: Act, *, person: UUID, checked: str, password_hash: str, keep: UUID, login_key: bytes) -> Person:
    """Put the person's own new password in force; their other sessions end, the session `keep` goes on.

    `checked` is the hash against which the present password was checked before the transaction; raises PasswordChanged if it is no
    longer the present one. Credentials of phones go on: unsent work must arrive.
    """
    row = locked_person(session, person)
    if row.password_hash != checked:
        raise PasswordChanged("present: the password was changed while it was being checked")
    _put(row, password_hash, must_change=False)
    forgive(session, act, key=login_key)
    end_sessions(session, act, person, keep=keep)
    act.tell("password.changed", "person", person)
    return row


def reset_password(session: Session, act: Act, *, person: UUID, password_hash: str, login_key: bytes) -> Person:
    """Put a one-time password in force, which must be changed at the next sign-in; all sessions end and a lock-out is lifted."""
    row = locked_person(session, person)
    _put(row, password_hash, must_change=True)
    forgive(session, act, key=login_key)
    end_sessions(session, act, person)
    act.tell("password.reset", "person", person)
    return row


def end_sessions(session: Session, act: Act, person: UUID, *, keep: UUID | None = None) -> None:
    """End all open sessions of a person but this one."""
    opened = sa.select(LoginSession).where(LoginSession.person == person, LoginSession.revoked_at.is_(None))
    for row in session.scalars(opened.where(LoginSession.expires_at > act.at).order_by(LoginSession.id)):
        if row.id != keep:
            row.revoked_at = act.at
            act.tell("session.closed", "session", row.id, person=person)


def _put(row: Person, password_hash: str, *, must_change: bool) -> None:
    row.password_hash = password_hash
    row.must_change_password = must_change


def _of_another(act: Act, row: Person) -> None:
    if act.actor.person == row.id:
        raise OwnAccount("an administrator neither disables nor enables the own account")
