"""The rules of reports, verdicts and extensions, by values alone: whatever arrives first, the same comes of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.deadlines.rules.calendar import WorkingCalendar
from backend.domains.deadlines.rules.clock import compute
from backend.domains.deadlines.rules.events import Extended, Restarted, Stopped
from backend.domains.deadlines.rules.limits import Limit
from backend.domains.findings.rules.attaching import head_of, reach_m
from backend.domains.findings.rules.reports import (
    REWORK_AT_LEAST,
    Granted,
    Look,
    Reported,
    clock_events,
    finding_state,
    granted_before,
    is_uncertain,
    standing_of,
    timeliness,
)

ISSUED = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
LEAST = REWORK_AT_LEAST["elapsed"]
LIMIT = Limit(4, "urgent_hours")
CALENDAR = WorkingCalendar(version=1, years=frozenset({2026}), overrides={})
FIRST, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))


def hour(number):
    return ISSUED + dt.timedelta(hours=number)


def look(result, at, noticed=None):
    return Look(result, hour(at), hour(at if noticed is None else noticed))


def standing(*reports, cancelled=None):
    return standing_of(reports, issued_at=ISSUED, least=LEAST, cancelled_at=None if cancelled is None else hour(cancelled))


def test_without_reports_it_is_issued_and_a_report_hands_it_back():
    assert (standing().state, standing().stops, standing().current) == ("issued", (), None)
    one = standing(Reported(FIRST, hour(1)))
    assert (one.state, one.ruling, one.handed_back_at, one.stops) == ("handed_back", "open", hour(1), (Stopped(hour(1)),))


def test_the_first_report_stops_the_clock_and_the_newest_decides():
    both = standing(Reported(SECOND, hour(2)), Reported(FIRST, hour(1)))
    assert (both.current, both.states, both.handed_back_at) == (SECOND, {FIRST: "replaced", SECOND: "open"}, hour(1))


def test_of_two_reports_at_one_moment_the_higher_id_is_the_newer():
    assert standing(Reported(SECOND, hour(1)), Reported(FIRST, hour(1))).current == SECOND


def test_a_failure_begins_a_rework_when_the_unit_can_know_of_it():
    failed = standing(Reported(FIRST, hour(1), (look("fail", 2, 5),)))
    assert (failed.state, failed.reworks, failed.handed_back_at) == ("rework", 1, None)
    assert failed.stops == (Stopped(hour(1)), Restarted(hour(5), LEAST))
    again = standing(Reported(FIRST, hour(1), (look("fail", 2, 5),)), Reported(SECOND, hour(6)))
    assert (again.state, again.states, again.handed_back_at) == ("handed_back", {FIRST: "failed", SECOND: "open"}, hour(6))


def test_a_failure_of_a_report_that_had_been_replaced_before_anybody_knew_begins_no_rework():
    replaced = standing(Reported(FIRST, hour(1), (look("fail", 2, 5),)), Reported(SECOND, hour(4)))
    assert (replaced.state, replaced.reworks, replaced.ruling, replaced.stops) == ("handed_back", 0, "open", (Stopped(hour(1)),))
    assert replaced.states == {FIRST: "failed", SECOND: "open"}


def test_a_pass_of_a_report_that_had_been_replaced_before_anybody_knew_leaves_the_newer_open():
    replaced = standing(Reported(FIRST, hour(1), (look("pass", 2, 5),)), Reported(SECOND, hour(4)))
    assert (replaced.current, replaced.ruling, replaced.states) == (SECOND, "open", {FIRST: "passed", SECOND: "open"})


def test_a_report_made_after_the_pass_was_known_adds_evidence_only():
    passed = standing(Reported(FIRST, hour(1), (look("pass", 2),)), Reported(SECOND, hour(4)))
    assert (passed.current, passed.ruling, passed.states) == (FIRST, "pass", {FIRST: "passed", SECOND: "added"})


def test_opposite_verdicts_count_for_nothing_until_somebody_decides():
    disputed = Reported(FIRST, hour(1), (look("pass", 2), look("fail", 3)))
    assert (standing(disputed).state, standing(disputed).states, disputed.ruling) == ("handed_back", {FIRST: "disputed"}, "disputed")
    assert standing(replace(disputed, decided=look("pass", 6))).ruling == "pass"
    failed = standing(replace(disputed, decided=look("fail", 6)))
    assert (failed.state, failed.stops[-1].at) == ("rework", hour(6))


def test_a_cancellation_stops_the_clock_and_stands_whatever_was_reported_before_or_since():
    assert (standing(cancelled=3).state, standing(cancelled=3).stops) == ("cancelled", (Stopped(hour(3)),))
    early = standing(Reported(FIRST, hour(1)), cancelled=3)
    assert (early.state, early.stops, early.states) == ("cancelled", (Stopped(hour(1)),), {FIRST: "open"})
    late = standing(Reported(FIRST, hour(5)), cancelled=3)
    assert (late.state, late.stops, late.handed_back_at) == ("cancelled", (Stopped(hour(3)),), None)
    reworked = standing(Reported(FIRST, hour(1), (look("fail", 2),)), cancelled=3)
    assert (reworked.state, [event.at for event in reworked.stops]) == ("cancelled", [hour(1), hour(2), hour(3)])


FACTS = st.lists(
    st.tuples(st.integers(0, 9), st.lists(st.tuples(st.sampled_from(["pass", "fail"]), st.integers(0, 9), st.integers(0, 3)), max_size=2)),
    min_size=1,
    max_size=4,
)


def reports_of(facts):
    return [
        Reported(UUID(int=number), hour(at), tuple(look(result, at + after, at + after + more) for result, after, more in looks))
        for number, (at, looks) in enumerate(facts, start=1)
    ]


@given(FACTS, st.none() | st.integers(0, 12), st.lists(st.integers(0, 12), max_size=2))
def test_what_comes_of_reports_and_verdicts_does_not_hang_on_their_order_and_makes_a_clock(facts, cancelled, extensions):
    reports = reports_of(facts)
    expected = standing(*reports, cancelled=cancelled)
    for order in permutations(reports):
        assert standing(*(replace(each, looks=each.looks[::-1]) for each in order), cancelled=cancelled) == expected
    granted = [Granted(hour(at), LIMIT) for at in extensions]
    events = clock_events(expected.stops, granted)
    assert events == clock_events(expected.stops, granted[::-1])
    outcome = compute(LIMIT, ISSUED, CALENDAR, events)  # raises where no clock can have had these events
    assert (outcome.state == "stopped") is (expected.state in {"handed_back", "cancelled"})
    assert expected.reworks == sum(isinstance(event, Restarted) for event in expected.stops) or cancelled is not None
    assert set(expected.states) == {each.id for each in reports} == set(expected.before)
    assert all(0 <= count <= len(expected.stops) for count in expected.before.values())


def test_an_extension_granted_at_the_moment_of_a_stop_comes_before_it():
    assert clock_events([Stopped(hour(1))], [Granted(hour(1), LIMIT)]) == [Extended(hour(1), LIMIT), Stopped(hour(1))]


def test_on_time_is_by_any_deadline_granted_before_the_verdict():
    extensions = [Granted(hour(2), LIMIT), Granted(hour(7), LIMIT)]
    assert granted_before(extensions, hour(6)) == extensions[:1]
    assert granted_before(extensions, hour(7)) == granted_before(extensions, None) == extensions
    assert Reported(FIRST, hour(1)).ruled_at is None
    assert Reported(FIRST, hour(1), (look("fail", 3, 9), look("pass", 2, 9))).ruled_at == hour(2)


@pytest.mark.parametrize(("reported", "on_time"), [(3, True), (4, True), (5, False)])
def test_reported_at_the_very_deadline_is_on_time(reported, on_time):
    assert timeliness(hour(reported), hour(4)) is on_time


def test_without_a_deadline_or_with_one_within_the_bounds_of_an_uncertain_time_nobody_knows():
    assert timeliness(hour(1), None) is None
    assert timeliness(hour(3), hour(4), (hour(2), hour(5))) is None
    assert timeliness(hour(3), hour(4), (hour(2), hour(4))) is True
    assert timeliness(hour(6), hour(4), (hour(5), hour(8))) is False
    assert not is_uncertain(None, (hour(2), hour(5)))


def test_the_finding_follows_its_dispatches():
    issued, passed = standing(), standing(Reported(FIRST, hour(1), (look("pass", 2),)))
    back, gone = standing(Reported(FIRST, hour(1))), standing(cancelled=1)
    assert finding_state([issued, passed]) == "dispatched" == finding_state([]) == finding_state([gone])
    assert finding_state([back, passed]) == "rectified" == finding_state([back, gone])
    assert finding_state([passed, passed]) == "verified" == finding_state([passed, gone])
    assert finding_state([passed, standing(Reported(FIRST, hour(1)), cancelled=3)]) == "verified"


# Which is the head


@dataclass(frozen=True)
class Row:
    id: UUID
    state: str
    recorded_at: dt.datetime


@given(st.lists(st.tuples(st.sampled_from(["recorded", "filed", "dispatched", "rectified"]), st.integers(0, 3)), min_size=1, max_size=5))
def test_the_head_is_the_dispatched_one_else_the_first_whoever_asks(facts):
    group = [Row(uuid4(), state, hour(at)) for state, at in facts]
    head = head_of(group)
    assert all(head_of(order) is head for order in permutations(group))
    dispatched = [each for each in group if each.state in {"dispatched", "rectified"}]
    assert head in (dispatched or group)
    assert (head.recorded_at, head.id) == min((each.recorded_at, each.id) for each in dispatched or group)


@pytest.mark.parametrize(("accuracies", "metres"), [((), 25), ((None,), 25), ((6.5,), 25), ((40.0, 3.0), 40), ((9000.0,), 500)])
def test_near_is_25_metres_or_as_far_as_a_place_is_uncertain(accuracies, metres):
    assert reach_m(*accuracies) == metres
