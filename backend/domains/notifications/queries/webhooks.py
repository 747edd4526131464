"""Webhooks and what was posted to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.notifications.model import Delivery, Webhook
from backend.domains.notifications.rules.webhooks import WebhookMissing


def list_webhooks(session: Session, owner: UUID) -> Sequence[Webhook]:
    """The webhooks of a person, the oldest first."""
    return session.scalars(sa.select(Webhook).where(Webhook.owner == owner).order_by(Webhook.created_at, Webhook.id)).all()


def get_webhook(session: Session, owner: UUID, webhook: UUID) -> Webhook:
    """This webhook of the person; raises WebhookMissing."""
    row = session.get(Webhook, webhook)
    if row is None or row.owner != owner:
        raise WebhookMissing(f"you have no webhook {webhook}")
    return row


def webhooks_open_to(session: Session, people: Collection[UUID]) -> Sequence[Webhook]:
    """The webhooks of these people that are not disabled."""
    return session.scalars(sa.select(Webhook).where(Webhook.owner.in_(people), Webhook.disabled_at.is_(None)).order_by(Webhook.id)).all()


def webhook_doc(row: Webhook) -> dict[str, Any]:
    """The webhook as its owner sees it, without its secret."""
    return {
        "id": row.id,
        "url": row.url,
        "name": row.name,
        "kinds": row.kinds,
        "created_at": row.created_at,
        "former_secret_until": row.former_until,
        "failures": row.failures,
        "retry_at": row.retry_at,
        "last_success_at": row.last_success_at,
        "last_failure_at": row.last_failure_at,
        "last_fault": row.last_fault,
        "disabled_at": row.disabled_at,
        "disabled_why": row.disabled_why,
    }


def list_deliveries(session: Session, webhook: UUID, *, limit: int, after: tuple[dt.datetime, UUID] | None = None) -> Sequence[Delivery]:
    """At most `limit` deliveries to this webhook, the newest first, from after this one on."""
    query = sa.select(Delivery).where(Delivery.webhook == webhook).order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit)
    if after is not None:
        at, last = after
        query = query.where(sa.or_(Delivery.created_at < at, sa.and_(Delivery.created_at == at, Delivery.id < last)))
    return session.scalars(query).all()
