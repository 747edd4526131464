"""What was done by mistake, and what came before a correction: taken back by who may, and never rewritten."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.domains.findings.test_moves_returns import SLACK, events, moment, post, refused, task
from tests.domains.findings.test_moves_suspensions import until
from tests.domains.sync.test_replay import replayed
from tests.make.district import DIRT, EAST, MANHOLE
from tests.make.phone import Phone


def suspend_area(district, **d):
    body = {"area": "330113001", "trade": None, "reason": "typhoon", **d}
    answer = district.client("li").post("/api/v1/area-suspensions", json=body)
    assert answer.status_code == 201, answer.text
    district.settle()
    return answer.json


def demanded(district, story, finding):
    """The ids of a demand and of a hand-over."""
    shown = story.desk("li", finding, "supervisions", demand="now", reply_due=until(district, hours=1))
    handed = story.desk("zhao", finding, "hand-overs", unit=str(district.unit("municipal")), legal_basis="x", facts="y")
    return shown["supervisions"][0]["id"], handed["hand_overs"][0]["id"]


# What is attached


def test_what_is_under_appeal_is_no_head_and_no_candidate(district, story):
    head = story.closed()
    story.desk("qian", head, "appeals", dispatch=story.seen_by("qian", head)["dispatches"][0]["id"], reason="not late")
    new = story.ready()
    assert refused(post(district, "zhao", new, "attachment", head=head, reason="same")) == (422, "no_head")
    assert district.client("zhao").get(f"/api/v1/findings/{new}/candidates").json["items"] == []


def test_a_demand_and_a_hand_over_are_answered_after_it_was_attached(district, story):
    head, finding = story.dispatched(), story.filed()
    demand, handed = demanded(district, story, finding)
    story.desk("zhao", finding, "attachment", head=head, reason="same")
    district.clock.forward(hours=2)
    district.settle()
    assert post(district, "zhao", finding, f"supervisions/{demand}/reply", reply="joined").status_code == 200
    assert not story.desk("li", finding, f"supervisions/{demand}/end", result="settled")["supervised"]
    assert story.desk("gu", finding, f"hand-overs/{handed}/receipt", receipt="1")["hand_overs"][0]["state"] == "received"


def test_a_demand_and_a_hand_over_are_answered_after_it_was_withdrawn(district, story):
    finding = story.recorded()
    demand, handed = demanded(district, story, finding)
    story.lin.do("withdraw_finding", finding, {"reason": "x"})
    assert story.lin.pushed()[0]["status"] == "applied"
    assert not story.desk("li", finding, f"supervisions/{demand}/end", result="withdrawn")["supervised"]
    assert post(district, "gu", finding, f"hand-overs/{handed}/refusal", reason="gone").status_code == 200


@pytest.mark.parametrize(("other", "may"), [({}, True), ({"category": MANHOLE, "condition": 2}, False), ({"at": EAST}, False)])
def test_the_desk_attaches_what_is_alike_and_all_else_only_as_an_override(district, story, other, may):
    head = story.dispatched()
    finding = story.recorded(by=Phone(district, "wu"), **other)
    answer = post(district, "zhao", finding, "attachment", head=head, reason="same")
    assert (answer.status_code == 200) is may, answer.text
    if not may:
        assert refused(answer) == (422, "not_alike")
        assert story.seen_by("zhao", finding)["state"] == "recorded"
        assert story.desk("zhao", finding, "attachment", head=head, reason="same", override=True)["attached_to"] == head


@pytest.mark.parametrize("was", ["recorded", "filed"])
def test_what_was_attached_by_mistake_stands_for_itself_again_as_it_was(district, story, was):
    head, other = story.dispatched(), story.ready()
    finding = story.filed() if was == "filed" else story.ready()
    before = story.seen_by("zhao", finding)
    for each in (finding, other):
        story.desk("zhao", each, "attachment", head=head, reason="same")
    assert "detach_finding" in story.seen_by("zhao", finding)["moves"]
    for login, status in (("sun", 403), ("lin", 403), ("qian", 403), ("li", 403)):
        assert post(district, login, finding, "attachment/cancellation", reason="no").status_code == status
    story.lin.sync()
    shown = story.desk("zhao", finding, "attachment/cancellation", reason="the next street")
    assert (shown["state"], shown["attached_to"], shown["photos"]) == (was, None, before["photos"])
    assert (shown["history"][-1]["event"], shown["history"][-1]["facts"]["reason"]) == ("finding.detached", "the next street")
    assert story.seen_by("zhao", head)["followers"] == [other]
    story.lin.sync()
    docs = story.lin.docs()
    assert (docs[finding]["state"], docs[other]["state"]) == (was, "attached")
    assert refused(post(district, "zhao", finding, "attachment/cancellation", reason="again")) == (409, "move_not_open")
    district.settle()
    report, _ = replayed(district)
    assert not report.violations


# What was asked for


def test_who_asked_for_a_void_takes_it_back_and_nobody_else(district, story):
    finding = story.filed()
    assert post(district, "zhao", finding, "void-request/withdrawal", reason="none").status_code == 403
    story.desk("zhao", finding, "void-request", reason="x")
    assert "withdraw_void_request" in story.seen_by("zhao", finding)["moves"]
    assert "withdraw_void_request" not in story.seen_by("chen", finding)["moves"]
    assert refused(post(district, "chen", finding, "void-request/withdrawal", reason="not mine")) == (403, "not_authorised")
    shown = story.desk("zhao", finding, "void-request/withdrawal", reason="mistake")
    assert (shown["state"], shown["void_request"], events(shown)[-1]) == ("filed", None, "finding.void_request_withdrawn")
    assert post(district, "sun", finding, "dispatches").status_code == 201


def test_an_inspector_takes_back_the_void_asked_for_by_phone(district, story):
    finding = story.filed()
    story.lin.do("withdraw_finding", finding, {"reason": "x"})
    assert story.lin.pushed()[0]["code"] == "void_requested"
    shown = story.desk("lin", finding, "void-request/withdrawal", reason="it is there")
    assert (shown["state"], shown["void_request"]) == ("filed", None)


def test_a_return_does_not_go_to_a_unit_that_works_on_it_already(district, story):
    finding = story.dispatched()
    lvyuan = str(district.contracts["BJ"])
    story.desk("sun", finding, "co-units", contract=lvyuan, reason="help")
    request = next(each["id"] for each in _asked(story, district, finding) if each["kind"] == "return")
    answer = post(district, "sun", finding, f"return-requests/{request}/grant", contract=lvyuan, reason="theirs")
    assert refused(answer) == (409, "already_on_it")
    assert [each["state"] for each in story.seen_by("sun", finding)["dispatches"]] == ["returned", "issued"]


def _asked(story, district, finding):
    answer = post(district, "qian", finding, "return-requests", dispatch=story.task(finding), reason="not ours")
    assert answer.status_code == 201, answer.text
    return answer.json["requests"]


def test_a_limit_of_its_own_outlives_reopening(district, story):
    finding = story.dispatched()
    own = {"value": 10, "unit": "working_days"}
    shown = story.desk("sun", finding, "co-units", contract=str(district.contracts["BJ"]), reason="help", limit=own)
    helping, report = next(each["id"] for each in shown["dispatches"] if each["role"] == "co"), str(uuid4())
    lead = next(each["limit"] for each in shown["dispatches"] if each["role"] == "lead")
    story.proved(finding)
    story.desk("feng", finding, "reports", report=report, dispatch=helping, note="done", photos=[story.usable("feng", "after")])
    story.looked(finding, "pass", report=report, photos=[story.usable("wang", "verification")])
    story.desk("chen", finding, "closing")
    shown = story.desk("chen", finding, "reopening", reason="again")
    limits = {each["role"]: each["limit"] for each in shown["dispatches"] if each["replaced_by"] is None}
    assert limits["lead"] == lead
    assert (limits["co"]["value"], limits["co"]["unit"]) == (10, "working_days")


# Suspensions of an area


def test_a_longer_area_suspension_reaches_what_is_suspended_already(district, story):
    finding = story.dispatched()
    suspend_area(district, until=until(district, hours=6))
    district.clock.forward(hours=1)
    longer = suspend_area(district, until=until(district, days=3))
    shown = story.seen_by("sun", finding)
    assert task(shown)["suspended_until"] == longer["until"]
    assert moment(task(shown)["due"]) > moment(longer["until"])
    district.settle()
    assert story.seen_by("sun", finding)["version"] == shown["version"]


def test_a_correction_of_the_trade_keeps_the_suspension_that_was(district, story):
    finding = story.dispatched()  # cleaning, at noon
    district.clock.forward(hours=2.5)
    suspend_area(district, trade="cleaning", until=until(district, days=2))
    district.clock.forward(days=2, minutes=5)
    district.settle()
    shown = story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="it is a lid")
    assert shown["trade"] != "cleaning"
    explained = district.client("sun").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    assert [event["kind"] for event in explained["events"]] == ["suspended"]
    assert moment(shown["deadline"]) > district.clock.now()


def test_a_correction_of_the_trade_brings_no_suspension_that_was_of_another(district, story):
    finding, twin = story.dispatched(), story.dispatched()
    trade = story.desk("zhao", twin, "correction", category=MANHOLE, condition=2, reason="it is a lid")["trade"]
    district.clock.forward(hours=2.5)
    suspend_area(district, trade=trade, until=until(district, hours=2))
    assert [task(story.seen_by("sun", each))["state"] for each in (finding, twin)] == ["issued", "suspended"]
    district.clock.forward(hours=3)
    district.settle()
    story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="it is a lid")
    explained = district.client("sun").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    assert explained["events"] == []


@pytest.mark.parametrize(("trade", "held"), [("cleaning", False), (None, True)])
def test_a_correction_while_an_area_is_suspended_counts_from_then_on(district, story, trade, held):
    finding = story.dispatched()
    district.clock.forward(hours=2.5)
    wide = suspend_area(district, trade=trade, until=until(district, days=2))
    district.clock.forward(hours=1)
    at = district.clock.now()
    shown = story.desk("zhao", finding, "correction", category=MANHOLE, condition=2, reason="it is a lid")
    explained = district.client("sun").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    (event,) = explained["events"]
    assert abs(moment(event["at"]) - moment(wide["starts_at"])) < SLACK
    assert (task(shown)["state"] == "suspended") is held
    assert abs(moment(event["until"]) - (moment(wide["until"]) if held else at)) < SLACK
    back = story.desk("zhao", finding, "correction", category=DIRT, condition=1, reason="no lid")
    assert (task(back)["state"], task(back)["suspended_until"]) == ("suspended", wide["until"])
    district.settle()
    report, _ = replayed(district)
    assert not report.violations
