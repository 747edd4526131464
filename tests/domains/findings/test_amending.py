"""Amendments over the wire and the desk's decisions on what was only proposed, on both databases."""

from __future__ import annotations

import datetime as dt
import json
from itertools import permutations
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.problems import Invalid, Problem
from backend.domains.findings.actions import amend, resolve
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.queries.proposals import proposal_view
from tests.make.district import DIRT, HOME, MANHOLE, NEXT_DOOR
from tests.make.phone import Phone, mono, place

FIELDS = ("category", "condition", "place", "severity", "note")
VALUES = {
    "category": [MANHOLE, DIRT],
    "condition": [1, 2, None],
    "place": [place(point, accuracy_m=None, provider=None, fix_age_s=None, mock=None) for point in (HOME, NEXT_DOOR)],
    "severity": [1, 3],
    "note": ["one", "two"],
}
RECORDED = {"category": DIRT, "condition": 1, "place": place(HOME), "severity": 2, "note": "seen"}


@pytest.fixture
def phones(district):
    """Lin wrote it and has a second phone; two mates."""
    for mate in ("mate", "other"):
        district.person(mate, ("inspector", "330113001"))
    return [Phone(district, login) for login in ("lin", "lin", "mate", "other")]


@pytest.fixture
def lin(phones):
    return phones[0]


def recorded(phone, **d):
    line = phone.record(**{**RECORDED, **d})
    (result,) = phone.pushed()
    assert result["status"] == "applied", result
    return line["e"]["id"]


def amending(phone, finding, minutes=0.0, **fields):
    """An amendment by somebody who saw the finding as recorded, done some minutes ago."""
    moment = phone.district.clock.now() - dt.timedelta(minutes=minutes)
    changes = {name: change if isinstance(change, dict) and "value" in change else seeing(name, change) for name, change in fields.items()}
    return phone.line("amend_finding", finding, {"fields": changes}, at=moment.isoformat(), mono_ms=mono(moment))


def seeing(name, value, **other):
    return {"seen": RECORDED[name], "value": value, **other}


def open_rows(district, finding):
    rows = district.scalars(sa.select(Proposal).where(Proposal.finding == UUID(str(finding)), Proposal.resolved_at.is_(None)))
    return {(row.field, json.dumps(row.value, sort_keys=True), row.proposed_by) for row in rows}


def standing(district, finding):
    doc = district.client("zhao").get(f"/api/v1/findings/{finding}").json
    shown = ("category", "condition", "place", "wgs84", "address", "asset", "grid", "areas", "severity", "note", "trade", "limit", "state")
    return {name: doc[name] for name in (*shown, "needs", "liable", "liability")}, sorted(map(str, open_rows(district, finding)))


def decide(district, login, finding, op=None, **choices):
    return district.do(
        resolve.resolve_proposals, by=login, finding=UUID(finding), op=op and UUID(op), choices=choices, reason="seen on site"
    )


AMENDMENTS = st.lists(
    st.tuples(
        st.integers(0, 4),  # whose: Lin's two phones, two mates, the desk
        st.integers(1, 30),  # minutes ago; of one phone in any order
        st.lists(st.sampled_from(FIELDS), min_size=1, max_size=2, unique=True).flatmap(
            lambda names: st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in names})
        ),
    ),
    min_size=2,
    max_size=3,
    unique_by=lambda drawn: drawn[1],  # corrected times hang on how long a request takes: at one moment two phones are a matter of chance
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(AMENDMENTS)
def test_every_order_of_arrival_gives_the_same_values_proposals_and_flags(district, phones, drawn):  # fault 60
    results = []
    now = district.clock.now()
    for order in permutations(range(len(drawn))):
        finding = recorded(phones[0])
        acts = [act_of(district, phones, finding, now, *each) for each in drawn]
        for number in order:
            acts[number]()
        results.append(standing(district, finding))
    differing = [
        (key, result[0][key], results[0][0][key]) for result in results for key in result[0] if result[0][key] != results[0][0][key]
    ]
    assert all(result == results[0] for result in results), (differing, [result[1] for result in results])


def act_of(district, phones, finding, now, who, minutes, fields):  # noqa: PLR0917 - one call, just above
    """An amendment with everything said beforehand, also which category its condition was chosen for."""
    chosen = fields.get("category", DIRT)
    if fields.get("condition") == 2 and "category" not in fields:
        fields = {**fields, "condition": 1}  # dirt has one condition
    if chosen == DIRT and fields.get("condition") == 2:
        fields = {**fields, "condition": 1}
    changes = {name: seeing(name, value, **({"of": chosen} if name == "condition" else {})) for name, value in fields.items()}
    moment = now - dt.timedelta(minutes=minutes)
    if who == 4:
        payload = {"fields_": {name: {"of": None, **change} if name == "condition" else change for name, change in changes.items()}}
        return lambda: district.do(amend.amend_finding, by="zhao", at=moment, finding=UUID(finding), payload=payload)
    line = phones[who].line("amend_finding", finding, {"fields": changes}, at=moment.isoformat(), mono_ms=mono(moment))
    return lambda: phones[who].pushed(line)


def test_a_condition_chosen_for_the_old_category_says_nothing_of_the_new_one(district, phones):
    lin, _, mate, _ = phones
    results = []
    for order in permutations(range(2)):
        finding = recorded(lin, category=MANHOLE, condition=2)
        lines = [
            amending(lin, finding, 2, category={"seen": MANHOLE, "value": DIRT}),
            amending(mate, finding, 1, condition={"seen": 2, "value": 1}),
        ]
        for number in order:
            (lin, mate)[number].pushed(lines[number])
        results.append(standing(district, finding))
    assert results[0] == results[1]
    assert (results[0][0]["condition"], "condition" in results[0][0]["needs"]) == (None, True)


def test_other_fields_by_others_are_combined_and_own_ones_are_not_foreign(district, phones):
    lin, second, mate, _ = phones
    finding = recorded(lin)
    (own,) = lin.pushed({**amending(lin, finding, note="more"), "e": {"type": "finding", "id": finding, "base": 1}})
    assert (own["status"], own["code"]) == ("applied", None)
    (again,) = lin.pushed({**amending(lin, finding, severity=3), "e": {"type": "finding", "id": finding, "base": 1}})
    assert (again["status"], again["code"]) == ("applied", None)
    (other,) = mate.pushed({**amending(mate, finding, place=place(NEXT_DOOR)), "e": {"type": "finding", "id": finding, "base": 1}})
    assert (other["status"], other["code"]) == ("merged", "fields_combined")
    (fresh,) = second.pushed(
        {
            **amending(second, finding, note={"seen": "more", "value": "most"}),
            "e": {"type": "finding", "id": finding, "base": other["version"]},
        }
    )
    assert (fresh["status"], fresh["code"]) == ("applied", None)


def test_a_displaced_value_is_proposed_by_who_said_it_with_that_operation(district, phones):
    lin, _, mate, _ = phones
    finding = recorded(lin)
    others = amending(mate, finding, 2, note="mate's")
    mate.pushed(others)
    (result,) = lin.pushed(amending(lin, finding, 1, note="lin's"))
    assert (result["status"], result["code"]) == ("merged", "author_prevails")
    (row,) = district.scalars(sa.select(Proposal).where(Proposal.finding == UUID(finding)))
    assert (str(row.op), row.proposed_by, row.value, row.seen) == (others["op"], mate.person, "mate's", "seen")


def disputed(district, phones, **more):
    """Lin's note stands, a mate's is proposed."""
    lin, _, mate, _ = phones
    finding = recorded(lin)
    lin.pushed(amending(lin, finding, 2, note="lin's"))
    line = amending(mate, finding, 1, note="mate's", **more)
    assert [(r["status"], r["code"]) for r in mate.pushed(line)] == [("conflict", "proposed")]
    return finding, line["op"]


@pytest.mark.parametrize(
    ("choice", "note"), [({"choice": "keep"}, "lin's"), ({"choice": "take"}, "mate's"), ({"choice": "merge", "value": "both"}, "both")]
)
def test_the_desk_keeps_takes_or_merges(district, phones, choice, note):
    finding, op = disputed(district, phones)
    view = district.ask(proposal_view, UUID(finding), UUID(op))
    assert view["fields"] == [{"field": "note", "base": "seen", "theirs": "mate's", "ours": "lin's"}]
    assert (str(view["op"]), view["proposed_by"], view["finding"]) == (op, phones[2].person, UUID(finding))
    decide(district, "zhao", finding, op, note=choice)
    doc, proposals = standing(district, finding)
    assert (doc["note"], "disputed" in doc["needs"], proposals) == (note, False, [])
    shown = district.client("zhao").get(f"/api/v1/findings/{finding}").json
    assert shown["proposals"] == [] and shown["history"][-1]["event"] == "finding.proposals_resolved"
    assert shown["history"][-1]["facts"]["ops"] == [op]
    (row,) = district.scalars(sa.select(Proposal).where(Proposal.finding == UUID(finding)))
    assert (row.choice, row.resolved_by) == (choice["choice"], district.person("zhao"))
    assert district.ask(proposal_view, UUID(finding), UUID(op)) is None


def test_after_a_decision_an_older_amendment_of_the_author_is_only_proposed_and_a_new_one_stands(district, phones):
    finding, op = disputed(district, phones)
    decide(district, "zhao", finding, op, note={"choice": "take"})
    late = amending(phones[1], finding, 5, note="lin's other phone")
    assert [(r["status"], r["code"]) for r in phones[1].pushed(late)] == [("conflict", "proposed")]
    phones[0].pushed(amending(phones[0], finding, note={"seen": "mate's", "value": "agreed"}))
    doc, proposals = standing(district, finding)
    assert (doc["note"], len(proposals)) == ("agreed", 0)  # Lin's last word takes the place of Lin's proposal


def test_one_operation_is_decided_and_anothers_stays_open(district, phones):
    finding, op = disputed(district, phones)
    other = amending(phones[3], finding, 0.5, note="third")
    phones[3].pushed(other)
    with pytest.raises(Invalid, match="several values"):
        decide(district, "zhao", finding, note={"choice": "take"})
    decide(district, "zhao", finding, op, note={"choice": "take"})
    doc, proposals = standing(district, finding)
    assert (doc["note"], "disputed" in doc["needs"], len(proposals)) == ("mate's", True, 1)
    decide(district, "zhao", finding, note={"choice": "keep"})
    assert standing(district, finding)[1] == []


def test_who_proposed_a_value_does_not_decide_and_nobody_without_a_role_for_it(district, phones):
    finding = recorded(phones[0])
    phones[0].pushed(amending(phones[0], finding, 2, note="lin's"))
    payload = {"fields": {"note": seeing("note", "zhao's")}}
    assert district.client("zhao").post(f"/api/v1/findings/{finding}/amendments", json=payload).status_code == 200
    for login, slug in (("zhao", "same_hands"), ("sun", "not_authorised"), ("lin", "not_authorised"), ("wu", "not_found")):
        with pytest.raises(Problem) as fault:
            decide(district, login, finding, note={"choice": "take"})
        assert fault.value.slug in {slug, "missing"}, login
    decide(district, "chen", finding, note={"choice": "take"})
    assert standing(district, finding)[0]["note"] == "zhao's"


def test_a_category_taken_brings_the_condition_chosen_with_it(district, phones):
    lin, _, mate, _ = phones
    finding = recorded(lin, category=DIRT, condition=1)
    lin.pushed(amending(lin, finding, 2, category={"seen": DIRT, "value": MANHOLE}))
    line = amending(mate, finding, 1, category={"seen": DIRT, "value": {"kind": "component", "code": "04002"}}, condition=2)
    mate.pushed(line)
    view = district.ask(proposal_view, UUID(finding), UUID(line["op"]))
    assert [(each["field"], each["ours"]) for each in view["fields"]][1] == ("condition", None)
    decide(district, "zhao", finding, line["op"], category={"choice": "take"})
    doc, proposals = standing(district, finding)
    assert (doc["category"]["code"], doc["condition"], doc["trade"], proposals) == ("04002", 2, "greening", [])


@pytest.mark.parametrize(
    ("choices", "slug"),
    [
        ({}, "invalid"),
        ({"severity": {"choice": "take"}}, "nothing_proposed"),
        ({"note": {"choice": "both"}}, "invalid"),
        ({"note": {"choice": "merge"}}, "invalid"),
        ({"note": {"choice": "merge", "value": 7}}, "invalid"),
        ({"category": {"choice": "merge", "value": {"kind": "event", "code": "99999"}}}, "unknown_category"),
        ({"condition": {"choice": "merge", "value": 77}}, "unknown_condition"),
        ({"place": {"choice": "merge", "value": {"lon": 999.0, "lat": 1.0, "datum": "WGS-84"}}}, "place_absurd"),
    ],
)
def test_a_wrong_decision_changes_nothing(district, phones, choices, slug):
    lin, _, mate, _ = phones
    finding = recorded(lin)
    changes = {"note": "lin's", "category": MANHOLE, "condition": {"seen": 1, "value": 2}, "place": place(NEXT_DOOR)}
    lin.pushed(amending(lin, finding, 2, **changes))
    other = {
        "note": "m",
        "category": {"kind": "component", "code": "04002"},
        "condition": {"seen": 1, "value": 2},
        "place": place((120.001, 30.01)),
    }
    mate.pushed(amending(mate, finding, 1, **other))
    before = standing(district, finding)
    with pytest.raises(Problem) as fault:
        decide(district, "zhao", finding, **choices)
    assert slug in {fault.value.slug, "invalid", "place_absurd"} and standing(district, finding) == before


def test_what_filing_decided_is_met_as_a_decision(district, story, phones):
    finding = story.ready(category=MANHOLE, condition=None)
    if story.seen_by("zhao", finding)["state"] == "recorded":
        story.desk("zhao", finding, "filing", condition=2)
    late = amending(phones[1], finding, 1, condition={"seen": None, "value": 1})
    (result,) = phones[1].pushed(late)
    assert (result["status"], result["code"]) == ("conflict", "proposed")
    assert story.seen_by("zhao", finding)["condition"] == 2
