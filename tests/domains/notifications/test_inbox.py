"""The inbox: who finds what in it, read and unread, and never a message twice."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.domains.notifications.actions.notify import forget_messages, notify
from backend.domains.notifications.model import Delivery, Message
from backend.domains.notifications.rules.kinds import UnknownKind
from tests.make.district import NOON

FACTS = {"number": "330113-20261123-00001", "category_zh": "井盖", "category_en": "Manhole", "place": "东湖中路"}


@pytest.fixture
def tell(district):
    def tell(*logins, key=None, kind="finding.closed", **facts):
        return district.do(
            notify,
            to=[district.person(login) for login in logins],
            kind=kind,
            subject_type="finding",
            subject=str(uuid4()),
            facts={**FACTS, **facts},
            key=key or str(uuid4()),
        )

    return tell


def inbox(district, login, **query):
    answer = district.client(login).get("/api/v1/messages", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_message_is_told_in_both_languages_and_counted_until_it_is_read(district, tell):
    tell("lin")
    page = inbox(district, "lin")
    (message,) = page["items"]
    assert page["unread"] == 1
    assert message["title_zh"] == "您上报的 330113-20261123-00001 已结案"
    assert message["title"] == "330113-20261123-00001, which you recorded, is closed"
    assert (message["text"], message["read_at"]) == ("Manhole, 东湖中路.", None)
    for _ in range(2):
        answer = district.client("lin").post(f"/api/v1/messages/{message['id']}/reading")
        assert answer.status_code == 200 and answer.json["read_at"] is not None
    assert inbox(district, "lin")["unread"] == 0
    assert inbox(district, "lin", unread=True)["items"] == []
    assert district.client("lin").get(f"/api/v1/messages/{message['id']}").json["read_at"] is not None


def test_nobody_reads_anothers(district, tell):
    (message,) = tell("lin")
    for login in ("wu", "stranger", "admin"):
        client = district.client(login)
        assert inbox(district, login)["items"] == []
        assert client.get(f"/api/v1/messages/{message}").status_code == 404
        assert client.post(f"/api/v1/messages/{message}/reading").status_code == 404
        assert client.post("/api/v1/messages/reading", json={"through": str(message)}).status_code == 404
    assert inbox(district, "lin")["unread"] == 1


def test_one_key_is_one_message_a_person(district, tell):
    assert len(tell("lin", "wu", key="k")) == 2
    assert tell("lin", "wu", key="k") == []
    assert len(tell("lin", "zhao", key="k")) == 1
    assert [inbox(district, login)["unread"] for login in ("lin", "wu", "zhao")] == [1, 1, 1]


def test_many_who_tell_the_same_at_once_tell_it_once(district, tell):
    with ThreadPoolExecutor(6) as pool:
        made = [len(each) for each in pool.map(lambda _: tell("lin", "wu", key="k"), range(6))]
    assert sum(made) == 2
    assert inbox(district, "lin")["unread"] == 1
    assert len(district.scalars(sa.select(Message.id))) == 2


def test_whoever_has_no_account_any_more_and_strangers_to_the_house_are_not_told(district, tell):
    from backend.domains.identity.actions.people import disable_person

    district.do(disable_person, person=district.person("wu"))
    assert len(tell("lin", "wu")) == 1
    made = district.do(notify, to=[uuid4()], kind="finding.closed", subject_type="finding", subject="x", facts={}, key="k")
    assert made == []


def test_a_kind_that_nobody_put_up_is_refused(district, tell):
    with pytest.raises(UnknownKind):
        tell("lin", kind="finding.nonsense")


def test_pages_go_on_where_the_last_one_ended(district, tell):
    for _ in range(5):
        tell("lin")
    seen, cursor = [], None
    while True:
        page = inbox(district, "lin", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        tell("lin")  # what comes meanwhile stands before the first page
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "WyJtZXNzYWdlcyIsMSwyXQ", "WyJtZXNzYWdlcyIsIjIwMjYtMTEtMjNUMTI6MDA6MDAiLCJ4Il0"])
def test_a_cursor_that_is_none_is_refused(district, cursor):
    answer = district.client("lin").get("/api/v1/messages", query_string={"cursor": cursor})
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/bad_page_cursor")


def test_all_up_to_one_are_marked_and_none_that_came_after(district, tell):
    first, second, third = (tell("lin")[0] for _ in range(3))
    client = district.client("lin")
    assert client.post("/api/v1/messages/reading", json={"through": str(second)}).json == {"marked": 2, "unread": 1}
    assert [item["id"] for item in inbox(district, "lin", unread=True)["items"]] == [str(third)]
    assert client.post("/api/v1/messages/reading", json={}).json == {"marked": 1, "unread": 0}
    assert client.post("/api/v1/messages/reading", json={}).json == {"marked": 0, "unread": 0}
    assert first


def test_what_one_does_not_want_in_the_inbox_is_not_there_but_for_what_is_urgent(district, tell):
    client = district.client("lin")
    chosen = {"language": "en", "channels": {"*": []}, "quiet": None, "digest_at": None}
    assert client.put("/api/v1/people/me/notifications", json=chosen).status_code == 200
    tell("lin")
    tell("lin", kind="finding.overdue")
    page = inbox(district, "lin")
    assert [item["kind"] for item in page["items"]] == ["finding.overdue"]
    assert page["unread"] == 1


def test_preferences_begin_as_defaults_and_are_set_as_a_whole(district):
    client = district.client("lin")
    assert client.get("/api/v1/people/me/notifications").json == {
        "language": "zh",
        "channels": {},
        "quiet": {"since": "22:00", "until": "07:00"},
        "digest_at": "08:00",
        "email": None,
        "email_confirmed_at": None,
    }
    chosen = {
        "language": "en",
        "channels": {"finding.closed": ["in_app"], "*": ["in_app", "digest"]},
        "quiet": {"since": "20:30", "until": "06:00"},
        "digest_at": "17:45",
    }
    assert client.put("/api/v1/people/me/notifications", json=chosen).json == {**chosen, "email": None, "email_confirmed_at": None}
    assert client.get("/api/v1/people/me/notifications").json["channels"] == chosen["channels"]


@pytest.mark.parametrize(("wrong", "pointer"), [
    ({"channels": {"finding.nonsense": ["in_app"]}}, "/channels/finding.nonsense"),
    ({"channels": {"*": ["pigeon"]}}, "/channels/*/value/0"),
    ({"quiet": {"since": "24:00", "until": "07:00"}}, "/quiet/since"),
    ({"quiet": {"since": "22:00"}}, "/quiet/until"),
    ({"digest_at": "8 am"}, "/digest_at"),
    ({"language": "fr"}, "/language"),
])  # fmt: skip
def test_what_cannot_be_chosen_is_refused_by_name(district, wrong, pointer):
    chosen = {"language": "en", "channels": {}, "quiet": None, "digest_at": None, **wrong}
    answer = district.client("lin").put("/api/v1/people/me/notifications", json=chosen)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_quiet_hours_say_from_when_it_may_be_loud(district, tell):
    district.clock.forward(hours=11)  # 23:00
    tell("lin")
    tell("lin", kind="finding.overdue")
    urgent, quiet = inbox(district, "lin")["items"]
    assert urgent["alert_at"] == urgent["at"] and urgent["urgent"]
    assert dt.datetime.fromisoformat(quiet["alert_at"]) == NOON.replace(hour=7) + dt.timedelta(days=1)


def test_kinds_are_listed_with_their_words(district):
    items = district.client("stranger").get("/api/v1/message-kinds").json["items"]
    (one,) = [item for item in items if item["name"] == "finding.overdue"]
    assert one == {
        "name": "finding.overdue",
        "title": "{number} is overdue",
        "title_zh": "已超时 {number}",
        "urgent": True,
        "channels": ["in_app", "email", "webhook"],
    }


def test_old_messages_are_forgotten_with_their_deliveries(district, tell):
    tell("lin")
    district.clock.forward(days=400)
    tell("lin")
    assert district.do(forget_messages, before=NOON + dt.timedelta(days=1)) == 1
    assert len(district.scalars(sa.select(Message.id))) == 1
    assert district.scalars(sa.select(Delivery.id)) == []
