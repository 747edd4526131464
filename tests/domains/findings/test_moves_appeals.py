"""Appeals after the close, corrections while it is open, looks that are asked for before filing."""

from __future__ import annotations

import datetime as dt

import pytest

from backend.entrypoints.worker import nightly
from tests.domains.findings.test_moves_returns import SLACK, asked, moment, post, refused, task
from tests.make.district import DIRT, MANHOLE


def appeal(district, story, finding, by="qian"):
    return post(district, by, finding, "appeals", dispatch=task(story.seen_by(by, finding))["id"], reason="the road was shut")


@pytest.fixture
def late(district, story):
    """A finding closed by Chen whose work came a day late."""
    finding = story.dispatched()
    district.clock.forward(days=1)
    story.proved(finding)
    story.desk("chen", finding, "closing")
    return finding


# Appeals


def test_a_granted_appeal_exempts_from_counts_and_late_stays_late(district, story, late):
    answer = appeal(district, story, late)
    assert (answer.status_code, answer.json["state"], answer.json["requests"][-1]["kind"]) == (201, "appealed", "appeal")
    seen = story.seen_by("zhao", late)
    assert (seen["step"], {"grant_appeal", "refuse_appeal"} <= set(seen["moves"])) == ("appeal", True)
    shown = story.desk("zhao", late, f"appeals/{seen['requests'][-1]['id']}/grant", reason="it was")
    assert (shown["state"], task(shown)["exempt"], shown["reports"][0]["on_time"]) == ("closed", True, False)
    assert shown["closed_at"] == seen["closed_at"]
    assert [entry["event"] for entry in shown["history"]][-2:] == ["finding.appealed", "finding.appeal_granted"]


def test_a_unit_appeals_once(district, story, late):
    request = appeal(district, story, late).json["requests"][-1]["id"]
    assert refused(appeal(district, story, late)) == (409, "appealed_already")
    assert task(story.desk("zhao", late, f"appeals/{request}/refusal", reason="no"))["exempt"] is False
    assert refused(appeal(district, story, late)) == (409, "appealed_already")
    assert refused(post(district, "zhao", late, f"appeals/{request}/grant", reason="after all")) == (409, "move_not_open")


def test_who_closed_it_does_not_rule_on_the_appeal(district, story, late):
    request = appeal(district, story, late).json["requests"][-1]["id"]
    assert refused(post(district, "chen", late, f"appeals/{request}/grant", reason="mine")) == (403, "own_work")


def test_only_the_unit_that_did_it_appeals_and_only_after_the_close(district, story):
    finding = story.dispatched()
    assert refused(appeal(district, story, finding)) == (409, "move_not_open")
    dispatch = task(story.seen_by("qian", finding))["id"]
    assert refused(post(district, "feng", finding, "appeals", dispatch=dispatch, reason="no")) == (404, "not_found")


def test_a_finding_appealed_is_not_reopened_before_the_ruling(district, story, late):
    appeal(district, story, late)
    assert refused(post(district, "chen", late, "reopening", reason="it is back")) == (409, "move_not_open")


# Corrections


def test_a_corrected_category_moves_the_deadline_from_where_it_began(district, story):
    finding = story.dispatched()  # two working hours from two o'clock
    before = task(story.seen_by("sun", finding))
    district.clock.forward(hours=2.5)
    shown = story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="a manhole")  # four of them
    after = task(shown)
    assert (after["limit"]["value"], after["limit"]["unit"], shown["category"]["code"]) == (4, "working_hours", MANHOLE["code"])
    assert moment(after["due"]) - moment(before["due"]) == dt.timedelta(hours=2)
    assert (after["unit"], after["contract"], shown["deadline"]) == (before["unit"], before["contract"], after["due"])
    explained = district.client("qian").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    assert explained["limit"] == {"value": 4, "unit": "working_hours"}


def test_a_correction_counts_pauses_and_extensions_again(district, story):
    finding = story.dispatched()
    request = asked(story, district, finding, "extension")
    story.desk("sun", finding, f"extension-requests/{request}/grant")  # two hours more
    district.clock.forward(hours=2.5)
    request = asked(story, district, finding, "return")
    district.clock.forward(minutes=30)
    before = story.desk("sun", finding, f"return-requests/{request}/refusal", reason="no")
    corrected = story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="a manhole")
    # 18:00 and the half hour that stood: 8:30 of the next day; two hours more of the limit: 10:30
    assert moment(task(corrected)["due"]) - moment(task(before)["due"]) == dt.timedelta(hours=2)
    shown = district.client("sun").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    assert [event["kind"] for event in shown["events"]] == ["extended", "paused", "resumed"]


def test_a_report_is_on_time_by_the_limit_as_corrected(district, story):
    finding = story.dispatched()
    district.clock.forward(hours=5)
    story.reported(finding)
    assert story.seen_by("sun", finding)["reports"][0]["on_time"] is False
    shown = story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="a manhole")
    assert (shown["state"], shown["reports"][0]["on_time"]) == ("rectified", True)


def test_a_correction_that_changes_nothing_or_takes_the_condition_away_is_refused(district, story):
    finding = story.dispatched()
    assert refused(post(district, "zhao", finding, "correction", condition=1, reason="same")) == (422, "invalid")
    assert refused(post(district, "zhao", finding, "correction", condition=None, reason="none")) == (422, "invalid")
    assert refused(post(district, "zhao", finding, "correction", condition=99, reason="none")) == (422, "unknown_condition")
    assert refused(post(district, "qian", finding, "correction", condition=1, reason="mine")) == (403, "forbidden")


def test_a_phone_that_has_not_seen_the_correction_only_proposes(district, story):
    finding = story.ready()
    story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="a manhole")
    story.lin.do("amend_finding", finding, {"fields": {"category": {"seen": DIRT, "value": {"kind": "component", "code": "03001"}}}})
    (result,) = story.lin.pushed()
    assert result["status"] == "conflict"
    assert story.seen_by("zhao", finding)["category"]["code"] == MANHOLE["code"]


# Looks before filing


def test_a_look_that_is_asked_for_leaves_it_recorded_again(district, story):
    finding = story.ready()
    shown = story.desk("zhao", finding, "verification-request", reason="look again")
    assert (shown["state"], shown["step"]) == ("verifying", "verify")
    assert refused(post(district, "zhao", finding, "filing")) == (409, "move_not_open")
    district.person("wang", ("inspector", "330113001"))
    assert refused(post(district, "lin", finding, "verifications", phase="pre_filing", result="pass")) == (403, "own_work")
    after = story.desk("wang", finding, "verifications", phase="pre_filing", result="fail", note="nothing there")
    assert (after["state"], after["verifications"][0]["result"]) == ("recorded", "fail")
    assert story.seen_by("zhao", finding)["step"] == "accept"


def test_a_look_is_waited_for_no_longer(district, story):
    finding = story.ready()
    story.desk("zhao", finding, "verification-request")
    assert story.desk("zhao", finding, "verification-request/cancellation")["state"] == "recorded"
    assert story.desk("zhao", finding, "filing")["state"] == "filed"


def test_its_recorder_withdraws_it_while_it_is_looked_at(district, story):
    finding = story.ready()
    story.desk("zhao", finding, "verification-request")
    story.lin.do("withdraw_finding", finding, {"reason": "a mistake"})
    assert story.lin.pushed()[0]["status"] == "applied"
    assert story.seen_by("zhao", finding)["state"] == "withdrawn"


def test_steps_are_kept_with_who_did_them_and_late_ones_are_late(district, story):
    finding = story.ready()
    district.clock.forward(hours=2.5)  # half past two: 15 minutes from two o'clock are over
    story.desk("zhao", finding, "filing")
    story.desk("sun", finding, "dispatches")
    steps = district.client("zhao").get(f"/api/v1/findings/{finding}/deadlines").json["steps"]
    assert [(each["step"], each["limit"], each["late"]) for each in steps] == [
        ("accept", {"value": 15, "unit": "working_minutes"}, True),
        ("dispatch", {"value": 15, "unit": "working_minutes"}, False),
    ]
    assert abs(moment(steps[0]["due"]) - moment(steps[0]["started_at"]) - dt.timedelta(hours=2, minutes=15)) < SLACK + dt.timedelta(
        minutes=1
    )
    assert district.client("qian").get(f"/api/v1/findings/{finding}/deadlines").json["steps"] == []


def test_all_of_it_can_be_done_again(district, story, late):
    finding = story.ready()
    story.desk("zhao", finding, "verification-request", reason="look")
    district.person("wang", ("inspector", "330113001"))
    story.desk("wang", finding, "verifications", phase="pre_filing", result="pass")
    story.desk("zhao", finding, "filing")
    story.desk("sun", finding, "dispatches")
    story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="a manhole")
    request = asked(story, district, finding, "return")
    story.desk("sun", finding, f"return-requests/{request}/grant")
    story.desk("sun", finding, "dispatches")
    request = asked(story, district, finding, "suspension", until=(district.clock.now() + dt.timedelta(days=2)).isoformat())
    story.desk("sun", finding, f"suspension-requests/{request}/grant")
    story.desk("sun", finding, f"suspension-requests/{request}/end", reason="early")
    request = appeal(district, story, late).json["requests"][-1]["id"]
    story.desk("li", late, f"appeals/{request}/grant", reason="it was")
    district.settle()
    assert nightly.verify_by_replay(district.app).violations == []
