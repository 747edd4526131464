"""Tables of notifications. E-mail addresses are personal data: they stand in `notification_preference` alone."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base

_UNREAD = sa.text("read_at IS NULL")
_DIGEST = sa.text("digest_at IS NOT NULL")
_DUE = sa.text("state = 'due'")


class Message(Base):
    """What one person is told. `key` names what it is told of: one message of a key a person, however often the worker starts over.

    The words follow from `kind` and `facts` (`rules.kinds`). `inbox`: the person's inbox shows it. `digest_at`: when a daily mail takes it
    in; cleared when one has, or when it was read before.
    """

    __tablename__ = "message"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person: Mapped[UUID]
    key: Mapped[str]
    kind: Mapped[str]
    subject_type: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]]
    at: Mapped[dt.datetime]
    alert_at: Mapped[dt.datetime]
    urgent: Mapped[bool]
    inbox: Mapped[bool]
    read_at: Mapped[dt.datetime | None]
    digest_at: Mapped[dt.datetime | None]
    digest: Mapped[UUID | None]
    __table_args__ = (
        sa.UniqueConstraint("person", "key"),
        sa.Index(None, "person", "at", "id"),
        sa.Index("ix_message_unread", "person", "at", "id", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
        sa.Index("ix_message_digest_at", "digest_at", "person", postgresql_where=_DIGEST, sqlite_where=_DIGEST),
        sa.Index("ix_message_digest", "digest", postgresql_where=sa.text("digest IS NOT NULL"), sqlite_where=sa.text("digest IS NOT NULL")),
        sa.Index(None, "at"),
    )


class NotificationPreference(Base):
    """What a person chose, and the e-mail address. Minutes of the day count in the district's time; `channels`: kind or `*` → channels.

    `email_token` is what the code of the confirmation follows from; `email_tries` counts wrong codes, `email_asked` holds the moments of
    the last day at which a confirmation was asked for.
    """

    __tablename__ = "notification_preference"
    person: Mapped[UUID] = mapped_column(primary_key=True)
    language: Mapped[str]
    channels: Mapped[dict[str, Any]]
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]
    digest_at: Mapped[int | None]
    email: Mapped[str | None]
    email_token: Mapped[UUID | None]
    email_tries: Mapped[int]
    email_asked: Mapped[list[Any]]
    email_confirmed_at: Mapped[dt.datetime | None]


class Webhook(Base):
    """Where one person's messages are posted. `kinds` None: all. The secret follows from `secret` (`rules.webhooks`), and is not stored.

    `failures` counts attempts that failed since one succeeded; until `retry_at` nothing is posted. `former_secret` signs beside the
    present one until `former_until`.
    """

    __tablename__ = "webhook"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[UUID] = mapped_column(index=True)
    url: Mapped[str]
    name: Mapped[str]
    kinds: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    secret: Mapped[UUID]
    former_secret: Mapped[UUID | None]
    former_until: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    failures: Mapped[int]
    retry_at: Mapped[dt.datetime | None]
    last_success_at: Mapped[dt.datetime | None]
    last_failure_at: Mapped[dt.datetime | None]
    last_fault: Mapped[str | None]
    disabled_at: Mapped[dt.datetime | None]
    disabled_why: Mapped[str | None]


class Delivery(Base):
    """Something to be sent to one person by one channel; its id goes with it, the same at each attempt.

    `what` is message, digest (its messages name it), confirmation (of an e-mail address) or test (of a webhook). `state` is due, sent,
    given_up or dropped (there was nobody to send it to any more). An attempt is counted and `next_at` moved before anything is sent.
    """

    __tablename__ = "message_delivery"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person: Mapped[UUID]
    channel: Mapped[str]
    what: Mapped[str]
    message: Mapped[UUID | None] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), index=True)
    webhook: Mapped[UUID | None] = mapped_column(sa.ForeignKey("webhook.id", ondelete="CASCADE"))
    state: Mapped[str]
    attempts: Mapped[int]
    created_at: Mapped[dt.datetime]
    next_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    fault: Mapped[str | None]
    __table_args__ = (
        sa.Index("ix_message_delivery_due", "next_at", "id", postgresql_where=_DUE, sqlite_where=_DUE),
        sa.Index(None, "webhook", "created_at", "id"),
        sa.Index(None, "settled_at"),
    )
