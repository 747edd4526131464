"""The conflict inbox: field by field, decided through this door or another, told to the phone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.make.phone import Phone
from tests.stories import Story


@pytest.fixture
def story(district):
    return Story(district)


@pytest.fixture
def zhao(district):
    return district.client("zhao")


def inbox(client, **query):
    answer = client.get("/api/v1/sync/conflicts", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def resolve(client, key, **payload):
    return client.post(f"/api/v1/sync/conflicts/{key}/resolution", json={"reason": "asked both", **payload})


def amended(phone, finding, **fields):
    """An amendment of fields as (seen, value); its op."""
    line = phone.do("amend_finding", finding, {"fields": {name: {"seen": seen, "value": value} for name, (seen, value) in fields.items()}})
    (result,) = phone.pushed()
    return line["op"], result


@pytest.fixture
def proposal(district, story):
    """Lin amended her own finding; another inspector of her town, who had not seen it, amends the same field."""
    district.person("mei", ("inspector", "330113001"))
    mei = Phone(district, "mei")
    finding = story.recorded(note="as recorded", address="1")
    _, mine = amended(story.lin, finding, note=("as recorded", "Lin's"))
    assert mine["status"] == "applied", mine
    op, result = amended(mei, finding, note=("as recorded", "Mei's"), address=("1", "2"))
    assert (result["status"], result["code"]) == ("conflict", "proposed"), result
    mei.sync()
    return finding, op, mei


def test_a_proposal_is_shown_field_by_field(proposal, zhao):
    finding, op, _ = proposal
    (item,) = inbox(zhao)["items"]
    assert (item["id"], item["kind"], item["finding"]["id"], item["choices"]) == (op, "proposal", finding, ["keep", "take", "merge"])
    assert item["fields"] == [
        {"field": "note", "label": {"en": "Description", "zh": "问题描述"}, "base": "as recorded", "theirs": "Mei's", "ours": "Lin's"}
    ]
    assert zhao.get(f"/api/v1/sync/conflicts/{op}").json == item


@pytest.mark.parametrize(
    ("choice", "value", "stands"),
    [("keep", None, "Lin's"), ("take", None, "Mei's"), ("merge", "both", "both")],
    ids=["keep", "take", "merge"],
)
def test_the_phone_learns_what_was_decided(proposal, zhao, choice, value, stands):
    finding, op, mei = proposal
    given = {"choice": choice} | ({"value": value} if value else {})
    answer = resolve(zhao, op, fields={"note": given})
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (200, "merged", f"resolved_{choice}"), answer.text
    mei.sync()
    assert (mei.results[op]["status"], mei.results[op]["code"]) == ("merged", f"resolved_{choice}")
    assert mei.results[op]["at_seq"] == answer.json["at_seq"]
    assert mei.docs()[finding]["note"] == stands
    assert inbox(zhao)["items"] == []
    again = resolve(zhao, op, fields={"note": given})
    assert (again.status_code, again.json["type"], again.json["code"]) == (409, "/problems/not_open", f"resolved_{choice}")


def test_of_two_who_resolve_at_once_one_wins(district, proposal):
    _, op, _ = proposal
    clients = [district.client("zhao"), district.client("chen")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: resolve(client, op, fields={"note": {"choice": "take"}}), clients))
    assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text for answer in answers]


def test_a_decision_must_fit_the_conflict(proposal, zhao):
    _, op, _ = proposal
    for payload in ({}, {"decision": "void"}, {"fields": {}}):
        assert resolve(zhao, op, **payload).status_code == 422
    assert resolve(zhao, op, fields={"shade": {"choice": "keep"}}).status_code == 422
    assert resolve(zhao, op, fields={"address": {"choice": "keep"}}).status_code == 409
    assert len(inbox(zhao)["items"]) == 1


@pytest.fixture
def withdrawal(story):
    """A filed finding that its author withdraws: a request to void."""
    finding = story.filed()
    line = story.lin.do("withdraw_finding", finding, {"reason": "twice"})
    (result,) = story.lin.pushed()
    assert (result["status"], result["code"]) == ("conflict", "void_requested")
    story.lin.sync()
    return finding, line["op"], story.lin


@pytest.mark.parametrize(("decision", "code", "state"), [("void", "resolved_take", "void"), ("refuse", "resolved_keep", "filed")])
def test_a_withdrawal_that_became_a_request_is_decided_here(withdrawal, zhao, decision, code, state):
    finding, op, lin = withdrawal
    (item,) = inbox(zhao)["items"]
    assert (item["kind"], item["choices"], item["void_request"]["reason"]) == ("void_request", ["void", "refuse"], "twice")
    answer = resolve(zhao, op, decision=decision)
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (200, "merged", code), answer.text
    lin.sync()
    assert (lin.results[op]["status"], lin.results[op]["code"]) == ("merged", code)
    assert zhao.get(f"/api/v1/findings/{finding}").json["state"] == state


@pytest.mark.parametrize(("door", "code"), [("void", "resolved_take"), ("void-request/refusal", "resolved_keep")])
def test_decided_through_another_door_it_is_settled_all_the_same(district, withdrawal, zhao, door, code):
    finding, op, lin = withdrawal
    Story(district).desk("chen", finding, door, reason="seen")
    district.settle()
    assert inbox(zhao)["items"] == []
    lin.sync()
    assert (lin.results[op]["status"], lin.results[op]["code"]) == ("merged", code)
    assert resolve(zhao, op, decision="void").status_code == 409


def test_other_areas_see_and_decide_nothing(district, proposal):
    _, op, _ = proposal
    east = district.person("east", ("shift_leader", "330113002"))
    assert east
    client = district.client("east")
    assert inbox(client)["items"] == []
    assert client.get(f"/api/v1/sync/conflicts/{op}").status_code == 404
    assert resolve(client, op, fields={"note": {"choice": "take"}}).status_code == 404
    assert len(inbox(district.client("admin"))["items"]) == 1
    assert resolve(district.client("admin"), op, fields={"note": {"choice": "take"}}).status_code == 403


def test_pages_of_the_inbox_follow_each_other(district, story, zhao):
    district.person("mei", ("inspector", "330113001"))
    mei = Phone(district, "mei")
    ops = []
    for number in range(3):
        finding = story.recorded(note="n")
        amended(story.lin, finding, note=("n", f"a{number}"))
        ops.append(amended(mei, finding, note=("n", f"b{number}"))[0])
    first = inbox(zhao, limit=2)
    second = inbox(zhao, limit=2, cursor=first["next"])
    assert [item["id"] for item in (*first["items"], *second["items"])] == ops
    assert second["next"] is None


@pytest.fixture
def dispute(district, story):
    """Ma reported work on a dispatched finding; Lin passed it, Mei failed it."""
    district.person("mei", ("inspector", "330113001"))
    ma, mei = Phone(district, "qian"), Phone(district, "mei")
    finding = story.dispatched()
    task = story.seen_by("zhao", finding)["dispatches"][0]["id"]
    report = str(uuid4())
    ma.do("report_rectification", finding, {"report": report, "dispatch": task, "note": "done", "photos": []})
    assert ma.pushed()[0]["status"] == "applied"
    ops = []
    for phone, result in ((story.lin, "pass"), (mei, "fail")):
        line = phone.do("verify_finding", finding, {"phase": "pre_closing", "report": report, "result": result, "note": None, "photos": []})
        ops.append((line["op"], phone.pushed()[0]))
    assert [(each["status"], each["code"]) for _, each in ops] == [("applied", None), ("conflict", "verdicts_differ")]
    mei.sync()
    return finding, ops[1][0], mei


@pytest.mark.parametrize(("decision", "code"), [("fail", "resolved_take"), ("pass", "resolved_keep")])
def test_verdicts_that_differ_are_decided_here(dispute, zhao, decision, code):
    finding, op, mei = dispute
    (item,) = inbox(zhao)["items"]
    assert (item["id"], item["kind"], item["choices"], item["finding"]["id"]) == (op, "dispute", ["pass", "fail"], finding)
    assert [verdict["result"] for verdict in item["dispute"]["verdicts"]] == ["pass", "fail"]
    assert item["dispute"]["note"] == "done"
    assert resolve(zhao, op, decision="void").status_code == 422
    answer = resolve(zhao, op, decision=decision)
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (200, "merged", code), answer.text
    mei.sync()
    assert (mei.results[op]["status"], mei.results[op]["code"]) == ("merged", code)
    assert inbox(zhao)["items"] == []


def test_a_dispute_decided_at_the_finding_is_settled_all_the_same(district, dispute, zhao):
    finding, op, mei = dispute
    answer = district.client("chen").post(f"/api/v1/findings/{finding}/dispute-decision", json={"result": "pass", "reason": "went there"})
    assert answer.status_code == 200, answer.text
    district.settle()
    assert inbox(zhao)["items"] == []
    mei.sync()
    assert (mei.results[op]["status"], mei.results[op]["code"]) == ("merged", "resolved_keep")


def test_a_dispute_on_a_finding_that_was_voided_meanwhile_is_over(district, dispute, zhao):
    finding, op, mei = dispute
    Story(district).desk("zhao", finding, "void-request", reason="twice")
    Story(district).desk("chen", finding, "void", reason="twice")
    district.settle()
    assert inbox(zhao)["items"] == []
    mei.sync()
    assert (mei.results[op]["status"], mei.results[op]["code"]) == ("merged", "resolved_keep")


def test_a_dispute_on_a_finding_that_was_just_voided_can_be_put_away_by_the_desk(district, dispute, zhao):
    finding, op, mei = dispute
    Story(district).desk("zhao", finding, "void-request", reason="twice")
    Story(district).desk("chen", finding, "void", reason="twice")
    answer = resolve(zhao, op, decision="fail")
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (200, "merged", "resolved_keep"), answer.text
    mei.sync()
    assert mei.results[op]["code"] == "resolved_keep" and inbox(zhao)["items"] == []


def test_a_member_that_the_conflict_has_no_use_for_is_refused(proposal, zhao):
    _, op, _ = proposal
    answer = resolve(zhao, op, fields={"note": {"choice": "take"}}, decision="keep")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/decision"), answer.text
    assert len(inbox(zhao)["items"]) == 1


def test_fields_are_refused_where_there_are_none(withdrawal, zhao):
    _, op, _ = withdrawal
    answer = resolve(zhao, op, fields={"note": {"choice": "keep"}}, decision="void")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/fields"), answer.text
    assert resolve(zhao, op, decision="void").status_code == 200


def test_a_proposal_overtaken_by_its_authors_next_one_was_not_put_into_effect(district, proposal, zhao):
    finding, first, mei = proposal
    second, result = amended(mei, finding, note=("as recorded", "Mei's again"))
    assert result["status"] == "conflict"
    district.settle()
    mei.sync()
    assert (mei.results[first]["status"], mei.results[first]["code"]) == ("merged", "resolved_keep")
    assert [item["id"] for item in inbox(zhao)["items"]] == [second]


def test_an_administrator_sees_that_there_is_a_conflict_and_not_what_people_wrote(district, proposal, zhao):
    _, op, _ = proposal
    admin = district.client("admin")
    (item,) = inbox(admin)["items"]
    assert item["fields"] == [
        {"field": "note", "label": {"en": "Description", "zh": "问题描述"}, "base": None, "theirs": None, "ours": None}
    ]
    assert admin.get(f"/api/v1/sync/conflicts/{op}").json == item
    assert inbox(zhao)["items"][0]["fields"][0]["theirs"] == "Mei's"


def test_an_administrator_reads_no_reason_and_no_note(district, withdrawal, dispute, zhao):
    shown = inbox(district.client("admin"))["items"]
    assert [item["kind"] for item in shown] == [item["kind"] for item in inbox(zhao)["items"]] == ["void_request", "dispute"]
    assert "reason" not in shown[0]["void_request"]
    assert shown[1]["dispute"]["note"] is None and [each["result"] for each in shown[1]["dispute"]["verdicts"]] == ["pass", "fail"]


def test_amendments_of_two_at_the_desk_are_two_conflicts(district, story, zhao):
    finding = story.recorded(note="a", address="1")
    assert amended(story.lin, finding, note=("a", "Lin's"))[1]["status"] == "applied"
    for who, value in (("sun", "Sun's"), ("shen", "Shen's")):
        change = {"fields": {"note": {"seen": "a", "value": value}}}
        assert district.client(who).post(f"/api/v1/findings/{finding}/amendments", json=change).status_code in {200, 201}
    items = inbox(zhao)["items"]
    assert [item["fields"][0]["theirs"] for item in items] == ["Sun's", "Shen's"]
    assert len({item["id"] for item in items}) == 2 and finding not in {item["id"] for item in items}
    assert [zhao.get(f"/api/v1/sync/conflicts/{item['id']}").json for item in items] == items
    first, second = inbox(zhao, limit=1), inbox(zhao, limit=1, cursor=inbox(zhao, limit=1)["next"])
    assert [*first["items"], *second["items"]] == items


def test_what_became_of_a_proposal_of_the_desk_is_said_in_the_same_words(district, story, zhao):
    finding = story.recorded(note="a")
    assert amended(story.lin, finding, note=("a", "Lin's"))[1]["status"] == "applied"
    change = {"fields": {"note": {"seen": "a", "value": "Sun's"}}}
    assert district.client("sun").post(f"/api/v1/findings/{finding}/amendments", json=change).status_code in {200, 201}
    (item,) = inbox(zhao)["items"]
    answer = resolve(zhao, item["id"], fields={"note": {"choice": "take"}})
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (200, "merged", "resolved_take"), answer.text
    assert story.seen_by("zhao", finding)["note"] == "Sun's" and inbox(zhao)["items"] == []
