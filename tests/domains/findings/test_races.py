"""Two at once: real threads against one finding, on both databases. One of them wins, the other is told; nothing is half-done."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import sqlalchemy as sa

from backend.core.journal import JournalEntry
from backend.domains.findings.model.work import Dispatch
from backend.entrypoints.worker import nightly, tasks
from tests.domains.findings.test_moves_returns import asked, post, refused, task
from tests.make.district import DIRT


def at_once(*calls):
    """The answers of these calls, let go at the same moment."""
    gate = threading.Barrier(len(calls))

    def one(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def statuses(answers):
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    return sorted(answer.status_code for answer in answers)


def told(district, finding, event):
    query = sa.select(JournalEntry.seq).where(JournalEntry.subject == str(finding), JournalEntry.event == event)
    return len(district.scalars(query))


def replays(district):
    assert nightly.verify_by_replay(district.app).violations == []


def test_of_several_desks_that_file_it_at_once_one_wins(district, story):
    finding = story.ready()
    etag = district.client("zhao").get(f"/api/v1/findings/{finding}").headers["ETag"]
    clients = [district.client(login) for login in ("zhao", "chen", "zhao", "chen")]
    answers = at_once(
        *(
            lambda client=client: client.post(f"/api/v1/findings/{finding}/filing", json={}, headers={"If-Match": etag})
            for client in clients
        )
    )
    assert statuses(answers) == [200, 412, 412, 412]
    assert all(answer.json["state"] == "filed" for answer in answers)
    assert told(district, finding, "finding.filed") == 1


def test_the_contractor_reports_while_the_dispatcher_suspends(district, story):
    for _ in range(4):
        finding = story.dispatched()
        until = (district.clock.now() + dt.timedelta(days=3)).isoformat()
        request = asked(story, district, finding, "suspension", until=until)
        dispatch = story.task(finding)
        body = {"report": str(uuid4()), "dispatch": dispatch, "note": "done", "photos": []}
        reported, granted = at_once(
            lambda finding=finding, body=body: post(district, "qian", finding, "reports", **body),
            lambda finding=finding, request=request: post(district, "sun", finding, f"suspension-requests/{request}/grant"),
        )
        assert reported.status_code == 201, reported.text
        assert granted.status_code == 200 or refused(granted) in {(409, "move_not_open"), (409, "request_decided")}, granted.text
        shown = story.seen_by("sun", finding)
        assert (shown["state"], task(shown)["state"], task(shown)["suspended_until"]) == ("rectified", "handed_back", None)
        assert shown["requests"][0]["state"] == ("granted" if granted.status_code == 200 else "lapsed")
        assert shown["reports"][0]["on_time"] is True
    replays(district)


def test_the_work_is_reported_while_its_return_is_granted(district, story):
    other = {"contract": str(district.contracts["BJ"]), "reason": "theirs"}
    for _ in range(4):
        finding = story.dispatched()
        request = asked(story, district, finding, "return")
        body = {"report": str(uuid4()), "dispatch": story.task(finding), "note": "done", "photos": []}
        reported, granted = at_once(
            lambda finding=finding, body=body: post(district, "qian", finding, "reports", **body),
            lambda finding=finding, request=request: post(district, "sun", finding, f"return-requests/{request}/grant", **other),
        )
        shown = story.seen_by("sun", finding)
        if granted.status_code == 200:
            assert refused(reported) == (409, "dispatch_replaced")
            assert [each["state"] for each in shown["dispatches"]] == ["cancelled", "issued"]
        else:
            assert (reported.status_code, refused(granted)[0]) == (201, 409)
            assert (shown["state"], shown["requests"][0]["state"]) == ("rectified", "lapsed")
    replays(district)


def test_two_dispatchers_decide_one_request(district, story):
    district.person("bo", ("dispatcher", "330113"))
    finding = story.dispatched()
    request = asked(story, district, finding, "return")
    answers = at_once(
        lambda: post(district, "sun", finding, f"return-requests/{request}/grant"),
        lambda: post(district, "bo", finding, f"return-requests/{request}/refusal"),
        lambda: post(district, "bo", finding, f"return-requests/{request}/grant"),
    )
    assert statuses(answers) == [200, 409, 409]
    shown = story.seen_by("sun", finding)
    assert shown["counters"]["bounces"] == (1 if shown["state"] == "filed" else 0)


def test_two_dispatchers_dispatch_it_at_once(district, story):
    district.person("bo", ("dispatcher", "330113"))
    finding = story.filed()
    answers = at_once(*(lambda login=login: post(district, login, finding, "dispatches") for login in ("sun", "bo", "sun")))
    assert statuses(answers) == [201, 409, 409]
    assert len(district.scalars(sa.select(Dispatch.id))) == 1


def test_a_role_is_withdrawn_while_its_holder_moves(district, story):
    finding = story.ready()
    bo = district.person("bo", ("acceptor", "330113"))
    district.person("keeper", ("security_administrator", "330113"))
    held, token, keeper = district.client("zhao"), district.client("bo"), district.client("keeper")
    (role,) = keeper.get(f"/api/v1/people/{bo}").json["roles"]
    answers = at_once(
        lambda: token.post(f"/api/v1/findings/{finding}/filing", json={}),
        lambda: keeper.delete(f"/api/v1/people/{bo}/roles/{role['id']}"),
    )
    assert answers[1].status_code == 204, answers[1].text
    assert answers[0].status_code in {200, 401, 403}, answers[0].text
    state = held.get(f"/api/v1/findings/{finding}").json["state"]
    assert state == ("filed" if answers[0].status_code == 200 else "recorded")
    assert token.post(f"/api/v1/findings/{finding}/notes", json={"text": "still here"}).status_code in {401, 403}


def test_several_workers_bring_an_area_suspension_to_each_dispatch_once(district, story):
    findings = [story.dispatched() for _ in range(3)]
    until = (district.clock.now() + dt.timedelta(days=1)).isoformat()
    body = {"area": "330113001", "until": until, "reason": "typhoon"}
    assert district.client("li").post("/api/v1/area-suspensions", json=body).status_code == 201
    for moment, event in ((None, "finding.suspended"), (dt.timedelta(days=1), "finding.suspension_ended")):
        if moment:
            district.clock.forward(days=1)
        at_once(*[lambda: tasks.settle(district.app)] * 3)
        tasks.settle(district.app)
        assert [told(district, finding, event) for finding in findings] == [1, 1, 1]
    replays(district)


def test_one_is_closed_while_it_is_corrected_and_voided(district, story):
    finding = story.verified()
    answers = at_once(
        lambda: post(district, "chen", finding, "closing"),
        lambda: post(district, "zhao", finding, "correction", category=DIRT, condition=2, reason="other"),
        lambda: post(district, "zhao", finding, "void-request", reason="mistake"),
    )
    assert all(answer.status_code in {200, 409, 422} for answer in answers), [answer.text for answer in answers]
    shown = story.seen_by("zhao", finding)
    assert shown["state"] in {"closed", "verified"}
    assert (shown["state"] == "closed") == (answers[0].status_code == 200)
    assert not (shown["state"] == "closed" and shown["void_request"])
    replays(district)


def test_a_contract_ends_between_filing_and_dispatch(district, story):
    """In Shen's community two contracts clean: the one that wins is ended while somebody dispatches to it."""
    finding = story.filed()
    winner = story.seen_by("sun", finding)["liable"]
    today = district.clock.now().astimezone(dt.timezone(dt.timedelta(hours=8))).date().isoformat()
    dispatched, ended = at_once(
        lambda: post(district, "sun", finding, "dispatches", contract=winner, reason="as matched"),
        lambda: district.client("admin").post(f"/api/v1/contracts/{winner}/termination", json={"on": today, "reason": "bankrupt"}),
    )
    assert ended.status_code == 200, ended.text
    if dispatched.status_code == 201:
        assert task(dispatched.json)["contract"] == winner  # it was in force when it was dispatched, and keeps the work
    else:
        assert refused(dispatched) == (422, "contract_not_in_force")
        shown = story.desk("sun", finding, "dispatches")
        assert task(shown)["contract"] not in {None, winner}
    assert story.seen_by("sun", finding)["liable"] == winner  # whom to blame is decided by when it was found
