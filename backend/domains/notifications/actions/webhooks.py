"""One's own webhooks: made, changed, their secrets rotated, enabled and deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row
from backend.domains.identity.queries import grants_of_all
from backend.domains.notifications.actions.notify import add_delivery
from backend.domains.notifications.actions.preferences import locked_preference
from backend.domains.notifications.model import Delivery, Webhook
from backend.domains.notifications.queries.webhooks import list_webhooks, webhooks_open_to
from backend.domains.notifications.rules import kinds
from backend.domains.notifications.rules.webhooks import GRACE, MOST, OWNERS, TooManyWebhooks, WebhookMissing, WebhookOff


def create_webhook(session: Session, act: Act, *, url: str, name: str, named: list[str] | None) -> Webhook:
    """Have one's own messages, of these kinds (None: all), posted to this address from now on. The address was checked.

    Raises UnknownKind, TooManyWebhooks.
    """
    assert act.actor.person is not None, "a webhook is a person's"
    kinds.check_names(named or (), at="/kinds")
    locked_preference(session, act.actor.person)  # two at once must count each other
    if len(list_webhooks(session, act.actor.person)) >= MOST:
        raise TooManyWebhooks(f"you have {MOST} webhooks already")
    row = Webhook(
        id=act.new_id(),
        owner=act.actor.person,
        url=url,
        name=name,
        kinds=named,
        secret=act.new_id(),
        former_secret=None,
        former_until=None,
        created_at=act.at,
        failures=0,
        retry_at=None,
        last_success_at=None,
        last_failure_at=None,
        last_fault=None,
        disabled_at=None,
        disabled_why=None,
    )
    add_row(session, row)
    act.tell("webhook.created", "webhook", row.id)
    return row


def change_webhook(session: Session, act: Act, *, webhook: UUID, changes: dict[str, Any]) -> Webhook:
    """Change its name, its kinds or its address (which was checked). Raises WebhookMissing, UnknownKind."""
    kinds.check_names(changes.get("kinds") or (), at="/kinds")
    row = _own(session, act, webhook)
    changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, changes[name])
    if changed:
        act.tell("webhook.changed", "webhook", row.id, fields=changed)
    return row


def rotate_webhook_secret(session: Session, act: Act, *, webhook: UUID) -> Webhook:
    """Give it a new secret; for a day the former signs beside it. One that was the former before signs no more. Raises WebhookMissing."""
    row = _own(session, act, webhook)
    row.former_secret, row.former_until, row.secret = row.secret, act.at + GRACE, act.new_id()
    act.tell("webhook.secret_rotated", "webhook", row.id)
    return row


def enable_webhook(session: Session, act: Act, *, webhook: UUID) -> Webhook:
    """Post to it again from now on: what it missed meanwhile stands in the inbox. Also ends the rest after a failure. Safe to repeat."""
    row = _own(session, act, webhook)
    if row.disabled_at is not None or row.failures:
        row.disabled_at = row.disabled_why = row.retry_at = None
        row.failures = 0
        act.tell("webhook.enabled", "webhook", row.id)
    return row


def disable_webhook(session: Session, act: Act, *, webhook: UUID) -> Webhook:
    """Post nothing to it any more. Safe to repeat. Raises WebhookMissing."""
    row = _own(session, act, webhook)
    if row.disabled_at is None:
        row.disabled_at, row.disabled_why = act.at, "owner"
        act.tell("webhook.disabled", "webhook", row.id, why="owner")
    return row


def disable_webhooks_of(session: Session, act: Act, *, person: UUID) -> int:
    """A role of this person ended: where none is left that may have webhooks, nothing is posted any more; how many. Safe to repeat."""
    held = grants_of_all(session, [person], act.at)[person]
    if any(grant.role in OWNERS for grant in held):
        return 0
    rows = [lock_row(session, Webhook, each.id) for each in webhooks_open_to(session, [person])]
    live = [row for row in rows if row is not None and row.disabled_at is None]
    for row in live:
        row.disabled_at, row.disabled_why = act.at, "role"
        act.tell("webhook.disabled", "webhook", row.id, why="role")
    return len(live)


def try_webhook(session: Session, act: Act, *, webhook: UUID) -> Delivery:
    """Post a test message to it, as any other is posted. Raises WebhookMissing, WebhookOff."""
    row = _own(session, act, webhook)
    if row.disabled_at is not None:
        raise WebhookOff(f"webhook {row.id} is disabled since {row.disabled_at.isoformat()}")
    delivery = add_delivery(session, act, person=row.owner, channel="webhook", what="test", webhook=row.id)
    act.tell("webhook.tested", "webhook", row.id, delivery=delivery.id)
    return delivery


def delete_webhook(session: Session, act: Act, *, webhook: UUID) -> None:
    """Delete it with what is known of its deliveries. Raises WebhookMissing."""
    row = _own(session, act, webhook)
    session.execute(sa.delete(Delivery).where(Delivery.webhook == row.id))
    session.delete(row)
    act.tell("webhook.deleted", "webhook", row.id)


def _own(session: Session, act: Act, webhook: UUID) -> Webhook:
    row = lock_row(session, Webhook, webhook)
    if row is None or row.owner != act.actor.person:
        raise WebhookMissing(f"you have no webhook {webhook}")
    return row
