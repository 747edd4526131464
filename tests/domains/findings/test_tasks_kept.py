"""A shift with tasks that are given, moved, declined and done can be proven and done again, and survives what comes twice."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from backend.domains.identity.actions.people import disable_person
from backend.domains.identity.actions.roles import end_role
from backend.domains.identity.model import RoleHeld
from backend.entrypoints.worker import nightly
from tests.make.phone import Phone
from tests.make.rosters import FIRST, THIRD, asked, decline, listed, look, moved, only, pushed, rectified, verdict


@pytest.fixture
def busy(story, roster, far):
    """A shift: covers, a cancelled shift, a leaver, tasks of every end."""
    district = story.district
    roster.on("wang", FIRST)
    roster.on("far", THIRD)
    gone = roster.on("xu", THIRD, after=1)
    done, declined, reassigned, observed = asked(story), asked(story), rectified(story), asked(story)
    look(story, done, "wang")
    decline(story, declined, "wang", only(story, declined)["id"])
    district.settle()
    district.clock.forward(minutes=10)
    story.desk("chen", observed, f"tasks/{only(story, observed)['id']}/assignment", to=str(far.person), reason="nearer")
    district.clock.forward(minutes=10)
    moved(story, observed, to="yan")
    moved(story, reassigned, to="yan")
    district.clock.forward(minutes=10)
    assert pushed(far, "verify_finding", observed, verdict(), minutes=-5) == ("merged", "task_reassigned")
    roster.absent("wang", cover="xu")
    assert district.client("chen").post(f"/api/v1/shifts/{gone}/cancellation").status_code == 200
    place = roster.place(FIRST)
    terms = {"valid_from": "2026-11-24", "grids": [FIRST, "330113001001002"], "grid_class": "general"}
    assert district.client("chen").post(f"/api/v1/responsibility-grids/{place}/terms", json=terms).status_code == 201
    district.do(disable_person, person=district.person("yan"))
    district.settle()
    assert sorted(listed(district)) == sorted([declined, reassigned, observed])
    return district


def test_everything_is_proven_and_done_again(busy):
    report = nightly.verify_sync(busy.app, replay=True)
    assert report.violations == []
    assert report.counts["replay"]


def test_a_new_phone_has_what_the_old_one_has(busy):
    one = Phone(busy, "xu")
    one.sync()
    other = Phone(busy, "xu")
    other.sync()
    assert (one.docs(), one.docs("shift")) == (other.docs(), other.docs("shift"))
    assert len(one.docs("shift")) == 2  # the own one that was cancelled, and the one covered


def test_a_shift_planned_for_who_left_before_it_is_done_again_all_the_same(story, roster):
    district = story.district
    roster.on("wang", FIRST, after=48)
    roster.absent("yan", cover="wang", hours=72)
    district.clock.forward(hours=24)
    (held,) = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == district.person("wang")))
    district.do(end_role, person=district.person("wang"), held=held)
    district.clock.forward(hours=48)
    assert nightly.verify_sync(district.app, replay=True).violations == []
