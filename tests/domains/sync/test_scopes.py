"""Scopes gained, lost and overlapping; what a phone can hold; phones stolen, copied, restored and installed anew."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.act import SYSTEM, begin
from backend.core.database.engine import db
from backend.core.journal import FeedMember, JournalEntry
from backend.core.perform import perform, reading
from backend.domains.findings.model.finding import Finding
from backend.domains.identity.actions.importing import import_people
from backend.domains.identity.actions.replicas import revoke_replica
from backend.domains.identity.actions.roles import end_role, grant_role
from backend.domains.identity.model import RoleHeld
from backend.domains.identity.rules import people_file
from backend.domains.sync.actions.forget import forget_members
from backend.domains.sync.model import Incident, KeptLine, Outcome
from backend.domains.sync.queries.absent import last_number_before, list_absent
from backend.domains.sync.queries.feed import scopes_of_reader
from backend.domains.sync.queries.members import scope_digest
from backend.domains.sync.rules import capacity, versions
from backend.domains.sync.rules.capacity import TooManyEntities
from tests.domains.sync.test_pull import digest_of, scopes_of, server_view
from tests.make.district import EAST, HOME, NEXT_DOOR
from tests.make.people import password_hash
from tests.make.phone import Phone, place, record_payload, wire

TOWN, OTHER_TOWN = "town:330113001", "town:330113002"


@pytest.fixture
def small(district):
    """Nothing in the feed yet: hundreds of pages of areas and catalogue prove nothing more."""
    district.do(lambda session, _act: session.execute(sa.delete(FeedMember)))
    return district


def recorded(phone, count, at=HOME):
    found = [phone.record(at=at)["e"]["id"] for _ in range(count)]
    phone.pushed()
    return found


def grants(district, login):
    return district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == district.person(login), RoleHeld.until.is_(None)))


def gain(district, login, role, unit):
    return district.do(grant_role, by="admin", person=district.person(login), role=role, unit=district.unit(unit))


def lose(district, login):
    for held in grants(district, login):
        district.do(end_role, by="admin", person=district.person(login), held=held)


def puts(page):
    return [change["id"] for change in page["changes"] if change["k"] == "put"]


def alike(district, phone):
    """Scope by scope the phone has what the server says it has."""
    return all(digest_of(phone, scope) == district.ask(scope_digest, scope) for scope in scopes_of(phone))


# Gained, lost, overlapping


@pytest.mark.parametrize("limit", [1, 2, 4, 7])
def test_a_gained_scope_fills_beside_what_changes_in_the_others(small, lin, wu, limit):  # fault 32
    recorded(lin, 2)
    far = set(recorded(wu, 9, at=EAST))
    tang = Phone(small, "tang")
    tang.sync()
    gain(small, "tang", "town_officer", "330113002")
    assert tang.pull(limit=limit)["scopes"]["added"] == [f"department:{small.unit('330113002')}", OTHER_TOWN]
    pages, seen_early = 0, False
    while True:
        (fresh,) = recorded(lin, 1)
        before = set(tang.docs())
        page = tang.pull(limit=limit)
        pages += 1
        assert page["scopes"]["added"] == [] and len(page["changes"]) <= limit
        # What is new in the town held before comes in the very next page, however much of the other town is to come.
        assert fresh in puts(page)
        if not far <= before:
            seen_early = True
        if far <= set(tang.docs()) or (limit == 1 and pages > 3):
            break
    assert seen_early
    tang.sync(limit=limit)
    assert far <= set(tang.docs()) and alike(small, tang)
    assert not tang.pull()["more"]


def test_each_entity_of_a_gained_scope_comes_once_whatever_happens_between_pages(small, lin, wu):  # fault 32
    near, far = recorded(lin, 3), recorded(wu, 8, at=EAST)
    tang = Phone(small, "tang")
    tang.sync()
    gain(small, "tang", "town_officer", "330113002")
    pages = [tang.pull(limit=3)]
    wu.do("amend_finding", far[0], {"fields": {"place": {"seen": place(EAST), "value": place(HOME)}}})  # comes into the town held before
    wu.do("withdraw_finding", far[-1], {"reason": "x"})
    wu.pushed()
    pages += tang.sync(limit=3)
    came = [key for page in pages for key in puts(page)]
    assert set(tang.docs()) == {*near, *far} and alike(small, tang)
    assert all(came.count(key) == 1 for key in far[1:-1])
    assert came.count(far[0]) <= 3 and tang.copy["finding", far[0]]["scopes"] == [TOWN]
    assert [change for page in pages for change in page["changes"] if change["k"] == "drop"] == []


def test_in_two_scopes_and_one_is_lost_nothing_drops_and_in_none_it_does(small, lin):  # fault 34
    finding = recorded(lin, 1)[0]
    small.person("both", ("town_officer", "330113001"), ("liaison", "330113001001"))
    both = Phone(small, "both")
    both.sync()
    assert both.copy["finding", finding]["scopes"] == ["community:330113001001", TOWN]
    liaison = small.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == both.person, RoleHeld.role == "liaison"))[0]
    small.do(end_role, by="admin", person=both.person, held=liaison)
    page = both.pull()
    assert "community:330113001001" in page["scopes"]["dropped"] and page["changes"] == []
    assert both.copy["finding", finding]["scopes"] == [TOWN]
    # It leaves the area for good: one drop, said once.
    lin.do("amend_finding", finding, {"fields": {"place": {"seen": place(HOME), "value": place(EAST)}}})
    lin.pushed()
    assert [(each["k"], each["why"]) for each in both.pull()["changes"]] == [("drop", "out_of_scope")]
    assert both.pull()["changes"] == []


def test_out_and_in_again_between_two_pulls_is_one_put(small, lin):  # fault 35
    finding = recorded(lin, 1)[0]
    shen = Phone(small, "shen")
    shen.sync()
    for here, there in ((HOME, NEXT_DOOR), (NEXT_DOOR, HOME)):
        lin.do("amend_finding", finding, {"fields": {"place": {"seen": place(here), "value": place(there)}}})
    lin.pushed()
    (change,) = shen.pull()["changes"]
    assert (change["k"], change["id"], change["ver"]) == ("put", finding, small.ask(version_of, finding))
    assert alike(small, shen)


def version_of(session, finding):
    return session.scalar(sa.select(Finding.version).where(Finding.id == UUID(finding)))


POINTS = st.sampled_from((HOME, NEXT_DOOR, EAST))
UNITS = st.sampled_from((("town_officer", "330113001"), ("town_officer", "330113002"), ("liaison", "330113001001")))
COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), POINTS),
        st.tuples(st.just("move"), st.integers(0, 9), POINTS),
        st.tuples(st.just("turn"), UNITS),
        st.tuples(st.just("pull"), st.integers(1, 4)),
        st.tuples(st.just("check"), st.integers(1, 4)),
        st.tuples(st.just("tamper"), st.integers(0, 9)),
    ),
    max_size=20,
)


@given(commands=COMMANDS, limit=st.integers(1, 4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scopes_may_come_and_go_between_pages_and_the_copy_is_right_at_the_end(small, commands, limit):  # faults 32, 34, 35, 36, 62
    login = f"p{uuid4().hex[:8]}"
    small.person(login, ("inspector", "330113"))  # whose scope is the own one only
    lin, phone, recorded_, held = Phone(small, "lin"), Phone(small, login), [], {}
    tampered = False
    for command, *given_ in commands:
        if command == "record":
            recorded_.append([lin.record(at=given_[0])["e"]["id"], given_[0]])
            lin.pushed()
        elif command == "move" and recorded_:
            item = recorded_[given_[0] % len(recorded_)]
            lin.do("amend_finding", item[0], {"fields": {"place": {"seen": place(item[1]), "value": place(given_[1])}}})
            item[1] = given_[1]
            lin.pushed()
        elif command == "turn":
            if unit := held.pop(given_[0], None):
                small.do(end_role, by="admin", person=phone.person, held=unit)
            else:
                held[given_[0]] = gain(small, login, *given_[0]).id
        elif command == "tamper" and phone.copy:
            phone.copy.pop(sorted(phone.copy)[given_[0] % len(phone.copy)])
            tampered = True
        elif command == "pull":
            phone.pull(limit=given_[0])
        elif command == "check":
            scopes = {scope for entry in phone.copy.values() for scope in entry["scopes"]}
            page = phone.pull(limit=given_[0], digest={scope: digest_of(phone, scope) for scope in scopes})
            assert tampered or page["resync"] == []
    pages = phone.sync(limit=limit)
    assert all(len(page["changes"]) <= limit for page in pages)
    known = scopes_of_reader(small.actor(login))
    while wrong := phone.pull(digest={scope: digest_of(phone, scope) for scope in known}, limit=limit)["resync"]:
        assert tampered, wrong
        phone.sync(limit=limit)
    assert phone.docs() == server_view(small, login)
    assert all(digest_of(phone, scope) == small.ask(scope_digest, scope) for scope in known)


def test_a_lost_scope_that_comes_back_is_filled_anew(small, lin):  # fault 32
    first = recorded(lin, 2)
    tang = Phone(small, "tang")
    tang.sync()
    lose(small, "tang")
    assert TOWN in tang.pull()["scopes"]["dropped"] and tang.docs() == {}
    later = recorded(lin, 2)
    gain(small, "tang", "town_officer", "330113001")
    pages = tang.sync(limit=2)
    assert TOWN in pages[0]["scopes"]["added"] and set(tang.docs()) == {*first, *later}


def test_a_scope_lost_with_unsent_edits_the_edits_arrive_and_count_by_their_time(small, lin):  # fault 33
    finding = recorded(lin, 1)[0]
    lin.sync()
    lin.do("amend_finding", finding, {"fields": {"note": {"seen": None, "value": "seen before"}}})
    small.clock.forward(minutes=5)
    lose(small, "lin")
    small.clock.forward(minutes=5)
    lin.do("amend_finding", finding, {"fields": {"address": {"seen": None, "value": "after"}}})
    page = lin.pull()
    assert page["scopes"]["dropped"] == [TOWN]
    # Own findings stay in the own scope, and what was not sent is taken whatever was lost.
    assert lin.copy["finding", finding]["scopes"] == [f"user:{lin.person}"]
    before, after = lin.pushed()
    assert (before["status"], after["status"], after["code"]) == ("applied", "rejected", "not_authorised")
    (row,) = small.scalars(sa.select(Finding).where(Finding.id == UUID(finding)))
    assert (row.note, row.address) == ("seen before", None)
    assert [line for line in small.scalars(sa.select(KeptLine.raw)) if b"after" in bytes(line)]
    lin.sync()
    assert {result["status"] for result in lin.results.values()} == {"applied", "rejected"}


def test_deleted_while_the_first_sync_runs_it_is_absent_at_the_end(small, lin):  # fault 36
    findings = recorded(lin, 6)
    shen = Phone(small, "shen")
    shen.pull(limit=2)
    assert set(shen.docs()) == set(findings[:2])
    for finding in (findings[0], findings[5]):  # one that came, one that was still to come
        lin.do("amend_finding", finding, {"fields": {"place": {"seen": place(HOME), "value": place(EAST)}}})
    lin.pushed()
    pages = shen.sync(limit=2)
    assert set(shen.docs()) == set(findings[1:5])
    assert [page["more"] for page in pages] == [True] * (len(pages) - 1) + [False]
    # A phone that begins now is told nothing of what left before.
    late = Phone(small, "shen")
    assert [change["k"] for page in late.sync(limit=2) for change in page["changes"]] == ["put"] * 4


def test_a_first_sync_that_stops_goes_on_where_it_was_and_says_when_it_is_whole(small, lin):  # faults 37, 38
    findings = recorded(lin, 20)
    tang = Phone(small, "tang")
    came, sizes = [], []
    for _ in range(40):
        cursor = tang.cursor
        page = tang.pull(limit=3)
        tang.cursor = cursor  # killed before it was stored: the same page comes again
        again = tang.pull(limit=3)
        assert (again["changes"], again["more"]) == (page["changes"], page["more"])
        came += puts(again)
        sizes.append(len(again["cursor"]))
        if not again["more"]:
            break
        assert set(tang.docs()) < set(findings)
    assert came == findings and max(sizes) < 800


# What differs, what is old


def test_a_mismatch_is_one_incident_a_scope_and_day(small, lin):  # fault 62
    recorded(lin, 2)
    lin.sync()
    wrong = {TOWN: [9, "00"]}

    def incidents():
        return small.scalars(sa.select(Incident).where(Incident.kind == "digest_mismatch"))

    for _ in range(2):
        page = lin.pull(digest=wrong)
        assert (page["resync"], page["changes"], page["more"]) == ([TOWN], [], True)
        pages = lin.sync()
        assert {key for each in pages for key in puts(each)} == set(lin.docs()) and all(each["resync"] == [] for each in pages)
    (incident,) = incidents()
    assert str(incident.replica) == lin.replica and list(incident.facts["scopes"]) == [TOWN] and incident.facts["times"] == 1
    small.clock.forward(days=1)
    lin.pull(digest={**wrong, "ref": [1, "1"]})
    lin.sync()
    (incident,) = incidents()
    assert set(incident.facts["scopes"]) == {TOWN, "ref"} and incident.facts["times"] == 2
    assert lin.pull()["resync"] == [] and len(incidents()) == 1


def test_a_page_that_says_resync_holds_nothing_of_it_so_before_or_after_is_the_same(small, lin):  # fault 62
    findings = recorded(lin, 4)
    before, after = Phone(small, "tang"), Phone(small, "tang")
    for phone in (before, after):
        phone.sync()
        phone.copy.clear()
    late = recorded(lin, 1)
    town = {TOWN: [0, "0" * 16]}
    for phone in (before, after):
        assert phone.pull()["changes"] != []
        page = phone.pull(digest=town)
        if phone is after:
            phone.copy.clear()
        phone.sync(limit=2)
        assert page["resync"] == [TOWN] and set(phone.docs()) == {*findings, *late} and alike(small, phone)


def test_what_left_long_ago_is_forgotten_and_an_older_cursor_begins_anew_without_it(small, lin):  # fault 30
    stays, leaves = recorded(lin, 2)
    shen = Phone(small, "shen")
    shen.sync()
    small.clock.forward(days=1)
    lin.do("amend_finding", leaves, {"fields": {"place": {"seen": place(HOME), "value": place(EAST)}}})
    lin.pushed()
    assert forget(small) == 0
    old = shen.cursor
    small.clock.forward(days=178)
    small.do(lambda _session, act: act.tell("test.time_passed", "test", "x"))
    shen.session = small.client("shen") if small.client("shen").get("/api/v1/replicas").status_code == 200 else signed_in(small, "shen")
    page = shen.pull()
    assert [(change["k"], change["id"]) for change in page["changes"]] == [("drop", leaves)]
    assert forget(small) == 0
    shen.cursor = old
    small.clock.forward(days=3)
    shen.session = signed_in(small, "shen")
    assert forget(small) >= 1
    assert small.scalars(sa.select(FeedMember.scope).where(FeedMember.present.is_(False))) == []
    answer = shen.session.post("/api/v1/sync/pull", json={"replica": shen.replica, "cursor": old})
    assert (answer.status_code, answer.json["type"]) == (410, "/problems/cursor_expired")
    shen.cursor, shen.copy = None, {}
    shen.sync()
    assert set(shen.docs()) == {stays}
    shen.pull()


def signed_in(district, login):
    from tests.make.people import Cast

    return district.bearing(Cast.token(district, login))


def forget(district):
    with district.app.app_context():
        session = db.session()
        act = begin(SYSTEM, at=district.clock.now())
        with reading(session):
            keys = list_absent(session, now=act.at)
        return perform(session, act, forget_members, keys=keys)


def test_a_back_fill_that_takes_longer_than_memberships_are_kept_begins_anew(small, lin):  # fault 30
    recorded(lin, 6)
    shen = Phone(small, "shen")
    shen.pull(limit=2)
    small.clock.forward(days=100)
    shen.session = signed_in(small, "shen")
    assert shen.pull(limit=2)["more"]  # signed anew, but begun a hundred days ago
    small.clock.forward(days=81)
    shen.session = signed_in(small, "shen")
    answer = shen.session.post("/api/v1/sync/pull", json={"replica": shen.replica, "cursor": shen.cursor})
    assert (answer.status_code, answer.json["action"]) == (410, "bootstrap")


def test_the_last_number_before_a_moment_is_found(small, lin):
    recorded(lin, 3)
    small.clock.forward(hours=2)
    recorded(lin, 3)
    entries = small.rows(sa.select(JournalEntry.seq, JournalEntry.at).order_by(JournalEntry.seq))
    # What was seeded says it was long ago.
    for moment in (entries[-3].at, entries[-1].at, entries[-1].at + dt.timedelta(days=1), small.clock.now() - dt.timedelta(hours=1)):
        assert small.ask(last_number_before, moment) == max((seq for seq, at in entries if at < moment), default=0)


def test_a_new_form_of_documents_brings_those_types_again_and_nothing_else(district, lin, monkeypatch):
    findings = recorded(lin, 5)
    tang = Phone(district, "tang")
    tang.sync(limit=1000)
    assert tang.pull(schema=2)["changes"] == []  # newer than the server: it sends what it has
    monkeypatch.setattr(versions, "CHANGED_IN", {1: frozenset(), 2: frozenset({"finding"}), 3: frozenset({"calendar"})})
    assert district.client("tang").get("/api/v1/sync/hello").json["schema"] == 3
    assert tang.pull(schema=1)["changes"] == []
    late = recorded(lin, 1)
    pages = [tang.pull(schema=2, limit=4)]
    while pages[-1]["more"]:
        pages.append(tang.pull(schema=2, limit=4))
    came = [(change["type"], change["id"]) for page in pages for change in page["changes"]]
    assert sorted(came) == sorted(("finding", key) for key in (*findings, *late))
    assert all(page["scopes"] == {"added": [], "dropped": []} for page in pages)
    assert tang.pull(schema=2)["changes"] == [] and alike(district, tang)
    assert {change["type"] for page in [tang.pull(schema=3)] for change in page["changes"]} == {"calendar"}


# How much a phone holds


def test_a_role_that_opens_more_than_a_phone_holds_is_refused_with_the_way_out(small, lin, monkeypatch):
    recorded(lin, 3)
    monkeypatch.setattr(capacity, "CAP", 2)
    person, unit = small.person("stranger"), small.unit("330113001")
    url = f"/api/v1/people/{person}/roles"
    refused = small.client("admin").post(url, json={"role": "inspector", "unit": str(unit)})
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/too_many_entities")
    assert refused.json["limit"] == 2 and refused.json["scopes"][TOWN] == 3 and "smaller area" in refused.json["way_out"]
    assert grants(small, "stranger") == []
    # What opens nothing more is given, and so is a smaller area.
    assert small.client("admin").post(url, json={"role": "inspector", "unit": str(small.unit("330113002"))}).status_code == 201
    with pytest.raises(TooManyEntities):
        gain(small, "stranger", "liaison", "330113001001")
    monkeypatch.setattr(capacity, "CAP", 3)
    gain(small, "stranger", "liaison", "330113001001")


def test_posts_of_the_whole_district_are_given_however_much_it_has_seen(small, lin, monkeypatch):
    recorded(lin, 3)
    monkeypatch.setattr(capacity, "CAP", 1)
    gain(small, "stranger", "leader", "330113")
    assert len(grants(small, "stranger")) == 1


def test_people_come_in_from_a_file_only_if_each_phone_can_hold_what_is_theirs(small, lin, monkeypatch):
    recorded(lin, 3)
    monkeypatch.setattr(capacity, "CAP", 2)

    def bring(unit):
        text = f"login,name,phone,role,unit_code\nhu,胡,,inspector,330113002\nxu,徐,,inspector,{unit}\n"
        lines, _ = people_file.read_lines(text.encode())
        return small.do(import_people, lines=lines, hashes={"hu": password_hash(), "xu": password_hash()})

    with pytest.raises(TooManyEntities):
        bring("330113001")
    assert bring("330113002").enrolled == ["hu", "xu"]


# Phones stolen, copied, restored, installed anew


def test_a_stolen_phone_delivers_and_gets_nothing(district, lin):  # fault 40
    finding = recorded(lin, 1)[0]
    district.do(revoke_replica, by="admin", replica=UUID(lin.replica))
    line = lin.line("add_note", finding, {"text": "from the thief"})
    (result,) = lin.pushed(line)
    assert (result["status"], result["code"]) == ("rejected", "replica_revoked")
    assert bytes(district.scalars(sa.select(KeptLine.raw).where(KeptLine.op == UUID(line["op"])))[0]) == wire(line)
    answer = lin.session.post("/api/v1/sync/pull", json={"replica": lin.replica})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/replica_wipe")
    asked = {"install_id": lin.install, "platform": "android", "app_version": "1", "schema": 1}
    assert lin.session.post("/api/v1/replicas", json=asked).json["type"] == "/problems/replica_wipe"
    assert lin.session.post("/api/v1/replicas", json={**asked, "install_id": "bought new"}).status_code == 201


def test_a_phone_restored_from_its_backup_forks_and_goes_on_as_a_new_one(district, lin):  # fault 18
    lines = [lin.line("record_finding", uuid4(), record_payload()) for _ in range(4)]
    lin.pushed(*lines)
    # The backup held two; it numbers on from there.
    fork = [lin.line("record_finding", uuid4(), record_payload(note="after the backup"), seq=seq) for seq in (3, 4, 5)]
    answer = lin.push(*lines[:2], *fork)
    assert answer.status_code == 409
    by_op = {result["op"]: result for result in answer.json["results"]}
    assert [by_op[line["op"]]["status"] for line in lines[:2]] == ["duplicate"] * 2
    assert [by_op[line["op"]]["code"] for line in fork] == ["replica_fork", "replica_fork", None]
    kept = {bytes(raw) for raw in district.scalars(sa.select(KeptLine.raw))}
    assert {wire(line) for line in (*lines, *fork)} <= kept
    new = Phone(district, "lin")
    assert new.replica != lin.replica
    again = [{**line, "seq": seq} for seq, line in enumerate(fork, start=1)]
    assert [result["status"] for result in new.pushed(*again)] == ["applied", "applied", "duplicate"]
    entities = [line["e"]["id"] for line in (*lines, *fork)]
    assert sorted(map(str, district.scalars(sa.select(Finding.id)))) == sorted(entities)
    receipts = new.session.get(f"/api/v1/replicas/{lin.replica}/receipts").json
    assert [item["op"] for item in receipts["items"]] == [line["op"] for line in (*lines, fork[2])]


def test_two_clones_that_push_in_turns_lose_nothing_and_double_nothing(district, lin):  # fault 19
    recorded(lin, 2)
    clones = [[], []]
    lost = []
    for seq in range(3, 9):  # each numbers on as if it were alone; whoever comes first goes on
        for clone in clones if seq % 2 else clones[::-1]:
            line = lin.line("record_finding", uuid4(), record_payload(), seq=seq)
            clone.append(line)
            answer = lin.push(line)
            (result,) = answer.json["results"]
            assert (answer.status_code, result["code"]) in {(200, None), (409, "replica_fork")}
            lost += [line] if result["code"] else []
    assert len(lost) == 6
    new = Phone(district, "lin")
    sent = [{**line, "seq": seq} for seq, line in enumerate(lost, start=1)]
    assert {result["status"] for result in new.pushed(*sent)} == {"applied"}
    assert {result["status"] for result in new.pushed(*sent)} == {"duplicate"}
    entities = [line["e"]["id"] for clone in clones for line in clone]
    assert len(district.scalars(sa.select(Finding.id))) == 2 + len(entities)
    assert set(district.scalars(sa.select(Outcome.status))) == {"applied"}


def test_installed_anew_the_old_receipts_are_there_and_the_work_is_pulled(district, lin):  # fault 20
    findings = recorded(lin, 3)
    new = Phone(district, "lin")
    assert (new.replica != lin.replica, new.seq) == (True, 0)
    items = new.session.get(f"/api/v1/replicas/{lin.replica}/receipts").json["items"]
    assert [(item["e"]["id"], item["status"]) for item in items] == [(finding, "applied") for finding in findings]
    new.sync(limit=1000)
    assert set(new.docs()) == set(findings)
    new.do("add_note", findings[0], {"text": "from the new store"}, base=1)
    assert [result["status"] for result in new.pushed()] == ["applied"]


def test_the_credential_before_the_last_is_good_for_a_day(district, lin):  # fault 21
    asked = {"install_id": lin.install, "platform": "android", "app_version": "1", "schema": 1}
    line = lin.line("record_finding", uuid4(), record_payload())
    fresh = lin.session.post("/api/v1/replicas", json=asked).json
    assert [r["status"] for r in lin.pushed(line)] == ["applied"]
    old, lin.client = lin.client, district.bearing(fresh["credential"])
    assert [r["status"] for r in lin.pushed(line)] == ["duplicate"]
    district.clock.forward(hours=25)
    assert [r["status"] for r in lin.pushed(line)] == ["duplicate"]
    lin.client = old
    assert lin.push(line).status_code == 401


def test_a_replica_id_is_proposed_where_it_is_unknown_and_taken_from_nobody(district, lin, wu):
    mine = str(uuid4())
    asked = {"install_id": "restored", "replica": mine, "platform": "android", "app_version": "1", "schema": 1}
    answer = lin.session.post("/api/v1/replicas", json=asked)
    assert (answer.status_code, answer.json["replica"], answer.json["next_seq"]) == (201, mine, 1)
    assert lin.session.post("/api/v1/replicas", json=asked).json["replica"] == mine
    for session, replica in ((wu.session, mine), (lin.session, wu.replica)):
        refused = session.post("/api/v1/replicas", json={**asked, "install_id": "other", "replica": replica})
        assert (refused.status_code, refused.json["type"]) == (409, "/problems/replica_taken")


def test_a_role_lost_offline_counts_from_its_moment(district, lin):  # fault 39
    before = lin.line("record_finding", uuid4(), record_payload())
    district.clock.forward(minutes=10)
    lose(district, "lin")
    district.clock.forward(minutes=10)
    after = lin.line("record_finding", uuid4(), record_payload())
    assert [(r["status"], r["code"]) for r in lin.pushed(before, after)] == [("applied", None), ("rejected", "not_authorised")]
    gain(district, "lin", "inspector", "330113001")
    assert [r["status"] for r in lin.pushed(lin.line("record_finding", uuid4(), record_payload()))] == ["applied"]
