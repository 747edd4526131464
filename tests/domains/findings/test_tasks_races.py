"""Several at once on one task or one roster: one wins, the others are told, and nothing is half done or doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle

import sqlalchemy as sa

from backend.domains.findings.model.tasks import VerificationTask
from backend.domains.patrols.model import ResponsibilityGrid, Shift
from tests.make.rosters import FIRST, SECOND, asked, look, only, states, tasks

AT_ONCE = 6


def at_once(*deeds):
    """The statuses of deeds begun together, sorted."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        return sorted(each.result().status_code for each in [pool.submit(deed) for deed in deeds])


def test_desks_that_give_one_task_to_different_people_give_it_to_one(story, roster):
    district = story.district
    roster.on("wang", FIRST)
    finding = asked(story)
    path = f"/api/v1/findings/{finding}/tasks/{only(story, finding)['id']}/assignment"
    people = [str(district.person(each)) for each, _ in zip(cycle(("xu", "yan")), range(AT_ONCE), strict=False)]
    calls = [(district.client("chen"), {"to": to, "reason": "nearer"}) for to in people]
    assert at_once(*(partial(client.post, path, json=body) for client, body in calls)) == [200, *[409] * (AT_ONCE - 1)]
    assert states(district, finding) == ["reassigned", "open"]
    assert tasks(story, finding)[0][2] == "named"


def test_a_look_and_a_desk_that_gives_the_task_away_at_once_end_as_one_of_the_two(story, roster):
    district = story.district
    roster.on("wang", FIRST)
    finding = asked(story)
    task = only(story, finding)["id"]
    body = {"phase": "pre_filing", "report": None, "result": "pass", "note": None, "photos": []}
    to = {"to": str(district.person("xu")), "reason": "nearer"}
    wang, chen = district.client("wang"), district.client("chen")
    came = at_once(
        lambda: wang.post(f"/api/v1/findings/{finding}/verifications", json=body),
        lambda: chen.post(f"/api/v1/findings/{finding}/tasks/{task}/assignment", json=to),
    )
    assert came in ([200, 409], [201, 409])
    assert states(district, finding) in (["done"], ["reassigned", "open"])
    if tasks(story, finding):
        look(story, finding, "xu")
    assert tasks(story, finding) == []


def test_workers_at_once_make_each_task_once(story, roster):
    district = story.district
    findings = [story.ready() for _ in range(3)]
    roster.on("wang", FIRST)
    for finding in findings:
        story.desk("zhao", finding, "verification-request", reason="still there?")
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(district.settle) for _ in range(3)]:
            done.result()
    assert sorted(map(str, district.scalars(sa.select(VerificationTask.finding)))) == sorted(findings)
    assert [tasks(story, finding) for finding in findings] == [[("pre_filing", "wang", "grid")]] * 3


def test_planners_at_once_plan_one_of_shifts_that_meet_and_draw_a_grid_once(story, roster):
    district = story.district
    clients = [district.client("chen") for _ in range(AT_ONCE)]
    body = {"name": "x", "area": "330113001", "valid_from": "2026-01-01", "grids": [FIRST, SECOND], "grid_class": "key"}
    draws = [
        lambda number=number, client=client: client.post("/api/v1/responsibility-grids", json={**body, "code": str(number)})
        for number, client in enumerate(clients)
    ]
    assert at_once(*draws) == [201, *[409] * (AT_ONCE - 1)]
    (place,) = district.scalars(sa.select(ResponsibilityGrid.id))
    item = {
        "person": str(district.person("lin")),
        "responsibility_grid": str(place),
        "since": "2026-11-23T13:00:00+08:00",
        "until": "2026-11-23T18:00:00+08:00",
    }
    plans = [lambda client=client: client.post("/api/v1/shifts", json={"items": [item]}) for client in clients]
    assert at_once(*plans) == [201, *[409] * (AT_ONCE - 1)]
    assert len(district.scalars(sa.select(Shift.id))) == 1
