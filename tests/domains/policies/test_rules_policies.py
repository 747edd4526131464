"""Which policy holds, worked out from what was said: rules alone."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.deadlines.rules.limits import Limit
from backend.domains.findings.rules.moves import MOVES
from backend.domains.policies.rules.administering import CONSENTING, PolicyInvalid, refuse_beginning, refuse_settings
from backend.domains.policies.rules.documents import filing_docs
from backend.domains.policies.rules.policy import DEFAULTS, MAY_NEED_CONSENT, NEEDING_PHOTOS, Rung
from backend.domains.policies.rules.statements import SCOPES, SETTINGS, Book, Statement

DAY = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DISTRICT, TOWN, OTHER = "330113", "330113001", "330113002"
GRID = "330113001001001"
MANHOLE = "component:01001"


def said(number, scope="all", key="", area="", at=DAY, **settings):
    return Statement(number, area, scope, key, at, settings)


def holds(*statements, area=GRID, trade="municipal", category=MANHOLE, at=DAY):
    return Book(statements).policy(area, trade, category, at)


def test_nothing_said_is_the_defaults():
    assert holds() is DEFAULTS
    assert (DEFAULTS.version, DEFAULTS.auto_file, DEFAULTS.steps["accept"]) == (0, False, Limit(15, "working_minutes"))


def test_it_holds_from_its_moment_on_and_not_a_microsecond_before():
    rule = said(1, auto_file=True)
    assert holds(rule).auto_file
    assert not holds(rule, at=DAY - dt.timedelta(microseconds=1)).auto_file


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"area": TOWN}, {"area": DISTRICT}),
        ({"area": DISTRICT}, {"area": ""}),
        ({"scope": "trade", "key": "municipal"}, {"area": TOWN}),
        ({"scope": "category", "key": MANHOLE}, {"scope": "trade", "key": "municipal", "area": TOWN}),
        ({"scope": "category", "key": MANHOLE, "area": TOWN}, {"scope": "category", "key": MANHOLE}),
    ],
)
@pytest.mark.parametrize("first", [1, 2])
def test_the_narrower_wins_whichever_was_said_first(narrow, wide, first):
    policy = holds(said(first, auto_file=True, **narrow), said(3 - first, auto_file=False, auto_dispatch=True, **wide))
    assert (policy.auto_file, policy.auto_dispatch, policy.version) == (True, True, 2)


def test_it_concerns_its_area_trade_and_category_alone():
    assert not holds(said(1, area=OTHER, auto_file=True)).auto_file
    assert not holds(said(1, "trade", "greening", auto_file=True)).auto_file
    assert not holds(said(1, "category", "event:06010", auto_file=True)).auto_file
    assert not holds(said(1, area=TOWN, auto_file=True), area=DISTRICT).auto_file  # an unlocated finding is in no town


def test_a_later_word_for_a_scope_takes_the_place_of_the_earlier_whole():
    first = said(1, auto_file=True, bounces_before_leader=5)
    policy = holds(first, said(2, at=DAY + HOUR, auto_dispatch=True), at=DAY + HOUR)
    assert (policy.auto_file, policy.auto_dispatch, policy.bounces_before_leader) == (False, True, DEFAULTS.bounces_before_leader)
    assert holds(first, said(2, at=DAY + HOUR), at=DAY + HOUR).version == 2


def test_what_was_said_before_may_hold_later():
    later, now = said(1, at=DAY + HOUR, auto_file=True), said(2, auto_file=False)
    assert not holds(later, now).auto_file
    assert holds(later, now, at=DAY + HOUR).auto_file
    assert not holds(said(1, auto_file=True), said(2, auto_file=False)).auto_file  # of one moment the later said


def test_photos_consents_and_steps_are_merged_verb_by_verb():
    policy = holds(
        said(
            1, photos={"verify_finding": {"verification": 2}}, agree={"grant_suspension": "department_officer", "close_finding": "leader"}
        ),
        said(2, area=TOWN, photos={"record_finding": {}}, agree={"close_finding": None}),
        said(3, steps={"check": {"value": 1, "unit": "working_hours"}}, area=DISTRICT),
    )
    assert policy.photos["verify_finding"] == {"verification": 2}
    assert policy.photos["record_finding"] == {}
    assert policy.photos["report_rectification"] == {"after": 1}
    assert policy.agree == {"grant_suspension": "department_officer"}
    assert (policy.steps["check"], policy.steps["verify"]) == (Limit(1, "working_hours"), DEFAULTS.steps["verify"])


def test_reminders_rungs_and_limits_are_read_as_values():
    policy = holds(
        said(
            1,
            reminders=[50, 90],
            escalation=[{"after": {"value": 2, "unit": "working_hours"}, "to": "town"}],
            orphan_after={"value": 3, "unit": "working_days"},
        )
    )
    assert policy.reminders == (Fraction(1, 2), Fraction(9, 10))
    assert policy.escalation == (Rung(Limit(2, "working_hours"), "town"),)
    assert policy.orphan_after == Limit(3, "working_days")


statements = st.builds(
    Statement,
    number=st.integers(1, 40),
    area=st.sampled_from(["", DISTRICT, TOWN, OTHER]),
    scope=st.sampled_from(SCOPES),
    key=st.just(""),
    valid_from=st.integers(0, 5).map(lambda hours: DAY + hours * HOUR),
    settings=st.fixed_dictionaries({}, optional={"auto_file": st.booleans(), "bounces_before_leader": st.integers(1, 9)}),
)
_KEYS = {"all": "", "trade": "municipal", "category": MANHOLE}


@given(st.lists(statements, max_size=8, unique_by=lambda each: each.number), st.integers(-1, 6))
def test_remembered_answers_are_those_of_reading_all_that_was_said_from_wide_to_narrow(found, hours):
    found = [Statement(each.number, each.area, each.scope, _KEYS[each.scope], each.valid_from, each.settings) for each in found]
    at = DAY + hours * HOUR
    begun = [each for each in found if each.valid_from <= at and GRID.startswith(each.area)]
    last = {}
    for each in sorted(begun, key=lambda each: (each.valid_from, each.number)):
        last[each.scope, each.area] = each
    value, version = DEFAULTS.bounces_before_leader, 0
    for scope in SCOPES:
        for area in ("", DISTRICT, TOWN):
            if (scope, area) in last:
                value = last[scope, area].settings.get("bounces_before_leader", value)
                version = max(version, last[scope, area].number)
    book = Book(found)
    for _ in range(2):
        policy = book.policy(GRID, "municipal", MANHOLE, at)
        assert (policy.bounces_before_leader, policy.version) == (value, version)
    assert [each.number for each in book.in_force(GRID, "municipal", MANHOLE, at)] == [
        last[scope, area].number for scope in reversed(SCOPES) for area in (TOWN, DISTRICT, "") if (scope, area) in last
    ]


def test_the_catalogue_goes_on_showing_what_is_filed_by_itself_in_the_whole_district():
    book = Book([said(1, "trade", "municipal", auto_file=True), said(2, "trade", "municipal", bounces_before_leader=3), said(3, area=TOWN)])
    shown = [(each["scope"], each["key"], each["auto_file"], each["auto_dispatch"]) for each in filing_docs(book)]
    assert shown == [("trade", "municipal", True, False), ("trade", "municipal", False, False)]


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"photos": {"close_finding": {"after": 1}}}, "/photos/close_finding"),
        ({"photos": {"verify_finding": {"selfie": 1}}}, "/photos/verify_finding/selfie"),
        ({"photos": {"verify_finding": {"after": 11}}}, "/photos/verify_finding/after"),
        ({"photos": {"verify_finding": {"after": -1}}}, "/photos/verify_finding/after"),
        ({"agree": {"verify_finding": "leader"}}, "/agree/verify_finding"),
        ({"agree": {"close_finding": "contractor_manager"}}, "/agree/close_finding"),
        ({"agree": {"close_finding": "administrator"}}, "/agree/close_finding"),
        ({"steps": {"think": {"value": 1, "unit": "working_hours"}}}, "/steps/think"),
        ({"steps": {"accept": {"value": 0, "unit": "working_hours"}}}, "/steps/accept/value"),
        ({"steps": {"accept": {"value": 1, "unit": "moons"}}}, "/steps/accept/unit"),
        ({"reminders": [100]}, "/reminders"),
        ({"reminders": [0]}, "/reminders"),
        ({"reminders": [80, 50]}, "/reminders"),
        ({"reminders": [80, 80]}, "/reminders"),
        ({"orphan_after": {"value": 10_001, "unit": "working_days"}}, "/orphan_after/value"),
        ({"bounces_before_leader": 0}, "/bounces_before_leader"),
        ({"bounces_before_leader": 21}, "/bounces_before_leader"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(settings, pointer):
    with pytest.raises(PolicyInvalid) as caught:
        refuse_settings(settings)
    assert [at for at, _ in caught.value.errors] == [pointer]


def rung(value, unit, to):
    return {"after": {"value": value, "unit": unit}, "to": to}


@pytest.mark.parametrize(
    "rungs",
    [
        [rung(1, "working_hours", "king")],
        [rung(1, "working_hours", "town"), rung(2, "working_hours", "community")],
        [rung(1, "working_hours", "town"), rung(2, "working_hours", "town")],
        [rung(2, "working_hours", "town"), rung(2, "working_hours", "leader")],
        [rung(2, "working_hours", "town"), rung(1, "calendar_days", "leader")],
        [rung(9, "working_hours", "town"), rung(1, "working_days", "leader")],
    ],
)
def test_rungs_rise_and_come_later_each(rungs):
    with pytest.raises(PolicyInvalid):
        refuse_settings({"escalation": rungs})


def test_what_can_be_is_taken():
    refuse_settings(
        {"escalation": [rung(1, "working_hours", "town"), rung(1, "working_days", "leader")], "reminders": [1, 99], "agree": {}}
    )
    refuse_settings({"escalation": [], "reminders": [], "agree": {"close_finding": None}, "photos": {"record_finding": {"before": 0}}})


def test_a_policy_is_not_given_for_the_past():
    refuse_beginning(DAY, DAY)
    with pytest.raises(PolicyInvalid):
        refuse_beginning(DAY - HOUR, DAY)


def test_the_verbs_that_policies_speak_of_are_moves():
    assert set(MAY_NEED_CONSENT) <= MOVES.keys()
    assert set(NEEDING_PHOTOS) - {"record_finding"} <= MOVES.keys()
    assert "leader" in CONSENTING and "contractor_manager" not in CONSENTING
    assert len(SETTINGS) == len(set(SETTINGS))
