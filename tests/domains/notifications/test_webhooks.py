"""Webhooks: signed, sent at least once under one id, rested after failures, disabled in the end and said so."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.core.database.engine import db
from backend.domains.identity.actions.people import disable_person
from backend.domains.identity.actions.roles import grant_role
from backend.domains.notifications.actions.notify import notify
from backend.domains.notifications.actions.preferences import set_email, try_code
from backend.domains.notifications.model import Delivery, NotificationPreference, Webhook
from backend.domains.notifications.outside import posting
from backend.domains.notifications.rules.delivering import MOST_ATTEMPTS, pause
from backend.domains.notifications.rules.preferences import code_of
from backend.entrypoints.worker import deliveries
from tests.make.application import build_app, close_app
from tests.make.receivers import Hook


@pytest.fixture
def deliver(district):
    return lambda **limit: deliveries.deliver_due(district.app, **limit)


@pytest.fixture
def tell(district):
    def tell(login="qian", kind="finding.dispatched", **facts):
        return district.do(
            notify,
            to=[district.person(login)],
            kind=kind,
            subject_type="finding",
            subject="01900000-0000-7000-8000-000000000001",
            facts={"number": "1", **facts},
            key=str(uuid4()),
        )

    return tell


def made(district, url, *, login="qian", **other):
    answer = district.client(login).post("/api/v1/webhooks", json={"url": url, "name": "ERP", **other})
    assert answer.status_code == 201, answer.text
    return answer.json


def state_of(district, webhook, login="qian"):
    return district.client(login).get(f"/api/v1/webhooks/{webhook['id']}").json


def log_of(district, webhook, login="qian"):
    return district.client(login).get(f"/api/v1/webhooks/{webhook['id']}/deliveries").json["items"]


def is_signed_by(posted, secret):
    content = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    known = base64.b64encode(hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256)).decode()
    return f"v1,{known}" in posted.headers["webhook-signature"].split()


def test_ones_messages_are_posted_signed_and_once(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    (message,) = tell()
    tell("feng")
    assert deliver() == 1
    assert deliver() == 0
    (posted,) = hook.posts
    assert is_signed_by(posted, webhook["secret"])
    assert posted.headers["content-type"] == "application/json"
    assert posted.json["type"] == "finding.dispatched"
    data = posted.json["data"]
    assert (data["id"], data["title"], data["title_zh"]) == (str(message), "New task 1", "新任务 1")
    (entry,) = log_of(district, webhook)
    assert (entry["id"], entry["state"], entry["attempts"]) == (posted.headers["webhook-id"], "sent", 1)
    assert abs(int(posted.headers["webhook-timestamp"]) - district.clock.now().timestamp()) < 60


def test_the_secret_is_shown_once(district, hook):
    webhook = made(district, hook.url)
    assert webhook["secret"].startswith("whsec_")
    assert "secret" not in state_of(district, webhook)
    client = district.client("qian")
    assert all("secret" not in item for item in client.get("/api/v1/webhooks").json["items"])
    stored = district.rows(sa.select(*Webhook.__table__.c))
    assert webhook["secret"] not in str(stored)


def test_only_the_kinds_named_are_posted(district, hook, tell, deliver):
    made(district, hook.url, kinds=["finding.overdue"])
    tell()
    tell(kind="finding.overdue")
    deliver()
    assert [posted.json["type"] for posted in hook.posts] == ["finding.overdue"]


def test_a_rotated_secret_signs_beside_the_former_for_a_day(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    path = f"/api/v1/webhooks/{webhook['id']}/rotation"
    renewed = district.client("qian").post(path).json
    assert renewed["secret"] != webhook["secret"]
    tell()
    deliver()
    district.clock.forward(hours=25)
    tell()
    deliver()
    signed = [(is_signed_by(posted, webhook["secret"]), is_signed_by(posted, renewed["secret"])) for posted in hook.posts]
    assert signed == [(True, True), (False, True)]


def test_a_failure_is_tried_again_under_the_same_id(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    hook.answer = lambda _posted: 500 if len(hook.posts) < 3 else 200
    tell()
    assert deliver() == 1
    assert deliver() == 0
    district.clock.forward(seconds=61)
    assert deliver() == 1
    district.clock.forward(minutes=6)
    assert deliver() == 1
    assert len({posted.headers["webhook-id"] for posted in hook.posts}) == 1
    assert len({posted.body for posted in hook.posts}) == 1
    assert len({posted.headers["webhook-timestamp"] for posted in hook.posts}) == 3
    (entry,) = log_of(district, webhook)
    assert (entry["state"], entry["attempts"], entry["fault"]) == ("sent", 3, None)
    shown = state_of(district, webhook)
    assert (shown["failures"], shown["retry_at"], shown["last_fault"]) == (0, None, "answered 500")


def test_a_webhook_that_fails_rests_and_holds_up_nobody_else(district, hook, tell, deliver):
    bad, good = made(district, "http://127.0.0.1:9/closed"), made(district, hook.url, login="feng")
    for _ in range(5):
        tell()
        tell("feng")
    assert deliver() == 6
    assert len(hook.posts) == 5
    assert state_of(district, bad)["failures"] == 1
    assert [entry["attempts"] for entry in log_of(district, bad)] == [0, 0, 0, 0, 1]
    assert state_of(district, good, "feng")["failures"] == 0


def test_after_the_last_failure_it_is_disabled_and_its_owner_is_told(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    hook.answer = lambda _posted: 503
    tell()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert deliver() == 1, attempt
        district.clock.forward(seconds=pause(attempt).total_seconds() + 1)
    client = district.client("qian")
    shown = state_of(district, webhook)
    assert (shown["disabled_why"], shown["failures"]) == ("failures", MOST_ATTEMPTS)
    assert [entry["state"] for entry in log_of(district, webhook)] == ["given_up"]
    told = client.get("/api/v1/messages").json["items"]
    assert [item["kind"] for item in told] == ["webhook.disabled", "finding.dispatched"]
    assert "503" in told[0]["text"] and "ERP" in told[0]["title_zh"]
    tell()
    assert deliver() == 0
    assert client.post(f"/api/v1/webhooks/{webhook['id']}/test").json["type"] == "/problems/webhook_disabled"
    assert client.post(f"/api/v1/webhooks/{webhook['id']}/enabling").json["disabled_at"] is None
    hook.answer = lambda _posted: 200
    tell()
    assert deliver() == 1
    assert len(hook.posts) == MOST_ATTEMPTS + 1


def test_one_that_is_gone_is_disabled_at_once(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    hook.answer = lambda _posted: 410
    tell()
    tell()
    deliver()
    assert len(hook.posts) == 1
    assert state_of(district, webhook)["disabled_why"] == "gone"
    assert sorted(entry["state"] for entry in log_of(district, webhook)) == ["dropped", "given_up"]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 404])
def test_redirects_are_not_followed(district, hook, tell, deliver, status):
    webhook = made(district, hook.url)
    hook.answer = lambda _posted: status
    tell()
    deliver()
    assert [posted.path for posted in hook.posts] == ["/hook"]
    assert state_of(district, webhook)["last_fault"] == f"answered {status}"


def test_an_answer_without_end_is_cut_off(district, hook, tell, deliver, monkeypatch):
    monkeypatch.setattr(posting, "_WHOLE_S", 0.4)
    webhook = made(district, hook.url)
    hook.slowly = True
    tell()
    assert deliver() == 1
    assert "no whole answer" in state_of(district, webhook)["last_fault"]


def test_a_test_message_is_posted_as_any_other(district, hook, deliver):
    webhook = made(district, hook.url)
    answer = district.client("qian").post(f"/api/v1/webhooks/{webhook['id']}/test")
    assert (answer.status_code, answer.json["state"]) == (202, "due")
    assert deliver() == 1
    (posted,) = hook.posts
    assert (posted.json["type"], posted.json["data"]) == ("webhook.test", {"webhook": webhook["id"]})
    assert is_signed_by(posted, webhook["secret"])


def test_nothing_is_posted_for_who_has_left(district, hook, tell, deliver):
    made(district, hook.url)
    tell()
    district.do(disable_person, person=district.person("qian"))
    deliver()
    assert hook.posts == []
    assert district.scalars(sa.select(Delivery.state)) == ["dropped"]


def test_what_was_deleted_gets_nothing_more(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    tell()
    client = district.client("qian")
    assert client.delete(f"/api/v1/webhooks/{webhook['id']}").status_code == 204
    assert client.delete(f"/api/v1/webhooks/{webhook['id']}").status_code == 404
    assert deliver() == 0
    assert hook.posts == []


def test_what_is_disabled_by_its_owner_gets_nothing_until_enabled(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    client = district.client("qian")
    assert client.post(f"/api/v1/webhooks/{webhook['id']}/disabling").json["disabled_why"] == "owner"
    tell()
    assert deliver() == 0
    client.post(f"/api/v1/webhooks/{webhook['id']}/enabling")
    tell()
    assert deliver() == 1


def test_it_is_changed_field_by_field(district, hook, tell, deliver):
    webhook = made(district, "http://127.0.0.1:9/old", kinds=["finding.overdue"])
    client = district.client("qian")
    path = f"/api/v1/webhooks/{webhook['id']}"
    assert client.patch(path, json={"url": hook.url, "kinds": None}).json["kinds"] is None
    assert client.patch(path, json={"name": "new"}).json["url"] == hook.url
    assert client.patch(path, json={"url": "nonsense"}).json["type"] == "/problems/webhook_target"
    assert client.patch(path, json={"kinds": ["nonsense"]}).json["type"] == "/problems/message_kind_unknown"
    tell()
    assert deliver() == 1


def test_others_webhooks_are_not_there(district, hook):
    webhook = made(district, hook.url)
    for login in ("feng", "admin", "li"):
        client = district.client(login)
        assert client.get(f"/api/v1/webhooks/{webhook['id']}").json["type"] == "/problems/webhook_not_found"
        for verb in ("rotation", "enabling", "disabling", "test"):
            assert client.post(f"/api/v1/webhooks/{webhook['id']}/{verb}").status_code == 404
        assert client.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").status_code == 404
        assert client.delete(f"/api/v1/webhooks/{webhook['id']}").status_code == 404
        assert client.get("/api/v1/webhooks").json["items"] == []


@pytest.mark.parametrize("login", ["stranger", "lin", "ma"])
def test_who_answers_for_no_unit_has_none(district, login):
    assert district.client(login).post("/api/v1/webhooks", json={"url": "https://example.com", "name": "x"}).status_code == 403


def test_nobody_has_more_than_five(district, hook):
    for _ in range(5):
        made(district, hook.url)
    answer = district.client("qian").post("/api/v1/webhooks", json={"url": hook.url, "name": "x"})
    assert answer.json["type"] == "/problems/too_many_webhooks"


def test_without_the_setting_nothing_private_is_posted_to(any_district_url, tmp_path, clock, hook, monkeypatch):
    """A name that leads into the own network is refused when it is looked up; what is judged is what is connected to."""
    from tests.make.district import District

    url, seeded = any_district_url
    app = build_app(url, tmp_path)
    try:
        district = District(app, clock, seeded)
        answer = district.client("qian").post("/api/v1/webhooks", json={"url": hook.url, "name": "x"})
        assert answer.json["type"] == "/problems/webhook_target"
        port = int(hook.url.rsplit(":", 1)[1].split("/")[0])
        monkeypatch.setattr(posting.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("127.0.0.1", port))])
        webhook = made(district, f"https://hooks.example.com:{port}/x")
        district.client("qian").post(f"/api/v1/webhooks/{webhook['id']}/test")
        assert deliveries.deliver_due(app) == 1
        assert "not on the internet" in state_of(district, webhook)["last_fault"]
        assert hook.posts == []
    finally:
        close_app(app)


def test_what_the_setting_allowed_once_is_not_posted_to_when_it_is_taken_back(hook):
    from backend.domains.notifications.outside.posting import WebhookChannel
    from backend.domains.notifications.rules.delivering import Parcel

    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    parcel = Parcel(uuid4(), "webhook", "test", now, hook.url, document={}, secrets=(uuid4(),))
    secured = Parcel(uuid4(), "webhook", "test", now, hook.url.replace("http:", "https:"), document={}, secrets=(uuid4(),))
    channel = WebhookChannel("key", private=False, now=lambda: now)
    assert "only https" in channel.send(parcel).text
    assert "not on the internet" in channel.send(secured).text
    assert hook.posts == []


def test_deliveries_are_forgotten_after_a_month(district, hook, tell, deliver):
    made(district, hook.url)
    tell()
    deliver()
    district.clock.forward(days=20)
    assert deliveries.forget_old(district.app) == 0
    district.clock.forward(days=11)
    assert deliveries.forget_old(district.app) == 1


def test_pages_of_deliveries_go_on(district, hook, tell, deliver):
    webhook = made(district, hook.url)
    for _ in range(3):
        tell()
    client = district.client("qian")
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries"
    first = client.get(path, query_string={"limit": 2}).json
    rest = client.get(path, query_string={"limit": 2, "cursor": first["next"]}).json
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 3
    assert rest["next"] is None
    assert dt.datetime.fromisoformat(first["items"][0]["next_at"]) <= district.clock.now()


def end_role(district, login, role):
    admin, person = district.client("admin"), district.person(login)
    (held,) = [each for each in admin.get(f"/api/v1/people/{person}").json["roles"] if each["role"] == role]
    assert admin.delete(f"/api/v1/people/{person}/roles/{held['id']}").status_code == 204


def test_whoever_may_have_webhooks_no_more_has_them_disabled_and_may_still_delete_them(district, hook, tell):
    webhook, other = made(district, hook.url), made(district, hook.url, login="zhao")
    end_role(district, "qian", "contractor_manager")
    district.do(grant_role, person=district.person("qian"), role="contractor_worker", unit=district.unit("hangyang"))
    tell()
    district.settle()
    client, path = district.client("qian"), f"/api/v1/webhooks/{webhook['id']}"
    (shown,) = client.get("/api/v1/webhooks").json["items"]
    assert (shown["id"], shown["disabled_why"]) == (webhook["id"], "role")
    assert state_of(district, webhook)["disabled_at"] == shown["disabled_at"]
    assert [each["state"] for each in log_of(district, webhook)] in ([], ["dropped"])
    assert hook.posts == []
    for verb in ("enabling", "rotation", "test"):
        assert client.post(f"{path}/{verb}").status_code == 403
    assert client.patch(path, json={"url": "https://example.com"}).status_code == 403
    assert client.post(f"{path}/disabling").json["disabled_why"] == "role"
    assert client.delete(path).status_code == 204
    assert client.get("/api/v1/webhooks").json["items"] == []
    assert state_of(district, other, "zhao")["disabled_at"] is None


def test_whoever_has_another_role_that_may_keeps_the_webhooks(district, hook):
    district.do(grant_role, person=district.person("qian"), role="contractor_manager", unit=district.unit("lvyuan"))
    webhook = made(district, hook.url)
    admin, person = district.client("admin"), district.person("qian")
    held = admin.get(f"/api/v1/people/{person}").json["roles"]
    assert len(held) == 2
    admin.delete(f"/api/v1/people/{person}/roles/{held[0]['id']}")
    district.settle()
    assert state_of(district, webhook)["disabled_at"] is None


def mailed_to(district, login):
    district.do(set_email, by=login, address=f"{login}@example.com")
    (token,) = district.scalars(sa.select(NotificationPreference.email_token).where(NotificationPreference.email.is_not(None)))
    secret = district.app.extensions["linping.settings"].secret_key
    assert district.do(try_code, by=login, secret_key=secret, code=code_of(secret, token))
    with district.app.app_context():
        db.session.execute(sa.update(Delivery).values(state="dropped"))
        db.session.commit()


@pytest.fixture
def second():
    hook = Hook()
    hook.start()
    yield hook
    hook.stop()


def test_a_slow_receiver_holds_up_nobody_elses_deliveries(  # noqa: PLR0917 - pytest names them
    district, mailbox, hook, second, tell, deliver
):
    """The others' post and mail arrive while it still thinks about the first of its own; those come one at a time."""
    answer, waiting, most = threading.Event(), [], []

    def slow(posted):
        waiting.append(posted)
        most.append(len(waiting))
        assert answer.wait(4)
        waiting.remove(posted)
        return 204

    hook.answer = slow
    made(district, hook.url)
    made(district, second.url, login="zhao")
    mailed_to(district, "sun")
    for _ in range(12):
        tell()
    tell("zhao")
    tell("sun", "finding.overdue")
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(deliver)
        try:
            assert second.arrived.wait(3)
            assert mailbox.arrived.wait(3)
            assert len(hook.posts) == 1
            second.arrived.clear()
            tell("zhao")  # told while the slow one is still at it
            assert second.arrived.wait(3)
            assert len(hook.posts) == 1
        finally:
            answer.set()
        assert sending.result(20) >= 15
    assert (len(hook.posts), max(most)) == (12, 1)


def test_webhooks_with_much_to_post_take_turns_with_those_that_have_little(  # noqa: PLR0917 - pytest names them
    district, hook, second, tell, deliver, monkeypatch
):
    monkeypatch.setattr(deliveries, "_POSTS", 1)
    made(district, hook.url)
    made(district, second.url, login="zhao")
    behind = []
    second.answer = lambda _posted: behind.append(len(hook.posts)) or 204
    for _ in range(8):
        tell()
    tell("zhao")
    tell("zhao")
    assert deliver() == 10
    assert (len(hook.posts), behind) == (8, [1, 2])
