"""Rules of tasks: which looks are needed, who gets them, what a task comes to whatever arrived first."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.findings.rules import tasks as rules
from backend.domains.findings.rules.tasks import Candidate, Facts, Need, Seen

NOON = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
A, B, C = (UUID(int=n) for n in (1, 2, 3))


def at(minutes):
    return NOON + dt.timedelta(minutes=minutes)


def seen(by, minutes, *, came=None, n=0):
    return Seen(UUID(int=100 + minutes + n), by, at(minutes), at(minutes if came is None else came))


def test_looks_are_needed_before_filing_where_asked_and_before_closing_at_each_open_report():
    assert rules.looks_needed("verifying", [A]) == [Need("pre_filing", None)]
    assert rules.looks_needed("rectified", [B, A]) == [Need("pre_closing", A), Need("pre_closing", B)]
    for state in ("recorded", "filed", "dispatched", "verified", "closed", "void"):
        assert rules.looks_needed(state, [A]) == []


@pytest.mark.parametrize(
    ("grids", "near"),
    [
        (["330113001001001"], "grid"),
        (["330113001001009", "330113001001001"], "grid"),
        (["330113001001009"], "community"),
        (["330113001009001"], "town"),
        (["330113009001001"], None),
        ([], None),
    ],
)
def test_how_near_a_duty_is(grids, near):
    assert rules.nearness(grids, grid="330113001001001", community="330113001001", town="330113001") == near


def test_nobody_is_near_a_place_that_is_not_known():
    assert rules.nearness(["330113001001001"], grid=None, community=None, town=None) is None


candidates = st.lists(
    st.builds(Candidate, st.uuids(), st.sampled_from(rules.NEARNESS), st.integers(0, 50)), max_size=8, unique_by=lambda each: each.person
)


@given(candidates)
def test_who_gets_it_is_no_farther_and_no_busier_than_any_other_unless_that_pays(found):
    chosen = rules.choose(found)
    assert (chosen is None) == (not found)
    for other in found:
        steps = rules.NEARNESS.index(other.near) - rules.NEARNESS.index(chosen.near)
        assert chosen.load <= other.load + rules.STEP_AWAY * steps
        assert chosen == rules.choose(reversed(found))


def test_nearer_ones_win_a_tie():
    assert rules.choose([Candidate(A, "community", 0), Candidate(B, "grid", rules.STEP_AWAY)]).person == B
    assert rules.choose([Candidate(A, "community", 0), Candidate(B, "grid", rules.STEP_AWAY + 1)]).person == A


OPEN = Facts(A, NOON, None, None)
MOVED = Facts(A, NOON, "reassigned", at(30))


@pytest.mark.parametrize(
    ("task", "looks", "needed", "expected"),
    [
        (OPEN, [], True, "open"),
        (OPEN, [], False, "cancelled"),
        (OPEN, [seen(A, 10)], False, "done"),
        (OPEN, [seen(B, 10)], True, "done"),
        (MOVED, [], True, "reassigned"),
        (MOVED, [], False, "reassigned"),
        (MOVED, [seen(A, 29, came=60)], True, "done"),
        (MOVED, [seen(A, 30, came=60)], True, "reassigned"),
        (MOVED, [seen(B, 40)], False, "reassigned"),
        (replace(MOVED, moved="declined"), [], True, "declined"),
        (replace(OPEN, cancelled=True), [], True, "cancelled"),
        (replace(OPEN, cancelled=True), [seen(B, 10)], True, "cancelled"),
        (replace(OPEN, cancelled=True), [seen(A, 10)], True, "done"),
        (Facts(None, NOON, None, None), [seen(B, 10)], True, "done"),
    ],
)
def test_what_a_task_comes_to(task, looks, needed, expected):
    assert rules.come_to(task, looks, needed=needed, phase="pre_closing")[0] == expected


def test_a_look_that_came_before_it_was_asked_for_does_nothing_before_filing_and_counts_at_a_report():
    early = [seen(A, -10)]
    assert rules.come_to(OPEN, early, needed=True, phase="pre_filing") == ("open", None)
    assert rules.come_to(OPEN, early, needed=True, phase="pre_closing") == ("done", early[0].id)


def test_the_own_look_does_it_before_anothers_and_the_earliest_of_several():
    looks = [seen(B, 5), seen(A, 20), seen(A, 10)]
    for order in permutations(looks):
        assert rules.come_to(OPEN, order, needed=False, phase="pre_closing") == ("done", seen(A, 10).id)


def test_a_look_after_the_task_went_is_an_observation_and_one_of_the_same_moment_too():
    for minutes, observed in ((29, False), (30, True), (31, True)):
        assert rules.is_observation([MOVED], A, at(minutes)) is observed
    assert not rules.is_observation([MOVED], B, at(40))
    assert not rules.is_observation([], A, at(40))


def test_who_got_it_back_looks_for_good():
    back = Facts(A, at(50), None, None)
    assert not rules.is_observation([MOVED, back], A, at(60))
