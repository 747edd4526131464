"""What messages say, when they come, how they are signed: without a database."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from string import Formatter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.findings.rules.announcements import kinds as finding_kinds
from backend.domains.findings.rules.announcements.table import ANNOUNCEMENTS, AREA_KINDS
from backend.domains.notifications.outside.posting import check_url
from backend.domains.notifications.rules import delivering, kinds, letters, own, preferences, webhooks
from backend.domains.notifications.rules.kinds import CHANNELS, Kind, Sentence
from backend.domains.notifications.rules.preferences import Preferences
from backend.domains.territory.rules.territory import SHANGHAI
from backend.entrypoints.announcements import KINDS, install

CHINESE = re.compile(r"[\u4e00-\u9fff]")
QUIET = Kind("quiet", Sentence("静", "quiet"), channels=("in_app", "email", "webhook"))
LOUD = Kind("loud", Sentence("响", "loud"), urgent=True, channels=("email",))
MAIL = Preferences(reachable=True)


def at(hour, minute=0, day=23):
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def all_kinds():
    install()
    yield
    install()


# Words


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_speaks_both_languages(kind):
    for sentence in (kind.title, *kind.text):
        facts_zh = {name for _, name, _, _ in Formatter().parse(sentence.zh) if name}
        facts_en = {name for _, name, _, _ in Formatter().parse(sentence.en) if name}
        assert facts_zh == facts_en
        plain = Formatter().vformat(sentence.zh, (), dict.fromkeys(facts_zh, ""))
        assert CHINESE.search(plain) or not plain.strip("，。 “”")
        assert not CHINESE.search(sentence.en)
    assert kind.channels and set(kind.channels) <= set(CHANNELS)


def test_every_row_of_the_table_sends_a_kind_that_is_put_up():
    assert {each.kind.name for each in ANNOUNCEMENTS} <= {kind.name for kind in KINDS}
    sent = {each.kind.name for each in ANNOUNCEMENTS} | {kind.name for kind in AREA_KINDS.values()}
    assert {kind.name for kind in finding_kinds.KINDS} == sent


def test_a_sentence_whose_fact_is_missing_is_left_out():
    said = kinds.words_of("finding.dispatched", {"number": "L1", "category_zh": "井盖", "category_en": "Manhole", "place": "东湖路"})
    assert (said.title, said.title_zh) == ("New task L1", "新任务 L1")
    assert (said.text, said.text_zh) == ("Manhole, 东湖路.", "井盖，东湖路。")


def test_moments_are_read_in_the_districts_time():
    said = kinds.words_of("finding.dispatched", {"number": "L1", "due": "2026-11-23T10:30:00+00:00"})
    assert (said.text, said.text_zh) == ("Due 2026-11-23 18:30.", "处置时限：2026年11月23日 18:30。")


@given(st.text(max_size=600))
def test_whatever_a_fact_is_words_are_lines_without_control_characters(text):
    said = kinds.words_of("finding.voided", {"number": text or "x", "reason": text})
    for line in (said.title, said.title_zh, said.text, said.text_zh):
        assert "\n" not in line and "\r" not in line and "\x00" not in line
        assert len(line) < 1000


@pytest.mark.parametrize("text", ["{number}", "{0.__class__}", "{", "2026-99-99T99:99"])
def test_facts_are_no_templates(text):
    assert text in kinds.words_of("finding.voided", {"number": "1", "reason": text}).text


def test_a_message_of_a_kind_that_is_gone_says_its_name():
    assert kinds.words_of("finding.vanished", {"number": "1"}).title == "finding.vanished"


def test_two_kinds_of_one_name_are_refused():
    with pytest.raises(ValueError, match="share the name"):
        kinds.put_up([QUIET, QUIET])


# When and by which channel


@pytest.mark.parametrize(("now", "end"), [
    (at(21, 59), at(21, 59)),
    (at(22), at(7, day=24)),
    (at(0), at(7)),
    (at(6, 59), at(7)),
    (at(7), at(7)),
])  # fmt: skip
def test_quiet_hours_cross_midnight(now, end):
    assert preferences.quiet_end(22 * 60, 7 * 60, now) == end
    planned = preferences.plan(QUIET, MAIL, now)
    assert planned.email_at == planned.alert_at == end


def test_what_is_urgent_knows_no_quiet_hours_and_is_always_in_the_inbox():
    planned = preferences.plan(LOUD, MAIL, at(23))
    assert (planned.email_at, planned.alert_at, planned.inbox) == (at(23), at(23), True)


@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_the_end_of_quiet_hours_is_quiet_no_more_and_less_than_a_day_away(since, until, now):
    end = preferences.quiet_end(since, until, now)
    assert now <= end <= now + dt.timedelta(days=1)
    assert preferences.quiet_end(since, until, end) == end


@given(st.integers(0, 1439), st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(dt.UTC)))  # noqa: DTZ001
def test_the_next_time_of_day_comes_within_a_day_and_never_now(minute, now):
    then = preferences.next_time(minute, now)
    local = then.astimezone(SHANGHAI)
    assert now < then <= now + dt.timedelta(days=1)
    assert (local.hour * 60 + local.minute, local.second) == (minute, 0)


def test_choices_go_by_kind_then_by_star_then_by_default():
    chosen = Preferences(channels={"quiet": ["digest"], "*": ["webhook"]}, reachable=True)
    digested = preferences.plan(QUIET, chosen, at(12))
    assert (digested.inbox, digested.email_at, digested.digest_at, digested.webhook) == (False, None, at(8, day=24), False)
    other = preferences.plan(Kind("other", QUIET.title), chosen, at(12))
    assert (other.inbox, other.webhook, other.digest_at) == (False, True, None)
    assert preferences.plan(QUIET, MAIL, at(12)).inbox


def test_nothing_is_mailed_to_an_address_that_is_not_confirmed():
    planned = preferences.plan(QUIET, Preferences(channels={"*": ["email", "digest"]}), at(12))
    assert (planned.email_at, planned.digest_at) == (None, None)


def test_what_is_mailed_at_once_is_no_line_of_the_digest():
    planned = preferences.plan(QUIET, Preferences(channels={"*": ["email", "digest"]}, reachable=True), at(12))
    assert planned.email_at is not None and planned.digest_at is None


@pytest.mark.parametrize("address", ["a@b.cn", "lin.xiao+work@mail.example.com", " x@example.org "])
def test_addresses(address):
    assert preferences.check_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@b", "a b@example.com", "a@exam ple.com", "a@example.com\nBcc: x@y.cn", "<a@example.com>", "a@-x.com", "a..b@x.com",
     "林@example.com", "a@" + "x" * 250 + ".com", "a@example.com,b@example.com"],
)  # fmt: skip
def test_what_is_no_address(address):
    with pytest.raises(preferences.EmailInvalid):
        preferences.check_address(address)


def test_codes_hang_on_the_key_and_on_the_token():
    one, other = UUID(int=1), UUID(int=2)
    code = preferences.code_of("key", one)
    assert re.fullmatch("[0-9]{8}", code)
    assert len({code, preferences.code_of("key", other), preferences.code_of("other", one)}) == 3
    assert preferences.is_code("key", one, code) and not preferences.is_code("key", other, code)


def test_confirmations_are_asked_for_five_times_a_day():
    asked = [(at(8) + dt.timedelta(minutes=n)).isoformat() for n in range(5)]
    with pytest.raises(preferences.TooManyMails) as refused:
        preferences.asked_lately(asked, at(9))
    assert refused.value.headers["Retry-After"] == str(23 * 3600)
    assert preferences.asked_lately(asked, at(8, 2, day=24)) == asked[3:]


def test_mails_are_in_the_readers_language():
    words = kinds.words_of("finding.overdue", {"number": "L1"})
    assert letters.letter(words, "zh").subject == "已超时 L1"
    assert letters.letter(words, "en").subject == "L1 is overdue"
    assert letters.digest([words, words], "en").text.count("L1 is overdue") == 2
    assert preferences.code_of("key", UUID(int=1)) in letters.confirmation("key", UUID(int=1), "zh").text


# Webhooks


def test_a_signature_is_what_the_standard_says():
    """The example of the Standard Webhooks specification."""
    signed = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_in_force_signs():
    secrets = [webhooks.secret_of("key", UUID(int=number)) for number in (1, 2)]
    signed = webhooks.headers(secrets, message_id="m", at=at(12), body=b"{}")
    expected = [
        base64.b64encode(hmac.digest(base64.b64decode(each[6:]), f"m.{signed['webhook-timestamp']}.{{}}".encode(), hashlib.sha256)).decode()
        for each in secrets
    ]
    assert signed["webhook-signature"].split() == [f"v1,{each}" for each in expected]
    assert int(signed["webhook-timestamp"]) == int(at(12).timestamp())


def test_secrets_are_long_and_differ():
    secrets = {webhooks.secret_of(key, UUID(int=number)) for key in ("a", "b") for number in (1, 2)}
    assert len(secrets) == 4
    assert all(len(base64.b64decode(each.removeprefix("whsec_"))) == 32 for each in secrets)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "240.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1", "192.0.2.1",
])  # fmt: skip
def test_addresses_that_are_not_of_the_internet(address):
    assert not webhooks.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet(address):
    assert webhooks.is_public(address)


@pytest.mark.parametrize("url", [
    "http://example.com/", "ftp://example.com/", "https://", "https:///path", "example.com", "https://localhost/", "https://LOCALHOST./",
    "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://user:pw@example.com/", "https://example.com/#part",
    "https://example.com:99999/", "https://exa mple.com/", "https://example.com/\r\nX: y", "https://例子.cn/", "javascript:alert(1)", "",
])  # fmt: skip
def test_where_nothing_is_posted(url):
    with pytest.raises(webhooks.WebhookTarget):
        check_url(url, private=False)


@pytest.mark.parametrize("url", ["https://example.com", "https://hooks.example.com:8443/a/b?c=d", " https://8.8.8.8/ "])
def test_where_something_may_be_posted(url):
    assert check_url(url, private=False) == url.strip()


def test_an_operator_may_allow_the_own_network():
    assert check_url("http://127.0.0.1:8080/hook", private=True)
    for url in ("http://user@host/", "file:///etc/passwd", "http://"):
        with pytest.raises(webhooks.WebhookTarget):
            check_url(url, private=True)


# Trying again


def test_pauses_grow_to_a_day_and_add_up_to_about_three():
    pauses = [delivering.pause(attempt) for attempt in range(1, delivering.MOST_ATTEMPTS)]
    assert pauses == sorted(pauses) and pauses[0] == dt.timedelta(minutes=1) and pauses[-1] == dt.timedelta(days=1)
    assert dt.timedelta(days=3) < sum(pauses, dt.timedelta(0)) < dt.timedelta(days=4)
    assert delivering.pause(0) == pauses[0] and delivering.pause(99) == pauses[-1]


def test_own_kinds_are_put_up():
    assert all(kinds.kind_of(kind.name) is kind for kind in own.KINDS)
