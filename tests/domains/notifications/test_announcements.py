"""Who is told what of a finding: stories over HTTP, the worker behind them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from backend.core.config import ROOT
from backend.core.reactions import ReactionCursor, ReactionRetry
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.announcements.table import ANNOUNCEMENTS, EVENTS
from backend.domains.identity.actions.roles import grant_role
from backend.domains.notifications.model import Message
from backend.domains.policies import actions as policies
from backend.entrypoints.worker import nightly
from backend.entrypoints.worker.reactions import REACTIONS
from tests.make.district import ADVERT, DIRT, EAST
from tests.make.rosters import FIRST, SECOND, Roster, asked

EVERYBODY = ("lin", "wu", "zhao", "chen", "sun", "qian", "ma", "feng", "tang", "gu", "shen", "li", "yu", "admin", "stranger", "wang", "yan")


@pytest.fixture
def told(district):
    """What everybody was told since this was asked last: kind → logins."""
    seen = set()
    for login in ("wang", "yan"):
        district.person(login, ("inspector", "330113001"))

    def told():
        district.settle()
        rows = district.rows(sa.select(Message.id, Message.kind, Message.person).order_by(Message.at))
        logins = {district.person(login): login for login in EVERYBODY}
        found = {}
        for message, kind, person in rows:
            if message not in seen:
                seen.add(message)
                found.setdefault(kind.removeprefix("finding."), []).append(logins[person])
        return {kind: sorted(people) for kind, people in found.items()}

    return told


def newest(district, login):
    return district.client(login).get("/api/v1/messages").json["items"][0]


def test_a_day_of_a_finding(district, story, told):
    finding = story.filed()
    assert told() == {}
    story.desk("sun", finding, "dispatches")
    assert told() == {"dispatched": ["qian"]}
    message = newest(district, "qian")
    assert (message["subject_type"], message["subject"]) == ("finding", finding)
    assert message["text_zh"].startswith("道路不洁，") and "处置时限：2026年11月23日 16:00。" in message["text_zh"]
    report = story.reported(finding)
    told()
    story.looked(finding, "fail", report=report, note="still dirty")
    assert told()["rework"] == ["qian"]
    assert "still dirty" in newest(district, "qian")["text"]
    story.proved(finding)
    told()
    story.desk("chen", finding, "closing", note="clean again")
    assert told() == {"closed": ["lin"], "work_closed": ["qian"]}
    assert "clean again" in newest(district, "lin")["text"]
    story.desk("chen", finding, "reopening", reason="dirty again")
    assert told() == {"reopened": ["lin"], "work_reopened": ["qian"]}


def test_who_did_the_work_is_told_that_it_is_closed_and_not_what_the_desk_wrote(district, story, told):
    finding = story.verified()
    story.desk("chen", finding, "closing", note="for the file only")
    told()
    message = newest(district, "qian")
    assert message["kind"] == "finding.work_closed"
    assert "for the file" not in str(message)


def test_what_was_told_is_nothing_a_replay_misses(district, story, told):
    story.closed()
    assert told()
    assert not nightly.verify_by_replay(district.app).violations


def test_no_message_names_anybody(district, story, told):
    story.closed()
    told()
    names = ("林晓", "赵敏", "陈立", "孙浩", "钱进", "wang")
    for facts in district.scalars(sa.select(Message.facts)):
        assert not any(name in str(facts) for name in names)


def test_a_unit_that_is_no_contractor_is_told_by_its_officers(district, story, told):
    story.dispatched(category=ADVERT, condition=1)
    assert told() == {"dispatched": ["gu"]}


def test_what_a_unit_asks_goes_to_the_dispatchers_and_the_decision_back(district, story, told):
    finding = story.dispatched()
    told()
    task = story.task(finding)
    shown = story.desk("qian", finding, "extension-requests", dispatch=task, reason="rain")
    assert told() == {"extension_requested": ["sun"]}
    assert "rain" in newest(district, "sun")["text"]
    (request,) = [each["id"] for each in shown["requests"]]
    story.desk("sun", finding, f"extension-requests/{request}/grant", reason="it rains")
    assert told() == {"extension_granted": ["qian"]}
    assert "it rains" in newest(district, "qian")["text"]


def test_a_void_is_asked_for_granted_and_told_to_the_recorder_with_its_reason(district, story, told):
    finding = story.dispatched()
    told()
    story.desk("zhao", finding, "void-request", reason="not there")
    assert told() == {"void_requested": ["chen"]}
    story.desk("chen", finding, "void", reason="looked again")
    assert told() == {"voided": ["lin", "zhao"], "work_cancelled": ["qian"]}
    assert "looked again" in newest(district, "lin")["text"]


def test_nobody_is_told_of_own_deeds(district, story, told):
    finding = story.filed()
    story.desk("zhao", finding, "void-request", reason="no")
    told()
    story.desk("chen", finding, "void-request/refusal", reason="yes")
    assert told() == {"void_refused": ["zhao"]}


def test_one_that_is_attached_is_told_to_its_recorder(district, story, told):
    head, follower = story.filed(), story.filed()
    told()
    story.desk("zhao", follower, "attachment", head=head, reason="the same")
    assert told() == {"attached": ["lin"]}
    number = story.seen_by("zhao", head)["number"]
    assert number in newest(district, "lin")["title"]


def test_a_worker_that_starts_over_tells_nobody_twice(district, story, told):
    story.closed()
    before = sorted(str(each) for each in told().items())
    assert before
    with district.app.app_context():
        from backend.core.database.engine import db

        db.session.execute(sa.update(ReactionCursor).where(ReactionCursor.name == "announcements").values(seq=0))
        db.session.commit()
    assert told() == {}
    assert district.scalars(sa.select(ReactionRetry.seq)) == []


def test_a_worker_that_dies_before_the_commit_tells_everybody_once(district, story, told, monkeypatch):
    from backend.core import perform
    from backend.entrypoints.worker import tasks

    finding = story.filed()
    story.desk("sun", finding, "dispatches")
    told()
    story.reported(finding)
    story.looked(finding, "fail")
    seal = perform.journal.seal

    def dying(session, told):
        seal(session, told)
        if any(item.event == "message.sent" for item in told):
            raise KeyboardInterrupt

    monkeypatch.setattr(perform.journal, "seal", dying)
    with pytest.raises(KeyboardInterrupt):
        tasks.react(district.app)
    monkeypatch.setattr(perform.journal, "seal", seal)
    assert told()["rework"] == ["qian"]


def test_many_workers_at_once_tell_everybody_once(district, story, told):
    from concurrent.futures import ThreadPoolExecutor

    from backend.entrypoints.worker import tasks

    for _ in range(4):
        finding = story.filed(category=DIRT)
        story.desk("sun", finding, "dispatches")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tasks.react(district.app), range(4)))
    assert told() == {"dispatched": ["qian"] * 4}
    assert district.scalars(sa.select(ReactionRetry.seq)) == []


def test_supervision_presses_the_unit_and_its_reply_reaches_the_leader(district, story, told):
    finding = story.dispatched()
    told()
    due = (district.clock.now().replace(microsecond=0)).isoformat().replace("T04", "T09")
    shown = story.desk("li", finding, "supervisions", kind="important", demand="today, please", reply_due=due)
    assert told()["supervised"] == ["qian"]
    message = newest(district, "qian")
    assert message["urgent"] and "today, please" in message["text"]
    (demand,) = [each["id"] for each in shown["supervisions"]]
    story.desk("qian", finding, f"supervisions/{demand}/reply", reply="by noon")
    assert told() == {"supervision_replied": ["li"]}
    assert newest(district, "li")["text"].endswith("by noon")


def test_time_that_runs_out_is_told_to_the_doers_then_climbs(district, story, told):
    finding = story.dispatched()
    told()
    (due,) = district.scalars(sa.select(Dispatch.due))
    district.clock.forward(seconds=(due - district.clock.now()).total_seconds() - 60)
    assert told() == {"due_soon": ["qian"]}
    district.clock.forward(minutes=2)
    assert told() == {"overdue": ["qian", "sun"]}
    district.clock.forward(days=8)
    climbed = told()
    assert sorted(climbed["escalated"]) == ["li", "shen", "tang"]
    district.client("qian")
    assert story.seen_by("sun", finding)["state"] == "dispatched"


def test_what_is_done_by_the_time_the_worker_looks_is_no_more_pressed(district, story, told, monkeypatch):
    """The worker was asleep: the reminder stands in the journal, and the work is done meanwhile."""
    from backend.core import act as acts
    from backend.core.act import SYSTEM
    from backend.core.database.engine import db
    from backend.core.perform import perform
    from backend.domains.findings.actions.announce import announce

    finding = story.rectified()
    told()
    (task,) = district.scalars(sa.select(Dispatch.id))
    with district.app.app_context():
        facts = {"dispatch": str(task)}
        perform(db.session(), acts.begin(SYSTEM), announce, finding=UUID(finding), event="finding.overdue", seq=10**9, facts=facts)
    assert "overdue" not in told()


def test_a_look_on_site_is_told_to_whoever_has_it(district, story, told):
    roster = Roster(district)
    roster.on("wang", FIRST, SECOND)
    finding = asked(story)
    assert told()["task_assigned"] == ["wang"]
    assert "立案前核实" in newest(district, "wang")["text_zh"]
    (task,) = [each["id"] for each in story.seen_by("zhao", finding)["tasks"]]
    story.desk("zhao", finding, f"tasks/{task}/assignment", to=str(district.person("yan")), reason="nearer")
    assert {"task_assigned": ["yan"], "task_taken_back": ["wang"]}.items() <= told().items()


def test_who_must_consent_is_asked_and_who_decides_hears_of_it(district, story, told):
    district.do(policies.set_policy, scope="all", settings={"agree": {"grant_suspension": "town_officer"}})
    finding = story.dispatched()
    told()
    until = (district.clock.now() + dt.timedelta(days=3)).isoformat()
    shown = story.desk("qian", finding, "suspension-requests", dispatch=story.task(finding), reason="frost", until=until)
    assert told() == {"suspension_requested": ["sun"], "consent_asked": ["tang"]}
    (request,) = [each["id"] for each in shown["requests"]]
    consent = {"verb": "grant_suspension", "request": request, "result": "agreed", "reason": None}
    assert district.client("tang").post(f"/api/v1/findings/{finding}/consents", json=consent).status_code in {200, 201}
    assert told() == {"consented": ["sun"]}
    story.desk("sun", finding, f"suspension-requests/{request}/grant", reason="yes", until=None)
    assert told() == {"suspension_granted": ["qian"]}
    district.clock.forward(days=3, minutes=1)
    assert told()["resumed"] == ["qian"]


def test_work_that_goes_to_another_is_told_to_both(district, story, told):
    finding = story.dispatched()
    told()
    shown = story.desk("qian", finding, "return-requests", dispatch=story.task(finding), reason="not ours")
    assert told() == {"return_requested": ["sun"]}
    (request,) = [each["id"] for each in shown["requests"]]
    other = str(district.contracts["BJ"])
    story.desk("sun", finding, f"return-requests/{request}/grant", contract=other, unit=None, reason="theirs")
    assert told() == {"return_granted": ["qian"], "dispatched": ["feng"]}


def test_a_worker_of_the_company_hears_what_the_manager_gave_them(district, story, told):
    finding = story.dispatched()
    told()
    task = story.task(finding)
    story.desk("qian", finding, "assignments", dispatch=task, worker=str(district.person("ma")), hand_back_by="manager")
    assert told() == {"worker_assigned": ["ma"]}
    story.reported(finding, by="ma")
    assert told()["to_hand_back"] == ["qian"]


def test_a_typhoon_is_told_to_each_unit_once_and_not_of_each_dispatch(district, story, told):
    for _ in range(3):
        story.dispatched()
    story.dispatched(at=EAST)
    told()
    until = (district.clock.now() + dt.timedelta(days=2)).isoformat()
    body = {"area": "330113001", "trade": "cleaning", "reason": "typhoon", "until": until}
    answer = district.client("li").post("/api/v1/area-suspensions", json=body)
    assert answer.status_code == 201, answer.text
    assert told() == {"area.suspended": ["qian"]}
    assert newest(district, "qian")["text"].startswith("Trade: cleaning. Until") and "typhoon" in newest(district, "qian")["text"]
    path = f"/api/v1/area-suspensions/{answer.json['id']}/end"
    assert district.client("li").post(path, json={"reason": "it turned away"}).status_code == 200
    assert told() == {"area.suspension_ended": ["qian"]}
    assert "it turned away" in newest(district, "qian")["text"]


def told_in_the_code():
    """Every event about findings that some action tells, as patterns."""
    found = set()
    for path in (Path(ROOT) / "backend" / "domains" / "findings" / "actions").rglob("*.py"):
        for text in re.findall(r'f?"(finding\.[a-z_{}.]+)"', path.read_text("utf-8")):
            found.add(re.sub(r"\\\{[^}]*\\\}", r"[a-z_]+", re.escape(text)))
    return found


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_of_the_table_is_told_by_somebody(event):
    assert any(re.fullmatch(pattern, event) for pattern in told_in_the_code())


def test_the_worker_follows_every_event_of_the_table_each_by_itself():
    (reaction,) = [each for each in REACTIONS if each.name == "announcements"]
    assert set(reaction.events) == {each.event for each in ANNOUNCEMENTS}
    assert not reaction.once


def end_roles(district, login):
    admin, person = district.client("admin"), district.person(login)
    for held in admin.get(f"/api/v1/people/{person}").json["roles"]:
        assert admin.delete(f"/api/v1/people/{person}/roles/{held['id']}").status_code == 204


@pytest.mark.parametrize("other", [None, ("contractor_manager", "lvyuan")])
def test_who_lost_the_role_is_not_told_what_becomes_of_what_was_asked(district, story, told, other):
    """Nor is who does the same for another company now."""
    finding = story.dispatched()
    asked_for = district.client("qian").post(
        f"/api/v1/findings/{finding}/return-requests", json={"dispatch": story.task(finding), "reason": "not ours"}
    )
    assert asked_for.status_code == 201, asked_for.text
    told()
    end_roles(district, "qian")
    if other is not None:
        district.do(grant_role, person=district.person("qian"), role=other[0], unit=district.unit(other[1]))
    refusal = f"/api/v1/findings/{finding}/return-requests/{asked_for.json['requests'][-1]['id']}/refusal"
    assert district.client("sun").post(refusal, json={"reason": "it is, see the secret annex"}).status_code == 200
    district.settle()
    assert district.client("qian").get(f"/api/v1/findings/{finding}").status_code == (403 if other is None else 404)
    assert "qian" not in told().get("return_refused", [])
    assert not [each for each in district.client("qian").get("/api/v1/messages").json["items"] if "annex" in each["text"]]


def test_who_recorded_it_and_left_is_not_told_how_it_ended(district, story, told):
    finding = story.filed()
    story.desk("zhao", finding, "void-request", reason="twice")
    end_roles(district, "lin")
    told()
    story.desk("chen", finding, "void", reason="recorded twice")
    assert told()["voided"] == ["zhao"]
