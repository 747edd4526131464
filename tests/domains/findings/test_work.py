"""The work on a dispatched finding, through both doors: reports, verifications, extensions, the end and a new beginning."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.domains.deadlines.model import DeadlineEvent
from backend.domains.findings.model.work import Dispatch
from tests.make.district import DIRT
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256


def slug(answer):
    return answer.json["type"].rpartition("/")[2]


def refused(answer):
    return answer.status_code, slug(answer)


def post(district, login, finding, verb, **payload):
    return district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload)


def events(shown):
    """What happened to the finding; tasks that the worker gives for it aside."""
    return [entry["event"] for entry in shown["history"] if ".task_" not in entry["event"]]


def moment(text):
    return dt.datetime.fromisoformat(text)


@pytest.fixture
def wang(district):
    """The town's second inspector, who verifies."""
    district.person("wang", ("inspector", "330113001"))
    return Phone(district, "wang")


@pytest.fixture
def qian(district):
    return Phone(district, "qian")


def report_line(phone, finding, dispatch, **d):
    report = str(uuid4())
    line = phone.do("report_rectification", finding, {"report": report, "dispatch": dispatch, "note": None, "photos": [], **d})
    return report, line


def verdict(phone, finding, report, result, **d):
    return phone.do(
        "verify_finding", finding, {"phase": "pre_closing", "report": report, "result": result, "note": None, "photos": [], **d}
    )


# From the report to the close


def test_a_day_of_work_over_http(district, story):
    finding = story.dispatched()
    district.clock.forward(hours=3)  # 15:00: noon to 14:00 is no working time, so an hour of two is used
    report = story.reported(finding, photos=[story.usable("qian", "after")])
    shown = story.seen_by("zhao", finding)
    assert (shown["state"], shown["dispatches"][0]["state"], shown["reports"][0]["state"]) == ("rectified", "handed_back", "open")
    assert (shown["reports"][0]["on_time"], shown["reports"][0]["time_uncertain"]) == (True, False)
    assert shown["dispatches"][0]["handed_back_at"] == shown["reports"][0]["reported_at"]
    district.clock.forward(hours=5)
    assert moment(story.seen_by("qian", finding)["deadline"]) == moment(shown["deadline"])  # it stopped
    assert "verify_finding" in story.seen_by("lin", finding)["moves"]
    look = story.usable("lin", "verification")
    assert story.looked(finding, "pass", report=report, by="lin", photos=[look])["state"] == "verified"
    closed = story.desk("chen", finding, "closing", note="clean")
    assert (closed["state"], closed["reports"][0]["state"], closed["closed_at"] is not None) == ("closed", "passed", True)
    assert events(closed)[-3:] == ["finding.rectification_reported", "finding.verified", "finding.closed"]


def test_a_day_of_work_by_phones(district, story, qian, wang):
    finding = story.dispatched()
    content = picture(80, size=(64, 48))
    qian.sync()
    (task,) = qian.docs()[finding]["dispatches"]
    report, _ = report_line(qian, finding, task["id"], photos=[photo(content, role="after")])
    (result,) = qian.pushed()
    assert (result["status"], result["code"], result["effects"]["state"], result["effects"]["needs"]) == (
        "applied",
        None,
        "rectified",
        ["photos"],
    )
    assert qian.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
    district.settle()
    wang.sync()
    assert [each["id"] for each in wang.docs()[finding]["reports"]] == [report]
    verdict(wang, finding, report, "pass", note="gone", photos=[photo(picture(81), role="verification")])
    assert wang.pushed()[0]["effects"]["state"] == "verified"
    qian.sync()
    assert qian.docs()[finding]["reports"][0]["state"] == "passed"
    assert refused(post(district, "chen", finding, "closing")) == (409, "not_ready")  # the picture of the look has not come
    for each in story.seen_by("chen", finding)["photos"]:
        if each["state"] == "declared":
            story.desk("chen", finding, f"photos/{each['id']}/waiver", reason="the phone is broken")
    assert story.desk("chen", finding, "closing")["state"] == "closed"


def test_a_failed_look_sends_it_back_with_the_time_that_was_left_but_no_less_than_two_hours(district, story):
    finding = story.dispatched()
    district.clock.forward(hours=3, minutes=30)  # half an hour of working time is left
    story.reported(finding)
    district.clock.forward(hours=1)
    shown = story.looked(finding, "fail", note="still there")
    (task,) = shown["dispatches"]
    assert (shown["state"], task["state"], task["reworks"], task["handed_back_at"]) == ("dispatched", "rework", 1, None)
    due = moment(shown["deadline"])
    left = due - district.clock.now()
    # 16:30: an hour and a half until 18:00, the rest tomorrow from 8:00
    assert dt.timedelta(hours=15, minutes=59) < left <= dt.timedelta(hours=16)
    assert moment(task["due"]) == due
    again = story.reported(finding)
    shown = story.seen_by("zhao", finding)
    assert (shown["state"], [each["state"] for each in shown["reports"]]) == ("rectified", ["failed", "open"])
    assert [each["on_time"] for each in shown["reports"]] == [True, True]
    assert story.looked(finding, "pass", report=again)["state"] == "verified"
    kinds = district.scalars(sa.select(DeadlineEvent.kind).order_by(DeadlineEvent.number))
    assert kinds == ["stopped", "restarted", "stopped"]
    explained = district.client("qian").get(f"/api/v1/findings/{finding}/deadlines").json["items"][0]["deadline"]
    assert (explained["state"], [each["kind"] for each in explained["events"]]) == ("stopped", kinds)


def test_work_reported_after_the_deadline_is_late(district, story):
    finding = story.dispatched()
    district.clock.forward(hours=5)
    story.reported(finding)
    (report,) = story.seen_by("zhao", finding)["reports"]
    assert (report["on_time"], moment(report["reported_at"]) > moment(report["due"])) == (False, True)


def test_a_report_made_offline_counts_from_when_it_was_made(district, story, qian):
    finding = story.dispatched()
    district.clock.forward(hours=3)
    report_line(qian, finding, story.task(finding))
    made = district.clock.now()
    district.clock.forward(days=2)
    assert qian.pushed()[0]["status"] == "applied"
    (report,) = story.seen_by("zhao", finding)["reports"]
    assert report["on_time"] is True
    assert abs(moment(report["reported_at"]) - made) < dt.timedelta(seconds=5)
    assert moment(report["received_at"]) - made >= dt.timedelta(days=2)


def test_a_clock_is_never_stopped_before_the_dispatch(district, story, qian):
    finding = story.filed()
    line = qian.line("report_rectification", finding, {})  # at a time before the dispatch
    district.clock.forward(minutes=10)
    story.desk("sun", finding, "dispatches")
    line["d"] = {"report": str(uuid4()), "dispatch": story.task(finding), "note": None, "photos": []}
    assert qian.pushed(line)[0]["status"] == "applied"
    (task,) = district.rows(sa.select(Dispatch.issued_at, Dispatch.handed_back_at))
    assert task.handed_back_at == task.issued_at


# Who may


def test_a_report_is_made_by_the_unit_that_has_the_work(district, story):
    finding = story.dispatched()
    other = story.dispatched(dispatch={"unit": str(district.unit("municipal")), "reason": "theirs"})
    task, others = story.task(finding), story.task(other)
    for login, status in (("lin", 403), ("sun", 403), ("zhao", 403), ("stranger", 403), ("yu", 403), ("feng", 404), ("gu", 404)):
        answer = post(district, login, finding, "reports", report=str(uuid4()), dispatch=task, note=None)
        assert answer.status_code == status, (login, answer.text)
    assert refused(post(district, "tang", finding, "reports", report=str(uuid4()), dispatch=task)) == (403, "not_your_dispatch")
    assert post(district, "qian", other, "reports", report=str(uuid4()), dispatch=others).status_code == 404
    assert refused(post(district, "qian", finding, "reports", report=str(uuid4()), dispatch=others)) == (404, "not_found")
    assert post(district, "gu", other, "reports", report=str(uuid4()), dispatch=others).status_code == 201
    assert post(district, "ma", finding, "reports", report=str(uuid4()), dispatch=task).status_code == 201
    assert post(district, "qian", uuid4(), "reports", report=str(uuid4()), dispatch=task).status_code == 404


def test_a_report_on_what_was_not_dispatched_is_refused_at_the_desk_and_waits_from_a_phone(district, story, qian):
    finding = story.filed()
    assert post(district, "qian", finding, "reports", report=str(uuid4()), dispatch=str(uuid4())).status_code == 404
    report_line(qian, finding, str(uuid4()))
    (result,) = qian.pushed()
    assert (result["status"], result["code"]) == ("deferred", "not_yet")


def test_nobody_verifies_or_closes_own_work(district, story):
    finding = story.dispatched(dispatch={"unit": str(district.unit("330113001")), "reason": "theirs"})
    report = story.reported(finding, by="tang", photos=[story.usable("tang", "after")])
    look = {"phase": "pre_closing", "report": report, "result": "pass"}
    district.person("both", ("inspector", "330113001"), ("town_officer", "330113001"))
    assert refused(post(district, "both", finding, "verifications", **look)) == (403, "own_work")
    for login, status in (("qian", 403), ("zhao", 403), ("tang", 403), ("stranger", 403), ("wu", 404)):
        assert post(district, login, finding, "verifications", **look).status_code == status, login
    story.looked(finding, "pass", report=report, by="lin", photos=[story.usable("lin", "verification")])
    district.person("chief", ("shift_leader", "330113"), ("town_officer", "330113001"))
    assert refused(post(district, "chief", finding, "closing")) == (403, "own_work")
    for login, status in (("sun", 403), ("lin", 403), ("qian", 403), ("stranger", 403)):
        assert post(district, login, finding, "closing").status_code == status, login
    district.person("east", ("shift_leader", "330113002"))
    assert post(district, "east", finding, "closing").status_code == 404
    assert story.desk("zhao", finding, "closing")["state"] == "closed"


def test_a_look_before_closing_names_its_report_and_one_before_filing_names_none(district, story):
    finding = story.recorded()
    district.person("wang", ("inspector", "330113001"))
    named = post(district, "wang", finding, "verifications", phase="pre_closing", report=None, result="pass")
    assert refused(named) == (422, "report_needed")
    named = post(district, "wang", finding, "verifications", phase="pre_filing", report=str(uuid4()), result="pass")
    assert refused(named) == (422, "report_needed")
    assert post(district, "wang", finding, "verifications", phase="pre_closing", report=str(uuid4()), result="pass").status_code == 404


def test_a_look_before_filing_is_kept_and_shown_and_moves_nothing(district, story):
    finding = story.ready()
    district.person("wang", ("inspector", "330113001"))
    assert refused(post(district, "lin", finding, "verifications", phase="pre_filing", result="pass")) == (403, "own_work")
    shown = story.desk("wang", finding, "verifications", phase="pre_filing", result="fail", note="nothing there")
    (look,) = shown["verifications"]
    assert (shown["state"], shown["state_version"], look["phase"], look["result"], look["report"]) == (
        "recorded",
        1,
        "pre_filing",
        "fail",
        None,
    )
    filed = story.desk("zhao", finding, "filing")
    assert filed["history"][-1]["facts"]["verified"] == "fail"
    late = post(district, "wang", finding, "verifications", phase="pre_filing", result="pass")
    assert refused(late) == (409, "move_not_open")


# Arrived out of order


def test_a_verdict_waits_for_its_report(district, story, qian, wang):
    finding = story.dispatched()
    report, _ = report_line(qian, finding, story.task(finding))
    district.clock.forward(minutes=20)
    verdict(wang, finding, report, "pass")
    (result,) = wang.pushed()
    assert (result["status"], result["code"]) == ("deferred", "not_yet")
    assert qian.pushed()[0]["status"] == "applied"
    assert story.seen_by("zhao", finding)["state"] == "verified"


def test_a_second_report_adds_evidence_and_the_first_one_stopped_the_clock(district, story, qian):
    finding = story.dispatched()
    task = story.task(finding)
    ma = Phone(district, "ma")
    first, _ = report_line(ma, finding, task)
    district.clock.forward(hours=1)
    second, _ = report_line(qian, finding, task)
    assert qian.pushed()[0]["status"] == "applied"
    (result,) = ma.pushed()
    assert (result["status"], result["code"]) == ("merged", "report_added")
    shown = story.seen_by("zhao", finding)
    assert [(each["id"], each["state"]) for each in shown["reports"]] == [(first, "replaced"), (second, "open")]
    assert shown["dispatches"][0]["handed_back_at"] == shown["reports"][0]["reported_at"]


def test_opposite_verdicts_are_disputed_until_a_shift_leader_decides(district, story, wang):
    finding = story.rectified()
    (report,) = story.seen_by("zhao", finding)["reports"]
    assert refused(post(district, "zhao", finding, "dispute-decision", result="pass", reason="?")) == (409, "nothing_disputed")
    verdict(wang, finding, report["id"], "pass")
    verdict(story.lin, finding, report["id"], "fail")
    assert wang.pushed()[0]["status"] == "applied"
    (result,) = story.lin.pushed()
    assert (result["status"], result["code"], result["effects"]["state"]) == ("conflict", "verdicts_differ", "rectified")
    shown = story.seen_by("zhao", finding)
    assert (shown["reports"][0]["state"], "disputed" in shown["needs"]) == ("disputed", True)
    assert refused(post(district, "chen", finding, "closing")) == (409, "move_not_open")
    decided = story.desk("zhao", finding, "dispute-decision", result="fail", reason="seen on the photo")
    assert (decided["state"], decided["needs"], decided["reports"][0]["decided"]) == ("dispatched", [], "fail")
    assert refused(post(district, "zhao", finding, "dispute-decision", result="pass", reason="no")) == (409, "nothing_disputed")
    verdict(wang, finding, report["id"], "pass")
    assert (wang.pushed()[0]["code"], story.seen_by("zhao", finding)["state"]) == ("state_kept", "dispatched")


def test_who_gave_a_verdict_does_not_decide_the_dispute(district, story):
    district.person("twofold", ("inspector", "330113001"), ("shift_leader", "330113"))
    finding = story.rectified()
    story.looked(finding, "pass")
    story.looked(finding, "fail", by="twofold")
    assert refused(post(district, "twofold", finding, "dispute-decision", result="fail", reason="mine")) == (403, "same_hands")
    assert refused(post(district, "lin", finding, "dispute-decision", result="fail", reason="?")) == (403, "forbidden")
    assert refused(post(district, "zhao", finding, "dispute-decision", result="fail", report=str(uuid4()), reason="?")) == (
        409,
        "nothing_disputed",
    )
    assert story.desk("zhao", finding, "dispute-decision", result="pass", reason="clean")["state"] == "verified"


# A void that meets the work


@pytest.mark.parametrize("void_first", [True, False])
def test_a_void_and_a_report_come_to_the_same_in_either_order(district, story, qian, void_first):
    finding = story.dispatched()
    report_line(qian, finding, story.task(finding))
    story.desk("zhao", finding, "void-request", reason="private ground")

    def void():
        return story.desk("chen", finding, "void", reason="so it is")

    if void_first:
        assert void()["dispatches"][0]["state"] == "cancelled"
    (result,) = qian.pushed()
    assert (result["status"], result["code"]) == (("merged", "state_kept") if void_first else ("applied", None))
    if not void_first:
        void()
    shown = story.seen_by("zhao", finding)
    (task,) = shown["dispatches"]
    assert (shown["state"], task["state"], shown["reports"][0]["state"]) == ("void", "cancelled", "open")
    assert task["handed_back_at"] is None  # the report says that work was done; the task is nobody's any more
    assert district.scalars(sa.select(DeadlineEvent.kind)) == ["stopped"]


# Requests


def test_an_extension_adds_the_original_limit_and_is_granted_at_most_twice(district, story):
    finding = story.dispatched()
    task, due = story.task(finding), moment(story.seen_by("qian", finding)["deadline"])
    for number in (1, 2):
        shown = story.desk("qian", finding, "extension-requests", dispatch=task, reason="rain")
        asked = shown["requests"][-1]
        assert (asked["kind"], asked["state"], moment(shown["deadline"])) == ("extension", "pending", due)
        assert refused(post(district, "qian", finding, "extension-requests", dispatch=task, reason="more rain")) == (409, "request_pending")
        shown = story.desk("sun", finding, f"extension-requests/{asked['id']}/grant")
        assert (shown["requests"][-1]["state"], moment(shown["deadline"]) - due) == (
            "granted",
            dt.timedelta(hours=2 if number == 1 else 16),
        )
        due = moment(shown["deadline"])
        assert refused(post(district, "sun", finding, f"extension-requests/{asked['id']}/refusal")) == (409, "request_decided")
    assert refused(post(district, "qian", finding, "extension-requests", dispatch=task, reason="snow")) == (409, "no_more_extensions")


def test_a_refused_extension_leaves_the_deadline_and_can_be_asked_for_again(district, story):
    finding = story.dispatched()
    task, due = story.task(finding), story.seen_by("qian", finding)["deadline"]
    asked = story.desk("qian", finding, "extension-requests", dispatch=task, reason="rain")["requests"][0]
    for login, status in (("qian", 403), ("lin", 403), ("zhao", 403), ("stranger", 403)):
        for verb in ("grant", "refusal"):
            assert post(district, login, finding, f"extension-requests/{asked['id']}/{verb}").status_code == status, login
    assert post(district, "sun", finding, f"extension-requests/{uuid4()}/grant").status_code == 404
    shown = story.desk("sun", finding, f"extension-requests/{asked['id']}/refusal", reason="it is dry")
    assert (shown["requests"][0]["state"], shown["requests"][0]["decided_reason"], shown["deadline"]) == ("refused", "it is dry", due)
    assert story.desk("ma", finding, "extension-requests", dispatch=task, reason="rain now")["requests"][1]["state"] == "pending"


def test_an_extension_is_asked_for_before_the_deadline_by_the_time_of_the_request(district, story, qian):
    finding = story.dispatched()
    task = story.task(finding)
    qian.do("request_extension", finding, {"dispatch": task, "reason": "rain"})
    district.clock.forward(days=1)
    assert refused(post(district, "ma", finding, "extension-requests", dispatch=task, reason="late")) == (409, "already_overdue")
    assert qian.pushed()[0]["status"] == "applied"
    qian.do("request_extension", finding, {"dispatch": task, "reason": "late"})
    (result,) = qian.pushed()
    assert (result["status"], result["code"]) == ("rejected", "already_overdue")


def test_a_report_and_an_extension_stand_side_by_side(district, story, qian):
    finding = story.dispatched()
    task = story.task(finding)
    asked = story.desk("ma", finding, "extension-requests", dispatch=task, reason="rain")["requests"][0]
    district.clock.forward(hours=5)  # an hour after the deadline
    story.reported(finding)
    assert story.seen_by("qian", finding)["reports"][0]["on_time"] is False
    shown = story.desk("sun", finding, f"extension-requests/{asked['id']}/grant")
    assert (shown["state"], shown["reports"][0]["on_time"]) == ("rectified", True)


def test_an_extension_granted_after_the_verdict_comes_too_late(district, story):
    finding = story.dispatched()
    asked = story.desk("ma", finding, "extension-requests", dispatch=story.task(finding), reason="rain")["requests"][0]
    district.clock.forward(hours=5)
    story.reported(finding)
    story.looked(finding, "fail")
    shown = story.desk("sun", finding, f"extension-requests/{asked['id']}/grant")
    assert shown["reports"][0]["on_time"] is False


def test_returns_and_suspensions_are_kept_and_shown(district, story, qian):
    finding = story.dispatched()
    task = story.task(finding)
    until = (district.clock.now() + dt.timedelta(days=30)).isoformat()
    qian.do("request_return", finding, {"dispatch": task, "reason": "not ours"})
    qian.do("request_suspension", finding, {"dispatch": task, "reason": "typhoon", "until": until})
    qian.do("request_suspension", finding, {"dispatch": task, "reason": "for ever", "until": "2100-01-01T00:00:00Z"})
    assert [(each["status"], each["code"]) for each in qian.pushed()] == [("applied", None), ("applied", None), ("rejected", "schema")]
    shown = story.seen_by("sun", finding)
    assert {(each["kind"], each["state"], each["until"] is not None) for each in shown["requests"]} == {
        ("return", "pending", False),
        ("suspension", "pending", True),
    }
    assert shown["state"] == "dispatched"
    (asked,) = [each for each in shown["requests"] if each["kind"] == "return"]
    assert post(district, "sun", finding, f"extension-requests/{asked['id']}/grant").status_code == 404
    for verb in ("return-requests", "extension-requests"):
        assert refused(post(district, "tang", finding, verb, dispatch=task, reason="?")) == (403, "not_your_dispatch")
        assert post(district, "feng", finding, verb, dispatch=task, reason="?").status_code == 404
        assert post(district, "lin", finding, verb, dispatch=task, reason="?").status_code == 403
    assert post(district, "stranger", finding, "suspension-requests", dispatch=task, reason="?", until=until).status_code == 403


def test_contractors_see_their_own_work_and_no_names(district, story):
    finding = story.dispatched()
    story.desk("qian", finding, "extension-requests", dispatch=story.task(finding), reason="rain")
    story.reported(finding)
    story.looked(finding, "fail", note="still there")
    shown = story.seen_by("ma", finding)
    assert [len(shown[name]) for name in ("dispatches", "reports", "requests", "verifications")] == [1, 1, 1, 1]
    assert (shown["reports"][0]["reported_by"], shown["requests"][0]["asked_by"], shown["verifications"][0]["verified_by"]) == (None,) * 3
    assert shown["verifications"][0]["note"] == "still there"
    staff = story.seen_by("tang", finding)
    assert staff["verifications"][0]["verified_by"] == str(district.person("wang"))
    assert staff["reports"][0]["reported_by"] == str(district.person("qian"))


# The end, and a new beginning


def test_a_reopened_finding_goes_to_the_same_unit_with_a_new_clock(district, story):
    finding = story.closed()
    old = story.task(finding)
    district.clock.forward(days=1)
    for login, status in (("sun", 403), ("zhao", 200)):
        assert post(district, login, finding, "reopening", reason="it is back").status_code == status, login
    shown = story.seen_by("qian", finding)
    assert (shown["state"], shown["closed_at"], [each["state"] for each in shown["dispatches"]]) == (
        "dispatched",
        None,
        ["handed_back", "issued"],
    )
    new = story.task(finding)
    before, after = shown["dispatches"]
    assert (before["id"], before["replaced_by"], after["id"], after["unit"]) == (old, new, new, before["unit"])
    assert moment(shown["deadline"]) == moment(after["due"]) > district.clock.now()
    kept = post(district, "qian", finding, "reports", report=str(uuid4()), dispatch=old)
    assert (*refused(kept), kept.json["stands"]) == (409, "dispatch_replaced", [new])
    story.reported(finding)
    assert story.looked(finding, "pass")["state"] == "verified"


def test_a_finding_is_closed_once_and_only_when_verified(district, story):
    finding = story.rectified()
    assert refused(post(district, "chen", finding, "closing")) == (409, "move_not_open")
    story.proved(finding)
    stale = story.seen_by("chen", finding)["state_version"] - 1
    assert refused(post(district, "chen", finding, "closing", state_version=stale)) == (412, "state_moved")
    assert story.desk("chen", finding, "closing")["state"] == "closed"
    assert refused(post(district, "zhao", finding, "closing")) == (409, "move_not_open")


# Resolved on the spot


def spot_photos():
    return [photo(picture(70), role="before"), photo(picture(71), role="after")]


def test_an_inspector_resolves_on_the_spot_and_an_acceptor_reviews(district, story):
    lin = story.lin
    before, after = spot_photos()
    finding = lin.record(category=DIRT, condition=1, photos=[before])["e"]["id"]
    lin.do("self_resolve_finding", finding, {"photos": [after], "note": "swept"})
    assert [each["status"] for each in lin.pushed()] == ["applied", "applied"]
    assert story.seen_by("zhao", finding)["state"] == "self_resolved"
    assert refused(post(district, "zhao", finding, "self-resolution/acceptance")) == (409, "not_ready")  # the photos have not come
    for number in (70, 71):
        lin.client.put(f"/api/v1/blobs/sha256/{sha256(picture(number))}", data=picture(number))
    district.settle()
    for login, status in (("lin", 403), ("sun", 403), ("stranger", 403)):
        for verb in ("acceptance", "refusal"):
            assert post(district, login, finding, f"self-resolution/{verb}").status_code == status
    assert story.desk("zhao", finding, "self-resolution/acceptance")["state"] == "closed"
    assert refused(post(district, "zhao", finding, "self-resolution/refusal")) == (409, "move_not_open")


def test_resolved_on_the_spot_is_shown_by_both_photos_and_said_by_its_recorder(district, story, wang):
    finding = story.recorded()
    before, after = spot_photos()
    story.lin.do("self_resolve_finding", finding, {"photos": [after], "note": None})
    (result,) = story.lin.pushed()
    assert (result["status"], result["code"]) == ("rejected", "evidence_missing")
    wang.do("self_resolve_finding", finding, {"photos": [before, after], "note": None})
    assert wang.pushed()[0]["code"] == "not_authorised"
    shown = story.desk("lin", finding, "self-resolution", photos=spot_photos())
    assert shown["state"] == "self_resolved"
    assert story.desk("zhao", finding, "self-resolution/refusal", reason="the photos are of another street")["state"] == "void"


def test_resolved_on_the_spot_but_filed_meanwhile_keeps_the_state_and_the_photos(district, story):
    finding = story.filed()
    story.lin.do("self_resolve_finding", finding, {"photos": spot_photos(), "note": "swept"})
    (result,) = story.lin.pushed()
    assert (result["status"], result["code"], result["effects"]["state"]) == ("merged", "state_kept", "filed")
    assert len(story.seen_by("zhao", finding)["photos"]) == 3


def test_ids_of_reports_are_taken_once(district, story):
    finding, other = story.dispatched(), story.dispatched()
    report = story.reported(finding)
    taken = post(district, "qian", other, "reports", report=report, dispatch=story.task(other))
    assert refused(taken) == (409, "id_taken")
    assert UUID(report)
