"""Changes out: the protocol's section 4, over HTTP."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from backend.core.journal import Clock, FeedMember
from backend.domains.findings.actions import move
from backend.domains.identity.actions.roles import end_role, grant_role
from backend.domains.identity.model import RoleHeld
from backend.domains.sync.queries.members import scope_digest
from tests.make.district import AREAS, DIRT, EAST, HOME, MANHOLE, NEXT_DOOR, OUTSIDE
from tests.make.phone import Phone, photo, place, record_payload
from tests.make.pictures import picture

EVERYWHERE = (HOME, NEXT_DOOR, EAST, OUTSIDE)


def scopes_of(phone):
    return {scope for held in phone.copy.values() for scope in held["scopes"]}


def server_view(district, login):
    """Every finding the person may see, as the list shows it."""
    client, found, cursor = district.client(login), {}, None
    while True:
        page = client.get("/api/v1/findings", query_string={"limit": 7, **({"cursor": cursor} if cursor else {})}).json
        found.update({item["id"]: item for item in page["items"]})
        cursor = page["next"]
        if cursor is None:
            return found


def dispatched(district, finding, *, contract=None):
    """Filed and dispatched without a photo, as the administrator lets it here."""
    from uuid import UUID

    finding = UUID(str(finding))
    allowed = {"scope": "all", "settings": {"photos": {"record_finding": {"before": 0}}}}
    assert district.client("admin").post("/api/v1/policies", json=allowed).status_code in {200, 201}
    district.do(move.file_finding, by="zhao", finding=finding, payload={"condition": None, "state_version": None})
    payload = {"contract": contract, "unit": None, "reason": "as agreed" if contract else None, "state_version": None}
    return district.do(move.dispatch_finding, by="sun", finding=finding, payload=payload)


def test_the_first_sync_is_complete_and_holds_the_reference_data(district, lin):
    recorded = {lin.record(at=point)["e"]["id"] for point in EVERYWHERE}
    patrol = lin.do("open_patrol")["e"]["id"]
    lin.pushed()
    pages = lin.sync(limit=1000)
    assert set(lin.docs()) == recorded
    assert set(lin.docs("area")) == {code for code in AREAS if len(code) < 15 or code.startswith("330113001")}
    assert len(lin.docs("category")) == 282
    assert set(lin.docs("calendar")) == {"2025", "2026"}
    assert set(lin.docs("patrol")) == {patrol}
    assert pages[0]["scopes"] == {"added": ["ref", "town:330113001", f"user:{lin.person}"], "dropped": []}
    assert pages[-1]["acked_through"] == 5 and not pages[-1]["more"]
    assert lin.pull()["changes"] == []


def test_each_reader_has_exactly_what_the_lists_show(district, lin, wu):
    for point in EVERYWHERE:
        lin.record(at=point)
        wu.record(at=point)
    lin.pushed()
    wu.pushed()
    dispatched(district, _last(lin, DIRT))
    for login in ("lin", "wu", "zhao", "tang", "shen", "gu", "qian", "feng", "li"):
        phone = Phone(district, login)
        phone.sync(limit=1000)
        assert set(phone.docs()) == set(server_view(district, login)), login
    assert set(server_view(district, "zhao")) == set(server_view(district, "li"))
    assert len(server_view(district, "zhao")) == 9


def _last(phone, category):
    line = phone.record(category=category, condition=1)
    phone.pushed()
    return line["e"]["id"]


def test_a_document_is_what_the_finding_shows_less_its_history(district, lin):
    content = picture(1)
    finding = lin.record(category=DIRT, condition=1, photos=[photo(content)], note="见照片")["e"]["id"]
    lin.do("add_note", finding, {"text": "second look"})
    lin.pushed()
    assert lin.client.put(f"/api/v1/blobs/sha256/{hashlib.sha256(content).hexdigest()}", data=content).status_code == 201
    district.settle()
    dispatched(district, finding)
    for login in ("lin", "zhao", "qian"):
        phone = Phone(district, login)
        phone.sync(limit=1000)
        shown = district.client(login).get(f"/api/v1/findings/{finding}").json
        history, moves = shown.pop("history"), shown.pop("moves")
        assert history and isinstance(moves, list)
        doc = phone.docs()[finding]
        assert doc == shown
        assert phone.copy["finding", finding]["ver"] == doc["version"]


def test_a_contractor_pulls_only_what_was_dispatched_to_it_and_no_names(district, lin):
    mine, other = (_last(lin, DIRT) for _ in range(2))
    dispatched(district, mine)
    qian, feng = Phone(district, "qian"), Phone(district, "feng")
    qian.sync(limit=1000)
    feng.sync(limit=1000)
    assert (set(qian.docs()), set(feng.docs())) == ({mine}, set()) and other not in qian.docs()
    text = str(qian.docs()[mine]) + str(district.client("qian").get(f"/api/v1/findings/{mine}").json)
    for login in ("lin", "zhao", "sun"):
        assert str(district.person(login)) not in text


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_any_size_come_to_the_same(district, lin, limit):  # fault 37
    for point in EVERYWHERE * 2:
        lin.record(at=point)
    lin.pushed()
    whole, pieces = Phone(district, "zhao"), Phone(district, "zhao")
    whole.sync(limit=1000)
    district.do(_leave_findings)
    whole, pieces = Phone(district, "zhao"), Phone(district, "zhao")
    whole.sync(limit=1000)
    pages = pieces.sync(limit=limit)
    assert pieces.copy == whole.copy and len(whole.docs()) == 8
    assert all(len(page["changes"]) <= limit for page in pages)
    seqs = [change["s"] for page in pages for change in page["changes"]]
    assert seqs == sorted(seqs) and len(set(seqs)) == len(seqs)


def _leave_findings(session, _act):
    """Three hundred pages of catalogue prove nothing more."""
    session.execute(sa.delete(FeedMember).where(FeedMember.subject_type == "category"))


COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.sampled_from(EVERYWHERE)),
        st.tuples(st.just("move"), st.integers(0, 20), st.sampled_from(EVERYWHERE)),
        st.tuples(st.just("note"), st.integers(0, 20)),
        st.tuples(st.just("withdraw"), st.integers(0, 20)),
        st.tuples(st.just("pull"), st.integers(1, 4)),
    ),
    max_size=14,
)


@given(commands=COMMANDS, limit=st.integers(1, 5))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_changes_between_pages_a_phone_ends_with_the_servers_view(district, commands, limit):  # faults 35, 36, 60, 61
    lin, shen, wu = Phone(district, "lin"), Phone(district, "shen"), Phone(district, "wu")
    district.do(_leave_findings)
    recorded = []
    for command, *given_ in commands:
        if command == "record":
            recorded.append((lin.record(at=given_[0])["e"]["id"], given_[0]))
        elif command == "pull":
            for phone in (shen, wu):
                phone.pull(limit=given_[0])
            continue
        elif recorded:
            index = given_[0] % len(recorded)
            finding, point = recorded[index]
            if command == "move":
                lin.do("amend_finding", finding, {"fields": {"place": {"seen": place(point), "value": place(given_[1])}}})
                recorded[index] = (finding, given_[1])
            elif command == "note":
                lin.do("add_note", finding, {"text": "x"})
            else:
                lin.do("withdraw_finding", finding, {"reason": "x"})
        if lin.unsent:
            assert {result["status"] for result in lin.pushed()} <= {"applied", "merged"}
    for phone in (lin, shen, wu):
        phone.sync(limit=limit)
        assert phone.docs() == server_view(district, phone.login)
        for scope in scopes_of(phone):
            assert digest_of(phone, scope) == district.ask(scope_digest, scope)


def digest_of(phone, scope):
    keys = [f"{kind}|{key}|{held['ver']}" for (kind, key), held in phone.copy.items() if scope in held["scopes"]]
    total = sum(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") for key in keys)
    return [len(keys), f"{total % 2**64:016x}"]


def test_a_finding_that_leaves_a_scope_is_dropped_there_and_kept_elsewhere(district, lin):  # faults 34, 35
    shen, tang = Phone(district, "shen"), Phone(district, "tang")
    finding = _last(lin, MANHOLE)
    shen.sync()
    tang.sync()
    lin.do("amend_finding", finding, {"fields": {"place": {"seen": place(HOME), "value": place(NEXT_DOOR)}}})
    lin.pushed()
    (change,) = shen.pull()["changes"]
    assert (change["k"], change["id"], change["why"]) == ("drop", finding, "out_of_scope")
    (change,) = tang.pull()["changes"]
    assert (change["k"], change["doc"]["areas"]["community"], change["scopes"]) == ("put", "330113001002", ["town:330113001"])


def test_a_lost_scope_is_listed_and_a_gained_one_fills_by_itself(district, lin, wu):  # faults 32, 33
    west, east = _last(lin, MANHOLE), wu.record(at=EAST)["e"]["id"]
    wu.pushed()
    tang = Phone(district, "tang")
    tang.sync()
    assert set(tang.docs()) == {west}
    held = district.scalars(sa.select(RoleHeld.id).where(RoleHeld.person == tang.person))[0]
    district.do(end_role, by="admin", person=tang.person, held=held)
    district.do(grant_role, by="admin", person=tang.person, role="town_officer", unit=district.unit("330113002"))
    pages = tang.sync(limit=1)
    before, after = (f"department:{district.unit(code)}" for code in ("330113001", "330113002"))
    assert pages[0]["scopes"] == {"added": [after, "town:330113002"], "dropped": [before, "town:330113001"]}
    assert all(page["scopes"] == {"added": [], "dropped": []} for page in pages[1:])
    assert set(tang.docs()) == {east}


def test_results_come_once_and_again_when_they_change(district, lin):
    finding = uuid4()
    parent = lin.line("record_finding", finding, record_payload())
    child = lin.line("add_note", finding, {"text": "x"}, deps=[parent["op"]])
    lin.pushed(child)
    assert [(r["op"], r["status"]) for page in lin.sync() for r in page["results"]] == [(child["op"], "deferred")]
    assert lin.pull()["results"] == []
    lin.pushed(parent)
    assert {(r["op"], r["status"]) for r in lin.pull()["results"]} == {(child["op"], "applied"), (parent["op"], "applied")}
    assert lin.pull()["results"] == []
    other = Phone(district, "lin")
    other.sync()
    assert other.results == {}


def test_results_come_in_pages(lin):
    ops = [lin.record()["op"] for _ in range(7)]
    lin.pushed()
    pages = lin.sync(limit=3)
    assert [r["op"] for page in pages for r in page["results"]] == ops
    assert max(len(page["results"]) for page in pages) == 3


def test_a_cursor_that_is_not_ours_or_of_another_epoch_starts_the_first_sync_again(district, lin):  # faults 29, 31
    lin.sync(limit=1000)
    good = lin.cursor
    for cursor in ("", "x", good[:-1], good[:-3] + ("abc" if good[-3:] != "abc" else "def"), "A" + good[1:]):
        answer = lin.session.post("/api/v1/sync/pull", json={"replica": lin.replica, "cursor": cursor})
        assert (answer.status_code, answer.json["type"]) == (410, "/problems/cursor_expired"), cursor
    assert lin.pull()["changes"] == []
    district.do(lambda session, _act: session.execute(sa.update(Clock).values(epoch="another")))
    answer = lin.session.post("/api/v1/sync/pull", json={"replica": lin.replica, "cursor": good})
    assert (answer.status_code, answer.json["action"]) == (410, "bootstrap")


def test_a_cursor_as_they_were_first_made_goes_on_where_it_was(district, lin, wu):
    near, far = lin.record()["e"]["id"], wu.record(at=EAST)["e"]["id"]
    lin.pushed()
    wu.pushed()
    tang = Phone(district, "tang")
    tang.sync(limit=1000)
    secret, epoch = district.app.config["SECRET_KEY"], tang.session.get("/api/v1/sync/hello").json["epoch"]
    at = district.scalars(sa.select(Clock.seq))[0]
    scopes = {"ref": at, f"user:{tang.person}": at, f"department:{district.unit('330113001')}": at}
    signer = URLSafeTimedSerializer(secret, salt="pull-cursor")
    tang.cursor = signer.dumps([epoch, at, {**scopes, "town:330113001": at}])
    assert tang.pull()["changes"] == []
    # One that was in the midst of a back-fill goes on with it.
    tang.cursor, tang.copy = signer.dumps([epoch, at, {**scopes, "town:330113001": 0}]), {}
    tang.sync(limit=2)
    assert set(tang.docs()) == {near} and far not in tang.docs()
    for wrong in (URLSafeTimedSerializer(secret + "x", salt="pull-cursor"), URLSafeTimedSerializer(secret, salt="other")):
        answer = tang.session.post("/api/v1/sync/pull", json={"replica": tang.replica, "cursor": wrong.dumps([epoch, at, scopes])})
        assert answer.status_code == 410


def test_a_copy_that_differs_is_filled_again_and_only_that_scope(district, lin):  # fault 62
    findings = {lin.record(at=point)["e"]["id"] for point in EVERYWHERE}
    lin.pushed()
    lin.sync(limit=1000)
    town, own = "town:330113001", f"user:{lin.person}"
    right = {scope: digest_of(lin, scope) for scope in (town, own)}
    page = lin.pull(digest=right)
    assert (page["resync"], page["changes"]) == ([], [])
    page = lin.pull(digest={town: [1, "00"], own: right[own], "town:330113002": [9, "ff"], "ref": [0, "0"]}, limit=1000)
    assert (sorted(page["resync"]), page["changes"], page["more"]) == (["ref", town], [], True)
    came = {change["id"] for each in lin.sync() for change in each["changes"] if change["type"] == "finding"}
    assert came < findings
    assert set(lin.docs()) == findings and digest_of(lin, town) == right[town]


def test_only_the_own_replica_pulls(district, lin, wu):
    for client in (wu.session, district.client("admin"), district.client("stranger")):
        assert client.post("/api/v1/sync/pull", json={"replica": lin.replica}).status_code == 404
    assert district.app.test_client().post("/api/v1/sync/pull", json={"replica": lin.replica}).status_code == 401
    for wrong in ({"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"replica": "x"}, {"surprise": 1}, {"digest": {"ref": 1}}):
        assert lin.session.post("/api/v1/sync/pull", json={"replica": lin.replica, **wrong}).status_code == 422, wrong
