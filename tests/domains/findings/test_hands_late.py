"""What arrives late cannot undo what was reported, looked at or late: assignments, work of cancelled co-units, early looks."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from tests.domains.findings.test_hands import assigned, co_unit, refused
from tests.domains.findings.test_moves_returns import post, task
from tests.make.phone import Phone


def standing(shown):
    """What a late arrival must leave alone."""
    return shown["state"], [(each["state"], each["on_time"], each["counts_at"]) for each in shown["reports"]]


def assignment(district, story, finding, word):
    """Qian's phone, with an assignment of Ma written on it and not sent."""
    phone = Phone(district, "qian")
    phone.sync()
    phone.do("assign_worker", finding, {"dispatch": story.task(finding), "worker": str(district.person("ma")), "hand_back_by": word})
    return phone


# Assignments that arrive after the report


@pytest.mark.parametrize("closed", [False, True])
def test_an_assignment_that_arrives_after_the_verdict_undoes_neither_it_nor_the_lateness(district, story, closed):
    finding = story.dispatched()
    phone = assignment(district, story, finding, "manager")
    district.clock.forward(hours=5)  # due 16:00, it is 17:00
    story.proved(finding, by="ma")
    if closed:
        story.desk("chen", finding, "closing")
    before = story.seen_by("chen", finding)
    (result,) = phone.pushed()
    after = story.seen_by("chen", finding)
    assert (result["status"], result["code"]) == (("merged", "state_kept") if closed else ("applied", None))
    assert standing(after) == standing(before)
    assert (after["reports"][0]["on_time"], after["dispatches"][0]["state"]) == (False, "handed_back")
    assert after["dispatches"][0]["worker"] == str(district.person("ma"))


def test_a_late_assignment_does_not_make_a_hand_back_that_was_needed_needless(district, story):
    finding = story.dispatched()
    assigned(story, district, finding, word="manager")
    district.clock.forward(minutes=5)
    phone = assignment(district, story, finding, "worker")
    district.clock.forward(minutes=5)
    report = story.reported(finding, by="ma")
    district.clock.forward(hours=5)
    before = story.seen_by("sun", finding)
    phone.pushed()
    assert standing(story.seen_by("sun", finding)) == standing(before) == ("dispatched", [("awaiting_hand_back", None, None)])
    shown = story.desk("qian", finding, "hand-back", report=report)
    assert (shown["reports"][0]["on_time"], shown["state"]) == (False, "rectified")


# Work of a co-unit that was cancelled


@pytest.mark.parametrize("made", ["before", "after"])
def test_a_report_of_a_cancelled_co_unit_is_kept_and_moves_nothing(district, story, made):
    finding = story.dispatched()
    beside = co_unit(district, finding)["dispatches"][1]["id"]
    phone = Phone(district, "feng")
    phone.sync()
    report = {"report": str(uuid4()), "dispatch": beside, "note": None, "photos": []}
    if made == "before":
        phone.do("report_rectification", finding, report)
        district.clock.forward(minutes=5)
    story.desk("sun", finding, f"co-units/{beside}/cancellation", reason="not needed")
    if made == "after":
        district.clock.forward(minutes=5)
        phone.do("report_rectification", finding, report)
    story.proved(finding)
    (result,) = phone.pushed()
    shown = story.seen_by("chen", finding)
    assert (result["status"], result["code"], shown["state"]) == ("merged", "state_kept", "verified")
    assert [each["state"] for each in shown["dispatches"]] == ["handed_back", "cancelled"]
    assert report["report"] in {each["id"] for each in shown["reports"]}
    assert post(district, "chen", finding, "closing").status_code == 200


# Looks at what no manager has handed back


def test_at_the_desk_nobody_verifies_what_is_not_handed_back(district, story):
    finding = story.dispatched()
    assigned(story, district, finding)
    report = story.reported(finding, by="ma")
    district.person("wang", ("inspector", "330113001"))
    look = {"phase": "pre_closing", "report": report, "result": "fail"}
    answer = post(district, "wang", finding, "verifications", **look)
    assert refused(answer) == (409, "not_handed_back")
    assert answer.json["errors"] == [{"pointer": "/report", "detail": "awaiting_hand_back"}]
    district.clock.forward(minutes=30)
    assert story.desk("qian", finding, "hand-back", report=report)["state"] == "rectified"
    assert story.looked(finding, "fail", report=report)["dispatches"][0]["state"] == "rework"


@pytest.mark.parametrize("arrives", ["before the hand-back", "after it"])
def test_a_look_before_the_hand_back_is_kept_and_decides_nothing(district, story, arrives):
    finding = story.dispatched()
    assigned(story, district, finding)
    report = story.reported(finding, by="ma")
    district.person("wang", ("inspector", "330113001"))
    phone = Phone(district, "wang")
    phone.sync()
    look = {"phase": "pre_closing", "report": report, "result": "fail", "note": None, "photos": []}
    phone.do("verify_finding", finding, look)
    results = phone.pushed() if arrives == "before the hand-back" else []
    district.clock.forward(minutes=30)
    story.desk("qian", finding, "hand-back", report=report)
    results = results or phone.pushed()
    shown = story.seen_by("sun", finding)
    assert [(each["status"], each["code"]) for each in results] == [("merged", "state_kept")]
    assert (shown["state"], task(shown)["state"], task(shown)["reworks"], shown["reports"][0]["state"]) == (
        "rectified",
        "handed_back",
        0,
        "open",
    )
    assert [each["observation"] for each in shown["verifications"]] == [True]
    assert story.looked(finding, "pass", report=report)["state"] == "verified"


# Dispatched while the clocks of its area stand


def test_what_is_dispatched_during_a_suspension_of_its_area_is_suspended_at_once(district, story):
    filed, again = story.filed(), story.closed()
    until = (district.clock.now() + dt.timedelta(days=2)).isoformat()
    body = {"area": "330113001", "trade": None, "until": until, "reason": "typhoon"}
    wide = district.client("li").post("/api/v1/area-suspensions", json=body).json
    for login, finding, verb in (("sun", filed, "dispatches"), ("chen", again, "reopening")):
        shown = story.desk(login, finding, verb, **({"reason": "it is back"} if verb == "reopening" else {}))
        new = task(shown, -1)
        assert (new["state"], new["area_suspension"], shown["deadline"]) == ("suspended", wide["id"], new["due"]), verb
        assert dt.datetime.fromisoformat(new["due"]) > dt.datetime.fromisoformat(until)
        district.settle()
        after = task(story.seen_by("sun", finding), -1)
        assert (after["state"], after["due"], after["suspended_until"]) == (new["state"], new["due"], new["suspended_until"])
    ended = district.client("li").post(f"/api/v1/area-suspensions/{wide['id']}/end", json={"reason": "it turned away"})
    assert ended.status_code == 200
    district.settle()
    assert task(story.seen_by("sun", filed), -1)["state"] == "issued"
    new = story.seen_by("sun", story.dispatched())
    assert (task(new)["state"], task(new)["area_suspension"]) == ("issued", None)
