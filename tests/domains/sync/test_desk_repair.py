"""What a repair may make of a line, and whose deed it stays; and what became of it on the phone that sent the line."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Note
from backend.domains.identity.actions.roles import end_role
from backend.domains.identity.model import RoleHeld
from backend.domains.sync.model import Decision, Outcome
from tests.make.district import EAST, HOME
from tests.make.phone import Phone, record_payload
from tests.stories import Story

VERDICT = {"phase": "pre_closing", "result": "pass", "note": None, "photos": []}


@pytest.fixture
def story(district):
    return Story(district)


@pytest.fixture
def zhao(district):
    return district.client("zhao")


@pytest.fixture
def west(district):
    district.person("leader-west", ("shift_leader", "330113001"))
    return district.client("leader-west")


def redrive(client, op, **payload):
    return client.post(f"/api/v1/sync/operations/{op}/redrive", json={"reason": "looked at it", **payload})


def repair(client, key, **payload):
    return client.post(f"/api/v1/sync/exceptions/{key}/repair", json={"reason": "the screenshot shows it", **payload})


def beside(client):
    return [item["key"] for item in client.get("/api/v1/sync/exceptions").json["items"] if item["kind"] == "beside"]


def refused(answer, *pointers):
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/authors_own"), answer.text
    assert [each["pointer"] for each in answer.json["errors"]] == list(pointers)


def on(finding):
    return {"type": "finding", "id": str(finding)}


def test_no_repair_makes_a_verdict_in_an_inspectors_name(district, story, zhao):
    finding = story.rectified()
    report = story.seen_by("zhao", finding)["reports"][-1]["id"]
    district.person("mei", ("inspector", "330113001"))
    mei = Phone(district, "mei")
    line = mei.record(severity=9)
    assert mei.pushed()[0]["status"] == "rejected"
    refused(redrive(zhao, line["op"], t="verify_finding", entity=on(finding), d={**VERDICT, "report": report}), "/t", "/entity/id", "/d")
    assert zhao.get(f"/api/v1/sync/operations/{line['op']}").json["status"] == "rejected"
    assert story.seen_by("zhao", finding)["state"] == "rectified"


def test_a_typo_is_no_way_to_a_statement_either(district, story, zhao):
    finding = story.recorded()
    line = story.lin.do("comment_finding", finding, {"reason": "it is clean again"})
    assert story.lin.pushed()[0]["code"] == "unknown_operation"
    refused(redrive(zhao, line["op"], t="withdraw_finding"), "/t")
    assert district.scalars(sa.select(Finding.state)) == ["recorded"]


@pytest.mark.parametrize("verb", ["verify_finding", "report_rectification", "self_resolve_finding", "withdraw_finding"])
def test_what_its_author_says_is_worded_by_nobody_else(district, lin, zhao, verb):
    line = lin.do(verb, uuid4(), {"reason": 5, "photos": "none"})
    lin.pushed()
    refused(redrive(zhao, line["op"], d={"reason": "it is clean", "photos": []}), "/d")
    refused(redrive(zhao, line["op"], entity=on(uuid4())), "/entity/id")
    assert redrive(zhao, line["op"], deps=[]).status_code == 200


def test_of_a_malformed_line_no_statement_is_made(district, lin, zhao):
    finding = lin.record()["e"]["id"]
    lin.pushed()
    lin.push(b'{"op": "torn", "t": "withdraw_finding", "d": {"reason": "?"}}', b"{torn off")
    says, nothing = beside(zhao)
    whole = {"v": 1, "at": district.clock.now().isoformat(), "entity": on(finding)}
    refused(repair(zhao, says, **whole), "/t")
    refused(repair(zhao, nothing, **whole, t="verify_finding", d={**VERDICT, "phase": "pre_filing", "report": None}), "/t")
    assert beside(zhao) == [says, nothing]
    assert repair(zhao, nothing, **whole, t="add_note", d={"text": "as she told me"}).json["status"] == "applied"


def test_name_version_time_and_entity_change_only_where_they_cannot_be_read(district, lin, zhao):
    other = lin.record()["e"]["id"]
    lin.pushed()
    line = lin.record(severity=9)
    lin.pushed()
    later = (district.clock.now() + dt.timedelta(hours=1)).isoformat()
    for given, pointers in (
        ({"t": "add_note", "d": {"text": "forged"}}, ["/t"]),
        ({"v": 2}, ["/v"]),
        ({"at": later}, ["/at"]),
        ({"entity": on(other)}, ["/entity/id"]),
        ({"entity": {"type": "patrol", "id": line["e"]["id"]}}, ["/entity/type"]),
    ):
        refused(redrive(zhao, line["op"], **given), *pointers)
    bent = {**lin.line("add_not", "?", {"text": "x"}), "v": "one", "at": "now", "e": {"type": "case", "id": "?"}}
    lin.pushed(bent)
    answer = redrive(zhao, bent["op"], t="add_note", v=1, at=district.clock.now().isoformat(), entity=on(other))
    assert (answer.json["status"], answer.json["t"]) == ("applied", "add_note"), answer.text
    nothing = {**lin.line("add_note", other, {"text": "y"}), "t": ["add_note"], "v": {}, "e": None}
    lin.pushed(nothing)
    assert redrive(zhao, nothing["op"], t="add_note", v=1, entity=on(other)).json["status"] == "applied"


def test_a_repair_of_a_repair_is_held_against_the_line_itself(district, story, zhao):
    finding = story.recorded()
    line = story.lin.do("retract_fnding", finding, {"reason": "?"})
    story.lin.pushed()
    assert redrive(zhao, line["op"], t="add_note").json["status"] == "rejected"
    refused(redrive(zhao, line["op"], t="withdraw_finding"), "/t")


def test_a_repair_acts_within_the_areas_of_who_repairs_alone(district, lin, west):
    wu = Phone(district, "wu")
    east = wu.record(at=EAST)["e"]["id"]
    wu.pushed()
    note = {**lin.line("add_note", "?", {"text": "forged"}), "e": {"type": "finding", "id": "?"}}
    record = lin.line("record_finding", uuid4(), record_payload(severity=9))
    lin.pushed(note, record)
    lin.push(b"{torn off")
    (key,) = beside(west)
    whole = {"t": "add_note", "v": 1, "at": district.clock.now().isoformat(), "d": {"text": "?"}}
    for answer in (
        redrive(west, note["op"], entity=on(east)),
        redrive(west, record["op"], d=record_payload(at=EAST)),
        repair(west, key, **whole, entity=on(east)),
    ):
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/out_of_reach"), answer.text
    assert district.scalars(sa.select(Note.text)) == [] and len(district.scalars(sa.select(Finding.id))) == 1
    assert redrive(west, record["op"], d=record_payload(at=HOME)).json["status"] == "applied"
    assert redrive(west, note["op"], entity=on(record["e"]["id"])).json["status"] == "applied"


def test_a_fork_that_was_repaired_and_comes_again_renumbered_is_the_same_operation(district, lin, zhao):
    first = lin.record()
    finding = first["e"]["id"]
    lin.pushed()
    fork = {**lin.line("add_note", finding, {"text": "said once"}), "seq": 1}
    lin.push(fork)
    (key,) = beside(zhao)
    answer = repair(zhao, key)
    assert (answer.json["op"], answer.json["status"]) == (fork["op"], "applied"), answer.text
    lin.sync()
    assert lin.results[fork["op"]]["status"] == "applied"
    again = Phone(district, "lin")
    (result,) = again.pushed({**fork, "seq": 1})
    assert (result["status"], result["original"]["status"]) == ("duplicate", "applied")
    child = {**again.line("add_note", finding, {"text": "child"}, deps=[fork["op"]]), "seq": 2}
    assert again.pushed(child)[0]["status"] == "applied"
    again.sync()
    assert again.results[fork["op"]]["status"] == "applied"
    assert sorted(district.scalars(sa.select(Note.text))) == ["child", "said once"]


def test_a_line_far_ahead_that_was_repaired_and_comes_again_in_its_place_is_the_same_operation(district, lin, zhao):
    finding = lin.record()["e"]["id"]
    lin.pushed()
    far = {**lin.line("add_note", finding, {"text": "?"}), "seq": 20_000}
    lin.pushed(far)
    (key,) = beside(zhao)
    answer = repair(zhao, key, d={"text": "as the screenshot shows"})
    assert (answer.json["op"], answer.json["status"]) == (far["op"], "applied"), answer.text
    reply = lin.push({**far, "seq": 2})
    assert [(each["status"], each["original"]["status"]) for each in reply.json["results"]] == [("duplicate", "applied")]
    assert reply.json["acked_through"] == 2
    assert district.scalars(sa.select(Note.text)) == ["as the screenshot shows"]
    changed = lin.push({**far, "seq": 3, "d": {"text": "another"}})
    assert changed.json["results"][0]["code"] == "op_reuse"


def test_a_line_whose_operation_came_again_meanwhile_is_not_made_twice(district, lin, zhao):
    finding = lin.record()["e"]["id"]
    lin.pushed()
    far = {**lin.line("add_note", finding, {"text": "once"}), "seq": 20_000}
    lin.pushed(far)
    assert lin.pushed({**far, "seq": 2})[0]["status"] == "applied"
    (key,) = beside(zhao)
    answer = repair(zhao, key)
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/not_repairable")
    assert district.scalars(sa.select(Note.text)) == ["once"]


def test_an_amendment_whose_name_was_mistyped_is_a_proposal_once_repaired(district, story, zhao):
    finding = story.recorded(note="a")
    story.lin.do("amend_finding", finding, {"fields": {"note": {"seen": "a", "value": "L"}}})
    story.lin.pushed()
    district.person("mei", ("inspector", "330113001"))
    mei = Phone(district, "mei")
    line = mei.do("amend_findng", finding, {"fields": {"note": {"seen": "a", "value": "M"}}})
    mei.pushed()
    answer = redrive(zhao, line["op"], t="amend_finding")
    assert (answer.json["status"], answer.json["t"]) == ("conflict", "amend_finding")
    (item,) = zhao.get("/api/v1/sync/conflicts").json["items"]
    assert (item["id"], item["kind"], [field["theirs"] for field in item["fields"]]) == (line["op"], "proposal", ["M"])
    taken = {"reason": "r", "fields": {"note": {"choice": "take"}}}
    own = zhao.post(f"/api/v1/sync/conflicts/{line['op']}/resolution", json=taken)
    assert (own.status_code, own.json["type"]) == (403, "/problems/own_operation")  # who repaired it is a party to it
    done = district.client("chen").post(f"/api/v1/sync/conflicts/{line['op']}/resolution", json=taken)
    assert (done.status_code, done.json["code"]) == (200, "resolved_take"), done.text


@pytest.mark.parametrize("by", ["admin", "chen"])
def test_who_was_vouched_for_stays_so_when_it_is_judged_again(district, zhao, by):
    wu = Phone(district, "wu")
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == wu.person))[0]
    parent = wu.line("record_finding", uuid4(), record_payload(at=EAST, severity=9))
    wu.pushed(parent)
    district.do(end_role, by="admin", person=wu.person, held=held)
    district.clock.forward(minutes=5)
    child = wu.line("record_finding", uuid4(), record_payload(at=EAST), deps=[parent["op"]])
    assert wu.pushed(child)[0]["status"] == "deferred"
    assert redrive(zhao, child["op"], vouch=True).json["status"] == "deferred"
    district.clock.forward(minutes=5)
    assert redrive(district.client(by), child["op"]).json["status"] == "deferred"
    assert district.scalars(sa.select(Decision.vouched)) == [True, True]
    redrive(zhao, parent["op"], d=record_payload(at=EAST))
    assert district.scalars(sa.select(Outcome.status)) == ["applied", "applied"]


def test_a_shift_leader_can_take_a_vouch_back(district, lin, zhao):
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == lin.person))[0]
    waiting = lin.line("add_note", uuid4(), {"text": "?"}, deps=[str(uuid4())])
    lin.pushed(waiting)
    district.do(end_role, by="admin", person=lin.person, held=held)
    assert redrive(zhao, waiting["op"], vouch=True).json["decisions_made"][-1]["vouched"]
    district.clock.forward(minutes=5)
    assert redrive(zhao, waiting["op"], vouch=False).json["decisions_made"][-1]["vouched"] is False


def test_a_line_that_lacks_something_is_refused_by_name_and_stays_on_the_list(district, lin, zhao):
    lin.push(b"{torn off")
    (key,) = beside(zhao)
    answer = repair(zhao, key)
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/repair_incomplete"), answer.text
    assert [each["pointer"] for each in answer.json["errors"]] == ["/at", "/t", "/v", "/entity/type", "/entity/id", "/d"]
    partly = repair(zhao, key, t="record_finding", v=1, d=record_payload(), at=district.clock.now().isoformat())
    assert [each["pointer"] for each in partly.json["errors"]] == ["/entity/type", "/entity/id"]
    assert beside(zhao) == [key]
