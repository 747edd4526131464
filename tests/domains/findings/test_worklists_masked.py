"""What a contractor reads in lines of worklists and of the search is what its document says, and no more."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.stories import Story


@pytest.fixture
def story(any_district):
    return Story(any_district)


def shared(district, story):
    """A finding of Qian's company that Feng's was added to as a co-unit later, with a deadline of its own."""
    finding = story.dispatched()
    district.clock.forward(hours=3)
    body = {"contract": str(district.contracts["BJ"]), "reason": "the verge as well"}
    answer = district.client("sun").post(f"/api/v1/findings/{finding}/co-units", json=body)
    assert answer.status_code == 201, answer.text
    district.settle()
    return finding


def line_of(district, login, finding):
    number = district.client(login).get(f"/api/v1/findings/{finding}").json["number"]
    (line,) = district.client(login).get("/api/v1/findings/search", query_string={"q": number}).json["items"]
    return line


def test_after_the_hand_back_a_contractor_reads_its_own_deadline_and_not_the_step_of_staff(any_district, story):
    finding = story.rectified()
    any_district.settle()
    staff, own = story.seen_by("zhao", finding), story.seen_by("qian", finding)
    assert staff["step_due"] is not None
    assert line_of(any_district, "zhao", finding)["due"] == staff["step_due"]
    (task,) = own["dispatches"]
    line = line_of(any_district, "qian", finding)
    assert (line["due"], line["colour"]) == (task["due"], None)
    items = any_district.client("qian").get("/api/v1/worklists/handed_back").json["items"]
    assert [each["due"] for each in items] == [task["due"]]


def test_a_demand_to_one_unit_marks_no_line_of_another(any_district, story):
    finding = shared(any_district, story)
    reply = (any_district.clock.now() + dt.timedelta(hours=5)).isoformat()
    story.desk("li", finding, "supervisions", demand="at once", reply_due=reply)
    assert [line_of(any_district, login, finding)["supervised"] for login in ("zhao", "qian", "feng")] == [True, True, False]
    assert [story.seen_by(login, finding)["supervised"] for login in ("zhao", "qian", "feng")] == [True, True, False]


def test_a_co_unit_reads_its_own_dispatch_and_deadline(any_district, story):
    finding = shared(any_district, story)
    lead, beside = story.seen_by("zhao", finding)["dispatches"]
    assert lead["due"] != beside["due"]
    for login, task in (("zhao", lead), ("qian", lead), ("feng", beside)):
        line = line_of(any_district, login, finding)
        assert (line["dispatch"]["id"], line["due"]) == (task["id"], task["due"])
        assert story.seen_by(login, finding)["deadline"] == task["due"]
