"""Amendments by rule: what fields come to is a function of the set of claims, whoever came first."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.problems import Invalid
from backend.domains.findings.rules.amending import AMENDABLE, BINDING, SETTLED, checked_value, is_held, seen_of
from backend.domains.findings.rules.claims import ALONE, UNSEEN, Claim, State, Track, category_key, decided
from backend.domains.findings.rules.moves import STATES
from backend.domains.findings.rules.settling import MOST_CLAIMS, fix_categories, settle, shorten

LIN, WU, ZHAO = (UUID(int=n) for n in (1, 2, 3))
MOMENT = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
A, B, C = ({"kind": "event", "code": code, "edition": 1} for code in ("a", "b", "c"))
CONDITIONS = {"event:a": {1, 2, 3}, "event:b": {1, 2}, "event:c": {3}}


def holds(category, condition):
    return condition in CONDITIONS[category]


def claim(minutes, by, seen, value, *, tie="x", **other):
    return Claim(id=f"{minutes}{tie}", by=by, at=MOMENT + dt.timedelta(minutes=minutes), seen=seen, value=value, op=uuid4(), **other)


def note(*claims, base=None):
    """What a note comes to, and who proposes what."""
    settled = settle({"note": Track({ALONE: base or State("seen")}, list(claims))}, author=LIN, holds=holds)
    return settled.value("note"), {(each.by, each.value) for each in settled.proposals("note")}


def pair(categories, conditions, *, base=A, condition=1):
    tracks = {
        "category": Track({ALONE: State(base)}, list(categories)),
        "condition": Track({category_key(base): State(condition)}, list(conditions)),
    }
    return settle(tracks, author=LIN, holds=holds)


def test_the_author_stands_over_another_whoever_was_earlier():
    assert note(claim(1, LIN, "seen", "lin"), claim(2, WU, "seen", "wu")) == ("lin", {(WU, "wu")})
    assert note(claim(1, WU, "seen", "wu"), claim(2, LIN, "seen", "lin")) == ("lin", {(WU, "wu")})


def test_of_the_authors_two_phones_the_later_stands_and_of_one_moment_the_higher_operation():
    assert note(claim(2, LIN, "seen", "second"), claim(1, LIN, "seen", "first")) == ("second", set())
    assert note(claim(1, LIN, "seen", "b", tie="b"), claim(1, LIN, "seen", "a", tie="a")) == ("b", set())


def test_of_two_who_did_not_write_it_the_later_stands():
    assert note(claim(2, ZHAO, "seen", "zhao"), claim(1, WU, "seen", "wu")) == ("zhao", set())


def test_who_has_seen_the_authors_value_may_change_it():
    assert note(claim(1, LIN, "seen", "lin"), claim(2, WU, "lin", "wu")) == ("wu", set())
    # A third who has not seen the author's value only proposes, however late.
    assert note(claim(1, LIN, "seen", "lin"), claim(2, WU, "lin", "wu"), claim(3, ZHAO, "seen", "zhao")) == ("wu", {(ZHAO, "zhao")})
    # And one who has seen it is on a par with who changed it.
    assert note(claim(1, LIN, "seen", "lin"), claim(2, WU, "lin", "wu"), claim(3, ZHAO, "lin", "zhao")) == ("zhao", set())


def test_the_earlier_of_two_changes_on_one_phone_may_come_last():
    first, second = claim(1, WU, "seen", "one"), claim(2, WU, "one", "two")
    assert note(second, first) == note(first, second) == ("two", set())


def test_what_one_phone_did_later_stands_though_its_time_was_corrected_past_the_other():
    phone = uuid4()
    first, second = claim(2, LIN, "seen", "one", replica=phone, seq=1), claim(1, LIN, "one", "two", replica=phone, seq=2)
    assert note(second, first) == note(first, second) == ("two", set())
    # Against another phone the second counts as of the moment of the first.
    assert note(first, second, claim(1.5, LIN, "seen", "other", replica=uuid4(), seq=9))[0] == "two"


def test_two_who_say_the_same_are_agreed_and_the_authors_word_holds_it_against_a_third():
    agreed = (claim(1, WU, "seen", "hole"), claim(2, LIN, "seen", "hole"))
    assert note(*agreed) == ("hole", set())
    assert note(*agreed, claim(3, ZHAO, "seen", "crack")) == ("hole", {(ZHAO, "crack")})


def test_a_proposal_ends_when_its_value_stands_or_its_proposer_says_something_else():
    displaced = (claim(1, LIN, "seen", "lin"), claim(2, WU, "seen", "wu"))
    assert note(*displaced, claim(3, LIN, "lin", "wu")) == ("wu", set())
    assert note(*displaced, claim(3, WU, "seen", "other")) == ("lin", {(WU, "other")})
    assert note(*displaced, claim(3, WU, "seen", "lin")) == ("lin", set())


def test_after_a_decision_who_has_not_seen_it_only_proposes_even_the_author():
    base = decided("desk")
    assert note(claim(1, LIN, "seen", "lin"), base=base) == ("desk", {(LIN, "lin")})
    assert note(claim(1, LIN, "desk", "lin"), base=base) == ("lin", set())
    assert note(claim(1, WU, "desk", "wu"), claim(2, LIN, "seen", "old"), base=base) == ("wu", {(LIN, "old")})


def test_what_arrived_too_late_to_take_effect_is_proposed():
    assert note(claim(1, LIN, "seen", "lin", held=True)) == ("seen", {(LIN, "lin")})
    assert note(claim(1, LIN, "seen", "seen", held=True)) == ("seen", set())


def test_a_condition_is_judged_with_the_category_it_was_chosen_for():
    to_b = claim(1, LIN, A, B)
    chosen = claim(2, WU, 1, 2, of="event:a")
    for conditions in ([chosen], [replace(chosen, of=None)]):
        settled = pair([to_b], conditions)
        assert (settled.value("category"), settled.value("condition"), settled.proposals("condition")) == (B, None, ())
    back = pair([to_b, claim(3, LIN, B, A)], [chosen])
    assert (back.value("category"), back.value("condition")) == (A, 2)


def test_a_condition_of_which_nobody_says_the_category_is_for_the_newest_that_has_it_and_showed_what_was_seen():
    to_b = claim(1, LIN, A, B)
    assert pair([to_b], [claim(2, WU, None, 2)]).chosen_for == {"2x": "event:b"}
    assert pair([to_b], [claim(2, WU, None, 3)]).chosen_for == {"2x": "event:a"}  # b has no condition 3
    assert pair([to_b], [claim(0, WU, None, 2)]).chosen_for == {"0x": "event:a"}  # it was not b then
    assert pair([to_b, claim(2, WU, A, C)], [claim(3, WU, None, 3)]).chosen_for == {"3x": "event:c"}  # only proposed, and by Wu


def test_a_category_that_is_only_proposed_shows_the_condition_proposed_with_it():
    settled = pair([claim(1, LIN, A, C), claim(2, WU, A, B)], [claim(2, WU, None, 2, of="event:b")])
    assert (settled.value("category"), settled.value("condition")) == (C, None)
    assert [(each.by, each.value) for each in settled.proposals("condition")] == [(WU, 2)]


CLAIMS = st.lists(
    st.builds(
        lambda by, minutes, seen, value: (by, minutes, seen, value),
        st.sampled_from([LIN, LIN, WU, ZHAO]),
        st.integers(1, 3),
        st.sampled_from(["seen", "x", "y", "z"]),
        st.sampled_from(["seen", "x", "y", "z"]),
    ),
    min_size=2,
    max_size=5,
)


@given(CLAIMS, st.booleans())
def test_no_order_of_arrival_matters(given_, is_decided):  # fault 60
    phone = uuid4()  # Wu's: its operations are numbered, its clock is not to be trusted
    claims = [
        claim(minutes, by, seen, value, tie=f"-{n}", **({"replica": phone, "seq": n} if by == WU else {}))
        for n, (by, minutes, seen, value) in enumerate(given_)
    ]
    base = decided("seen") if is_decided else State("seen")
    assert len({str(sorted(note(*order, base=base)[1])) + note(*order, base=base)[0] for order in permutations(claims)}) == 1


@given(CLAIMS)
def test_nothing_that_was_said_against_the_author_is_lost(given_):
    """Each other's last word either stands, or is proposed, or gave way knowingly or to a later one of equal standing."""
    claims = [claim(minutes, by, "seen", value, tie=f"-{n}") for n, (by, minutes, _, value) in enumerate(given_)]
    value, proposals = note(*claims)
    own = [each for each in claims if each.by == LIN and each.value != "seen"]
    if not own:
        return
    for by in (WU, ZHAO):
        after = [each for each in claims if each.by == by and (each.at, each.id) > min((mine.at, mine.id) for mine in own)]
        if after:
            last = max(after, key=lambda each: (each.at, each.id))
            assert (
                last.value == value or (by, last.value) in proposals or any(each.value == last.value for each in claims if each.by == LIN)
            )


@given(CLAIMS)
def test_what_is_kept_comes_back_as_it_was(given_):
    claims = [claim(minutes, by, seen, value, tie=f"-{n}") for n, (by, minutes, seen, value) in enumerate(given_)]
    track = Track({ALONE: decided("seen", proposals=claims[:1])}, claims[1:])
    assert Track.read(track.plain()) == track


def test_a_track_that_grows_beyond_measure_is_shortened_to_the_same():
    claims = [claim(n, (LIN, WU)[n % 2], f"v{n - 1}" if n % 3 else "seen", f"v{n}") for n in range(MOST_CLAIMS + 1)]
    tracks = {"note": Track({ALONE: State("seen")}, claims)}
    before = settle(tracks, author=LIN, holds=holds)
    shorten(tracks, author=LIN, holds=holds)
    after = settle(tracks, author=LIN, holds=holds)
    assert len(tracks["note"].claims) == MOST_CLAIMS // 2 + 1
    assert (after.value("note"), after.proposals("note")) == (before.value("note"), before.proposals("note"))


def test_a_decision_on_the_category_leaves_conditions_with_theirs():
    tracks = {
        "category": Track({ALONE: State(A)}, [claim(1, LIN, A, B)]),
        "condition": Track({"event:a": State(1)}, [claim(0, WU, 1, 2), claim(2, WU, None, 1)]),
    }
    fix_categories(tracks, settle(tracks, author=LIN, holds=holds))
    assert [each.of for each in tracks["condition"].claims] == ["event:a", "event:b"]


@pytest.mark.parametrize("name", AMENDABLE)
@pytest.mark.parametrize("state", STATES)
def test_once_dispatched_what_decides_contract_and_deadline_is_only_proposed(name, state):
    assert is_held(name, state) == (state in SETTLED or (state in {"dispatched", "rectified"} and name in BINDING))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("note", 5),
            ("note", "x" * 2001),
            ("note", "nul \0"),
            ("asset", "x" * 201),
            ("severity", 4),
            ("severity", True),
            ("severity", "2"),
        ),
        *(("condition", 0), ("condition", True), ("condition", 1.0), ("category", "event:a"), ("category", {"kind": "event"})),
        *(("category", {"kind": "thing", "code": "1"}), ("category", {"kind": "event", "code": "1", "more": 1})),
        *(("place", {"lon": float("nan"), "lat": 1.0, "datum": "WGS-84"}), ("place", {"lon": 1, "lat": 1}), ("place", None)),
        *(("place", {"lon": 1, "lat": 1, "datum": "WGS-84", "mock": "no"}), ("place", {"lon": "1", "lat": 1, "datum": "WGS-84"})),
    ],
)
def test_a_value_of_the_desks_own_is_held_to_what_an_amendment_may_carry(name, value):
    with pytest.raises(Invalid) as fault:
        checked_value(name, value)
    assert fault.value.errors[0][0] == f"/fields/{name}/value"


def test_what_nobody_can_have_seen_equals_nothing():
    assert seen_of("severity", 2**60) == seen_of("note", "x" * 2001) == UNSEEN
    assert seen_of("place", {"lon": float("inf"), "lat": 1.0, "datum": "WGS-84"}) == UNSEEN
    assert note(claim(1, WU, UNSEEN, "wu"), base=decided("desk")) == ("desk", {(WU, "wu")})
