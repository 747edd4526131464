"""A person's inbox, and the people who hold roles somewhere: whom a message may be for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.problems import Missing
from backend.domains.identity.model import Person, RoleHeld, Unit
from backend.domains.identity.rules.services import is_service
from backend.domains.notifications.model import Message
from backend.domains.notifications.rules.kinds import words_of


def list_messages(
    session: Session, person: UUID, *, limit: int, after: tuple[dt.datetime, UUID] | None = None, unread: bool = False
) -> Sequence[Message]:
    """At most `limit` messages of the person's inbox, the newest first, from after this one on; only unread ones."""
    query = sa.select(Message).where(Message.person == person, Message.inbox).order_by(Message.at.desc(), Message.id.desc()).limit(limit)
    if unread:
        query = query.where(Message.read_at.is_(None))
    if after is not None:
        at, last = after
        query = query.where(sa.or_(Message.at < at, sa.and_(Message.at == at, Message.id < last)))
    return session.scalars(query).all()


def count_unread(session: Session, person: UUID) -> int:
    """How many messages of the inbox are not read."""
    query = sa.select(sa.func.count()).select_from(Message).where(Message.person == person, Message.inbox, Message.read_at.is_(None))
    return session.scalar(query) or 0


def find_message(session: Session, person: UUID, message: UUID) -> Message | None:
    """This message of the person's inbox."""
    row = session.get(Message, message)
    return row if row is not None and row.person == person and row.inbox else None


def get_message(session: Session, person: UUID, message: UUID) -> Message:
    """This message of the person's inbox; raises Missing."""
    row = find_message(session, person, message)
    if row is None:
        raise Missing(f"your inbox has no message {message}")
    return row


def message_doc(row: Message) -> dict[str, Any]:
    """The message as shown and as posted to webhooks."""
    words = words_of(row.kind, row.facts)
    return {
        "id": row.id,
        "kind": row.kind,
        "title": words.title,
        "title_zh": words.title_zh,
        "text": words.text,
        "text_zh": words.text_zh,
        "subject_type": row.subject_type,
        "subject": row.subject,
        "facts": row.facts,
        "at": row.at,
        "alert_at": row.alert_at,
        "urgent": row.urgent,
        "read_at": row.read_at,
    }


def holders(
    session: Session, *, roles: Collection[str], at: dt.datetime, units: Collection[UUID] = (), areas: Collection[str] = ()
) -> list[UUID]:
    """Who holds one of these roles at that moment in one of these units, or in one that answers for one of these areas; nobody disabled."""
    if not roles or not (units or areas):
        return []
    places = [RoleHeld.unit.in_(units)] if units else []
    if areas:
        places.append(Unit.area.in_(areas))
    query = (
        sa.select(RoleHeld.person)
        .distinct()
        .join(Unit, Unit.id == RoleHeld.unit)
        .join(Person, Person.id == RoleHeld.person)
        .where(
            sa.or_(*places),
            RoleHeld.role.in_(roles),
            RoleHeld.since <= at,
            sa.or_(RoleHeld.until.is_(None), RoleHeld.until > at),
            Person.disabled_at.is_(None),
        )
    )
    return sorted(session.scalars(query))


def present_of(session: Session, people: Collection[UUID]) -> list[UUID]:
    """Those of these people who have an account that is not disabled."""
    wanted = [person for person in people if not is_service(person)]
    return sorted(session.scalars(sa.select(Person.id).where(Person.id.in_(wanted), Person.disabled_at.is_(None))))
