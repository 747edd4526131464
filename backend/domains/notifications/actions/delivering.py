"""Deliveries: composed, taken up, settled. What is sent goes out between the last two, outside any transaction."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.domains.notifications.actions.notify import add_delivery, notify
from backend.domains.notifications.model import Delivery, NotificationPreference, Webhook
from backend.domains.notifications.queries.delivering import DIGEST, list_for_digest
from backend.domains.notifications.queries.preferences import chosen, find_preference
from backend.domains.notifications.rules.delivering import DIGEST_LINES, FAULT_LENGTH, MOST_ATTEMPTS, Fault, Nobody, pause
from backend.domains.notifications.rules.own import EMAIL_REFUSED, WEBHOOK_DISABLED

_DAY = dt.timedelta(days=1)


def compose_digest(session: Session, act: Act, *, person: UUID) -> Delivery | None:
    """One daily mail of what waits for it and is not read; None where nothing is left, or nobody to mail it to. Safe to repeat."""
    waiting = list_for_digest(session, person, at=act.at)
    row = find_preference(session, person)
    reachable = row is not None and chosen(row).reachable
    taken = [each for each in waiting if each.read_at is None][:DIGEST_LINES] if reachable else []
    delivery = add_delivery(session, act, person=person, channel="email", what=DIGEST) if taken else None
    for each in waiting:
        if each in taken and delivery is not None:
            each.digest, each.digest_at = delivery.id, None
        elif each.read_at is None and reachable:
            each.digest_at = act.at + _DAY
        else:
            each.digest_at = None
    return delivery


def take_delivery(session: Session, act: Act, *, delivery: UUID) -> bool:
    """Begin to send it: True if it is for the caller to do. The attempt is counted and the next one set before anything goes out.

    A worker that dies between here and `settle_delivery` leaves it due again, with the same id. Tells nothing.
    """
    row = lock_row(session, Delivery, delivery)
    if row is None or row.state != "due" or row.next_at > act.at:
        return False
    hook = session.get(Webhook, row.webhook) if row.webhook is not None else None
    if hook is not None and hook.retry_at is not None and hook.retry_at > act.at and hook.disabled_at is None:
        return False
    if row.attempts >= MOST_ATTEMPTS:
        _end(act, row, "given_up", row.fault or "no attempt came to an end")
        return False
    row.attempts += 1
    row.next_at = act.at + pause(row.attempts)
    return True


def settle_delivery(session: Session, act: Act, *, delivery: UUID, result: Fault | Nobody | None) -> Delivery | None:
    """What became of an attempt: None, it arrived. A lasting fault gives it up at once, others after the last attempt.

    A webhook rests after each failure, longer each time; after the last it is disabled, and so is one that says it is gone. Its owner is
    told, as is whoever's e-mail address a mail server refused.
    """
    row = lock_row(session, Delivery, delivery)
    if row is None or row.state != "due":
        return row
    if isinstance(result, Nobody):
        row.state, row.settled_at, row.fault = "dropped", act.at, result.why
        return row
    hook = lock_row(session, Webhook, row.webhook) if row.webhook is not None else None
    if result is None:
        row.state, row.settled_at, row.fault = "sent", act.at, None
        if hook is not None:
            hook.failures, hook.retry_at, hook.last_success_at = 0, None, act.at
        return row
    row.fault = result.text[:FAULT_LENGTH]
    if result.lasting or row.attempts >= MOST_ATTEMPTS:
        _end(act, row, "given_up", row.fault)
    if hook is not None:
        _failed(session, act, hook, result)
    elif result.lasting:
        _refused(session, act, row)
    return row


def _end(act: Act, row: Delivery, state: str, fault: str) -> None:
    row.state, row.settled_at, row.fault = state, act.at, fault
    act.tell("delivery.given_up", "delivery", row.id, channel=row.channel, attempts=row.attempts)


def _failed(session: Session, act: Act, hook: Webhook, fault: Fault) -> None:
    hook.failures += 1
    hook.last_failure_at, hook.last_fault = act.at, fault.text[:FAULT_LENGTH]
    hook.retry_at = act.at + pause(hook.failures)
    if hook.disabled_at is not None or not (fault.lasting or hook.failures >= MOST_ATTEMPTS):
        return
    hook.disabled_at, hook.disabled_why = act.at, "gone" if fault.lasting else "failures"
    act.tell("webhook.disabled", "webhook", hook.id, why=hook.disabled_why)
    session.flush()  # its owner is not told by it
    notify(
        session,
        act,
        to=[hook.owner],
        kind=WEBHOOK_DISABLED.name,
        subject_type="webhook",
        subject=str(hook.id),
        facts={"name": hook.name, "failures": hook.failures, "fault": hook.last_fault},
        key=f"webhook.disabled:{hook.id}:{act.at.isoformat()}",
    )


def _refused(session: Session, act: Act, row: Delivery) -> None:
    chosen_by = lock_row(session, NotificationPreference, row.person)
    if chosen_by is None or (chosen_by.email_confirmed_at is None and chosen_by.email_token is None):
        return
    chosen_by.email_confirmed_at = chosen_by.email_token = None
    act.tell("email.refused", "person", row.person)
    notify(
        session,
        act,
        to=[row.person],
        kind=EMAIL_REFUSED.name,
        subject_type="person",
        subject=str(row.person),
        facts={"fault": row.fault},
        key=f"email.refused:{row.id}",
    )
