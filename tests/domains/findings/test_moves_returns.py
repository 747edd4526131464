"""Returns: the clock pauses from the asking, and runs on where the work stays, or begins anew with another."""

from __future__ import annotations

import datetime as dt

import pytest

SLACK = dt.timedelta(seconds=20)
"""The clock of these tests runs on between two requests."""


def moment(text):
    return dt.datetime.fromisoformat(text)


def refused(answer):
    return answer.status_code, answer.json["type"].rpartition("/")[2]


def post(district, login, finding, verb, **payload):
    return district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload)


def task(shown, number=-1):
    return shown["dispatches"][number]


def asked(story, district, finding, kind, by="qian", **payload):
    """The id of the request that a unit made."""
    dispatch = task(story.seen_by(by, finding))["id"]
    answer = post(district, by, finding, f"{kind}-requests", dispatch=dispatch, reason="not ours", **payload)
    assert answer.status_code == 201, answer.text
    return answer.json["requests"][-1]["id"]


def events(shown):
    return [entry["event"] for entry in shown["history"]]


@pytest.fixture
def returned(district, story):
    """A finding dispatched at noon whose unit asked at half past two to be rid of it: half an hour of two working hours is used."""
    finding = story.dispatched()
    district.clock.forward(hours=2.5)
    return finding, asked(story, district, finding, "return")


def test_a_return_pauses_the_clock_until_it_is_refused(district, story, returned):
    finding, request = returned
    held = story.seen_by("sun", finding)
    assert (held["state"], task(held)["state"], task(held)["due"], task(held)["returns"]) == ("dispatched", "returned", None, 1)
    district.clock.forward(minutes=40)
    shown = story.desk("sun", finding, f"return-requests/{request}/refusal", reason="it is yours")
    assert (task(shown)["state"], shown["counters"]["bounces"]) == ("issued", 0)
    # 14:30 to 15:10 stood: due at 16:40 instead of 16:00
    due = moment(task(shown)["due"]).astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert abs(due - due.replace(hour=16, minute=40, second=0, microsecond=0)) < SLACK
    explained = district.client("sun").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    assert [event["kind"] for event in explained["events"]] == ["paused", "resumed"]


def test_a_granted_return_goes_to_another_with_a_new_clock(district, story, returned):
    finding, request = returned
    before = story.seen_by("sun", finding)
    shown = story.desk("sun", finding, f"return-requests/{request}/grant", contract=str(district.contracts["BJ"]), reason="theirs")
    old, new = shown["dispatches"]
    assert (old["state"], old["replaced_by"], new["state"], new["contract"]) == (
        "cancelled",
        new["id"],
        "issued",
        str(district.contracts["BJ"]),
    )
    assert (shown["state"], shown["counters"]["bounces"], shown["deadline"]) == ("dispatched", 1, new["due"])
    assert shown["state_version"] == before["state_version"]
    assert moment(new["due"]) > moment(new["issued_at"]) + dt.timedelta(hours=1.9)
    # the company that has it now works on it, the other one does not any more
    assert story.seen_by("feng", finding)["dispatches"][0]["id"] == new["id"]
    late = post(district, "qian", finding, "reports", report=old["id"], dispatch=old["id"], note=None, photos=[])
    assert refused(late) == (409, "dispatch_replaced")


def test_a_granted_return_without_an_addressee_files_it_again(district, story, returned):
    finding, request = returned
    shown = story.desk("sun", finding, f"return-requests/{request}/grant", reason="nobody's yet")
    assert (shown["state"], task(shown)["state"], shown["deadline"], shown["step"]) == ("filed", "cancelled", None, "dispatch")
    district.settle()
    again = story.desk("sun", finding, "dispatches")
    assert [each["state"] for each in again["dispatches"]] == ["cancelled", "issued"]
    assert again["dispatches"][0]["replaced_by"] == again["dispatches"][1]["id"]
    steps = district.client("sun").get(f"/api/v1/findings/{finding}/deadlines").json["steps"]
    assert [(each["step"], each["done_at"] is not None) for each in steps] == [("accept", True), ("dispatch", True), ("dispatch", True)]


def test_a_return_is_not_granted_to_the_unit_that_asks(district, story, returned):
    finding, request = returned
    same = task(story.seen_by("sun", finding))["contract"]
    answer = post(district, "sun", finding, f"return-requests/{request}/grant", contract=same, reason="again")
    assert refused(answer) == (422, "same_unit_again")


def test_the_work_reported_gives_the_return_up(district, story, returned):
    finding, request = returned
    district.clock.forward(minutes=10)
    story.reported(finding)
    shown = story.seen_by("sun", finding)
    assert (shown["state"], shown["requests"][-1]["state"], task(shown)["state"]) == ("rectified", "lapsed", "handed_back")
    assert shown["reports"][0]["on_time"] is True
    # what was left when it was asked: an hour and a half from the report on
    assert abs(moment(shown["reports"][0]["due"]) - moment(shown["reports"][0]["reported_at"]) - dt.timedelta(hours=1.5)) < SLACK
    answer = post(district, "sun", finding, f"return-requests/{request}/refusal", reason="late")
    assert refused(answer) == (409, "request_decided")


def test_what_is_asked_and_decided_stays_in_the_history(district, story, returned):
    finding, request = returned
    shown = story.desk("sun", finding, f"return-requests/{request}/grant", contract=str(district.contracts["BJ"]), reason="theirs")
    assert events(shown)[-2:] == ["finding.return_requested", "finding.return_granted"]
    assert refused(post(district, "sun", finding, f"return-requests/{request}/grant", reason="twice")) == (409, "dispatch_replaced")


def test_who_asks_does_not_grant(district, story, returned):
    finding, request = returned
    assert refused(post(district, "qian", finding, f"return-requests/{request}/grant")) == (403, "forbidden")
