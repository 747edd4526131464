"""Accounts and roles in the hands of administrators."""

import uuid

import pytest

from backend.domains.identity import queries
from backend.domains.identity.actions.units import found_unit
from backend.domains.identity.rules.units import UnitMissing, UnitTaken


def slug(answer):
    return answer.json["type"].removeprefix("/problems/")


@pytest.fixture
def admin(cast):
    return cast.client("admin")


@pytest.mark.parametrize("login", ["stranger", "lin", "zhao", "qian", "li", "yu"])
def test_whoever_keeps_no_accounts_sees_and_changes_none(cast, login):
    client, wu = cast.client(login), cast.person("wu")
    held = cast.ask(queries.roles_of, [wu], cast.ask(queries.get_person, wu).enrolled_at)[wu][0][0].id
    answers = [
        client.get("/api/v1/people"),
        client.get(f"/api/v1/people/{wu}"),
        client.post(f"/api/v1/people/{wu}/disable"),
        client.post(f"/api/v1/people/{wu}/enable"),
        client.post(f"/api/v1/people/{wu}/roles", json={"role": "leader", "unit": str(cast.unit("330113"))}),
        client.delete(f"/api/v1/people/{wu}/roles/{held}"),
        client.get(f"/api/v1/replicas?person={wu}"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 7
    assert cast.ask(queries.get_person, wu).disabled_at is None


def test_everybody_signed_in_may_see_units_even_the_stranger(cast):
    for code in ("330113001001", "330113002", "hangyang"):
        cast.unit(code)
    client = cast.client("stranger")
    codes, cursor = [], None
    while True:
        page = client.get("/api/v1/units", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        codes += [unit["code"] for unit in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert codes == ["330113", "330113001", "330113001001", "330113002", "hangyang"]
    [unit] = client.get("/api/v1/units?kind=contractor").json["items"]
    assert (unit["name"], unit["area"], unit["parent"]) == ("杭洋市政", None, None)


def test_people_come_in_pages_by_login(cast, admin):
    for login in ("zhao", "lin", "wu"):
        cast.person(login)
    first = admin.get("/api/v1/people?limit=2").json
    assert [person["login"] for person in first["items"]] == ["admin", "lin"]
    second = admin.get("/api/v1/people", query_string={"limit": 2, "cursor": first["next"]}).json
    assert ([person["login"] for person in second["items"]], second["next"]) == (["wu", "zhao"], None)
    assert {role["role"] for role in second["items"][1]["roles"]} == {"acceptor", "shift_leader"}
    assert not any("password" in key and key != "must_change_password" for key in first["items"][0])


def test_people_are_found_by_unit_and_role(cast, admin):
    for login in ("zhao", "lin", "wu"):
        cast.person(login)

    def logins(**query):
        return [person["login"] for person in admin.get("/api/v1/people", query_string=query).json["items"]]

    assert logins(role="inspector") == ["lin", "wu"]
    assert logins(unit=cast.unit("330113002")) == ["wu"]
    assert logins(unit=cast.unit("330113"), role="acceptor") == ["zhao"]
    assert logins(unit=uuid.uuid4()) == []


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=WzVd",
        "cursor=WyJcdTAwMDAiXQ",
        "cursor=%00",
        "cursor=é",
        "limit=0",
        "limit=501",
        "limit=x",
        "role=mayor",
        "unit=5",
        "sort=name",
    ],
)
def test_bad_queries_are_refused_by_name(admin, query):
    answer = admin.get(f"/api/v1/people?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].startswith(f"/{query.split('=')[0]}")


def test_disabling_ends_sessions_and_sign_in_until_enabled(cast, admin):
    lin = cast.client("lin")
    path = f"/api/v1/people/{cast.person('lin')}"
    for _ in range(2):  # safe to repeat
        answer = admin.post(f"{path}/disable")
        assert answer.status_code == 200
        assert answer.json["disabled_at"]
    assert lin.get("/api/v1/people/me").status_code == 401
    for _ in range(2):
        assert admin.post(f"{path}/enable").json["disabled_at"] is None
    assert cast.client("lin").get("/api/v1/people/me").status_code == 200


def test_a_role_given_and_ended_counts_from_the_next_request(cast, admin):
    stranger = cast.client("stranger")
    path = f"/api/v1/people/{cast.person('stranger')}/roles"
    given = admin.post(path, json={"role": "security_administrator", "unit": str(cast.unit("330113"))})
    assert given.status_code == 201
    assert (given.json["role"], given.json["unit_name"], given.json["area"]) == ("security_administrator", "临平区城市管理局", "330113")
    assert stranger.get("/api/v1/people").status_code == 200
    again = admin.post(path, json={"role": "security_administrator", "unit": str(cast.unit("330113"))})
    assert (again.status_code, slug(again)) == (409, "role_held_already")
    assert admin.delete(f"{path}/{given.json['id']}").status_code == 204
    assert stranger.get("/api/v1/people").status_code == 403
    assert slug(admin.delete(f"{path}/{given.json['id']}")) == "role_not_held"


def test_a_role_is_ended_only_under_its_own_person(cast, admin):
    lin, wu = cast.person("lin"), cast.person("wu")
    held = admin.get(f"/api/v1/people/{wu}").json["roles"][0]["id"]
    assert admin.delete(f"/api/v1/people/{lin}/roles/{held}").status_code == 404
    assert len(admin.get(f"/api/v1/people/{wu}").json["roles"]) == 1


@pytest.mark.parametrize(
    ("login", "role", "unit", "problem"),
    [
        ("ma", "inspector", "330113001", "role_conflict"),
        ("zhao", "contractor_worker", "hangyang", "role_conflict"),
        ("stranger", "inspector", "hangyang", "role_invalid"),
        ("stranger", "mayor", "330113", "invalid"),
        ("admin", "leader", "330113", "own_account"),
    ],
)
def test_roles_that_are_refused_are_refused_by_name(cast, login, role, unit, problem):
    admin, path = cast.client("admin"), f"/api/v1/people/{cast.person(login)}"
    before = admin.get(path).json
    answer = admin.post(f"{path}/roles", json={"role": role, "unit": str(cast.unit(unit))})
    assert slug(answer) == problem
    assert admin.get(path).json == before


def test_an_administrator_takes_no_second_post(cast, admin):
    cast.person("second", ("audit_administrator", "330113"))
    answer = admin.post(f"/api/v1/people/{cast.person('second')}/roles", json={"role": "administrator", "unit": str(cast.unit("330113"))})
    assert (answer.status_code, slug(answer), answer.json["held"]) == (409, "role_conflict", "audit_administrator")


def test_administrators_leave_their_own_account_alone(cast, admin):
    path = f"/api/v1/people/{cast.person('admin')}"
    held = admin.get(path).json["roles"][0]["id"]
    answers = [admin.post(f"{path}/disable"), admin.post(f"{path}/enable"), admin.delete(f"{path}/roles/{held}")]
    assert [slug(answer) for answer in answers] == ["own_account"] * 3


def test_who_and_what_is_not_there_is_missing(cast, admin):
    nobody = uuid.uuid4()
    unit = str(cast.unit("330113"))
    answers = [
        admin.get(f"/api/v1/people/{nobody}"),
        admin.post(f"/api/v1/people/{nobody}/disable"),
        admin.post(f"/api/v1/people/{nobody}/roles", json={"role": "leader", "unit": unit}),
        admin.post(f"/api/v1/people/{cast.person('lin')}/roles", json={"role": "leader", "unit": str(nobody)}),
        admin.get(f"/api/v1/replicas?person={nobody}"),
        admin.post(f"/api/v1/replicas/{nobody}/revoke"),
        admin.get("/api/v1/people/no-id"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 7


def test_units_keep_their_code_and_need_their_parent(cast):
    cast.unit("330113")
    with pytest.raises(UnitTaken):
        cast.do(found_unit, kind="department", code="330113", name="另一")
    with pytest.raises(UnitMissing):
        cast.do(found_unit, kind="department", code="other", name="另一", parent=uuid.uuid4())
