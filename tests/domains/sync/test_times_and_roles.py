"""When something happened, and what its author might do then: the protocol's sections 2 and 6."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.domains.findings.model.finding import Finding
from backend.domains.identity.actions.people import disable_person
from backend.domains.identity.actions.replicas import revoke_replica
from backend.domains.identity.actions.roles import end_role, grant_role
from backend.domains.identity.model import RoleHeld
from backend.domains.sync.model import Outcome
from backend.domains.sync.rules.clock import corrected
from backend.domains.sync.rules.envelope import Operation
from backend.domains.sync.rules.header import Anchor, Header
from tests.make.district import TOILET
from tests.make.phone import mono, record_payload

NOW = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
HOUR = 3_600_000


def header(**other):
    known = {"replica": uuid4(), "epoch": None, "sent_at": NOW, "boot": "k7", "mono_ms": 10 * HOUR, "anchors": (), "outbox_depth": 0}
    return Header(**{**known, "chain_through": None, "chain_hash": None, **other})


def deed(**other):
    known = {
        "op": uuid4(),
        "seq": 1,
        "verb": "add_note",
        "version": 1,
        "at": NOW - dt.timedelta(hours=2),
        "boot": "k7",
        "mono_ms": 8 * HOUR,
    }
    return Operation(**{**known, "deps": (), "entity_type": "finding", "entity": uuid4(), "base": None, "payload": {}, **other})


def ago(hours):
    return NOW - dt.timedelta(hours=hours)


def test_on_the_same_boot_only_the_monotonic_clock_counts():  # fault 41
    for wall in (ago(2), ago(-24 * 365 * 3), ago(24 * 365 * 3)):
        assert corrected(deed(at=wall), header(sent_at=wall), NOW, None) == (ago(2), "exact")


def test_a_broken_monotonic_clock_is_not_believed():
    for broken in (11 * HOUR, -500 * 24 * HOUR):
        assert corrected(deed(mono_ms=broken), header(), NOW, None)[1] == "estimated"


def test_the_nearest_anchor_of_the_boot_counts_after_a_reboot():  # fault 44
    anchors = (Anchor("old", 1 * HOUR, ago(20)), Anchor("old", 5 * HOUR, ago(16.5)), Anchor("other", 6 * HOUR, ago(1)))
    assert corrected(deed(boot="old", mono_ms=5.5 * HOUR), header(anchors=anchors), NOW, None) == (ago(16), "anchored")
    assert corrected(deed(boot="old", mono_ms=99 * HOUR), header(anchors=anchors), NOW, None) == (NOW, "anchored")


def test_without_an_anchor_it_is_estimated_between_the_one_before_and_receipt():  # fault 43
    ahead = header(sent_at=ago(-1))  # the wall clock is an hour ahead
    assert corrected(deed(boot="old", at=ago(3)), ahead, NOW, None) == (ago(4), "estimated")
    assert corrected(deed(boot="old", at=ago(3)), ahead, NOW, ago(2)) == (ago(2), "estimated")
    assert corrected(deed(boot="old", at=ago(-5)), ahead, NOW, None) == (NOW, "estimated")
    assert corrected(deed(mono_ms=None, boot=None), header(), NOW, None) == (ago(2), "estimated")


def test_a_wall_clock_three_years_ahead_gives_the_exact_time_over_http(district, lin):  # fault 41
    then = district.clock.now()
    line = lin.line("record_finding", uuid4(), record_payload(), at=(then + dt.timedelta(days=3 * 365)).isoformat(), mono_ms=mono(then))
    district.clock.forward(hours=5)
    wrong = (district.clock.now() + dt.timedelta(days=3 * 365)).isoformat()
    (result,) = lin.pushed(line, header=lin.header(sent_at=wrong))
    assert result["time_quality"] == "exact"
    assert abs(dt.datetime.fromisoformat(result["at_corrected"]) - then) < dt.timedelta(seconds=2)
    entry = district.client("zhao").get(f"/api/v1/findings/{line['e']['id']}").json["history"][0]
    device, happened, at = (dt.datetime.fromisoformat(entry[name]) for name in ("device_at", "happened_at", "at"))
    assert device.year == 2029 and abs(happened - then) < dt.timedelta(seconds=2)
    assert abs(at - district.clock.now()) < dt.timedelta(seconds=5)


def test_an_operation_judged_late_keeps_the_time_it_had_at_first(district, lin):
    finding = uuid4()
    early = lin.line("add_note", finding, {"text": "early"}, boot=None, deps=[(parent := str(uuid4()))])
    at_first = dt.datetime.fromisoformat(lin.pushed(early)[0]["at_corrected"])
    district.clock.forward(hours=3)
    lin.pushed(lin.line("open_patrol", uuid4()))
    lin.pushed(lin.line("record_finding", finding, record_payload(), op=parent))
    outcome = district.rows(sa.select(Outcome.status, Outcome.at_corrected).where(Outcome.entity == finding, Outcome.verb == "add_note"))[0]
    assert tuple(outcome) == ("applied", at_first)


@pytest.mark.parametrize(("hours_ago", "number"), [(13, "HW-1"), (11, "HW-2")])
def test_the_liable_contract_is_the_one_in_force_when_it_was_seen(district, lin, hours_ago, number):  # fault 45
    """It is noon: the old contract ended twelve hours ago."""
    then = district.clock.now() - dt.timedelta(hours=hours_ago)
    lin.record(category=TOILET, condition=1, line={"at": then.isoformat(), "mono_ms": mono(then)})
    (result,) = lin.pushed()
    assert result["effects"]["liable"] == str(district.contracts[number])


def done_at(district, phone, moment):
    return phone.record(line={"at": moment.isoformat(), "mono_ms": mono(moment)})["op"]


def test_what_was_done_before_an_account_was_disabled_counts_and_what_came_after_does_not(district, lin):  # fault 39
    moment = district.clock.now()
    district.do(disable_person, by="admin", person=lin.person)
    district.clock.forward(hours=2)
    before = done_at(district, lin, moment - dt.timedelta(hours=1))
    after = done_at(district, lin, moment + dt.timedelta(hours=1))
    results = {r["op"]: (r["status"], r["code"]) for r in lin.pushed()}
    assert results == {before: ("applied", None), after: ("rejected", "not_authorised")}
    assert len(district.scalars(sa.select(Finding.id))) == 1


def test_a_role_counts_by_the_corrected_time(district, lin):
    moment = district.clock.now()
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == lin.person))[0]
    district.do(end_role, by="admin", person=lin.person, held=held)
    district.do(
        grant_role, by="admin", person=lin.person, role="liaison", unit=district.unit("330113001001"), since=moment + dt.timedelta(hours=2)
    )
    district.clock.forward(hours=4)
    ops = [done_at(district, lin, moment + dt.timedelta(hours=hours)) for hours in (-1, 1, 3)]
    results = {r["op"]: r["status"] for r in lin.pushed()}
    assert [results[op] for op in ops] == ["applied", "rejected", "applied"]


def unsure(district, phone, moment, **d):
    """A record whose phone was rebooted since and has no anchor: its time is only estimated."""
    return phone.record(line={"at": moment.isoformat(), "boot": None, "mono_ms": None}, **d)["op"]


def shown(district, op):
    """The operation as the desk sees it."""
    answer = district.client("zhao").get(f"/api/v1/sync/operations/{op}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_clock_set_back_within_a_patrol_moves_nothing(district, lin):  # fault 42
    patrol = uuid4()
    began = district.clock.now()
    lines = [lin.line("open_patrol", patrol, {"planned": None})]
    for minutes, wall in ((10, 10), (20, -40), (30, -30)):  # set back by an hour after the first stop
        then, said = began + dt.timedelta(minutes=minutes), began + dt.timedelta(minutes=wall)
        lines.append(lin.line("record_finding", uuid4(), record_payload(patrol=str(patrol)), at=said.isoformat(), mono_ms=mono(then)))
    district.clock.forward(minutes=40)
    results = lin.pushed(*lines, header=lin.header(sent_at=(district.clock.now() - dt.timedelta(hours=1)).isoformat()))
    assert [(r["status"], r["time_quality"]) for r in results] == [("applied", "exact")] * 4
    times = [dt.datetime.fromisoformat(r["at_corrected"]) for r in results]
    for time, minutes in zip(times, (0, 10, 20, 30), strict=True):
        assert abs(time - began - dt.timedelta(minutes=minutes)) < dt.timedelta(seconds=2)


def test_an_estimated_time_lies_between_the_operation_before_it_and_receipt(district, lin):  # fault 43
    began = district.clock.now()
    exact = lin.record()["op"]
    district.clock.forward(hours=5)
    op = unsure(district, lin, began - dt.timedelta(days=30))  # its wall clock was wrong by a month
    lin.pushed()
    seen = shown(district, op)["time"]
    assert seen["quality"] == "estimated"
    first, last = (dt.datetime.fromisoformat(each) for each in seen["window"])
    assert first == dt.datetime.fromisoformat(shown(district, exact)["time"]["corrected"])
    assert last == dt.datetime.fromisoformat(seen["received"])
    assert first <= dt.datetime.fromisoformat(seen["corrected"]) <= last


def test_the_first_operation_of_a_store_is_no_older_than_its_registration(district, lin):
    registered = district.clock.now()
    district.clock.forward(hours=5)
    op = unsure(district, lin, registered + dt.timedelta(hours=2))
    lin.pushed()
    first, _ = (dt.datetime.fromisoformat(each) for each in shown(district, op)["time"]["window"])
    assert abs(first - registered) < dt.timedelta(seconds=5)


def test_a_satellite_fix_of_its_boot_makes_the_time_of_an_earlier_boot_known(district, lin):  # fault 44
    fix = district.clock.now()
    anchor = {"boot": "before", "mono_ms": 100_000, "time": fix.isoformat(), "source": "gnss"}
    wrong = (fix + dt.timedelta(days=1000)).isoformat()
    line = lin.line("record_finding", uuid4(), record_payload(), boot="before", mono_ms=100_000 + 10 * 60_000, at=wrong)
    district.clock.forward(hours=3)
    (result,) = lin.pushed(line, header=lin.header(anchors=[anchor]))
    assert result["time_quality"] == "anchored"
    assert dt.datetime.fromisoformat(result["at_corrected"]) == fix + dt.timedelta(minutes=10)
    assert shown(district, line["op"])["time"]["window"] is None


@pytest.mark.parametrize("loss", ["role", "account"])
@pytest.mark.parametrize("guess", [1, 3], ids=["estimated before", "estimated after"])
def test_an_estimated_time_across_the_loss_of_standing_is_a_persons_to_decide(district, lin, loss, guess):  # fault 39
    began = district.clock.now()
    district.clock.forward(hours=4)
    moment = began + dt.timedelta(hours=2)
    if loss == "role":
        held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == lin.person))[0]
        district.do(end_role, by="admin", at=moment, person=lin.person, held=held)
    else:
        district.do(disable_person, by="admin", at=moment, person=lin.person)
    op = unsure(district, lin, began + dt.timedelta(hours=guess))
    (result,) = lin.pushed()
    assert (result["status"], result["code"]) == ("deferred", "time_uncertain")
    (item,) = district.client("zhao").get("/api/v1/sync/exceptions?kind=time_uncertain").json["items"]
    assert item["key"] == f"op:{op}"


def test_a_role_held_only_between_the_ends_of_the_window_is_uncertain_too(district, lin):
    began = district.clock.now()
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == lin.person))[0]
    district.clock.forward(hours=6)
    district.do(end_role, by="admin", at=began + dt.timedelta(seconds=1), person=lin.person, held=held)
    unit = district.unit("330113001")
    district.do(grant_role, by="admin", person=lin.person, role="inspector", unit=unit, since=began + dt.timedelta(hours=2))
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == lin.person, RoleHeld.until.is_(None)))[0]
    district.do(end_role, by="admin", at=began + dt.timedelta(hours=3), person=lin.person, held=held)
    unsure(district, lin, began + dt.timedelta(hours=4))
    assert lin.pushed()[0]["code"] == "time_uncertain"


def test_a_loss_outside_the_window_decides_as_for_any_other(district, lin):
    began = district.clock.now()
    district.clock.forward(hours=1)
    unsure(district, lin, began + dt.timedelta(minutes=30))
    assert lin.pushed()[0]["status"] == "applied"
    district.do(disable_person, by="admin", person=lin.person)
    district.clock.forward(hours=1)
    done_at(district, lin, district.clock.now() - dt.timedelta(minutes=1))  # exact: the window of what follows begins after the loss
    unsure(district, lin, district.clock.now())
    assert [r["code"] for r in lin.pushed()] == ["not_authorised", "not_authorised"]


def test_a_stolen_phone_delivers_and_takes_nothing(district, lin):  # fault 40
    district.do(revoke_replica, by="admin", replica=UUID(lin.replica))
    op = lin.record()["op"]
    (result,) = lin.pushed()
    assert (result["status"], result["code"]) == ("rejected", "replica_revoked")
    answer = lin.session.post("/api/v1/sync/pull", json={"replica": lin.replica, "cursor": None})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/replica_wipe")
    assert shown(district, op)["line"]["text"] and district.scalars(sa.select(Finding.id)) == []


def test_an_estimated_time_across_the_end_of_a_contract_is_a_persons_to_decide(district, lin):  # fault 46
    """It is noon, the contract changed at midnight: the finding stands, its contract is listed until somebody binds it."""
    now = district.clock.now()
    early = lin.line("record_finding", uuid4(), record_payload(), mono_ms=mono(now - dt.timedelta(hours=14)))
    lin.pushed(early)
    op = unsure(district, lin, now - dt.timedelta(hours=13), category=TOILET, condition=1)
    (result,) = lin.pushed()
    assert (result["status"], result["code"]) == ("merged", "time_uncertain"), result
    zhao = district.client("zhao")
    (item,) = zhao.get("/api/v1/sync/exceptions").json["items"]
    assert (item["kind"], item["key"]) == ("time_uncertain", f"op:{op}")
    bound = zhao.post(
        f"/api/v1/findings/{item['finding']['id']}/contract", json={"contract": str(district.contracts["HW-1"]), "reason": "seen"}
    )
    assert bound.status_code == 200, bound.text
    district.settle()
    assert zhao.get("/api/v1/sync/exceptions").json["items"] == []
