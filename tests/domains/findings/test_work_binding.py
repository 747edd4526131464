"""Whose it is: neighbours and their head, contracts that changed meanwhile, times too uncertain to tell."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from uuid import uuid4

import pytest

from backend.domains.contracts.actions import terminate_contract
from tests.make.district import DIRT, EAST, HOME, NEXT_DOOR, TODAY, TOILET, TREE
from tests.make.phone import Phone, mono, place

METRE = 1 / 96_300  # degrees of longitude at 30 degrees north


def slug(answer):
    return answer.json["type"].rpartition("/")[2]


def refused(answer):
    return answer.status_code, slug(answer)


def post(district, login, finding, verb, **payload):
    return district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload)


def metres_east(metres, point=HOME):
    return place((point[0] + metres * METRE, point[1]))


def near(district, login="zhao", **query):
    query = {"lon": HOME[0], "lat": HOME[1], "datum": "WGS-84", "kind": DIRT["kind"], "code": DIRT["code"], **query}
    return district.client(login).get("/api/v1/findings/candidates", query_string=query)


def found(answer):
    assert answer.status_code == 200, answer.text
    return [each["finding"]["id"] for each in answer.json["items"]]


# Neighbours


def test_candidates_are_open_findings_of_the_category_within_25_metres_the_nearest_first(district, story):
    far, close = story.recorded(place=metres_east(20)), story.recorded(place=metres_east(-5))
    story.recorded(place=metres_east(30))
    story.recorded(category=TREE, condition=2)
    gone = story.recorded()
    story.lin.do("withdraw_finding", gone, {"reason": "double"})
    story.lin.pushed()
    answer = near(district)
    assert found(answer) == [close, far]
    assert (answer.json["reach_m"], [round(each["metres"]) for each in answer.json["items"]]) == (25.0, [5, 20])
    assert answer.json["head"] == far  # recorded first
    assert found(near(district, accuracy_m=10)) == [close, far]
    assert len(found(near(district, accuracy_m=40))) == 3


def test_a_place_in_another_datum_finds_the_same_neighbours(district, story):
    finding = story.recorded()
    from backend.domains.territory.rules.datums import Datum, from_wgs84

    lon, lat = from_wgs84(*HOME, Datum.GCJ02)
    assert found(near(district, lon=lon, lat=lat, datum="GCJ-02")) == [finding]
    assert found(near(district, lon=lon, lat=lat)) == []  # 500 m off


def test_two_findings_are_each_others_candidates_if_either_place_is_that_uncertain(district, story):
    first = story.recorded(place={**metres_east(0), "accuracy_m": 60.0})
    second = story.recorded(place={**metres_east(50), "accuracy_m": 5.0})
    for one, other in ((first, second), (second, first)):
        answer = district.client("zhao").get(f"/api/v1/findings/{one}/candidates")
        assert (found(answer), answer.json["head"]) == ([other], first)


def test_findings_of_one_asset_are_candidates_however_far(district, story):
    first = story.recorded(asset="LAMP-7")
    second = story.recorded(asset="LAMP-7", place=place(NEXT_DOOR))
    other = story.recorded(asset="LAMP-8", place=place(NEXT_DOOR))
    answer = district.client("zhao").get(f"/api/v1/findings/{second}/candidates")
    assert found(answer) == [first, other]
    assert [each["same_asset"] for each in answer.json["items"]] == [True, False]
    assert found(near(district, asset="LAMP-7", lon=EAST[0])) == [second, first]


def test_candidates_are_those_the_reader_may_see(district, story):
    finding = story.recorded()
    assert found(near(district, "wu")) == []
    assert found(near(district, "lin")) == [finding]
    for login, status in (("qian", 403), ("stranger", 403), ("admin", 403)):
        assert near(district, login).status_code == status
        assert district.client(login).get(f"/api/v1/findings/{finding}/candidates").status_code == status
    assert district.client("wu").get(f"/api/v1/findings/{finding}/candidates").status_code == 404
    assert near(district, lat=91).status_code == 422
    assert near(district, datum="nonsense").status_code == 422


# Attached to a head


def test_of_two_attached_findings_the_first_is_the_head_whichever_is_named(district, story):
    for named_first in (True, False):
        first, second = story.recorded(), story.recorded()
        one, other = (first, second) if named_first else (second, first)
        shown = story.desk("zhao", one, "attachment", head=other, reason="the same heap")
        states = {each: story.seen_by("zhao", each) for each in (first, second)}
        assert shown["version"] == states[one]["version"]
        assert (states[first]["state"], states[first]["followers"], states[first]["attached_to"]) == ("recorded", [second], None)
        assert (states[second]["state"], states[second]["followers"], states[second]["attached_to"]) == ("attached", [], first)


@pytest.mark.parametrize("order", list(permutations((0, 1, 2)))[:3])
def test_three_findings_come_under_one_head_in_whatever_order(district, story, order):  # fault 65
    group = [story.recorded() for _ in range(3)]
    one, two, three = (group[index] for index in order)
    story.desk("zhao", one, "attachment", head=two, reason="same")
    head = group[min(order[:2])]
    story.desk("zhao", three, "attachment", head=head, reason="same")
    shown = [story.seen_by("zhao", each) for each in group]
    assert [each["attached_to"] for each in shown] == [None, group[0], group[0]]
    assert shown[0]["followers"] == group[1:]


def test_the_dispatched_one_is_the_head_and_keeps_the_only_deadline(district, story):
    older, busy = story.filed(), story.dispatched()
    story.desk("zhao", older, "attachment", head=busy, reason="same")
    shown = story.seen_by("zhao", older)
    assert (shown["state"], shown["attached_to"], shown["deadline"]) == ("attached", busy, None)
    assert story.seen_by("zhao", busy)["deadline"]
    masked = story.seen_by("qian", busy)
    assert (masked["followers"], masked["attached_to"]) == ([], None)


def test_when_its_head_is_voided_a_follower_is_recorded_again(district, story):
    head, follower = story.recorded(), story.recorded()
    story.desk("zhao", follower, "attachment", head=head, reason="same")
    story.desk("zhao", head, "void-request", reason="private")
    story.desk("chen", head, "void", reason="private")
    shown = story.seen_by("zhao", follower)
    assert (shown["state"], shown["attached_to"], shown["history"][-1]["event"]) == ("recorded", None, "finding.released")
    assert story.seen_by("zhao", head)["followers"] == []


def test_when_its_head_is_withdrawn_a_follower_is_recorded_again_and_phones_learn_it(district, story):
    head, follower = story.recorded(), story.recorded()
    story.desk("zhao", follower, "attachment", head=head, reason="same")
    story.lin.sync()
    assert story.lin.docs()[follower]["state"] == "attached"
    story.lin.do("withdraw_finding", head, {"reason": "mistake"})
    assert story.lin.pushed()[0]["status"] == "applied"
    story.lin.sync()
    assert story.lin.docs()[follower]["state"] == "recorded"


def test_what_cannot_be_a_head_is_refused(district, story):
    first, second, third = story.recorded(), story.recorded(), story.recorded()
    assert refused(post(district, "zhao", first, "attachment", head=first, reason="self")) == (422, "no_head")
    assert refused(post(district, "zhao", first, "attachment", head=str(uuid4()), reason="?")) == (404, "not_found")
    story.desk("zhao", second, "attachment", head=first, reason="same")
    answer = post(district, "zhao", third, "attachment", head=second, reason="same")
    assert (refused(answer), answer.json["head"]) == ((422, "no_head"), first)
    assert refused(post(district, "zhao", second, "attachment", head=third, reason="same")) == (409, "move_not_open")
    story.lin.do("withdraw_finding", third, {"reason": "double"})
    story.lin.pushed()
    assert refused(post(district, "zhao", first, "attachment", head=third, reason="same")) == (422, "no_head")
    one, other = story.dispatched(), story.dispatched()
    assert refused(post(district, "zhao", one, "attachment", head=other, reason="same")) == (409, "move_not_open")
    for login, status in (("sun", 403), ("lin", 403), ("qian", 403), ("stranger", 403)):
        assert post(district, login, first, "attachment", head=one, reason="same").status_code == status


# Contracts that changed meanwhile


def past(phone, hours):
    then = phone.district.clock.now() - dt.timedelta(hours=hours)
    return {"at": then.isoformat(), "mono_ms": mono(then)}


def test_a_contract_that_ended_before_the_record_came_is_liable_and_its_successor_executes(district, story):  # fault 45
    lin = story.lin
    lin.record(category=TOILET, condition=1, line=past(lin, 13))
    (result,) = lin.pushed()
    assert (result["status"], result["code"], result["effects"]["needs"]) == ("merged", "contract_changed", ["photos"])
    assert result["effects"]["liable"] == str(district.contracts["HW-1"])
    lin.record(category=TOILET, condition=1, line=past(lin, 11))
    assert lin.pushed()[0]["status"] == "applied"


def test_a_contract_that_ended_without_a_successor_leaves_nobody_to_dispatch_to(district, story):
    lin = story.lin
    district.do(terminate_contract, contract=district.contracts["HW-2"], on=TODAY + dt.timedelta(days=1), reason="broke")
    lin.record(category=TOILET, condition=1)
    district.clock.forward(days=2)
    (result,) = lin.pushed()
    assert (result["status"], result["code"]) == ("merged", "contract_changed")
    assert (result["effects"]["liable"], "awaiting_contract" in result["effects"]["needs"]) == (str(district.contracts["HW-2"]), True)


@pytest.fixture
def uncertain(district, story):
    """A finding between two contracts: recorded without a clock, some time before or after one of them ended."""
    lin = Phone(district, "lin", "a phone without a clock")
    district.do(terminate_contract, contract=district.contracts["BJ-D"], on=TODAY + dt.timedelta(days=1), reason="broke")
    line = lin.record(category=DIRT, condition=1, line={"boot": None, "mono_ms": None})
    district.clock.forward(days=2)
    (result,) = lin.pushed()
    assert (result["status"], result["code"], result["time_quality"]) == ("merged", "time_uncertain", "estimated")
    return line["e"]["id"]


def test_a_time_within_which_the_contract_changed_makes_nobody_liable_until_somebody_binds_it(district, story, uncertain):  # fault 46
    shown = story.seen_by("zhao", uncertain)
    assert (shown["liable"], "awaiting_contract" in shown["needs"], shown["liability"]["reason"]) == (None, True, "time_uncertain")
    assert {each["number"] for each in shown["liability"]["between"]} == {"BJ-D", "BJ"}
    for login, status in (("lin", 403), ("qian", 403), ("stranger", 403), ("feng", 403)):
        assert post(district, login, uncertain, "contract", reason="?").status_code == status
    before = (district.clock.now() - dt.timedelta(days=2)).isoformat()
    both = post(district, "sun", uncertain, "contract", at=before, contract=str(district.contracts["BJ"]), reason="?")
    ahead = post(district, "sun", uncertain, "contract", at=(district.clock.now() + dt.timedelta(days=1)).isoformat(), reason="?")
    assert {refused(both), refused(ahead)} == {(422, "invalid")}
    shown = story.desk("sun", uncertain, "contract", at=before, reason="the shopkeeper saw it")
    assert (shown["liable"], shown["needs"], shown["liability"]["why"]) == (
        str(district.contracts["BJ-D"]),
        ["photos"],
        "the shopkeeper saw it",
    )
    story.lin.do("amend_finding", uncertain, {"fields": {"place": {"seen": shown["place"], "value": metres_east(3)}}})
    assert story.lin.pushed()[0]["status"] == "applied"
    assert story.seen_by("zhao", uncertain)["liable"] == str(district.contracts["BJ-D"])  # what was decided holds


def test_a_shift_leader_may_name_the_contract(district, story, uncertain):
    shown = story.desk("zhao", uncertain, "contract", contract=str(district.contracts["BJ"]), reason="agreed with both")
    assert (shown["liable"], shown["liability"]["reason"], shown["needs"]) == (str(district.contracts["BJ"]), "rebound", ["photos"])
    assert shown["history"][-1]["event"] == "finding.contract_rebound"
    assert post(district, "zhao", uncertain, "contract", contract=str(uuid4()), reason="?").status_code == 404


def test_a_dispatched_finding_keeps_its_binding_when_a_contract_is_corrected_until_it_is_bound_anew(district, story):
    finding = story.dispatched()
    contract = str(district.contracts["BJ-D"])
    district.do(terminate_contract, contract=district.contracts["BJ-D"], on=TODAY, reason="signed in error")
    shown = story.seen_by("zhao", finding)
    assert (shown["liable"], shown["dispatches"][0]["contract"]) == (contract, contract)
    shown = story.desk("sun", finding, "contract", reason="the contract was void from the beginning")
    assert (shown["liable"], shown["dispatches"][0]["contract"]) == (str(district.contracts["BJ"]), contract)


# Reports of uncertain time


def test_a_report_whose_time_may_be_on_either_side_of_the_deadline_is_left_to_a_person(district, story):
    finding = story.dispatched()
    qian = Phone(district, "qian")
    district.clock.forward(hours=3)
    payload = {"report": str(uuid4()), "dispatch": story.task(finding), "note": None, "photos": []}
    qian.do("report_rectification", finding, payload, boot=None, mono_ms=None)
    district.clock.forward(hours=3)
    (result,) = qian.pushed()
    assert (result["status"], result["code"], result["effects"]["state"]) == ("merged", "time_uncertain", "rectified")
    (report,) = story.seen_by("zhao", finding)["reports"]
    assert (report["on_time"], report["time_uncertain"], report["time_quality"]) == (None, True, "estimated")
