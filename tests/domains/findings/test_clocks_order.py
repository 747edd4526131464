"""Clocks come out the same whatever order their facts arrive in: phones of one company that report, return and ask, offline."""

from __future__ import annotations

import datetime as dt
import itertools
from uuid import uuid4

import pytest

from tests.domains.findings.test_moves_returns import moment, post, refused, task
from tests.make.phone import Phone


def minutes(since, text):
    return round((moment(text) - since) / dt.timedelta(minutes=1))


def clock_of(district, finding):
    """Everything that is worked out: states, counters, and what happened to the clock, in minutes since the dispatch."""
    shown = district.client("sun").get(f"/api/v1/findings/{finding}").json
    lead = task(shown, 0)
    explained = district.client("sun").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    since = moment(lead["issued_at"])
    return {
        "state": shown["state"],
        "dispatch": lead["state"],
        "returns": lead["returns"],
        "requests": [(each["kind"], each["state"]) for each in shown["requests"]],
        "reports": [
            (each["state"], each["on_time"], round((moment(each["due"]) - since) / dt.timedelta(minutes=1))) for each in shown["reports"]
        ],
        "events": [(each["kind"], round((moment(each["at"]) - since) / dt.timedelta(minutes=1))) for each in explained["events"]],
    }


@pytest.fixture
def phones(district):
    return {login: Phone(district, login) for login in ("qian", "ma")}


def test_a_return_and_a_report_from_two_phones_come_to_the_same_in_either_order(district, story, phones):
    """Qian asks at 14:30 to be rid of it, Ma reports at 15:00 that it is done; neither phone has a line until 16:00."""
    found = []
    for order in itertools.permutations(("qian", "ma")):
        finding = story.dispatched()
        dispatch = story.task(finding)
        district.clock.forward(hours=2.5)
        phones["qian"].do("request_return", finding, {"dispatch": dispatch, "reason": "not ours"})
        district.clock.forward(minutes=30)
        phones["ma"].do("report_rectification", finding, {"report": str(uuid4()), "dispatch": dispatch, "note": None, "photos": []})
        district.clock.forward(hours=1)
        for login in order:
            assert phones[login].pushed()[-1]["status"] in {"applied", "merged"}
        found.append(clock_of(district, finding))
        district.clock.forward(hours=20)  # noon of the next day
    assert found[0] == found[1]
    assert (found[0]["state"], found[0]["requests"], found[0]["reports"][0][:2]) == ("rectified", [("return", "lapsed")], ("open", True))
    assert [kind for kind, _ in found[0]["events"]] == ["paused", "stopped"]


def test_a_report_made_before_the_return_was_asked_stands_and_the_return_is_refused_only(district, story, phones):
    finding = story.dispatched()
    dispatch = story.task(finding)
    district.clock.forward(hours=2.5)
    phones["ma"].do("report_rectification", finding, {"report": str(uuid4()), "dispatch": dispatch, "note": None, "photos": []})
    district.clock.forward(minutes=10)
    asked = post(district, "qian", finding, "return-requests", dispatch=dispatch, reason="not ours").json["requests"][-1]["id"]
    phones["ma"].pushed()
    shown = story.seen_by("sun", finding)
    assert (shown["state"], task(shown)["state"], shown["requests"][0]["state"]) == ("rectified", "handed_back", "pending")
    assert refused(post(district, "sun", finding, f"return-requests/{asked}/grant")) == (409, "move_not_open")
    assert story.desk("sun", finding, f"return-requests/{asked}/refusal", reason="it was done")["state"] == "rectified"


def test_a_report_from_before_a_granted_return_is_kept_with_the_dispatch_that_was(district, story, phones):
    finding = story.dispatched()
    dispatch = story.task(finding)
    district.clock.forward(hours=2.5)
    phones["ma"].do("report_rectification", finding, {"report": str(uuid4()), "dispatch": dispatch, "note": None, "photos": []})
    request = post(district, "qian", finding, "return-requests", dispatch=dispatch, reason="not ours").json["requests"][-1]["id"]
    story.desk("sun", finding, f"return-requests/{request}/grant", contract=str(district.contracts["BJ"]), reason="theirs")
    (result,) = phones["ma"].pushed()
    assert (result["status"], result["code"]) == ("merged", "state_kept")
    shown = story.seen_by("sun", finding)
    assert (shown["state"], [each["state"] for each in shown["dispatches"]]) == ("dispatched", ["cancelled", "issued"])
    assert len(shown["reports"]) == 1
    assert story.seen_by("feng", finding)["reports"] == []  # nor does the other company see it


def test_another_companys_photos_are_not_shown(district, story, phones):
    finding = story.dispatched()
    dispatch = story.task(finding)
    mine = story.usable("qian", "after")
    story.reported(finding, photos=[mine])
    story.looked(finding, "fail")
    request = post(district, "qian", finding, "return-requests", dispatch=dispatch, reason="not ours").json["requests"][-1]["id"]
    story.desk("sun", finding, f"return-requests/{request}/grant", contract=str(district.contracts["BJ"]), reason="theirs")
    assert str(mine["id"]) in {each["id"] for each in story.seen_by("qian", finding)["photos"]}
    assert str(mine["id"]) not in {each["id"] for each in story.seen_by("feng", finding)["photos"]}
    with district.client("qian").get(f"/api/v1/findings/{finding}/photos/{mine['id']}/screen") as own:
        assert own.status_code == 200
    assert district.client("feng").get(f"/api/v1/findings/{finding}/photos/{mine['id']}/screen").status_code == 404


def test_a_calendar_that_changes_moves_steps_too(district, story):
    finding = story.recorded()
    before = story.seen_by("zhao", finding)
    today = district.clock.now().astimezone(dt.timezone(dt.timedelta(hours=8))).date()
    answer = district.client("admin").put(
        f"/api/v1/calendar/days/{today}", json={"working": False, "note_zh": "台风", "note_en": "typhoon"}
    )
    assert answer.status_code == 200, answer.text
    district.settle()
    after = story.seen_by("zhao", finding)
    assert moment(after["step_due"]) - moment(before["step_due"]) >= dt.timedelta(hours=15)
    assert after["history"][-1]["event"] == "finding.step_moved"
