"""The edges of the end: what closing needs, what lapses with it, whom a reopened finding goes to, which dispatch is worked on."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from backend.core.act import Grant
from backend.domains.contracts.actions import terminate_contract
from backend.domains.findings.rules.needs import Proof, lacks_proof
from backend.domains.findings.rules.visibility import concerns, is_of_another
from tests.make.district import CONTRACTS, DIRT, TODAY
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
OURS, THEIRS = uuid4(), uuid4()


def slug(answer):
    return answer.json["type"].rpartition("/")[2]


def refused(answer):
    return answer.status_code, slug(answer)


def post(district, login, finding, verb, **payload):
    return district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload)


def pointers(answer):
    return [each["pointer"] for each in answer.json["errors"]]


def end_contracts(district, *numbers):
    for number in numbers:
        district.do(terminate_contract, contract=district.contracts[number], on=TODAY, reason="broke")


def with_co_unit(district, story, finding):
    """The id of a co-unit's dispatch, with a limit of its own, to Feng's company."""
    limit = {"value": 10, "unit": "working_days"}
    shown = story.desk("sun", finding, "co-units", contract=str(district.contracts["BJ"]), reason="the gully too", limit=limit)
    return next(task["id"] for task in shown["dispatches"] if task["role"] == "co")


def gives_back(district, story, finding):
    """Qian's company gives the work back, and Feng's gets it."""
    asked = story.desk("qian", finding, "return-requests", dispatch=story.task(finding), reason="not ours")["requests"][-1]["id"]
    story.desk("sun", finding, f"return-requests/{asked}/grant", contract=str(district.contracts["BJ"]), reason="theirs")


@pytest.fixture
def qian(district):
    return Phone(district, "qian")


# Reopening


def test_a_reopened_finding_goes_to_the_contract_in_force_now(district, story):
    finding = story.closed()
    old = story.task(finding)
    end_contracts(district, "BJ-D")
    shown = story.desk("chen", finding, "reopening", reason="it is back")
    before, after = shown["dispatches"]
    assert (shown["state"], before["id"], before["replaced_by"]) == ("dispatched", old, after["id"])
    assert (after["contract"], after["unit"]) == (str(district.contracts["BJ"]), str(district.unit(CONTRACTS["BJ"][0])))
    assert (after["choice"]["reason"], after["choice"]["why"], after["choice"]["contract"]["number"]) == ("reopened", "it is back", "BJ")
    # Who had it before reads that it is over, and nothing of whom it went to.
    late = post(district, "qian", finding, "reports", report=str(uuid4()), dispatch=old)
    assert (*refused(late), late.json["stands"]) == (409, "dispatch_replaced", [])


def test_a_reopened_finding_that_no_contract_covers_any_more_is_filed_and_dispatched_by_hand(district, story, qian):
    finding = story.closed()
    old = story.task(finding)
    end_contracts(district, "BJ-D", "BJ")
    shown = story.desk("chen", finding, "reopening", reason="it is back")
    assert (shown["state"], shown["deadline"], "awaiting_contract" in shown["needs"]) == ("filed", None, True)
    assert [each["replaced_by"] for each in shown["dispatches"]] == [None]
    assert refused(post(district, "qian", finding, "reports", report=str(uuid4()), dispatch=old)) == (409, "move_not_open")
    qian.do("report_rectification", finding, {"report": str(uuid4()), "dispatch": old, "note": None, "photos": []})
    (result,) = qian.pushed()
    assert (result["status"], result["code"], result["effects"]["state"]) == ("merged", "state_kept", "filed")
    assert story.seen_by("zhao", finding)["deadline"] is None
    assert refused(post(district, "sun", finding, "dispatches")) == (409, "not_ready")
    shown = story.desk("sun", finding, "dispatches", unit=str(district.unit("330113001")), reason="the town takes it")
    before, after = shown["dispatches"]
    assert (shown["state"], before["replaced_by"], after["replaced_by"], shown["deadline"]) == (
        "dispatched",
        after["id"],
        None,
        after["due"],
    )
    story.proved(finding, by="tang")
    assert story.desk("chen", finding, "closing")["state"] == "closed"


def test_one_resolved_on_the_spot_is_reopened_to_be_filed(district, story):
    finding = story.ready()
    story.desk("lin", finding, "self-resolution", photos=[story.usable("lin", "before"), story.usable("lin", "after")])
    story.desk("zhao", finding, "self-resolution/acceptance")
    shown = story.desk("chen", finding, "reopening", reason="it is still there")
    assert (shown["state"], shown["dispatches"], shown["closed_at"]) == ("recorded", [], None)
    assert story.desk("zhao", finding, "filing")["state"] == "filed"
    assert story.desk("sun", finding, "dispatches")["state"] == "dispatched"


# Dispatches that are over, and requests on them


def test_a_replaced_dispatch_takes_nothing_at_the_desk_and_keeps_what_phones_send(district, story, qian):
    finding = story.closed()
    old = story.task(finding)
    story.desk("chen", finding, "reopening", reason="it is back")
    new = story.task(finding)
    until = (district.clock.now() + dt.timedelta(days=3)).isoformat()
    for verb, more in (("extension", {}), ("return", {}), ("suspension", {"until": until})):
        answer = post(district, "qian", finding, f"{verb}-requests", dispatch=old, reason="rain", **more)
        assert (*refused(answer), answer.json["stands"]) == (409, "dispatch_replaced", [new]), verb
        qian.do(f"request_{verb}", finding, {"dispatch": old, "reason": "rain", **more})
    qian.do("report_rectification", finding, {"report": str(uuid4()), "dispatch": old, "note": None, "photos": []})
    before = story.seen_by("zhao", finding)
    assert {(each["status"], each["code"]) for each in qian.pushed()} == {("merged", "state_kept")}
    shown = story.seen_by("zhao", finding)
    assert [shown[name] for name in ("state", "deadline", "dispatches")] == [before[name] for name in ("state", "deadline", "dispatches")]
    assert [(each["dispatch"], each["state"]) for each in shown["requests"]] == [(old, "lapsed")] * 3
    assert len(shown["reports"]) == len(before["reports"]) + 1
    for asked in shown["requests"]:
        answer = post(district, "sun", finding, f"{asked['kind']}-requests/{asked['id']}/refusal")
        assert (*refused(answer), answer.json["stands"]) == (409, "dispatch_replaced", [new])


@pytest.mark.parametrize("end", ["closed", "void"])
def test_requests_lapse_when_the_finding_ends(district, story, qian, end):
    finding = story.dispatched()
    task = story.task(finding)
    asked = story.desk("qian", finding, "extension-requests", dispatch=task, reason="rain")["requests"][0]["id"]
    if end == "closed":
        story.proved(finding)
        shown = story.desk("chen", finding, "closing")
    else:
        story.desk("zhao", finding, "void-request", reason="private ground")
        shown = story.desk("chen", finding, "void", reason="so it is")
    (request,) = shown["requests"]
    assert (request["state"], request["decided_at"] is not None, request["decided_by"]) == ("lapsed", True, None)
    assert (shown["history"][-1]["event"], shown["history"][-1]["facts"]["requests"]) == ("finding.requests_lapsed", [asked])
    assert refused(post(district, "sun", finding, f"extension-requests/{asked}/grant")) == (409, "move_not_open")
    qian.do("request_return", finding, {"dispatch": task, "reason": "not ours"})  # one that comes after the end has lapsed as well
    (result,) = qian.pushed()
    assert (result["status"], result["code"]) == ("merged", "state_kept")
    assert {each["state"] for each in story.seen_by("sun", finding)["requests"]} == {"lapsed"}


@pytest.mark.parametrize("kind", ["return", "suspension"])
def test_a_return_or_suspension_can_be_refused_and_asked_for_again(district, story, kind):
    finding = story.dispatched()
    more = {"until": (district.clock.now() + dt.timedelta(days=3)).isoformat()} if kind == "suspension" else {}
    ask = {"dispatch": story.task(finding), "reason": "not ours", **more}
    due = story.seen_by("qian", finding)["deadline"]
    asked = story.desk("qian", finding, f"{kind}-requests", **ask)["requests"][0]
    assert refused(post(district, "qian", finding, f"{kind}-requests", **ask)) == (409, "request_pending")
    path = f"{kind}-requests/{asked['id']}/refusal"
    for login, status in (("qian", 403), ("lin", 403), ("zhao", 403), ("stranger", 403)):
        assert post(district, login, finding, path).status_code == status, login
    assert post(district, "sun", finding, f"extension-requests/{asked['id']}/refusal").status_code == 404
    assert f"refuse_{kind}" in story.seen_by("sun", finding)["moves"]
    shown = story.desk("sun", finding, path, reason="it is yours")
    (request,) = shown["requests"]
    assert (request["state"], request["decided_reason"], shown["deadline"]) == ("refused", "it is yours", due)
    assert shown["history"][-1]["event"] == f"finding.{kind}_refused"
    assert refused(post(district, "sun", finding, path)) == (409, "request_decided")
    assert story.desk("qian", finding, f"{kind}-requests", **ask)["requests"][1]["state"] == "pending"


# Photos that closing needs


def test_work_is_not_closed_without_a_photo_of_it_and_one_of_the_look(district, story, qian):
    finding = story.rectified()
    assert story.seen_by("chen", finding)["needs"] == []  # a report without photos is kept
    assert story.looked(finding, "pass")["needs"] == ["after_photos", "verification_photos"]
    answer = post(district, "chen", finding, "closing")
    assert (*refused(answer), answer.json["unmet"]) == (409, "not_ready", ["after_photos", "verification_photos"])
    listed = district.client("chen").get("/api/v1/findings", query_string={"flag": "after_photos"}).json["items"]
    assert [each["id"] for each in listed] == [finding]

    content = picture(90, size=(64, 48))
    qian.do("add_photo", finding, photo(content, role="after"))
    assert set(qian.pushed()[0]["effects"]["needs"]) >= {"after_photos", "verification_photos"}  # its bytes have not come
    assert qian.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
    district.settle()
    assert story.seen_by("chen", finding)["needs"] == ["verification_photos"]
    story.looked(finding, "pass", photos=[story.usable("wang", "scene")])
    assert story.desk("chen", finding, "closing")["needs"] == []


def test_a_waived_photo_of_the_work_is_enough_and_one_taken_back_is_not(district, story, qian):
    district.person("wang", ("inspector", "330113001"))
    finding = story.dispatched()
    gone, lost = story.usable("qian", "after"), photo(picture(91), role="after")
    report = story.reported(finding, photos=[gone, lost])
    story.looked(finding, "pass", report=report, photos=[story.usable("wang", "verification")])
    assert "after_photos" not in story.seen_by("chen", finding)["needs"]
    qian.do("retract_photo", finding, {"photo": gone["id"], "reason": "another street"})
    assert "after_photos" in qian.pushed()[0]["effects"]["needs"]
    story.desk("chen", finding, f"photos/{lost['id']}/waiver", reason="the phone is broken")
    assert story.desk("chen", finding, "closing")["state"] == "closed"


def test_after_reopening_the_work_is_shown_anew(district, story):
    finding = story.closed()
    story.desk("chen", finding, "reopening", reason="it is back")
    report = story.reported(finding)
    assert story.looked(finding, "pass", report=report)["needs"] == ["after_photos", "verification_photos"]
    assert refused(post(district, "chen", finding, "closing")) == (409, "not_ready")
    shown = story.desk(
        "wang", finding, "verifications", phase="pre_closing", report=report, result="pass", photos=[story.usable("wang", "after")]
    )
    assert shown["needs"] == []
    assert story.desk("chen", finding, "closing")["state"] == "closed"


@pytest.mark.parametrize(
    ("role", "state", "retracted", "lacks"),
    [
        ("after", "usable", False, False),
        ("after", "waived", False, False),
        ("after", "stored", False, True),
        ("after", "unreadable", False, True),
        ("after", "usable", True, True),
        ("scene", "usable", False, True),
    ],
)
def test_what_counts_as_a_photo_of_the_work(role, state, retracted, lacks):
    shown = {"id": uuid4(), "role": role, "state": state, "retracted": retracted}
    good = state in {"usable", "waived"} and not retracted
    wanted = {"work": {"after": 1}, "look": {"verification": 1}}
    its = str(shown["id"])
    assert lacks_proof([shown], [Proof(work=(), look=(its,))], **wanted) == (lacks, not good)
    assert lacks_proof([shown], [Proof(work=(its,), look=())], **wanted) == (lacks, True)
    assert lacks_proof([shown], [Proof(work=(), look=())], **wanted) == (True, True)  # it shows something else
    assert lacks_proof([shown], [Proof(work=(its,), look=(its,)), Proof(work=(), look=())], **wanted) == (True, True)  # each is shown


def test_photos_of_the_place_count_for_each_who_ever_declared_them():
    shown = {"id": uuid4(), "role": "scene", "state": "usable", "retracted": False}
    assert lacks_proof([shown], [Proof(work=(), look=())] * 2, work={"before": 1}, look={}) == (False, False)


def test_photos_of_the_round_that_failed_do_not_prove_the_one_that_passed(district, story, qian):
    district.person("wang", ("inspector", "330113001"))
    finding = story.dispatched()
    first = story.reported(finding, photos=[story.usable("qian", "after")])
    qian.do("add_photo", finding, story.usable("qian", "after"))
    assert qian.pushed()[0]["status"] == "applied"
    story.looked(finding, "fail", report=first, photos=[story.usable("wang", "verification"), story.usable("wang", "after")])
    district.clock.forward(minutes=10)
    second = story.reported(finding)
    assert story.looked(finding, "pass", report=second)["needs"] == ["after_photos", "verification_photos"]
    assert refused(post(district, "chen", finding, "closing")) == (409, "not_ready")
    story.looked(finding, "pass", report=second, photos=[story.usable("wang", "verification")])
    qian.do("add_photo", finding, story.usable("qian", "after"))  # added since by its own unit
    assert qian.pushed()[0]["effects"]["needs"] == []
    assert story.desk("chen", finding, "closing")["state"] == "closed"


def test_a_photo_comes_with_a_report_made_after_the_work_passed(district, story, qian):
    finding = story.rectified()
    district.person("wang", ("inspector", "330113001"))
    assert story.looked(finding, "pass", photos=[story.usable("wang", "verification")])["needs"] == ["after_photos"]
    district.clock.forward(minutes=10)
    said = {"report": str(uuid4()), "dispatch": story.task(finding), "note": None, "photos": [story.usable("qian", "after")]}
    qian.do("report_rectification", finding, said)
    assert qian.pushed()[0]["code"] == "report_added"
    assert story.desk("chen", finding, "closing")["state"] == "closed"


def test_the_work_of_each_unit_is_shown_before_closing(district, story):
    finding = story.dispatched()
    co = with_co_unit(district, story, finding)
    story.proved(finding)
    report = story.reported(finding, by="feng", dispatch=co)
    assert story.looked(finding, "pass", report=report)["needs"] == ["after_photos", "verification_photos"]
    assert refused(post(district, "chen", finding, "closing")) == (409, "not_ready")
    qian, feng = Phone(district, "qian"), Phone(district, "feng")
    qian.do("add_photo", finding, story.usable("qian", "after"))  # the lead's shows the lead's work
    assert qian.pushed()[0]["effects"]["needs"] == ["after_photos", "verification_photos"]
    feng.do("add_photo", finding, story.usable("feng", "after"))
    assert feng.pushed()[0]["effects"]["needs"] == ["verification_photos"]
    story.looked(finding, "pass", report=report, photos=[story.usable("wang", "verification")])
    assert story.desk("chen", finding, "closing")["state"] == "closed"


def test_a_unit_that_gave_the_work_back_does_not_prove_what_the_next_did(district, story, qian):
    finding = story.dispatched()
    gives_back(district, story, finding)
    report = story.reported(finding, by="feng")
    district.person("wang", ("inspector", "330113001"))
    story.looked(finding, "pass", report=report, photos=[story.usable("wang", "verification")])
    qian.do("add_photo", finding, story.usable("qian", "after"))
    qian.pushed()
    district.settle()
    assert story.seen_by("chen", finding)["needs"] == ["after_photos"]
    assert refused(post(district, "chen", finding, "closing")) == (409, "not_ready")


def test_what_was_resolved_on_the_spot_is_accepted_with_both_photos_still_there(district, story):
    finding = story.ready()
    before, after = story.usable("lin", "before"), story.usable("lin", "after")
    story.desk("lin", finding, "self-resolution", photos=[before, after])
    story.lin.do("retract_photo", finding, {"photo": after["id"], "reason": "another street"})
    assert story.lin.pushed()[0]["status"] == "applied"
    answer = post(district, "zhao", finding, "self-resolution/acceptance")
    assert (*refused(answer), answer.json["unmet"]) == (409, "not_ready", ["after_photos"])
    story.lin.do("add_photo", finding, story.usable("lin", "after"))
    story.lin.pushed()
    assert story.desk("zhao", finding, "self-resolution/acceptance")["state"] == "closed"


# What a contractor reads of another's work


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"state": "filed", "condition": 1}, True),
        ({"photos": {}, "number": "1"}, True),
        ({"photos": {"mine": "a hash", "theirs": "another"}}, True),
        ({"photos": {"theirs": "a hash"}}, False),
        ({"dispatch": "theirs", "request": "theirs"}, False),
        ({"dispatch": "theirs", "issued": "mine"}, True),
        ({"requests": ["theirs", "mine"]}, True),
        ({"report": None, "phase": "pre_filing"}, True),
        ({"verb": "close_finding", "request": None}, False),
    ],
)
def test_an_entry_is_about_what_it_names_or_about_the_whole(facts, shown):
    assert concerns(facts, {"mine"}) is shown


@pytest.mark.parametrize(
    ("held", "theirs"),
    [
        ([], False),
        ([("contractor_worker", THEIRS, None)], True),
        ([("contractor_worker", OURS, None)], False),
        ([("contractor_worker", THEIRS, NOW)], True),  # sent once they had left
        ([("contractor_worker", THEIRS, NOW), ("contractor_worker", OURS, None)], False),
        ([("contractor_worker", THEIRS, NOW), ("inspector", THEIRS, None)], False),
        ([("inspector", THEIRS, None)], False),
    ],
)
def test_a_photo_is_of_who_had_its_declarer_then(held, theirs):
    grants = [Grant(role, unit, "contractor", None, NOW - dt.timedelta(days=1), until) for role, unit, until in held]
    assert is_of_another(grants, [OURS], at=NOW) is theirs


def test_a_co_unit_reads_nothing_of_the_lead(district, story, qian):
    finding = story.dispatched()
    co = with_co_unit(district, story, finding)
    lead = story.task(finding)
    story.desk("qian", finding, "extension-requests", dispatch=lead, reason="rain")
    district.clock.forward(minutes=10)
    content = story.usable("qian", "after")
    qian.do("add_photo", finding, content)
    assert qian.pushed()[0]["status"] == "applied"
    story.proved(finding)
    shown = story.seen_by("feng", finding)
    (own,) = shown["dispatches"]
    assert (own["id"], shown["deadline"]) == (co, own["due"])
    assert shown["deadline"] != story.seen_by("sun", finding)["deadline"]
    assert [photo["role"] for photo in shown["photos"]] == ["before"]  # how it was found
    assert district.client("feng").get(f"/api/v1/findings/{finding}/photos/{content['id']}/thumbnail").status_code == 404
    events = [each["event"] for each in shown["history"]]
    assert events[0] == "finding.recorded"
    assert "finding.filed" in events
    assert "finding.co_unit_added" in events
    assert not {"finding.dispatched", "finding.extension_requested", "finding.rectification_reported", "finding.verified"} & set(events)
    story.reported(finding, by="feng", dispatch=co, photos=[story.usable("feng", "after")])
    shown = story.seen_by("feng", finding)
    assert [photo["role"] for photo in shown["photos"]] == ["before", "after"]
    assert shown["history"][-1]["event"] == "finding.rectification_reported"
    # Who has the lead, and the desk.
    events = [each["event"] for each in story.seen_by("qian", finding)["history"]]
    assert "finding.co_unit_added" not in events
    assert {"finding.dispatched", "finding.extension_requested", "finding.verified", "finding.photo_added"} <= set(events)
    assert events.count("finding.rectification_reported") == 1
    assert [each["event"] for each in story.seen_by("sun", finding)["history"]].count("finding.rectification_reported") == 2


def test_a_unit_that_gave_the_work_back_does_not_follow_what_the_next_does(district, story):
    finding = story.dispatched()
    gives_back(district, story, finding)
    district.clock.forward(minutes=10)
    story.reported(finding, by="feng", photos=[story.usable("feng", "after")])
    shown = story.seen_by("qian", finding)
    assert (shown["deadline"], [each["role"] for each in shown["photos"]], shown["reports"]) == (None, ["before"], [])
    events = [each["event"] for each in shown["history"]]
    assert events[-1] == "finding.return_granted"
    assert "finding.rectification_reported" in [each["event"] for each in story.seen_by("feng", finding)["history"]]


# What a problem points at


def test_a_photo_named_twice_is_named_by_its_place_in_the_list(district, story, qian):
    finding = story.dispatched()
    twice = photo(picture(92), role="after")
    d = {"report": str(uuid4()), "dispatch": story.task(finding), "note": None, "photos": [photo(picture(93), role="after"), twice, twice]}
    answer = post(district, "qian", finding, "reports", **d)
    assert (*refused(answer), pointers(answer)) == (422, "invalid", ["/photos/2/id"])
    qian.do("report_rectification", finding, d)
    (result,) = qian.pushed()
    assert (result["status"], [each["pointer"] for each in result["problem"]["errors"]]) == ("rejected", ["/d/photos/2/id"])
    assert story.seen_by("zhao", finding)["reports"] == []


def test_problems_point_into_the_body_and_over_sync_into_d(district, story, qian):
    finding, other = story.dispatched(), story.dispatched()
    taken = story.usable("qian", "after")
    report = story.reported(finding, photos=[taken])
    task = story.task(other)
    far = "2100-01-01T00:00:00Z"
    unlike = {**taken, "role": "scene"}
    cases = (
        ("reports", "report_rectification", {"report": report, "dispatch": task}, "/report"),
        (
            "reports",
            "report_rectification",
            {"report": str(uuid4()), "dispatch": task, "photos": [photo(picture(94), role="after"), unlike]},
            "/photos/1/id",
        ),
        ("suspension-requests", "request_suspension", {"dispatch": task, "reason": "rain", "until": far}, "/until"),
    )
    for path, verb, payload, pointer in cases:
        assert pointers(post(district, "qian", other, path, **payload)) == [pointer]
        qian.do(verb, other, {"note": None, "photos": [], **payload} if path == "reports" else payload)
        (result,) = qian.pushed()
        assert [each["pointer"] for each in result["problem"]["errors"]] == [f"/d{pointer}"]
    district.person("wang", ("inspector", "330113001"))
    look = post(district, "wang", finding, "verifications", phase="pre_closing", report=None, result="pass")
    assert pointers(look) == ["/report"]


@pytest.mark.parametrize(
    ("name", "change", "pointer"),
    [
        ("category", {"seen": None, "value": {"kind": "event", "code": "99999"}}, "/fields/category/value/code"),
        ("condition", {"seen": 1, "value": 77}, "/fields/condition/value"),
        ("place", {"seen": None, "value": {"lon": 500.0, "lat": 30.0, "datum": "WGS-84"}}, "/fields/place/value/lon"),
        ("place", {"seen": None, "value": {"lon": 120.0, "lat": 30.0, "datum": "UTM"}}, "/fields/place/value/datum"),
    ],
)
def test_an_amendment_is_told_which_value_is_wrong(district, story, name, change, pointer):
    finding = story.recorded(category=DIRT)
    assert pointers(post(district, "zhao", finding, "amendments", fields={name: change})) == [pointer]
    story.lin.do("amend_finding", finding, {"fields": {name: change}})
    (result,) = story.lin.pushed()
    assert [each["pointer"] for each in result["problem"]["errors"]] == [f"/d{pointer}"]


def test_a_condition_given_at_filing_is_named_as_the_body_has_it(district, story):
    assert pointers(post(district, "zhao", story.ready(), "filing", condition=77)) == ["/condition"]
