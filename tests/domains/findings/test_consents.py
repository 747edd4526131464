"""Policies enforced: consent before a move, and photos that filing and closing need."""

from __future__ import annotations

import datetime as dt

import pytest

from backend.domains.findings.rules.needs import lacks_photos
from backend.domains.policies import actions as policies
from backend.entrypoints.worker import nightly
from tests.make.district import MANHOLE
from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def story(district):
    return Story(district)


def wants(district, **agree):
    district.do(policies.set_policy, scope="all", settings={"agree": agree})


def say(district, login, finding, verb, result="agreed", **more):
    body = {"verb": verb, "result": result, **more}
    return district.client(login).post(f"/api/v1/findings/{finding}/consents", json=body)


def slug(answer):
    return answer.status_code, answer.json.get("type", "").removeprefix("/problems/")


def test_a_suspension_is_granted_only_once_the_leader_has_agreed(district, story):
    wants(district, grant_suspension="leader")
    finding = story.dispatched()
    until = (district.clock.now() + dt.timedelta(days=9)).isoformat()
    story.desk("qian", finding, "suspension-requests", dispatch=story.task(finding), reason="a part must come", until=until)
    (asked,) = story.seen_by("sun", finding)["requests"]
    door = f"/api/v1/findings/{finding}/suspension-requests/{asked['id']}/grant"
    sun = district.client("sun")
    assert slug(sun.post(door, json={})) == (409, "consent_missing")
    assert slug(say(district, "sun", finding, "grant_suspension", request=asked["id"])) == (403, "not_your_consent")
    assert say(district, "li", finding, "grant_suspension", "objected", request=asked["id"], reason="no").status_code == 200
    assert slug(sun.post(door, json={})) == (409, "consent_refused")
    assert say(district, "li", finding, "grant_suspension", request=asked["id"]).status_code == 200
    assert sun.post(door, json={}).status_code == 200
    assert story.seen_by("sun", finding)["dispatches"][0]["state"] == "suspended"
    said = sun.get(f"/api/v1/findings/{finding}/consents").json
    assert [each["result"] for each in said["items"]] == ["objected", "agreed"]
    assert said["wanted"] == [{"verb": "grant_suspension", "role": "leader"}]
    assert not nightly.verify_by_replay(district.app).violations


def test_a_consent_is_for_the_state_it_was_given_in(district, story):
    wants(district, reopen_finding="dispatcher")
    finding = story.closed()
    body = {"reason": "not done"}
    assert slug(district.client("chen").post(f"/api/v1/findings/{finding}/reopening", json=body)) == (409, "consent_missing")
    assert say(district, "sun", finding, "reopen_finding").status_code == 200
    assert district.client("chen").post(f"/api/v1/findings/{finding}/reopening", json=body).status_code == 200


def test_who_agrees_does_not_make_the_move(district, story):
    wants(district, file_finding="acceptor")
    finding = story.ready()
    assert say(district, "zhao", finding, "file_finding").status_code == 200
    zhao = district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={})
    assert slug(zhao) == (403, "not_your_consent")
    assert district.client("chen").post(f"/api/v1/findings/{finding}/filing", json={}).status_code == 200


@pytest.mark.parametrize(
    ("login", "verb", "expected"),
    [("li", "close_finding", (409, "consent_not_asked")), ("zhao", "file_finding", (403, "not_your_consent"))],
)
def test_consent_is_given_by_who_is_asked_and_to_what_needs_it(district, story, login, verb, expected):
    wants(district, file_finding="leader")
    assert slug(say(district, login, story.ready(), verb)) == expected


@pytest.mark.parametrize("login", ["stranger", "qian", "admin"])
def test_who_handles_no_case_agrees_to_nothing(district, story, login):
    wants(district, file_finding="leader")
    assert say(district, login, story.ready(), "file_finding").status_code in {403, 404}


def test_what_moves_by_itself_waits_for_consent_and_then_goes_on(district, story):
    wants(district, dispatch_finding="leader")
    finding = story.ready(category=MANHOLE, condition=2)
    assert story.seen_by("zhao", finding)["state"] == "filed"
    assert say(district, "li", finding, "dispatch_finding").status_code == 200
    district.settle()
    assert story.seen_by("zhao", finding)["state"] == "dispatched"


@pytest.mark.parametrize(
    ("photos", "wanted", "lacks"),
    [
        ([], {"before": 1}, True),
        ([], {}, False),
        ([("before", True)], {"before": 1}, False),
        ([("scene", True)], {"before": 1}, False),
        ([("after", True)], {"before": 1}, True),
        ([("before", True)], {"before": 2}, True),
        ([("before", True), ("scene", True)], {"before": 2}, False),
        ([("before", True)], {"before": 1, "scene": 1}, True),
        ([("before", True), ("before", False)], {"before": 1}, True),
        ([("before", False)], {}, True),
    ],
)
def test_how_many_photos_a_record_needs(photos, wanted, lacks):
    assert lacks_photos(photos, wanted) is lacks


def test_a_town_may_want_more_photos_before_filing(district, story):
    district.do(policies.set_policy, area="330113001", scope="all", settings={"photos": {"record_finding": {"before": 2}}})
    finding = story.ready()
    refused = district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={})
    assert (*slug(refused), refused.json["unmet"]) == (409, "not_ready", ["photos"])
    story.lin.do("add_photo", finding, story.usable("lin", "scene"))
    story.lin.pushed()
    district.settle()
    assert district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={}).status_code == 200
    assert not nightly.verify_by_replay(district.app).violations


def test_closing_counts_photos_of_the_work_and_of_the_look_by_the_policy(district, story):
    finding = story.verified()
    photos = {"report_rectification": {"after": 2}, "verify_finding": {"verification": 2}}
    district.do(policies.set_policy, scope="all", settings={"photos": photos})
    refused = district.client("chen").post(f"/api/v1/findings/{finding}/closing", json={})
    assert (*slug(refused), refused.json["unmet"]) == (409, "not_ready", ["after_photos", "verification_photos"])
    district.do(policies.set_policy, scope="all", settings={})
    assert district.client("chen").post(f"/api/v1/findings/{finding}/closing", json={}).status_code == 200
