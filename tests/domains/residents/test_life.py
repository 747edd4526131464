"""A resident's report through its whole life: stages in words, the end, reopening, retention, and a replay that comes out the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from backend.core.perform import reading
from backend.domains.findings.rules.moves import STATES
from backend.domains.residents.model import ResidentMessage, ResidentReport
from backend.domains.residents.rules import status
from backend.domains.sync.judging.replaying.check import check_replay
from backend.domains.sync.judging.replaying.target import empty_database
from backend.domains.sync.queries.verify.every import verify
from backend.entrypoints.worker import residents as worker
from tests.domains.residents.test_public_door import only_report, refused
from tests.make.district import NEXT_DOOR
from tests.make.pictures import picture
from tests.make.resident import Resident, place


@pytest.fixture
def case(district, resident, story):
    """A report that became a finding with a usable photo; its id."""
    resident.report(name="王小明", phone="13812345678", consent=True)
    assert resident.photo(picture(90, size=(64, 48))).status_code == 201
    district.settle()
    return only_report(district)["finding"]


def closed(district, story, finding):
    story.desk("zhao", finding, "filing", condition=1)
    story.desk("sun", finding, "dispatches")
    story.proved(finding)
    story.desk("zhao", finding, "closing")
    district.settle()


def later(district, days):
    """Days pass, and everybody signs in anew."""
    district.clock.forward(days=days)
    district._tokens.clear()


def post(district, login, path, **body):
    return district.client(login).post(f"/api/v1/{path}", json=body)


def verified(district):
    from backend.core.database.engine import db

    with district.app.app_context(), reading(db.session(), snapshot=True) as source, empty_database() as target:
        report = verify(source, now=district.clock.now(), store=None)
        check_replay(report, source, target)
    return report


def test_each_state_of_a_finding_has_words_for_people():
    assert {state for state in STATES if status.stage_of("taken_up", state) == "in_work"} == set()
    assert set(status.ENDED) <= set(status.STAGES)


def test_the_stages_follow_the_work_and_promise_the_day_of_the_deadline(district, resident, story, case):
    story.desk("zhao", case, "filing", condition=1)
    assert resident.status()["stage"] == "accepted"
    story.desk("sun", case, "dispatches")
    told = resident.status()
    assert (told["stage"], told["expected_by"] is not None) == ("ordered", True)
    report = story.reported(case, by="qian", photos=[story.usable("qian", "after")])
    assert resident.status()["stage"] == "done"
    district.person("wang", ("inspector", "330113001"))
    story.looked(case, "fail", report=report)
    assert resident.status()["stage"] == "again"
    story.proved(case)
    assert resident.status()["stage"] == "checked"
    story.desk("zhao", case, "closing")
    told = resident.status()
    assert (told["stage"], told["expected_by"]) == ("closed", None)
    assert [step["words"]["en"] for step in told["steps"]][:4] == ["Report received", "Put on record", "Accepted", "Work ordered"]
    assert told["steps"][-1]["words"]["zh"] == "结案"
    assert {"rate", "ask_reopening"} <= set(told["can"])
    assert resident.call("PUT", "/rating", rating=4, note="快").json["rating"] == 4


def test_the_recorder_nobody_can_sign_in_as_does_not_keep_the_desk_from_its_work(district, case):
    answer = district.app.test_client().post("/api/v1/sessions", json={"login": "service:resident", "password": ""})
    assert answer.status_code in {401, 422}
    people = district.client("admin").get("/api/v1/people?limit=500").json["items"]
    assert "service:resident" not in {person["login"] for person in people}
    service = district.client("zhao").get(f"/api/v1/findings/{case}").json["recorded_by"]
    unit = str(district.unit("330113"))
    assert district.client("admin").post(f"/api/v1/people/{service}/roles", json={"role": "leader", "unit": unit}).status_code == 404
    assert district.client("admin").post(f"/api/v1/people/{service}/disable").status_code == 404


def test_a_contractor_sees_the_work_and_nothing_of_who_reported(district, resident, story, case):
    story.desk("zhao", case, "filing", condition=1)
    story.desk("sun", case, "dispatches")
    shown = story.seen_by("qian", case)
    assert (shown["recorded_by"], shown["notes"]) == (None, [])
    assert district.client("qian").get("/api/v1/resident-reports").status_code == 403
    report = only_report(district)["id"]
    for login in ("qian", "stranger", "sun", "li", "shen"):
        assert post(district, login, f"resident-reports/{report}/contact-views", reason="call_back").status_code == 403


# Contacts


def test_reading_a_contact_is_kept_with_who_when_and_why_for_those_who_audit(district, resident, case):
    report = only_report(district)
    assert report["contact"]["phone"] == "138******78"
    assert post(district, "zhao", f"resident-reports/{report['id']}/contact-views").status_code == 422
    answer = post(district, "zhao", f"resident-reports/{report['id']}/contact-views", reason="find_place", note="哪个路口")
    assert (answer.status_code, answer.json["name"], answer.json["phone"]) == (200, "王小明", "13812345678")
    assert answer.headers["Cache-Control"] == "no-store"
    (view,) = district.client("yu").get("/api/v1/contact-views").json["items"]
    assert (view["by_name"], view["reason"], view["note"], view["receipt"]) == ("赵敏", "find_place", "哪个路口", resident.receipt)
    assert district.client("zhao").get("/api/v1/contact-views").status_code == 403
    assert district.client("yu").get(f"/api/v1/contact-views?by={district.person('chen')}").json["items"] == []


def test_a_report_without_contact_has_none_to_read(district, resident):
    resident.report()
    answer = post(district, "zhao", f"resident-reports/{only_report(district)['id']}/contact-views", reason="call_back")
    assert refused(answer) == (404, "no_contact")


def test_personal_data_are_erased_some_days_after_the_end_and_not_before(district, resident, story, case):
    resident.call("POST", "/messages", text="谢谢")
    closed(district, story, case)
    resident.call("PUT", "/rating", rating=5, note="王小明很满意")
    later(district, 89)
    assert worker.erase_contacts(district.app) == 0
    assert only_report(district)["contact"]["name"] == "王**"
    later(district, 2)
    assert worker.erase_contacts(district.app) == 1
    assert worker.erase_contacts(district.app) == 0
    columns = (ResidentReport.name, ResidentReport.phone, ResidentReport.original, ResidentReport.rating_note, ResidentReport.consent_at)
    assert tuple(district.rows(sa.select(*columns))[0]) == (None,) * 5
    assert district.scalars(sa.select(ResidentMessage.text)) == [None]
    told = resident.status()
    assert (told["stage"], told["rating"], told["messages"]) == ("closed", 5, [])
    assert refused(resident.call("POST", "/messages", text="again")) == (409, "report_not_at_this_point")


def test_a_reopened_case_keeps_its_contact_until_its_new_end(district, resident, story, case):
    closed(district, story, case)
    later(district, 20)
    story.desk("chen", case, "reopening", reason="it is back")
    district.settle()
    later(district, 80)
    assert worker.erase_contacts(district.app) == 0


# Ends


def test_what_was_not_taken_on_is_owed_an_answer(district, resident, story, case):
    post(district, "zhao", f"findings/{case}/void-request", reason="internal words")
    post(district, "chen", f"findings/{case}/void", reason="internal words")
    district.settle()
    report = only_report(district)
    assert (report["todo"], report["stage"], report["ended_at"] is not None) == ("reply", "not_taken", True)
    assert "internal words" not in resident.call("GET").text
    listed = district.client("zhao").get("/api/v1/resident-reports?todo=reply").json
    assert ([each["id"] for each in listed["items"]], listed["todo"]) == ([report["id"]], {"take_up": 0, "reply": 1})


def test_a_dismissed_report_says_why_and_cannot_be_dealt_with_twice(district, resident):
    resident.report(category=None)
    report = only_report(district)["id"]
    answer = post(district, "zhao", f"resident-reports/{report}/dismissal", outcome="not_ours", reply="请联系物业")
    assert (answer.status_code, answer.json["state"]) == (200, "dismissed")
    told = resident.status()
    assert (told["stage"], told["words"]["en"]) == ("not_taken", "It is not this district's to mend.")
    assert told["messages"][0]["text"] == "请联系物业"
    again = post(district, "chen", f"resident-reports/{report}/finding", category={"kind": "event", "code": "06012"})
    assert refused(again) == (409, "report_not_open")


def test_a_report_without_a_place_needs_one_to_be_taken_up(district, resident):
    resident.report(place=None, address="星河南路12号")
    report = only_report(district)["id"]
    category = {"kind": "event", "code": "06012"}
    assert refused(post(district, "zhao", f"resident-reports/{report}/finding", category=category)) == (422, "invalid")
    answer = post(district, "zhao", f"resident-reports/{report}/finding", category=category, place=place(NEXT_DOOR))
    assert (answer.status_code, answer.json["areas"]["community"]) == (201, "330113001002")


def test_two_desks_that_take_it_up_at_once_make_one_finding(district, resident, story):
    resident.report(category=None)
    report = only_report(district)["id"]
    clients = [district.client(who) for who in ("zhao", "chen")]

    def take(client):
        return client.post(f"/api/v1/resident-reports/{report}/finding", json={"category": {"kind": "event", "code": "06012"}}).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(take, clients)) == [201, 409]
    assert len(district.client("zhao").get("/api/v1/findings").json["items"]) == 1


def test_a_report_sent_twice_at_once_is_one_report(district):
    people = [Resident(district, f"198.51.100.{n}") for n in range(4)]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda person: person.send(key="k" * 32), people))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({(answer.json["receipt"], answer.json["secret"]) for answer in answers}) == 1
    assert len(district.client("zhao").get("/api/v1/findings").json["items"]) == 1


def test_two_that_say_at_once_that_it_is_not_mended_make_one_request(district, resident, story, case):
    closed(district, story, case)

    def ask(_):
        return resident.call("POST", "/reopening-request", reason="还是很脏").status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(ask, range(2))) == [201, 409]


def test_one_attached_to_an_earlier_one_follows_it_to_its_end(district, resident, story, case):
    head = story.filed()
    answer = post(district, "zhao", f"findings/{case}/attachment", head=head, reason="the same")
    assert answer.status_code == 200, answer.text
    attached = case if story.seen_by("zhao", case)["state"] == "attached" else head
    if attached == head:  # the resident's came first: it is the head
        closed_head = case
    else:
        closed_head = head
        told = resident.status()
        assert told["stage"] == "accepted" and "The same thing had been reported before" in told["words"]["en"]
    if story.seen_by("zhao", closed_head)["state"] == "recorded":
        story.desk("zhao", closed_head, "filing", condition=1)
    story.desk("sun", closed_head, "dispatches")
    story.proved(closed_head)
    story.desk("zhao", closed_head, "closing")
    district.settle()
    assert (resident.status()["stage"], only_report(district)["ended_at"] is not None) == ("closed", True)


# Reopening


def test_not_mended_asks_a_shift_leader_who_opens_it_again(district, resident, story, case):
    closed(district, story, case)
    assert refused(resident.call("POST", "/reopening-request"))[0] == 422
    told = resident.call("POST", "/reopening-request", reason="还是很脏，电话13812345678")
    assert (told.status_code, told.json["reopening"]["state"]) == (201, "pending")
    assert refused(resident.call("POST", "/reopening-request", reason="still")) == (409, "reopening_pending")
    (asked,) = district.client("chen").get("/api/v1/reopening-requests").json["items"]
    assert (asked["finding"], asked["reason"]) == (case, "还是很脏，电话[***]")
    answer = post(district, "chen", f"reopening-requests/{asked['id']}/grant", reason="确实未清理")
    assert (answer.status_code, answer.json["state"]) == (200, "granted")
    district.settle()
    told = resident.status()
    assert (told["stage"], told["reopening"]["answer"]) == ("ordered", "确实未清理")
    assert only_report(district)["ended_at"] is None
    assert refused(post(district, "chen", f"reopening-requests/{asked['id']}/refusal", reason="no")) == (409, "reopening_decided")


def test_who_closed_it_does_not_refuse_to_open_it_again(district, resident, story, case):
    closed(district, story, case)
    resident.call("POST", "/reopening-request", reason="还是很脏")
    (asked,) = district.client("zhao").get("/api/v1/reopening-requests").json["items"]
    assert refused(post(district, "zhao", f"reopening-requests/{asked['id']}/refusal", reason="fine")) == (403, "same_hands")
    assert post(district, "sun", f"reopening-requests/{asked['id']}/refusal", reason="fine").status_code == 403
    assert post(district, "chen", f"reopening-requests/{asked['id']}/refusal", reason="已复查，路面干净").json["state"] == "refused"
    told = resident.status()
    assert (told["stage"], told["reopening"]["state"], told["reopening"]["answer"]) == ("closed", "refused", "已复查，路面干净")


def test_it_is_asked_twice_and_within_thirty_days(district, resident, story, case):
    closed(district, story, case)
    for _ in range(2):
        assert resident.call("POST", "/reopening-request", reason="还是很脏").status_code == 201
        (asked,) = district.client("chen").get("/api/v1/reopening-requests").json["items"]
        post(district, "chen", f"reopening-requests/{asked['id']}/refusal", reason="已复查")
    assert refused(resident.call("POST", "/reopening-request", reason="还是很脏")) == (409, "too_late_to_reopen")
    assert "ask_reopening" not in resident.status()["can"]


def test_after_a_month_a_new_report_is_the_way(district, resident, story, case):
    closed(district, story, case)
    district.clock.forward(days=31)
    assert refused(resident.call("POST", "/reopening-request", reason="又脏了")) == (409, "too_late_to_reopen")


def test_only_what_is_closed_is_opened_again(district, resident, case):
    assert refused(resident.call("POST", "/reopening-request", reason="快点")) == (409, "report_not_at_this_point")


def test_a_request_lapses_when_the_desk_opens_it_by_itself(district, resident, story, case):
    closed(district, story, case)
    resident.call("POST", "/reopening-request", reason="还是很脏")
    story.desk("chen", case, "reopening", reason="seen it")
    district.settle()
    assert resident.status()["reopening"]["state"] == "lapsed"


def test_a_community_asks_through_its_liaison_and_never_for_another(district, story):
    here, elsewhere = story.closed(), story.closed(by="feng", at=NEXT_DOOR)
    answer = post(district, "shen", f"findings/{here}/reopening-requests", reason="居民反映又堆了")
    assert (answer.status_code, answer.json["asked_by"]) == (201, str(district.person("shen")))
    assert post(district, "shen", f"findings/{elsewhere}/reopening-requests", reason="x").status_code == 404
    assert post(district, "qian", f"findings/{here}/reopening-requests", reason="x").status_code == 403
    answer = post(district, "li", f"reopening-requests/{answer.json['id']}/grant", reason="同意")
    assert (answer.status_code, story.seen_by("zhao", here)["state"]) == (200, "dispatched")


# Calls


def test_a_caller_gets_a_receipt_and_the_case_is_the_desks(district, story):
    body = {"key": "k" * 30, "channel": "hotline", "text": "井盖坏了，电话13812345678", "place": place()}
    body |= {"name": "李", "phone": "13812345678", "consent": True, "category": {"kind": "component", "code": "01001"}}
    answer = post(district, "zhao", "resident-reports", **body)
    assert answer.status_code == 201, answer.text
    report = answer.json["report"]
    shown = story.seen_by("zhao", report["finding"])
    assert (shown["source"], shown["recorded_by"], shown["note"]) == ("hotline", str(district.person("zhao")), "井盖坏了，电话[***]")
    caller = Resident(district)
    caller.receipt, caller.secret = answer.json["receipt"], answer.json["secret"]
    assert caller.status()["stage"] == "recorded"
    assert caller.call("POST", "/withdrawal", reason="修好了").json["stage"] == "recorded"  # the desk's own record: the wish is passed on
    assert only_report(district)["todo"] == "reply"
    assert post(district, "lin", "resident-reports", **body).status_code == 403


# The record of it all


def test_a_district_with_residents_verifies_and_replays_the_same(district, resident, story, case):
    other = Resident(district, "198.51.100.9")
    other.report(category=None)
    other.photo(picture(91, size=(64, 48)))
    other.photo(picture(90, size=(64, 48)))  # the same bytes as somebody else's
    open_ = next(each for each in district.client("zhao").get("/api/v1/resident-reports").json["items"] if each["state"] == "open")
    post(district, "zhao", f"resident-reports/{open_['id']}/finding", category={"kind": "event", "code": "06012"})
    third = Resident(district, "198.51.100.10")
    third.report()
    third.call("POST", "/withdrawal", reason="误报")
    closed(district, story, case)
    resident.call("POST", "/reopening-request", reason="还是很脏")
    (asked,) = district.client("chen").get("/api/v1/reopening-requests").json["items"]
    post(district, "chen", f"reopening-requests/{asked['id']}/grant", reason="属实")
    other.call("POST", "/withdrawal")
    district.settle()
    district.clock.forward(days=200)
    worker.erase_contacts(district.app)
    report = verified(district)
    assert report.violations == []
    assert report.counts["replay"]["not_done_again"] == 0 and report.counts["replay"]["deeds"] > 10


# Lists


def test_reports_are_found_by_receipt_and_finding_and_paged_newest_first(district, resident):
    receipts = []
    for _ in range(5):
        resident.report()
        receipts.append(resident.receipt)
    zhao = district.client("zhao")
    pages, cursor = [], None
    while True:
        answer = zhao.get("/api/v1/resident-reports", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        pages.append([each["receipt"] for each in answer["items"]])
        cursor = answer["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [each for page in pages for each in page] == receipts[::-1]
    (found,) = zhao.get("/api/v1/resident-reports", query_string={"receipt": receipts[1].lower()}).json["items"]
    (same,) = zhao.get("/api/v1/resident-reports", query_string={"finding": found["finding"]}).json["items"]
    assert same["receipt"] == receipts[1]
    assert refused(zhao.get("/api/v1/resident-reports?cursor=bm9uc2Vuc2U")) == (422, "bad_page_cursor")


def test_a_report_follows_its_finding_into_another_area(district, resident, case):
    value = place(NEXT_DOOR)
    seen = {key: value for key, value in place().items() if key != "accuracy_m"}
    shown = district.client("zhao").get(f"/api/v1/findings/{case}").json["place"]
    answer = post(district, "zhao", f"findings/{case}/amendments", fields={"place": {"seen": {**seen, **shown}, "value": value}})
    assert answer.status_code == 200, answer.text
    district.settle()
    assert only_report(district)["areas"]["community"] == "330113001002"
