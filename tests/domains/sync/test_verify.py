"""Invariants I1 to I6: a district at work has no violation, and one byte or row that is changed is found by the right invariant."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.core.database.base import table_of
from backend.core.database.engine import db
from backend.core.deeds import Deed
from backend.core.journal import Clock, FeedMember, JournalEntry
from backend.core.perform import reading
from backend.domains.evidence.model import Blob, Delivery, Photo
from backend.domains.evidence.outside.stores import open_store
from backend.domains.evidence.rules.photos import original_key
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.patrols.model import Patrol
from backend.domains.sync.api import push
from backend.domains.sync.model import Decision, Incident, KeptLine, Outcome, Progress, Push, VoidedSeq, Waiting
from backend.domains.sync.queries.verify.every import GRACE, verify
from backend.domains.sync.queries.verify.photos import Bytes
from backend.domains.sync.queries.verify.report import SHOWN
from backend.entrypoints.worker import nightly
from tests.make.district import EAST
from tests.make.phone import Phone, photo, record_payload
from tests.make.pictures import picture, sha256
from tests.stories import Story

CONTENT = picture(80, size=(64, 48))


@pytest.fixture
def busy(district, lin, wu):
    """A district with a little of all that is verified: holes and voids, what waits, what was refused, photos come and not come."""
    story = Story(district)
    patrol = str(uuid4())
    lin.do("open_patrol", patrol, {"planned": None})
    story.finding = lin.record(patrol=patrol, photos=[photo(picture(81))])["e"]["id"]
    lin.do("add_photo", story.finding, photo(CONTENT))
    lin.do("add_note", uuid4(), {"text": "waits"})
    lin.seq += 1
    lin.do("seq_void", lin.replica, {"seqs": [lin.seq], "reason": "store broken"})
    lin.do("no_such_thing", uuid4(), {})
    lin.do("record_finding", uuid4(), {**record_payload(), "category": {"kind": "event", "code": "99999", "edition": 1}})
    lin.pushed()
    lin.client.put(f"/api/v1/blobs/sha256/{sha256(CONTENT)}", data=CONTENT)
    wu.record(at=EAST)
    wu.seq += 2  # a hole: still on its way
    wu.record(at=EAST)
    answer = wu.push(*wu.unsent, b"no json at all", header=wu.header(outbox_depth=7))
    assert answer.status_code == 200, answer.text
    wu.unsent = []
    story.dispatched()
    district.settle()
    district.clock.forward(minutes=5)
    return story


def verified(district, *, deep=False, **how):
    settings = district.app.extensions["linping.settings"]
    store = open_store(settings.blob_store, settings.data_folder)
    with district.app.app_context(), reading(db.session(), snapshot=True) as session:
        known = Bytes(store.size, store.open if deep else None)
        return verify(session, now=district.clock.now(), store=known, **how)


def test_a_district_at_work_has_no_violation_and_the_counts_are_right(district, busy, lin, wu):
    report = verified(district, deep=True)
    assert report.violations == []
    counts = report.counts
    assert counts["outcomes"] == {"applied": counts["operations"] - 3, "deferred": 2, "rejected": 1}
    assert counts["operations"] == len(district.scalars(sa.select(KeptLine.op).where(KeptLine.lane == "main")))
    assert counts["findings"] == {"dispatched": 1, "recorded": 3} and counts["dispatches"] == 1 and counts["patrols"] == {"open": 1}
    assert (counts["holes"], counts["voids"], counts["beside"]) == (2, 1, {"malformed": 1})
    assert [(str(gap["replica"]), gap["missing"]) for gap in counts["replicas_with_holes"]] == [(wu.replica, 2)]
    assert (counts["outbox"]["replicas"], counts["outbox"]["operations"]) == (1, 4)  # I6
    assert counts["photos_promised"] == 1 and counts["photos"]["declared"] == 1
    (promised,) = counts["photos_promised_oldest"]
    assert (str(promised["owner"]), str(promised["subject"])) == (str(lin.person), busy.finding)
    assert counts["blobs_looked_for"] == len(district.scalars(sa.select(Blob.sha256)))
    assert counts["journal"] == district.scalars(sa.select(Clock.seq))[0]


def test_what_waits_for_three_days_is_counted(district, busy):
    assert verified(district).counts["waiting_over_72_hours"] == 0
    district.clock.forward(hours=73)
    assert verified(district).counts["waiting_over_72_hours"] == 2


def test_a_line_just_kept_may_be_without_an_outcome_but_not_for_long(district, busy, lin, monkeypatch):
    monkeypatch.setattr(push, "judge", lambda *_given, **_facts: [])
    lin.record()
    assert lin.pushed()[0]["status"] == "received"
    fresh = verified(district)
    assert (fresh.violations, fresh.counts["unjudged_yet"]) == ([], 1)
    assert [each.invariant for each in verified(district, grace=GRACE * 0).violations] == ["I2"]
    district.clock.forward(minutes=2)
    assert [each.invariant for each in verified(district).violations] == ["I2"]


def test_what_is_verified_is_one_moment_whatever_is_pushed_meanwhile(district, busy, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from backend.domains.sync.queries.verify import every

    writer = Phone(district, "wu")
    inner = every.sequences

    def pushing(*given):
        yield from inner(*given)
        writer.record(at=EAST)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(writer.pushed).result(30)

    before = verified(district).counts["operations"]
    monkeypatch.setattr(every, "sequences", pushing)
    during = verified(district)
    assert (during.violations, during.counts["operations"]) == ([], before)
    assert verified(district).counts["operations"] == before + 1


# Each kind of row, changed or taken away behind the system's back


def change(kind, which, **values):
    def do(session, _act):
        key = list(sa.inspect(kind).primary_key)
        found = session.execute(sa.select(*key).where(which).order_by(*key).limit(1)).one()
        same = sa.and_(*(column == value for column, value in zip(key, found, strict=True)))
        done = session.execute(sa.update(table_of(kind)).where(same).values(**values))
        assert done.rowcount == 1

    return do


def take(kind, which):
    def do(session, _act):
        key = list(sa.inspect(kind).primary_key)
        found = session.execute(sa.select(*key).where(which).order_by(*key).limit(1)).one()
        same = sa.and_(*(column == value for column, value in zip(key, found, strict=True)))
        assert session.execute(sa.delete(table_of(kind)).where(same)).rowcount == 1

    return do


def flipped(kind, column, which):
    """One bit of one byte."""

    def do(session, act):
        key = list(sa.inspect(kind).primary_key)
        (value,) = session.execute(sa.select(column).where(which).order_by(*key).limit(1)).one()
        change(kind, which, **{column.key: bytes([value[0] ^ 1]) + value[1:]})(session, act)

    return do


def renamed_twice(session, _act):
    """The entry of one finding's recording, told again of another."""
    first, second = session.scalars(sa.select(JournalEntry.seq).where(JournalEntry.event == "finding.recorded").limit(2))
    other = session.scalar(sa.select(JournalEntry.subject).where(JournalEntry.seq == second))
    session.execute(sa.update(JournalEntry).where(JournalEntry.seq == first).values(subject=other))


def moved_wait(*, own):
    """What waits for a finding, made to wait for an operation: itself, or one that is applied."""

    def do(session, _act):
        op = session.scalar(sa.select(Waiting.op).where(Waiting.awaits.like("finding:%")))
        done = session.scalar(sa.select(Outcome.op).where(Outcome.status == "applied").limit(1))
        session.execute(sa.update(Outcome).where(Outcome.op == op).values(code="dependency"))
        session.execute(sa.update(table_of(Waiting)).where(Waiting.op == op).values(awaits=f"op:{op if own else done}"))

    return do


def decided_on_nothing(session, act):
    facts = {"id": uuid4(), "about": "line", "subject": uuid4(), "number": 4, "kind": "dismissed", "reason": "-", "vouched": False}
    session.add(Decision(**facts, at=session.scalar(sa.select(sa.func.max(JournalEntry.at)))))
    session.flush()


MAIN = KeptLine.lane == "main"
APPLIED = Outcome.status == "applied"
TAMPERED = {
    "a byte of a line": ({"I4"}, flipped(KeptLine, KeptLine.raw, MAIN)),
    "the hash of a line": ({"I4"}, flipped(KeptLine, KeptLine.sha256, MAIN)),
    "a byte of a line beside": ({"I4"}, flipped(KeptLine, KeptLine.raw, KeptLine.lane == "malformed")),
    "a line that went": ({"I1", "I2"}, take(KeptLine, sa.and_(MAIN, KeptLine.seq == 2))),
    "a void that went": ({"I1"}, take(VoidedSeq, sa.true())),
    "a line put aside": ({"I1", "I2"}, change(KeptLine, sa.and_(MAIN, KeptLine.seq == 2), lane="fork")),
    "acknowledged too far": ({"I1"}, change(Progress, Progress.acked_through == 1, acked_through=2)),
    "acknowledged not far enough": ({"I1"}, change(Progress, Progress.acked_through > 5, acked_through=5)),
    "the highest seq": ({"I1"}, change(Progress, sa.true(), highest=99)),
    "the chain": ({"I4"}, flipped(Progress, Progress.chain, Progress.acked_through > 0)),
    "progress that went": ({"I1"}, take(Progress, Progress.acked_through > 0)),
    "an outcome that went": ({"I2"}, take(Outcome, Outcome.status == "rejected")),
    "an outcome of no line": ({"I2", "I3"}, change(Outcome, Outcome.status == "rejected", op=uuid4())),
    "an unknown status": ({"I2"}, change(Outcome, Outcome.status == "rejected", status="lost")),
    "the count of the unjudged": ({"I2"}, change(Progress, sa.true(), unjudged=3)),
    "what is waited for": ({"I2"}, take(Waiting, sa.true())),
    "waiting though done": ({"I2", "I3"}, change(Outcome, Outcome.status == "deferred", status="rejected")),
    "refused though done": ({"I3"}, change(Outcome, sa.and_(APPLIED, Outcome.verb == "add_photo"), status="rejected", code="schema")),
    "done though refused": ({"I3"}, change(Outcome, Outcome.status == "rejected", status="applied", code=None)),
    "refused for something else": ({"I3"}, change(Outcome, Outcome.status == "rejected", code="evidence_missing")),
    "a conflict settled by nobody": ({"I3"}, change(Outcome, Outcome.verb == "add_photo", status="merged", code="resolved_keep")),
    "the number of another's entry": ({"I3"}, change(Outcome, Outcome.verb == "add_photo", at_seq=1, changed_seq=1)),
    "a number that nothing has": ({"I3"}, change(Outcome, Outcome.verb == "add_photo", at_seq=0)),
    "a change that no pull gives": ({"I3"}, change(Outcome, Outcome.verb == "add_photo", changed_seq=1)),
    "taken off the list by nobody": (
        {"I3"},
        change(Outcome, Outcome.status == "rejected", settled_at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC)),
    ),
    "opened again by nobody": ({"I2", "I3"}, change(Outcome, Outcome.status == "rejected", status="received", code="reopened")),
    "waiting for something of no kind": ({"I2"}, change(Waiting, Waiting.awaits.like("finding:%"), awaits="fnding:x")),
    "waiting for something of another kind": ({"I2"}, change(Waiting, Waiting.awaits.like("finding:%"), awaits=f"op:{uuid4()}")),
    "waiting for itself": ({"I2", "I3"}, moved_wait(own=True)),
    "waiting for what is done": ({"I2", "I3"}, moved_wait(own=False)),
    "a line that the desk decided on": ({"I4"}, decided_on_nothing),
    "an outcome of the future": ({"I3"}, change(Outcome, APPLIED, changed_seq=10**9)),
    "history of an operation": ({"I3", "I4"}, change(JournalEntry, JournalEntry.event == "patrol.opened", op=None)),
    "a finding that went": ({"I3", "feed"}, take(Finding, Finding.state == "recorded")),
    "a patrol that went": ({"I3", "feed"}, take(Patrol, sa.true())),
    "an entity made twice": ({"I3", "I4"}, renamed_twice),
    "a version": ({"I3", "feed"}, change(Finding, sa.true(), version=77)),
    "a fact of the journal": ({"I4"}, change(JournalEntry, JournalEntry.event == "finding.recorded", facts="{}")),
    "a time of the journal": (
        {"I4"},
        change(JournalEntry, JournalEntry.event == "finding.recorded", happened_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    ),
    "a hash of the journal": ({"I4"}, flipped(JournalEntry, JournalEntry.hash, JournalEntry.event == "finding.recorded")),
    "an entry that went": ({"I4"}, take(JournalEntry, JournalEntry.event == "blob.stored")),
    "the clock's head": ({"I4"}, flipped(Clock, Clock.head, sa.true())),
    "the clock": ({"I4"}, lambda session, _act: session.execute(sa.update(Clock).values(seq=Clock.seq + 1))),
    "a deed without entry": ({"I4"}, change(Deed, sa.true(), seq=10**9)),
    "a photo that never came": ({"I5"}, change(Photo, Photo.state == "declared", state="usable")),
    "a photo whose bytes came": ({"I5"}, change(Photo, Photo.state == "usable", state="declared")),
    "a photo unlike its blob": ({"I5"}, change(Photo, Photo.state == "usable", state="unreadable")),
    "a delivery that went": ({"I5"}, take(Delivery, sa.true())),
    "the size of a blob": ({"I5"}, change(Blob, sa.true(), size=5)),
    "a member that went": ({"feed"}, take(FeedMember, FeedMember.subject_type == "finding")),
    "a member that left": ({"feed"}, change(FeedMember, FeedMember.subject_type == "finding", present=False)),
    "a member too many": ({"feed"}, change(FeedMember, FeedMember.subject_type == "finding", scope="town:999")),
    "a number ahead of the clock": ({"feed"}, change(FeedMember, FeedMember.subject_type == "area", seq=10**9)),
}


def test_one_change_behind_the_systems_back_is_found_by_the_right_invariant(district, busy):
    """Each on its own, in a transaction that is verified from within and rolled back."""
    settings = district.app.extensions["linping.settings"]
    store = Bytes(open_store(settings.blob_store, settings.data_folder).size)
    found = {}
    for name, (_, tamper) in TAMPERED.items():
        with district.app.app_context(), reading(db.session()) as session:
            session.execute(sa.delete(Dispatch))  # it would hold its finding
            tamper(session, None)
            report = verify(session, now=district.clock.now(), store=store)
            found[name] = set(report.totals)
            assert all(violation.subject and violation.detail for violation in report.violations)
    assert found == {name: invariants for name, (invariants, _) in TAMPERED.items()}
    assert verified(district).violations == []


def test_bytes_that_went_from_the_store_or_changed_there_are_found(district, busy):
    settings = district.app.extensions["linping.settings"]
    path = open_store(settings.blob_store, settings.data_folder).path(original_key(sha256(CONTENT)))
    path.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    assert verified(district).violations == []
    assert [(each.invariant, each.subject) for each in verified(district, deep=True).violations] == [("I5", f"blob {sha256(CONTENT)}")]
    path.write_bytes(CONTENT[:-1])
    assert "the store has" in verified(district).violations[0].detail
    path.unlink()
    assert "the store has none" in verified(district).violations[0].detail


def test_of_many_violations_the_first_are_told_and_all_are_counted(district, busy, lin):
    for _ in range(SHOWN + 5):
        lin.do("append_track", uuid4(), {"chunk": 1, "datum": "WGS-84", "points": []})
    lin.pushed()
    district.clock.forward(minutes=5)
    district.do(lambda session, _act: session.execute(sa.update(Outcome).where(Outcome.replica == UUID(lin.replica)).values(status="lost")))
    report = verified(district)
    assert report.totals["I2"] > SHOWN
    assert sum(each.invariant == "I2" for each in report.violations) == SHOWN


def test_a_line_that_comes_after_its_seq_was_acknowledged_as_void_breaks_nothing(district, lin):
    lin.record()
    late = lin.line("record_finding", uuid4(), record_payload())
    early = lin.line("record_finding", uuid4(), record_payload())
    later = lin.line("record_finding", uuid4(), record_payload())
    given_up = [late["seq"], early["seq"]]
    lin.do("seq_void", lin.replica, {"seqs": given_up, "reason": "given up"})
    lin.pushed(*lin.unsent, early, later)  # of two that were given up one comes with the word of it, before it is acknowledged
    lin.unsent = []
    (place,) = district.scalars(sa.select(Progress).where(Progress.replica == UUID(lin.replica)))
    assert place.acked_through == lin.seq
    assert district.rows(sa.select(VoidedSeq.seq, VoidedSeq.passed).order_by(VoidedSeq.seq)) == [(given_up[0], True), (given_up[1], False)]
    assert [result["status"] for result in lin.pushed(late)] == ["applied"]
    district.clock.forward(minutes=5)
    report = verified(district)
    assert (report.violations, report.counts["voids"], report.counts["holes"]) == ([], 2, 0)
    lin.record()
    lin.pushed()
    assert verified(district).violations == []
    district.do(change(VoidedSeq, VoidedSeq.passed, passed=False))
    assert set(verified(district).totals) == {"I4"}


def test_a_line_after_the_first_of_two_voids_that_were_acknowledged_together(district, lin):
    lin.record()
    first = lin.line("record_finding", uuid4(), record_payload())
    second = lin.line("record_finding", uuid4(), record_payload())
    lin.do("seq_void", lin.replica, {"seqs": [first["seq"], second["seq"]], "reason": "given up"})
    lin.pushed()
    for late in (first, second):
        assert lin.pushed(late)[0]["status"] == "applied"
        district.clock.forward(minutes=5)
        assert verified(district).violations == []


def test_forked_lines_stand_apart_and_break_nothing(district, lin):
    lines = [lin.line("record_finding", uuid4(), record_payload()) for _ in range(3)]
    lin.pushed(*lines)
    clone = {**lin.line("record_finding", uuid4(), record_payload()), "seq": 2}
    assert lin.push(clone).status_code == 409
    district.clock.forward(minutes=5)
    report = verified(district)
    assert (report.violations, report.counts["beside"]) == ([], {"fork": 1})


# The command and the night


def run(district, *words):
    return district.app.test_cli_runner().invoke(args=["sync", "verify", *words])


def test_the_command_prints_counts_and_ends_with_0_where_all_is_well(district, busy):
    done = run(district)
    assert done.exit_code == 0, done.output
    for part in ("operations kept", "holes a phone may still fill 待补序号: 2", "dispatched 1", "done again 重放", "clean 核验通过"):
        assert part in done.output


def test_the_command_prints_each_violation_and_ends_with_1(district, busy):
    district.do(TAMPERED["a void that went"][1])
    done = run(district, "--no-replay")
    assert done.exit_code == 1
    assert "I1 violated" in done.output and "1 violations" in done.output and "done again" not in done.output
    document = json.loads(run(district, "--no-replay", "--json", "--deep").stdout)
    assert (document["clean"], document["totals"]) == (False, {"I1": 1})
    assert document["violations"][0]["invariant"] == "I1" and document["counts"]["voids"] == 0


def test_a_night_that_finds_something_logs_it_and_puts_one_incident_before_the_desk(district, busy, caplog):
    assert not nightly.verify_by_replay(district.app).totals
    assert district.scalars(sa.select(Incident)) == []
    district.do(TAMPERED["a version"][1])
    for times in (1, 2):
        caplog.clear()
        nightly.verify_sync(district.app)
        assert {record.invariant for record in caplog.records if record.levelname == "ERROR"} == {"I3", "feed"}
        (incident,) = district.scalars(sa.select(Incident).where(Incident.kind == "verification"))
        assert incident.facts["times"] == times and incident.facts["violations"]["I3"] == 1 and incident.facts["first"]


def test_the_chain_is_what_anybody_can_work_out_from_the_lines(district, busy, lin):
    """Said once without our code: for who must prove it elsewhere."""
    rows = district.scalars(sa.select(KeptLine).where(MAIN, KeptLine.replica == UUID(lin.replica)).order_by(KeptLine.seq))
    chain = bytes(32)
    for row in rows:
        chain = hashlib.sha256(chain + hashlib.sha256(row.raw).digest()).digest()
    (place,) = district.scalars(sa.select(Progress).where(Progress.replica == UUID(lin.replica)))
    assert place.chain == chain and place.acked_through == lin.seq
    assert len(district.scalars(sa.select(Push.id))) >= 2
