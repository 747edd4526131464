"""Deferred work wakes by itself, in causal order, and what waits in vain costs less and less."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Note
from backend.domains.sync.api import push
from backend.domains.sync.judging import judge as judging
from backend.domains.sync.model import Outcome, Progress, Waiting
from backend.entrypoints.worker import tasks
from tests.make.district import EAST
from tests.make.phone import record_payload, wire


def statuses(district):
    return district.scalars(sa.select(Outcome.status).order_by(Outcome.replica, Outcome.seq))


@pytest.fixture
def crash(monkeypatch):
    """Lines are kept, and judging does not happen."""

    def push_and_die(phone, *lines):
        with monkeypatch.context() as broken:
            broken.setattr(push, "judge", lambda *_, **__: 1 / 0)
            return phone.pushed(*lines)

    return push_and_die


def test_lines_kept_but_not_judged_hold_back_later_ones_on_their_entity(district, lin, crash):
    finding = uuid4()
    lin.pushed(lin.line("record_finding", finding, record_payload(note="first")))
    amend = lin.line("amend_finding", finding, {"fields": {"note": {"seen": "first", "value": "second"}}}, base=1)
    assert crash(lin, amend)[0]["status"] == "received"
    again = lin.line("amend_finding", finding, {"fields": {"note": {"seen": "second", "value": "third"}}}, base=2)
    elsewhere = lin.line("record_finding", uuid4(), record_payload())
    results = lin.pushed(again, elsewhere)
    assert [(r["status"], r["code"]) for r in results] == [("deferred", "earlier_operation"), ("applied", None)]
    district.settle()
    assert statuses(district) == ["applied"] * 4
    assert district.scalars(sa.select(Finding.note).where(Finding.id == finding)) == ["third"]


def test_an_unjudged_line_that_depends_on_a_later_one_does_not_hold_it_back(district, lin, crash):
    finding, parent = uuid4(), str(uuid4())
    child = lin.line("add_note", finding, {"text": "child"}, deps=[parent])
    crash(lin, child)
    assert lin.pushed(lin.line("record_finding", finding, record_payload(), op=parent))[0]["status"] == "applied"
    district.settle()
    assert statuses(district) == ["applied", "applied"]


def test_blank_lines_do_not_shift_the_numbers_of_the_others(district, lin):
    one, two = (wire(lin.line("record_finding", uuid4(), record_payload())) for _ in range(2))
    answer = lin.send(b"\n" + wire(lin.header()) + b"\n\n" + one + b"\n \n\n" + two + b"\n{bad\n")
    assert [(r["line"], r["status"]) for r in answer.json["results"]] == [(4, "applied"), (7, "applied"), (8, "rejected")]


def test_what_waits_for_something_hidden_is_looked_at_less_and_less(district, lin, wu):
    hidden = wu.record(at=EAST)["e"]["id"]
    wu.pushed()
    lin.pushed(lin.line("add_note", hidden, {"text": "not mine to see"}))
    assert statuses(district).count("deferred") == 1

    def looks(hours):
        count, judged = 0, judging._judge_run
        for _ in range(hours * 60):
            district.clock.forward(minutes=1)

            def counted(*given):
                nonlocal count
                count += 1
                return judged(*given)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(judging, "_judge_run", counted)
                tasks.judge_left(district.app, after=dt.timedelta(0))
        return count

    assert 5 <= looks(2) <= 9
    (row,) = district.rows(sa.select(Waiting.tries, Waiting.not_before))
    assert row.tries >= 6 and row.not_before > district.clock.now()


def test_a_change_wakes_what_was_put_off_at_once(district, lin, wu):
    finding = wu.record(at=EAST)["e"]["id"]
    wu.pushed()
    line = lin.line("retract_photo", finding, {"photo": str(uuid4()), "reason": "?"})
    lin.pushed(line)
    for _ in range(3):
        district.clock.forward(hours=1)
        tasks.judge_left(district.app, after=dt.timedelta(0))
    (before,) = district.scalars(sa.select(Waiting.tries))
    assert before >= 2
    wu.do("add_note", finding, {"text": "a new version"})
    wu.pushed()
    assert district.scalars(sa.select(Waiting.op)) == [UUID(line["op"])]  # looked at, and it waits on


def test_nothing_that_waits_for_what_is_absent_hides_what_could_go_on(district, lin, crash, monkeypatch):
    monkeypatch.setattr(judging, "_LOOKED_AT", 2)
    for _ in range(30):
        lin.do("add_note", uuid4(), {"text": "?"}, deps=[str(uuid4())])
    lin.pushed()
    parents = []
    for _ in range(5):
        finding = uuid4()
        lin.do("add_note", finding, {"text": "child"}, deps=[str(parent := uuid4())])
        parents.append((finding, parent))
    lin.pushed()
    with monkeypatch.context() as deaf:
        deaf.setattr(judging, "waiting_for", lambda *_: [])  # as if a crash came before the waking
        for finding, parent in parents:
            lin.do("record_finding", finding, record_payload(), op=str(parent))
        lin.pushed()
    assert statuses(district).count("deferred") == 35
    for _ in range(3):
        tasks.judge_left(district.app, after=dt.timedelta(0))
    assert statuses(district).count("deferred") == 30
    assert len(district.scalars(sa.select(Note.id))) == 5


def test_an_unknown_member_stays_in_the_line_and_is_passed_over(district, lin):  # fault 57
    d = record_payload(weather="rain", place={**record_payload()["place"], "sensor": {"hdop": 0.9}})
    line = lin.line("record_finding", uuid4(), d, mood="fine")
    assert lin.pushed(line)[0]["status"] == "applied"
    amend = {"fields": {"note": {"seen": None, "value": "x", "why": "y"}, "colour": {"seen": 1, "value": 2}}, "extra": []}
    assert lin.pushed(lin.line("amend_finding", line["e"]["id"], amend))[0]["status"] == "applied"
    raw = district.client("zhao").get(f"/api/v1/sync/operations/{line['op']}").json["line"]["text"]
    assert '"weather":"rain"' in raw and '"hdop":0.9' in raw
    answer = district.client("zhao").post(f"/api/v1/findings/{line['e']['id']}/notes", json={"text": "?", "mood": "fine"})
    assert answer.status_code == 422  # the desk's doors refuse as before


def test_a_replica_whose_operations_cannot_be_judged_keeps_no_other_waiting(district, lin, wu, crash, monkeypatch):
    for phone in (lin, wu):
        for _ in range(6):
            phone.record(note=phone.login)
        crash(phone, *phone.unsent)
    judge = tasks.judge

    def fails_for_lin(session, act, *, replica, operations):
        if replica == UUID(lin.replica):
            raise RuntimeError("a fault of ours")
        return judge(session, act, replica=replica, operations=operations)

    monkeypatch.setattr(tasks, "judge", fails_for_lin)
    tasks.judge_left(district.app, after=dt.timedelta(0), limit=8)
    assert statuses(district) == ["applied"] * 6


def test_what_a_phone_ahead_of_the_server_pushes_waits_for_an_administrator(district, lin):
    lin.record()
    lin.pushed()

    def ahead(session, act):
        place = session.get_one(Progress, UUID(lin.replica))
        place.ahead_through, place.ahead_at = 500, act.at

    district.do(ahead, at=district.clock.now())
    line = lin.line("record_finding", uuid4(), record_payload())
    (result,) = lin.pushed(line)
    assert (result["status"], result["code"]) == ("received", "awaiting_confirmation")
    changed = district.scalars(sa.select(Outcome.changed_seq).where(Outcome.status == "received"))
    district.settle()
    district.settle()
    assert district.scalars(sa.select(Outcome.changed_seq).where(Outcome.status == "received")) == changed  # nothing is told anew

    def confirmed(session, _act):
        session.get_one(Progress, UUID(lin.replica)).ahead_at = None

    district.do(confirmed)
    district.settle()
    assert statuses(district) == ["applied", "applied"]


def test_what_nobody_could_judge_at_all_is_listed_after_72_hours(district, lin, crash):
    crash(lin, lin.line("record_finding", uuid4(), record_payload()))
    zhao = district.client("zhao")
    district.clock.forward(hours=73)
    (item,) = zhao.get("/api/v1/sync/exceptions").json["items"]
    assert (item["kind"], item["operation"], item["decisions"]) == ("waiting", None, [])
    assert '"record_finding"' in item["facts"]["text"]
    assert zhao.post(f"/api/v1/sync/exceptions/{item['key']}/dismissal", json={"reason": "?"}).status_code == 409
    district.settle()
    assert zhao.get("/api/v1/sync/exceptions").json["items"] == []
