"""What a review found: photos waived and taken back, requests to void, contracts out of force, units that see what is theirs."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.domains.contracts.actions import terminate_contract
from backend.domains.evidence.model import Photo
from backend.domains.findings.model.finding import Finding
from tests.make.district import DIRT, HOME, TODAY, TOILET, TREE
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256


def slug(answer):
    return answer.json["type"].rpartition("/")[2]


def refused(answer):
    return answer.status_code, slug(answer)


def events(shown):
    return [entry["event"] for entry in shown["history"]]


# Photos waived


def waiver(district, login, finding, photo_id, reason="the phone fell into the canal"):
    return district.client(login).post(f"/api/v1/findings/{finding}/photos/{photo_id}/waiver", json={"reason": reason})


def test_a_waived_photo_is_waited_for_no_more_and_the_finding_can_be_filed_at_once(district, story):
    finding = story.recorded(photos=2)
    first, second = (each["id"] for each in story.seen_by("zhao", finding)["photos"])
    shown = waiver(district, "zhao", finding, first)
    assert (shown.status_code, shown.json["needs"], shown.json["evidence"]["waived"]) == (200, ["photos"], 1)
    shown = waiver(district, "chen", finding, second).json
    assert (shown["needs"], [each["state"] for each in shown["photos"]]) == ([], ["waived", "waived"])
    assert events(shown)[-1] == "finding.photo_waived"
    again = waiver(district, "chen", finding, second)
    assert (again.status_code, again.json["version"], events(again.json)) == (200, shown["version"], events(shown))
    assert story.desk("zhao", finding, "filing")["state"] == "filed"


def test_a_waiver_sets_the_automatic_moves_going(district, story):
    finding = story.recorded(photos=1, category={"kind": "component", "code": "01001"}, condition=2)
    (declared,) = story.seen_by("zhao", finding)["photos"]
    assert waiver(district, "zhao", finding, declared["id"]).status_code == 200
    district.settle()
    assert story.seen_by("zhao", finding)["state"] == "dispatched"


def test_only_a_shift_leader_of_the_area_waives_and_only_what_is_missing(district, story):
    district.person("east", ("shift_leader", "330113002"))
    finding, other, ready = story.recorded(photos=1), story.recorded(photos=1), story.ready()
    (mine,), (others,), (usable,) = (story.seen_by("zhao", each)["photos"] for each in (finding, other, ready))
    for login, status in (("sun", 403), ("lin", 403), ("yu", 403), ("qian", 403), ("stranger", 403), ("east", 404)):
        assert waiver(district, login, finding, mine["id"]).status_code == status, login
    assert refused(waiver(district, "zhao", finding, others["id"])) == (404, "not_found")
    assert refused(waiver(district, "zhao", finding, uuid4())) == (404, "not_found")
    assert refused(waiver(district, "zhao", ready, usable["id"])) == (409, "photo_settled")
    for reason in ("", " ", "x" * 501):
        assert waiver(district, "zhao", finding, mine["id"], reason).status_code == 422
    assert story.seen_by("zhao", finding)["needs"] == ["photos"]
    story.lin.do("withdraw_finding", finding, {"reason": "double"})
    story.lin.pushed()
    assert refused(waiver(district, "zhao", finding, mine["id"])) == (409, "move_not_open")


# Photos taken back


def test_a_photo_taken_back_counts_no_more_and_is_kept(district, story):
    finding = story.ready()
    missing = photo(picture(90))
    story.lin.do("add_photo", finding, missing)
    assert story.lin.pushed()[0]["effects"]["needs"] == ["photos"]
    line = story.lin.do("retract_photo", finding, {"photo": missing["id"], "reason": "blurred"})
    (result,) = story.lin.pushed()
    assert (result["status"], result["code"], result["effects"]["needs"]) == ("applied", None, [])
    shown = story.seen_by("zhao", finding)
    assert [each["retracted"] for each in shown["photos"]] == [False, True]
    assert (events(shown)[-1], shown["history"][-1]["op"]) == ("finding.photo_retracted", line["op"])
    (usable,) = [each["id"] for each in shown["photos"] if not each["retracted"]]
    story.lin.do("retract_photo", finding, {"photo": usable, "reason": "wrong place"})
    assert story.lin.pushed()[0]["effects"]["needs"] == ["photos"]
    kept = district.rows(sa.select(Photo.id, Photo.retracted_reason).where(Photo.subject == UUID(finding)))
    assert {row.retracted_reason for row in kept} == {"blurred", "wrong place"}


def test_a_photo_declared_and_taken_back_in_one_push(district, story):
    finding = story.ready()
    missing = photo(picture(91))
    story.lin.do("add_photo", finding, missing)
    for _ in range(2):
        story.lin.do("retract_photo", finding, {"photo": missing["id"], "reason": "blurred"})
    results = story.lin.pushed()
    assert [(each["status"], each["effects"]["needs"]) for each in results] == [("applied", ["photos"]), ("applied", []), ("applied", [])]
    assert results[1]["version"] == results[2]["version"]


def test_a_photo_is_taken_back_by_who_declared_it(district, story):
    finding = story.recorded(photos=1)
    (declared,) = story.seen_by("lin", finding)["photos"]
    district.person("mate", ("inspector", "330113001"))
    mate = Phone(district, "mate")
    mate.do("retract_photo", finding, {"photo": declared["id"], "reason": "not mine"})
    (result,) = mate.pushed()
    assert (result["status"], result["code"]) == ("rejected", "forbidden")
    assert not story.seen_by("lin", finding)["photos"][0]["retracted"]


def test_taking_back_what_has_not_arrived_waits_for_it(district, story):
    finding, late = story.ready(), photo(picture(92))
    added = story.lin.line("add_photo", finding, late)
    story.lin.do("retract_photo", finding, {"photo": late["id"], "reason": "blurred"})
    (result,) = story.lin.pushed()
    assert (result["status"], result["code"]) == ("deferred", "not_yet")
    story.lin.pushed(added)
    shown = story.seen_by("zhao", finding)
    assert (shown["needs"], [each["retracted"] for each in shown["photos"]]) == ([], [False, True])


def test_of_two_photos_declared_together_the_one_that_is_here_does_not_stand_for_the_other(district, story):
    content = picture(93)
    finding = story.recorded()
    story.lin.do("add_photo", finding, photo(content))
    story.lin.pushed()
    story.lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)
    district.settle()
    story.lin.do("add_photo", finding, photo(picture(94)))
    story.lin.do("add_photo", finding, photo(content))
    assert [each["effects"]["needs"] for each in story.lin.pushed()] == [["photos"], ["photos"]]


# Dispatch


def dispatched_to(district, finding, **payload):
    return district.client("sun").post(f"/api/v1/findings/{finding}/dispatches", json={"reason": "they are on site", **payload})


def test_a_dispatch_to_a_contract_out_of_force_is_refused(district, story):
    finding = story.filed(category=TOILET, condition=1)
    ended, follows = str(district.contracts["HW-1"]), str(district.contracts["HW-2"])
    answer = dispatched_to(district, finding, contract=ended)
    assert (*refused(answer), answer.json["errors"][0]["pointer"]) == (422, "contract_not_in_force", "/contract")
    assert str(TODAY) in answer.json["detail"]
    assert story.seen_by("sun", finding)["state"] == "filed"
    assert dispatched_to(district, finding, contract=follows).status_code == 201


@pytest.mark.parametrize(("days", "status"), [(0, 422), (1, 201)])
def test_a_contract_ends_on_the_day_it_is_terminated(district, story, days, status):
    finding = story.filed()
    contract = district.contracts["BJ"]
    district.do(terminate_contract, contract=contract, on=TODAY + dt.timedelta(days=days), reason="broke its promises")
    answer = dispatched_to(district, finding, contract=str(contract))
    assert answer.status_code == status, answer.text


def test_whoever_holds_a_role_in_a_unit_sees_what_was_dispatched_to_it(district, story):
    """Wherever it lies: the other town's, another community's."""
    finding = story.filed(category=TREE, condition=2)
    district.person("donghu", ("town_officer", "330113002"))
    district.person("donghu-inspector", ("inspector", "330113002"))
    seen = {login: district.client(login).get(f"/api/v1/findings/{finding}").status_code for login in ("donghu", "gu")}
    assert seen == {"donghu": 404, "gu": 404}
    shown = dispatched_to(district, finding, unit=str(district.unit("330113002"))).json
    assert shown["dispatches"][0]["unit_kind"] == "town"
    for login, status in (("donghu", 200), ("donghu-inspector", 404), ("gu", 404), ("tang", 200), ("feng", 404)):
        assert district.client(login).get(f"/api/v1/findings/{finding}").status_code == status, login
        listed = district.client(login).get("/api/v1/findings").json["items"]
        assert [each["id"] for each in listed] == ([finding] if status == 200 else []), login


# Requests to void


def test_while_a_void_is_asked_for_nothing_else_goes_on_and_a_refusal_lets_it(district, story):
    finding = story.ready()
    asked = story.desk("zhao", finding, "void-request", reason="double")
    assert asked["void_request"]["reason"] == "double" and not {"file_finding", "request_void"} & set(asked["moves"])
    answer = district.client("chen").post(f"/api/v1/findings/{finding}/void-request", json={"reason": "also mine"})
    assert refused(answer) == (409, "void_pending")
    answer = district.client("chen").post(f"/api/v1/findings/{finding}/filing", json={})
    assert (*refused(answer), answer.json["unmet"]) == (409, "not_ready", ["void_request"])
    answer = district.client("zhao").post(f"/api/v1/findings/{finding}/void-request/refusal", json={"reason": "no"})
    assert refused(answer) == (403, "same_hands")
    assert district.client("sun").post(f"/api/v1/findings/{finding}/void-request/refusal", json={"reason": "no"}).status_code == 403
    shown = story.desk("chen", finding, "void-request/refusal", reason="it is another hole")
    assert (shown["void_request"], shown["state"], events(shown)[-1]) == (None, "recorded", "finding.void_refused")
    answer = district.client("chen").post(f"/api/v1/findings/{finding}/void-request/refusal", json={"reason": "no"})
    assert (*refused(answer), answer.json["unmet"]) == (409, "not_ready", ["void_request"])
    assert story.desk("zhao", finding, "filing")["state"] == "filed"


def test_a_finding_whose_void_is_asked_for_is_not_dispatched(district, story):
    finding = story.filed()
    story.desk("zhao", finding, "void-request", reason="double")
    answer = district.client("sun").post(f"/api/v1/findings/{finding}/dispatches", json={})
    assert (*refused(answer), answer.json["unmet"]) == (409, "not_ready", ["void_request"])
    assert "dispatch_finding" not in story.seen_by("sun", finding)["moves"]


def test_everything_unmet_is_named_with_the_request(district, story):
    finding = story.recorded(condition=None)
    story.desk("zhao", finding, "void-request", reason="double")
    answer = district.client("chen").post(f"/api/v1/findings/{finding}/filing", json={})
    assert sorted(answer.json["unmet"]) == ["condition", "photos", "void_request"]


def test_the_moves_offered_are_those_that_fit_a_request(district, story):
    finding = story.filed()
    deciding = {"void_finding", "refuse_void"}
    assert not deciding & set(story.seen_by("zhao", finding)["moves"])
    asked = story.desk("zhao", finding, "void-request", reason="double")
    assert not deciding & set(asked["moves"])
    assert deciding <= set(story.seen_by("chen", finding)["moves"])
    assert not deciding & set(story.seen_by("sun", finding)["moves"])


def test_the_list_of_requests_to_void_holds_the_pending_ones(district, story):
    def listed():
        page = district.client("zhao").get("/api/v1/findings", query_string={"flag": "void_requested"})
        assert page.status_code == 200, page.text
        return {each["id"] for each in page.json["items"]}

    plain, asked, withdrawn = story.ready(), story.ready(), story.filed()
    assert listed() == set()
    story.desk("zhao", asked, "void-request", reason="double")
    story.lin.do("withdraw_finding", withdrawn, {"reason": "mistaken"})
    assert story.lin.pushed()[0]["code"] == "void_requested"
    assert listed() == {asked, withdrawn} and plain not in listed()
    story.desk("chen", asked, "void-request/refusal", reason="no")
    assert listed() == {withdrawn}


def test_a_withdrawal_does_not_take_the_place_of_a_pending_request(district, story):
    finding = story.filed()
    story.desk("zhao", finding, "void-request", reason="double")
    story.lin.do("withdraw_finding", finding, {"reason": "mistaken"})
    (result,) = story.lin.pushed()
    assert (result["status"], result["code"]) == ("conflict", "void_requested")
    shown = story.seen_by("chen", finding)
    assert (shown["void_request"]["by"], events(shown)[-1]) == (str(district.person("zhao")), "finding.withdrawal_noted")
    assert shown["history"][-1]["facts"]["reason"] == "mistaken"


def test_a_withdrawal_after_the_dispatch_can_be_refused(district, story):
    finding = story.dispatched()
    story.lin.do("withdraw_finding", finding, {"reason": "mistaken"})
    story.lin.pushed()
    assert "refuse_void" in story.seen_by("zhao", finding)["moves"]
    assert story.desk("zhao", finding, "void-request/refusal", reason="it is there")["void_request"] is None
    assert district.scalars(sa.select(Finding.id).where(Finding.void_request.is_not(sa.null()))) == []


# Notes


def test_notes_of_staff_are_not_for_contractors(district, story):
    finding = story.dispatched(dispatch={"contract": None})
    client = district.client("zhao")
    assert client.post(f"/api/v1/findings/{finding}/notes", json={"text": "they always come late"}).status_code == 201
    assert [note["text"] for note in story.seen_by("sun", finding)["notes"]] == ["they always come late"]
    for login in ("qian", "ma"):
        assert story.seen_by(login, finding)["notes"] == []
        assert "they always come late" not in district.client(login).get("/api/v1/findings").text


def test_an_auditor_writes_no_notes_and_a_leader_may(district, story):
    finding = story.recorded(category=DIRT, at=HOME)
    statuses = {
        login: district.client(login).post(f"/api/v1/findings/{finding}/notes", json={"text": "x"}).status_code for login in ("yu", "li")
    }
    assert statuses == {"yu": 403, "li": 201}


# What is hidden


def test_at_the_desk_a_hidden_finding_is_answered_as_one_that_is_not_there(district, story):
    finding, unknown = story.recorded(), str(uuid4())
    for verb, payload in (("notes", {"text": "x"}), ("amendments", {"fields": {"severity": {"seen": 2, "value": 3}}})):
        hidden, absent = (district.client("wu").post(f"/api/v1/findings/{each}/{verb}", json=payload) for each in (finding, unknown))
        assert refused(hidden) == refused(absent) == (404, "not_found")
        assert hidden.json["detail"].replace(finding, "") == absent.json["detail"].replace(unknown, "")
