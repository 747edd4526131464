"""Tasks for a look on site: made where one is needed, given by place and load to who is on duty, moved, declined, and done."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.core.act import Actor
from backend.domains.deadlines.actions import change_day
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.lists import visible_to
from backend.domains.findings.rules.visibility import is_visible
from backend.domains.identity.actions.people import disable_person
from backend.domains.identity.actions.roles import end_role
from backend.domains.identity.model import RoleHeld
from tests.make.district import HOME, NEXT_DOOR, OUTSIDE
from tests.make.phone import Phone
from tests.make.rosters import (
    FIRST,
    SECOND,
    THIRD,
    asked,
    decline,
    listed,
    look,
    moved,
    only,
    pushed,
    rectified,
    states,
    tasks,
    verdict,
)


def test_a_look_asked_for_before_filing_goes_to_who_is_on_duty_and_is_done_by_the_look(story, roster):
    roster.on("wang", FIRST, SECOND)
    finding = asked(story)
    assert tasks(story, finding) == [("pre_filing", "wang", "grid")]
    assert only(story, finding)["due"] == story.seen_by("zhao", finding)["step_due"]
    seen = look(story, finding, "wang")
    assert (seen["state"], seen["tasks"]) == ("recorded", [])
    assert states(story.district, finding) == ["done"]
    assert listed(story.district) == []


def test_work_handed_back_is_looked_at_before_closing(story, roster):
    roster.on("wang", FIRST, SECOND)
    finding = rectified(story)
    (task,) = story.seen_by("zhao", finding)["tasks"]
    assert (task["phase"], task["report"]) == ("pre_closing", story.seen_by("zhao", finding)["reports"][0]["id"])
    assert look(story, finding, "wang", "pre_closing", report=task["report"])["tasks"] == []
    assert story.seen_by("zhao", finding)["state"] == "verified"


def test_it_never_goes_to_the_recorder_before_filing_but_may_before_closing(story, roster):
    roster.on("lin", FIRST, SECOND)
    assert tasks(story, asked(story)) == [("pre_filing", None, "nobody")]
    assert tasks(story, rectified(story, at=NEXT_DOOR)) == [("pre_closing", "lin", "town")]


def test_near_ones_go_first_until_they_have_much_more_to_do(story, roster):
    roster.on("wang", FIRST)
    roster.on("xu", SECOND)
    roster.on("yan", THIRD)
    given = [tasks(story, asked(story))[0][1:] for _ in range(7)]
    assert given == [("wang", "grid")] * 6 + [("xu", "community")]


def test_the_one_with_less_to_do_goes_first_where_two_are_as_near(story, roster):
    roster.on("wang", FIRST)
    roster.on("xu", FIRST)
    given = [tasks(story, asked(story))[0][1] for _ in range(4)]
    assert sorted(given) == ["wang", "wang", "xu", "xu"]


def test_nobody_on_duty_near_means_a_task_of_nobody_that_is_listed_and_taken_when_somebody_comes(story, roster):
    """Never somebody who is not there, and never forgotten."""
    finding = asked(story)
    assert tasks(story, finding) == [("pre_filing", None, "nobody")]
    assert listed(story.district, unassigned=True) == [finding]
    roster.on("wang", FIRST, after=1)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", None, "nobody")]
    story.district.clock.forward(hours=1)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "wang", "grid")]
    assert listed(story.district, unassigned=True) == []


def test_an_unlocated_finding_is_nobodys(story, roster):
    roster.on("wang", FIRST)
    assert tasks(story, asked(story, at=OUTSIDE)) == [("pre_filing", None, "nobody")]


def test_the_contractors_of_the_work_never_look_at_it_and_see_no_tasks(story, roster):
    roster.on("wang", FIRST, SECOND)
    finding = rectified(story)
    assert story.seen_by("feng", finding)["tasks"] == []
    assert story.district.client("feng").get("/api/v1/tasks").status_code == 403


def test_a_task_ends_where_nobody_needs_the_look_any_more(story, roster):
    roster.on("wang", FIRST, SECOND)
    finding = asked(story)
    story.desk("zhao", finding, "verification-request/cancellation")
    story.district.settle()
    assert tasks(story, finding) == []
    story.desk("zhao", finding, "verification-request", reason="once more")
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "wang", "grid")]
    story.desk("zhao", finding, "void-request", reason="not ours")
    story.desk("chen", finding, "void", reason="agreed")
    story.district.settle()
    assert tasks(story, finding) == []


def test_a_task_is_due_when_its_step_is_also_after_the_calendar_moved_it(story, roster):
    district = story.district
    roster.on("wang", FIRST, hours=12)
    district.clock.forward(hours=5, minutes=50)  # 17:50: half an hour of work reaches into the next working day
    finding = asked(story)
    before = only(story, finding)["due"]
    district.do(change_day, day=dt.date(2026, 11, 24), working=False)
    district.settle()
    after = only(story, finding)["due"]
    assert before < after == story.seen_by("zhao", finding)["step_due"]


def test_settling_twice_changes_nothing(story, roster):
    roster.on("wang", FIRST, SECOND)
    finding = asked(story)
    before = story.seen_by("zhao", finding)
    story.district.settle()
    assert story.seen_by("zhao", finding) == before


# Moved, declined.


def test_the_desk_gives_it_to_another_who_keeps_it_off_duty(story, roster):
    roster.on("wang", FIRST, SECOND)
    finding = asked(story)
    task = only(story, finding)["id"]
    shown = story.desk("chen", finding, f"tasks/{task}/assignment", to=str(story.district.person("xu")), reason="nearer")
    assert [each["assigned_to"] for each in shown["tasks"]] == [str(story.district.person("xu"))]
    story.district.clock.forward(hours=2)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "xu", "named")]
    answer = story.district.client("chen").post(
        f"/api/v1/findings/{finding}/tasks/{task}/assignment", json={"to": str(story.district.person("yan")), "reason": "again"}
    )
    assert (answer.status_code, answer.json["type"], answer.json["state"]) == (409, "/problems/task_over", "reassigned")


@pytest.mark.parametrize("login", ["lin", "wu", "qian", "zhao", "stranger", "wang"])
def test_the_desk_gives_it_to_nobody_unfit(story, roster, login):
    """Who recorded it, of another town, no inspector, or who has it already."""
    roster.on("wang", FIRST, SECOND)
    finding = asked(story)
    path = f"/api/v1/findings/{finding}/tasks/{only(story, finding)['id']}/assignment"
    answer = story.district.client("chen").post(path, json={"to": str(story.district.person(login)), "reason": "?"})
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/assignee_unfit")


@pytest.mark.parametrize(("login", "status"), [("stranger", 403), ("lin", 403), ("feng", 403), ("sun", 403), ("east", 404)])
def test_who_may_not_gives_no_task(story, roster, login, status):
    roster.on("wang", FIRST, SECOND)
    story.district.person("east", ("shift_leader", "330113002"))
    finding = asked(story)
    path = f"/api/v1/findings/{finding}/tasks/{only(story, finding)['id']}/assignment"
    answer = story.district.client(login).post(path, json={"to": str(story.district.person("xu")), "reason": "?"})
    assert answer.status_code == status


def test_a_task_that_is_not_of_the_finding_is_not_there(story, roster):
    finding = asked(story)
    answer = story.district.client("chen").post(
        f"/api/v1/findings/{finding}/tasks/{uuid4()}/assignment", json={"to": str(story.district.person("xu")), "reason": "?"}
    )
    assert answer.status_code == 404


def test_a_declined_task_goes_to_another_and_never_back(story, roster):
    roster.on("wang", FIRST)
    roster.on("xu", THIRD)
    finding = asked(story)
    task = only(story, finding)["id"]
    decline(story, finding, "wang", task)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "xu", "town")]
    decline(story, finding, "xu", only(story, finding)["id"])
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", None, "nobody")]
    assert decline(story, finding, "wang", task, 409).json["type"] == "/problems/task_over"


def test_only_its_assignee_declines_it(story, roster):
    roster.on("wang", FIRST)
    finding = asked(story)
    assert decline(story, finding, "xu", only(story, finding)["id"], 403).json["type"] == "/problems/not_your_task"
    assert tasks(story, finding) == [("pre_filing", "wang", "grid")]


def test_who_gave_the_task_away_no_longer_looks_at_the_desk_and_anybody_else_of_the_area_does(story, roster):
    roster.on("wang", FIRST)
    roster.on("xu", FIRST, after=3)
    finding = asked(story)
    decline(story, finding, "wang", only(story, finding)["id"])
    assert look(story, finding, "wang", status=409)["type"] == "/problems/task_over"
    assert look(story, finding, "yan")["tasks"] == []


# Those who are not there.


def test_tasks_of_the_absent_go_to_the_cover(story, roster):
    roster.on("wang", FIRST)
    finding = asked(story)
    roster.absent("wang", cover="xu")
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "xu", "grid")]


def test_tasks_of_the_absent_that_nobody_covers_are_listed_as_nobodys(story, roster):
    roster.on("wang", FIRST)
    finding = asked(story)
    roster.absent("wang")
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", None, "nobody")]
    assert listed(story.district, unassigned=True) == [finding]


def test_what_is_open_at_the_end_of_a_shift_goes_to_the_next_after_a_while_and_stays_where_there_is_none(story, roster):
    roster.on("wang", FIRST, hours=1)
    finding = asked(story)
    story.district.clock.forward(hours=2)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "wang", "grid")]
    roster.on("xu", FIRST)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "xu", "grid")]


def test_a_shift_that_has_just_ended_keeps_its_tasks(story, roster):
    roster.on("wang", FIRST, hours=1)
    finding = asked(story)
    roster.on("xu", FIRST, after=1)
    story.district.clock.forward(hours=1, minutes=20)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "wang", "grid")]
    story.district.clock.forward(minutes=15)
    story.district.settle()
    assert tasks(story, finding) == [("pre_filing", "xu", "grid")]


@pytest.mark.parametrize("how", ["role", "account"])
def test_a_leavers_open_tasks_are_passed_on_or_listed(story, roster, how):
    district = story.district
    roster.on("wang", FIRST)
    roster.on("xu", THIRD)
    taken, other = asked(story), asked(story)
    district.client("chen").post(
        f"/api/v1/findings/{other}/tasks/{only(story, other)['id']}/assignment",
        json={"to": str(district.person("yan")), "reason": "knows it"},
    )
    for login in ("wang", "yan"):
        if how == "role":
            held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == district.person(login)))
            district.do(end_role, person=district.person(login), held=held[0])
        else:
            district.do(disable_person, person=district.person(login))
    district.settle()
    assert tasks(story, taken) == tasks(story, other) == [("pre_filing", "xu", "town")]
    district.do(disable_person, person=district.person("xu"))
    district.settle()
    assert sorted(listed(district, unassigned=True)) == sorted([taken, other])


# Phones.


def test_a_phone_gets_its_tasks_by_pull_and_loses_them_when_they_go(story, roster, far):
    roster.on("far", FIRST)
    far.sync()
    finding = asked(story)
    far.sync()
    assert [each["assigned_to"] for each in far.docs()[finding]["tasks"]] == [str(far.person)]
    assert listed(story.district, "far") == [finding]
    assert [each["id"] for each in story.district.client("far").get("/api/v1/findings").json["items"]] == [finding]
    story.desk("chen", finding, f"tasks/{only(story, finding)['id']}/assignment", to=str(story.district.person("xu")), reason="nearer")
    far.sync()
    assert far.docs() == {}
    assert story.district.client("far").get(f"/api/v1/findings/{finding}").status_code == 404


def test_a_phone_declines_and_looks(story, roster, far):
    roster.on("far", FIRST)
    finding, other = asked(story), asked(story)
    task = only(story, finding)["id"]
    assert pushed(far, "decline_task", finding, {"task": task, "reason": "flat tyre"}) == ("applied", None)
    assert pushed(far, "decline_task", finding, {"task": task, "reason": "flat tyre"}) == ("merged", "task_reassigned")
    assert pushed(far, "verify_finding", other, verdict()) == ("applied", None)
    assert tasks(story, finding) == [("pre_filing", None, "nobody")]
    assert (tasks(story, other), story.seen_by("zhao", other)["state"]) == ([], "recorded")
    assert pushed(far, "decline_task", other, {"task": str(uuid4()), "reason": "?"})[0] == "deferred"


def test_declining_what_was_done_changes_nothing(story, roster):
    wang = Phone(story.district, "wang")
    roster.on("wang", FIRST)
    finding = asked(story)
    task = only(story, finding)["id"]
    pushed(wang, "verify_finding", finding, verdict())
    assert pushed(wang, "decline_task", finding, {"task": task, "reason": "ill"}) == ("merged", "state_kept")


def test_a_look_from_before_the_switch_is_its_first_owners_and_one_from_after_is_an_observation(story, roster, far):
    roster.on("far", FIRST)
    first, second = asked(story), asked(story)
    story.district.clock.forward(minutes=30)
    moved(story, first)
    moved(story, second)
    story.district.clock.forward(minutes=30)
    assert pushed(far, "verify_finding", first, verdict(), minutes=-40) == ("applied", None)
    assert pushed(far, "verify_finding", second, verdict(), minutes=-20) == ("merged", "task_reassigned")
    assert (tasks(story, first), story.seen_by("zhao", first)["state"]) == ([], "recorded")
    assert (tasks(story, second), story.seen_by("zhao", second)["state"]) == ([("pre_filing", "xu", "named")], "verifying")
    assert [each["observation"] for each in story.seen_by("zhao", second)["verifications"]] == [True]


def test_an_observation_decides_nothing_about_work(story, roster, far):
    roster.on("far", FIRST)
    finding = rectified(story)
    report = only(story, finding)["report"]
    moved(story, finding)
    assert pushed(far, "verify_finding", finding, verdict("pre_closing", report, "fail")) == ("merged", "task_reassigned")
    assert (story.seen_by("zhao", finding)["state"], tasks(story, finding)) == ("rectified", [("pre_closing", "xu", "named")])
    assert look(story, finding, "xu", "pre_closing", report=report)["state"] == "verified"
    assert "disputed" not in story.seen_by("zhao", finding)["needs"]


# Two laws that must be one.


def test_the_lists_and_the_law_agree_about_who_sees_a_task(story, roster, far):
    roster.on("far", FIRST)
    roster.on("wang", THIRD)
    asked(story), asked(story, at=NEXT_DOOR), rectified(story), story.recorded(), story.recorded(at=HOME)
    moved(story, listed(story.district, assigned_to=str(far.person))[0])
    district = story.district
    rows = district.scalars(sa.select(Finding))
    for login in ("far", "wang", "xu", "lin", "wu", "qian", "feng", "zhao", "shen", "stranger", "gu"):
        actor = district.actor(login)
        law = {row.id for row in rows if is_visible(row, actor)}
        assert set(district.scalars(sa.select(Finding.id).where(visible_to(actor)))) == law, login
    nobody = Actor(None, "anonymous", "anonymous")
    assert district.scalars(sa.select(Finding.id).where(visible_to(nobody))) == []


def test_listed_tasks_are_what_is_due_first_before_and_pages(story, roster):
    roster.on("wang", FIRST)
    ids = []
    for _ in range(3):
        ids.append(asked(story))
        story.district.clock.forward(minutes=10)
    query, found = {"limit": 2}, []
    while True:
        page = story.district.client("zhao").get("/api/v1/tasks", query_string=query).json
        found += [each["finding"] for each in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert found == ids
    assert listed(story.district, "wang") == ids
    assert listed(story.district, "xu") == listed(story.district, "lin") == []
    assert listed(story.district, phase="pre_closing") == []
