"""Turns at the public door, counted by address."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import lock_row
from backend.domains.residents.model import PublicTurn
from backend.domains.residents.rules.turns import ALL, FORGOTTEN_AFTER, check_all, check_turn


def take_turn(session: Session, act: Act, *, kind: str, key: bytes) -> None:
    """Count a turn of this address, after those of others that take one at the same time. Raises TooManyTurns and counts nothing."""
    row = _locked(session, act, key)
    _count(row, act, anew=check_turn(kind, row.began_at, row.count, act.at))


def take_turn_of_all(session: Session, act: Act, *, most: int) -> None:
    """Count a report of whatever address; an address has taken its own turn before. Raises DoorCrowded and counts nothing."""
    row = _locked(session, act, ALL)
    _count(row, act, anew=check_all(most, row.began_at, row.count, act.at))


def forget_turns(session: Session, act: Act) -> int:
    """Forget addresses that were not heard of for a day; how many."""
    gone = sa.delete(PublicTurn).where(PublicTurn.began_at <= act.at - FORGOTTEN_AFTER)
    return len(session.connection().execute(gone.returning(PublicTurn.key)).all())


def _locked(session: Session, act: Act, key: bytes) -> PublicTurn:
    insert = sqlite.insert(PublicTurn) if is_sqlite(session) else postgresql.insert(PublicTurn)
    session.execute(insert.on_conflict_do_nothing(), {"key": key, "began_at": act.at, "count": 0})
    row = lock_row(session, PublicTurn, key)
    assert row is not None, "put there just before"
    return row


def _count(row: PublicTurn, act: Act, *, anew: bool) -> None:
    if anew:
        row.began_at, row.count = act.at, 0
    row.count += 1
