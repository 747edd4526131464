"""A leader's demands, hand-overs to enforcement, repeat problems, joint campaigns; and that all of it can be done again."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from backend.core.database.engine import db
from backend.core.perform import reading
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Assignment
from backend.domains.findings.rules.campaigns import phase
from backend.domains.findings.rules.hands import counted, in_force, whose_word
from backend.domains.findings.rules.repeats import REPEAT_WITHIN, is_repeat
from backend.domains.findings.rules.reports import Look, Reported, standing_of
from backend.domains.sync.judging.replaying.check import check_replay
from backend.domains.sync.judging.replaying.target import empty_database
from backend.domains.sync.queries.verify.report import Report
from tests.make.district import DIRT, MANHOLE, NEXT_DOOR, TODAY
from tests.make.phone import place


def moment(text):
    return dt.datetime.fromisoformat(text)


def refused(answer):
    return answer.status_code, answer.json["type"].rpartition("/")[2]


def post(district, login, finding, verb, **payload):
    return district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json=payload)


def demand(district, story, finding, *, hours=4, by="li", **payload):
    due = (district.clock.now() + dt.timedelta(hours=hours)).isoformat()
    return story.desk(by, finding, "supervisions", demand="three complaints in a week", reply_due=due, **payload)["supervisions"][-1]


# Demands


def test_a_demand_goes_to_whoever_has_the_lead_and_is_answered_by_them(district, story):
    finding = story.dispatched()
    asked = demand(district, story, finding)
    assert (asked["unit"], asked["state"], asked["kind"]) == (str(district.unit("hangyang")), "open", "leader")
    shown = story.seen_by("qian", finding)
    assert (shown["supervised"], shown["supervisions"][0]["demand"], shown["supervisions"][0]["asked_by"]) == (
        True,
        "three complaints in a week",
        None,
    )
    path = f"supervisions/{asked['id']}/reply"
    for login in ("sun", "zhao", "tang"):
        assert refused(post(district, login, finding, path, reply="soon")) == (403, "not_addressed"), login
    assert post(district, "feng", finding, path, reply="soon").status_code == 404
    assert post(district, "lin", finding, path, reply="soon").status_code == 403
    shown = story.desk("qian", finding, path, reply="a crew is on its way")
    assert (shown["supervisions"][0]["state"], shown["supervisions"][0]["replied_late"], shown["supervised"]) == ("replied", False, True)
    assert refused(post(district, "qian", finding, path, reply="again")) == (409, "answered_already")
    end = f"supervisions/{asked['id']}/end"
    assert post(district, "sun", finding, end, result="settled").status_code == 403
    shown = story.desk("li", finding, end, result="insufficient", reason="no date given")
    assert (shown["supervised"], shown["supervisions"][0]["result"], shown["counters"]["supervisions"]) == (False, "insufficient", 1)
    assert refused(post(district, "li", finding, end, result="settled")) == (409, "answered_already")


def test_before_a_dispatch_the_desk_is_to_reply_and_a_missing_reply_is_told_once(district, story):
    finding = story.filed()
    asked = demand(district, story, finding, hours=2)
    assert asked["unit"] is None
    district.clock.forward(hours=1)
    district.settle()
    told = [each["event"] for each in story.seen_by("li", finding)["history"]]
    assert "finding.supervision_overdue" not in told
    district.clock.forward(hours=2)
    district.settle()
    district.settle()
    told = [each["event"] for each in story.seen_by("li", finding)["history"]]
    assert told.count("finding.supervision_overdue") == 1
    shown = story.desk("sun", finding, f"supervisions/{asked['id']}/reply", reply="today")
    assert shown["supervisions"][0]["replied_late"] is True


def test_a_demand_can_go_to_the_bureau_or_the_town_and_to_nobody_strange(district, story):
    finding = story.filed()
    due = (district.clock.now() + dt.timedelta(hours=1)).isoformat()
    ask = {"demand": "see to it", "reply_due": due}
    town = demand(district, story, finding, unit=str(district.unit("330113001")))
    assert town["unit_kind"] == "town"
    story.desk("tang", finding, f"supervisions/{town['id']}/reply", reply="we are there")
    for strange in ("lvyuan", "330113002"):
        answer = post(district, "li", finding, "supervisions", **ask, unit=str(district.unit(strange)))
        assert refused(answer) == (422, "no_addressee"), strange
    past = {**ask, "reply_due": (district.clock.now() - dt.timedelta(minutes=1)).isoformat()}
    assert refused(post(district, "li", finding, "supervisions", **past)) == (422, "invalid")
    for login in ("sun", "zhao", "lin", "qian", "tang", "stranger"):
        assert post(district, login, finding, "supervisions", **ask).status_code == 403, login


def test_another_unit_reads_no_demand_that_is_not_its_own(district, story):
    finding = story.dispatched()
    contract = str(district.contracts["BJ"])
    story.desk("sun", finding, "co-units", contract=contract, reason="the verge")
    demand(district, story, finding)
    shown = story.seen_by("feng", finding)
    assert (shown["supervised"], shown["supervisions"], shown["counters"]["supervisions"], shown["counters"]["bounces"]) == (
        False,
        [],
        0,
        0,
    )
    assert all(each["facts"] == {} for each in shown["history"])


# Enforcement


def test_a_hand_over_has_a_legal_basis_a_receipt_and_an_outcome(district, story):
    finding = story.dispatched()
    assert district.client("gu").get(f"/api/v1/findings/{finding}").status_code == 404
    unit = str(district.unit("municipal"))
    ask = {"unit": unit, "legal_basis": "城市市容和环境卫生管理条例 第三十四条", "facts": "dumped by a building site"}
    for login in ("lin", "qian", "stranger"):
        assert post(district, login, finding, "hand-overs", **ask).status_code == 403, login
    contractor = {**ask, "unit": str(district.unit("lvyuan"))}
    assert refused(post(district, "zhao", finding, "hand-overs", **contractor)) == (422, "no_addressee")
    shown = story.desk("zhao", finding, "hand-overs", **ask)
    (clue,) = shown["hand_overs"]
    assert (shown["state"], clue["state"], clue["receipt"]) == ("dispatched", "sent", None)  # its work goes on beside it
    assert refused(post(district, "sun", finding, "hand-overs", **ask)) == (409, "already_on_it")
    assert [each["id"] for each in district.client("gu").get("/api/v1/findings").json["items"]] == [finding]
    assert story.seen_by("qian", finding)["hand_overs"] == []
    path = f"hand-overs/{clue['id']}"
    assert refused(post(district, "tang", finding, f"{path}/receipt", receipt="1")) == (403, "not_addressed")
    assert refused(post(district, "gu", finding, f"{path}/conclusion", outcome="x")) == (409, "answered_already")
    shown = story.desk("gu", finding, f"{path}/receipt", receipt="余执立〔2026〕12号")
    assert (shown["hand_overs"][0]["state"], shown["hand_overs"][0]["receipt"]) == ("received", "余执立〔2026〕12号")
    assert refused(post(district, "gu", finding, f"{path}/refusal", reason="x")) == (409, "answered_already")
    story.proved(finding)
    story.desk("chen", finding, "closing")
    shown = story.desk("gu", finding, f"{path}/conclusion", outcome="a fine of 500 yuan")  # enforcement outlives the work
    assert (shown["state"], shown["hand_overs"][0]["state"]) == ("closed", "concluded")
    events = [each["event"] for each in story.seen_by("zhao", finding)["history"]]
    assert [each for each in events if "hand" in each and "overs" not in each and "hand_back" not in each] == [
        "finding.handed_over",
        "finding.hand_over_received",
        "finding.hand_over_concluded",
    ]


def test_a_refused_hand_over_can_be_sent_again(district, story):
    finding = story.filed()
    ask = {"unit": str(district.unit("municipal")), "legal_basis": "第十条", "facts": "an advert"}
    clue = story.desk("zhao", finding, "hand-overs", **ask)["hand_overs"][0]["id"]
    shown = story.desk("gu", finding, f"hand-overs/{clue}/refusal", reason="no offender is named")
    assert (shown["hand_overs"][0]["state"], shown["hand_overs"][0]["reason"]) == ("refused", "no offender is named")
    assert len(story.desk("zhao", finding, "hand-overs", **ask)["hand_overs"]) == 2


def test_who_got_a_hand_over_does_not_report_the_contractors_work(district, story):
    finding = story.dispatched()
    story.desk("zhao", finding, "hand-overs", unit=str(district.unit("municipal")), legal_basis="第十条", facts="x")
    answer = post(district, "gu", finding, "reports", report=str(uuid4()), dispatch=story.task(finding))
    assert refused(answer) == (403, "not_your_dispatch")


# Repeats


def test_the_same_problem_again_names_the_last_one_closed_there_and_shows_its_history(district, story):
    first = story.closed()
    elsewhere = story.recorded(place=place(NEXT_DOOR))
    other = story.recorded(category=MANHOLE, condition=2)
    district.clock.forward(days=3)
    second = story.closed()
    district.clock.forward(days=2)
    third = story.recorded()
    district.settle()
    assert [story.seen_by("zhao", each)["repeat_of"] for each in (first, elsewhere, other, second, third)] == [
        None,
        None,
        None,
        first,
        second,
    ]
    for asked in (first, second, third):
        items = district.client("zhao").get(f"/api/v1/findings/{asked}/repeats").json["items"]
        assert [(each["id"], each["days_after"]) for each in items] == [(third, 2), (second, 3), (first, None)]
    assert items[1]["units"] == [str(district.unit("hangyang"))]
    assert story.seen_by("qian", second)["repeat_of"] is None
    assert [each["id"] for each in district.client("qian").get(f"/api/v1/findings/{second}/repeats").json["items"]] == [second, first]
    assert district.client("wu").get(f"/api/v1/findings/{second}/repeats").status_code == 404


def test_a_corrected_category_repeats_what_it_repeats_now(district, story):
    story.closed()
    district.clock.forward(days=1)
    finding = story.recorded(category=MANHOLE, condition=2)
    district.settle()
    assert story.seen_by("zhao", finding)["repeat_of"] is None
    seen = {"kind": MANHOLE["kind"], "code": MANHOLE["code"]}
    story.desk("zhao", finding, "amendments", fields={"category": {"seen": seen, "value": DIRT}})
    district.settle()
    assert story.seen_by("zhao", finding)["repeat_of"] is not None


@pytest.mark.parametrize(
    ("closed", "metres", "same_asset", "expected"),
    [
        (dt.timedelta(days=1), 25.0, False, True),
        (dt.timedelta(days=1), 25.1, False, False),
        (dt.timedelta(days=1), 400.0, True, True),
        (REPEAT_WITHIN, 0.0, False, True),
        (REPEAT_WITHIN + dt.timedelta(seconds=1), 0.0, False, False),
        (dt.timedelta(0), 0.0, False, False),
        (-dt.timedelta(days=1), 0.0, False, False),
    ],
)
def test_what_is_a_repeat(closed, metres, same_asset, expected):
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    assert is_repeat(recorded_at=now, closed_at=now - closed, metres=metres, reach=25.0, same_asset=same_asset) is expected
    assert not is_repeat(recorded_at=now, closed_at=None, metres=0.0, reach=25.0, same_asset=True)


# Campaigns


def begun(district, by="li", **payload):
    days = {"first_day": TODAY.isoformat(), "last_day": (TODAY + dt.timedelta(days=9)).isoformat()}
    members = [{"unit": str(district.unit("hangyang")), "duty": "clear the heaps", "target": 5}]
    ask = {"name": "百日清脏", "area": "330113001", "target": 10, "members": members, **days, **payload}
    return district.client(by).post("/api/v1/campaigns", json=ask)


def test_a_campaign_groups_findings_and_counts_what_they_came_to(district, story):
    answer = begun(district)
    assert (answer.status_code, answer.json["phase"], answer.json["counts"]["total"]) == (201, "running", 0)
    campaign = answer.json["id"]
    open_, closed, far = story.dispatched(), story.closed(), story.recorded(place=place((120.05, 30.01)))
    items = (
        district.client("sun")
        .post(f"/api/v1/campaigns/{campaign}/findings", json={"findings": [open_, closed, far, str(uuid4())]})
        .json["items"]
    )
    assert [each["grouped"] for each in items] == [True, True, False, False]
    assert [each["problem"] and each["problem"]["type"].rpartition("/")[2] for each in items] == [
        None,
        None,
        "not_of_campaign",
        "not_found",
    ]
    district.clock.forward(days=2)
    counts = district.client("li").get(f"/api/v1/campaigns/{campaign}").json["counts"]
    assert (counts["total"], counts["closed"], counts["overdue"], counts["states"]) == (2, 1, 1, {"closed": 1, "dispatched": 1})
    assert counts["units"] == [{"unit": str(district.unit("hangyang")), "dispatched": 2, "closed": 1, "target": 5}]
    assert story.seen_by("zhao", open_)["campaign"] == campaign
    assert story.seen_by("qian", open_)["campaign"] is None
    assert story.desk("sun", open_, "campaign/removal")["campaign"] is None
    assert district.client("li").get(f"/api/v1/campaigns/{campaign}").json["counts"]["total"] == 1


def test_a_campaign_is_changed_and_ended_and_takes_nothing_after_that(district, story):
    campaign = begun(district).json["id"]
    lvyuan = str(district.unit("lvyuan"))
    client = district.client("li")
    changed = client.patch(f"/api/v1/campaigns/{campaign}", json={"target": 20, "members": [{"unit": lvyuan, "target": 1}]}).json
    assert (changed["target"], [each["unit"] for each in changed["members"]], changed["name"]) == (20, [lvyuan], "百日清脏")
    assert refused(client.patch(f"/api/v1/campaigns/{campaign}", json={"last_day": "2020-01-01"})) == (422, "invalid")
    assert client.post(f"/api/v1/campaigns/{campaign}/end", json={"result": "clean"}).json["phase"] == "ended"
    finding = story.recorded()
    assert refused(post(district, "sun", finding, "campaign", campaign=campaign)) == (409, "campaign_over")
    assert refused(client.post(f"/api/v1/campaigns/{campaign}/end", json={})) == (409, "campaign_over")
    other = begun(district).json["id"]
    story.desk("sun", finding, "campaign", campaign=other)
    story.desk("sun", finding, "campaign", campaign=other)
    third = begun(district).json["id"]
    assert refused(post(district, "sun", finding, "campaign", campaign=third)) == (422, "not_of_campaign")
    assert refused(post(district, "sun", finding, "campaign", campaign=str(uuid4()))) == (404, "campaign_missing")


def test_who_begins_and_reads_campaigns(district):
    for login in ("lin", "zhao", "qian", "tang", "stranger"):
        expected = 201 if login == "zhao" else 403
        assert begun(district, by=login).status_code == expected, login
    mine = begun(district).json["id"]
    assert refused(begun(district, area="330113999")) == (422, "invalid")
    twice = [{"unit": str(district.unit("hangyang"))}] * 2
    assert refused(begun(district, members=twice)) == (422, "invalid")
    assert district.client("wu").get(f"/api/v1/campaigns/{mine}").status_code == 404
    assert district.client("wu").get("/api/v1/campaigns").json["items"] == []
    first = district.client("tang").get("/api/v1/campaigns?limit=1").json
    rest = district.client("tang").get("/api/v1/campaigns", query_string={"limit": 1, "cursor": first["next"]}).json
    assert ([each["id"] for each in first["items"]], len(rest["items"]), rest["next"]) == ([mine], 1, None)
    assert district.client("qian").get("/api/v1/campaigns").status_code == 403


def test_the_phases_of_a_campaign():
    days = {"first_day": TODAY, "last_day": TODAY + dt.timedelta(days=2)}
    by_day = {offset: phase(**days, ended=False, today=TODAY + dt.timedelta(days=offset)) for offset in (-1, 0, 2, 3)}
    assert by_day == {-1: "planned", 0: "running", 2: "running", 3: "past"}
    assert phase(**days, ended=True, today=TODAY) == "ended"


# Done again


def test_all_of_it_done_again_comes_out_the_same(district, story):
    first = story.closed()
    district.clock.forward(days=1)
    finding = story.dispatched()
    story.desk("qian", finding, "assignments", dispatch=story.task(finding), worker=str(district.person("ma")), hand_back_by="manager")
    beside = story.desk("sun", finding, "co-units", contract=str(district.contracts["BJ"]), reason="the verge")["dispatches"][1]["id"]
    report = story.reported(finding, by="ma")
    district.clock.forward(minutes=5)
    story.desk("qian", finding, "hand-back", report=report)
    story.desk("sun", finding, f"co-units/{beside}/cancellation", reason="not needed")
    shot = story.seen_by("zhao", finding)["photos"][0]["id"]
    post(district, "zhao", finding, "parts", category=MANHOLE, condition=2, photos=[shot], reason="two things")
    asked = demand(district, story, finding, hours=1)
    district.clock.forward(hours=2)
    district.settle()
    story.desk("qian", finding, f"supervisions/{asked['id']}/reply", reply="done")
    story.desk("li", finding, f"supervisions/{asked['id']}/end", result="settled")
    clue = story.desk("zhao", finding, "hand-overs", unit=str(district.unit("municipal")), legal_basis="第十条", facts="x")["hand_overs"][0]
    story.desk("gu", finding, f"hand-overs/{clue['id']}/receipt", receipt="1")
    campaign = begun(district).json["id"]
    story.desk("sun", finding, "campaign", campaign=campaign)
    district.client("li").post(f"/api/v1/campaigns/{campaign}/end", json={})
    district.settle()
    assert district.scalars(sa.select(Finding.repeat_of).where(Finding.id == UUID(finding))) == [UUID(first)]
    done = Report()
    with district.app.app_context(), reading(db.session(), snapshot=True) as source, empty_database() as target:
        check_replay(done, source, target)
    assert done.violations == []
    counts = done.counts["replay"]
    assert (counts["left_out"], counts["not_done_again"]) == (0, 0)


# Rules: whatever the order of arrival

START = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
minutes = st.integers(0, 600).map(lambda n: START + dt.timedelta(minutes=n))


def an_assignment(at, word, n):
    return Assignment(id=UUID(int=n), worker=None, hand_back_by=word, assigned_at=at)


@given(st.lists(st.tuples(minutes, st.sampled_from(["worker", "manager"])), max_size=6), minutes, st.randoms())
def test_whose_word_counts_hangs_on_corrected_times_alone(said, at, random):
    rows = [an_assignment(moment_, word, n) for n, (moment_, word) in enumerate(said)]
    expected = whose_word(rows, at)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert whose_word(shuffled, at) == expected and in_force(shuffled) is in_force(rows)
    begun_ = [row for row in rows if row.assigned_at <= at]
    assert expected == (max(begun_, key=lambda row: (row.assigned_at, row.id.int)).hand_back_by if begun_ else "worker")


@given(minutes, st.one_of(st.none(), minutes), st.booleans(), st.sampled_from(["worker", "manager"]))
def test_a_report_counts_never_before_itself_and_waits_only_for_a_manager(at, handed_back_at, by_manager, word):
    fact = counted(Reported(UUID(int=1), at), by_manager=by_manager, handed_back_at=handed_back_at, word=word)
    assert fact.at >= at
    assert fact.waits == (word == "manager" and not by_manager and handed_back_at is None)
    if by_manager or word == "worker":
        assert fact.at == at


@given(st.lists(st.tuples(minutes, st.booleans(), st.sampled_from(["pass", "fail", None])), min_size=1, max_size=5), st.randoms())
def test_reports_that_wait_stop_no_clock_in_any_order(made, random):
    facts = [
        Reported(UUID(int=n + 1), at, looks=(Look(result, at, at),) if result else (), waits=waits)
        for n, (at, waits, result) in enumerate(made)
    ]
    without = standing_of([fact for fact in facts if not fact.waits], issued_at=START, least=None, cancelled_at=None)
    shuffled = list(facts)
    random.shuffle(shuffled)
    standing = standing_of(shuffled, issued_at=START, least=None, cancelled_at=None)
    assert (standing.state, standing.current, standing.stops, standing.reworks) == (
        without.state,
        without.current,
        without.stops,
        without.reworks,
    )
    assert {fact.id for fact in facts if standing.states[fact.id] == "awaiting_hand_back"} == {fact.id for fact in facts if fact.waits}
