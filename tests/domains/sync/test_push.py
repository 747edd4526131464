"""Operations in: every outcome of the protocol's section 3, over HTTP."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.core.journal import JournalEntry
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Proposal
from backend.domains.sync.model import KeptLine, Outcome, Waiting
from tests.make.district import ADVERT, DIRT, EAST, OUTSIDE, TREE
from tests.make.phone import Phone, chain_of, photo, place, record_payload, wire
from tests.make.pictures import picture


def outcome(results, line):
    return next((r["status"], r["code"]) for r in results if r["op"] == line["op"])


def outcomes(results):
    return [(r["status"], r["code"]) for r in results]


def stored(district, line):
    return district.rows(sa.select(Outcome.status, Outcome.code).where(Outcome.op == sa.literal(line["op"], sa.Uuid(as_uuid=False))))[0]


def findings(district):
    return {str(row.id): row for row in district.scalars(sa.select(Finding))}


def history(district, subject, event):
    query = sa.select(sa.func.count()).where(JournalEntry.subject == str(subject), JournalEntry.event == event)
    return district.scalars(query)[0]


def test_a_recorded_finding_comes_back_numbered_located_contracted_and_limited(district, lin):
    line = lin.record()
    (result,) = lin.pushed()
    assert (result["status"], result["code"], result["line"], result["seq"], result["version"]) == ("applied", None, 2, 1, 1)
    assert result["effects"] == {
        "number": "330113-20261123-00001",
        "state": "recorded",
        "grid": "330113001001001",
        "community": "330113001001",
        "town": "330113001",
        "liable": str(district.contracts["SZ"]),
        "limit": {"value": 4, "unit": "working_hours", "source": "condition"},
        "deadline": None,
        "needs": ["photos"],
    }
    assert result["op"] == line["op"] and result["time_quality"] == "exact"


@pytest.mark.parametrize(
    ("d", "needs"),
    [
        ({"at": OUTSIDE}, {"photos", "unlocated"}),
        ({"at": EAST}, {"photos", "awaiting_contract"}),
        ({"category": TREE}, {"photos", "awaiting_contract"}),
        ({"category": ADVERT, "condition": 1}, {"photos"}),
        ({"condition": None}, {"photos", "condition"}),
    ],
)
def test_recording_is_never_refused_for_what_only_blocks_filing(lin, d, needs):
    lin.record(**d)
    (result,) = lin.pushed()
    assert result["status"] == "applied"
    assert set(result["effects"]["needs"]) == needs


def test_a_batch_pushed_again_is_all_duplicates_and_doubles_nothing(district, lin):  # faults 1, 7, 21
    lines = [lin.line("open_patrol", uuid4()), *(lin.line("record_finding", uuid4(), record_payload()) for _ in range(3))]
    first = lin.pushed(*lines)
    again = lin.pushed(*lines, packed=True)
    assert outcomes(again) == [("duplicate", None)] * 4
    assert [r["original"] for r in again] == [{k: v for k, v in r.items() if k != "line"} for r in first]
    assert len(findings(district)) == 3
    assert history(district, lines[1]["e"]["id"], "finding.recorded") == 1


def test_the_same_line_twice_in_one_body_is_a_duplicate_of_itself(district, lin):
    line = lin.line("record_finding", uuid4(), record_payload())
    assert outcomes(lin.pushed(line, line)) == [("applied", None), ("duplicate", None)]
    assert len(findings(district)) == 1


def test_order_inside_a_body_is_free(district, lin):
    finding = uuid4()
    lines = [
        lin.line("record_finding", finding, record_payload()),
        lin.line("add_note", finding, {"text": "one"}),
        lin.line("amend_finding", finding, {"fields": {"severity": {"seen": 2, "value": 3}}}),
        lin.line("withdraw_finding", finding, {"reason": "fixed by itself"}),
    ]
    results = lin.pushed(*reversed(lines))
    assert [r["line"] for r in results] == [2, 3, 4, 5]
    assert {r["status"] for r in results} == {"applied"}
    assert findings(district)[str(finding)].state == "withdrawn"
    assert [r["at_seq"] for r in results] == sorted((r["at_seq"] for r in results), reverse=True)


# Merged


def test_a_legacy_code_is_mapped_and_the_result_says_so(district, lin):
    line = lin.record(category={"kind": "component", "code": "01-01"})
    assert outcomes(lin.pushed()) == [("merged", "category_mapped")]
    assert findings(district)[line["e"]["id"]].code == "01001"


def test_facts_sent_for_a_finding_that_ended_meanwhile_are_stored_and_its_state_stays(district, lin):
    finding = lin.record()["e"]["id"]
    lin.do("withdraw_finding", finding, {"reason": "mistake"})
    lin.do("amend_finding", finding, {"fields": {"note": {"seen": None, "value": "still there"}}})
    lin.do("add_photo", finding, photo(picture(1)))
    assert outcomes(lin.pushed()) == [("applied", None), ("applied", None), ("merged", "state_kept"), ("merged", "late_evidence")]
    row = findings(district)[finding]
    assert (row.state, row.note) == ("withdrawn", "still there")


# Conflict


def test_withdrawing_a_filed_finding_becomes_a_request_to_void(district, lin):
    finding = lin.record(category=DIRT, condition=1)["e"]["id"]
    lin.pushed()
    file_by_hand(district, finding)
    lin.do("withdraw_finding", finding, {"reason": "mistake"})
    (result,) = lin.pushed()
    assert (result["status"], result["code"], result["effects"]["state"]) == ("conflict", "void_requested", "filed")
    asked = district.client("zhao").get(f"/api/v1/findings/{finding}").json["void_request"]
    assert (asked["by"], asked["reason"]) == (str(lin.person), "mistake")


def test_another_inspector_does_not_overwrite_what_the_author_changed_meanwhile(district, lin):
    mate = Phone(district, "mate")
    finding = lin.record(note="seen")["e"]["id"]
    lin.do("amend_finding", finding, {"fields": {"note": {"seen": "seen", "value": "the author's"}}})
    lin.pushed()
    mate.do("amend_finding", finding, {"fields": {"note": {"seen": "seen", "value": "mate's"}, "severity": {"seen": 2, "value": 3}}})
    (result,) = mate.pushed()
    assert (result["status"], result["code"]) == ("conflict", "proposed")
    assert (result["effects"]["set"], result["effects"]["proposed"], "disputed" in result["effects"]["needs"]) == (
        ["severity"],
        ["note"],
        True,
    )
    row = findings(district)[finding]
    assert (row.note, row.severity) == ("the author's", 3)
    assert [(p.field, p.value) for p in district.scalars(sa.select(Proposal))] == [("note", "mate's")]


def file_by_hand(district, finding):
    """The desk files it, without a photo, as the administrator lets it here."""
    allowed = {"scope": "all", "settings": {"photos": {"record_finding": {"before": 0}}}}
    assert district.client("admin").post("/api/v1/policies", json=allowed).status_code in {200, 201}
    answer = district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={})
    assert answer.status_code == 200, answer.json


@pytest.fixture(autouse=True)
def mate(district):
    """A second inspector of Lin's town."""
    district.person("mate", ("inspector", "330113001"))


# Rejected


def test_what_cannot_be_done_is_rejected_with_the_field_and_blocks_nothing_else(district, lin):  # fault 8
    bad = {
        "unknown_category": lin.line("record_finding", uuid4(), record_payload(category={"kind": "event", "code": "99999"})),
        "unknown_condition": lin.line("record_finding", uuid4(), record_payload(condition=99)),
        "schema": lin.line("record_finding", uuid4(), {**record_payload(), "severity": "high"}),
    }
    good = lin.line("record_finding", uuid4(), record_payload())
    results = lin.pushed(*bad.values(), good)
    assert outcomes(results) == [("rejected", code) for code in bad] + [("applied", None)]
    assert list(findings(district)) == [good["e"]["id"]]
    pointers = [r["problem"]["errors"][0]["pointer"] for r in results[:3]]
    assert pointers == ["/d/category/code", "/d/condition", "/d/severity"]
    assert all(r["problem"]["type"].startswith("/problems/") and r["problem"]["detail"] for r in results[:3])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"at": "2026-11-23T10:00:00"}, "/at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/at"),
        ({"at": 5}, "/at"),
        ({"t": None}, "/t"),
        ({"t": "nul \x00 inside"}, "/t"),
        ({"d": {**record_payload(), "note": "nul \x00 inside"}}, "/d/note"),
        ({"v": "1"}, "/v"),
        ({"v": True}, "/v"),
        ({"deps": ["x"]}, "/deps"),
        ({"deps": 7}, "/deps"),
        ({"mono_ms": "soon"}, "/mono_ms"),
        ({"e": None}, "/e/type"),
        ({"e": {"type": "contract", "id": str(uuid4())}}, "/e/type"),
        ({"e": {"type": "finding", "id": "x"}}, "/e/id"),
        ({"e": {"type": "finding", "id": str(uuid4()), "base": "1"}}, "/e/base"),
        ({"e": {"type": "patrol", "id": str(uuid4())}}, "/e/type"),
        ({"d": []}, "/d"),
        ({"d": {**record_payload(), "place": place(OUTSIDE, "UTM")}}, "/d/place/datum"),
        ({"d": {**record_payload(), "place": place((500, 30))}}, "/d/place/lon"),
        ({"d": {k: v for k, v in record_payload().items() if k != "place"}}, "/d/place"),
    ],
)
def test_a_wrong_field_is_named_and_the_line_kept(district, lin, change, pointer):
    line = {**lin.line("record_finding", uuid4(), record_payload()), **change}
    after = lin.line("record_finding", uuid4(), record_payload())
    results = lin.pushed(line, after)
    assert (results[0]["status"], results[0]["problem"]["errors"][0]["pointer"]) == ("rejected", pointer), results[0]
    assert results[0]["code"] in {"schema", "place_absurd", "unknown_datum"}
    assert results[1]["status"] == "applied"
    assert bytes(district.scalars(sa.select(KeptLine.raw).where(KeptLine.seq == 1))[0]) == wire(line)


@pytest.mark.parametrize(
    "raw",
    [
        b"{not json",
        b"[1,2]",
        b'"text"',
        b'{"op":"x","seq":1}',
        b'{"seq":1}',
        b"\xff\xfe{}",
        b'{"op":"%s","seq":0}' % UUID(int=7).hex.encode(),
    ],
)
def test_a_malformed_line_is_kept_and_answered_by_its_number(district, lin, raw):
    good = lin.line("record_finding", uuid4(), record_payload())
    results = lin.pushed(raw, good)
    assert [(r["line"], r["op"] is None, r["status"], r["code"]) for r in results] == [
        (2, True, "rejected", "malformed"),
        (3, False, "applied", None),
    ]
    assert [bytes(kept) for kept in district.scalars(sa.select(KeptLine.raw).where(KeptLine.lane == "malformed"))] == [raw]


def test_a_line_over_64_kib_is_cut_and_kept_with_the_hash_of_the_whole(district, lin):
    import hashlib

    long = wire(lin.line("add_note", uuid4(), {"text": "长" * 30_000}))
    good = lin.line("record_finding", uuid4(), record_payload())
    results = lin.pushed(long, good)
    assert outcomes(results) == [("rejected", "too_large"), ("applied", None)]
    kept = district.rows(sa.select(KeptLine.raw, KeptLine.sha256).where(KeptLine.lane == "too_large"))[0]
    assert (bytes(kept.raw), bytes(kept.sha256)) == (long[: 64 * 1024], hashlib.sha256(long).digest())


def test_other_bytes_under_a_known_op_are_refused_both_kept_and_nothing_of_the_first_is_shown(district, lin, wu):  # fault 16
    line = lin.line("record_finding", uuid4(), record_payload(note="the first"))
    lin.pushed(line)
    reused = {**line, "d": record_payload(note="another")}
    assert outcomes(lin.pushed(reused)) == [("rejected", "op_reuse")]
    assert outcomes(lin.pushed({**line, "seq": 2})) == [("rejected", "op_reuse")]
    (foreign,) = wu.pushed(line)
    assert (foreign["status"], foreign["code"]) == ("rejected", "op_reuse")
    assert "the first" not in str(foreign) and "effects" in foreign and foreign["effects"] is None
    assert findings(district)[line["e"]["id"]].note == "the first"
    assert district.scalars(sa.select(sa.func.count()).select_from(KeptLine)) == [4]


def test_an_id_of_somebody_else_is_taken_and_shows_nothing(district, lin, wu):  # fault 22
    finding = lin.record(note="mine")["e"]["id"]
    lin.pushed()
    wu.record(finding, at=EAST)
    (result,) = wu.pushed()
    assert (result["status"], result["code"]) == ("rejected", "id_taken") and "mine" not in str(result)
    assert findings(district)[finding].note == "mine"


def test_a_role_that_may_not_record_is_refused(district):
    phone = Phone(district, "tang")
    phone.record()
    assert outcomes(phone.pushed()) == [("rejected", "not_authorised")]


def test_what_is_not_visible_is_answered_as_what_has_not_arrived(district, lin, wu):
    finding = lin.record()["e"]["id"]
    lin.pushed()
    unknown = str(uuid4())
    for each in (finding, unknown):
        wu.do("add_note", each, {"text": "hello"})
    hidden, absent = wu.pushed()
    assert (hidden["status"], hidden["code"]) == ("deferred", "not_yet")
    said = [str(result["problem"]).replace(each, "") for result, each in ((hidden, finding), (absent, unknown))]
    assert said[0] == said[1]


def test_a_revoked_replica_delivers_but_does_not_act(district, lin):  # fault 40
    lin.record()
    assert lin.session.post(f"/api/v1/replicas/{lin.replica}/revoke").status_code < 300
    assert outcomes(lin.pushed()) == [("rejected", "replica_revoked")]
    assert findings(district) == {}
    answer = lin.session.post("/api/v1/sync/pull", json={"replica": lin.replica})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/replica_wipe")
    assert len(district.scalars(sa.select(KeptLine.raw))) == 1


def test_a_seq_far_ahead_is_kept_apart(district, lin):
    line = lin.line("record_finding", uuid4(), record_payload(), seq=10_001)
    near = lin.line("record_finding", uuid4(), record_payload(), seq=10_000)
    answer = lin.push(line, near)
    assert outcomes(answer.json["results"]) == [("rejected", "seq_range"), ("applied", None)]
    assert (answer.json["acked_through"], answer.json["missing"]) == (0, [[1, 9999]])


# Deferred


def test_a_child_before_its_parent_is_judged_when_the_parent_comes(district, lin):  # fault 10
    finding = uuid4()
    parent = lin.line("record_finding", finding, record_payload())
    child = lin.line("add_note", finding, {"text": "one"}, deps=[parent["op"]])
    assert outcomes(lin.pushed(child)) == [("deferred", "dependency")]
    assert outcomes(lin.pushed(parent)) == [("applied", None)]
    assert tuple(stored(district, child)) == ("applied", None)
    lin.sync()
    assert (lin.results[child["op"]]["status"], lin.results[parent["op"]]["status"]) == ("applied", "applied")


def test_a_child_whose_parent_is_in_the_same_body_but_later_in_seq_is_judged_in_the_same_push(district, lin):
    finding = uuid4()
    child = lin.line("add_note", finding, {"text": "one"}, deps=[(op := str(uuid4()))])
    parent = lin.line("record_finding", finding, record_payload(), op=op)
    assert outcomes(lin.pushed(child, parent)) == [("applied", None), ("applied", None)]


def test_a_child_pushed_from_another_replica_waits_too(district, lin):
    mate = Phone(district, "mate")
    parent = lin.line("record_finding", uuid4(), record_payload())
    note = mate.line("add_note", parent["e"]["id"], {"text": "one"}, deps=[parent["op"]])
    assert outcomes(mate.pushed(note)) == [("deferred", "dependency")]
    lin.pushed(parent)
    assert tuple(stored(district, note)) == ("applied", None)
    mate.sync()
    assert mate.results[note["op"]]["status"] == "applied"


def test_what_refers_to_something_not_arrived_waits_for_it_without_deps(district, lin):  # fault 47
    patrol, finding = uuid4(), uuid4()
    opened = lin.line("open_patrol", patrol)
    record = lin.line("record_finding", finding, record_payload(patrol=str(patrol)))
    added = lin.line("add_photo", finding, photo(picture(1)))
    results = lin.pushed(record, added)
    assert outcomes(results) == [("deferred", "not_yet"), ("deferred", "earlier_operation")]
    lin.pushed(opened)
    assert [tuple(stored(district, line)) for line in (record, added)] == [("applied", None)] * 2


def test_a_rejected_parent_leaves_its_children_deferred_whichever_comes_first(district, lin):  # fault 11
    parent = lin.line("record_finding", uuid4(), record_payload(condition=99))
    child = lin.line("add_note", uuid4(), {"text": "one"}, deps=[parent["op"]])
    assert outcomes(lin.pushed(parent, child)) == [("rejected", "unknown_condition"), ("deferred", "parent_rejected")]
    late = lin.line("record_finding", uuid4(), record_payload(condition=99))
    early = lin.line("add_note", uuid4(), {"text": "one"}, deps=[late["op"]])
    assert outcomes(lin.pushed(early)) == [("deferred", "dependency")]
    assert outcomes(lin.pushed(late)) == [("rejected", "unknown_condition")]
    assert tuple(stored(district, early)) == ("deferred", "parent_rejected")


def test_the_operation_that_closes_a_cycle_is_rejected_and_kept(district, lin):  # fault 13
    a, b, c = str(uuid4()), str(uuid4()), str(uuid4())
    lines = [
        lin.line("record_finding", uuid4(), record_payload(), op=a, deps=[c]),
        lin.line("record_finding", uuid4(), record_payload(), op=b, deps=[a]),
        lin.line("record_finding", uuid4(), record_payload(), op=c, deps=[b]),
    ]
    assert outcomes(lin.pushed(lines[0])) == [("deferred", "dependency")]
    assert outcomes(lin.pushed(*lines[1:])) == [("deferred", "dependency"), ("rejected", "cycle")]
    assert tuple(stored(district, lines[0])) == ("deferred", "parent_rejected")
    own = str(uuid4())
    assert outcomes(lin.pushed(lin.line("record_finding", uuid4(), record_payload(), op=own, deps=[own]))) == [("rejected", "cycle")]


def test_an_unknown_operation_or_version_waits_until_a_server_knows_it(district, lin, monkeypatch):  # faults 55, 56
    from backend.domains.sync.judging.operations import OPERATIONS

    line = lin.record(line={"v": 9})
    assert outcomes(lin.pushed()) == [("deferred", "unknown_operation")]
    district.settle()
    assert tuple(stored(district, line)) == ("deferred", "unknown_operation")
    monkeypatch.setitem(OPERATIONS, ("record_finding", 9), OPERATIONS["record_finding", 1])
    district.settle()
    assert tuple(stored(district, line)) == ("applied", None)


def test_a_base_above_the_servers_waits_for_the_versions_that_are_missing(district, lin):
    finding = uuid4()
    lin.pushed(lin.line("record_finding", finding, record_payload()))
    missing = [lin.line("add_note", finding, {"text": str(n)}) for n in range(2)]
    ahead = lin.line("amend_finding", finding, {"fields": {"severity": {"seen": 2, "value": 3}}}, base=3)
    assert outcomes(lin.pushed(ahead)) == [("deferred", "base_ahead")]
    lin.pushed(missing[0])
    assert tuple(stored(district, ahead)) == ("deferred", "base_ahead")
    lin.pushed(missing[1])
    assert tuple(stored(district, ahead)) == ("applied", None)


def test_later_operations_on_an_entity_wait_for_a_deferred_earlier_one_and_for_nothing_else(district, lin):
    finding, patrol = uuid4(), uuid4()
    first = lin.line("record_finding", finding, record_payload())
    hole = lin.line("add_note", uuid4(), {"text": "lost on the way"})
    waits = lin.line("add_note", finding, {"text": "waits"}, deps=[(missing := str(uuid4()))])
    after = lin.line("amend_finding", finding, {"fields": {"severity": {"seen": 2, "value": 3}}})
    other = lin.line("record_finding", uuid4(), record_payload())
    assert hole["seq"] == 2
    assert outcomes(lin.pushed(first, waits)) == [("applied", None), ("deferred", "dependency")]
    # An op below the waiting one comes in the same body as one above it.
    results = lin.pushed({**hole, "e": {"type": "finding", "id": str(finding), "base": None}}, after, other)
    assert outcomes(results) == [("applied", None), ("deferred", "earlier_operation"), ("applied", None)]
    lin.pushed(lin.line("open_patrol", patrol, op=missing))
    assert [tuple(stored(district, line)) for line in (waits, after)] == [("applied", None)] * 2


def test_a_long_row_of_waiting_operations_costs_each_little_and_comes_off_together(district, lin):
    """A patrol whose opening is lost on the way, and a phone whose track goes on in pieces."""
    patrol, missing = uuid4(), str(uuid4())
    lin.pushed(lin.line("open_patrol", patrol))
    points = [[120.0, 30.0, 5, "2026-11-23T10:00:00Z"]]
    first = lin.line("append_track", patrol, {"chunk": 0, "datum": "WGS-84", "points": points}, deps=[missing])
    rest = [lin.line("append_track", patrol, {"chunk": n, "datum": "WGS-84", "points": points}) for n in range(1, 300)]
    assert outcomes(lin.pushed(first)) == [("deferred", "dependency")]
    for start in range(0, 299, 100):
        assert set(outcomes(lin.pushed(*rest[start : start + 100]))) == {("deferred", "earlier_operation")}
    waiting = district.scalars(sa.select(Waiting.awaits))
    assert len(waiting) == 300
    assert set(waiting) == {f"op:{missing}", f"settled:{first['op']}"}
    lin.pushed(lin.line("open_patrol", uuid4(), op=missing))
    assert district.scalars(sa.select(sa.func.count()).select_from(Waiting)) == [0]
    lin.sync()
    assert lin.docs("patrol")[str(patrol)]["points"] == 300


def test_later_operations_do_not_wait_for_a_rejected_one(lin):
    finding = uuid4()
    lin.pushed(lin.line("record_finding", finding, record_payload()))
    bad = lin.line("add_note", finding, {"text": ""})
    good = lin.line("add_note", finding, {"text": "good"})
    assert outcomes(lin.pushed(bad, good)) == [("rejected", "schema"), ("applied", None)]


# One bad operation undoes itself and nothing else


def test_an_operation_refused_halfway_leaves_nothing_of_itself_behind(district, lin):
    finding = uuid4()
    record = lin.line("record_finding", finding, record_payload(condition=2))
    # The category is good and is set first; the condition is not.
    fields = {"category": {"seen": {"kind": "component", "code": "01001"}, "value": DIRT}, "condition": {"seen": 2, "value": 99}}
    amend = lin.line("amend_finding", finding, {"fields": fields})
    note = lin.line("add_note", finding, {"text": "good"})
    assert outcomes(lin.pushed(record, amend, note)) == [("applied", None), ("rejected", "unknown_condition"), ("applied", None)]
    row = findings(district)[str(finding)]
    assert (row.code, row.condition, row.trade, row.liable, row.version) == ("01001", 2, "municipal", district.contracts["SZ"], 2)


def test_an_unexpected_fault_leaves_the_operation_received_and_the_others_applied(district, lin, monkeypatch):  # faults 6, 9
    from dataclasses import replace

    from backend.domains.sync.judging.operations import OPERATIONS

    known = OPERATIONS["record_finding", 1]
    poison = str(uuid4())

    def explode(session, act, entity, payload):
        done = known.do(session, act, entity, payload)
        if payload["note"] == "poison":
            raise RuntimeError("a fault of ours")
        return done

    monkeypatch.setitem(OPERATIONS, ("record_finding", 1), replace(known, do=explode))
    lines = [
        lin.line("record_finding", uuid4(), record_payload()),
        lin.line("record_finding", poison, record_payload(note="poison")),
        lin.line("add_note", poison, {"text": "waits for it"}),
        lin.line("record_finding", uuid4(), record_payload()),
    ]
    expected = [("applied", None), ("received", "unexpected"), ("deferred", "earlier_operation"), ("applied", None)]
    assert outcomes(lin.pushed(*lines)) == expected
    assert poison not in findings(district) and len(findings(district)) == 2
    assert outcomes(r["original"] for r in lin.pushed(*lines)) == expected
    district.settle()  # ends although the fault is still there
    assert tuple(stored(district, lines[1])) == ("received", "unexpected")
    monkeypatch.undo()
    district.clock.install(monkeypatch)
    district.settle()
    assert [tuple(stored(district, line)) for line in lines] == [("applied", None)] * 4


def test_a_crash_between_keeping_and_judging_loses_nothing(district, lin, monkeypatch):  # fault 5
    from backend.domains.sync.api import push as api

    def crash(*_given, **_facts):
        raise RuntimeError("killed here")

    monkeypatch.setattr(api, "judge", crash)
    lines = [lin.line("record_finding", uuid4(), record_payload()), lin.line("open_patrol", uuid4())]
    assert [r["status"] for r in lin.pushed(*lines)] == ["received"] * 2
    monkeypatch.undo()
    district.clock.install(monkeypatch)
    again = lin.pushed(*lines)
    assert [(r["status"], r["original"]["status"]) for r in again] == [("duplicate", "received")] * 2
    receipts = lin.session.get(f"/api/v1/replicas/{lin.replica}/receipts").json
    assert [item["status"] for item in receipts["items"]] == ["received"] * 2
    district.settle()
    assert [tuple(stored(district, line)) for line in lines] == [("applied", None)] * 2
    lin.sync()
    assert {lin.results[line["op"]]["status"] for line in lines} == {"applied"}


# Seqs, forks, receipts


def test_holes_are_reported_explained_and_the_chain_agrees(district, lin):  # faults 14, 15
    lines = [lin.line("record_finding", uuid4(), record_payload()) for _ in range(5)]
    answer = lin.push(*(lines[n] for n in (0, 1, 4))).json
    assert (answer["acked_through"], answer["missing"]) == (2, [[3, 4]])
    assert answer["chain"] == {"through": 2, "hash": chain_of(*map(wire, lines[:2]))}
    answer = lin.push(lines[3]).json
    assert (answer["acked_through"], answer["missing"]) == (2, [[3, 3]])
    void = lin.line("seq_void", lin.replica, {"seqs": [3], "reason": "store damaged"})
    answer = lin.push(void).json
    assert (answer["acked_through"], answer["missing"]) == (6, [])
    assert answer["chain"]["hash"] == chain_of(*map(wire, (lines[0], lines[1], lines[3], lines[4], void)))


def test_seqs_of_another_replica_cannot_be_voided(lin, wu):
    assert outcomes(lin.pushed(lin.line("seq_void", wu.replica, {"seqs": [1], "reason": "x"}))) == [("rejected", "schema")]


def test_a_fork_is_told_and_what_does_not_fork_is_done(district, lin):  # faults 17, 18, 19
    lines = [lin.line("record_finding", uuid4(), record_payload()) for _ in range(2)]
    lin.pushed(*lines)
    forked = {**lin.line("record_finding", uuid4(), record_payload(note="from the backup")), "seq": 2}
    further = lin.line("record_finding", uuid4(), record_payload(), seq=3)
    answer = lin.push(forked, further)
    assert answer.status_code == 409
    assert outcomes(answer.json["results"]) == [("rejected", "replica_fork"), ("applied", None)]
    assert (answer.json["acked_through"], forked["e"]["id"] in findings(district)) == (3, False)
    # The clone registers a new store, renumbers and resends what is unsettled, and what it is not sure of.
    clone = Phone(district, "lin")
    results = clone.pushed({**forked, "seq": 1}, {**lines[0], "seq": 2}, {**further, "seq": 3})
    assert [r["status"] for r in results] == ["applied", "duplicate", "duplicate"]
    assert len(findings(district)) == 4
    assert clone.push(clone.line("open_patrol", uuid4(), seq=4)).json["acked_through"] == 4


def test_receipts_show_an_own_replica_to_its_person_only(district, lin, wu):  # fault 20
    lines = [lin.line("record_finding", uuid4(), record_payload()) for _ in range(3)]
    lin.pushed(*lines)
    url = f"/api/v1/replicas/{lin.replica}/receipts"
    page = lin.session.get(url, query_string={"limit": 2}).json
    rest = lin.session.get(url, query_string={"limit": 2, "after": page["next"]}).json
    assert [item["op"] for item in page["items"] + rest["items"]] == [line["op"] for line in lines]
    assert (rest["next"], rest["acked_through"]) == (None, 3)
    for stranger in (wu.session, district.client("stranger"), district.client("admin")):
        assert stranger.get(url).status_code == 404
    assert lin.session.get(url, query_string={"after": 10**30}).status_code in {200, 422}


def test_registering_the_same_store_again_goes_on_where_it_was(district, lin):
    lin.pushed(lin.line("record_finding", uuid4(), record_payload()))
    again = lin.session.post("/api/v1/replicas", json={"install_id": lin.install, "platform": "android", "app_version": "2", "schema": 1})
    assert (again.status_code, again.json["replica"], again.json["next_seq"], again.json["acked_through"]) == (200, lin.replica, 2, 1)


# The request itself


def test_the_header_must_be_understood(lin):
    good = lin.line("record_finding", uuid4(), record_payload())
    for header in (
        {"h": 2, "replica": lin.replica},
        {"h": 1, "replica": "x", "sent_at": "2026-11-23T10:00:00+08:00"},
        {"h": 1, "replica": lin.replica, "sent_at": "2026-11-23T10:00:00"},
        {"h": 1, "replica": lin.replica, "sent_at": "0001-01-01T00:00:00+14:00"},
        {**lin.header(), "chain": [1]},
        {**lin.header(), "anchors": [{"boot": "k7"}]},
        {**lin.header(), "anchors": 7},
        {**lin.header(), "boot": "k7\x00"},
    ):
        answer = lin.push(good, header=header)
        assert (answer.status_code, answer.json["type"]) == (400, "/problems/push_header"), header
    for body in (b"", b"\n", b"[]\n", b"no json\n", wire(lin.header())):
        assert lin.send(body).status_code == 400
    assert lin.pushed(good)[0]["status"] == "applied"


def test_only_the_own_credential_opens_push(district, lin, wu):
    body = wire(wu.header()) + b"\n"
    answer = lin.send(body)
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/foreign_replica")
    head = {"Content-Type": "application/x-ndjson"}
    assert lin.session.post("/api/v1/sync/ops", data=body, headers=head).status_code == 403
    assert district.app.test_client().post("/api/v1/sync/ops", data=body, headers=head).status_code == 401
    assert district.bearing("nonsense").post("/api/v1/sync/ops", data=body, headers=head).status_code == 401
    assert lin.client.post("/api/v1/sync/pull", json={"replica": lin.replica}).status_code == 403


def test_another_type_or_encoding_is_refused(lin):
    body = wire(lin.header()) + b"\n"
    assert lin.client.post("/api/v1/sync/ops", data=body, headers={"Content-Type": "application/json"}).status_code == 415
    assert lin.send(body, **{"Content-Encoding": "br"}).status_code == 415


def test_over_the_limits_nothing_is_kept_and_the_limits_are_told(district, lin):  # fault 59
    import gzip

    head = wire(lin.header()) + b"\n"
    many = head + b"".join(wire(lin.line("open_patrol", uuid4())) + b"\n" for _ in range(201))
    bomb = gzip.compress(head + b" " * (5 << 20) + b"\n")
    heavy = head + b"x" * (4 << 20) + b"\n"
    for body, headers in (
        (many, {}),
        (bomb, {"Content-Encoding": "gzip"}),
        (heavy, {}),
        (b"x" * (513 << 10), {"Content-Encoding": "gzip"}),
    ):
        answer = lin.send(body, **headers)
        assert (answer.status_code, answer.json["limits"]) == (413, {"ops": 200, "body_bytes": 512 << 10, "inflated_bytes": 4 << 20})
    assert district.scalars(sa.select(KeptLine.raw)) == []


def test_hello_tells_protocol_epoch_and_limits_to_anybody(district):
    answer = district.app.test_client().get("/api/v1/sync/hello").json
    assert (answer["protocol"], answer["schema"], answer["limits"]["ops"], answer["limits"]["photo_bytes"]) == (1, 1, 200, 25 << 20)
    assert dt.datetime.fromisoformat(answer["server_time"]) - district.clock.now() < dt.timedelta(seconds=5) and answer["epoch"]


def test_a_push_with_an_old_epoch_is_accepted_and_told_the_new_one(district, lin):
    lin.record()
    answer = lin.push(header=lin.header(epoch="of last year"))
    assert (answer.json["results"][0]["status"], answer.json["epoch"]) == (
        "applied",
        district.client("lin").get("/api/v1/sync/hello").json["epoch"],
    )


def test_a_chain_that_contradicts_ours_is_an_incident_and_drops_no_data(district, lin):  # fault 63
    lin.pushed(lin.line("record_finding", uuid4(), record_payload()))
    lin.record()
    assert lin.pushed(header=lin.header(chain={"through": 1, "hash": "00" * 32}))[0]["status"] == "applied"
    assert history(district, lin.replica, "replica.chain_differs") == 1
