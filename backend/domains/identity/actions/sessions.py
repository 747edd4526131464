"""Sessions open after a password was checked, slide while they are used, and close."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.domains.identity.actions.attempts import forgive, settle_attempt
from backend.domains.identity.actions.people import locked_person
from backend.domains.identity.actions.tokens import fresh_token
from backend.domains.identity.model import LoginGuard, LoginSession, Person
from backend.domains.identity.rules import lockout, tokens
from backend.domains.identity.rules.passwords import LoginRefused

SESSION_DAYS = 14
_REMEMBERED = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: its row, its person and the token, which is known nowhere else."""

    row: LoginSession
    person: Person
    token: str


def open_session(
    session: Session,
    act: Act,
    *,
    person: UUID,
    checked: str,
    rehashed: str | None = None,
    attempt: tuple[lockout.Keys, dt.datetime] | None = None,
    days: int = SESSION_DAYS,
) -> Opened:
    """Open a session of a person whose password was checked against the hash `checked`; `rehashed` replaces it if it was outdated.

    `attempt` (keys, moment it began) is taken back and the failures of this login before it are forgiven.

    Raises LoginRefused if the account was disabled or its password changed in between.
    """
    row = locked_person(session, person)
    if row.password_hash != checked or row.disabled_at is not None:
        raise LoginRefused("login or password is wrong")
    if rehashed is not None:
        row.password_hash = rehashed
    if attempt is not None:
        keys, began = attempt
        settle_attempt(session, act, keys=keys, began=began, passed=True)
        forgive(session, act, key=keys.login)
    token = fresh_token("session")
    opened = add_row(
        session,
        LoginSession(
            id=act.new_id(),
            person=person,
            token_hash=tokens.digest(token),
            created_at=act.at,
            last_used_at=act.at,
            expires_at=act.at + dt.timedelta(days=days),
            revoked_at=None,
        ),
    )
    act.tell("session.opened", "session", opened.id, person=person)
    return Opened(opened, row, token)


def close_session(session: Session, act: Act, *, login_session: UUID) -> None:
    """Sign out: the token is worth nothing from now on. Safe to repeat."""
    row = lock_row(session, LoginSession, login_session)
    if row is not None and row.revoked_at is None:
        row.revoked_at = act.at
        act.tell("session.closed", "session", row.id, person=row.person)


def renew_session(session: Session, act: Act, *, login_session: UUID, days: int = SESSION_DAYS) -> LoginSession | None:
    """Let a session in use live `days` longer from now, at most once a day; None if there was nothing to move.

    `authenticate` runs inside reads and never renews; endpoints that write anyway call this.
    """
    row = session.get(LoginSession, login_session)
    if row is None or row.revoked_at is not None or not tokens.due(row.last_used_at, act.at):
        return None
    row.last_used_at = act.at
    row.expires_at = max(row.expires_at, act.at + dt.timedelta(days=days))
    act.tell("session.renewed", "session", row.id, person=row.person)
    return row


def forget_stale(session: Session, act: Act) -> int:
    """Delete sessions that ended more than 30 days ago and lock-out counts that are over; how many rows went.

    For the nightly sweep: anybody can fill the counts with invented logins.
    """
    went = 0
    for query in (
        sa.delete(LoginSession).where(LoginSession.expires_at < act.at - _REMEMBERED),
        sa.delete(LoginSession).where(LoginSession.revoked_at < act.at - _REMEMBERED),
        sa.delete(LoginGuard).where(LoginGuard.changed_at < act.at - lockout.WINDOW),
    ):
        result = cast("sa.CursorResult[Any]", session.execute(query.execution_options(synchronize_session=False)))
        went += result.rowcount
    if went:
        act.tell("sessions.forgotten", "system", "identity", rows=went)
    return went
