"""Rules of rosters: who serves which part of a shift, and what is a gap. Held against a count minute by minute."""

from __future__ import annotations

import datetime as dt
import itertools
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.act import Actor, Grant
from backend.domains.patrols.rules import rosters as rules
from backend.domains.patrols.rules.keeping import keeps_roster_of
from backend.domains.patrols.rules.rosters import Away, Planned, Wanted

START = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
GRID = UUID(int=99)
PEOPLE = [UUID(int=n) for n in range(1, 5)]
LENGTH = 24


def at(slot):
    return START + dt.timedelta(hours=slot)


def able(person, _shift):
    return person != PEOPLE[3]


slots = st.integers(0, LENGTH)
spans = st.tuples(slots, slots).filter(lambda pair: pair[0] < pair[1])
shifts = st.builds(
    lambda n, person, span: Planned(UUID(int=n), person, GRID, at(span[0]), at(span[1])),
    st.integers(1000, 10**6),
    st.sampled_from(PEOPLE),
    spans,
)
absences = st.builds(
    lambda person, span, cover: Away(person, at(span[0]), at(span[1]), cover),
    st.sampled_from(PEOPLE),
    spans,
    st.none() | st.sampled_from(PEOPLE),
)


def by_count(shift, away, slot):
    """Who is on duty in one slot, said as plainly as possible."""
    own = [each for each in away if each.person == shift.person and each.since <= at(slot) < each.until]
    person = shift.person
    if own:
        person = own[0].covered_by
        if person is None or any(each.person == person and each.since <= at(slot) < each.until for each in away):
            return None
    return person if able(person, shift) else None


@given(shifts, st.lists(absences, max_size=5))
def test_the_parts_of_a_shift_are_the_shift_and_each_has_who_is_there(shift, away):
    parts = rules.served(shift, rules.concerning(shift.person, away), able)
    assert (parts[0].since, parts[-1].until) == (shift.since, shift.until)
    assert all(one.until == other.since for one, other in itertools.pairwise(parts))
    for slot in range(LENGTH):
        there = [part for part in parts if part.since <= at(slot) < part.until]
        assert len(there) == (shift.since <= at(slot) < shift.until)
        for part in there:
            assert part.person == by_count(shift, away, slot)
            assert (part.person is None) == (part.reason is not None)


@given(st.lists(shifts, max_size=4, unique_by=lambda each: each.id), st.lists(absences, max_size=4), st.lists(spans, max_size=3))
def test_a_gap_is_each_wanted_hour_in_which_nobody_is_on_duty(planned, away, wanted):
    parts = [part for shift in planned for part in rules.served(shift, rules.concerning(shift.person, away), able)]
    wants = [Wanted(GRID, at(first), at(last)) for first, last in wanted]
    for want in wants:
        found = list(rules.gaps([want], parts))
        assert all(one.until <= other.since for one, other in itertools.pairwise(found))
        for slot in range(LENGTH):
            served = any(part.person is not None and part.since <= at(slot) < part.until for part in parts)
            missing = want.since <= at(slot) < want.until and not served
            assert sum(gap.since <= at(slot) < gap.until for gap in found) == missing


@given(st.lists(shifts, max_size=5, unique_by=lambda each: each.id))
def test_doubled_is_each_hour_with_more_than_one(planned):
    parts = [part for shift in planned for part in rules.served(shift, [], able)]
    found = rules.doubled(parts)
    for slot in range(LENGTH):
        people = {part.person for part in parts if part.person and part.since <= at(slot) < part.until}
        there = [each for each in found if each.since <= at(slot) < each.until]
        assert [set(each.people) for each in there] == ([people] if len(people) > 1 else [])


@pytest.mark.parametrize(
    ("duty", "hours"),
    [(("08:00", "18:00"), (0, 10)), (("22:00", "06:00"), (14, 22)), (("00:00", "00:00"), (-8, 16)), (("08:00", "08:00"), (0, 24))],
)
def test_when_somebody_is_wanted_on_a_day_of_the_district(duty, hours):
    found = rules.wanted_on(GRID, dt.date(2026, 11, 23), weekdays=[1], duty_from=duty[0], duty_until=duty[1])
    assert found == Wanted(GRID, at(hours[0]), at(hours[1]))
    assert rules.wanted_on(GRID, dt.date(2026, 11, 24), weekdays=[1], duty_from=duty[0], duty_until=duty[1]) is None


@pytest.mark.parametrize(
    ("role", "area", "keeps"),
    [
        ("shift_leader", "330113", True),
        ("shift_leader", "330113001", True),
        ("shift_leader", "330113002", False),
        ("shift_leader", "330113001001", False),
        ("shift_leader", None, False),
        ("dispatcher", "330113", False),
        ("administrator", None, True),
    ],
)
def test_who_keeps_the_rosters_of_a_town(role, area, keeps):
    actor = Actor(PEOPLE[0], "x", "x", (Grant(role, GRID, "town", area),))
    assert keeps_roster_of(actor, "330113001") is keeps


def test_a_cover_holds_the_shift_only_while_it_covers():
    shift = Planned(GRID, PEOPLE[0], GRID, at(0), at(10))
    away = [Away(PEOPLE[0], at(2), at(4), PEOPLE[1]), Away(PEOPLE[0], at(5), at(6))]
    assert [rules.holder_at(shift, at(slot), away) for slot in (1, 2, 4, 5)] == [PEOPLE[0], PEOPLE[1], PEOPLE[0], PEOPLE[0]]
    assert rules.scopes_of_shift(shift, away) == sorted(f"user:{each}" for each in PEOPLE[:2])
    assert rules.scopes_of_shift(shift, [Away(PEOPLE[0], at(10), at(12), PEOPLE[1])]) == [f"user:{PEOPLE[0]}"]
