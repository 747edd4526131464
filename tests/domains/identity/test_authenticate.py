"""Who bears a token: only what is alive, with the roles in force at the moment."""

import datetime as dt

import pytest
import sqlalchemy as sa

from backend.core.act import SYSTEM, begin
from backend.core.database.engine import db
from backend.domains.identity import queries
from backend.domains.identity.actions.people import disable_person, enable_person
from backend.domains.identity.actions.replicas import renew_credential, revoke_replica
from backend.domains.identity.actions.roles import end_role, grant_role
from backend.domains.identity.actions.sessions import close_session, forget_stale, open_session, renew_session
from backend.domains.identity.model import LoginGuard, LoginSession, Replica, ReplicaCredential

DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def now():
    return begin(SYSTEM).at


@pytest.fixture
def bearer(cast, now):
    return lambda token, at=None: cast.ask(queries.authenticate, token, at or now)


def opened(cast, login, at):
    person = cast.person(login)
    return cast.do(open_session, at=at, person=person, checked=cast.ask(queries.get_person, person).password_hash)


def test_a_session_tells_who_with_which_roles(cast, bearer, now):
    session = opened(cast, "zhao", now)
    known = bearer(session.token)
    assert (known.kind, known.token_id, known.replica, known.must_change_password) == ("session", session.row.id, None, False)
    assert (known.actor.person, known.actor.login, known.actor.name) == (cast.person("zhao"), "zhao", "赵敏")
    assert {(grant.role, grant.unit, grant.unit_kind, grant.area) for grant in known.actor.grants} == {
        ("acceptor", cast.unit("330113"), "district", "330113"),
        ("shift_leader", cast.unit("330113"), "district", "330113"),
    }


def test_somebody_without_roles_is_known_all_the_same(cast, bearer):
    assert bearer(cast.token("stranger"), begin(SYSTEM).at).actor.grants == ()


def test_it_asks_the_database_once(cast, now, app):
    token = opened(cast, "zhao", now).token
    with app.app_context():
        asked = []
        sa.event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        queries.authenticate(db.session(), token, now)
    assert [text.split()[0] for text in asked if text != "BEGIN"] == ["SELECT"]


@pytest.mark.parametrize("token", ["", "ls_", "ls_" + "A" * 43, "lr_" + "A" * 43, "xx_" + "A" * 43, "ls_" + "\ud800" * 43, "\x00" * 46])
def test_what_nobody_was_given_opens_nothing(bearer, token):
    assert bearer(token) is None


def test_roles_are_those_in_force_at_the_moment(cast, bearer, now):
    token = opened(cast, "lin", now).token
    person = cast.person("lin")
    held = cast.ask(queries.roles_of, [person], now)[person][0][0]
    cast.do(end_role, at=now + SECOND, person=person, held=held.id)
    cast.do(grant_role, at=now + SECOND, person=person, role="assessor", unit=cast.unit("330113"), since=now + DAY)
    for moment, roles in ((now, ["inspector"]), (now + SECOND, []), (now + DAY, ["assessor"])):
        assert [grant.role for grant in bearer(token, moment).actor.grants] == roles


def test_a_session_ends_by_time_by_signing_out_and_with_the_account(cast, bearer, now):
    first, second = opened(cast, "lin", now), opened(cast, "lin", now)
    assert bearer(first.token, first.row.expires_at - SECOND)
    assert bearer(first.token, first.row.expires_at) is None
    cast.do(close_session, login_session=first.row.id)
    assert bearer(first.token) is None
    assert bearer(second.token)
    cast.do(disable_person, person=cast.person("lin"))
    assert bearer(second.token) is None
    cast.do(enable_person, person=cast.person("lin"))
    assert bearer(second.token) is None


def test_the_credential_of_a_disabled_person_and_of_a_revoked_replica_still_delivers(cast, bearer, now):
    registered = cast.replica("lin", at=now)
    cast.do(disable_person, person=cast.person("lin"))
    cast.do(revoke_replica, replica=registered.replica.id)
    known = bearer(registered.credential)
    assert (known.kind, known.replica, known.actor.person) == ("credential", registered.replica.id, cast.person("lin"))
    assert [grant.role for grant in known.actor.grants] == ["inspector"]


def test_a_credential_superseded_lives_24_hours_more_and_never_longer_than_it_had(cast, bearer, now):
    first = cast.replica("lin", at=now)
    second = cast.replica("lin", at=now + DAY)
    assert bearer(first.credential, now + 2 * DAY - SECOND)
    assert bearer(first.credential, now + 2 * DAY) is None
    assert bearer(second.credential, now + 91 * DAY - SECOND)
    assert bearer(second.credential, now + 91 * DAY) is None
    cast.replica("lin", at=now + 91 * DAY - SECOND)
    assert bearer(second.credential, now + 91 * DAY) is None


def test_use_lets_a_credential_live_on_but_not_a_superseded_one_nor_a_revoked_replicas(cast, bearer, now):
    first = cast.replica("lin", at=now)
    known = bearer(first.credential)
    due = [cast.ask(queries.credential_due, known.token_id, now + days * DAY) for days in (1, 30)]
    assert due == [False, True]
    assert cast.do(renew_credential, at=now + DAY, credential=known.token_id) is None
    assert cast.do(renew_credential, at=now + 30 * DAY, credential=known.token_id).expires_at == now + 120 * DAY
    second = cast.replica("lin", at=now + 31 * DAY)
    assert not cast.ask(queries.credential_due, known.token_id, now + 32 * DAY)
    assert cast.do(renew_credential, at=now + 32 * DAY, credential=known.token_id) is None
    cast.do(revoke_replica, replica=first.replica.id)
    assert cast.do(renew_credential, at=now + 60 * DAY, credential=bearer(second.credential).token_id) is None


def test_use_lets_a_session_live_on_unless_it_ended(cast, bearer, now):
    session = opened(cast, "lin", now)
    assert cast.do(renew_session, at=now + DAY, login_session=session.row.id) is None
    cast.do(renew_session, at=now + 10 * DAY, login_session=session.row.id)
    assert bearer(session.token, now + 24 * DAY - SECOND)
    cast.do(close_session, login_session=session.row.id)
    assert cast.do(renew_session, at=now + 20 * DAY, login_session=session.row.id) is None


def test_no_token_is_kept_in_clear(cast, app):
    tokens = [cast.token("lin"), cast.replica("lin").credential]
    with app.app_context(), db.engine.connect() as connection:
        for table in db.metadatas[None].sorted_tables:
            for row in connection.execute(sa.select(table)):
                for value in row:
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    assert not any(token in text or token[3:] in text for token in tokens), table.name


def test_a_past_moment_is_judged_by_the_roles_of_then(cast, now):
    person = cast.person("lin")
    held = cast.ask(queries.roles_of, [person], now)[person][0][0]
    cast.do(end_role, at=now, person=person, held=held.id)
    assert cast.ask(queries.was_authorised, person, {"inspector", "liaison"}, now - SECOND)
    assert not cast.ask(queries.was_authorised, person, {"acceptor"}, now - SECOND)
    assert not cast.ask(queries.was_authorised, person, {"inspector"}, now)
    assert not cast.ask(queries.was_authorised, person, {"inspector"}, dt.datetime(2019, 1, 1, tzinfo=dt.UTC))


def test_a_standing_judges_every_moment_of_a_run(cast, now):
    person = cast.person("lin")
    [(held, _)] = cast.ask(queries.roles_of, [person], now)[person]
    cast.do(end_role, at=now, person=person, held=held.id)
    cast.do(grant_role, at=now, person=person, role="liaison", unit=cast.unit("330113001001"), since=now + DAY)
    standing = cast.ask(queries.standing_of, person)
    assert (standing.person, standing.login, standing.name, standing.disabled_at) == (person, "lin", "林晓", None)
    for moment, roles in ((now - SECOND, ["inspector"]), (now, []), (now + DAY, ["liaison"])):
        actor = standing.actor_at(moment)
        assert [grant.role for grant in actor.grants] == roles
        assert actor.grants == cast.ask(queries.grants_at, person, moment)
        assert actor.person == person


def test_nobody_unknown_was_authorised(cast, now):
    assert not cast.ask(queries.was_authorised, cast.unit("330113"), {"inspector"}, now)


def test_from_being_disabled_on_nobody_was_authorised(cast, now):
    person = cast.person("lin")
    cast.do(disable_person, at=now, person=person)
    assert cast.ask(queries.was_authorised, person, {"inspector"}, now - SECOND)
    assert not cast.ask(queries.was_authorised, person, {"inspector"}, now)


def test_what_ended_long_ago_is_forgotten_and_nothing_else(cast, app, now):
    old, alive = opened(cast, "lin", now), opened(cast, "wu", now + 40 * DAY)
    cast.app.test_client().post("/api/v1/sessions", json={"login": "nobody", "password": "x"})
    cast.replica("lin", at=now)
    assert cast.do(forget_stale, at=now + 45 * DAY) == 3  # a session, the counts of a login and of an address
    assert cast.do(forget_stale, at=now + 45 * DAY) == 0
    with app.app_context():
        session = db.session()
        assert session.scalars(sa.select(LoginSession.id)).all() == [alive.row.id] != [old.row.id]
        assert not session.scalars(sa.select(LoginGuard)).all()
        assert len(session.scalars(sa.select(ReplicaCredential)).all()) == len(session.scalars(sa.select(Replica)).all()) == 1


def test_names_and_units_are_found(cast):
    lin, wu = cast.person("lin"), cast.person("wu")
    assert cast.ask(queries.names_of, [lin, wu, cast.unit("330113")]) == {lin: "林晓", wu: "吴桐"}
    assert cast.ask(queries.find_person_by_login, " LIN ").id == lin
    assert cast.ask(queries.find_person_by_login, "li\x00n") is None
    assert cast.ask(queries.unit_by_code, "330113001").name == "临平街道"
    assert cast.ask(queries.unit_by_code, "nowhere") is None
    assert [unit.code for unit in cast.ask(queries.list_units, kind="town", limit=9)] == ["330113001", "330113002"]
    assert {code: unit.kind for code, unit in cast.ask(queries.units_by_code, ["330113", "x"]).items()} == {"330113": "district"}
