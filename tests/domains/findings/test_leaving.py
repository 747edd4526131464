"""Who leaves: what they have open is shown beforehand, and goes to who is there or is listed as nobody's."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from backend.domains.identity.actions.people import disable_person
from backend.domains.identity.actions.roles import end_role, grant_role
from backend.domains.identity.model import RoleHeld
from tests.make.rosters import FIRST, asked, only


def open_work(district, login, by="admin"):
    answer = district.client(by).get(f"/api/v1/people/{district.person(login)}/open-work")
    assert answer.status_code == 200, answer.text
    return {name: value["count"] for name, value in answer.json.items() if name != "person"}


def left(district, login, how="role"):
    if how == "account":
        district.do(disable_person, person=district.person(login))
    else:
        for held in district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == district.person(login), RoleHeld.until.is_(None))):
            district.do(end_role, person=district.person(login), held=held)
    district.settle()


def test_what_somebody_has_open_is_shown_before_they_leave(story, roster):
    district = story.district
    roster.on("wang", FIRST)
    roster.on("wang", FIRST, after=24)
    finding = asked(story)
    roster.absent("xu", cover="wang")
    assert open_work(district, "wang") == {"tasks": 1, "dispatches": 0, "supervisions": 0, "shifts": 2, "covers": 1}
    shown = district.client("chen").get(f"/api/v1/people/{district.person('wang')}/open-work").json
    assert (shown["tasks"]["items"][0]["finding"], shown["tasks"]["items"][0]["id"]) == (finding, only(story, finding)["id"])
    left(district, "wang")
    assert open_work(district, "wang")["tasks"] == 0


@pytest.mark.parametrize("login", ["stranger", "lin", "qian", "zhao_"])
def test_who_may_not_is_not_shown_it(story, login):
    district = story.district
    district.person("zhao_", ("acceptor", "330113"))
    assert district.client(login).get(f"/api/v1/people/{district.person('lin')}/open-work").status_code == 403


def test_nobody_has_nothing(story):
    answer = story.district.client("admin").get("/api/v1/people/00000000-0000-7000-8000-000000000000/open-work")
    assert answer.status_code == 404


@pytest.mark.parametrize("how", ["role", "account"])
def test_a_workers_dispatches_go_back_to_the_manager(story, how):
    district = story.district
    finding = story.dispatched()
    story.desk("qian", finding, "assignments", dispatch=story.task(finding), worker=str(district.person("ma")), hand_back_by="manager")
    assert open_work(district, "ma")["dispatches"] == 1
    left(district, "ma", how)
    (task,) = story.seen_by("qian", finding)["dispatches"]
    assert (task["worker"], task["hand_back_by"], task["state"]) == (None, "manager", "issued")
    assert open_work(district, "ma")["dispatches"] == 0
    assert story.seen_by("zhao", finding)["history"][-1]["event"] == "finding.worker_left"


def test_a_worker_who_loses_a_role_elsewhere_keeps_the_work(story):
    district = story.district
    finding = story.dispatched()
    story.desk("qian", finding, "assignments", dispatch=story.task(finding), worker=str(district.person("ma")), hand_back_by="worker")
    other = district.do(grant_role, person=district.person("ma"), role="contractor_worker", unit=district.unit("lvyuan"))
    district.do(end_role, person=district.person("ma"), held=other.id)
    district.settle()
    assert story.seen_by("qian", finding)["dispatches"][0]["worker"] == str(district.person("ma"))
