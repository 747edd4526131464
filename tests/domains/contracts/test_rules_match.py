import datetime as dt
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.contracts.rules.explain import explain, match_doc
from backend.domains.contracts.rules.match import Candidate, Responsible, match

DAY = dt.date(2026, 6, 1)
GRID, COMMUNITY, TOWN, DISTRICT = "330113001001007", "330113001001", "330113001", "330113"


def candidate(name, code=TOWN, *, kind="area", priority=0, signed="2025-12-01", days=("2026-01-01", "2027-01-01"), coverage=1):
    contract = ord(name)
    return Candidate(
        contract=UUID(int=contract),
        number=name,
        name=name,
        contractor=UUID(int=contract + 1000),
        section=UUID(int=contract + 2000),
        section_code="1",
        section_name="1",
        coverage=UUID(int=contract * 100 + coverage),
        trade="sanitation",
        kind=kind,
        code=code,
        buffer_m=20.0 if kind == "road" else None,
        priority=priority,
        signed_on=dt.date.fromisoformat(signed),
        valid_from=dt.date.fromisoformat(days[0]),
        valid_until=dt.date.fromisoformat(days[1]),
    )


def acting():
    return Responsible(UUID(int=1), "acting", "all", "", DISTRICT, UUID(int=2), None, None, dt.date(2020, 1, 1), None)


def test_the_only_one_wins_without_a_runner_up():
    answer = match([candidate("A")], DAY)
    assert (answer.winner.number, answer.reason, answer.runner_up) == ("A", "only_one", None)


LADDER = [
    candidate("A", "lamp-7", kind="asset"),
    candidate("B", "R-01", kind="road"),
    candidate("C", GRID),
    candidate("D", COMMUNITY),
    candidate("E", TOWN),
    candidate("F", DISTRICT),
]


@pytest.mark.parametrize("place", range(5))
def test_the_more_specific_coverage_wins(place):
    answer = match(LADDER[place:][::-1], DAY)
    assert (answer.winner, answer.reason, answer.runner_up) == (LADDER[place], "more_specific", LADDER[place + 1])


def test_explicit_priority_goes_before_everything():
    answer = match([candidate("A", GRID, signed="2026-01-01"), candidate("B", TOWN, priority=1)], DAY)
    assert (answer.winner.number, answer.reason, answer.runner_up.number) == ("B", "priority", "A")


def test_a_negative_priority_gives_way():
    assert match([candidate("A", GRID, priority=-1), candidate("B", TOWN)], DAY).winner.number == "B"


def test_specificity_goes_before_the_signature():
    assert match([candidate("A", GRID), candidate("B", TOWN, signed="2026-05-01")], DAY).winner.number == "A"


def test_the_later_signature_settles_equals():
    answer = match([candidate("A"), candidate("B", signed="2025-12-02")], DAY)
    assert (answer.winner.number, answer.reason) == ("B", "later_signature")


def test_the_lowest_id_settles_what_nothing_else_does():
    answer = match([candidate("B"), candidate("A")], DAY)
    assert (answer.winner.number, answer.reason, answer.runner_up.number) == ("A", "lowest_id", "B")


def test_two_coverages_of_one_contract_are_no_overlap():
    answer = match([candidate("A", TOWN), candidate("A", GRID, coverage=2)], DAY)
    assert (answer.winner.code, answer.reason, answer.runner_up) == (GRID, "only_one", None)
    assert len(answer.considered) == 2


@pytest.mark.parametrize(
    ("day", "won"),
    [("2025-12-31", False), ("2026-01-01", True), ("2026-12-31", True), ("2027-01-01", False)],
)
def test_the_first_day_counts_and_the_end_day_does_not(day, won):
    answer = match([candidate("A")], dt.date.fromisoformat(day))
    assert (answer.winner is not None) is won
    assert len(answer.out_of_force) == (0 if won else 1)


def test_on_the_day_of_change_the_successor_answers_alone():
    old = candidate("A", days=("2025-01-01", "2026-06-01"))
    new = candidate("B", days=("2026-06-01", "2027-06-01"), signed="2026-05-01")

    before, after = match([old, new], DAY - dt.timedelta(days=1)), match([old, new], DAY)
    assert (before.winner.number, before.reason, before.out_of_force) == ("A", "only_one", (new,))
    assert (after.winner.number, after.reason, after.out_of_force) == ("B", "only_one", (old,))


def test_without_a_contract_the_matrix_acts():
    answer = match([candidate("A", days=("2025-01-01", "2026-06-01"))], DAY, acting())
    assert (answer.winner, answer.reason, answer.acting) == (None, "acting_unit", acting())


def test_a_contract_goes_before_the_matrix():
    answer = match([candidate("A")], DAY, acting())
    assert (answer.reason, answer.acting) == ("only_one", None)


def test_without_either_a_contract_is_awaited():
    answer = match([], DAY)
    assert (answer.winner, answer.acting, answer.reason, answer.considered) == (None, None, "awaiting_contract", ())


names = st.sampled_from("ABCD")
built = st.builds(
    candidate,
    names,
    st.sampled_from([GRID, COMMUNITY, TOWN, DISTRICT]),
    priority=st.integers(-1, 1),
    signed=st.sampled_from(["2025-12-01", "2025-12-02"]),
    days=st.sampled_from([("2026-01-01", "2027-01-01"), ("2026-06-01", "2026-06-02"), ("2025-01-01", "2026-06-01")]),
    coverage=st.integers(1, 9),
)


@given(st.lists(built, max_size=5, unique_by=lambda one: one.coverage))
def test_the_order_of_the_candidates_does_not_matter(candidates):
    answers = [match(order, DAY) for order in permutations(candidates)]
    assert all(answer == answers[0] for answer in answers)


@given(st.lists(built, max_size=8, unique_by=lambda one: one.coverage))
def test_the_winner_holds_and_nobody_else_beats_it(candidates):
    answer = match(candidates, DAY)
    holding = [one for one in candidates if one.in_force(DAY)]

    assert (answer.winner is None) == (not holding)
    assert sorted(answer.considered + answer.out_of_force, key=lambda one: one.coverage) == sorted(candidates, key=lambda one: one.coverage)
    if answer.winner:
        assert answer.winner.priority == max(one.priority for one in holding)
        rivals = [one for one in holding if one.priority == answer.winner.priority]
        assert answer.winner.specificity == max(one.specificity for one in rivals)
        assert answer.runner_up is None or answer.runner_up.contract != answer.winner.contract
        assert (answer.runner_up is None) == (len({one.contract for one in holding}) == 1)


@given(st.lists(built, max_size=4, unique_by=lambda one: one.coverage))
def test_every_answer_has_a_sentence_in_both_languages(candidates):
    answer = match(candidates, DAY)
    sentence = explain(answer)

    assert set(sentence) == {"zh", "en"}
    assert all("{" not in text and "None" not in text for text in sentence.values())
    for one in filter(None, (answer.winner, answer.runner_up)):
        assert all(one.number in text for text in sentence.values())
    assert match_doc(answer)["reason"] == answer.reason


def test_the_sentence_says_what_decided():
    answer = match([candidate("A", GRID), candidate("B", TOWN)], DAY)
    assert explain(answer) == {
        "zh": "合同A与B范围重叠，A的范围为单元网格330113001001007，比镇街330113001更具体，由A负责。",
        "en": "Contracts A and B overlap here; A covers grid 330113001001007, more specific than town 330113001.",
    }
