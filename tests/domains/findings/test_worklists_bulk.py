"""Many moves at once: each finding has its own result, and none undoes another's."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from backend.core import deeds
from backend.domains.findings.api.bulk import _VERBS
from backend.domains.findings.queries.worklists.kinds import IN_BULK


def moved(district, login, verb, items, **payload):
    body = {"verb": verb, "items": [item if isinstance(item, dict) else {"finding": item} for item in items], "payload": payload}
    answer = district.client(login).post("/api/v1/findings/bulk", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_each_has_its_own_result_in_the_order_asked_for(district, story):
    ready, other, bare = story.ready(), story.ready(), story.recorded()
    unknown = str(uuid4())
    answer = moved(district, "zhao", "file_finding", [ready, bare, unknown, other])
    assert [(each["finding"], each["status"], each["state"]) for each in answer["items"]] == [
        (ready, "moved", "filed"),
        (bare, "refused", "recorded"),
        (unknown, "refused", None),
        (other, "moved", "filed"),
    ]
    assert (answer["moved"], answer["refused"]) == (2, 2)
    assert answer["items"][1]["problem"]["type"] == "/problems/not_ready"
    assert answer["items"][1]["problem"]["unmet"] == ["photos"]
    assert answer["items"][2]["problem"]["type"] == "/problems/not_found"
    assert answer["items"][0]["problem"] is None


def test_one_that_somebody_moved_meanwhile_is_refused_and_says_so(district, story):
    finding = story.ready()
    seen = story.seen_by("zhao", finding)["state_version"]
    story.desk("chen", finding, "filing")
    (result,) = moved(district, "zhao", "file_finding", [{"finding": finding, "state_version": seen}])["items"]
    assert result["problem"]["type"] == "/problems/state_moved"
    assert (result["state"], result["state_version"]) == ("filed", seen + 1)


def test_the_same_finding_twice_is_moved_once(district, story):
    finding = story.ready()
    assert [each["status"] for each in moved(district, "zhao", "file_finding", [finding, finding])["items"]] == ["moved", "refused"]


def test_separation_of_duty_holds_in_bulk(district, story):
    first, second = story.recorded(), story.recorded()
    assert moved(district, "zhao", "request_void", [first, second], reason="not ours")["moved"] == 2
    refused = moved(district, "zhao", "void_finding", [first, second], reason="indeed")
    assert {each["problem"]["type"] for each in refused["items"]} == {"/problems/same_hands"}
    assert moved(district, "chen", "void_finding", [first, second], reason="indeed")["moved"] == 2


def test_whoever_has_no_role_for_the_verb_moves_nothing(district, story):
    finding = story.ready()
    (result,) = moved(district, "sun", "file_finding", [finding])["items"]
    assert result["problem"]["type"] == "/problems/not_authorised"
    assert district.client("qian").post("/api/v1/findings/bulk", json={"verb": "file_finding", "items": []}).status_code == 403


def test_requests_are_decided_in_bulk(district, story):
    asked = []
    for _ in range(2):
        finding = story.dispatched()
        shown = story.desk("qian", finding, "extension-requests", dispatch=story.task(finding), reason="rain")
        asked.append({"finding": finding, "request": shown["requests"][-1]["id"]})
    lines = district.client("sun").get("/api/v1/worklists/extensions_asked").json["items"]
    assert [{"finding": line["finding"], "request": line["request"]["id"]} for line in lines] == asked
    assert moved(district, "sun", "grant_extension", asked)["moved"] == 2
    assert district.client("sun").get("/api/v1/worklists/extensions_asked").json["items"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"verb": "delete_finding", "items": [{"finding": str(uuid4())}]}, "/verb"),
        ({"verb": "request_void", "items": [{"finding": str(uuid4())}]}, "/payload/reason"),
        ({"verb": "file_finding", "items": [{"finding": str(uuid4())}], "payload": {"state_version": 1}}, "/payload/state_version"),
        ({"verb": "grant_extension", "items": [{"finding": str(uuid4())}]}, "/items/0/request"),
        ({"verb": "file_finding", "items": [{"finding": str(uuid4()), "request": str(uuid4())}]}, "/items/0/request"),
        ({"verb": "file_finding", "items": []}, "/items"),
        ({"verb": "file_finding", "items": [{"finding": str(uuid4())}] * 201}, "/items"),
    ],
)
def test_what_cannot_be_meant_is_refused_as_a_whole_before_anything_moves(district, body, pointer):
    answer = district.client("zhao").post("/api/v1/findings/bulk", json=body)
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json["errors"]}


def test_a_fault_of_ours_is_one_findings_result_and_not_the_end_of_all(district, story, monkeypatch):
    good, bad = story.ready(), story.ready()
    plain = _VERBS["file_finding"].action

    def breaks(session, act, *, finding, payload):
        if str(finding) == bad:
            raise RuntimeError("broken")
        return plain(session, act, finding=finding, payload=payload)

    monkeypatch.setitem(_VERBS, "file_finding", type(_VERBS["file_finding"])(breaks, _VERBS["file_finding"].schema))
    answer = moved(district, "zhao", "file_finding", [bad, good])
    assert [each["status"] for each in answer["items"]] == ["refused", "moved"]
    assert answer["items"][0]["problem"]["status"] == 500


def test_whatever_may_be_done_in_bulk_is_kept_as_a_deed():
    for verb, bulk in _VERBS.items():
        assert deeds.registered()[f"findings.{verb}"] is bulk.action


def test_a_list_names_for_bulk_what_bulk_takes(district):
    assert set(_VERBS) == IN_BULK
    for login in ("zhao", "sun", "chen", "qian", "li"):
        for each in district.client(login).get("/api/v1/worklists").json["items"]:
            assert each["bulk"] == [verb for verb in each["verbs"] if verb in _VERBS]


def test_leaders_press_for_many_at_once(district, story):
    late = [story.dispatched(), story.dispatched()]
    due = (district.clock.now() + dt.timedelta(hours=5)).isoformat()
    assert moved(district, "li", "supervise_finding", late, demand="three complaints", reply_due=due)["moved"] == 2
    assert all(story.seen_by("zhao", finding)["supervised"] for finding in late)


def test_suspensions_are_ended_in_bulk(district, story):
    finding = story.dispatched()
    until = (district.clock.now() + dt.timedelta(days=2)).isoformat()
    shown = story.desk("qian", finding, "suspension-requests", dispatch=story.task(finding), reason="rain", until=until)
    asked = [{"finding": finding, "request": shown["requests"][-1]["id"]}]
    granted = moved(district, "sun", "grant_suspension", asked, until=until, reason="so it is")
    assert granted["moved"] == 1, granted
    ended = moved(district, "sun", "end_suspension", asked, reason="it stopped")
    assert ended["moved"] == 1, ended
    assert story.seen_by("zhao", finding)["dispatches"][0]["state"] == "issued"
