"""Workers that die of SIGKILL while they send: each message arrives, under one id, and stands in the inbox once."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from backend.core.config import Settings
from backend.core.database.engine import db
from backend.domains.notifications.actions.notify import notify
from backend.domains.notifications.actions.preferences import set_email, try_code
from backend.domains.notifications.actions.webhooks import create_webhook
from backend.domains.notifications.model import Delivery, Message, NotificationPreference
from backend.domains.notifications.rules.preferences import code_of
from tests.make.application import build_app, close_app
from tests.make.district import Clock, District
from tests.make.server import Server

SECRET = "for-tests-only-not-secret"
AGO = dt.timedelta(days=2)


@pytest.fixture
def district(any_district_url, tmp_path, mailbox):
    """By the true time: the worker is another process."""
    url, seeded = any_district_url
    app = build_app(url, tmp_path, smtp_url=mailbox.url, mail_from="patrol@linping.example", private_webhooks=1)
    district = District(app, Clock(), seeded)
    district.do(set_email, by="qian", address="qian@example.com")
    (token,) = district.scalars(sa.select(NotificationPreference.email_token))
    assert district.do(try_code, by="qian", secret_key=SECRET, code=code_of(SECRET, token))
    waits(district, Delivery, state="dropped")
    yield district
    close_app(app)


@pytest.fixture
def worker(any_district_url, tmp_path, mailbox):
    environ = {"SMTP_URL": mailbox.url, "MAIL_FROM": "patrol@linping.example", "PRIVATE_WEBHOOKS": "1", "SECRET_KEY": SECRET}
    return Server(any_district_url[0], tmp_path / "server", environ=environ)


def waits(district, kind, **values):
    """As if the time had come."""
    with district.app.app_context():
        db.session.execute(sa.update(kind).values(**values))
        db.session.commit()


def tell(district, kind, key):
    (message,) = district.do(
        notify, to=[district.person("qian")], kind=kind, subject_type="finding", subject="x", facts={"number": "1"}, key=key
    )
    return str(message)


@pytest.mark.parametrize(("point", "arrives"), [("delivery_taken", 1), ("delivery_sent", 2)])
@pytest.mark.parametrize("channel", ["email", "webhook"])
def test_a_worker_that_dies_while_it_sends_sends_again_under_the_same_id(  # noqa: PLR0917 - pytest names them
    district, worker, mailbox, hook, channel, point, arrives
):
    if channel == "webhook":
        district.do(create_webhook, by="qian", url=hook.url, name="ERP", named=["finding.closed"])
        tell(district, "finding.closed", "k")
    else:
        tell(district, "finding.overdue", "k")  # urgent: whatever the hour is
    worker.die_at(point)
    answer = worker.worker_once(dying=True)
    assert (answer.returncode, worker.died_of(within_s=0)) == (-9, point)
    assert district.rows(sa.select(Delivery.state, Delivery.attempts).where(Delivery.state != "dropped")) == [("due", 1)]
    worker.worker_once()
    assert len(mailbox.mails) + len(hook.posts) == arrives - 1  # its minute is not over
    waits(district, Delivery, next_at=district_now() - AGO)
    worker.worker_once()
    worker.worker_once()
    ids = [mail["Message-ID"] for mail in mailbox.mails] + [posted.headers["webhook-id"] for posted in hook.posts]
    assert (len(ids), len(set(ids))) == (arrives, 1)
    assert district.rows(sa.select(Delivery.state, Delivery.attempts).where(Delivery.state != "dropped")) == [("sent", 2)]
    assert len(district.scalars(sa.select(Message.id))) == 1


def test_a_worker_that_dies_while_it_composes_a_digest_composes_it_once(district, worker, mailbox):
    for number in range(3):
        tell(district, "finding.voided", f"k{number}")
    waits(district, Message, digest_at=district_now() - AGO)
    worker.die_at("digest")
    answer = worker.worker_once(dying=True)
    assert (answer.returncode, worker.died_of(within_s=0)) == (-9, "digest")
    assert mailbox.mails == []
    worker.die_at("delivery_sent")
    assert worker.worker_once(dying=True).returncode == -9
    waits(district, Delivery, next_at=district_now() - AGO)
    worker.worker_once()
    assert [mail["Subject"] for mail in mailbox.mails] == ["未读消息 3 条"] * 2
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_workers_side_by_side_send_each_thing_once(district, worker, mailbox, hook):
    from concurrent.futures import ThreadPoolExecutor

    district.do(create_webhook, by="qian", url=hook.url, name="ERP", named=None)
    for number in range(10):
        tell(district, "finding.overdue", f"k{number}")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: worker.worker_once(), range(3)))
    assert (len(mailbox.mails), len(hook.posts)) == (10, 10)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 10
    assert len({posted.headers["webhook-id"] for posted in hook.posts}) == 10


def district_now():
    return dt.datetime.now(dt.UTC)


def test_settings_say_what_is_wrong_with_a_mail_server(tmp_path):
    from backend.core.config import BadSettings

    base = {"DATA_FOLDER": str(tmp_path), "SECRET_KEY": "x" * 20}
    for url in ("mail.example.com", "http://mail.example.com", "smtp://", "smtp://host:port"):
        with pytest.raises(BadSettings, match="SMTP_URL"):
            Settings.from_env({**base, "SMTP_URL": url, "MAIL_FROM": "a@b.cn"})
    with pytest.raises(BadSettings, match="MAIL_FROM"):
        Settings.from_env({**base, "SMTP_URL": "smtp://localhost:25"})
    with pytest.raises(BadSettings, match="PRIVATE_WEBHOOKS"):
        Settings.from_env({**base, "PRIVATE_WEBHOOKS": "2"})
    assert Settings.from_env({**base, "SMTP_URL": "smtps://u:p@localhost", "MAIL_FROM": "a@b.cn"}).smtp_url
