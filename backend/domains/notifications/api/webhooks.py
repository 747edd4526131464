"""One's own webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.core import cursors
from backend.core.http.callers import caller, here, present
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.domains.notifications.actions import webhooks as actions
from backend.domains.notifications.api.inbox import blueprint
from backend.domains.notifications.model import Delivery, Webhook
from backend.domains.notifications.outside.posting import check_url
from backend.domains.notifications.queries.webhooks import get_webhook as found
from backend.domains.notifications.queries.webhooks import list_deliveries, webhook_doc
from backend.domains.notifications.queries.webhooks import list_webhooks as listed
from backend.domains.notifications.rules.kinds import UnknownKind
from backend.domains.notifications.rules.webhooks import OWNERS, TooManyWebhooks, WebhookMissing, WebhookOff, WebhookTarget, secret_of
from backend.domains.notifications.schemas import (
    ChangeWebhook,
    CreateWebhook,
    DeliveriesPage,
    DeliveryDoc,
    ListDeliveries,
    WebhookDoc,
    WebhooksList,
    WebhookWithSecret,
)


@blueprint.get("/webhooks")
@caller()
@blueprint.response(200, WebhooksList())
def list_webhooks() -> dict[str, Sequence[dict[str, Any]]]:
    """One's own webhooks, the oldest first."""
    session, _ = here()
    with reading(session):
        return {"items": [webhook_doc(row) for row in listed(session, _me())]}


@blueprint.post("/webhooks")
@caller(*OWNERS)
@blueprint.refuses(WebhookTarget, UnknownKind, TooManyWebhooks)
@blueprint.arguments(CreateWebhook())
@blueprint.response(201, WebhookWithSecret())
def create_webhook(payload: dict[str, Any]) -> dict[str, Any]:
    """Have one's own messages posted to an address, signed as Standard Webhooks 1.0 says. The secret is shown this once.

    What is posted is `{"type": kind, "timestamp": …, "data": the message}`. `webhook-signature` holds one or more `v1,` signatures parted
    by spaces: base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, the key being what follows `whsec_` in the secret, in base64.

    Answer 2xx within 5 seconds. Anything else, redirects too, is tried again for about three days under the same `webhook-id`: keep the
    ids to drop doubles. Order is not promised. 410, or ten failures in a row, disable the webhook, and its owner finds that in the inbox.
    It is disabled, too, when its owner holds none of these roles any more.
    """
    session, act = here()
    url = check_url(payload["url"], private=bool(settings().private_webhooks))
    return _with_secret(perform(session, act, actions.create_webhook, url=url, name=payload["name"], named=payload["kinds"]))


@blueprint.get("/webhooks/<uuid:webhook>")
@caller()
@blueprint.refuses(WebhookMissing)
@blueprint.response(200, WebhookDoc())
def get_webhook(webhook: UUID) -> dict[str, Any]:
    """One of one's webhooks."""
    session, _ = here()
    with reading(session):
        return webhook_doc(found(session, _me(), webhook))


@blueprint.patch("/webhooks/<uuid:webhook>")
@caller(*OWNERS)
@blueprint.refuses(WebhookMissing, WebhookTarget, UnknownKind)
@blueprint.arguments(ChangeWebhook())
@blueprint.response(200, WebhookDoc())
def change_webhook(payload: dict[str, Any], webhook: UUID) -> dict[str, Any]:
    """Change its address, name or kinds."""
    session, act = here()
    if "url" in payload:
        payload["url"] = check_url(payload["url"], private=bool(settings().private_webhooks))
    return webhook_doc(perform(session, act, actions.change_webhook, webhook=webhook, changes=payload))


@blueprint.delete("/webhooks/<uuid:webhook>")
@caller()
@blueprint.refuses(WebhookMissing)
@blueprint.response(204)
def delete_webhook(webhook: UUID) -> None:
    """Delete it, and what is known of its deliveries."""
    session, act = here()
    perform(session, act, actions.delete_webhook, webhook=webhook)


@blueprint.post("/webhooks/<uuid:webhook>/rotation")
@caller(*OWNERS)
@blueprint.refuses(WebhookMissing)
@blueprint.response(200, WebhookWithSecret())
def rotate_webhook_secret(webhook: UUID) -> dict[str, Any]:
    """Give it a new secret, shown this once; the former signs beside it for a day."""
    session, act = here()
    return _with_secret(perform(session, act, actions.rotate_webhook_secret, webhook=webhook))


@blueprint.post("/webhooks/<uuid:webhook>/enabling")
@caller(*OWNERS)
@blueprint.refuses(WebhookMissing)
@blueprint.response(200, WebhookDoc())
def enable_webhook(webhook: UUID) -> dict[str, Any]:
    """Post to it again from now on."""
    session, act = here()
    return webhook_doc(perform(session, act, actions.enable_webhook, webhook=webhook))


@blueprint.post("/webhooks/<uuid:webhook>/disabling")
@caller()
@blueprint.refuses(WebhookMissing)
@blueprint.response(200, WebhookDoc())
def disable_webhook(webhook: UUID) -> dict[str, Any]:
    """Post nothing to it any more."""
    session, act = here()
    return webhook_doc(perform(session, act, actions.disable_webhook, webhook=webhook))


@blueprint.post("/webhooks/<uuid:webhook>/test")
@caller(*OWNERS)
@blueprint.refuses(WebhookMissing, WebhookOff)
@blueprint.response(202, DeliveryDoc())
def try_webhook(webhook: UUID) -> Delivery:
    """Post a test message to it; its deliveries show what came of it."""
    session, act = here()
    return perform(session, act, actions.try_webhook, webhook=webhook)


@blueprint.get("/webhooks/<uuid:webhook>/deliveries")
@caller()
@blueprint.refuses(WebhookMissing)
@blueprint.arguments(ListDeliveries(), location="query")
@blueprint.response(200, DeliveriesPage())
def list_webhook_deliveries(query: dict[str, Any], webhook: UUID) -> dict[str, Any]:
    """What was posted to it in the last 30 days, the newest first, and what is to be."""
    session, _ = here()
    limit = query["limit"]
    after = cursors.unpack("deliveries", query["cursor"], cursors.moment, cursors.key)
    with reading(session):
        hook = found(session, _me(), webhook)
        rows = list_deliveries(session, hook.id, limit=limit + 1, after=after)
    last = rows[limit - 1] if len(rows) > limit else None
    return {"items": rows[:limit], "next": cursors.pack("deliveries", last.created_at.isoformat(), str(last.id)) if last else None}


def _with_secret(row: Webhook) -> dict[str, Any]:
    return {**webhook_doc(row), "secret": secret_of(settings().secret_key, row.secret)}


def _me() -> UUID:
    person = present().actor.person
    assert person is not None, "callers are people"
    return person
