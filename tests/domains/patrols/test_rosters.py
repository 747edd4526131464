"""Rosters over HTTP: responsibility grids, shifts, absences with cover, who is on duty, and where nobody is."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.core.journal import FeedMember
from backend.domains.identity.actions.people import disable_person, enable_person
from backend.domains.identity.actions.roles import end_role
from backend.domains.identity.model import RoleHeld
from backend.domains.patrols.model import Shift
from backend.domains.patrols.queries import rosters
from backend.entrypoints.worker import nightly
from tests.make.phone import Phone, mono

FIRST, SECOND, THIRD, FOURTH = (f"330113001{end}" for end in ("001001", "001002", "002001", "002002"))
EAST = "330113002001001"


@pytest.fixture
def district(any_district):
    any_district.person("mate", ("inspector", "330113001"))
    any_district.person("lead", ("shift_leader", "330113001"))
    return any_district


def drawn(district, code="A", grids=(FIRST, SECOND), *, by="chen", **other):
    payload = {"code": code, "name": code, "area": "330113001", "valid_from": "2026-01-01", "grids": list(grids), "grid_class": "key"}
    answer = district.client(by).post("/api/v1/responsibility-grids", json={**payload, **other})
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def local(text):
    return f"2026-11-{text}:00+08:00"


def shift(district, place, login="lin", since="23T08:00", until="23T18:00"):
    return {"person": str(district.person(login)), "responsibility_grid": place, "since": local(since), "until": local(until)}


def planned(district, *items, by="chen"):
    answer = district.client(by).post("/api/v1/shifts", json={"items": list(items)})
    assert answer.status_code == 201, answer.text
    return [each["id"] for each in answer.json["items"]]


def absent(district, login="lin", *, since="23T08:00", until="25T00:00", cover=None, by="chen", **other):
    payload = {"person": str(district.person(login)), "since": local(since), "until": local(until), "kind": "sick"}
    covered_by = str(district.person(cover)) if cover else None
    return district.client(by).post("/api/v1/absences", json={**payload, "covered_by": covered_by, **other})


def on_duty(district, grid=FIRST, at="23T13:00", by="chen"):
    answer = district.client(by).get("/api/v1/rosters/on-duty", query_string={"grid": grid, "at": local(at)})
    assert answer.status_code == 200, answer.text
    return [(each["name"], each["covering"]) for each in answer.json["items"]]


def report(district, since="2026-11-23", until="2026-11-24", by="chen", **other):
    answer = district.client(by).get("/api/v1/rosters/report", query_string={"since": since, "until": until, **other})
    assert answer.status_code == 200, answer.text
    return answer.json


def gaps(district, **other):
    zone = dt.timezone(dt.timedelta(hours=8))
    return [
        (
            each["code"],
            *(dt.datetime.fromisoformat(each[name]).astimezone(zone).strftime("%dT%H:%M") for name in ("since", "until")),
            each["reason"],
        )
        for each in report(district, **other)["gaps"]
    ]


def test_who_has_a_shift_is_on_duty_in_its_grids_from_its_beginning_until_before_its_end(district):
    place = drawn(district)
    planned(district, shift(district, place))
    assert on_duty(district, FIRST, "23T08:00") == on_duty(district, SECOND, "23T17:59") == [("林晓", None)]
    assert on_duty(district, FIRST, "23T18:00") == on_duty(district, FIRST, "23T07:59") == on_duty(district, THIRD) == []


def test_on_duty_is_what_the_seam_says(district):
    planned(district, shift(district, drawn(district)))
    (found,) = district.ask(rosters.on_duty, grid=FIRST, at=district.clock.now())
    assert (found.person, found.grid_class, found.covering) == (district.person("lin"), "key", None)


def test_a_cover_is_on_duty_in_the_absent_ones_shifts_and_at_no_other_time(district):
    """It neither joins two shifts nor fills the time between them, and the roster shows what the assignment uses."""
    place = drawn(district)
    ids = planned(
        district, shift(district, place, since="24T08:00", until="24T12:00"), shift(district, place, since="24T14:00", until="24T18:00")
    )
    assert absent(district, until="25T00:00", cover="mate").status_code == 201
    assert on_duty(district, at="24T11:59") == on_duty(district, at="24T14:00") == [("mate", str(district.person("lin")))]
    assert on_duty(district, at="24T12:00") == on_duty(district, at="24T18:00") == []
    listed = district.client("chen").get("/api/v1/shifts", query_string={"since": local("24T00:00"), "until": local("25T00:00")}).json
    assert [(each["id"], [part["person"] for part in each["parts"]]) for each in listed["items"]] == [
        (each, [str(district.person("mate"))]) for each in ids
    ]


def test_an_absence_that_begins_in_the_middle_of_a_shift_parts_it(district):
    place = drawn(district)
    planned(district, shift(district, place))
    absent(district, since="23T12:30", until="23T16:00")
    assert on_duty(district, at="23T12:29") == on_duty(district, at="23T16:00") == [("林晓", None)]
    assert on_duty(district, at="23T13:00") == []
    assert gaps(district) == [("A", "23T12:30", "23T16:00", "absent")]


def test_a_district_without_rosters_is_one_gap(district):
    """Where nothing is planned the report is loudest, not empty."""
    found = report(district)
    assert [each["grid"] for each in found["unassigned"]] == [FIRST, SECOND, THIRD, FOURTH, EAST]
    assert (found["unassigned"][0]["since"], found["unassigned"][0]["until"]) == ("2026-11-23", "2026-11-24")


def test_each_gap_says_why(district):
    first = drawn(district)
    second = drawn(district, "B", [THIRD])
    drawn(district, "C", [FOURTH], duty_from="22:00", duty_until="06:00")
    third = drawn(district, "D", [EAST], area="330113002")
    planned(
        district,
        shift(district, first, since="24T09:00", until="24T12:00"),
        shift(district, second, "mate", since="24T08:00", until="24T18:00"),
        shift(district, third, "wu", since="24T08:00", until="24T18:00"),
    )
    absent(district, "mate", since="24T15:00", until="24T16:00")
    held = district.ask(lambda session: session.scalar(sa.select(RoleHeld).where(RoleHeld.person == district.person("wu"))))
    district.do(end_role, person=district.person("wu"), held=held.id)
    assert gaps(district, since="2026-11-24", until="2026-11-25") == [
        ("A", "24T08:00", "24T09:00", "no_shift"),
        ("A", "24T12:00", "24T18:00", "no_shift"),
        ("B", "24T15:00", "24T16:00", "absent"),
        ("C", "24T22:00", "25T06:00", "no_shift"),
        ("D", "24T08:00", "24T18:00", "left"),
    ]
    assert on_duty(district, EAST, "24T13:00") == []
    assert report(district)["gaps"][-1]["reason_text"]["zh"]


def test_who_covers_and_is_absent_later_leaves_a_gap(district):
    planned(district, shift(district, drawn(district)))
    absent(district, cover="mate")
    assert absent(district, "mate", since="23T14:00", until="23T15:00").status_code == 201
    assert gaps(district) == [("A", "23T14:00", "23T15:00", "cover_absent")]


def test_two_on_duty_at_once_are_listed_and_a_touching_shift_is_not(district):
    place = drawn(district)
    planned(district, shift(district, place, until="23T13:00"), shift(district, place, "mate", since="23T13:00"))
    assert report(district)["doubled"] == []
    district.person("third", ("inspector", "330113001"))
    planned(district, shift(district, place, "third", since="23T12:00", until="23T14:00"))
    assert [len(each["people"]) for each in report(district)["doubled"]] == [2, 2]


def test_a_person_has_one_shift_at_a_time_and_none_of_a_batch_is_planned_where_one_cannot_be(district):
    place = drawn(district)
    items = [shift(district, place), shift(district, place, "mate"), shift(district, place, since="23T17:59", until="23T20:00")]
    answer = district.client("chen").post("/api/v1/shifts", json={"items": items})
    assert (answer.status_code, answer.json["type"], answer.json["errors"][0]["pointer"]) == (409, "/problems/shifts_overlap", "/items/2")
    assert on_duty(district) == []
    (first,) = planned(district, items[0])
    answer = district.client("chen").post("/api/v1/shifts", json={"items": items[2:]})
    assert (answer.status_code, answer.json["overlaps"]) == (409, first)
    planned(district, shift(district, place, since="23T18:00", until="23T20:00"))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"until": local("23T08:00")}, "/items/0/until"),
        ({"until": local("24T09:00")}, "/items/0/until"),
        ({"since": local("22T08:00"), "until": local("22T18:00")}, "/items/0/until"),
        ({"responsibility_grid": str(uuid4())}, "/items/0/responsibility_grid"),
        ({"person": str(uuid4())}, "/items/0/person"),
        ({"person": "wu"}, "/items/0/person"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_by_name(district, change, pointer):
    item = {**shift(district, drawn(district)), **change}
    item["person"] = str(district.person("wu")) if item["person"] == "wu" else item["person"]
    answer = district.client("chen").post("/api/v1/shifts", json={"items": [item]})
    assert (answer.status_code, answer.json["type"], answer.json["errors"][0]["pointer"]) == (422, "/problems/roster_invalid", pointer)


def test_a_unit_grid_is_in_one_responsibility_grid_at_a_time(district):
    first = drawn(district)
    body = {"code": "B", "name": "B", "area": "330113001", "valid_from": "2026-06-01", "grids": [THIRD, SECOND], "grid_class": "general"}
    answer = district.client("chen").post("/api/v1/responsibility-grids", json=body)
    assert (answer.status_code, answer.json["taken"]) == (409, {SECOND: "A"})
    assert answer.json["errors"][0]["pointer"] == "/grids/1"
    redrawn = {"valid_from": "2026-12-01", "grids": [FIRST], "grid_class": "general"}
    answer = district.client("chen").post(f"/api/v1/responsibility-grids/{first}/terms", json=redrawn)
    assert [each["grids"] for each in answer.json["terms"]] == [[FIRST, SECOND], [FIRST]]
    assert district.client("chen").post("/api/v1/responsibility-grids", json=body).status_code == 409
    assert district.client("chen").post("/api/v1/responsibility-grids", json={**body, "valid_from": "2026-12-01"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"grids": ["330113009001001"]}, "/grids/0"),
        ({"grids": [EAST]}, "/grids/0"),
        ({"area": FIRST}, "/area"),
        ({"area": "330114"}, "/area"),
        ({"valid_until": "2026-01-01"}, "/valid_until"),
        ({"grids": []}, "/grids"),
        ({"grids": [FIRST, FIRST]}, "/grids"),
        ({"duty_from": "24:00"}, "/duty_from"),
        ({"weekdays": [8]}, "/weekdays/0"),
        ({"grid_class": "royal"}, "/grid_class"),
    ],
)
def test_a_responsibility_grid_that_cannot_be_is_refused_by_name(district, change, pointer):
    body = {"code": "B", "name": "B", "area": "330113001", "valid_from": "2026-01-01", "grids": [FIRST], "grid_class": "key", **change}
    answer = district.client("admin").post("/api/v1/responsibility-grids", json=body)
    assert answer.status_code == 422
    assert pointer in [each["pointer"] for each in answer.json["errors"]]


def test_what_was_is_not_redrawn(district):
    place = drawn(district)
    terms = f"/api/v1/responsibility-grids/{place}/terms"
    body = {"grids": [FIRST], "grid_class": "key"}
    assert district.client("chen").post(terms, json={**body, "valid_from": "2026-11-22"}).status_code == 422
    assert district.client("chen").post(terms, json={**body, "valid_from": "2026-12-01"}).status_code == 201
    assert district.client("chen").post(terms, json={**body, "valid_from": "2026-11-30"}).status_code == 422
    answer = district.client("chen").post(terms, json={**body, "grids": [FIRST, THIRD], "valid_from": "2026-12-01"})
    assert [each["grids"] for each in answer.json["terms"]] == [[FIRST, SECOND], [FIRST, THIRD]]


def test_closing_a_responsibility_grid_cancels_its_later_shifts_and_leaves_its_grids_to_nobody(district):
    place = drawn(district)
    planned(district, shift(district, place), shift(district, place, since="24T08:00", until="24T18:00"))
    answer = district.client("chen").post(f"/api/v1/responsibility-grids/{place}/closing", json={"on": "2026-11-24"})
    assert answer.json["terms"][-1]["valid_until"] == "2026-11-24"
    assert on_duty(district) == [("林晓", None)]
    assert on_duty(district, at="24T12:00") == []
    assert FIRST in [each["grid"] for each in report(district, since="2026-11-24", until="2026-11-25")["unassigned"]]


def test_a_cancelled_shift_is_nobodys_and_is_not_cancelled_twice(district):
    (only,) = planned(district, shift(district, drawn(district)))
    answer = district.client("chen").post(f"/api/v1/shifts/{only}/cancellation")
    assert (answer.status_code, answer.json["parts"]) == (200, [])
    assert on_duty(district) == []
    assert district.client("chen").post(f"/api/v1/shifts/{only}/cancellation").json["type"] == "/problems/shift_over"
    district.clock.forward(days=2)
    (other,) = planned(district, shift(district, drawn(district, "B", [THIRD]), since="25T08:00", until="25T18:00"))
    district.clock.forward(days=1)
    assert district.client("chen").post(f"/api/v1/shifts/{other}/cancellation").status_code == 409


@pytest.mark.parametrize("cover", ["lin", "wu", "qian", "stranger", "away"])
def test_who_cannot_cover_is_refused(district, cover):
    """The absent one, one of another town, who is no inspector, or who is away as well."""
    district.person("away", ("inspector", "330113001"))
    planned(district, shift(district, drawn(district)))
    assert absent(district, "away", since="23T09:00", until="23T10:00").status_code == 422
    assert absent(district, "away", since="23T17:00", until="23T19:00").status_code == 201
    answer = absent(district, cover=cover)
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/cover_unfit")


def test_an_absence_is_covered_later_and_ends_sooner_or_later(district):
    planned(district, shift(district, drawn(district)), shift(district, drawn(district, "B", [THIRD]), "mate"))
    noted = absent(district).json
    assert (noted["name"], noted["kind"], noted["covered_by"]) == ("林晓", "sick", None)
    base = f"/api/v1/absences/{noted['id']}"
    assert district.client("chen").put(f"{base}/cover", json={"covered_by": str(district.person("mate"))}).json["cover_name"] == "mate"
    assert [name for name, _ in on_duty(district)] == ["mate"]
    assert absent(district, since="23T20:00", until="26T00:00").json["overlaps"] == noted["id"]
    assert district.client("chen").put(f"{base}/end", json={"until": local("23T12:30")}).status_code == 200
    assert [name for name, _ in on_duty(district, at="23T13:00")] == ["林晓"]
    assert district.client("chen").put(f"{base}/end", json={"until": local("23T07:00")}).status_code == 422
    district.clock.forward(hours=1)
    assert district.client("chen").put(f"{base}/cover", json={"covered_by": None}).json["type"] == "/problems/absence_over"


def test_rosters_are_kept_by_the_shift_leaders_of_the_area(district):
    place = drawn(district, by="lead")
    east = drawn(district, "E", [EAST], area="330113002")
    (wus,) = planned(district, shift(district, east, "wu"))
    lead = district.client("lead")
    for answer in (
        lead.post("/api/v1/shifts", json={"items": [shift(district, east, "wu", since="24T08:00", until="24T18:00")]}),
        lead.post(f"/api/v1/shifts/{wus}/cancellation"),
        lead.post(f"/api/v1/responsibility-grids/{east}/closing", json={"on": "2026-12-01"}),
        absent(district, "wu", by="lead"),
        lead.get("/api/v1/rosters/report", query_string={"since": "2026-11-23", "until": "2026-11-24", "area": "330113002"}),
    ):
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/not_your_roster")
    planned(district, shift(district, place), by="lead")
    assert [each["code"] for each in lead.get("/api/v1/responsibility-grids").json["items"]] == ["A"]
    assert [each["code"] for each in district.client("chen").get("/api/v1/responsibility-grids").json["items"]] == ["A", "E"]
    listed = lead.get("/api/v1/shifts", query_string={"since": local("23T00:00"), "until": local("24T00:00")}).json["items"]
    assert [each["person"] for each in listed] == [str(district.person("lin"))]
    assert {each["code"] for each in report(district, by="lead")["gaps"]} <= {"A"}


@pytest.mark.parametrize("login", ["stranger", "qian", "lin", "shen"])
def test_who_keeps_no_rosters_changes_none(district, login):
    place = drawn(district)
    (only,) = planned(district, shift(district, place))
    client = district.client(login)
    assert client.post("/api/v1/shifts", json={"items": [shift(district, place)]}).status_code == 403
    assert client.post(f"/api/v1/shifts/{only}/cancellation").status_code == 403
    assert absent(district, by=login).status_code == 403
    assert client.get("/api/v1/absences", query_string={"since": local("23T00:00"), "until": local("24T00:00")}).status_code == 403


def test_an_inspector_sees_the_own_shifts_alone(district):
    place = drawn(district)
    mine, _ = planned(district, shift(district, place), shift(district, place, "mate", since="23T18:00", until="23T20:00"))
    query = {"since": local("23T00:00"), "until": local("24T00:00")}
    assert [each["id"] for each in district.client("lin").get("/api/v1/shifts", query_string=query).json["items"]] == [mine]
    query["person"] = str(district.person("mate"))
    assert district.client("lin").get("/api/v1/shifts", query_string=query).json["items"] == []


def test_lists_are_pages(district):
    place = drawn(district)
    ids = planned(district, *(shift(district, place, since=f"23T{hour}:00", until=f"23T{hour + 1}:00") for hour in range(13, 18)))
    for each in ("18", "19", "20"):
        assert absent(district, since=f"23T{each}:00", until=f"23T{each}:30").status_code == 201
    for path, expected in (("shifts", 5), ("absences", 3)):
        query = {"since": local("23T00:00"), "until": local("24T00:00"), "limit": 2}
        found, more = [], True
        while more:
            page = district.client("chen").get(f"/api/v1/{path}", query_string=query).json
            found += [each["id"] for each in page["items"]]
            more = query["cursor"] = page["next"]
        assert len(found) == len(set(found)) == expected
        assert path != "shifts" or found == ids
        answer = district.client("chen").get(f"/api/v1/{path}", query_string={**query, "cursor": "bm90aGluZw"})
        assert answer.json["type"] == "/problems/bad_page_cursor"
    codes = [drawn(district, code, [grid]) and code for code, grid in (("B", THIRD), ("C", FOURTH))]
    page = district.client("chen").get("/api/v1/responsibility-grids", query_string={"limit": 1}).json
    page = district.client("chen").get("/api/v1/responsibility-grids", query_string={"limit": 9, "cursor": page["next"]}).json
    assert ([each["code"] for each in page["items"]], page["next"]) == (codes, None)


def test_a_disabled_inspector_is_on_duty_nowhere_until_enabled_again(district):
    planned(district, shift(district, drawn(district)))
    district.do(disable_person, person=district.person("lin"))
    assert (on_duty(district), gaps(district)[0][-1]) == ([], "left")
    district.do(enable_person, person=district.person("lin"))
    assert on_duty(district) == [("林晓", None)]


# What phones are told.


def test_shifts_come_by_pull_to_who_has_them_and_to_who_covers(district):
    lin, mate = Phone(district, "lin"), Phone(district, "mate")
    (only,) = planned(district, shift(district, drawn(district)))
    lin.sync()
    mate.sync()
    assert (list(lin.docs("shift")), list(mate.docs("shift"))) == ([only], [])
    noted = absent(district, cover="mate").json
    mate.sync()
    lin.sync()
    assert mate.docs("shift")[only]["parts"] == lin.docs("shift")[only]["parts"]
    assert [part["person"] for part in mate.docs("shift")[only]["parts"]] == [str(district.person("mate"))]
    district.client("chen").put(f"/api/v1/absences/{noted['id']}/cover", json={"covered_by": None})
    mate.sync()
    lin.sync()
    assert mate.docs("shift") == {}
    assert lin.docs("shift")[only]["parts"][0]["reason"] == "absent"


def opened(district, phone, shift, at="23T12:00"):
    patrol, moment = uuid4(), dt.datetime.fromisoformat(local(at))
    phone.do("open_patrol", patrol, {"planned": shift}, at=moment.isoformat(), mono_ms=mono(moment))
    (result,) = phone.pushed()
    phone.sync()
    return (result["status"], result["code"]), phone.docs("patrol")[str(patrol)]["unplanned"]


def test_a_patrol_follows_its_shift(district):
    lin, mate = Phone(district, "lin"), Phone(district, "mate")
    (only,) = planned(district, shift(district, drawn(district)))
    assert opened(district, lin, only) == (("applied", None), False)
    assert opened(district, mate, only) == (("merged", "task_reassigned"), True)
    assert opened(district, mate, str(UUID(int=7))) == (("applied", None), False)


def test_a_patrol_of_a_shift_that_another_covers_is_unplanned_and_the_cover_walks_it(district):
    lin, mate = Phone(district, "lin"), Phone(district, "mate")
    (only,) = planned(district, shift(district, drawn(district)))
    absent(district, since="23T11:00", until="23T20:00", cover="mate")
    assert opened(district, mate, only) == (("applied", None), False)
    assert opened(district, lin, only) == (("merged", "task_reassigned"), True)


def test_a_phone_is_told_of_a_shift_whose_ground_is_redrawn(district):
    lin = Phone(district, "lin")
    place = drawn(district)
    today, later = planned(district, shift(district, place), shift(district, place, since="25T08:00", until="25T18:00"))
    lin.sync()
    body = {"grids": [FIRST], "grid_class": "general", "valid_from": "2026-11-25"}
    assert district.client("chen").post(f"/api/v1/responsibility-grids/{place}/terms", json=body).status_code == 201
    (page,) = lin.sync()
    assert [each["id"] for each in page["changes"]] == [later]
    assert (lin.docs("shift")[later]["grids"], lin.docs("shift")[today]["grids"]) == ([FIRST], [FIRST, SECOND])


def test_shifts_over_for_a_month_leave_the_phones_and_the_proof_holds(district):
    planned(district, shift(district, drawn(district)))
    absent(district, cover="mate")
    held = sa.select(FeedMember.scope).where(FeedMember.subject_type == "shift", FeedMember.present.is_(True))
    assert nightly.verify_sync(district.app).violations == []
    district.clock.forward(days=29)
    nightly.retire(district.app)
    assert sorted(district.scalars(held)) == sorted(f"user:{district.person(login)}" for login in ("lin", "mate"))
    district.clock.forward(days=2)
    nightly.retire(district.app)
    assert district.scalars(held) == []
    assert nightly.verify_sync(district.app).violations == []


def test_the_proof_finds_a_shift_that_the_wrong_phone_holds(district):
    planned(district, shift(district, drawn(district)))
    district.do(lambda session, act: session.execute(sa.update(Shift).values(person=district.person("mate"))))
    assert {each.invariant for each in nightly.verify_sync(district.app).violations} == {"feed"}


@pytest.mark.parametrize("login", ["wu", "lead2"])
def test_who_is_on_duty_in_another_town_is_not_told(district, login):
    district.person("lead2", ("town_officer", "330113002"))
    planned(district, shift(district, drawn(district)))
    answer = district.client(login).get("/api/v1/rosters/on-duty", query_string={"grid": FIRST, "at": local("23T13:00")})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/not_your_roster"), answer.text
    assert on_duty(district, grid=EAST, by=login) == []


@pytest.mark.parametrize("login", ["lin", "mate", "lead", "zhao", "admin"])
def test_who_is_on_duty_in_an_own_area_is(district, login):
    planned(district, shift(district, drawn(district)))
    assert on_duty(district, by=login) == [("林晓", None)]
