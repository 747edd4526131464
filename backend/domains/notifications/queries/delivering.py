"""What is to be sent now, and what exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.identity.model import Person
from backend.domains.notifications.model import Delivery, Message, NotificationPreference, Webhook
from backend.domains.notifications.queries.inbox import message_doc
from backend.domains.notifications.queries.preferences import find_preference
from backend.domains.notifications.rules.delivering import DIGEST_LINES, Nobody, Parcel
from backend.domains.notifications.rules.kinds import words_of

DIGEST = "digest"
TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose turn it is, and the webhook that it goes to, if to one."""

    delivery: UUID
    channel: str
    webhook: UUID | None


def list_due(session: Session, *, at: dt.datetime, limit: int, channel: str | None = None, without: Collection[UUID] = ()) -> list[Due]:
    """At most `limit` deliveries whose turn it is, the longest waiting first. None to a webhook that rests after failures.

    `channel`: by this one only; `without`: webhooks that are left out.
    """
    query = (
        sa.select(Delivery.id, Delivery.channel, Delivery.webhook)
        .outerjoin(Webhook, Webhook.id == Delivery.webhook)
        .where(
            Delivery.state == "due",
            Delivery.next_at <= at,
            sa.or_(Webhook.retry_at.is_(None), Webhook.retry_at <= at, Webhook.disabled_at.is_not(None)),
        )
        .order_by(Delivery.next_at, Delivery.id)
        .limit(limit)
    )
    if channel is not None:
        query = query.where(Delivery.channel == channel)
    if without:
        query = query.where(sa.or_(Delivery.webhook.is_(None), Delivery.webhook.not_in(without)))
    return [Due(*row) for row in session.execute(query)]


def list_digests_due(session: Session, *, at: dt.datetime, limit: int) -> list[UUID]:
    """At most `limit` people for whom a daily mail is to be composed."""
    query = sa.select(Message.person).where(Message.digest_at <= at).order_by(Message.digest_at).limit(limit * DIGEST_LINES)
    return list(dict.fromkeys(session.scalars(query)))[:limit]


def list_for_digest(session: Session, person: UUID, *, at: dt.datetime) -> Sequence[Message]:
    """The person's messages that wait for a daily mail by now, the oldest first, locked and as they are now."""
    query = sa.select(Message).where(Message.person == person, Message.digest_at <= at).order_by(Message.at, Message.id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def parcel_of(session: Session, delivery: UUID, *, at: dt.datetime) -> Parcel | Nobody:
    """What is to be sent for this delivery, as things stand now."""
    row = session.get_one(Delivery, delivery)
    person = session.get(Person, row.person)
    if person is None or person.disabled_at is not None:
        return Nobody("the account is closed")
    return _posted(session, row, at) if row.channel == "webhook" else _mailed(session, row)


def _posted(session: Session, row: Delivery, at: dt.datetime) -> Parcel | Nobody:
    hook = session.get(Webhook, row.webhook)
    if hook is None or hook.disabled_at is not None:
        return Nobody("the webhook is disabled")
    message = session.get(Message, row.message) if row.message is not None else None
    if row.what == "message" and message is None:
        return Nobody("the message was deleted")
    secrets = [hook.secret]
    if hook.former_secret is not None and hook.former_until is not None and hook.former_until > at:
        secrets.append(hook.former_secret)
    document = {
        "type": message.kind if message is not None else TEST,
        "timestamp": row.created_at if message is None else message.at,
        "data": {"webhook": hook.id} if message is None else _posted_doc(message),
    }
    return Parcel(row.id, row.channel, row.what, row.created_at, hook.url, document=document, secrets=tuple(secrets))


def _posted_doc(message: Message) -> dict[str, object]:
    doc = message_doc(message)
    del doc["read_at"], doc["alert_at"]  # what a body says stays the same at each attempt
    return {**doc, "person": message.person}


def _mailed(session: Session, row: Delivery) -> Parcel | Nobody:
    chosen = find_preference(session, row.person)
    if chosen is None or chosen.email is None:
        return Nobody("there is no e-mail address")
    if row.what == "confirmation":
        return _confirming(row, chosen)
    if chosen.email_confirmed_at is None:
        return Nobody("the e-mail address is not confirmed")
    said = _said(session, row)
    if not said:
        return Nobody("the message was deleted")
    lines = tuple(words_of(each.kind, each.facts) for each in said)
    return Parcel(row.id, row.channel, row.what, row.created_at, chosen.email, language=chosen.language, lines=lines)


def _confirming(row: Delivery, chosen: NotificationPreference) -> Parcel | Nobody:
    if chosen.email_token is None or chosen.email is None:
        return Nobody("the e-mail address is confirmed already")
    return Parcel(row.id, row.channel, row.what, row.created_at, chosen.email, language=chosen.language, token=chosen.email_token)


def _said(session: Session, row: Delivery) -> list[Message]:
    if row.what == DIGEST:
        query = sa.select(Message).where(Message.digest == row.id).order_by(Message.at, Message.id)
        return list(session.scalars(query))
    found = session.get(Message, row.message)
    return [] if found is None else [found]
