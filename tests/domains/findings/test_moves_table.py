"""The table of moves: what is open to whom, the state a move is meant for, and the pages made from it."""

from __future__ import annotations

import pytest

from backend.domains.findings.rules import diagram
from backend.domains.findings.rules.holds import HOLDABLE
from backend.domains.findings.rules.moves import FOLLOWS, MOVES, STATES
from backend.domains.findings.rules.steps import STEP_OF
from backend.domains.findings.rules.wording import STATE_NAMES, VERBS
from tests.domains.findings.test_moves_returns import asked, post, refused


def moves(district, login, finding):
    answer = district.client(login).get(f"/api/v1/findings/{finding}/moves")
    assert answer.status_code == 200, answer.text
    return {each["verb"]: each for each in answer.json["items"]}


def test_moves_say_in_both_languages_what_is_open_and_what_is_unmet(district, story):
    finding = story.recorded(condition=None)
    found = moves(district, "zhao", finding)
    assert (found["file_finding"]["zh"], found["file_finding"]["target"]) == ("立案", "filed")
    assert set(found["file_finding"]["unmet"]) == {"photos", "condition"}
    assert "dispatch_finding" not in found
    assert set(moves(district, "sun", finding)) == set(story.seen_by("sun", finding)["moves"])


def test_only_what_can_be_decided_is_open(district, story):
    finding = story.dispatched()
    assert not {"grant_return", "refuse_return", "end_suspension"} & set(moves(district, "sun", finding))
    assert {"request_return", "report_rectification"} <= set(moves(district, "qian", finding))
    asked(story, district, finding, "return")
    assert {"grant_return", "refuse_return"} <= set(moves(district, "sun", finding))
    assert "request_return" not in moves(district, "qian", finding)


def test_a_move_meant_for_another_state_is_answered_with_the_present_one(district, story):
    finding = story.ready()
    etag = district.client("zhao").get(f"/api/v1/findings/{finding}").headers["ETag"]
    filed = district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={}, headers={"If-Match": etag})
    assert (filed.status_code, filed.headers["ETag"] != etag) == (200, True)
    stale = district.client("sun").post(f"/api/v1/findings/{finding}/dispatches", json={}, headers={"If-Match": etag})
    assert refused(stale) == (412, "state_moved")
    assert (stale.json["state"], stale.json["state_version"]) == ("filed", filed.json["state_version"])
    assert story.seen_by("sun", finding)["state"] == "filed"
    fresh = district.client("sun").post(f"/api/v1/findings/{finding}/dispatches", json={}, headers={"If-Match": filed.headers["ETag"]})
    assert fresh.status_code == 201


@pytest.mark.parametrize(("header", "status"), [("*", 200), ('"s7.v1", "s1.v9"', 200), ("W/nonsense", 412), ('"s1.v999"', 200)])
def test_if_match_compares_the_state_alone(district, story, header, status):
    finding = story.ready()
    answer = district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={}, headers={"If-Match": header})
    assert answer.status_code == status, answer.text


def test_if_match_holds_for_what_changes_no_state_too_and_for_one_request_alone(district, story):
    finding = story.dispatched()
    dispatch = story.task(finding)
    client = district.client("qian")
    body = {"dispatch": dispatch, "reason": "why"}
    stale = client.post(f"/api/v1/findings/{finding}/return-requests", json=body, headers={"If-Match": '"s1.v1"'})
    assert refused(stale) == (412, "state_moved")
    assert client.post(f"/api/v1/findings/{finding}/return-requests", json=body).status_code == 201


def test_of_two_desks_that_move_it_at_once_one_wins(district, story):
    finding = story.ready()
    seen = story.seen_by("zhao", finding)["state_version"]
    assert post(district, "zhao", finding, "filing", state_version=seen).status_code == 200
    assert refused(post(district, "chen", finding, "filing", state_version=seen)) == (412, "state_moved")


# What is made from the table


def test_every_verb_and_every_state_has_its_words():
    assert set(VERBS) == set(MOVES)
    assert set(STATE_NAMES) == set(STATES)
    assert all(zh and en for zh, en in (*VERBS.values(), *STATE_NAMES.values()))


def test_the_diagram_shows_every_state_and_every_way():
    text = diagram.states_md()
    ways = diagram.edges()
    assert {state for source, target, _ in ways for state in (source, target)} == {"[*]", *STATES}
    assert all(f"{source} --> {target}: " in text for source, target, _ in ways)
    assert all(f"| `{verb}` |" in text for verb in MOVES)
    assert all(source in MOVES[verb].sources for verb, found in FOLLOWS.items() for source, _ in found)


def test_every_open_state_waits_for_a_step_or_has_work_under_way():
    assert set(STEP_OF) | {"dispatched", "closed", "void", "withdrawn", "attached"} == set(STATES)
    assert {"issued", "rework"} == HOLDABLE
