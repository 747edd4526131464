"""A day on which an inspector falls ill: the roster is kept, tasks find who is there, and nobody's are seen by everybody."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.make.phone import Phone
from tests.make.rosters import FIRST, SECOND, THIRD, Roster, asked, listed, look, only, pushed, rectified, tasks, verdict
from tests.stories import Story


@pytest.fixture
def story(any_district):
    for login in ("wang", "xu", "yan"):
        any_district.person(login, ("inspector", "330113001"))
    return Story(any_district)


def test_a_day_with_a_sick_inspector(story):
    district, roster = story.district, Roster(story.district)
    chen = district.client("chen")
    day = {"since": "2026-11-23", "until": "2026-11-24", "area": "330113001"}

    # Before anything is planned, the report of the day is all gaps.
    assert {each["grid"] for each in chen.get("/api/v1/rosters/report", query_string=day).json["unassigned"]} >= {FIRST, SECOND, THIRD}

    # Chen plans: Wang has the first community until six, Xu the other one. Yan comes at six, for the night.
    roster.on("wang", FIRST, SECOND, hours=6)
    roster.on("xu", THIRD, hours=6)
    roster.on("yan", FIRST, SECOND, after=6, hours=8)

    # Zhao wants to know whether the dirt is still there; a contractor has meanwhile swept another place. Both looks are Wang's.
    doubtful, swept = asked(story), rectified(story)
    wang = Phone(district, "wang")
    wang.sync()
    assert {finding for finding, doc in wang.docs().items() if doc["tasks"]} == {doubtful, swept}

    # Wang looks at the first one, out of reach of any network, and then falls ill. Nobody knows of the look yet.
    looked = wang.line("verify_finding", doubtful, verdict())
    district.clock.forward(minutes=20)
    roster.absent("wang")
    district.settle()

    # Nobody covers: the tasks go to Xu, who is on duty in the same town, and the report says what is missing and why.
    assert tasks(story, doubtful) == [("pre_filing", "xu", "town")]
    assert tasks(story, swept) == [("pre_closing", "xu", "town")]
    gaps = chen.get("/api/v1/rosters/report", query_string=day).json["gaps"]
    assert ("absent", "wang") in {(gap["reason"], gap["name"]) for gap in gaps}

    # At home Wang's phone finds a network. What was looked at before the switch is Wang's work; Xu need not go there.
    wang.pushed(looked)
    district.settle()
    assert (story.seen_by("zhao", doubtful)["state"], tasks(story, doubtful)) == ("recorded", [])

    # Xu is too far away and says so; there is nobody else until six.
    xu = Phone(district, "xu")
    assert pushed(xu, "decline_task", swept, {"task": only(story, swept)["id"], "reason": "an hour away"}) == ("applied", None)
    district.settle()
    assert listed(district, unassigned=True) == [swept]

    # At six Yan comes, and the worker's next round gives it to who is there.
    district.clock.forward(hours=6)
    district.settle()
    assert tasks(story, swept) == [("pre_closing", "yan", "grid")]
    report = only(story, swept)["report"]
    assert look(story, swept, "yan", "pre_closing", report=report)["state"] == "verified"

    # Chen asks who is on duty this evening: Yan alone.
    evening = (district.clock.now() + dt.timedelta(minutes=1)).isoformat()
    on_duty = chen.get("/api/v1/rosters/on-duty", query_string={"grid": FIRST, "at": evening}).json["items"]
    assert [each["name"] for each in on_duty] == ["yan"]
