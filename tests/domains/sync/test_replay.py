"""I7: what phones and the desk did, done again in the order of the journal on an empty database, comes out the same."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa

from backend.core.act import SYSTEM
from backend.core.deeds import Deed, DeedStart
from backend.core.journal import Clock
from backend.core.perform import reading
from backend.domains.evidence.model import Photo
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.patrols.model import Patrol
from backend.domains.sync.judging.replaying.again import replay
from backend.domains.sync.judging.replaying.check import check_replay
from backend.domains.sync.judging.replaying.digests import replay_digest
from backend.domains.sync.judging.replaying.target import empty_database
from backend.domains.sync.model import Outcome
from backend.domains.sync.queries.verify.report import Report
from tests.make.district import DIRT, EAST, MANHOLE, OUTSIDE, TOILET
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256
from tests.stories import Story


@pytest.fixture
def story(district):
    return Story(district)


def upgraded(district):
    """Leave the database as an upgrade from a version that kept no deeds does: what migration 0002 ends with."""

    def do(session, _act):
        session.execute(sa.delete(Deed))
        session.execute(sa.update(DeedStart).values(seq=sa.select(Clock.seq).scalar_subquery()))

    district.do(do)


def whole_day(district, story, lin, wu):
    """A little of everything: phones on and off the net, photos good and bad, the desk, the worker, the calendar."""
    patrol = str(uuid4())
    lin.do("open_patrol", patrol, {"planned": None})
    found = [lin.record(category=category, patrol=patrol)["e"]["id"] for category in (DIRT, MANHOLE, TOILET)]
    lin.do("append_track", patrol, {"chunk": 1, "datum": "WGS-84", "points": [[120.005, 30.01, 5, district.clock.now().isoformat()]] * 3})
    lin.do("amend_finding", found[0], {"fields": {"note": {"seen": None, "value": "湿滑"}}})
    lin.do("add_note", found[0], {"text": "again"})
    lin.do("add_note", uuid4(), {"text": "waits for ever"})
    lin.pushed()
    district.clock.forward(hours=2)
    wu.record(at=EAST)
    wu.record(at=OUTSIDE)
    lost = wu.record(photos=[photo(picture(40))])["e"]["id"]
    wu.do("amend_finding", found[0], {"fields": {"note": {"seen": None, "value": "other"}}})
    wu.do("no_such_operation", uuid4(), {})
    wu.pushed()
    content = picture(41, size=(64, 48))
    lin.do("add_photo", found[1], photo(content))
    lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)
    lin.do("close_patrol", patrol, {"visited": ["330113001001001"]})
    lin.pushed()
    district.settle()
    dispatched = story.dispatched()
    filed = story.filed(category=DIRT)
    story.desk("zhao", dispatched, "notes", text="seen")
    story.desk("zhao", filed, "void-request", reason="double", state_version=None)
    bad = picture(62, size=(640, 480), noise=True)[:3000]
    lin.do("add_photo", found[0], photo(bad))
    lin.pushed()
    lin.client.put(f"/api/v1/blobs/sha256/{sha256(bad)}", data=bad)
    district.settle()
    lin.do("withdraw_finding", found[2], {"reason": "wrong place"})
    lin.pushed()
    missing = district.client("zhao").get(f"/api/v1/findings/{lost}").json["photos"][0]["id"]
    story.desk("zhao", lost, f"photos/{missing}/waiver", reason="phone lost")
    district.clock.forward(days=1)
    district.settle()
    return dispatched


def replayed(district, progress=None):
    report = Report()

    def read(session, _act):
        with reading(session, snapshot=True) as source, empty_database() as target:
            check_replay(report, source, target, progress=progress)
            return {
                table.__tablename__: target.scalar(sa.select(sa.func.count()).select_from(table))
                for table in (Finding, Dispatch, Patrol, Photo)
            }

    with district.app.app_context():
        from backend.core.database.engine import db

        return report, read(db.session(), SYSTEM)


def test_a_whole_day_replayed_gives_the_same_digest(district, story, lin, wu):  # fault 61
    whole_day(district, story, lin, wu)
    report, there = replayed(district)
    assert report.violations == []
    counts = report.counts["replay"]
    assert (counts["acts_before_deeds_were_kept"], counts["left_out"], counts["not_done_again"]) == (0, 0, 0)
    assert counts["deeds"] >= 10 and counts["operations"] >= 12
    assert there["finding"] == len(district.scalars(sa.select(Finding.id))) > 5
    assert there["photo"] == len(district.scalars(sa.select(Photo.id))) > 3
    assert there["dispatch"] == len(district.scalars(sa.select(Dispatch.id))) > 0


def test_a_replay_of_the_replay_is_the_same_again(district, story, lin, wu):
    whole_day(district, story, lin, wu)
    with district.app.app_context():
        from backend.core.database.engine import db

        with reading(db.session(), snapshot=True) as source, empty_database() as one, empty_database() as other:
            replay(source, one)
            replay(source, other)
            assert replay_digest(one) == replay_digest(other) == replay_digest(source)


@pytest.mark.parametrize(
    "change",
    [
        (Finding, "severity", 3),
        (Finding, "state", "void"),
        (Dispatch, "unit_kind", "town"),
        (Photo, "state", "usable"),
        (Patrol, "points", 4),
    ],
)
def test_a_changed_row_is_named_with_its_field(district, lin, wu, change):
    table, field, value = change
    whole_day(district, Story(district), lin, wu)
    changed = getattr(table, field) != value
    key = district.scalars(sa.select(table.id).where(changed).order_by(table.id))[0]
    district.do(lambda session, _act: session.execute(sa.update(table).where(table.id == key).values({field: value})))
    report, _ = replayed(district)
    (violation,) = report.violations
    assert violation.invariant == "I7" and violation.subject == f"{table.__tablename__} {key}" and field in violation.detail


def test_rows_that_no_act_made_and_acts_without_a_row_are_named(district, story, lin, wu):
    dispatched = whole_day(district, story, lin, wu)
    district.do(lambda session, _act: session.execute(sa.delete(Dispatch).where(Dispatch.finding == UUID(dispatched))))
    report, _ = replayed(district)
    assert {violation.subject.split()[0] for violation in report.violations} == {"dispatch"}
    assert "made by the replay alone" in report.violations[0].detail


def test_a_changed_deed_is_found_and_where_it_began_is_said(district, story, lin):
    filed = story.filed(category=DIRT)
    story.desk("zhao", filed, "notes", text="as it was")
    (deed,) = district.scalars(sa.select(Deed).where(Deed.name == "findings.add_note"))
    text = json.loads(deed.arguments)
    text["payload"]["text"] = "as it never was"
    new = orjson.dumps(text).decode()
    district.do(lambda session, _act: session.execute(sa.update(Deed).where(Deed.seq == deed.seq).values(arguments=new)))
    report, _ = replayed(district)
    assert [violation.subject.split()[0] for violation in report.violations] == ["finding_note"]
    assert "as it never was" in report.violations[0].detail


def test_an_outcome_other_than_what_the_operation_comes_to_is_named(district, story, lin):
    """The journal tells that it was done, not whether it met anything: the replay does."""
    finding = story.recorded()
    lin.do("add_note", finding, {"text": "x"})
    (result,) = lin.pushed()
    changed = sa.update(Outcome).where(Outcome.op == UUID(result["op"])).values(status="conflict", code="proposed")
    district.do(lambda session, _act: session.execute(changed))
    (violation,) = replayed(district)[0].violations
    assert violation.subject == f"journal {result['at_seq']}" and "conflict (proposed), now applied" in violation.detail


def test_a_deed_that_went_is_an_act_without_a_deed(district, story):
    finding = story.filed(category=DIRT)
    story.desk("zhao", finding, "notes", text="x")
    seq = district.scalars(sa.select(sa.func.max(Deed.seq)))[0]
    district.do(lambda session, _act: session.execute(sa.delete(Deed).where(Deed.seq == seq)))
    report, _ = replayed(district)
    assert report.violations and report.violations[0].subject == f"journal {seq}"
    assert "no deed was kept" in report.violations[0].detail


def test_acts_of_before_deeds_were_kept_are_counted_and_what_they_touched_is_left_out(district, story, lin, wu):
    old = story.dispatched()
    patrol = str(uuid4())
    lin.do("open_patrol", patrol, {"planned": None})
    lin.do("close_patrol", patrol, {"visited": []})
    early = picture(77, size=(64, 48))  # its bytes come before the upgrade, who shows them is said after it
    lin.do("add_photo", old, photo(early))
    lin.pushed()
    lin.client.put(f"/api/v1/blobs/sha256/{sha256(early)}", data=early)
    district.settle()
    district.clock.forward(minutes=10)
    upgraded(district)
    # done by other rules than today's, which a replay would find out
    district.do(lambda session, _act: session.execute(sa.update(Finding).where(Finding.id == UUID(old)).values(severity=3)))
    report, _ = replayed(district)
    before = report.counts["replay"]
    assert (report.violations, before["operations"], before["deeds"]) == ([], 0, 0)
    assert before["acts_before_deeds_were_kept"] > 5 and before["left_out"] >= 3 and before["acts_about_left_out"] == 0
    whole_day(district, story, lin, wu)
    story.desk("zhao", old, "notes", text="goes on")
    story.reported(old)
    lin.record(patrol=patrol)
    fresh = lin.record(photos=[photo(early)])["e"]["id"]
    lin.pushed()
    wu.do("amend_finding", fresh, {"fields": {"note": {"seen": None, "value": "of one left out"}}})
    wu.pushed()
    district.settle()
    report, there = replayed(district)
    after = report.counts["replay"]
    assert report.violations == []
    assert after["acts_before_deeds_were_kept"] == before["acts_before_deeds_were_kept"]
    assert after["acts_about_left_out"] >= 5 and after["deeds"] >= 10 and after["operations"] >= 12
    assert (
        there["finding"] == len(district.scalars(sa.select(Finding.id))) - 3
    )  # the old one, the one of the old patrol, that of the old bytes


def test_what_was_done_after_the_upgrade_is_held_to_it(district, story, lin, wu):
    story.dispatched()
    upgraded(district)
    dispatched = whole_day(district, story, lin, wu)
    district.do(lambda session, _act: session.execute(sa.update(Finding).where(Finding.id == UUID(dispatched)).values(severity=3)))
    report, _ = replayed(district)
    assert [violation.subject for violation in report.violations] == [f"finding {dispatched}"]


def test_reference_data_that_changed_since_is_said_and_held_against_nobody(district, story, lin):
    from backend.domains.contracts import actions as contracts

    finding = story.recorded(category=MANHOLE, condition=2)
    (row,) = district.scalars(sa.select(Finding).where(Finding.id == UUID(finding)))
    assert row.liable is not None
    district.do(
        contracts.terminate_contract, contract=row.liable, on=district.clock.now().date().replace(month=1, day=1), reason="entered late"
    )
    report, _ = replayed(district)
    assert report.violations == []
    assert report.counts["replay"]["differs_by_later_reference_data"] == 1


def test_a_contract_that_ends_after_it_was_dispatched_to_is_held_against_nobody(district, story, lin):
    finding = story.ready(category=MANHOLE, condition=2)  # goes to the contract by itself
    (row,) = district.scalars(sa.select(Finding).where(Finding.id == UUID(finding)))
    assert row.liable is not None
    untouched = story.filed(category=DIRT)
    today = district.clock.now().date().isoformat()
    ended = district.client("admin").post(f"/api/v1/contracts/{row.liable}/termination", json={"on": today, "reason": "x"})
    assert ended.status_code == 200, ended.text
    assert replayed(district)[0].violations == []
    # what follows of the finding comes out otherwise because of what came before the end of the contract
    story.reported(finding)
    lin.do("verify_finding", finding, {"phase": "pre_filing", "report": None, "result": "pass", "note": None, "photos": []})
    lin.pushed()
    story.looked(finding, "fail")
    district.settle()
    report, _ = replayed(district)
    assert report.violations == []
    assert report.counts["replay"]["differs_by_later_reference_data"] > 4
    later = story.filed(category=DIRT)
    district.do(lambda session, _act: session.execute(sa.update(Finding).where(Finding.id == UUID(later)).values(severity=3)))
    report, _ = replayed(district)
    assert [violation.subject for violation in report.violations] == [f"finding {later}"] != [f"finding {untouched}"]


def test_an_upload_in_the_midst_of_a_replay_changes_neither(district, story, lin, wu):
    """What is replayed is one moment: work goes on meanwhile, and the source is only read."""
    whole_day(district, story, lin, wu)
    writer = Phone(district, "wu")
    pushed = []

    def push():
        writer.record(at=EAST)
        pushed.extend(writer.pushed())

    def meanwhile(_done):
        with ThreadPoolExecutor(1) as pool:  # a session of its own
            pool.submit(push).result(30)

    report, there = replayed(district, progress=meanwhile)
    assert report.violations == [] and pushed
    assert there["finding"] == len(district.scalars(sa.select(Finding.id))) - len(pushed)
