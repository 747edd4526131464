"""Sign-in attempts are counted before the password is checked, so that parallel ones count each other."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import lock_row
from backend.domains.identity.model import LoginGuard
from backend.domains.identity.rules import lockout


def begin_attempt(session: Session, act: Act, *, keys: lockout.Keys) -> dt.datetime:
    """Count an attempt as open before its password is checked; the moment by which it is settled. Raises LockedOut and counts nothing.

    The rows of both keys are locked until commit, the login's first, so that attempts on one login come one after the other.
    """
    for key, most in ((keys.login, lockout.PER_LOGIN), (keys.address, lockout.PER_ADDRESS)):
        guard = _locked(session, act, key)
        attempts = _read(guard)
        lockout.check_attempt(attempts, act.at, most)
        _write(guard, act, [*lockout.recent(attempts, act.at), (act.at, "open")])
    return act.at


def settle_attempt(
    session: Session,
    act: Act,
    *,
    keys: lockout.Keys,
    began: dt.datetime,
    passed: bool,
    person: UUID | None = None,
) -> None:
    """Take an open attempt back if it passed (or was never checked), else count it as failed.

    When a known person's login is locked by it that is told, so that those who audit see who was attacked.
    """
    for key in (keys.login, keys.address):
        guard = _locked(session, act, key)
        attempts = lockout.settle(_read(guard), began, passed=passed)
        _write(guard, act, attempts)
        failed = [attempt for attempt in lockout.recent(attempts, act.at) if attempt[1] == "failed"]
        if key == keys.login and person is not None and not passed and len(failed) == lockout.PER_LOGIN:
            act.tell("person.locked_out", "person", person, failures=len(failed))


def forgive(session: Session, act: Act, *, key: bytes) -> None:
    """Forget the failures of a login whose password was right or was put anew; attempts under way still count."""
    guard = lock_row(session, LoginGuard, key)
    if guard is not None:
        _write(guard, act, [attempt for attempt in _read(guard) if attempt[1] == "open"])


def _locked(session: Session, act: Act, key: bytes) -> LoginGuard:
    fresh = {"key": key, "attempts": [], "changed_at": act.at}
    if is_sqlite(session):
        session.execute(sqlite.insert(LoginGuard).on_conflict_do_nothing(), fresh)
    else:
        session.execute(postgresql.insert(LoginGuard).on_conflict_do_nothing(), fresh)
    guard = lock_row(session, LoginGuard, key)
    if guard is None:
        raise AssertionError("the row was put there just before")
    return guard


def _read(guard: LoginGuard) -> list[lockout.Attempt]:
    return [(dt.datetime.fromisoformat(moment), state) for moment, state in guard.attempts]


def _write(guard: LoginGuard, act: Act, attempts: list[lockout.Attempt]) -> None:
    guard.attempts = [[moment.isoformat(), state] for moment, state in attempts]
    guard.changed_at = act.at
