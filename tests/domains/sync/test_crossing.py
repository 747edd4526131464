"""Where two stores, a crash or a hostile line cross: nothing is stuck, nothing is judged twice."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.core.journal import JournalEntry
from backend.domains.sync.judging import judge as judging
from backend.domains.sync.model import Outcome, Progress, VoidedSeq
from tests.make.phone import Phone, record_payload, wire

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def lin(district):
    return Phone(district, "lin")


def outcomes(results):
    return [(result["status"], result["code"]) for result in results]


def status_of(district, line):
    return district.rows(sa.select(Outcome.status, Outcome.code).where(Outcome.op == sa.literal(line["op"], sa.Uuid(as_uuid=False))))[0]


def nested(depth):
    return b'{"x":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_a_line_nested_too_deeply_stops_nobody(lin, depth):
    line = lin.line("add_note", uuid4(), {"text": "HERE"})
    hostile = wire(line).replace(b'{"text":"HERE"}', nested(min(depth, 10_000)))
    results = lin.pushed(hostile, lin.line("record_finding", uuid4(), record_payload()))
    assert outcomes(results) == [("rejected", "malformed"), ("applied", None)]


def test_a_header_nested_too_deeply_is_a_problem(lin):
    answer = lin.send(wire(lin.header())[:-1] + b',"anchors":' + b"[" * 900 + b"]" * 900 + b"}\n")
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/push_header")


def test_a_parent_settled_before_a_crash_wakes_its_child_all_the_same(district, lin, monkeypatch):
    finding = uuid4()
    note = lin.line("add_note", finding, {"text": "first"})
    assert outcomes(lin.pushed(note)) == [("deferred", "not_yet")]
    monkeypatch.setattr(judging, "waiting_for", lambda *_given: (_ for _ in ()).throw(RuntimeError("killed here")))
    lin.pushed(lin.line("record_finding", finding, record_payload()))
    assert tuple(status_of(district, note)) == ("deferred", "not_yet")
    monkeypatch.undo()
    district.clock.install(monkeypatch)
    district.settle()
    assert tuple(status_of(district, note)) == ("applied", None)


def test_what_still_waits_is_looked_at_again_without_a_word(district, lin):
    rejected = lin.line("record_finding", uuid4(), record_payload(condition=99))
    child = lin.line("add_note", uuid4(), {"text": "one"}, deps=[rejected["op"]])
    lin.pushed(rejected, child)
    before = district.scalars(sa.select(sa.func.max(JournalEntry.seq)))
    district.settle()
    district.settle()
    assert district.scalars(sa.select(sa.func.max(JournalEntry.seq))) == before


def test_a_resend_from_a_new_store_before_anything_was_judged_is_a_duplicate(district, lin, monkeypatch):
    from backend.domains.sync.api import push as api

    monkeypatch.setattr(api, "judge", lambda *_given, **_facts: (_ for _ in ()).throw(RuntimeError("killed here")))
    line = lin.line("record_finding", uuid4(), record_payload())
    assert outcomes(lin.pushed(line)) == [("received", None)]
    monkeypatch.undo()
    district.clock.install(monkeypatch)
    anew = Phone(district, "lin")
    [result] = anew.pushed({**line, "seq": 1})
    assert (result["status"], result["original"]["status"]) == ("duplicate", "received")
    district.settle()
    assert tuple(status_of(district, line)) == ("applied", None)
    anew.sync()
    assert anew.results[line["op"]]["status"] == "applied"
    assert district.scalars(sa.select(Progress.unjudged)) == [0, 0]


def test_a_resend_by_another_person_shows_nothing_of_the_first(district, lin):
    line = lin.line("record_finding", uuid4(), record_payload())
    lin.pushed(line)
    [result] = Phone(district, "wu").pushed({**line, "seq": 1})
    assert (result["status"], result["code"]) == ("rejected", "op_reuse")


@pytest.mark.parametrize("seqs", [[2**53 - 1], [10_001 + 1], [2**53 + 1], [0]])
def test_a_void_reaches_no_further_than_operations_may(district, lin, seqs):
    void = lin.line("seq_void", lin.replica, {"seqs": seqs, "reason": "lost"})
    [result] = lin.pushed(void)
    assert (result["status"], result["problem"]["errors"][0]["pointer"][:7]) == ("rejected", "/d/seqs")
    assert district.rows(sa.select(VoidedSeq.seq)) == []


def test_an_anchor_at_the_end_of_the_calendar_leaves_the_time_anchored(lin):
    line = {**lin.line("record_finding", uuid4(), record_payload()), "boot": "other", "mono_ms": 5000.0}
    anchor = {"boot": "other", "mono_ms": 1000.0, "time": "9999-12-31T23:59:59Z"}
    [result] = lin.pushed(line, header=lin.header(anchors=[anchor]))
    assert (result["status"], result["time_quality"]) == ("applied", "anchored")


def test_a_role_that_hangs_on_an_estimated_time_is_a_persons_to_decide(lin):
    line = {**lin.line("record_finding", uuid4(), record_payload()), "boot": "lost", "at": "1970-01-02T00:00:00+08:00"}
    [result] = lin.pushed(line)
    assert (result["status"], result["code"], result["time_quality"]) == ("deferred", "time_uncertain", "estimated")
