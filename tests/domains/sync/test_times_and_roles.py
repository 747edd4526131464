"""When something happened, and what its author might do then: the protocol's sections 2 and 6."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.domains.findings.model import Finding
from backend.domains.identity.actions.people import disable_person
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


def test_on_the_same_boot_only_the_monotonic_clock_counts():  # faults 41, 42
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
