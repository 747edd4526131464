"""Signing in and out, lock-out, the own account."""

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.database.engine import db
from backend.core.journal import JournalEntry
from backend.domains.identity import queries
from backend.domains.identity.actions.people import disable_person, reset_password
from backend.domains.identity.outside import passwords
from backend.domains.identity.rules import lockout
from tests.make.people import PASSWORD

OWN = "three quiet words"


@pytest.fixture
def fast(monkeypatch):
    """Hashing that costs nothing and still tells right from wrong; keeps what was compared."""
    compared = []

    def matches(password, known):
        compared.append((password, known))
        return known == f"hash of {password}" or (known is not None and known.startswith("$argon2") and password == PASSWORD)

    monkeypatch.setattr(passwords, "matches", matches)
    monkeypatch.setattr(passwords, "hashed", lambda password: f"hash of {password}")
    monkeypatch.setattr(passwords, "outdated", lambda _known: False)
    return compared


def sign_in(client, login="lin", password=PASSWORD, **more):
    return client.post("/api/v1/sessions", json={"login": login, "password": password}, **more)


def slug(answer):
    assert answer.content_type == "application/problem+json"
    return answer.json["type"].removeprefix("/problems/")


def events(app):
    with app.app_context():
        return [row.event for row in db.session().scalars(sa.select(JournalEntry).order_by(JournalEntry.seq))]


def test_the_right_password_opens_a_session(client, cast):
    person = cast.person("lin")
    answer = sign_in(client, " LIN ")
    assert answer.status_code == 201
    user = answer.json["user"]
    assert (user["id"], user["name"], user["must_change_password"]) == (str(person), "林晓", False)
    assert [(role["role"], role["unit"], role["unit_name"], role["area"]) for role in user["roles"]] == [
        ("inspector", str(cast.unit("330113001")), "临平街道", "330113001"),
    ]
    left = dt.datetime.fromisoformat(answer.json["expires_at"]) - acts.begin(SYSTEM).at
    assert dt.timedelta(days=13, hours=23) < left <= dt.timedelta(days=14)
    mine = cast.bearing(answer.json["access_token"]).get("/api/v1/people/me")
    assert mine.status_code == 200
    assert mine.json == user


def test_wrong_unknown_and_disabled_are_refused_alike_and_cost_one_comparison_each(client, cast, fast):
    cast.person("lin")
    cast.do(disable_person, person=cast.person("wu"))
    answers = [
        sign_in(client, "lin", "wrong"),
        sign_in(client, "nobody", "wrong"),
        sign_in(client, "wu"),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert slug(answer) == "login_refused"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        answer.json.pop("request_id")
    assert len({(answer.json["title"], answer.json["detail"]) for answer in answers}) == 1
    assert len(fast) == 3
    assert [known is None for _, known in fast] == [False, True, True]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"login": "lin"},
        {"login": "lin", "password": 5},
        {"login": None, "password": "x"},
        {"login": "l" * 201, "password": "x"},
        [],
        "lin",
    ],
)
def test_bodies_that_are_no_sign_in(client, body):
    assert client.post("/api/v1/sessions", json=body).status_code == 422


def test_an_unknown_field_is_refused(client):
    answer = client.post("/api/v1/sessions", json={"login": "lin", "password": "x", "role": "administrator"})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/role"


@pytest.mark.parametrize("login", ["lin", "nobody"])
def test_five_failures_lock_a_login_known_or_not_and_the_right_password_too(client, cast, fast, login):
    cast.person("lin")
    assert [sign_in(client, login, "wrong").status_code for _ in range(5)] == [401] * 5
    for password in ("wrong", PASSWORD):
        answer = sign_in(client, login.upper(), password)
        assert (answer.status_code, slug(answer)) == (429, "locked_out")
        assert 14 * 60 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert len(fast) == 5, "a locked login compares no password"
    assert sign_in(client, cast.ask(queries.get_person, cast.person("wu")).login).status_code == 201


def test_that_a_known_login_was_locked_is_told_without_naming_it(client, cast, app, fast):
    cast.person("lin")
    for _ in range(6):
        sign_in(client, "lin", "wrong")
    assert events(app).count("person.locked_out") == 1
    with app.app_context():
        entry = db.session().scalars(sa.select(JournalEntry).where(JournalEntry.event == "person.locked_out")).one()
        assert (entry.subject, entry.facts) == (str(cast.person("lin")), '{"failures":5}')


def test_after_15_minutes_the_login_is_open_again(client, cast, fast, monkeypatch):
    cast.person("lin")
    for _ in range(5):
        sign_in(client, "lin", "wrong")
    begin = acts.begin
    monkeypatch.setattr(acts, "begin", lambda actor, **facts: begin(actor, at=dt.datetime.now(dt.UTC) + lockout.WINDOW, **facts))
    assert sign_in(client).status_code == 201


def test_the_right_password_forgives_the_failures_before(client, cast, fast):
    cast.person("lin")
    for _ in range(3):
        assert [sign_in(client, "lin", "wrong").status_code for _ in range(4)] == [401] * 4
        assert sign_in(client).status_code == 201


def test_parallel_guesses_get_no_more_than_five(app, cast, fast):
    cast.person("lin")
    together = threading.Barrier(12, timeout=20)

    def guess(number):
        together.wait()
        return sign_in(app.test_client(), "lin", f"guess {number}").status_code

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(guess, range(12)))
    assert len(fast) == codes.count(401) == 5
    assert codes.count(429) == 7


def test_an_address_is_locked_after_more_failures_over_many_logins(client, cast, fast, monkeypatch):
    monkeypatch.setattr(lockout, "PER_ADDRESS", 8)
    cast.person("lin")
    here, there = {"REMOTE_ADDR": "10.1.2.3"}, {"REMOTE_ADDR": "10.1.2.4"}
    codes = [sign_in(client, f"nobody{number}", "wrong", environ_base=here).status_code for number in range(9)]
    assert codes == [401] * 8 + [429]
    assert sign_in(client, environ_base=here).status_code == 429
    assert sign_in(client, environ_base=there).status_code == 201


def test_own_sign_ins_do_not_clear_an_address(client, cast, fast, monkeypatch):
    monkeypatch.setattr(lockout, "PER_ADDRESS", 4)
    cast.person("lin")
    for number in range(3):
        assert sign_in(client, f"nobody{number}", "wrong").status_code == 401
        assert sign_in(client).status_code == 201
    assert sign_in(client, "nobody", "wrong").status_code == 401
    assert sign_in(client).status_code == 429


def test_a_password_that_could_not_be_checked_counts_for_nothing(client, cast, fast, monkeypatch):
    cast.person("lin")
    compare = passwords.matches

    def busy(*_given):
        raise passwords.Unavailable("too many", headers={"Retry-After": "5"})

    monkeypatch.setattr(passwords, "matches", busy)
    assert [sign_in(client).status_code for _ in range(6)] == [503] * 6
    monkeypatch.setattr(passwords, "matches", compare)
    assert sign_in(client).status_code == 201


def test_an_outdated_hash_is_renewed_by_signing_in(client, cast, fast, monkeypatch):
    person = cast.person("lin")
    monkeypatch.setattr(passwords, "outdated", lambda known: known.startswith("$argon2"))
    assert sign_in(client).status_code == 201
    assert cast.ask(queries.get_person, person).password_hash == f"hash of {PASSWORD}"
    assert sign_in(client).status_code == 201


def test_a_password_reset_while_it_was_checked_opens_nothing(client, cast, fast, monkeypatch):
    person = cast.person("lin")
    compare = passwords.matches

    def slow(password, known):
        cast.do(reset_password, person=person, password_hash="hash of new", login_key=lockout.key_of_login("lin"))
        return compare(password, known)

    monkeypatch.setattr(passwords, "matches", slow)
    assert slug(sign_in(client)) == "login_refused"


def test_signing_out_ends_this_session_at_once_and_no_other(cast):
    one, other = cast.client("lin"), cast.client("lin")
    answer = one.delete("/api/v1/sessions/current")
    assert (answer.status_code, answer.data) == (204, b"")
    assert one.get("/api/v1/people/me").status_code == 401
    assert other.get("/api/v1/people/me").status_code == 200


def test_a_credential_is_no_session(cast):
    client = cast.bearing(cast.replica("lin").credential)
    for answer in (client.get("/api/v1/people/me"), client.delete("/api/v1/sessions/current"), client.get("/api/v1/units")):
        assert answer.status_code == 403


def test_a_given_password_must_be_changed_first_and_then_all_is_open(client, cast, fast):
    person = cast.person("lin")
    phone = cast.bearing(cast.replica("lin").credential)
    before = cast.client("lin")
    cast.do(reset_password, person=person, password_hash="hash of given", login_key=lockout.key_of_login("lin"))
    assert before.get("/api/v1/people/me").status_code == 401, "a reset ends all sessions"
    answer = sign_in(client, "lin", "given")
    assert answer.json["user"]["must_change_password"] is True
    mine = cast.bearing(answer.json["access_token"])
    assert slug(mine.get("/api/v1/units")) == "password_change_required"
    assert slug(phone.get("/api/v1/units")) == "forbidden", "the credential is asked for no password"
    assert mine.get("/api/v1/people/me").json["must_change_password"] is True
    changed = mine.post("/api/v1/people/me/password", json={"present": "given", "new": OWN})
    assert changed.status_code == 200
    assert changed.json["must_change_password"] is False
    assert mine.get("/api/v1/units").status_code == 200
    assert sign_in(client, "lin", "given").status_code == 401
    assert sign_in(client, "lin", OWN).status_code == 201


def test_a_new_password_ends_all_other_sessions(cast, fast):
    mine, other, stranger = cast.client("lin"), cast.client("lin"), cast.client("stranger")
    assert mine.post("/api/v1/people/me/password", json={"present": PASSWORD, "new": OWN}).status_code == 200
    assert mine.get("/api/v1/people/me").status_code == 200
    assert other.get("/api/v1/people/me").status_code == 401
    assert stranger.get("/api/v1/people/me").status_code == 200


@pytest.mark.parametrize("new", ["short", "qwertyuiop", "LIN", PASSWORD])
def test_a_bad_new_password_changes_nothing(cast, fast, new):
    mine = cast.client("lin")
    answer = mine.post("/api/v1/people/me/password", json={"present": PASSWORD, "new": new})
    assert (answer.status_code, slug(answer)) == (422, "password_weak")
    assert sign_in(mine).status_code == 201


def test_guessing_the_present_password_is_counted_as_signing_in_is(cast, client, fast):
    mine = cast.client("lin")
    body = {"present": "wrong", "new": OWN}
    for _ in range(5):
        answer = mine.post("/api/v1/people/me/password", json=body)
        assert (answer.status_code, slug(answer)) == (422, "password_wrong")
    assert mine.post("/api/v1/people/me/password", json={**body, "present": PASSWORD}).status_code == 429
    assert sign_in(client).status_code == 429
    assert mine.get("/api/v1/people/me").status_code == 200, "the session itself goes on"


NOBODY = uuid.UUID(int=7)
DOORS = [
    ("DELETE", "/sessions/current"),
    ("GET", "/people/me"),
    ("POST", "/people/me/password"),
    ("GET", "/people"),
    ("GET", f"/people/{NOBODY}"),
    ("POST", f"/people/{NOBODY}/disable"),
    ("POST", f"/people/{NOBODY}/enable"),
    ("POST", f"/people/{NOBODY}/roles"),
    ("DELETE", f"/people/{NOBODY}/roles/{NOBODY}"),
    ("GET", "/units"),
    ("GET", "/replicas"),
    ("POST", f"/replicas/{NOBODY}/revoke"),
]


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ls_" + "A" * 43, "Basic bGluOng=", "Bearer " + "\u00e9" * 46], ids=range(5))
def test_without_a_live_token_nothing_opens(client, header):
    for method, path in DOORS:
        headers = {"Authorization": header} if header else {}
        answer = client.open("/api/v1" + path, method=method, headers=headers, json={} if method == "POST" else None)
        assert (answer.status_code, slug(answer)) == (401, "unauthenticated"), path


def test_signing_in_and_out_is_told_with_ids_only(client, cast, app):
    cast.person("lin")
    cast.bearing(sign_in(client).json["access_token"]).delete("/api/v1/sessions/current")
    with app.app_context():
        entries = db.session().scalars(sa.select(JournalEntry).order_by(JournalEntry.seq)).all()
    assert [entry.event for entry in entries[-2:]] == ["session.opened", "session.closed"]
    assert {entry.actor for entry in entries[-2:]} == {cast.person("lin")}
    for entry in entries:
        assert not any(word in entry.facts for word in ("林晓", "138", PASSWORD, "argon2", '"lin"'))
