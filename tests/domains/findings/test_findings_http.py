"""Findings over HTTP: who sees them, how they move, what is refused."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.act import Actor, Grant
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries.lists import visible_to
from backend.domains.findings.rules.visibility import is_visible, scope_of_unit
from tests.make.district import ADVERT, DIRT, EAST, HOME, MANHOLE, NEXT_DOOR, OUTSIDE, TREE
from tests.make.phone import Phone, photo, place
from tests.make.pictures import located, picture, sha256

EVERYBODY = ("lin", "wu", "zhao", "chen", "sun", "qian", "ma", "feng", "tang", "gu", "shen", "li", "yu", "admin", "stranger")


def page(district, login, **filters):
    answer = district.client(login).get("/api/v1/findings", query_string=filters)
    assert answer.status_code == 200, answer.text
    return answer.json


def ids(district, login, **filters):
    return {item["id"] for item in page(district, login, **filters)["items"]}


def slug(answer):
    return answer.json["type"].rpartition("/")[2]


# Who sees what


def test_each_role_sees_its_scope_and_nobody_else_learns_that_anything_is_there(district, story):
    finding = story.dispatched()
    may = {"lin", "zhao", "chen", "sun", "tang", "shen", "li", "yu", "qian", "ma"}
    unknown = uuid4()
    for login in EVERYBODY:
        client = district.client(login)
        answers = [client.get(f"/api/v1/findings/{each}") for each in (finding, unknown)]
        if login in may:
            assert answers[0].status_code == 200, login
        else:
            assert answers[0].status_code == answers[1].status_code and answers[0].status_code in {403, 404}, login
            assert (
                answers[0].text.replace(finding, "").split('"request_id"')[0]
                == answers[1].text.replace(str(unknown), "").split('"request_id"')[0]
            )
        listed = client.get("/api/v1/findings")
        assert (listed.json["items"] != []) is (login in may) if listed.status_code == 200 else login in {"admin", "stranger"}


@pytest.mark.parametrize("login", ["wu", "feng", "stranger", "admin", None])
def test_who_does_not_see_it_can_do_nothing_with_it(district, story, login):
    finding = story.recorded(photos=1)
    photo_id = story.seen_by("lin", finding)["photos"][0]["id"]
    client = district.client(login) if login else district.app.test_client()
    before = story.seen_by("zhao", finding)
    calls = [
        client.get(f"/api/v1/findings/{finding}"),
        client.get(f"/api/v1/findings/{finding}/photos/{photo_id}"),
        client.get(f"/api/v1/findings/{finding}/photos/{photo_id}/thumbnail"),
        client.post(f"/api/v1/findings/{finding}/amendments", json={"fields": {"severity": {"seen": 2, "value": 3}}}),
        client.post(f"/api/v1/findings/{finding}/notes", json={"text": "x"}),
        client.post(f"/api/v1/findings/{finding}/filing", json={}),
        client.post(f"/api/v1/findings/{finding}/void-request", json={"reason": "x"}),
        client.post(f"/api/v1/findings/{finding}/void", json={"reason": "x"}),
        client.post(f"/api/v1/findings/{finding}/dispatches", json={}),
        client.post(f"/api/v1/findings/{finding}/void-request/refusal", json={"reason": "x"}),
        client.post(f"/api/v1/findings/{finding}/photos/{photo_id}/waiver", json={"reason": "x"}),
    ]
    assert {answer.status_code for answer in calls} <= ({401} if login is None else {403, 404})
    assert story.seen_by("zhao", finding) == before


def test_a_contractor_sees_no_names_no_other_contracts_and_no_original(district, story):
    finding = story.dispatched()
    shown = story.seen_by("qian", finding)
    text = str(shown)
    for login in ("lin", "zhao", "sun"):
        assert str(district.person(login)) not in text
    assert str(district.contracts["BJ"]) not in text  # the runner-up
    photo_id = shown["photos"][0]["id"]
    for login in ("qian", "ma"):
        assert district.client(login).get(f"/api/v1/findings/{finding}/photos/{photo_id}").status_code == 403
        assert district.client(login).get(f"/api/v1/findings/{finding}/photos/{photo_id}/screen", buffered=True).status_code == 200
    assert str(district.person("lin")) in str(story.seen_by("zhao", finding))


ROLE_KINDS = {
    **dict.fromkeys(
        ("inspector", "acceptor", "shift_leader", "dispatcher", "assessor", "leader", "auditor", "town_officer", "liaison"), "area"
    ),
    "contractor_manager": "contractor",
    "contractor_worker": "contractor",
    "department_officer": "department",
    "administrator": "area",
}
AREA = st.sampled_from(["330113", "330113001", "330113002", "330113001001", "330113002001", "330199"])


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_law_of_visibility_is_the_same_in_the_rule_and_in_sql(district, data):
    people, units = [UUID(int=n) for n in range(1, 4)], [UUID(int=n) for n in range(11, 14)]
    grant = st.sampled_from(sorted(ROLE_KINDS)).flatmap(
        lambda role: st.builds(
            Grant,
            st.just(role),
            st.sampled_from(units[2:] if ROLE_KINDS[role] == "department" else units[:2]),
            st.just(ROLE_KINDS[role]),
            AREA if ROLE_KINDS[role] == "area" else st.none(),
        )
    )
    reader = st.builds(Actor, st.sampled_from(people), st.just("x"), st.just("x"), st.lists(grant, max_size=3).map(tuple))
    actors = data.draw(st.lists(reader, min_size=1, max_size=4))
    tasks = st.sampled_from([(units[0], "contractor"), (units[1], "contractor"), (units[1], "town"), (units[2], "department")])
    facts = st.tuples(
        st.sampled_from(people),
        st.sampled_from([None, "330113001001", "330113002001"]),
        st.sampled_from([None, *units]),
        st.lists(tasks, max_size=2, unique=True),
    )
    rows = data.draw(st.lists(facts, min_size=1, max_size=6))

    def compare(session, act):
        session.execute(sa.delete(Dispatch))
        session.execute(sa.delete(Finding))
        for number, (recorder, community, owner, tasks) in enumerate(rows):
            session.add(_bare(number, recorder, community, owner, tasks))
        session.flush()
        for number, (_, _, _, tasks) in enumerate(rows):
            for unit, kind in tasks:
                session.add(_task(UUID(int=100 + number), unit, kind))
        session.flush()
        every = session.scalars(sa.select(Finding)).all()
        for reader in actors:
            by_sql = set(session.scalars(sa.select(Finding.id).where(visible_to(reader))))
            assert by_sql == {row.id for row in every if is_visible(row, reader)}, reader

    district.do(compare)


def _bare(number, recorder, community, owner, tasks):
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    flags = dict.fromkeys(("unlocated", "awaiting_contract", "awaiting_calendar", "lacks_photos", "lacks_condition", "disputed"), False)
    where = {"community": community, "town": community and community[:9], "grid": community and f"{community}001", "district": "330113"}
    what = {"state": "recorded", "source": "inspector", "kind": "event", "code": "06012", "edition": 1, "trade": "cleaning", "severity": 1}
    seen = {"place": {}, "lon": 0.0, "lat": 0.0, "recorded_by": recorder, "recorded_at": now, "received_at": now, "time_quality": "exact"}
    whose = {"liability": {}, "trade_owner": owner, "units": sorted(scope_of_unit(unit, kind) for unit, kind in tasks), "writes": {}}
    known = {**where, **what, **seen, **whose, **flags}
    return Finding(id=UUID(int=100 + number), number=str(number), version=1, state_version=1, **known)


def _task(finding, unit, kind):
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    known = {"role": "lead", "state": "issued", "choice": {}, "issued_at": now, "automatic": False, "awaiting_calendar": False}
    return Dispatch(id=uuid4(), finding=finding, unit=unit, unit_kind=kind, **known)


# Lists


def test_every_filter_narrows_the_list_to_what_it_says(district, story):
    west, next_door, outside, tree = (
        story.recorded(),
        story.recorded(at=NEXT_DOOR),
        story.recorded(at=OUTSIDE),
        story.recorded(category=TREE, condition=2),
    )
    east = story.recorded(by=Phone(district, "wu"), at=EAST)
    filed = story.filed()
    everything = {west, next_door, outside, tree, east, filed}
    number = story.seen_by("zhao", tree)["number"]
    recorded_at = dt.datetime.fromisoformat(story.seen_by("zhao", east)["recorded_at"])
    for filters, expected in (
        ({}, everything),
        ({"area": "330113"}, everything),
        ({"area": "330113001"}, {west, next_door, tree, filed}),
        ({"area": "330113001002"}, {next_door}),
        ({"area": "330113002001001"}, {east}),
        ({"area": "330113999"}, set()),
        ({"state": "filed"}, {filed}),
        ({"flag": "unlocated"}, {outside}),
        ({"flag": "awaiting_contract"}, {tree}),
        ({"flag": "photos"}, everything - {filed}),
        ({"trade": "greening"}, {tree}),
        ({"contract": str(district.contracts["BJ-D"])}, {west, filed}),
        ({"contract": str(uuid4())}, set()),
        ({"number": number}, {tree}),
        ({"bbox": "120.02,30.0,120.06,30.02"}, {next_door, east}),
        ({"bbox": "120.02,30.0,120.06,30.02", "area": "330113002"}, {east}),
        ({"since": recorded_at.isoformat()}, {east, filed}),
        ({"until": recorded_at.isoformat()}, everything - {east, filed}),
        ({"mine": "true"}, set()),
    ):
        assert ids(district, "zhao", **filters) == expected, filters
    assert ids(district, "wu", mine="true") == {east}


WRONG_FILTERS = {
    "area": ["33", "x" * 9],
    "bbox": ["1,2,3", "nan,0,1,1", "2,0,1,1"],
    "contract": ["x"],
    "cursor": ["x", "WzEsMl0", "WyIyMDI2LTExLTIzIiwieCJd"],
    "flag": ["nonsense"],
    "limit": [0, 201],
    "number": ["nul\x00"],
    "since": ["2026-11-23T10:00:00", "0001-01-01T00:00:00+14:00"],
    "state": ["nul\x00", "bogus"],
    "surprise": [1],
    "trade": ["x"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG_FILTERS.items() for value in values])
def test_a_wrong_filter_is_named(district, name, value):
    answer = district.client("zhao").get("/api/v1/findings", query_string={name: value})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/{name}"), answer.text


def test_pages_are_complete_and_without_doubles_whatever_comes_in_between(district, story):
    recorded = [story.recorded() for _ in range(7)]
    found, cursor = [], None
    while True:
        answer = page(district, "zhao", limit=2, **({"cursor": cursor} if cursor else {}))
        found += [item["id"] for item in answer["items"]]
        cursor = answer["next"]
        story.recorded()
        if cursor is None:
            break
    assert found == recorded[::-1]


# Filing


@pytest.mark.parametrize(
    ("d", "unmet"),
    [
        ({}, ["photos"]),
        ({"at": OUTSIDE}, ["photos", "unlocated"]),
        ({"condition": None}, ["photos", "condition"]),
        ({"at": OUTSIDE, "condition": None}, ["photos", "unlocated", "condition"]),
    ],
)
def test_filing_names_everything_that_is_unmet(district, story, d, unmet):
    finding = story.recorded(**d)
    answer = district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={})
    assert (answer.status_code, slug(answer), sorted(answer.json["unmet"])) == (409, "not_ready", sorted(unmet))
    assert story.seen_by("zhao", finding)["state"] == "recorded"


def test_the_desk_chooses_the_condition_where_the_inspector_left_it_open(district, story):
    finding = story.ready(condition=None)
    assert slug(district.client("zhao").post(f"/api/v1/findings/{finding}/filing", json={"condition": 99})) == "unknown_condition"
    shown = story.desk("zhao", finding, "filing", condition=1)
    assert (shown["state"], shown["condition"], shown["limit"]) == (
        "filed",
        1,
        {"value": 2, "unit": "working_hours", "source": "condition"},
    )
    assert shown["state_version"] == 2 and shown["filed_at"] and "dispatch_finding" not in shown["moves"]
    assert "dispatch_finding" in story.seen_by("sun", finding)["moves"]


def test_who_decides_on_what_has_moved_meanwhile_is_told(district, story):
    finding = story.ready()
    story.desk("zhao", finding, "filing", state_version=1)
    for login, verb, payload in (("chen", "filing", {}), ("chen", "void-request", {"reason": "x"}), ("sun", "dispatches", {})):
        answer = district.client(login).post(f"/api/v1/findings/{finding}/{verb}", json={"state_version": 1, **payload})
        assert (answer.status_code, slug(answer), answer.json["state_version"]) == (412, "state_moved", 2)
    answer = district.client("chen").post(f"/api/v1/findings/{finding}/filing", json={})
    assert (answer.status_code, slug(answer), answer.json["sources"]) == (409, "move_not_open", ["recorded"])


def test_a_shift_leader_of_another_town_does_not_reach_it(district, story):
    district.person("east", ("shift_leader", "330113002"), ("acceptor", "330113002"))
    finding = story.ready()
    assert district.client("east").post(f"/api/v1/findings/{finding}/filing", json={}).status_code == 404
    assert district.client("tang").post(f"/api/v1/findings/{finding}/filing", json={}).status_code == 403


# Void


def test_a_void_takes_two_people(district, story):
    finding = story.filed()
    answer = district.client("zhao").post(f"/api/v1/findings/{finding}/void", json={"reason": "double"})
    assert (answer.status_code, slug(answer), answer.json["unmet"]) == (409, "not_ready", ["void_request"])
    story.desk("zhao", finding, "void-request", reason="double")
    answer = district.client("zhao").post(f"/api/v1/findings/{finding}/void", json={"reason": "double"})
    assert (answer.status_code, slug(answer)) == (403, "same_hands")
    shown = story.desk("chen", finding, "void", reason="indeed")
    assert (shown["state"], shown["state_version"]) == ("void", 3)
    assert [entry["event"] for entry in shown["history"]][-2:] == ["finding.void_requested", "finding.voided"]
    assert district.client("sun").post(f"/api/v1/findings/{finding}/dispatches", json={}).status_code == 409


# Dispatch


def test_a_dispatch_goes_to_the_contract_that_matches_and_starts_the_clock(district, story):
    finding = story.filed()
    shown = story.desk("sun", finding, "dispatches")
    (task,) = shown["dispatches"]
    assert (task["unit"], task["contract"], task["unit_kind"]) == (
        str(district.unit("hangyang")),
        str(district.contracts["BJ-D"]),
        "contractor",
    )
    assert (task["choice"]["reason"], task["choice"]["runner_up"]["id"]) == ("more_specific", str(district.contracts["BJ"]))
    assert (shown["state"], shown["deadline"], task["automatic"]) == ("dispatched", task["due"], False)
    # Noon and some seconds, two working hours: lunch ends at 14:00.
    due = dt.datetime.fromisoformat(task["due"]).astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert due == dt.datetime(2026, 11, 23, 16, tzinfo=due.tzinfo)
    explained = district.client("zhao").get(f"/api/v1/deadlines/{task['deadline']}")
    assert explained.status_code == 200 and explained.json["due"] == task["due"]
    assert due_told_to(district, "qian", finding) == [task["due"]] and due_told_to(district, "feng", finding) is None
    assert ids(district, "qian") == {finding} and ids(district, "feng") == set()


def due_told_to(district, login, finding):
    answer = district.client(login).get(f"/api/v1/findings/{finding}/deadlines")
    return [one["deadline"]["due"] for one in answer.json["items"]] if answer.status_code == 200 else None


def test_an_override_needs_a_reason_and_keeps_what_would_have_matched(district, story):
    finding = story.filed()
    client, url = district.client("sun"), f"/api/v1/findings/{finding}/dispatches"
    other = str(district.contracts["BJ"])
    answer = client.post(url, json={"contract": other})
    assert (answer.status_code, slug(answer), answer.json["errors"][0]["pointer"]) == (422, "override_needs_reason", "/reason")
    assert client.post(url, json={"contract": str(uuid4()), "reason": "x"}).status_code == 404
    assert client.post(url, json={"unit": str(uuid4()), "reason": "x"}).status_code == 404
    (task,) = client.post(url, json={"contract": other, "reason": "they are on site"}).json["dispatches"]
    assert (task["contract"], task["choice"]["reason"], task["choice"]["why"]) == (other, "override", "they are on site")
    assert task["choice"]["instead_of"]["contract"]["id"] == str(district.contracts["BJ-D"])
    assert ids(district, "feng") == {finding} and ids(district, "qian") == set()


def test_the_contract_that_matches_may_be_named_without_a_reason(district, story):
    finding = story.filed()
    assert (
        story.desk("sun", finding, "dispatches", contract=str(district.contracts["BJ-D"]))["dispatches"][0]["choice"]["reason"]
        == "more_specific"
    )


def test_where_no_contract_matches_the_matrix_decides_or_the_dispatcher(district, story):
    nobodys, departments = story.filed(category=TREE, condition=2), story.filed(category=ADVERT, condition=1)
    answer = district.client("sun").post(f"/api/v1/findings/{nobodys}/dispatches", json={})
    assert (answer.status_code, slug(answer), answer.json["unmet"]) == (409, "not_ready", ["awaiting_contract"])
    town = str(district.unit("330113001"))
    shown = story.desk("sun", nobodys, "dispatches", unit=town, reason="the town owns the area")
    assert (shown["dispatches"][0]["unit"], shown["dispatches"][0]["unit_kind"], shown["needs"]) == (town, "town", [])
    assert finding_is_visible(district, "tang", nobodys)
    shown = story.desk("sun", departments, "dispatches")
    assert (shown["dispatches"][0]["unit"], shown["dispatches"][0]["choice"]["reason"]) == (str(district.unit("municipal")), "acting_unit")
    assert ids(district, "gu") == {departments}


def finding_is_visible(district, login, finding):
    return district.client(login).get(f"/api/v1/findings/{finding}").status_code == 200


def test_a_limit_into_a_year_that_is_not_stated_yet_waits_for_it(district, story):
    finding = story.filed(category=TREE, condition=2)
    district.clock.forward(days=30)
    district._tokens = {}
    unit = str(district.unit("330113001"))
    shown = story.desk("sun", finding, "dispatches", unit=unit, reason="the town owns the area")
    assert (shown["state"], shown["deadline"], shown["needs"]) == ("dispatched", None, ["awaiting_calendar"])
    assert ids(district, "zhao", flag="awaiting_calendar") == {finding}
    days = [{"day": f"2027-01-0{n}", "working": False, "note_zh": "元旦", "note_en": "New Year"} for n in (1, 2, 3)]
    answer = district.client("admin").put("/api/v1/calendar/2027", json={"days": days})
    assert answer.status_code < 300, answer.text
    district.settle()
    shown = story.seen_by("sun", finding)
    assert (shown["needs"], shown["deadline"], shown["dispatches"][0]["awaiting_calendar"]) == ([], shown["dispatches"][0]["due"], False)
    assert dt.datetime.fromisoformat(shown["deadline"]).year == 2027
    assert shown["history"][-1]["event"] == "finding.deadline_taken"


# Amending by the desk


def test_the_desk_amends_category_and_condition_together(district, story):
    finding = story.recorded(category=MANHOLE, condition=2)
    fields = {"category": {"seen": MANHOLE, "value": DIRT}, "condition": {"seen": 2, "value": 1}}
    shown = district.client("zhao").post(f"/api/v1/findings/{finding}/amendments", json={"fields": fields})
    assert shown.status_code == 200, shown.text
    assert (shown.json["category"]["code"], shown.json["condition"], shown.json["trade"], shown.json["proposals"]) == (
        "06012",
        1,
        "cleaning",
        [],
    )
    assert shown.json["limit"]["unit"] == "working_hours" and shown.json["liable"] == str(district.contracts["BJ-D"])


def test_a_condition_that_stays_is_kept_with_a_new_category(district, story):
    finding = story.recorded(category=MANHOLE, condition=1)
    fields = {"category": {"seen": MANHOLE, "value": DIRT}, "condition": {"seen": 1, "value": 1}}
    assert district.client("lin").post(f"/api/v1/findings/{finding}/amendments", json={"fields": fields}).json["condition"] == 1


def test_a_dispatched_findings_place_is_only_proposed(district, story):
    finding = story.dispatched()
    fields = {"place": {"seen": place(HOME), "value": place(NEXT_DOOR)}, "note": {"seen": None, "value": "wet"}}
    shown = district.client("lin").post(f"/api/v1/findings/{finding}/amendments", json={"fields": fields}).json
    assert (shown["grid"], shown["note"], shown["needs"]) == ("330113001001001", "wet", ["disputed"])
    assert [proposal["field"] for proposal in shown["proposals"]] == ["place"]


def test_a_wrong_amendment_changes_nothing(district, story):
    finding = story.recorded()
    before = story.seen_by("lin", finding)
    for fields, status in (
        ({"severity": {"seen": 2, "value": 9}}, 422),
        ({"severity": {"value": 3}}, 422),
        ({"state": {"seen": "recorded", "value": "filed"}}, 422),
        ({"note": {"seen": None, "value": "nul \x00"}}, 422),
        ({"note": {"seen": None, "value": "good"}, "place": {"seen": place(HOME), "value": place((999, 0))}}, 422),
        ({"category": {"seen": DIRT, "value": {"kind": "event", "code": "99999"}}}, 422),
    ):
        answer = district.client("lin").post(f"/api/v1/findings/{finding}/amendments", json={"fields": fields})
        assert answer.status_code == status, (fields, answer.text)
    assert story.seen_by("lin", finding) == before


def test_amendments_of_three_phones_come_to_the_same_in_every_order(district, story):  # fault 60
    """Lin wrote it; a mate and Lin's other phone saw the same note."""
    district.person("mate", ("inspector", "330113001"))
    phones = [story.lin, Phone(district, "lin"), Phone(district, "mate")]
    results = []
    for order in permutations(range(3)):
        finding = story.recorded(note="seen")
        lines = []
        for number, phone in enumerate(phones):
            fields = {"note": {"seen": "seen", "value": f"by phone {number}"}, "severity": {"seen": 2, "value": 3}}
            lines.append(phone.line("amend_finding", finding, {"fields": fields}))
            district.clock.forward(seconds=5)
        for number in order:
            phones[number].pushed(lines[number])
        shown = story.seen_by("lin", finding)
        proposed = district.rows(sa.select(Proposal.field, Proposal.value).where(Proposal.finding == UUID(finding)))
        results.append((shown["note"], shown["severity"], shown["needs"], sorted(map(tuple, proposed))))
    assert all(result == results[0] for result in results), results
    assert results[0] == ("by phone 1", 3, ["photos", "disputed"], [("note", "by phone 2")])


# Photos and history


def test_photos_are_served_with_the_finding_and_harmless_to_a_browser(district, story):
    content = located()
    finding = story.recorded()
    declared = photo(content)
    story.lin.do("add_photo", finding, declared)
    story.lin.pushed()
    url = f"/api/v1/findings/{finding}/photos/{declared['id']}"
    assert district.client("zhao").get(url).status_code == 404  # declared, not here
    assert story.lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
    district.settle()
    for login in ("lin", "zhao", "tang", "li"):
        answer = district.client(login).get(url, buffered=True)
        assert (answer.status_code, answer.data, answer.mimetype) == (200, content, "image/jpeg")
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer.headers["Content-Security-Policy"]
        assert "private" in answer.headers["Cache-Control"]
    thumbnail = district.client("zhao").get(url + "/thumbnail", buffered=True)
    assert (thumbnail.status_code, thumbnail.mimetype) == (200, "image/jpeg") and b"Exif" not in thumbnail.data
    for login in ("wu", "stranger"):
        assert district.client(login).get(url).status_code in {403, 404}
    other = story.recorded()
    assert district.client("zhao").get(f"/api/v1/findings/{other}/photos/{declared['id']}").status_code == 404
    assert district.client("zhao").get(url + "/poster").status_code == 404


def test_a_photo_whose_bytes_were_here_before_it_was_declared_counts_at_once(district, story):
    content = picture(50)
    finding = story.recorded()
    first = photo(content)
    story.lin.do("add_photo", finding, first)
    story.lin.pushed()
    story.lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content)
    district.settle()
    assert story.seen_by("zhao", finding)["needs"] == []
    story.lin.do("add_photo", finding, photo(content))
    story.lin.pushed()
    district.settle()
    shown = story.seen_by("zhao", finding)
    assert (shown["needs"], shown["evidence"]["usable"]) == ([], 2)
    late = story.recorded()
    story.lin.do("add_photo", late, photo(content))
    story.lin.pushed()
    assert story.seen_by("zhao", late)["needs"] == []


def test_the_history_tells_of_each_deed_who_and_its_three_times(district, story):
    finding = story.dispatched()
    history = story.seen_by("zhao", finding)["history"]
    events = [entry["event"] for entry in history if entry["event"].startswith("finding.")]
    assert events[0] == "finding.recorded" and events[-2:] == ["finding.filed", "finding.dispatched"]
    assert [entry["seq"] for entry in history] == sorted(entry["seq"] for entry in history)
    recorded, dispatched = history[0], history[-1]
    assert (recorded["actor"], recorded["actor_name"], recorded["time_quality"]) == (str(district.person("lin")), "林晓", "exact")
    assert recorded["device_at"] and recorded["op"] and recorded["happened_at"] <= recorded["at"]
    assert (dispatched["actor_name"], dispatched["device_at"], dispatched["happened_at"]) == ("孙浩", None, dispatched["at"])
