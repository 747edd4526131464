"""Memberships of the feed that ended so long ago that no cursor still good can have missed it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.base import table_of
from backend.core.feed import Absent
from backend.core.journal import Clock, FeedMember, JournalEntry
from backend.domains.sync.rules.cursors import KEPT


def list_absent(session: Session, *, now: dt.datetime, limit: int = 50_000) -> list[Absent]:
    """At most `limit` memberships that ended more than 181 days ago. Reads the table from end to end: for the night."""
    table = table_of(FeedMember)
    last = last_number_before(session, now - KEPT)
    if not last:
        return []
    query = sa.select(table.c.scope, table.c.subject_type, table.c.subject, table.c.seq)
    return [Absent(*row) for row in session.execute(query.where(table.c.present.is_(False), table.c.seq <= last).limit(limit))]


def last_number_before(session: Session, moment: dt.datetime) -> int:
    """The last number of the journal given before this moment, 0 if none: found by halving, as numbers rise with time and leave no gap.

    An act is dated when it began, so the answer is good to as long as acts last.
    """
    low, high = 0, session.scalar(sa.select(Clock.seq)) or 0
    while low < high:
        middle = (low + high + 1) // 2
        at = session.scalar(sa.select(JournalEntry.at).where(JournalEntry.seq >= middle).order_by(JournalEntry.seq).limit(1))
        if at is not None and at < moment:
            low = middle
        else:
            high = middle - 1
    return low
