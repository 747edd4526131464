"""Tokens, passwords, logins and lock-out: the rules alone."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.identity.outside import passwords as hashing
from backend.domains.identity.rules import lockout, passwords, people, tokens, units

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["session", "credential"]))
def test_a_token_tells_its_kind(secret, kind):
    assert tokens.kind_of(tokens.make(kind, secret)) == kind


@given(st.text() | st.text(min_size=46, max_size=46))
def test_what_is_no_token_has_no_kind(text):
    assert tokens.kind_of(text) is None or (text.isascii() and text[:3] in {"ls_", "lr_"} and len(text) == 46)


def test_a_token_carries_all_32_bytes():
    with pytest.raises(ValueError, match="32"):
        tokens.make("session", b"short")


def test_an_expiry_moves_at_most_once_a_day():
    assert not tokens.due(NOW - dt.timedelta(days=1), NOW)
    assert tokens.due(NOW - dt.timedelta(days=1, seconds=1), NOW)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "ninechars",
        "x" * 201,
        "qwertyuiop",
        "QWERTYUIOP",
        "1234567890",
        "aaaaaaaaaaaa",
        "ababababab",
        "lin.xiao.long",
        "lin.xiao.longlin.xiao.long",
    ],
)
def test_bad_passwords_are_refused_and_say_why(password):
    with pytest.raises(passwords.PasswordWeak) as raised:
        passwords.check_password(password, login="lin.xiao.long")
    assert raised.value.errors[0][0] == "/new"


@pytest.mark.parametrize("password", ["ten-chars!", "五个汉字和数字12345", "correct horse battery", "x7" * 3 + "QwEr9", "a" * 197 + "bcd"])
def test_good_passwords_pass(password):
    passwords.check_password(password, login="lin")


def test_the_same_password_from_another_keyboard_is_the_same():
    assert passwords.prepared("ＡＢＣ１２３") == passwords.prepared("ABC123")
    assert passwords.prepared("\ud800")  # no encoder takes it; still bytes


def test_the_hash_of_nobody_costs_what_a_real_one_costs():
    assert not hashing.outdated(hashing._NOBODYS)
    assert hashing._NOBODYS.split("$")[:4] == hashing.hashed("x").split("$")[:4]


def test_without_a_hash_the_work_is_done_and_the_answer_is_no(monkeypatch):
    asked = []

    class Hasher:
        def verify(self, known, password):
            asked.append((known, password))
            return True

    monkeypatch.setattr(hashing, "_HASHER", Hasher())
    assert not hashing.matches("right", None)
    assert hashing.matches("right", "a hash")
    assert asked == [(hashing._NOBODYS, b"right"), ("a hash", b"right")]


def test_too_many_sign_ins_at_once_are_told_to_wait(monkeypatch):
    monkeypatch.setattr(hashing, "_PATIENCE", 0.01)
    for _ in range(hashing._PARALLEL):
        hashing._turns.acquire()
    try:
        with pytest.raises(hashing.Unavailable) as raised:
            hashing.matches("x", None)
    finally:
        hashing._turns.release(hashing._PARALLEL)
    assert raised.value.headers["Retry-After"] == "5"


def test_one_time_passwords_are_good_and_differ():
    given = {hashing.one_time() for _ in range(200)}
    assert len(given) == 200
    for password in given:
        passwords.check_password(password, login="lin")


@pytest.mark.parametrize(("typed", "stored"), [(" Lin ", "lin"), ("ＬＩＮ", "lin"), ("STRASSE", "strasse"), ("王小明", "王小明")])
def test_logins_are_folded(typed, stored):
    assert people.folded(typed) == stored
    assert people.is_login(stored)


@pytest.mark.parametrize("login", ["", "a b", ".lin", "_lin", "li\x00n", "a" * 65, "\ud800", "a/b", "a\n"])
def test_what_no_login_can_be(login):
    assert not people.is_login(login)


@given(st.text())
def test_folding_twice_is_folding_once_for_every_login(text):
    once = people.folded(text)
    if people.is_login(once):
        assert people.folded(once) == once


def failed(*minutes):
    return [(NOW - minute * MINUTE, "failed") for minute in minutes]


def wait_of(attempts, now=NOW, most=5):
    with pytest.raises(lockout.LockedOut) as raised:
        lockout.check_attempt(attempts, now, most)
    return int(raised.value.headers["Retry-After"])


def test_four_failures_are_borne_and_five_lock_until_the_oldest_is_15_minutes_old():
    lockout.check_attempt(failed(1, 2, 3, 4), NOW, 5)
    five = failed(1, 2, 3, 4, 14)
    assert wait_of(five) == 60
    assert wait_of(five, NOW + dt.timedelta(seconds=59.5)) == 1
    lockout.check_attempt(five, NOW + MINUTE, 5)


def test_of_more_failures_those_count_that_must_leave():
    assert wait_of(failed(1, 2, 3, 4, 5, 14)) == 600


def test_attempts_under_way_count_and_bid_to_wait_a_moment_only():
    assert wait_of([*failed(1, 2, 3, 4), (NOW, "open")]) == 2


def test_settling_takes_back_what_passed_and_keeps_what_failed():
    attempts = [(NOW, "open"), (NOW, "open"), *failed(1)]
    assert lockout.settle(attempts, NOW, passed=True) == sorted([(NOW, "open"), *failed(1)])
    assert lockout.settle(attempts, NOW, passed=False) == sorted([(NOW, "open"), (NOW, "failed"), *failed(1)])
    assert lockout.settle(failed(1), NOW, passed=False) == failed(1)


@given(st.lists(st.tuples(st.integers(0, 2000), st.booleans()), max_size=60))
def test_no_15_minutes_ever_see_more_than_five_failures(tries):
    attempts, failures = [], []
    for second, right in sorted(tries):
        now = NOW + dt.timedelta(seconds=second)
        try:
            lockout.check_attempt(attempts, now, 5)
        except lockout.LockedOut as locked:
            later = now + dt.timedelta(seconds=int(locked.headers["Retry-After"]))
            lockout.check_attempt(attempts, later, 5)  # whoever waits as told gets in
            continue
        attempts = lockout.settle([*lockout.recent(attempts, now), (now, "open")], now, passed=right)
        if not right:
            failures.append(now)
    assert all(later - first >= lockout.WINDOW for first, later in zip(failures, failures[5:], strict=False))


def test_addresses_are_counted_by_their_network():
    assert lockout.key_of_address("2001:db8::1") == lockout.key_of_address("2001:db8::2:3")
    assert lockout.key_of_address("2001:db8::1") != lockout.key_of_address("2001:db8:0:1::1")
    assert lockout.key_of_address("10.0.0.1") != lockout.key_of_address("10.0.0.2")
    assert lockout.key_of_address("") != lockout.key_of_login("")


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"kind": "planet", "area": None}, "/kind"),
        ({"code": "a b"}, "/code"),
        ({"code": ""}, "/code"),
        ({"name": "  "}, "/name"),
        ({"area": None}, "/area"),
        ({"area": "33011300"}, "/area"),
        ({"area": "３３０１１３００１"}, "/area"),
        ({"kind": "department"}, "/area"),
    ],
)
def test_units_that_cannot_be_founded(facts, pointer):
    with pytest.raises(units.UnitInvalid) as raised:
        units.check_unit(**{"kind": "town", "code": "330113001", "name": "临平街道", "area": "330113001", **facts})
    assert [fault for fault, _ in raised.value.errors] == [pointer]
