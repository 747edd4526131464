"""Telling people: one message of a key a person, and what is to be sent of it by which channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import add_row
from backend.domains.notifications.model import Delivery, Message
from backend.domains.notifications.queries.inbox import present_of
from backend.domains.notifications.queries.preferences import preferences_of
from backend.domains.notifications.queries.webhooks import webhooks_open_to
from backend.domains.notifications.rules.kinds import facts_named, get_kind
from backend.domains.notifications.rules.preferences import Plan, Preferences, plan

_NOTHING_CHOSEN = Preferences()


def notify(
    session: Session, act: Act, *, to: Sequence[UUID], kind: str, subject_type: str, subject: str, facts: dict[str, Any], key: str
) -> list[UUID]:
    """Tell these people; the ids of the messages made.

    Who was told of this `key` before is not told again, nor is anybody without an open account. `facts` are plain JSON values, no names of
    people; those that the kind's sentences name are kept. Written at once, so that two workers that come with one key at the same moment
    make one message. Raises UnknownKind.
    """
    said = get_kind(kind)
    said_facts = facts_named(said, facts)
    people = present_of(session, set(to))
    if not people:
        return []
    chosen = preferences_of(session, people)
    plans = {person: plan(said, chosen.get(person, _NOTHING_CHOSEN), act.at) for person in people}
    rows = [
        {
            "id": act.new_id(),
            "person": person,
            "key": key,
            "kind": kind,
            "subject_type": subject_type,
            "subject": subject,
            "facts": said_facts,
            "at": act.at,
            "alert_at": planned.alert_at,
            "urgent": said.urgent,
            "inbox": planned.inbox,
            "read_at": None,
            "digest_at": planned.digest_at,
            "digest": None,
        }
        for person, planned in plans.items()
    ]
    made = _inserted(session, rows)
    if not made:
        return []
    _send(session, act, kind, made, plans)
    act.tell("message.sent", "message", key, kind=kind, about=f"{subject_type}:{subject}", to=sorted(made))
    return sorted(made.values())


def _inserted(session: Session, rows: list[dict[str, Any]]) -> dict[UUID, UUID]:
    """Person and message of those rows whose key the person does not have yet."""
    insert: Any = (sqlite.insert if is_sqlite(session) else postgresql.insert)(table_of(Message))
    statement = insert.on_conflict_do_nothing(index_elements=["person", "key"]).returning(Message.person, Message.id)
    return {row.person: row.id for row in session.execute(statement, rows)}


def _send(session: Session, act: Act, kind: str, made: dict[UUID, UUID], plans: dict[UUID, Plan]) -> None:
    for person in sorted(made):
        at = plans[person].email_at
        if at is not None:
            add_delivery(session, act, person=person, channel="email", what="message", message=made[person], at=at)
    by_webhook = [person for person in made if plans[person].webhook]
    for hook in webhooks_open_to(session, by_webhook) if by_webhook else ():
        if hook.kinds is None or kind in hook.kinds:
            add_delivery(session, act, person=hook.owner, channel="webhook", what="message", message=made[hook.owner], webhook=hook.id)


def add_delivery(
    session: Session,
    act: Act,
    *,
    person: UUID,
    channel: str,
    what: str,
    message: UUID | None = None,
    webhook: UUID | None = None,
    at: dt.datetime | None = None,
) -> Delivery:
    """Something to be sent from this moment (now) on. Part of the act that has it sent."""
    row = Delivery(
        id=act.new_id(),
        person=person,
        channel=channel,
        what=what,
        message=message,
        webhook=webhook,
        state="due",
        attempts=0,
        created_at=act.at,
        next_at=at or act.at,
        settled_at=None,
        fault=None,
    )
    return add_row(session, row)


def forget_messages(session: Session, act: Act, *, before: dt.datetime, limit: int = 1000) -> int:
    """Delete at most `limit` messages told before this moment, with what was sent of them; how many."""
    query = sa.select(Message.id).where(Message.at < before).order_by(Message.at).limit(limit)
    gone = list(session.scalars(query))
    if gone:
        session.execute(sa.delete(Delivery).where(Delivery.message.in_(gone)))
        session.execute(sa.delete(Message).where(Message.id.in_(gone)))
        act.tell("message.forgotten", "system", "notifications", rows=len(gone))
    return len(gone)


def forget_deliveries(session: Session, act: Act, *, before: dt.datetime, limit: int = 1000) -> int:
    """Delete at most `limit` deliveries settled before this moment; how many."""
    gone = list(session.scalars(sa.select(Delivery.id).where(Delivery.settled_at < before).order_by(Delivery.settled_at).limit(limit)))
    if gone:
        session.execute(sa.delete(Delivery).where(Delivery.id.in_(gone)))
        act.tell("delivery.forgotten", "system", "notifications", rows=len(gone))
    return len(gone)
