"""Ten lives of findings, told as people would tell them: each through the front door, on SQLite and on PostgreSQL.

The clock begins on Monday 23 November 2026 at noon. Dirt on a road is to be gone within two working hours; in Shen's community it is
Hangyang's to clean (Qian manages it, Ma works for it), elsewhere Lvyuan's (Feng).
"""

from __future__ import annotations

import datetime as dt

import pytest

from tests.make.district import EAST, MANHOLE
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256
from tests.stories import Story

LOCAL = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture
def story(any_district):
    return Story(any_district)


def local(text):
    """As a clock on the wall in Linping shows it."""
    return f"{dt.datetime.fromisoformat(text).astimezone(LOCAL):%m-%d %H:%M}"


def lead(doc):
    return next(task for task in reversed(doc["dispatches"]) if task["role"] == "lead" and task["replaced_by"] is None)


def asked(doc, kind):
    return next(each for each in reversed(doc["requests"]) if each["kind"] == kind)


def events(doc):
    return [entry["event"].removeprefix("finding.") for entry in doc["history"]]


def refused(story, login, finding, verb, *, headers=None, **payload):
    """The slug of what somebody is refused with."""
    answer = story.district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload, headers=headers or {})
    assert answer.status_code >= 400, answer.text
    return answer.json["type"].removeprefix("/problems/")


def passes(story, **time):
    story.district.clock.forward(**time)
    story.district.settle()


def test_a_manhole_cover_goes_from_the_street_to_the_closed_case(story):
    # Lin sees a broken cover, photographs it and sends it home; nobody at the desk has to lift a hand.
    finding = story.ready(category=MANHOLE, condition=2)
    story.district.settle()
    there = story.seen_by("zhao", finding)
    assert (there["state"], lead(there)["unit"]) == ("dispatched", str(story.district.unit("hangyang")))
    assert local(lead(there)["due"]) == "11-23 18:00"  # four working hours after the noon break

    # Hangyang sees it, the other company does not.
    assert story.seen_by("qian", finding)["number"] == there["number"]
    assert story.district.client("feng").get(f"/api/v1/findings/{finding}").status_code == 404

    # Its worker mends it, Wang looks, and Chen closes. The company could do neither.
    passes(story, hours=4)
    report = story.reported(finding, by="ma", photos=[story.usable("ma", "after")])
    story.district.person("wang", ("inspector", "330113001"))
    assert refused(story, "qian", finding, "closing") == "forbidden"
    story.looked(finding, "pass", report=report, photos=[story.usable("wang", "verification")])
    assert story.desk("chen", finding, "closing")["state"] == "closed"

    # Lin reads what became of it, and why.
    end = story.seen_by("lin", finding)
    assert end["reports"][0]["on_time"] is True
    assert [
        each for each in events(end) if each in {"recorded", "filed", "dispatched", "rectification_reported", "verified", "closed"}
    ] == [
        "recorded",
        "filed",
        "dispatched",
        "rectification_reported",
        "verified",
        "closed",
    ]


def test_what_was_sent_to_the_wrong_unit_goes_to_another_and_its_clock_begins_anew(story):
    finding = story.dispatched()
    assert local(lead(story.seen_by("sun", finding))["due"]) == "11-23 16:00"

    # Qian says that it is not Hangyang's duty: while Sun thinks about it the clock stands.
    waiting = story.desk("qian", finding, "return-requests", dispatch=story.task(finding), reason="不在合同范围内")
    assert lead(waiting)["state"] == "returned"
    passes(story, hours=3)

    # Sun sends it to Lvyuan, which has its full two hours from then on; what came back is counted, and Hangyang sees it no more.
    lvyuan = str(story.district.unit("lvyuan"))
    verb = f"return-requests/{asked(waiting, 'return')['id']}/grant"
    moved = story.desk("sun", finding, verb, unit=lvyuan, reason="由绿源负责")
    assert (lead(moved)["unit"], local(lead(moved)["due"]), moved["counters"]["bounces"]) == (lvyuan, "11-23 17:00", 1)
    story.proved(finding, by="feng")
    assert story.desk("chen", finding, "closing")["reports"][0]["on_time"] is True


def test_a_typhoon_stops_every_clock_of_the_town_and_they_run_on_by_themselves(story):
    near, far = story.dispatched(), story.dispatched(place={"lon": EAST[0], "lat": EAST[1], "datum": "WGS-84"})
    leader = story.district.client("li")
    until = "2026-11-25T08:00:00+08:00"
    said = {"area": "330113001", "until": until, "reason": "台风红色预警"}
    assert leader.post("/api/v1/area-suspensions", json=said).status_code == 201
    story.district.settle()

    # In the town the clock stands; in the other one people work on.
    assert (lead(story.seen_by("sun", near))["state"], lead(story.seen_by("sun", far))["state"]) == ("suspended", "issued")
    assert local(lead(story.seen_by("sun", near))["due"]) == "11-25 10:00"
    assert local(lead(story.seen_by("sun", far))["due"]) == "11-23 16:00"

    # On Wednesday morning it runs on, without anybody having to remember.
    passes(story, days=1, hours=20, minutes=10)
    assert lead(story.seen_by("sun", near))["state"] == "issued"
    story.reported(near)
    assert story.seen_by("sun", near)["reports"][0]["on_time"] is True


def test_more_time_is_given_twice_and_never_once_it_is_too_late(story):
    finding = story.dispatched()
    for due in ("11-23 18:00", "11-24 10:00"):
        waiting = story.desk("qian", finding, "extension-requests", dispatch=story.task(finding), reason="需要大型机械")
        given = story.desk("sun", finding, f"extension-requests/{asked(waiting, 'extension')['id']}/grant")
        assert local(lead(given)["due"]) == due
    again = {"dispatch": story.task(finding), "reason": "还需要时间"}
    assert refused(story, "qian", finding, "extension-requests", **again) == "no_more_extensions"

    other = story.dispatched()
    passes(story, hours=5)
    late = {"dispatch": story.task(other), "reason": "来不及"}
    assert refused(story, "qian", other, "extension-requests", **late) == "already_overdue"
    story.reported(other)
    assert story.seen_by("sun", other)["reports"][0]["on_time"] is False


def test_bad_work_comes_back_until_it_is_good_and_is_counted(story):
    finding = story.dispatched()
    passes(story, hours=3, minutes=50)  # ten minutes are left
    story.reported(finding)
    story.looked(finding, "fail", note="仍有垃圾")
    back = story.seen_by("qian", finding)
    assert (back["state"], lead(back)["state"], lead(back)["reworks"]) == ("dispatched", "rework", 1)
    assert local(lead(back)["due"]) == "11-23 17:50"  # two working hours, though only minutes were left

    passes(story, hours=1)
    story.proved(finding)
    done = story.desk("chen", finding, "closing")
    assert (done["state"], [each["state"] for each in done["reports"]], done["counters"]["reworks"]) == ("closed", ["failed", "passed"], 1)


def test_of_two_desks_that_move_one_finding_at_once_one_wins_and_the_other_is_told_how_it_stands(story):
    finding = story.ready()
    client = story.district.client("zhao")
    tag = client.get(f"/api/v1/findings/{finding}").headers["ETag"]
    assert client.post(f"/api/v1/findings/{finding}/filing", json={}, headers={"If-Match": tag}).status_code == 200

    answer = story.district.client("chen").post(f"/api/v1/findings/{finding}/filing", json={}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json["type"], answer.json["state"]) == (412, "/problems/state_moved", "filed")
    assert events(story.seen_by("chen", finding)).count("filed") == 1


def test_many_hands_a_worker_a_manager_and_a_second_unit(story):
    finding = story.dispatched()
    task, ma = story.task(finding), str(story.district.person("ma"))
    story.desk("qian", finding, "assignments", dispatch=task, worker=ma, hand_back_by="manager")
    beside = story.desk(
        "sun",
        finding,
        "co-units",
        unit=str(story.district.unit("330113001")),
        reason="协助疏导",
        limit={"value": 4, "unit": "working_hours"},
    )
    other = next(each for each in beside["dispatches"] if each["role"] != "lead")
    assert (local(lead(beside)["due"]), local(other["due"])) == ("11-23 16:00", "11-23 18:00")

    # Ma reports; the clock stops only when Qian hands it back.
    passes(story, hours=3)
    report = story.reported(finding, by="ma", photos=[story.usable("ma", "after")])
    assert story.seen_by("qian", finding)["reports"][0]["state"] == "awaiting_hand_back"
    passes(story, minutes=30)
    back = story.desk("qian", finding, "hand-back", report=report)
    assert (lead(back)["state"], local(lead(back)["handed_back_at"])) == ("handed_back", "11-23 15:30")
    assert back["state"] == "dispatched"  # the town still works on its part

    story.reported(finding, by="tang", dispatch=other["id"], photos=[story.usable("tang", "after")])
    assert story.seen_by("sun", finding)["state"] == "rectified"
    story.district.person("wang", ("inspector", "330113001"))
    for each in story.seen_by("zhao", finding)["reports"]:
        story.looked(finding, "pass", report=each["id"], photos=[story.usable("wang", "verification")])
    assert story.seen_by("zhao", finding)["state"] == "verified"


def test_a_company_appeals_once_and_late_stays_late(story):
    finding = story.dispatched()
    passes(story, hours=6)
    story.proved(finding)
    story.desk("chen", finding, "closing")
    waiting = story.desk("qian", finding, "appeals", dispatch=story.task(finding), reason="路口封闭，无法进入")
    assert waiting["state"] == "appealed"
    appeal = asked(waiting, "appeal")["id"]

    # Chen closed it and does not rule on it; Zhao does.
    assert refused(story, "chen", finding, f"appeals/{appeal}/grant", reason="同意") == "own_work"
    ruled = story.desk("zhao", finding, f"appeals/{appeal}/grant", reason="交警封路记录属实")
    assert (ruled["state"], lead(ruled)["exempt"], ruled["reports"][0]["on_time"]) == ("closed", True, False)
    again = {"dispatch": story.task(finding), "reason": "再次申诉"}
    assert refused(story, "qian", finding, "appeals", **again) == "appealed_already"


def test_what_a_phone_brings_home_late_counts_as_of_when_it_was_done(story):
    finding = story.dispatched()
    ma = Phone(story.district, "ma")
    content = picture(77, size=(64, 48))
    passes(story, hours=3)

    # In a cellar without a net, an hour before the deadline; the phone finds a net in the evening.
    line = ma.do(
        "report_rectification",
        finding,
        {
            "report": "0199f0a0-0000-7000-8000-000000000001",
            "dispatch": story.task(finding),
            "note": "已清理",
            "photos": [photo(content, role="after")],
        },
    )
    passes(story, hours=6)
    (result,) = ma.pushed()
    assert (result["status"], result["at_corrected"][:16]) == ("applied", "2026-11-23T07:00"), (result, line)
    assert ma.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
    story.district.settle()
    there = story.seen_by("zhao", finding)
    assert (there["state"], there["reports"][0]["on_time"], local(lead(there)["handed_back_at"])) == ("rectified", True, "11-23 15:00")


def test_a_leader_presses_for_it_and_a_clue_goes_to_enforcement_beside_the_work(story):
    finding = story.dispatched()
    due = "2026-11-23T18:00:00+08:00"
    pressed = story.desk("li", finding, "supervisions", demand="请说明为何反复出现", reply_due=due)
    demand = pressed["supervisions"][0]["id"]
    assert pressed["supervised"] is True
    story.desk("qian", finding, f"supervisions/{demand}/reply", reply="附近工地车辆带泥，已增派清洗")
    assert story.desk("li", finding, f"supervisions/{demand}/end", result="settled")["supervised"] is False

    # The mud is a building site's: enforcement is handed the clue with the law it rests on, takes it on, and says what came of it.
    bureau = str(story.district.unit("municipal"))
    clue = story.desk("sun", finding, "hand-overs", unit=bureau, legal_basis="《城市市容和环境卫生管理条例》第十六条", facts="车辆带泥上路")
    handed = clue["hand_overs"][0]["id"]
    story.desk("gu", finding, f"hand-overs/{handed}/receipt", receipt="临综执受〔2026〕17号")
    done = story.desk("gu", finding, f"hand-overs/{handed}/conclusion", outcome="责令改正，罚款五百元")
    assert (done["hand_overs"][0]["state"], done["state"]) == ("concluded", "dispatched")

    # The work itself is Hangyang's all the same.
    story.proved(finding)
    assert story.desk("chen", finding, "closing")["state"] == "closed"
