"""Several hands on one finding: co-units, a company's workers and its manager, parts, and what is shown of it."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from tests.make.district import DIRT, MANHOLE
from tests.make.phone import Phone, photo
from tests.make.pictures import picture

SLACK = dt.timedelta(seconds=20)


def moment(text):
    return dt.datetime.fromisoformat(text)


def slug(answer):
    return answer.json["type"].rpartition("/")[2]


def refused(answer):
    return answer.status_code, slug(answer)


def post(district, login, finding, verb, **payload):
    return district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload)


def co_unit(district, finding, number="BJ", **payload):
    answer = post(district, "sun", finding, "co-units", contract=str(district.contracts[number]), reason="the verge as well", **payload)
    assert answer.status_code == 201, answer.text
    return answer.json


@pytest.fixture
def qian(district):
    return Phone(district, "qian")


# Co-units


def test_a_co_unit_has_a_dispatch_and_a_deadline_of_its_own_and_both_must_hand_back(district, story):
    finding = story.dispatched()
    district.clock.forward(hours=3)  # an hour after the lunch break
    shown = co_unit(district, finding)
    lead, beside = shown["dispatches"]
    assert (lead["role"], beside["role"], beside["state"], beside["choice"]["reason"]) == ("lead", "co", "issued", "co_unit")
    assert moment(beside["due"]) > moment(lead["due"]) and shown["deadline"] == lead["due"]
    assert shown["counters"]["co_units"] == 1
    assert [each["id"] for each in story.seen_by("feng", finding)["dispatches"]] == [beside["id"]]
    assert [each["id"] for each in story.seen_by("qian", finding)["dispatches"]] == [lead["id"]]

    story.reported(finding)
    assert story.seen_by("zhao", finding)["state"] == "dispatched"
    report = str(uuid4())
    shown = story.desk("feng", finding, "reports", report=report, dispatch=beside["id"])
    assert shown["state"] == "rectified"
    # Each unit's work is looked at by itself: the finding is verified when both are good.
    mine = next(each["id"] for each in story.seen_by("zhao", finding)["reports"] if each["id"] != report)
    assert story.looked(finding, "pass", report=report)["state"] == "rectified"
    assert story.looked(finding, "pass", report=mine)["state"] == "verified"


def test_a_failed_co_unit_works_again_and_the_lead_does_not(district, story):
    finding = story.dispatched()
    beside = co_unit(district, finding)["dispatches"][1]["id"]
    story.reported(finding)
    report = str(uuid4())
    story.desk("feng", finding, "reports", report=report, dispatch=beside)
    shown = story.looked(finding, "fail", report=report)
    assert (shown["state"], [each["state"] for each in shown["dispatches"]]) == ("dispatched", ["handed_back", "rework"])
    assert shown["counters"]["reworks"] == 1


def test_a_co_unit_added_to_rectified_work_reopens_the_wait_and_cancelling_it_ends_it(district, story):
    finding = story.rectified()
    shown = co_unit(district, finding)
    beside = shown["dispatches"][1]["id"]
    assert shown["state"] == "dispatched"
    story.desk("feng", finding, "extension-requests", dispatch=beside, reason="rain")
    shown = story.desk("sun", finding, f"co-units/{beside}/cancellation", reason="the lead did it all")
    assert (shown["state"], shown["dispatches"][1]["state"], shown["requests"][0]["state"]) == ("rectified", "cancelled", "lapsed")
    again = post(district, "sun", finding, f"co-units/{beside}/cancellation", reason="again")
    assert refused(again) == (409, "dispatch_replaced")
    lead = shown["dispatches"][0]["id"]
    assert refused(post(district, "sun", finding, f"co-units/{lead}/cancellation", reason="x")) == (422, "no_co_unit")
    late = post(district, "feng", finding, "reports", report=str(uuid4()), dispatch=beside)
    assert refused(late) == (409, "dispatch_replaced")


def test_a_cancelled_co_unit_does_not_come_back_with_a_reopened_finding(district, story):
    finding = story.dispatched()
    beside = co_unit(district, finding)["dispatches"][1]["id"]
    story.desk("sun", finding, f"co-units/{beside}/cancellation", reason="not needed")
    story.proved(finding)
    story.desk("chen", finding, "closing")
    shown = story.desk("chen", finding, "reopening", reason="it is back")
    assert [each["role"] for each in shown["dispatches"] if each["state"] == "issued"] == ["lead"]


def test_a_co_unit_may_have_a_limit_of_its_own(district, story):
    finding = story.dispatched()
    beside = co_unit(district, finding, limit={"value": 1, "unit": "calendar_days"})["dispatches"][1]
    assert beside["limit"] == {"value": 1, "unit": "calendar_days", "source": "set"}
    assert moment(beside["due"]) - moment(beside["issued_at"]) == dt.timedelta(days=1)


def test_who_adds_co_units_and_what_is_none(district, story):
    finding = story.dispatched()
    contract = str(district.contracts["BJ"])
    for login in ("zhao", "lin", "qian", "feng", "stranger"):
        assert post(district, login, finding, "co-units", contract=contract, reason="x").status_code == 403, login
    own = str(district.contracts["BJ-D"])
    assert refused(post(district, "sun", finding, "co-units", contract=own, reason="x")) == (409, "already_on_it")
    assert refused(post(district, "sun", finding, "co-units", reason="x")) == (422, "no_co_unit")
    both = post(district, "sun", finding, "co-units", contract=contract, unit=str(district.unit("municipal")), reason="x")
    assert refused(both) == (422, "no_co_unit")
    over = str(district.contracts["HW-1"])
    assert refused(post(district, "sun", finding, "co-units", contract=over, reason="x")) == (422, "contract_not_in_force")
    filed = story.filed()
    assert refused(post(district, "sun", filed, "co-units", contract=contract, reason="x")) == (409, "move_not_open")
    stale = post(district, "sun", finding, "co-units", contract=contract, reason="x", state_version=1)
    assert refused(stale) == (412, "state_moved")
    unit = co_unit_by_unit(district, finding)
    assert unit["dispatches"][1]["unit_kind"] == "department"


def co_unit_by_unit(district, finding):
    answer = post(district, "sun", finding, "co-units", unit=str(district.unit("municipal")), reason="the pipe below")
    assert answer.status_code == 201, answer.text
    return answer.json


# A company's worker and its manager


def assigned(story, district, finding, *, by="qian", worker="ma", word="manager"):
    named = str(district.person(worker)) if worker else None
    return story.desk(by, finding, "assignments", dispatch=story.task(finding), worker=named, hand_back_by=word)


def test_where_the_manager_hands_back_a_workers_report_stops_no_clock(district, story):
    finding = story.dispatched()
    shown = assigned(story, district, finding)
    task = shown["dispatches"][0]
    assert (task["worker"], task["hand_back_by"]) == (str(district.person("ma")), "manager")
    district.clock.forward(hours=3)
    report = story.reported(finding, by="ma", photos=[story.usable("ma", "after")])
    shown = story.seen_by("zhao", finding)
    assert (shown["state"], shown["dispatches"][0]["state"], shown["dispatches"][0]["handed_back_at"]) == ("dispatched", "issued", None)
    (waiting,) = shown["reports"]
    assert (waiting["state"], waiting["counts_at"], waiting["on_time"]) == ("awaiting_hand_back", None, None)
    district.clock.forward(hours=2)  # 17:00, an hour past the deadline
    for login, status in (("ma", 403), ("feng", 404), ("zhao", 403), ("stranger", 403)):
        assert post(district, login, finding, "hand-back", report=report).status_code == status, login
    shown = story.desk("qian", finding, "hand-back", report=report)
    (counted,) = shown["reports"]
    assert (shown["state"], counted["state"], counted["on_time"]) == ("rectified", "open", False)
    assert moment(counted["counts_at"]) == moment(counted["handed_back_at"]) == moment(shown["dispatches"][0]["handed_back_at"])
    assert moment(counted["reported_at"]) < moment(counted["due"]) < moment(counted["counts_at"])  # what the worker said stays
    assert refused(post(district, "qian", finding, "hand-back", report=report)) == (409, "nothing_to_hand_back")
    assert story.looked(finding, "pass", report=report, photos=[])["dispatches"][0]["state"] == "handed_back"


def test_the_managers_own_report_is_hand_back_enough(district, story):
    finding = story.dispatched()
    assigned(story, district, finding)
    story.reported(finding, by="qian")
    assert story.seen_by("zhao", finding)["state"] == "rectified"


def test_a_workers_word_ends_it_where_nothing_else_was_said_and_a_change_of_mind_counts_from_then_on(district, story):
    finding = story.dispatched()
    assigned(story, district, finding, word="worker")
    first = story.reported(finding, by="ma")
    assert story.seen_by("zhao", finding)["state"] == "rectified"
    story.looked(finding, "fail", report=first)
    assigned(story, district, finding, word="manager")
    second = story.reported(finding, by="ma")
    shown = story.seen_by("zhao", finding)
    assert (shown["state"], {each["id"]: each["state"] for each in shown["reports"]}) == (
        "dispatched",
        {first: "failed", second: "awaiting_hand_back"},
    )
    assigned(story, district, finding, worker=None, word="worker")
    assert story.seen_by("zhao", finding)["dispatches"][0]["worker"] is None
    assert story.seen_by("zhao", finding)["reports"][-1]["state"] == "awaiting_hand_back"  # it was made under the earlier word


def test_only_a_manager_assigns_and_only_the_own_people(district, story):
    finding = story.dispatched()
    ask = {"dispatch": story.task(finding), "worker": str(district.person("ma"))}
    for login in ("ma", "zhao", "sun", "stranger"):
        assert post(district, login, finding, "assignments", **ask).status_code == 403, login
    assert post(district, "feng", finding, "assignments", **ask).status_code == 404  # another company's finding
    co_unit(district, finding)
    assert refused(post(district, "feng", finding, "assignments", **ask)) == (403, "not_your_dispatch")
    for other in ("feng", "lin", "stranger"):
        answer = post(district, "qian", finding, "assignments", **{**ask, "worker": str(district.person(other))})
        assert (*refused(answer), answer.json["errors"][0]["pointer"]) == (422, "not_your_worker", "/worker"), other
    assert "assign_worker" in story.seen_by("qian", finding)["moves"]
    assert "assign_worker" not in story.seen_by("ma", finding)["moves"]


def test_phones_assign_and_hand_back_offline_and_a_report_goes_by_what_was_known_when_it_came(district, story, qian):
    finding = story.dispatched()
    task, report = story.task(finding), str(uuid4())
    ma = Phone(district, "ma")
    assign = qian.line("assign_worker", finding, {"dispatch": task, "worker": str(district.person("ma")), "hand_back_by": "manager"})
    district.clock.forward(minutes=10)
    done = ma.line("report_rectification", finding, {"report": report, "dispatch": task, "note": None, "photos": []})
    district.clock.forward(minutes=10)
    back = qian.line("hand_back", finding, {"report": report})
    assert [each["status"] for each in qian.pushed(assign)] == ["applied"]
    (first,) = ma.pushed(done)
    shown = story.seen_by("zhao", finding)
    assert (first["status"], shown["state"], shown["reports"][0]["state"]) == ("applied", "dispatched", "awaiting_hand_back")
    assert [each["status"] for each in qian.pushed(back)] == ["applied"]
    shown = story.seen_by("zhao", finding)
    assert shown["state"] == "rectified"
    assert abs(moment(shown["reports"][0]["counts_at"]) - moment(back["at"])) < SLACK
    qian.do("hand_back", finding, {"report": report})
    (again,) = qian.pushed()
    assert (again["status"], again["code"]) == ("merged", "state_kept")
    assert story.seen_by("zhao", finding)["reports"][0]["counts_at"] == shown["reports"][0]["counts_at"]


def test_what_came_before_anybody_said_that_a_manager_hands_it_back_counts_as_it_came(district, story, qian):
    finding = story.dispatched()
    task, report = story.task(finding), str(uuid4())
    ma = Phone(district, "ma")
    assign = qian.line("assign_worker", finding, {"dispatch": task, "worker": str(district.person("ma")), "hand_back_by": "manager"})
    district.clock.forward(minutes=10)
    done = ma.line("report_rectification", finding, {"report": report, "dispatch": task, "note": None, "photos": []})
    district.clock.forward(minutes=10)
    back = qian.line("hand_back", finding, {"report": report})
    (first,) = ma.pushed(done)
    before = story.seen_by("zhao", finding)
    results = [each for line in (assign, back) for each in qian.pushed(line)]
    shown = story.seen_by("zhao", finding)
    assert [(each["status"], each["code"]) for each in (first, *results)] == [
        ("applied", None),
        ("applied", None),
        ("merged", "state_kept"),
    ]
    assert (shown["state"], shown["reports"][0]["state"]) == (before["state"], before["reports"][0]["state"]) == ("rectified", "open")
    assert shown["reports"][0]["counts_at"] == before["reports"][0]["counts_at"]
    assert shown["dispatches"][0]["worker"] == str(district.person("ma"))


def test_a_hand_back_waits_for_its_report_and_a_later_assignment_stands(district, story, qian):
    finding = story.dispatched()
    task = story.task(finding)
    early = qian.line("assign_worker", finding, {"dispatch": task, "worker": str(district.person("qian")), "hand_back_by": "worker"})
    district.clock.forward(minutes=10)
    assigned(story, district, finding)
    (late,) = qian.pushed(early)
    assert (late["status"], late["code"]) == ("merged", "later_write_kept")
    assert story.seen_by("sun", finding)["dispatches"][0]["worker"] == str(district.person("ma"))
    report = str(uuid4())
    qian.do("hand_back", finding, {"report": report})
    (result,) = qian.pushed()
    assert result["status"] == "deferred"
    Phone(district, "ma").pushed()
    story.reported(finding, by="ma", report=report)
    district.settle()
    assert story.seen_by("zhao", finding)["state"] == "rectified"


def test_what_a_manager_sends_after_the_end_is_kept_and_changes_nothing(district, story, qian):
    finding = story.dispatched()
    task = story.task(finding)
    story.desk("zhao", finding, "void-request", reason="private ground")
    story.desk("chen", finding, "void", reason="so it is")
    answer = post(district, "qian", finding, "assignments", dispatch=task, worker=None)
    assert refused(answer) == (409, "move_not_open")
    qian.do("assign_worker", finding, {"dispatch": task, "worker": None, "hand_back_by": "worker"})
    (result,) = qian.pushed()
    assert (result["status"], result["code"], story.seen_by("zhao", finding)["state"]) == ("merged", "state_kept", "void")


# Parts


def test_a_part_becomes_a_finding_of_its_own_with_the_photos_that_show_it(district, story):
    finding = story.dispatched()
    before = story.seen_by("zhao", finding)
    shot = before["photos"][0]
    answer = post(district, "zhao", finding, "parts", category=MANHOLE, condition=2, photos=[shot["id"]], reason="a cover is loose, too")
    assert answer.status_code == 201, answer.text
    part = answer.json
    assert (part["state"], part["split_from"], part["category"]["code"], part["number"] != before["number"]) == (
        "recorded",
        finding,
        MANHOLE["code"],
        True,
    )
    same = ("recorded_at", "recorded_by", "wgs84", "grid", "source", "address")
    assert [part[name] for name in same] == [before[name] for name in same]
    assert [(each["sha256"], each["state"]) for each in part["photos"]] == [(shot["sha256"], "usable")]
    assert part["photos"][0]["id"] != shot["id"] and part["needs"] == []
    district.settle()  # municipal: by itself from photos to dispatch
    assert story.seen_by("zhao", part["id"])["state"] == "dispatched"
    whole = story.seen_by("zhao", finding)
    assert (whole["state"], whole["dispatches"][0]["id"]) == ("dispatched", before["dispatches"][0]["id"])
    (told,) = [each for each in whole["history"] if each["event"] == "finding.split"]
    assert told["facts"]["into"] == part["id"]


def test_a_part_without_photos_waits_for_them_and_a_part_elsewhere_has_its_own_grid(district, story):
    finding = story.filed()
    there = {"lon": 120.015, "lat": 30.01, "datum": "WGS-84"}
    answer = post(district, "zhao", finding, "parts", category=DIRT, condition=1, place=there, note="the next heap", reason="two heaps")
    assert (answer.json["grid"], answer.json["needs"], answer.json["note"]) == ("330113001001002", ["photos"], "the next heap")


def test_a_photo_whose_bytes_come_later_is_usable_on_both(district, story):
    content = picture(88, size=(64, 48))
    finding = story.recorded()
    story.lin.do("add_photo", finding, photo(content))
    story.lin.pushed()
    shot = story.seen_by("zhao", finding)["photos"][0]["id"]
    part = post(district, "zhao", finding, "parts", category=DIRT, condition=1, photos=[shot], reason="two").json
    assert part["photos"][0]["state"] == "declared"
    sha = part["photos"][0]["sha256"]
    assert story.lin.client.put(f"/api/v1/blobs/sha256/{sha}", data=content).status_code == 201
    district.settle()
    assert {story.seen_by("zhao", each)["photos"][0]["state"] for each in (finding, part["id"])} == {"usable"}


def test_who_splits_and_what_cannot_be_split(district, story):
    finding = story.ready()
    ask = {"category": DIRT, "condition": 1, "reason": "two"}
    for login in ("sun", "lin", "qian", "stranger"):
        assert post(district, login, finding, "parts", **ask).status_code == 403, login
    foreign = story.seen_by("zhao", story.ready())["photos"][0]["id"]
    assert refused(post(district, "zhao", finding, "parts", **ask, photos=[foreign])) == (404, "not_found")
    own = story.seen_by("zhao", finding)["photos"][0]["id"]
    assert refused(post(district, "zhao", finding, "parts", **ask, photos=[own, own])) == (422, "invalid")
    assert refused(post(district, "zhao", finding, "parts", **{**ask, "condition": 77})) == (422, "unknown_condition")
    closed = story.closed()
    assert refused(post(district, "zhao", closed, "parts", **ask)) == (409, "move_not_open")


# What is shown


def test_returns_are_counted_by_unit_and_nobody_else_reads_them(district, story):
    since, until = district.clock.now() - dt.timedelta(days=1), district.clock.now() + dt.timedelta(days=1)
    window = {"since": since.isoformat(), "until": until.isoformat()}
    for decision in ("refusal", "grant"):
        finding = story.dispatched()
        asked = story.desk("qian", finding, "return-requests", dispatch=story.task(finding), reason="not ours")["requests"][0]["id"]
        story.desk("sun", finding, f"return-requests/{asked}/{decision}", reason="so it is")
    items = district.client("sun").get("/api/v1/findings/handling", query_string=window).json["items"]
    (row,) = [each for each in items if each["unit"] == str(district.unit("hangyang"))]
    assert (row["dispatches"], row["leads"], row["returned"], row["wrong"], row["refused_returns"]) == (2, 2, 2, 1, 1)
    assert district.client("qian").get("/api/v1/findings/handling", query_string=window).status_code == 403
    backwards = {"since": window["until"], "until": window["since"]}
    assert district.client("sun").get("/api/v1/findings/handling", query_string=backwards).status_code == 422
    assert district.client("wu").get("/api/v1/findings/handling", query_string=window).json["items"] == []
