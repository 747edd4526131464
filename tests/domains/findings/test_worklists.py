"""Worklists through the front door: what stands in whose list, in which order, counted by what is shown."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.core.act import Actor, Grant
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries.worklists.table import WORKLISTS, worklists_of
from backend.domains.findings.rules.colours import colour_of
from backend.domains.findings.rules.moves import MOVES
from backend.domains.identity.rules.roles import ROLES
from tests.make.district import ADVERT, EAST, HOME, MANHOLE, NEXT_DOOR, OUTSIDE, TREE

HOUR = dt.timedelta(hours=1)


def listed(district, login, name, **query):
    answer = district.client(login).get(f"/api/v1/worklists/{name}", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def found(district, login, name, **query):
    return [line["finding"] for line in listed(district, login, name, **query)["items"]]


def counts(district, login):
    answer = district.client(login).get("/api/v1/worklists")
    assert answer.status_code == 200, answer.text
    return {each["name"]: each for each in answer.json["items"]}


def walked(district, login, name, **query):
    """All pages of a list, one after the other."""
    seen, cursor = [], None
    while True:
        page = listed(district, login, name, **query, **({"cursor": cursor} if cursor else {}))
        seen += [line["finding"] for line in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return seen


def set_rows(district, kind, values):
    """Put rows where a story would take days to bring them."""

    def write(session, _act):
        for key, facts in values.items():
            session.execute(sa.update(kind).where(kind.id == UUID(str(key))).values(**facts))

    district.do(write)


def test_a_finding_moves_from_list_to_list_as_its_life_goes_on(district, story):
    finding = story.recorded(photos=1)
    assert found(district, "zhao", "photos_missing") == [finding]
    assert found(district, "zhao", "to_file") == []
    finding = story.ready()
    assert found(district, "zhao", "to_file") == [finding]
    story.desk("zhao", finding, "filing")
    assert found(district, "zhao", "to_file") == []
    assert found(district, "sun", "to_dispatch") == [finding]
    story.desk("sun", finding, "dispatches")
    assert found(district, "sun", "to_dispatch") == []
    assert found(district, "qian", "new_work") == [finding]
    assert found(district, "qian", "in_hand") == [finding]
    assert found(district, "tang", "area_green") == [finding]
    story.reported(finding)
    assert found(district, "qian", "new_work") == found(district, "qian", "in_hand") == []
    assert found(district, "qian", "handed_back") == [finding]
    assert found(district, "lin", "to_check") == [finding]


def test_what_failed_the_look_is_rework_and_what_passed_waits_to_be_closed(district, story):
    good, bad = story.rectified(), story.rectified()
    story.looked(bad, "fail")
    assert found(district, "qian", "rework") == [bad]
    story.looked(good, "pass")
    assert found(district, "zhao", "closing_blocked") == [good]
    assert found(district, "zhao", "to_close") == []
    proven = story.verified()
    assert found(district, "zhao", "to_close") == [proven]
    story.desk("chen", proven, "closing")
    assert found(district, "zhao", "to_close") == []


def test_every_count_is_of_what_its_list_shows(district, story):
    story.recorded(photos=1)
    story.ready()
    story.dispatched()
    for login in ("zhao", "sun", "lin", "qian", "tang", "gu", "shen", "li"):
        for name, each in counts(district, login).items():
            page = listed(district, login, name)
            assert (each["count"], each["more"], each["overdue"]) == (page["count"], page["more"], page["overdue"]), name
            assert len(page["items"]) == page["count"], (login, name)


def test_a_narrowed_list_says_how_many_there_are_without_it(district, story):
    here, there = story.recorded(photos=1), story.recorded(photos=1, at=EAST, category=MANHOLE, condition=2)
    page = listed(district, "zhao", "photos_missing", area="330113002")
    assert [line["finding"] for line in page["items"]] == [there]
    assert (page["count"], page["of"]["count"]) == (1, 2)
    assert found(district, "zhao", "photos_missing", category="event:06012") == [here]
    assert found(district, "zhao", "photos_missing", trade="municipal") == [there]
    assert found(district, "zhao", "photos_missing", severity=3) == []


def test_what_is_due_first_comes_first_and_what_has_no_deadline_last_on_every_page(district, story):
    made = [story.recorded(photos=1) for _ in range(5)]
    now = district.clock.now()
    due = {made[0]: None, made[1]: now + 3 * HOUR, made[2]: now - HOUR, made[3]: now + 3 * HOUR, made[4]: None}
    set_rows(district, Finding, {finding: {"step_due": at} for finding, at in due.items()})
    # Of two that are due together, and of those that are not due, the one recorded first has the smaller id or stands first by it.
    ties = sorted([made[1], made[3]])
    wanted = [made[2], *ties, *sorted([made[0], made[4]])]
    assert walked(district, "zhao", "photos_missing") == wanted
    for limit in (1, 2, 3):
        assert walked(district, "zhao", "photos_missing", limit=limit) == wanted
    page = listed(district, "zhao", "photos_missing")
    assert (page["count"], page["overdue"]) == (5, 1)
    assert [line["colour"] for line in page["items"]] == ["red", "green", "green", None, None]


def test_a_cursor_belongs_to_its_list(district, story):
    for _ in range(2):
        story.recorded(photos=1)
    cursor = listed(district, "zhao", "photos_missing", limit=1)["next"]
    answer = district.client("zhao").get("/api/v1/worklists/to_file", query_string={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/bad_page_cursor"


def test_each_sees_the_own_part_of_the_district(district, story):
    district.person("tong", ("acceptor", "330113002"))
    district.person("duo", ("acceptor", "330113001"), ("acceptor", "330113002"))
    district.person("she", ("acceptor", "330113001001"))
    west, next_door = story.recorded(photos=1, at=HOME), story.recorded(photos=1, at=NEXT_DOOR)
    east, nowhere = story.recorded(photos=1, at=EAST), story.recorded(photos=1, at=OUTSIDE)
    seen = {login: set(found(district, login, "photos_missing")) for login in ("zhao", "tong", "duo", "she")}
    assert seen == {"zhao": {west, next_door, east, nowhere}, "tong": {east}, "duo": {west, next_door, east}, "she": {west}}
    assert len(walked(district, "duo", "photos_missing", limit=1)) == 3
    assert found(district, "zhao", "unlocated") == [nowhere]
    assert found(district, "tong", "unlocated") == []
    assert counts(district, "duo")["photos_missing"]["count"] == 3


def test_nobody_reads_the_list_of_another_role(district):
    for login, name in (("qian", "to_file"), ("zhao", "to_dispatch"), ("lin", "in_hand"), ("sun", "to_close")):
        answer = district.client(login).get(f"/api/v1/worklists/{name}")
        assert answer.status_code == 403
        assert answer.json["type"] == "/problems/not_your_worklist"
    assert district.client("zhao").get("/api/v1/worklists/nothing").status_code == 404
    for path in ("worklists", "worklists/to_file", "worklists/to_file/sheet", "findings/near?lon=120&lat=30&datum=WGS-84"):
        assert district.client("stranger").get(f"/api/v1/{path}").status_code == 403


def test_a_contractor_sees_its_own_work_and_no_names_or_others_doings(district, story):
    finding = story.dispatched()
    assert found(district, "feng", "in_hand") == []
    (line,) = listed(district, "qian", "in_hand")["items"]
    assert line["finding"] == finding
    assert line["dispatch"]["unit_name"] == "杭洋市政"
    assert line["bounces"] is None
    assert line["step"] is None
    assert "recorded_by" not in line
    assert "request_return" in line["moves"]


def test_work_is_due_today_until_midnight_in_the_district_and_overdue_after_its_deadline(district, story):
    today, tomorrow, late = story.dispatched(), story.dispatched(), story.dispatched()
    midnight = dt.datetime(2026, 11, 24, tzinfo=dt.timezone(8 * HOUR))
    due = {today: midnight - dt.timedelta(minutes=1), tomorrow: midnight + HOUR, late: district.clock.now() - dt.timedelta(minutes=1)}
    tasks = {story.task(finding): {"due": at} for finding, at in due.items()}
    set_rows(district, Dispatch, tasks)
    assert found(district, "qian", "due_today") == [today]
    assert found(district, "qian", "overdue_work") == [late]
    assert found(district, "qian", "in_hand") == [late, today, tomorrow]
    district.clock.forward(hours=12)
    assert found(district, "qian", "due_today") == [tomorrow]
    assert found(district, "qian", "overdue_work") == [late, today]


def test_what_was_asked_waits_for_the_dispatcher_oldest_first_and_what_was_refused_comes_back_to_the_unit(district, story):
    first, second = story.dispatched(), story.dispatched()
    for finding in (first, second):
        story.desk("qian", finding, "extension-requests", dispatch=story.task(finding), reason="rain")
    lines = listed(district, "sun", "extensions_asked")["items"]
    assert [line["finding"] for line in lines] == [first, second]
    assert lines[0]["request"]["reason"] == "rain"
    assert set(found(district, "qian", "asked")) == {first, second}
    story.desk("sun", first, f"extension-requests/{lines[0]['request']['id']}/refusal", reason="no")
    assert found(district, "sun", "extensions_asked") == [second]
    assert found(district, "qian", "refused") == [first]
    assert found(district, "qian", "asked") == [second]


def test_a_void_is_decided_by_another_than_asked_for_it(district, story):
    finding = story.recorded()
    story.desk("zhao", finding, "void-request", reason="twice")
    assert found(district, "zhao", "to_void") == []
    (line,) = listed(district, "chen", "to_void")["items"]
    assert (line["finding"], line["void_reason"]) == (finding, "twice")
    story.desk("chen", finding, "void", reason="indeed")
    assert found(district, "chen", "to_void") == []


def test_a_recorder_sees_what_became_of_it_and_why(district, story):
    voided, filed, fresh = story.recorded(), story.filed(), story.recorded()
    story.desk("zhao", voided, "void-request", reason="twice")
    story.desk("chen", voided, "void", reason="the same as yesterday's")
    lines = {line["finding"]: line for line in listed(district, "lin", "mine")["items"]}
    assert set(lines) == {voided, filed, fresh}
    assert lines[voided]["outcome"]["event"] == "finding.voided"
    assert lines[voided]["outcome"]["why"]["reason"] == "the same as yesterday's"
    assert lines[filed]["outcome"]["event"] == "finding.filed"
    assert lines[fresh]["outcome"]["event"] == "finding.recorded"
    assert found(district, "wu", "mine") == []
    assert walked(district, "lin", "mine", limit=1) == found(district, "lin", "mine")


def test_nobody_is_sent_to_verify_an_own_finding(district, story):
    finding = story.recorded()
    set_rows(district, Finding, {finding: {"state": "verifying", "step": "verify"}})
    district.person("wang", ("inspector", "330113001"))
    assert found(district, "lin", "to_verify") == []
    assert found(district, "wang", "to_verify") == [finding]


def test_an_inspector_of_the_whole_district_is_shown_nothing_that_cannot_be_opened(district, story):
    story.rectified()
    district.person("quan", ("inspector", "330113"))
    assert found(district, "quan", "to_check") == []


def test_colours_follow_the_clock_and_stand_still_with_it(district, story):
    finding = story.dispatched()
    task = story.task(finding)
    now = district.clock.now()
    set_rows(district, Finding, {finding: {"deadline": now + 2 * HOUR}})
    set_rows(district, Dispatch, {task: {"due": now + 2 * HOUR, "yellow_from": now + HOUR}})
    assert [found(district, "tang", f"area_{colour}") for colour in ("green", "yellow", "red")] == [[finding], [], []]
    district.clock.forward(hours=1)
    assert [found(district, "tang", f"area_{colour}") for colour in ("green", "yellow", "red")] == [[], [finding], []]
    district.clock.forward(hours=1, seconds=1)
    assert [found(district, "tang", f"area_{colour}") for colour in ("green", "yellow", "red")] == [[], [], [finding]]
    assert found(district, "li", "area_red") == [finding]
    set_rows(district, Dispatch, {task: {"state": "suspended", "suspended_until": now + 90 * HOUR}})
    assert [found(district, "tang", f"area_{colour}") for colour in ("green", "yellow", "red")] == [[], [], []]
    assert found(district, "sun", "suspended") == [finding]
    assert found(district, "qian", "standing_still") == [finding]


def test_a_department_sees_its_trade_and_the_work_that_is_its_own(district, story):
    owned = story.ready(category=MANHOLE, condition=2)  # goes to its contractor by itself
    own = story.dispatched(category=ADVERT, condition=1, dispatch={})
    assert owned in found(district, "gu", "trade_green")
    assert found(district, "gu", "in_hand") == [own]


def test_leaders_see_what_got_stuck(district, story):
    bounced, orphan, pressed = story.filed(), story.filed(), story.filed()
    now = district.clock.now()
    set_rows(district, Finding, {bounced: {"bounces": 2}, orphan: {"orphaned_at": now}, pressed: {"supervised": True}})
    assert found(district, "li", "bounced") == [bounced]
    assert found(district, "li", "orphaned") == [orphan]
    assert found(district, "li", "supervised") == [pressed]
    set_rows(district, Finding, {each: {"state": "void"} for each in (bounced, orphan, pressed)})
    assert [found(district, "li", name) for name in ("bounced", "orphaned", "supervised")] == [[], [], []]


def test_what_no_contract_answers_for_is_the_desks_and_the_towns(district, story):
    finding = story.recorded(category=TREE, condition=2)
    assert found(district, "zhao", "awaiting_contract") == [finding]
    assert found(district, "tang", "awaiting_contract") == [finding]
    district.person("dong", ("town_officer", "330113002"))
    assert found(district, "dong", "awaiting_contract") == []


def test_the_nearest_look_comes_first_and_what_is_far_does_not(district, story):
    far = story.rectified(at=(HOME[0] + 0.004, HOME[1]))
    near = story.rectified(at=(HOME[0] + 0.001, HOME[1]))
    story.dispatched(at=HOME)
    asked = {"lon": HOME[0], "lat": HOME[1], "datum": "WGS-84"}
    answer = district.client("lin").get("/api/v1/findings/near", query_string={**asked, "metres": 500})
    assert answer.status_code == 200, answer.text
    assert [item["line"]["finding"] for item in answer.json["items"]] == [near, far]
    assert answer.json["items"][0]["metres"] < 110
    closer = district.client("lin").get("/api/v1/findings/near", query_string={**asked, "metres": 200}).json
    assert [item["line"]["finding"] for item in closer["items"]] == [near]
    assert district.client("wu").get("/api/v1/findings/near", query_string=asked).json["items"] == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"area": "33"}, "/area"),
        ({"trade": "gold"}, "/trade"),
        ({"category": "x"}, "/category"),
        ({"limit": 0}, "/limit"),
        ({"colour": 1}, "/colour"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_named(district, query, pointer):
    answer = district.client("zhao").get("/api/v1/worklists/to_file", query_string=query)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_the_table_is_whole():
    assert set(ROLES) >= {role for each in WORKLISTS.values() for role in each.roles}
    for each in WORKLISTS.values():
        assert each.title.isascii()
        assert each.title_zh and not each.title_zh.isascii()
        assert each.says and each.says_zh
        assert not each.newest or not each.is_due


def test_every_verb_of_a_list_is_a_move():
    for each in WORKLISTS.values():
        assert set(each.verbs) <= set(MOVES), each.name


def test_everybody_who_works_has_a_list():
    for role in (
        "inspector",
        "acceptor",
        "shift_leader",
        "dispatcher",
        "contractor_manager",
        "contractor_worker",
        "department_officer",
        "town_officer",
        "liaison",
        "leader",
    ):
        actor = Actor(uuid4(), "x", "x", (Grant(role, uuid4(), "town", "330113001"),))
        assert worklists_of(actor), role


def test_a_colour_turns_at_its_moment_and_not_before():
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    assert colour_of(None, None, now) is None
    assert colour_of(now, now, now) == "yellow"
    assert colour_of(now, None, now) == "green"
    assert colour_of(now, now - HOUR, now + dt.timedelta(microseconds=1)) == "red"
    assert colour_of(now + HOUR, now + dt.timedelta(microseconds=1), now) == "green"


def test_a_demand_waits_for_the_unit_then_for_the_leader_who_made_it(district, story):
    finding = story.dispatched()
    due = (district.clock.now() + 2 * HOUR).isoformat()
    story.desk("li", finding, "supervisions", demand="today", reply_due=due)
    (line,) = listed(district, "qian", "demands")["items"]
    assert (line["finding"], line["demand"]["demand"]) == (finding, "today")
    assert found(district, "feng", "demands") == []
    assert found(district, "li", "supervised") == [finding]
    story.desk("qian", finding, f"supervisions/{line['demand']['id']}/reply", reply="on our way")
    assert found(district, "qian", "demands") == []
    assert [each["demand"]["reply"] for each in listed(district, "li", "replies")["items"]] == ["on our way"]


def test_a_demand_before_the_dispatch_is_the_desks(district, story):
    finding = story.filed()
    story.desk("li", finding, "supervisions", demand="today", reply_due=(district.clock.now() + HOUR).isoformat())
    assert found(district, "zhao", "desk_demands") == found(district, "sun", "desk_demands") == [finding]
    district.person("tong", ("acceptor", "330113002"))
    assert found(district, "tong", "desk_demands") == []


def test_what_a_worker_reported_waits_for_its_manager(district, story):
    finding = story.dispatched()
    task = story.task(finding)
    story.desk("qian", finding, "assignments", dispatch=task, worker=str(district.person("ma")), hand_back_by="manager")
    assert found(district, "ma", "given_to_me") == [finding]
    assert found(district, "qian", "new_work") == []
    story.reported(finding, by="ma")
    assert found(district, "qian", "to_hand_back") == [finding]
    assert found(district, "lin", "to_check") == []


def test_a_clue_for_enforcement_is_on_the_list_of_its_unit(district, story):
    finding = story.filed()
    unit = district.unit("municipal")
    story.desk("zhao", finding, "hand-overs", unit=str(unit), legal_basis="第十条", facts="占道")
    (line,) = listed(district, "gu", "handed_over")["items"]
    assert (line["finding"], line["hand_over"]["legal_basis"]) == (finding, "第十条")


def test_a_look_that_is_needed_is_on_somebodys_list_or_on_the_desks(district, story):
    finding = story.rectified()
    district.settle()
    tasks = [login for login in ("lin", "wu") if finding in found(district, login, "my_tasks")]
    assert tasks or finding in found(district, "zhao", "tasks_of_nobody")
