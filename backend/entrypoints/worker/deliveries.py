"""What the worker does about messages: it composes daily mails and sends what is due, each outside any transaction and at least once.

Mails have a lane of their own. Webhooks take turns, several at once and each by one delivery: a slow receiver holds up what is for itself.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from uuid import UUID

from flask import Flask

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.config import Settings
from backend.core.http.callers import session
from backend.core.perform import perform, reading
from backend.domains.notifications.actions import delivering, notify
from backend.domains.notifications.outside.channels import Channel
from backend.domains.notifications.outside.mail import MailChannel
from backend.domains.notifications.outside.posting import WebhookChannel
from backend.domains.notifications.queries import delivering as queries
from backend.domains.notifications.queries.delivering import Due
from backend.domains.notifications.rules.delivering import KEPT_DELIVERIES, KEPT_MESSAGES, Fault, Nobody

log = logging.getLogger(__name__)
_PAGE = 50
_CHUNK = 1000
_POSTS = 8
"""Webhooks that are posted to side by side."""
_GLANCE_S = 0.25
"""While posts are under way: how long until what has become due meanwhile is looked for."""
_sending = threading.Lock()


def deliver_due(app: Flask, *, limit: int = 500) -> int:
    """Send what is due, of mails and of posts at most `limit` each; how many were taken up. Safe to repeat and to run side by side.

    Where the mail server does not work, the rest of the mails waits for the next time.
    """
    with app.app_context():
        compose_digests()
    with ThreadPoolExecutor(_POSTS + 1, thread_name_prefix="deliver") as pool:
        mailed = pool.submit(_mail_due, app, limit)
        posted = _post_due(app, pool, limit)
        return mailed.result() + posted


def _mail_due(app: Flask, limit: int) -> int:
    """Mail what is due, one after the other."""
    done, channel = 0, _mail_channel(app.extensions["linping.settings"])
    with app.app_context():
        while done < limit:
            with reading(session()) as reader:
                due = queries.list_due(reader, at=_now(), limit=min(_PAGE, limit - done), channel="email")
            taken = 0
            for each in due:
                sent, fault = _deliver(each, channel)
                taken += sent
                if fault is not None and fault.down:
                    return done + taken
            if not taken:
                break
            done += taken
    return done


def _post_due(app: Flask, pool: ThreadPoolExecutor, limit: int) -> int:
    """Post what is due: to each webhook one at a time, and to none again before all others that wait had their turn."""
    channel = _webhook_channel(app.extensions["linping.settings"])
    busy: dict[Future[bool], UUID | None] = {}
    had: set[UUID | None] = set()
    left: set[UUID | None] = set()
    done = 0

    def post(due: Due) -> bool:
        with app.app_context():
            return _deliver(due, channel)[0]

    with app.app_context():
        while True:
            for due in _turns(had, busy, left, room=min(_POSTS - len(busy), limit - done - len(busy))):
                busy[pool.submit(post, due)] = due.webhook
                had.add(due.webhook)
            if not busy:
                return done
            ended, _ = wait(busy, timeout=_GLANCE_S, return_when=FIRST_COMPLETED)
            for each in ended:
                webhook = busy.pop(each)
                if each.result():
                    done += 1
                else:
                    left.add(webhook)  # another worker is at it


def _turns(had: set[UUID | None], busy: dict[Future[bool], UUID | None], left: set[UUID | None], *, room: int) -> Iterator[Due]:
    """The deliveries that are next, each to another webhook. The caller adds its webhook to those that had a turn before it asks on."""
    while room > 0:
        out = {each for each in (*had, *busy.values(), *left) if each is not None}
        with reading(session()) as reader:
            due = queries.list_due(reader, at=_now(), limit=1, channel="webhook", without=out)
        if due:
            room -= 1
            yield due[0]
        elif had - set(busy.values()) - left:
            had.clear()
        else:
            return


def deliver_alone(app: Flask) -> int:
    """Send all that is due, unless another thread of this process is at it: slow receivers take one thread of the worker, never all."""
    if not _sending.acquire(blocking=False):
        return 0
    done = 0
    try:
        while count := deliver_due(app):
            done += count
        return done
    finally:
        _sending.release()


def compose_digests() -> int:
    """Compose the daily mails whose hour has come; for how many people. Needs an application context."""
    done = 0
    while True:
        with reading(session()) as reader:
            people = queries.list_digests_due(reader, at=_now(), limit=_PAGE)
        for person in people:
            perform(session(), acts.begin(SYSTEM), delivering.compose_digest, person=person)
        done += len(people)
        if len(people) < _PAGE:
            return done


def call_if_due(app: Flask, send: Callable[[], object]) -> None:
    """Call `send` where something is to be sent or composed now."""
    with app.app_context(), reading(session()) as reader:
        at = _now()
        due = queries.list_due(reader, at=at, limit=1) or queries.list_digests_due(reader, at=at, limit=1)
    if due:
        send()


def forget_old(app: Flask) -> int:
    """Delete messages of more than a year ago and what is known of deliveries settled more than 30 days ago; how many."""
    done = 0
    with app.app_context():
        now = _now()
        while count := perform(session(), acts.begin(SYSTEM), notify.forget_deliveries, before=now - KEPT_DELIVERIES, limit=_CHUNK):
            done += count
        while count := perform(session(), acts.begin(SYSTEM), notify.forget_messages, before=now - KEPT_MESSAGES, limit=_CHUNK):
            done += count
    return done


def _deliver(due: Due, channel: Channel) -> tuple[bool, Fault | None]:
    """Take this one up, send it and settle it: whether it was for us to do, and what went wrong."""
    act = acts.begin(SYSTEM)
    if not perform(session(), act, delivering.take_delivery, delivery=due.delivery):
        return False, None
    with reading(session()) as reader:
        parcel = queries.parcel_of(reader, due.delivery, at=act.at)
    result = parcel if isinstance(parcel, Nobody) else channel.send(parcel)
    fault = result if isinstance(result, Fault) else None
    if fault is not None:
        told = {"delivery": str(due.delivery), "channel": due.channel, "fault": fault.text, "lasting": fault.lasting}
        log.warning("a delivery failed", extra=told)
    perform(session(), acts.begin(SYSTEM), delivering.settle_delivery, delivery=due.delivery, result=result)
    return True, fault


def _mail_channel(settings: Settings) -> Channel:
    return MailChannel(settings.smtp_url, settings.mail_from, settings.secret_key)


def _webhook_channel(settings: Settings) -> Channel:
    return WebhookChannel(settings.secret_key, private=bool(settings.private_webhooks), now=_now)


def _now() -> dt.datetime:
    return acts.begin(SYSTEM).at
