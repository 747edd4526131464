"""Policies through the front door: set, listed, shown for a place; in force at once in every process."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from backend.core.journal import JournalEntry
from backend.domains.policies import actions, queries
from tests.make.district import EAST, HOME, MANHOLE, OUTSIDE
from tests.stories import Story

TOWN, OTHER = "330113001", "330113002"
COVER = "component:01001"


@pytest.fixture
def district(any_district):
    return any_district


def put(district, login="admin", **body):
    answer = district.client(login).post("/api/v1/policies", json={"scope": "all", "settings": {}, **body})
    assert answer.status_code == 201, answer.text
    return answer.json


def shown(district, *, login="sun", category=COVER, **query):
    answer = district.client(login).get("/api/v1/policies/in-force", query_string={"category": category, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_an_administrator_says_holds_at_once_there_and_nowhere_else(district):
    before = shown(district, area=TOWN)
    assert before["policy"]["reminders"] == [80]
    said = put(district, area=TOWN, scope="trade", key="municipal", settings={"reminders": [50, 80]}, reason="a busy town")
    assert said["reminders"] == [50, 80] and said["photos"] is None and said["set_by"] == str(district.person("admin"))
    after = shown(district, area=TOWN)
    assert (after["policy"]["reminders"], after["policy"]["version"]) == ([50, 80], said["number"])
    assert [each["number"] for each in after["statements"]] == [said["number"], *(each["number"] for each in before["statements"])]
    assert shown(district, area=OTHER)["policy"] == before["policy"]
    entry = district.rows(
        sa.select(JournalEntry.actor).where(JournalEntry.event == "policy.set", JournalEntry.subject == str(said["number"]))
    )
    assert [row.actor for row in entry] == [district.person("admin")]


def test_what_is_to_come_is_shown_before_it_comes(district):
    later = district.clock.now() + dt.timedelta(days=7)
    put(district, valid_from=later.isoformat(), settings={"bounces_before_leader": 7})
    assert shown(district, area=TOWN)["policy"]["bounces_before_leader"] == 2
    assert shown(district, area=TOWN, at=later.isoformat())["policy"]["bounces_before_leader"] == 7
    district.clock.forward(days=7, seconds=1)
    assert shown(district, area=TOWN)["policy"]["bounces_before_leader"] == 7


@pytest.mark.parametrize(("at", "town"), [(HOME, TOWN), (EAST, OTHER)])
def test_a_place_is_named_by_its_degrees_too(district, at, town):
    put(district, area=TOWN, settings={"bounces_before_leader": 3})
    answer = shown(district, lon=at[0], lat=at[1])
    assert answer["area"].startswith(town)
    assert answer["policy"]["bounces_before_leader"] == (3 if town == TOWN else 2)


def test_outside_the_district_the_districts_own_holds(district):
    put(district, area="330113", settings={"bounces_before_leader": 3})
    assert shown(district, lon=OUTSIDE[0], lat=OUTSIDE[1])["policy"]["bounces_before_leader"] == 3


def test_they_are_listed_the_newest_first_page_by_page(district):
    for number in range(3):
        put(district, area=TOWN, settings={"bounces_before_leader": number + 1})
    put(district, settings={})
    client = district.client("yu")
    first = client.get("/api/v1/policies", query_string={"area": TOWN, "limit": 2}).json
    second = client.get("/api/v1/policies", query_string={"area": TOWN, "limit": 2, "cursor": first["next"]}).json
    assert [each["bounces_before_leader"] for each in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("body", "slug", "pointer"),
    [
        ({"area": "330113001001"}, "filing_policy_invalid", "/area"),
        ({"area": "999999"}, "filing_policy_invalid", "/area"),
        ({"scope": "trade", "key": "fishing"}, "filing_policy_invalid", "/key"),
        ({"scope": "category", "key": "event:1"}, "filing_policy_invalid", "/key"),
        ({"key": "municipal"}, "filing_policy_invalid", "/key"),
        ({"settings": {"reminders": [90, 50]}}, "policy_invalid", "/reminders"),
        ({"settings": {"agree": {"verify_finding": "leader"}}}, "policy_invalid", "/agree/verify_finding"),
        ({"valid_from": "2026-11-01T00:00:00+08:00"}, "policy_invalid", "/valid_from"),
        ({"settings": {"steps": {"accept": {"value": 1, "unit": "moons"}}}}, None, "/settings/steps/accept/value/unit"),
        ({"settings": {"colour": "red"}}, None, "/settings/colour"),
    ],
)
def test_what_cannot_hold_is_refused_and_nothing_changes(district, body, slug, pointer):
    before = district.ask(queries.last_number)
    answer = district.client("admin").post("/api/v1/policies", json={"scope": "all", "settings": {}, **body})
    assert answer.status_code == 422, answer.text
    assert pointer in [each["pointer"] for each in answer.json["errors"]], answer.json
    if slug:
        assert answer.json["type"] == f"/problems/{slug}"
    assert district.ask(queries.last_number) == before


@pytest.mark.parametrize("login", ["stranger", "lin", "zhao", "sun", "qian", "li", "yu"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "policies", {"scope": "all", "settings": {}}),
        ("put", "catalog/policy", {"scope": "all", "auto_file": True, "auto_dispatch": True}),
    ],
)
def test_only_an_administrator_sets_them(district, login, method, path, body):
    assert getattr(district.client(login), method)(f"/api/v1/{path}", json=body).status_code == 403


@pytest.mark.parametrize("login", ["stranger", "lin", "qian"])
@pytest.mark.parametrize("path", ["policies", "policies/in-force?category=component:01001&area=330113001"])
def test_who_handles_no_case_reads_none(district, login, path):
    assert district.client(login).get(f"/api/v1/{path}").status_code == 403


def test_the_place_of_a_look_must_be_named(district):
    answer = district.client("sun").get("/api/v1/policies/in-force", query_string={"category": COVER})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/area")
    assert district.client("sun").get("/api/v1/policies/in-force?category=event:1&area=330113001").status_code == 404
    assert district.client("sun").get("/api/v1/policies/in-force?category=component:01001&area=330199").status_code == 404


# What phones and older clients know of it


def test_the_old_door_says_what_is_filed_by_itself_and_leaves_the_rest_of_what_was_said(district):
    put(district, scope="category", key="event:09003", settings={"bounces_before_leader": 4})
    answer = district.client("admin").put(
        "/api/v1/catalog/policy", json={"scope": "category", "key": "event:09003", "auto_file": True, "auto_dispatch": False}
    )
    assert (answer.status_code, answer.json["key"]) == (200, "event:09003")
    assert district.client("lin").get("/api/v1/catalog/event/09003").json["policy"] == {"auto_file": True, "auto_dispatch": False}
    held = shown(district, category="event:09003", area=TOWN)["policy"]
    assert (held["auto_file"], held["bounces_before_leader"]) == (True, 4)


def test_the_catalogue_shows_them_and_its_tag_changes_with_them(district):
    lin = district.client("lin")
    first = lin.get("/api/v1/catalog")
    assert ("trade", "municipal", True) in [(each["scope"], each["key"], each["auto_file"]) for each in first.json["policies"]]
    assert lin.get("/api/v1/catalog", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    put(district, scope="trade", key="greening", settings={"auto_file": True})
    second = lin.get("/api/v1/catalog", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, len(second.json["policies"])) == (200, len(first.json["policies"]) + 1)


# What it does to findings


def test_a_town_may_take_back_what_the_district_lets_happen_by_itself(district):
    story = Story(district)
    put(district, area=TOWN, scope="trade", key="municipal", settings={"auto_dispatch": False})
    assert story.seen_by("zhao", story.ready(category=MANHOLE, condition=2))["state"] == "filed"
    put(district, area=TOWN, scope="trade", key="municipal")
    assert story.seen_by("zhao", story.ready(category=MANHOLE, condition=2))["state"] == "dispatched"


def test_two_at_once_get_two_numbers(district):
    first = district.do(actions.set_policy, scope="all", settings={"auto_file": True})
    second = district.do(actions.set_policy, scope="all", settings={"auto_file": False})
    assert second.number == first.number + 1
