"""The desk of sync: what stands on the list of exceptions, for whom, and what is shown of it."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.domains.identity.actions.roles import end_role, grant_role
from backend.domains.sync.model import Incident, KeptLine
from tests.make.district import EAST, HOME
from tests.make.people import LONG_AGO
from tests.make.phone import Phone, mono, photo, record_payload, wire
from tests.make.pictures import picture

NOBODY = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def town(district):
    """Clients of a shift leader of each town, and of the district."""
    for login, unit in (("leader-west", "330113001"), ("leader-east", "330113002")):
        district.person(login)
        district.do(grant_role, at=LONG_AGO, person=district.person(login), role="shift_leader", unit=district.unit(unit))
    return {"west": district.client("leader-west"), "east": district.client("leader-east"), "all": district.client("zhao")}


def listed(client, **query):
    answer = client.get("/api/v1/sync/exceptions", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def keys(client, **query):
    return [item["key"] for item in listed(client, **query)["items"]]


def rejected(phone, **d):
    """A record whose severity no schema takes."""
    line = phone.record(**{"severity": 9, **d})
    (result,) = phone.pushed()
    assert result["status"] == "rejected", result
    return line["op"]


def test_a_rejected_operation_is_listed_with_its_problem_and_what_may_be_decided(district, lin, town):
    op = rejected(lin)
    (item,) = listed(town["all"])["items"]
    assert (item["key"], item["kind"], item["operation"]["status"]) == (f"op:{op}", "rejected", "rejected")
    assert item["operation"]["problem"]["errors"][0]["pointer"] == "/d/severity"
    assert item["title"]["zh"] == "被拒绝的操作" and item["person"]["name"] == "林晓"
    assert item["decisions"] == ["redrive", "repair", "vouch", "dismiss"]


def test_counts_cover_all_kinds_whatever_the_page_shows(district, lin, town):
    rejected(lin)
    lin.pushed(lin.line("add_note", uuid4(), {"text": "?"}, deps=[NOBODY]))
    lin.push(b"{nonsense")
    district.clock.forward(hours=73)
    answer = listed(town["all"], kind="waiting")
    assert {kind: count for kind, count in answer["counts"].items() if count} == {"rejected": 1, "waiting": 1, "beside": 1}
    assert [item["kind"] for item in answer["items"]] == ["waiting"]


def test_pages_follow_each_other_without_a_gap_or_a_double(district, lin, town):
    ops = [f"op:{rejected(lin)}" for _ in range(5)]
    lin.push(b"{one", b"{two")
    seen, cursor = [], None
    for _ in range(9):
        page = listed(town["all"], limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["key"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7 and set(ops) < set(seen)
    assert town["all"].get("/api/v1/sync/exceptions?cursor=WyIxIl0").status_code == 422


def test_what_waits_is_listed_after_72_hours_and_still_applies_at_73(district, lin, town):  # fault 12
    finding, parent = uuid4(), str(uuid4())
    child = lin.line("add_note", finding, {"text": "later"}, deps=[parent])
    assert lin.pushed(child)[0]["status"] == "deferred"
    district.clock.forward(hours=71)
    assert keys(town["all"]) == []
    district.clock.forward(hours=1, minutes=1)
    (item,) = listed(town["all"])["items"]
    assert (item["kind"], item["key"]) == ("waiting", f"op:{child['op']}")
    assert item["waits_for"] == [{"key": f"op:{parent}", "en": f"operation {parent}, on which it depends", "zh": f"所依赖的操作 {parent}"}]
    district.clock.forward(hours=1)
    lin.pushed(lin.line("record_finding", finding, record_payload(), op=parent))
    assert keys(town["all"]) == []
    assert town["all"].get(f"/api/v1/sync/operations/{child['op']}").json["status"] == "applied"


def test_lines_beside_the_sequence_are_listed_with_their_bytes(district, lin, town):
    first = lin.line("record_finding", uuid4(), record_payload())
    lin.pushed(first)
    lin.push(
        {**first, "d": record_payload(severity=3)},
        {**first, "op": str(uuid4())},
        {**first, "op": str(uuid4()), "seq": 20_000},
        b"\xff{",
        b"x" * 70_000,
    )
    items = listed(town["all"])["items"]
    assert sorted(item["facts"]["lane"] for item in items) == ["fork", "malformed", "op_reuse", "seq_range", "too_large"]
    by_lane = {item["facts"]["lane"]: item for item in items}
    assert by_lane["malformed"]["facts"]["text"] is None
    assert base64.b64decode(by_lane["malformed"]["facts"]["base64"]) == b"\xff{"
    assert json.loads(by_lane["op_reuse"]["facts"]["text"])["d"]["severity"] == 3
    assert "repair" in by_lane["fork"]["decisions"] and by_lane["too_large"]["decisions"] == ["dismiss"]


def test_a_hole_is_listed_after_72_hours_and_gone_when_it_is_filled(district, lin, town):  # fault 14
    one, two, three, four = (lin.line("record_finding", uuid4(), record_payload()) for _ in range(4))
    assert [r["status"] for r in lin.pushed(one, four)] == ["applied", "applied"]
    district.clock.forward(hours=73)
    (item,) = listed(town["all"])["items"]
    assert (item["kind"], item["key"]) == ("hole", f"hole:{lin.replica}:2")
    assert (item["facts"]["first"], item["facts"]["last"], item["facts"]["count"]) == (2, 3, 2)
    lin.pushed(two)
    assert keys(town["all"]) == [f"hole:{lin.replica}:3"]
    lin.pushed(three)
    assert keys(town["all"]) == []


def test_a_photo_that_has_not_come_for_ten_days_is_listed_with_its_owner_and_what_the_phone_still_holds(district, lin, town):  # fault 48
    declared = photo(picture(1))
    lin.record(photos=[declared])
    lin.pushed(header=lin.header(outbox_depth=4))
    district.clock.forward(days=9, hours=23)
    assert keys(town["all"]) == []
    district.clock.forward(hours=2)
    (item,) = listed(town["all"])["items"]
    assert (item["kind"], item["key"], item["person"]["name"]) == ("photo_missing", f"photo:{declared['id']}", "林晓")
    assert (item["facts"]["age_days"], item["facts"]["outbox_depth"]) == (10, 3)


def test_evidence_after_the_end_is_listed(district, lin, town):
    line = lin.record()
    lin.do("withdraw_finding", line["e"]["id"], {"reason": "gone"})
    lin.pushed()
    lin.do("add_photo", line["e"]["id"], photo(picture(2)))
    (result,) = lin.pushed()
    assert (result["status"], result["code"]) == ("merged", "late_evidence")
    (item,) = listed(town["all"])["items"]
    assert (item["kind"], item["decisions"]) == ("late_evidence", ["dismiss"])


def test_each_desk_sees_its_own_areas(district, lin, wu, town):
    west, east = rejected(lin), rejected(wu)
    note = lin.record(at=EAST)
    lin.pushed()
    lin.do("add_note", note["e"]["id"], {"text": ""})
    lin.pushed()
    on_east = next(r for r in listed(town["all"])["items"] if r["operation"]["t"] == "add_note")
    assert keys(town["west"]) == [f"op:{west}"]
    assert sorted(keys(town["east"])) == sorted([f"op:{east}", on_east["key"]])  # the finding's area counts before its author's
    assert len(keys(town["all"])) == 3
    assert len(keys(district.client("admin"))) == 3


def test_a_contractors_operation_is_the_districts(district, town):
    ma = Phone(district, "ma")
    op = rejected(ma)
    assert keys(town["west"]) == [] and keys(town["east"]) == []
    assert keys(town["all"]) == [f"op:{op}"]
    assert town["west"].get(f"/api/v1/sync/operations/{op}").status_code == 404


def test_strangers_and_other_roles_are_refused_and_other_areas_know_of_nothing(district, lin, town):
    op = rejected(lin)
    lin.push(b"{bad")
    line = district.scalars(sa.select(KeptLine.push).where(KeptLine.lane == "malformed"))[0]
    paths = ["exceptions", f"exceptions/op:{op}", f"operations/{op}", "conflicts", f"conflicts/{op}", "replicas", f"replicas/{lin.replica}"]
    for path in paths:
        assert district.app.test_client().get(f"/api/v1/sync/{path}").status_code == 401
        for login in ("stranger", "lin", "sun", "qian", "yu"):
            assert district.client(login).get(f"/api/v1/sync/{path}").status_code == 403, (login, path)
    for key in (f"op:{op}", f"line:{line}:2"):
        assert town["east"].get(f"/api/v1/sync/exceptions/{key}").status_code == 404
        assert town["east"].post(f"/api/v1/sync/exceptions/{key}/dismissal", json={"reason": "?"}).status_code == 404
        assert town["west"].get(f"/api/v1/sync/exceptions/{key}").status_code == 200
    assert town["east"].post(f"/api/v1/sync/operations/{op}/redrive", json={"reason": "?"}).status_code == 404
    assert town["east"].get(f"/api/v1/sync/replicas/{lin.replica}").status_code == 404
    for key in ("op:nothing", "photo", "hole:x:y", f"line:{line}", f"op:{op}:3", f"op:{NOBODY}", f"photo:{NOBODY}", f"hole:{NOBODY}:1"):
        assert town["all"].get(f"/api/v1/sync/exceptions/{key}").status_code == 404
        assert town["all"].post(f"/api/v1/sync/exceptions/{key}/dismissal", json={"reason": "?"}).status_code == 404


def test_one_operation_is_shown_whole(district, lin, town):
    then = district.clock.now()
    line = lin.line("record_finding", uuid4(), record_payload(at=HOME), mono_ms=mono(then))
    district.clock.forward(hours=2)
    lin.pushed(line)
    shown = town["west"].get(f"/api/v1/sync/operations/{line['op']}").json
    assert shown["line"]["text"] == wire(line).decode() and shown["line"]["base64"] is None
    assert shown["header"]["replica"] == lin.replica
    assert shown["time"]["device"] == line["at"] and shown["time"]["quality"] == "exact" and shown["time"]["window"] is None
    assert [told["event"] for told in shown["history"]] == ["finding.recorded"]
    assert shown["finding"]["id"] == line["e"]["id"] and shown["finding"]["number"]
    assert (shown["status"], shown["kind"], shown["decisions_made"], shown["decisions"]) == ("applied", None, [], [])


def test_incidents_without_a_phone_are_the_districts_and_can_be_closed_once(district, town):
    def happen(session, act):
        session.add(Incident(id=act.new_id(), at=act.at, kind="verification", facts={"violations": {"I1": 2}}))

    district.do(happen, at=district.clock.now())
    assert keys(town["west"]) == []
    (item,) = listed(district.client("admin"))["items"]
    assert (item["kind"], item["facts"]["incident"], item["decisions"]) == ("incident", "verification", ["close"])
    path = f"/api/v1/sync/exceptions/{item['key']}/dismissal"
    assert district.client("admin").post(path, json={"reason": "looked into"}).status_code == 200
    assert keys(town["all"]) == []
    assert town["all"].post(path, json={"reason": "again"}).status_code in {404, 409}


def test_who_worked_in_an_area_once_is_not_its_desks_for_ever(district, town):
    wu = Phone(district, "wu")
    row = district.do(grant_role, at=LONG_AGO, person=wu.person, role="inspector", unit=district.unit("330113001"))
    district.do(end_role, by="admin", at=district.clock.now(), person=wu.person, held=row.id)
    district.clock.forward(hours=3)
    op = rejected(wu, at=EAST, note="rang from 13800000000")
    wu.push(b"{nonsense")
    assert keys(town["west"]) == [] and len(keys(town["east"])) == 2
    assert town["west"].get(f"/api/v1/sync/operations/{op}").status_code == 404


def test_what_was_done_while_in_an_area_stays_its_desks(district, town):
    wu = Phone(district, "wu")
    row = district.do(grant_role, at=LONG_AGO, person=wu.person, role="inspector", unit=district.unit("330113001"))
    op = rejected(wu)
    wu.push(b"{nonsense")
    district.clock.forward(minutes=5)
    district.do(end_role, by="admin", at=district.clock.now(), person=wu.person, held=row.id)
    district.clock.forward(hours=3)
    listing = keys(town["west"])
    assert f"op:{op}" in listing and any(key.startswith("line:") for key in listing)


def test_an_administrator_sees_that_something_stands_and_not_what_people_wrote(district, lin, town):
    op = rejected(lin, note="rang from 13800000000")
    lin.push(b'{"note": "rang from 13800000000"', b"\xff{")
    assert town["all"].post(f"/api/v1/sync/operations/{op}/redrive", json={"reason": "r", "d": record_payload(severity=8, note="13800")})
    admin = district.client("admin")
    answer = admin.get("/api/v1/sync/exceptions")
    assert keys(admin) == keys(town["all"]) and "13800" not in answer.text
    lines = [item["facts"] for item in answer.json["items"] if item["kind"] == "beside"]
    assert [(facts["text"], facts["base64"], facts["bytes"] > 0) for facts in lines] == [(None, None, True)] * 2
    whole = admin.get(f"/api/v1/sync/operations/{op}")
    assert whole.status_code == 200 and "13800" not in whole.text
    assert (whole.json["line"]["text"], whole.json["decisions_made"][0]["data"]) == (None, None)
    assert "13800" in town["west"].get(f"/api/v1/sync/operations/{op}").text


def test_an_administrator_who_leads_an_area_reads_what_is_of_it(district, lin, town):
    ops = [rejected(lin, note="13800"), rejected(Phone(district, "wu"), note="13800")]
    district.do(grant_role, at=LONG_AGO, person=district.person("leader-west"), role="administrator", unit=district.unit("330113"))
    shown = ["13800" in town["west"].get(f"/api/v1/sync/operations/{op}").text for op in ops]
    assert shown == [True, False]


@pytest.mark.parametrize("restored", ["yes", "1", "false", None])
def test_whether_a_backup_was_restored_is_said_plainly(district, restored):
    answer = district.client("admin").post(
        f"/api/v1/sync/incidents/{uuid4()}/confirmation", json={"restored": restored, "note": "looked at the log"}
    )
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/restored"), answer.text
