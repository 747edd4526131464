"""Suspensions: clocks that stand until a date and run on by themselves, of one dispatch or of a whole area."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.domains.findings.test_moves_returns import SLACK, asked, moment, post, refused, task

DAY = dt.timedelta(days=1)


def hours_left(shown, district):
    return moment(task(shown)["due"]) - district.clock.now()


def until(district, **by):
    return (district.clock.now() + dt.timedelta(**by)).isoformat()


@pytest.fixture
def suspended(district, story):
    """A finding dispatched at noon and suspended at half past two until that time of the next day."""
    finding = story.dispatched()
    district.clock.forward(hours=2.5)
    request = asked(story, district, finding, "suspension", until=until(district, days=1))
    story.desk("sun", finding, f"suspension-requests/{request}/grant")
    return finding, request


def test_a_suspension_runs_on_by_itself(district, story, suspended):
    finding, _ = suspended
    shown = story.seen_by("sun", finding)
    assert (task(shown)["state"], shown["requests"][0]["state"]) == ("suspended", "granted")
    assert task(shown)["suspended_until"] == shown["requests"][0]["granted_until"]
    # its end is known, and so is the deadline: an hour and a half after it
    assert abs(moment(task(shown)["due"]) - moment(task(shown)["suspended_until"]) - dt.timedelta(hours=1.5)) < SLACK
    district.clock.forward(days=1)
    district.settle()
    after = story.seen_by("sun", finding)
    assert (task(after)["state"], task(after)["suspended_until"], task(after)["due"]) == ("issued", None, task(shown)["due"])
    assert after["history"][-1]["event"] == "finding.suspension_ended"
    district.settle()
    assert story.seen_by("sun", finding)["version"] == after["version"]


def test_a_suspension_is_ended_early_by_the_dispatcher_or_the_unit(district, story, suspended):
    finding, request = suspended
    district.clock.forward(minutes=30)
    assert refused(post(district, "feng", finding, f"suspension-requests/{request}/end", reason="no")) == (404, "not_found")
    shown = story.desk("qian", finding, f"suspension-requests/{request}/end", reason="the part came")
    assert (task(shown)["state"], abs(hours_left(shown, district) - dt.timedelta(hours=1.5)) < SLACK) == ("issued", True)
    assert refused(post(district, "sun", finding, f"suspension-requests/{request}/end", reason="again")) == (409, "not_suspended")


def test_another_end_than_asked_for_may_be_granted_but_none_that_is_past(district, story):
    finding = story.dispatched()
    request = asked(story, district, finding, "suspension", until=until(district, days=300))
    for wrong in (until(district, minutes=-1), until(district, days=367)):
        answer = post(district, "sun", finding, f"suspension-requests/{request}/grant", until=wrong)
        assert refused(answer) == (422, "invalid")
    shown = story.desk("sun", finding, f"suspension-requests/{request}/grant", until=until(district, days=10))
    assert moment(task(shown)["suspended_until"]) - district.clock.now() < 10 * DAY


def test_what_was_handed_back_is_not_suspended(district, story):
    finding = story.dispatched()
    request = asked(story, district, finding, "suspension", until=until(district, days=3))
    story.reported(finding)
    shown = story.seen_by("sun", finding)
    assert (shown["state"], shown["requests"][0]["state"]) == ("rectified", "lapsed")
    assert refused(post(district, "sun", finding, f"suspension-requests/{request}/grant")) == (409, "move_not_open")


def test_the_work_reported_ends_a_suspension(district, story, suspended):
    finding, _ = suspended
    district.clock.forward(minutes=5)
    story.reported(finding)
    shown = story.looked(finding, "fail")
    assert (task(shown)["state"], task(shown)["suspended_until"]) == ("rework", None)


@pytest.fixture
def typhoon(district):
    """A suspension of all trades of Lin's town until tomorrow evening."""
    answer = district.client("li").post(
        "/api/v1/area-suspensions", json={"area": "330113001", "until": until(district, days=1), "reason": "typhoon"}
    )
    assert answer.status_code == 201, answer.text
    district.settle()
    return answer.json


def test_the_clocks_of_an_area_stand_and_run_on_together(district, story):
    open_, done = story.dispatched(), story.rectified()
    district.clock.forward(hours=2.5)
    answer = district.client("li").post(
        "/api/v1/area-suspensions", json={"area": "330113001", "until": until(district, days=1), "reason": "typhoon"}
    )
    district.settle()
    held = story.seen_by("sun", open_)
    assert (task(held)["state"], task(held)["area_suspension"], held["history"][-1]["event"]) == (
        "suspended",
        answer.json["id"],
        "finding.suspended",
    )
    assert abs(moment(task(held)["due"]) - moment(answer.json["until"]) - dt.timedelta(hours=1.5)) < SLACK
    assert task(story.seen_by("sun", done))["state"] == "handed_back"
    new = story.dispatched()  # a clock that begins meanwhile stands as well
    district.settle()
    assert task(story.seen_by("sun", new))["state"] == "suspended"
    district.clock.forward(days=1)
    district.settle()
    for finding in (open_, new):
        assert (task(story.seen_by("sun", finding))["state"], task(story.seen_by("sun", finding))["area_suspension"]) == ("issued", None)


def test_an_area_suspension_ended_early_lets_all_run_on(district, story, typhoon):
    finding = story.dispatched()
    district.settle()
    assert task(story.seen_by("sun", finding))["state"] == "suspended"
    ended = district.client("li").post(f"/api/v1/area-suspensions/{typhoon['id']}/end", json={"reason": "it turned away"})
    assert (ended.status_code, ended.json["ended_reason"]) == (200, "it turned away")
    district.settle()
    assert task(story.seen_by("sun", finding))["state"] == "issued"
    again = district.client("li").post(f"/api/v1/area-suspensions/{typhoon['id']}/end", json={"reason": "twice"})
    assert refused(again) == (409, "not_suspended")
    assert [each["id"] for each in district.client("qian").get("/api/v1/area-suspensions").json["items"]] == [typhoon["id"]]


def test_other_areas_and_trades_run_on(district, story):
    finding = story.dispatched()
    for area, trade in (("330113002", None), ("330113001", "greening")):
        body = {"area": area, "trade": trade, "until": until(district, days=1), "reason": "storm"}
        assert district.client("li").post("/api/v1/area-suspensions", json=body).status_code == 201
    district.settle()
    assert task(story.seen_by("sun", finding))["state"] == "issued"


def test_only_a_leader_of_the_area_suspends_it(district):
    body = {"area": "330113001", "until": until(district, days=1), "reason": "storm"}
    assert refused(district.client("sun").post("/api/v1/area-suspensions", json=body)) == (403, "forbidden")
    district.person("tao", ("leader", "330113002"))
    assert refused(district.client("tao").post("/api/v1/area-suspensions", json=body)) == (403, "not_authorised")
    assert district.client("li").post("/api/v1/area-suspensions", json={**body, "area": "330113999"}).status_code == 404


def test_of_two_suspensions_the_longer_one_holds(district, story, suspended):
    finding, _ = suspended
    body = {"area": "330113", "until": until(district, days=2), "reason": "typhoon"}
    wide = district.client("li").post("/api/v1/area-suspensions", json=body).json
    district.clock.forward(days=1)
    district.settle()
    shown = story.seen_by("sun", finding)
    assert (task(shown)["state"], task(shown)["area_suspension"], task(shown)["suspended_until"]) == (
        "suspended",
        wide["id"],
        wide["until"],
    )
    district.clock.forward(days=1)
    district.settle()
    assert task(story.seen_by("sun", finding))["state"] == "issued"


def test_a_policy_wants_photos_of_why_the_clock_is_to_stand(district, story):
    said = {"scope": "all", "settings": {"photos": {"request_suspension": {"scene": 1}}}, "reason": "rule 9"}
    answer = district.client("admin").post("/api/v1/policies", json=said)
    assert answer.status_code == 201, answer.text
    finding = story.dispatched()
    bare = asked(story, district, finding, "suspension", until=until(district, days=3))
    refusal = post(district, "sun", finding, f"suspension-requests/{bare}/grant")
    assert (refused(refusal), refusal.json["unmet"]) == ((409, "not_ready"), ["suspension_photos"])
    story.desk("sun", finding, f"suspension-requests/{bare}/refusal", reason="show it")
    shown = asked(story, district, finding, "suspension", until=until(district, days=3), photos=[story.usable("qian", "scene")])
    assert task(story.desk("sun", finding, f"suspension-requests/{shown}/grant"))["state"] == "suspended"
