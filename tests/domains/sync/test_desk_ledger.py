"""The device ledger: who syncs with what, when last, and what each store still owes."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest

from backend.domains.identity.actions.replicas import revoke_replica
from tests.make.phone import Phone, record_payload


@pytest.fixture
def zhao(district):
    return district.client("zhao")


def ledger(client, **query):
    answer = client.get("/api/v1/sync/replicas", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_store_is_shown_with_what_it_last_said_and_what_it_owes(district, lin, zhao):
    lines = [lin.line("record_finding", uuid4(), record_payload()) for _ in range(3)]
    late = lin.line("add_note", uuid4(), {"text": "?"}, deps=[str(uuid4())])
    slow = (district.clock.now() - dt.timedelta(minutes=3)).isoformat()
    lin.pushed(lines[0], lines[2], late, header=lin.header(outbox_depth=7, sent_at=slow))
    lin.push(b"{bad")
    lin.sync()
    (item,) = ledger(zhao)["items"]
    assert (item["replica"], item["person"]["name"], item["platform"], item["app_version"]) == (lin.replica, "林晓", "android", "1")
    assert [(unit["role"], unit["name"]) for unit in item["units"]] == [("inspector", "临平街道")]
    assert (item["acked_through"], item["highest"], item["holes"], item["missing"]) == (1, 4, 1, [[2, 2]])
    assert (item["deferred"], item["received"], item["unjudged"], item["state"]) == (1, 0, 0, "active")
    assert item["chain_differs_at"] is None and item["ahead"] is None
    whole = zhao.get(f"/api/v1/sync/replicas/{lin.replica}").json
    assert whole["outcomes"] == {"applied": 2, "deferred": 1} and whole["beside"] == 1
    assert sorted(push["lines"] for push in whole["pushes"]) == [1, 3]


def test_what_a_phone_still_holds_and_its_clock_are_those_of_the_last_push(district, lin, zhao):
    slow = (district.clock.now() - dt.timedelta(minutes=3)).isoformat()
    lin.record()
    lin.pushed(header=lin.header(outbox_depth=7, sent_at=slow))
    (item,) = ledger(zhao)["items"]
    assert item["outbox_depth"] == 6 and abs(item["clock_offset_ms"] - 180_000) < 5_000


def test_a_store_that_nothing_was_heard_of_is_silent_and_a_revoked_one_revoked(district, lin, wu, zhao):
    district.clock.forward(hours=24 * 6)
    wu.record()
    wu.pushed()
    district.clock.forward(hours=25)
    states = {item["replica"]: item["state"] for item in ledger(zhao)["items"]}
    assert states == {lin.replica: "silent", wu.replica: "active"}
    assert [item["replica"] for item in ledger(zhao, state="silent")["items"]] == [lin.replica]
    assert [item["replica"] for item in ledger(zhao, state="active")["items"]] == [wu.replica]
    district.do(revoke_replica, by="admin", replica=UUID(wu.replica))
    assert [item["replica"] for item in ledger(zhao, state="revoked")["items"]] == [wu.replica]


def test_filters_and_pages(district, lin, wu, zhao):
    third = Phone(district, "lin")
    one, _, three = (lin.line("record_finding", uuid4(), record_payload()) for _ in range(3))
    lin.pushed(one, three)
    everyone = sorted([lin.replica, wu.replica, third.replica])
    first = ledger(zhao, limit=2)
    second = ledger(zhao, limit=2, cursor=first["next"])
    assert [item["replica"] for item in (*first["items"], *second["items"])] == everyone and second["next"] is None
    assert {item["replica"] for item in ledger(zhao, person=str(lin.person))["items"]} == {lin.replica, third.replica}
    assert [item["replica"] for item in ledger(zhao, unit=str(district.unit("330113002")))["items"]] == [wu.replica]
    assert [item["replica"] for item in ledger(zhao, behind=True)["items"]] == [lin.replica]
    assert ledger(zhao, platform="ios")["items"] == [] and len(ledger(zhao, app_version="1")["items"]) == 3
    assert zhao.get("/api/v1/sync/replicas?cursor=WzFd").status_code == 422


def test_a_town_sees_the_stores_of_its_own_people(district, lin, wu):
    district.person("west", ("shift_leader", "330113001"))
    assert [item["replica"] for item in ledger(district.client("west"))["items"]] == [lin.replica]
    assert len(ledger(district.client("admin"))["items"]) == 2
    assert district.client("west").get(f"/api/v1/sync/replicas/{wu.replica}").status_code == 404
