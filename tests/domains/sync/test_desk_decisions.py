"""What the desk decides about exceptions: judged again, repaired, vouched for, dismissed."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.domains.findings.model.finding import Finding
from backend.domains.identity.actions.people import disable_person
from backend.domains.identity.actions.replicas import revoke_replica
from backend.domains.identity.actions.roles import end_role, grant_role
from backend.domains.identity.model import RoleHeld
from backend.domains.sync.judging import judge as judging
from backend.domains.sync.model import Decision, KeptLine, Outcome, Progress
from tests.make.phone import Phone, record_payload, wire


@pytest.fixture
def zhao(district):
    return district.client("zhao")


def redrive(client, op, **payload):
    return client.post(f"/api/v1/sync/operations/{op}/redrive", json={"reason": "looked at it", **payload})


def dismiss(client, key, **payload):
    return client.post(f"/api/v1/sync/exceptions/{key}/dismissal", json={"reason": "seen", **payload})


def keys(client):
    return [item["key"] for item in client.get("/api/v1/sync/exceptions").json["items"]]


def rejected(phone, finding=None, **d):
    line = phone.record(finding, **{"severity": 9, **d})
    (result,) = phone.pushed()
    assert result["status"] == "rejected", result
    return line


def test_a_repaired_operation_is_judged_by_what_was_given_and_the_raw_line_stays(district, lin, zhao):
    lin.sync()
    line = rejected(lin)
    answer = redrive(zhao, line["op"], d=record_payload(severity=3))
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (200, "applied", None), answer.text
    assert json.loads(answer.json["line"]["text"]) == line  # as it was sent
    assert [made["kind"] for made in answer.json["decisions_made"]] == ["repaired"]
    assert answer.json["decisions_made"][0]["data"]["d"]["severity"] == 3
    assert district.scalars(sa.select(Finding.severity)) == [3]
    assert [told["event"] for told in answer.json["history"]] == ["operation.rejected", "operation.redriven", "finding.recorded"]
    lin.sync()
    assert lin.results[line["op"]]["status"] == "applied" and lin.results[line["op"]]["at_seq"] == answer.json["at_seq"]
    assert line["e"]["id"] in lin.docs()
    assert lin.pushed(line)[0]["original"]["status"] == "applied"  # a resend is still the same
    assert keys(zhao) == []


def test_a_repair_stays_when_it_is_judged_again(district, lin, zhao):
    line = rejected(lin)
    assert redrive(zhao, line["op"], d=record_payload(severity=8)).json["status"] == "rejected"
    assert redrive(zhao, line["op"], d=record_payload(category={"kind": "event", "code": "99999"})).json["code"] == "unknown_category"
    assert redrive(zhao, line["op"]).json["code"] == "unknown_category"
    assert redrive(zhao, line["op"], d=record_payload()).json["status"] == "applied"


def test_an_envelope_that_was_wrong_can_be_repaired(district, lin, zhao):
    line = lin.line("record_finding", uuid4(), record_payload(), at="yesterday")
    assert lin.pushed(line)[0]["code"] == "schema"
    answer = redrive(zhao, line["op"], at=district.clock.now().isoformat())
    assert (answer.json["status"], answer.json["time"]["quality"]) == ("applied", "exact")


def test_children_of_a_rejected_parent_wait_and_apply_once_it_is_redriven(district, lin, zhao):  # fault 11
    finding = uuid4()
    parent = lin.line("record_finding", finding, record_payload(severity=9))
    child = lin.line("add_note", finding, {"text": "child"}, deps=[parent["op"]])
    grandchild = lin.line("add_note", finding, {"text": "grandchild"}, deps=[child["op"]])
    assert [(r["status"], r["code"]) for r in lin.pushed(parent, child, grandchild)] == [
        ("rejected", "schema"),
        ("deferred", "parent_rejected"),
        ("deferred", "dependency"),
    ]
    district.clock.forward(hours=100)
    district.settle()
    assert district.scalars(sa.select(Outcome.status).order_by(Outcome.seq)) == ["rejected", "deferred", "deferred"]
    assert redrive(zhao, parent["op"], d=record_payload()).json["status"] == "applied"
    assert district.scalars(sa.select(Outcome.status)) == ["applied"] * 3
    lin.sync()
    assert {lin.results[each["op"]]["status"] for each in (parent, child, grandchild)} == {"applied"}


def test_what_is_in_effect_cannot_be_redriven(district, lin, zhao):
    op = lin.record()["op"]
    lin.pushed()
    answer = redrive(zhao, op)
    assert (answer.status_code, answer.json["type"], answer.json["outcome"]) == (409, "/problems/not_open", "applied")
    assert redrive(zhao, uuid4()).status_code == 404


def test_an_outcome_that_moved_since_it_was_looked_at_is_not_decided_blindly(district, lin, zhao):
    op = rejected(lin)["op"]
    at_seq = zhao.get(f"/api/v1/sync/operations/{op}").json["at_seq"]
    assert redrive(zhao, op, at_seq=at_seq).json["status"] == "rejected"
    for answer in (redrive(zhao, op, at_seq=at_seq), dismiss(zhao, f"op:{op}", at_seq=at_seq)):
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/outcome_moved")
        assert answer.json["at_seq"] > at_seq


def test_of_two_shift_leaders_at_once_one_wins(district, lin):
    op = rejected(lin)["op"]
    clients = [district.client("zhao"), district.client("chen")]
    at_seq = clients[0].get(f"/api/v1/sync/operations/{op}").json["at_seq"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: redrive(client, op, d=record_payload(), at_seq=at_seq), clients))
    assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text for answer in answers]
    assert len(district.scalars(sa.select(Finding.id))) == 1
    assert len(district.scalars(sa.select(Decision.id))) == 1


def test_of_two_dismissals_at_once_one_wins(district, lin):
    op = rejected(lin)["op"]
    lin.push(b"{bad")
    clients = [district.client("zhao"), district.client("chen")]
    for key in keys(clients[0]):
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda client, key=key: dismiss(client, key), clients))
        assert sorted(answer.status_code for answer in answers) == [200, 409], (key, [answer.text for answer in answers])
    assert keys(clients[0]) == [] and len(district.scalars(sa.select(Decision.id))) == 2
    assert clients[0].get(f"/api/v1/sync/operations/{op}").json["decisions_made"][0]["kind"] == "dismissed"


def test_a_dismissed_operation_stays_rejected_and_can_still_be_taken_up(district, lin, zhao):
    op = rejected(lin)["op"]
    assert dismiss(zhao, f"op:{op}").status_code == 200
    assert keys(zhao) == []
    assert redrive(zhao, op).json["status"] == "rejected"
    assert keys(zhao) == [f"op:{op}"]  # it changed: it is listed again


def test_photos_holes_and_late_evidence_leave_the_list(district, lin, zhao):
    one, _, three = (lin.line("record_finding", uuid4(), record_payload()) for _ in range(3))
    lin.pushed(one, three)
    district.clock.forward(hours=73)
    (hole,) = keys(zhao)
    assert dismiss(zhao, hole).status_code == 200
    assert keys(zhao) == []
    lin.seq += 1
    lin.pushed(lin.line("record_finding", uuid4(), record_payload()))
    district.clock.forward(hours=73)
    assert keys(zhao) == [f"hole:{lin.replica}:4"]  # another hole


def test_nobody_decides_on_what_is_their_own(district, zhao):
    district.do(grant_role, at=district.clock.now(), person=district.person("chen"), role="inspector", unit=district.unit("330113001"))
    chen = Phone(district, "chen")
    op = rejected(chen)["op"]
    for answer in (redrive(district.client("chen"), op, vouch=True), dismiss(district.client("chen"), f"op:{op}")):
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/own_operation")
    assert redrive(zhao, op, d=record_payload()).json["status"] == "applied"


def test_an_administrator_decides_only_what_is_technical(district, lin, zhao):
    admin = district.client("admin")
    op = rejected(lin)["op"]
    for answer in (redrive(admin, op), redrive(admin, op, d=record_payload()), dismiss(admin, f"op:{op}")):
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/technical_only")
    waiting = lin.line("add_note", uuid4(), {"text": "?"}, deps=[str(uuid4())])
    lin.pushed(waiting)
    assert redrive(admin, waiting["op"], vouch=True).status_code == 403
    assert redrive(admin, waiting["op"]).json["status"] == "deferred"
    district.clock.forward(hours=73)
    assert dismiss(admin, f"op:{waiting['op']}").status_code == 200


def stolen(district, lin):
    district.do(revoke_replica, by="admin", replica=UUID(lin.replica))


def disabled(district, lin):
    district.do(disable_person, by="admin", at=district.clock.now() - dt.timedelta(hours=1), person=lin.person)


def without_role(district, lin):
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == lin.person))[0]
    district.do(end_role, by="admin", at=district.clock.now() - dt.timedelta(hours=1), person=lin.person, held=held)


@pytest.mark.parametrize(
    ("lose", "code"),
    [(stolen, "replica_revoked"), (disabled, "not_authorised"), (without_role, "not_authorised")],
    ids=lambda v: getattr(v, "__name__", v),
)
def test_a_supervisor_can_vouch_for_who_lost_standing(district, lin, zhao, lose, code):  # faults 39, 40
    lose(district, lin)
    op = lin.record()["op"]
    (result,) = lin.pushed()
    assert (result["status"], result["code"]) == ("rejected", code)
    assert redrive(zhao, op).json["code"] == code
    answer = redrive(zhao, op, vouch=True)
    assert (answer.json["status"], answer.json["decisions_made"][-1]["vouched"]) == ("applied", True), answer.text
    assert answer.json["decisions_made"][-1]["by"]["name"] == "赵敏"


def test_vouching_gives_nobody_a_role_never_held(district, zhao):
    ma = Phone(district, "ma")
    op = ma.record()["op"]
    assert ma.pushed()[0]["code"] == "not_authorised"
    assert redrive(zhao, op, vouch=True).json["code"] == "not_authorised"
    assert district.scalars(sa.select(Finding.id)) == []


def test_a_crash_between_decision_and_judgement_leaves_it_to_the_worker(district, lin, zhao, monkeypatch):
    op = rejected(lin)["op"]
    with monkeypatch.context() as broken:
        broken.setattr(judging, "perform_run", lambda *_, **__: 1 / 0)
        answer = redrive(zhao, op, d=record_payload())
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (200, "received", "reopened")
    again = redrive(zhao, op)
    assert (again.status_code, again.json["type"]) == (409, "/problems/not_open")
    district.settle()
    assert zhao.get(f"/api/v1/sync/operations/{op}").json["status"] == "applied"
    assert {row.unjudged for row in district.rows(sa.select(Progress.unjudged))} == {0}


@pytest.mark.parametrize("lane", ["op_reuse", "fork", "seq_range", "malformed"])
def test_an_operation_can_be_made_of_a_line_beside(district, lin, zhao, lane):
    first = lin.line("record_finding", uuid4(), record_payload())
    lin.pushed(first)
    fresh = {"e": {"type": "finding", "id": str(uuid4()), "base": None}, "d": record_payload(severity=3)}
    sent = {
        "op_reuse": {**first, **fresh},
        "fork": {**first, **fresh, "op": str(uuid4())},
        "seq_range": {**first, **fresh, "op": str(uuid4()), "seq": 20_000},
        "malformed": b'{"op": "torn off',
    }[lane]
    lin.push(sent)
    (key,) = keys(zhao)
    given = {"reason": "the screenshot shows it"}
    if lane == "malformed":
        given |= {"t": "record_finding", "v": 1, "at": first["at"], "d": fresh["d"], "entity": {"type": "finding", "id": fresh["e"]["id"]}}
    answer = zhao.post(f"/api/v1/sync/exceptions/{key}/repair", json=given)
    assert (answer.status_code, answer.json["status"]) == (201, "applied"), answer.text
    assert answer.json["op"] != first["op"]
    assert (isinstance(sent, dict) and answer.json["op"] == sent["op"]) == (lane in {"fork", "seq_range"})
    assert answer.json["entity"]["id"] == fresh["e"]["id"] and answer.json["line"]["lane"] == "desk"
    assert keys(zhao) == []
    raw = district.scalars(sa.select(KeptLine.raw).where(KeptLine.lane == lane))
    assert [bytes(each) for each in raw] == [sent if isinstance(sent, bytes) else wire(sent)]
    assert len(district.scalars(sa.select(Finding.id))) == 2
    lin.sync()
    assert fresh["e"]["id"] in lin.docs()
    again = zhao.post(f"/api/v1/sync/exceptions/{key}/repair", json=given)
    assert (again.status_code, again.json["type"]) == (409, "/problems/not_open")
    assert lin.pushed(lin.line("record_finding", uuid4(), record_payload()))[0]["status"] == "applied"  # the sequence goes on


def test_of_what_was_too_large_no_operation_is_made(district, lin, zhao):
    lin.push(b"x" * 70_000)
    (key,) = keys(zhao)
    answer = zhao.post(f"/api/v1/sync/exceptions/{key}/repair", json={"reason": "?", "d": {}})
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/not_repairable")


def test_the_time_of_an_estimated_one_can_be_set_within_its_window(district, lin, zhao):
    moment = district.clock.now()
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == lin.person))[0]
    district.clock.forward(hours=4)
    district.do(end_role, by="admin", at=moment + dt.timedelta(hours=2), person=lin.person, held=held)
    line = lin.line("record_finding", uuid4(), record_payload(), boot=None, mono_ms=None, at=(moment + dt.timedelta(hours=1)).isoformat())
    (result,) = lin.pushed(line)
    assert (result["status"], result["code"]) == ("deferred", "time_uncertain")
    assert keys(zhao) == [f"op:{line['op']}"]  # at once
    shown = zhao.get(f"/api/v1/sync/operations/{line['op']}").json
    assert "happened_at" in shown["decisions"]
    first, last = (dt.datetime.fromisoformat(each) for each in shown["time"]["window"])
    for outside in (first - dt.timedelta(seconds=1), last + dt.timedelta(seconds=1)):
        answer = redrive(zhao, line["op"], happened_at=outside.isoformat())
        assert (answer.status_code, answer.json["type"]) == (422, "/problems/not_the_window")
    late = redrive(zhao, line["op"], happened_at=(moment + dt.timedelta(hours=3)).isoformat())
    assert (late.json["status"], late.json["code"]) == ("rejected", "not_authorised")
    early = moment + dt.timedelta(minutes=30)
    answer = redrive(zhao, line["op"], happened_at=early.isoformat())
    assert answer.json["status"] == "applied"
    assert dt.datetime.fromisoformat(answer.json["time"]["corrected"]) == early
    assert district.scalars(sa.select(Finding.recorded_at)) == [early]
    exact = rejected(lin)["op"]
    assert redrive(zhao, exact, happened_at=early.isoformat()).status_code == 422
