"""Reading the inbox."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.core.problems import Missing
from backend.domains.notifications.model import Message


def read_message(session: Session, act: Act, *, message: UUID) -> Message:
    """Mark a message of one's own inbox as read; the daily mail leaves it out. Safe to repeat. Raises Missing."""
    row = lock_row(session, Message, message)
    if row is None or row.person != act.actor.person or not row.inbox:
        raise Missing(f"your inbox has no message {message}")
    if row.read_at is None:
        row.read_at, row.digest_at = act.at, None
        act.tell("message.read", "message", row.id, count=1)
    return row


def read_messages(session: Session, act: Act, *, through: UUID | None) -> int:
    """Mark all of one's own inbox as read, or those up to and with this one, so that none is marked that came meanwhile; how many were.

    Raises Missing for a message that one's inbox has not.
    """
    unread = sa.update(Message).where(Message.person == act.actor.person, Message.inbox, Message.read_at.is_(None))
    if through is not None:
        last = lock_row(session, Message, through)
        if last is None or last.person != act.actor.person or not last.inbox:
            raise Missing(f"your inbox has no message {through}", errors=[("/through", "not in your inbox")])
        unread = unread.where(sa.or_(Message.at < last.at, sa.and_(Message.at == last.at, Message.id <= last.id)))
    marked = unread.values(read_at=act.at, digest_at=None).execution_options(synchronize_session=False)
    count: int = session.connection().execute(marked).rowcount
    if count:
        act.tell("message.read", "person", str(act.actor.person), count=count, through=through)
    return count
