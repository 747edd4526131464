"""E-mail over a real SMTP server: the address confirmed first, mails at once, after quiet hours, once a day."""

from __future__ import annotations

import datetime as dt
import re
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.domains.notifications.actions.notify import notify
from backend.domains.notifications.model import Delivery, Message, NotificationPreference
from backend.domains.notifications.rules.delivering import DIGEST_LINES, MOST_ATTEMPTS, pause
from backend.entrypoints.worker import deliveries
from tests.make.application import build_app, close_app


@pytest.fixture
def deliver(district):
    return lambda: deliveries.deliver_due(district.app)


@pytest.fixture
def tell(district):
    def tell(login="lin", kind="finding.dispatched", number="1"):
        return district.do(
            notify,
            to=[district.person(login)],
            kind=kind,
            subject_type="finding",
            subject="x",
            facts={"number": number},
            key=str(uuid4()),
        )

    return tell


@pytest.fixture
def confirmed(district, mailbox, deliver):
    def confirmed(login="lin", address="lin@example.com", **chosen):
        client = district.client(login)
        assert client.put("/api/v1/people/me/email", json={"email": address}).status_code == 200
        deliver()
        code = re.search(r"[0-9]{8}", mailbox.mails[-1]["Subject"])[0]
        answer = client.post("/api/v1/people/me/email/confirmation", json={"code": code})
        assert answer.status_code == 200 and answer.json["email_confirmed_at"] is not None
        if chosen:
            wanted = {"language": "en", "channels": {}, "quiet": None, "digest_at": "08:00", **chosen}
            assert client.put("/api/v1/people/me/notifications", json=wanted).status_code == 200
        mailbox.mails.clear()
        return client

    return confirmed


def test_an_address_is_confirmed_by_the_code_that_was_mailed_there(district, mailbox, deliver, tell):
    client = district.client("lin")
    client.put("/api/v1/people/me/email", json={"email": "lin@example.com"})
    tell()
    deliver()
    (mail,) = mailbox.mails
    assert mail["X-Rcpt"] == "lin@example.com"
    code = re.search(r"[0-9]{8}", mail.get_content())[0]
    wrong = f"{(int(code) + 1) % 10**8:08}"
    answer = client.post("/api/v1/people/me/email/confirmation", json={"code": wrong})
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/email_code_wrong")
    assert client.post("/api/v1/people/me/email/confirmation", json={"code": code}).status_code == 200
    assert client.post("/api/v1/people/me/email/confirmation", json={"code": code}).status_code == 409
    tell()
    deliver()
    assert len(mailbox.mails) == 2


def test_a_code_cannot_be_guessed(district, mailbox, deliver):
    client = district.client("lin")
    client.put("/api/v1/people/me/email", json={"email": "lin@example.com"})
    deliver()
    code = re.search(r"[0-9]{8}", mailbox.mails[-1]["Subject"])[0]
    for number in range(5):
        assert (
            client.post("/api/v1/people/me/email/confirmation", json={"code": f"{(int(code) + 1 + number) % 10**8:08}"}).status_code == 409
        )
    assert client.post("/api/v1/people/me/email/confirmation", json={"code": code}).status_code == 409
    assert client.get("/api/v1/people/me/notifications").json["email_confirmed_at"] is None


def test_a_new_address_makes_the_old_code_worthless(district, mailbox, deliver):
    client = district.client("lin")
    client.put("/api/v1/people/me/email", json={"email": "victim@example.com"})
    client.put("/api/v1/people/me/email", json={"email": "lin@example.com"})
    deliver()
    assert {mail["X-Rcpt"] for mail in mailbox.mails} == {"lin@example.com"}
    codes = {re.search(r"[0-9]{8}", mail["Subject"])[0] for mail in mailbox.mails}
    assert len(codes) == 1


def test_confirmations_are_mailed_five_times_a_day_at_most(district):
    client = district.client("lin")
    for number in range(5):
        assert client.put("/api/v1/people/me/email", json={"email": f"lin{number}@example.com"}).status_code == 200
    answer = client.put("/api/v1/people/me/email", json={"email": "lin@example.com"})
    assert (answer.status_code, answer.json["type"]) == (429, "/problems/too_many_confirmations")
    assert int(answer.headers["Retry-After"]) > 80_000
    district.clock.forward(days=1, minutes=1)
    assert client.put("/api/v1/people/me/email", json={"email": "lin@example.com"}).status_code == 200


def test_addresses_that_are_none_are_refused_and_one_can_be_removed(confirmed, mailbox, tell, deliver):
    client = confirmed()
    answer = client.put("/api/v1/people/me/email", json={"email": "lin@example.com\r\nBcc: x@example.com"})
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/email_invalid")
    assert client.delete("/api/v1/people/me/email").json["email"] is None
    tell()
    deliver()
    assert mailbox.mails == []


def test_without_a_mail_server_no_address_is_taken(any_district_url, tmp_path, clock):
    from tests.make.district import District

    url, seeded = any_district_url
    app = build_app(url, tmp_path)
    try:
        answer = District(app, clock, seeded).client("lin").put("/api/v1/people/me/email", json={"email": "lin@example.com"})
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/email_unavailable")
    finally:
        close_app(app)


def test_a_message_is_mailed_at_once_in_the_readers_language(confirmed, mailbox, tell, deliver, district):
    confirmed()
    tell(number="L-1")
    assert deliver() == 1
    assert deliver() == 0
    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["From"], mail["To"]) == ("新任务 L-1", "patrol@linping.example", "lin@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    (delivery,) = district.scalars(sa.select(Delivery.id).where(Delivery.what == "message"))
    assert mail["Message-ID"] == f"<{delivery}@linping.example>"
    assert "新任务 L-1" in mail.get_content()


def test_quiet_hours_hold_mails_up_but_for_what_is_urgent(confirmed, mailbox, tell, deliver, district):
    confirmed(quiet={"since": "22:00", "until": "07:00"})
    district.clock.forward(hours=11)  # 23:00
    tell(number="quiet")
    tell(kind="finding.overdue", number="urgent")
    deliver()
    assert [mail["Subject"] for mail in mailbox.mails] == ["urgent is overdue"]
    district.clock.forward(hours=7, minutes=59)
    deliver()
    assert len(mailbox.mails) == 1
    district.clock.forward(minutes=2)
    deliver()
    assert [mail["Subject"] for mail in mailbox.mails] == ["urgent is overdue", "New task quiet"]


def test_once_a_day_there_is_one_mail_of_what_was_not_read(confirmed, mailbox, tell, deliver, district):
    client = confirmed(digest_at="08:00")
    read, *_ = (tell(kind="finding.closed", number=f"n{number}") for number in range(3))
    client.post(f"/api/v1/messages/{read[0]}/reading")
    deliver()
    assert mailbox.mails == []
    district.clock.forward(hours=20, minutes=1)  # 08:01
    deliver()
    deliver()
    (mail,) = mailbox.mails
    assert mail["Subject"] == "2 unread messages"
    assert "n1" in mail.get_content() and "n2" in mail.get_content() and "n0" not in mail.get_content()
    district.clock.forward(days=1)
    deliver()
    assert len(mailbox.mails) == 1


def test_a_digest_of_what_was_all_read_is_not_sent(confirmed, mailbox, tell, deliver, district):
    client = confirmed(digest_at="08:00")
    tell(kind="finding.closed")
    client.post("/api/v1/messages/reading", json={})
    district.clock.forward(days=1)
    deliver()
    assert mailbox.mails == []


def test_a_long_digest_goes_on_the_next_day(confirmed, mailbox, tell, deliver, district):
    confirmed(digest_at="08:00", channels={"*": ["digest"]})
    for number in range(DIGEST_LINES + 5):
        tell(kind="finding.closed", number=str(number))
    district.clock.forward(days=1)
    deliver()
    assert [mail["Subject"] for mail in mailbox.mails] == [f"{DIGEST_LINES} unread messages"]
    district.clock.forward(days=1)
    deliver()
    assert [mail["Subject"] for mail in mailbox.mails][1:] == ["5 unread messages"]
    assert district.scalars(sa.select(Message.id).where(Message.digest_at.is_not(None))) == []


def test_a_server_that_does_not_answer_costs_one_attempt_and_is_tried_again(confirmed, mailbox, tell, deliver, district):
    confirmed()
    for _ in range(3):
        tell()
    mailbox.answer = "421 too busy"
    assert deliver() == 1
    mailbox.answer = None
    district.clock.forward(minutes=2)
    assert deliver() == 3
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 3


def test_an_address_that_is_refused_is_confirmed_no_more_and_its_owner_told(confirmed, mailbox, tell, deliver, district):
    client = confirmed()
    mailbox.refuse = "550 <lin@example.com> no such user"
    tell()
    assert deliver() == 1
    assert client.get("/api/v1/people/me/notifications").json["email_confirmed_at"] is None
    told = client.get("/api/v1/messages").json["items"][0]
    assert told["kind"] == "email.refused" and "550 <<…>> no such user" in told["text"]
    tell()
    assert deliver() == 0
    assert district.scalars(sa.select(NotificationPreference.email)) == ["lin@example.com"]


def test_an_address_that_is_busy_is_tried_again_until_it_is_given_up(confirmed, mailbox, tell, deliver, district):
    client = confirmed()
    mailbox.refuse = "450 come back later"
    tell()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert deliver() == 1
        district.clock.forward(seconds=pause(attempt).total_seconds() + 1)
    assert deliver() == 0
    assert district.scalars(sa.select(Delivery.state).where(Delivery.what == "message")) == ["given_up"]
    assert client.get("/api/v1/people/me/notifications").json["email_confirmed_at"] is not None


def test_a_mail_to_who_removed_the_address_meanwhile_is_dropped(confirmed, mailbox, tell, deliver, district):
    client = confirmed()
    tell()
    client.delete("/api/v1/people/me/email")
    deliver()
    assert mailbox.mails == []
    assert district.scalars(sa.select(Delivery.state).where(Delivery.what == "message")) == ["dropped"]


def test_a_password_goes_over_no_open_line(mailbox, district):
    from backend.domains.notifications.outside.mail import MailChannel
    from backend.domains.notifications.rules.delivering import Parcel
    from backend.domains.notifications.rules.kinds import Words

    channel = MailChannel(mailbox.url.replace("smtp://", "smtp://user:secret@"), "patrol@linping.example", "key")
    parcel = Parcel(uuid4(), "email", "message", district.clock.now(), "lin@example.com", lines=(Words("a", "b", "c", "d"),))
    fault = channel.send(parcel)
    assert fault is not None and fault.down and "STARTTLS" in fault.text
    assert mailbox.mails == []


def test_addresses_stand_in_no_journal_entry(confirmed, district):
    from backend.core.journal import JournalEntry

    confirmed(address="somebody@example.com")
    assert not any("somebody" in facts for facts in district.scalars(sa.select(JournalEntry.facts)))
    assert district.clock.now() > dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
