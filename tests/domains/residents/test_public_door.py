"""What residents do without an account, through the front door."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from backend.core.deeds import Deed
from backend.core.journal import JournalEntry
from backend.domains.findings.model.finding import Finding
from backend.domains.residents.model import PublicTurn, ResidentReport
from backend.domains.residents.rules import turns
from backend.domains.residents.rules.turns import ALL, TURNS
from tests.make.district import ADVERT, EAST, OUTSIDE
from tests.make.pictures import bomb, picture
from tests.make.resident import Resident, place


def slug(answer):
    return answer.json["type"].rpartition("/")[2]


def refused(answer):
    return answer.status_code, slug(answer)


def pointers(answer):
    return [each["pointer"] for each in answer.json["errors"]]


def only_report(district, login="zhao"):
    (report,) = district.client(login).get("/api/v1/resident-reports").json["items"]
    return report


# Reporting


def test_a_report_is_a_finding_of_the_service_person_and_its_receipt_tells_how_it_stands(district, resident, story):
    status = resident.report()
    assert (status["stage"], status["number"][:6]) == ("recorded", "330113")
    assert status["words"]["zh"] and status["words"]["en"]
    finding = only_report(district)["finding"]
    shown = story.seen_by("zhao", finding)
    assert (shown["source"], shown["state"], shown["note"]) == ("resident", "recorded", "路面很脏，没人打扫")
    assert shown["history"][0]["actor_name"] == "居民 / Resident"
    assert "photos" in shown["needs"] and "condition" in shown["needs"]  # so nothing is filed by itself
    assert resident.photo(picture(1, size=(64, 48))).status_code == 201
    district.settle()
    assert [photo["unreadable"] for photo in resident.status()["photos"]] == [False]
    assert story.seen_by("zhao", finding)["evidence"]["usable"] == 1


@pytest.mark.parametrize("given", [{"category": None}, {"place": None, "address": "星河南路12号"}, {"place": place(OUTSIDE)}])
def test_without_category_or_a_place_in_the_district_the_desk_looks_first(district, resident, given):
    assert resident.report(**given)["stage"] == "received"
    report = only_report(district)
    assert (report["state"], report["todo"], report["finding"]) == ("open", "take_up", None)


def test_neither_place_nor_address_is_refused(resident):
    answer = resident.send(place=None)
    assert (*refused(answer), pointers(answer)) == (422, "invalid", ["/place", "/address"])


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"text": "坏"}, "/text"),
        ({"text": "     "}, "/text"),
        ({"key": "short"}, "/key"),
        ({"phone": "call me"}, "/phone"),
        ({"place": {"lon": 120.0, "lat": 30.0}}, "/place/datum"),
        ({"category": {"kind": "event", "code": "99999"}}, "/category/code"),
        ({"login": "me"}, "/login"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(district, resident, given, at):
    answer = resident.send(**given)
    assert answer.status_code == 422 and at in pointers(answer)
    assert district.scalars(sa.select(ResidentReport.id)) == []


def test_a_place_off_the_globe_is_refused_before_anything_is_kept(district, resident):
    assert refused(resident.send(place=place((500, 30)))) == (422, "place_absurd")
    assert district.scalars(sa.select(ResidentReport.id)) == []


def test_a_body_over_the_limit_is_refused_unread(resident):
    answer = resident.client.post("/api/v1/residents/reports", data=b"{" + b" " * 20_000 + b"}", content_type="application/json")
    assert refused(answer) == (413, "too_large")


def test_the_same_report_sent_again_is_the_same_report_with_the_same_secret(district, resident):
    key = uuid4().hex
    first = resident.send(key=key).json
    again = resident.send(key=key).json
    assert (again["receipt"], again["secret"]) == (first["receipt"], first["secret"])
    assert len(district.scalars(sa.select(ResidentReport.id))) == 1
    assert refused(resident.send(key=key, text="another thing entirely")) == (409, "report_key_used")


def test_a_contact_needs_consent_and_is_shown_masked_even_to_its_owner(resident):
    answer = resident.send(name="王小明", phone="13812345678")
    assert refused(answer) == (422, "consent_needed")
    status = resident.report(name="王小明", phone="13812345678", consent=True)
    assert status["contact"] == {"name": "王**", "phone": "138******78", "erased_at": None}
    assert "forget_contact" in status["can"]


# Receipts


def test_a_wrong_secret_and_an_unknown_receipt_are_answered_alike(resident):
    resident.report()
    headers = {"Receipt-Secret": "0000-0000-0000-0000"}
    wrong = resident.client.get(f"/api/v1/residents/reports/{resident.receipt}", headers=headers)
    unknown = resident.client.get("/api/v1/residents/reports/R261123-0000-0000", headers=headers)
    without = resident.client.get(f"/api/v1/residents/reports/{resident.receipt}")
    strip = lambda answer: {k: v for k, v in answer.json.items() if k not in {"instance", "request_id"}}  # noqa: E731
    assert refused(wrong) == (404, "receipt_unknown")
    assert strip(wrong) == strip(unknown) == strip(without)


def test_a_receipt_is_read_as_people_type_it(resident):
    resident.report()
    typed = resident.receipt.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    headers = {"Receipt-Secret": resident.secret.lower().replace("-", "").replace("0", "O").replace("1", "I")}
    assert resident.client.get(f"/api/v1/residents/reports/{typed}", headers=headers).status_code == 200


def test_no_secret_stands_in_the_database_or_in_an_address(district, resident):
    resident.report()
    row = district.rows(sa.select(ResidentReport.secret_hash, ResidentReport.key_hash))[0]
    assert resident.secret.encode() not in row.secret_hash and len(row.secret_hash) == 32
    assert resident.secret not in resident.receipt


def test_guessing_from_one_address_is_stopped_and_locks_out_nobody_who_has_the_right_secret(district, resident):
    resident.report()
    for _ in range(TURNS["wrong"].most):
        answer = resident.client.get(f"/api/v1/residents/reports/{resident.receipt}", headers={"Receipt-Secret": "x"})
        assert answer.status_code == 404
    guess = Resident(district)
    guess.receipt, guess.secret = resident.receipt, "y"
    answer = guess.call("GET")
    assert refused(answer) == (429, "too_many_requests") and 0 < int(answer.headers["Retry-After"]) <= 900
    assert resident.status()["stage"] == "recorded"
    assert resident.call("POST", "/messages", text="在吗").status_code == 201
    district.clock.forward(minutes=16)
    assert guess.call("GET").status_code == 404


def test_reports_of_all_addresses_together_meet_a_limit_that_the_operator_sets(district, monkeypatch):
    extensions = district.app.extensions
    monkeypatch.setitem(extensions, "linping.settings", dataclasses.replace(extensions["linping.settings"], resident_reports_hour=3))
    assert [Resident(district, f"198.51.100.{n}").send().status_code for n in range(3)] == [201] * 3
    answer = Resident(district, "198.51.100.9").send()
    assert refused(answer) == (429, "door_crowded") and 0 < int(answer.headers["Retry-After"]) <= 3600
    assert len(district.scalars(sa.select(PublicTurn.key))) == 4  # the refused one left nothing
    district.clock.forward(hours=1)
    assert Resident(district, "198.51.100.9").send().status_code == 201


def test_reports_of_one_address_are_limited_and_its_address_is_not_kept(district, resident):
    most = TURNS["report"].most
    assert [resident.send().status_code for _ in range(most + 1)] == [201] * most + [429]
    assert Resident(district, "198.51.100.9").send().status_code == 201
    assert len(district.scalars(sa.select(ResidentReport.id))) == most + 1
    assert all(b"203.0.113.7" not in key and len(key) == 32 for key in district.scalars(sa.select(PublicTurn.key)))
    district.clock.forward(hours=1)
    assert resident.send().status_code == 201


def test_two_households_behind_one_ipv6_prefix_share_its_turns(district):
    one, two = Resident(district, "2001:db8:1:2::1"), Resident(district, "2001:db8:1:f2:ffff::9")
    one.send()
    two.send()
    assert district.scalars(sa.select(PublicTurn.count).where(PublicTurn.key != ALL)) == [2]


# Photos


def test_a_report_takes_three_photos_and_the_same_one_once(resident):
    resident.report()
    first = resident.photo(picture(1, size=(64, 48)))
    again = resident.photo(picture(1, size=(64, 48)))
    assert first.status_code == again.status_code == 201 and first.json == again.json
    assert [resident.photo(picture(n, size=(64, 48))).status_code for n in (2, 3)] == [201, 201]
    assert refused(resident.photo(picture(4, size=(64, 48)))) == (413, "too_many_photos")
    assert "add_photo" not in resident.status()["can"]


@pytest.mark.parametrize(("content", "slugged"), [(b"<svg/>", "not_a_picture"), (b"", "empty_photo"), (bomb(), "photo_too_large")])
def test_what_is_no_photo_leaves_nothing_behind(district, resident, content, slugged):
    resident.report()
    assert slug(resident.photo(content)) == slugged
    settings = district.app.extensions["linping.settings"]
    assert [path for path in (settings.data_folder / "blobs").rglob("*") if path.is_file()] == []
    assert resident.status()["photos"] == []


def test_a_photo_that_cannot_be_decoded_is_said_to_be_so(district, resident):
    resident.report()
    resident.photo(picture(62, size=(640, 480), noise=True)[:3000])
    district.settle()
    assert [photo["unreadable"] for photo in resident.status()["photos"]] == [True]


def test_a_photo_over_the_limit_is_refused_by_its_length_alone(resident):
    resident.report()
    answer = resident.client.post(
        f"/api/v1/residents/reports/{resident.receipt}/photos",
        headers={"Receipt-Secret": resident.secret},
        environ_overrides={"CONTENT_LENGTH": str(11 * 1024 * 1024)},
    )
    assert refused(answer) == (413, "photo_too_large")


def test_photos_that_came_before_the_desk_took_it_up_are_seen_at_once_and_on_the_finding(district, resident, story):
    resident.report(category=None)
    resident.photo(picture(1, size=(64, 48)))
    district.settle()
    report = only_report(district)
    path = f"/api/v1/resident-reports/{report['id']}/photos/{report['photos'][0]['id']}/thumbnail"
    with district.client("zhao").get(path) as answer:
        assert (answer.mimetype, answer.data[:2]) == ("image/jpeg", b"\xff\xd8")
    assert district.client("wu").get(path).status_code == 403
    taken = district.client("zhao").post(
        f"/api/v1/resident-reports/{report['id']}/finding", json={"category": {"kind": "event", "code": "06012"}}
    )
    assert taken.status_code == 201, taken.text
    district.settle()
    assert story.seen_by("zhao", taken.json["finding"])["evidence"] == {"declared": 1, "stored": 1, "usable": 1, "waived": 0}


# What nobody else reads


def test_numbers_in_the_text_reach_neither_finding_nor_deeds_nor_journal(district, resident, story):
    resident.report(
        text="井盖坏了，请打138 1234 5678或０５７１－８８８８９９９９，微信：abc_12345",
        name="王小明",
        phone="13987654321",
        consent=True,
        address="星河路1号 王小明13987654321",
    )
    resident.photo(picture(1, size=(64, 48)))
    resident.call("POST", "/messages", text="电话13812345678")
    finding = only_report(district)["finding"]
    zhao = district.client("zhao")
    zhao.post(
        f"/api/v1/resident-reports/{only_report(district)['id']}/contact-views", json={"reason": "call_back", "note": "call 13987654321"}
    )
    district.settle()
    assert story.seen_by("zhao", finding)["note"] == "井盖坏了，请打[***]或[***]，[***]"
    kept = " ".join([*district.scalars(sa.select(Deed.arguments)), *district.scalars(sa.select(JournalEntry.facts))])
    shown = json.dumps([story.seen_by("zhao", finding), only_report(district), resident.status()], ensure_ascii=False)
    for secret in ("5678", "9999", "7654321", "abc_12345"):
        assert secret not in kept and secret not in shown
    assert "王小明" not in kept.replace("\\u738b\\u5c0f\\u660e", "王小明").replace("星河路1号 王小明", "")


# Withdrawing, writing, rating


def test_a_report_is_withdrawn_at_once_while_nobody_has_filed_it(district, resident, story):
    resident.report()
    status = resident.call("POST", "/withdrawal", reason="自己清理了").json
    assert (status["stage"], status["can"]) == ("withdrawn", ["write"])
    assert story.seen_by("zhao", only_report(district)["finding"])["state"] == "withdrawn"
    assert refused(resident.call("POST", "/withdrawal")) == (409, "report_not_at_this_point")


def test_once_filed_a_withdrawal_asks_for_a_void_that_the_desk_decides(district, resident, story):
    resident.report()
    resident.photo(picture(1, size=(64, 48)))
    district.settle()
    finding = only_report(district)["finding"]
    story.desk("zhao", finding, "filing", condition=1)
    assert resident.call("POST", "/withdrawal", reason="好了").json["stage"] == "accepted"
    assert story.seen_by("zhao", finding)["void_request"]["reason"] == "好了"
    story.desk("zhao", finding, "void", reason="resident took it back")
    district.settle()
    assert (resident.status()["stage"], only_report(district)["todo"]) == ("withdrawn", None)


def test_a_report_nobody_has_looked_at_is_withdrawn_too(district, resident):
    resident.report(category=None)
    assert resident.call("POST", "/withdrawal").json["stage"] == "withdrawn"
    assert only_report(district)["todo"] is None


def test_what_a_resident_writes_is_owed_an_answer(district, resident):
    resident.report()
    assert resident.call("POST", "/messages", text="还在").status_code == 201
    report = only_report(district)
    assert report["todo"] == "reply"
    answer = district.client("zhao").post(f"/api/v1/resident-reports/{report['id']}/replies", json={"text": "明天处理"})
    assert (answer.status_code, answer.json["todo"]) == (201, None)
    assert [(each["from"], each["text"]) for each in resident.status()["messages"]] == [("resident", "还在"), ("desk", "明天处理")]
    assert "赵" not in json.dumps(resident.status(), ensure_ascii=False)  # who of the desk answered is not told


def test_only_what_has_ended_is_rated(resident):
    resident.report()
    assert refused(resident.call("PUT", "/rating", rating=5)) == (409, "report_not_at_this_point")
    assert resident.call("PUT", "/rating", rating=6).status_code == 422


def test_the_contact_is_erased_when_its_owner_asks(district, resident):
    resident.report(text="坏了，电话13812345678", name="王小明", phone="13812345678", consent=True)
    status = resident.call("DELETE", "/contact").json
    assert status["contact"]["name"] is None and status["contact"]["erased_at"] is not None
    row = district.rows(sa.select(ResidentReport.name, ResidentReport.phone, ResidentReport.original, ResidentReport.content_hash))[0]
    assert tuple(row) == (None, None, None, b"")
    report = only_report(district)
    answer = district.client("zhao").post(f"/api/v1/resident-reports/{report['id']}/contact-views", json={"reason": "call_back"})
    assert refused(answer) == (410, "contact_erased")


def test_categories_are_named_for_everybody(district):
    items = district.app.test_client().get("/api/v1/residents/categories").json["items"]
    assert len(items) > 100
    assert all(each["name"]["zh"] and each["name"]["en"] for each in items)


def test_a_report_of_the_other_town_is_its_officers_and_not_this_ones(district, resident):
    district.person("hu", ("town_officer", "330113002"))
    resident.report(place=place(EAST))
    assert [len(district.client(who).get("/api/v1/resident-reports").json["items"]) for who in ("zhao", "hu", "tang", "shen")] == [
        1,
        1,
        0,
        0,
    ]
    assert dt.datetime.fromisoformat(only_report(district)["received_at"]).tzinfo is not None


# Before a report


def test_what_is_known_nearby_is_told_without_saying_which_case_it_is(district, resident, story):
    finding = story.dispatched()
    where = {"kind": "event", "code": "06012", **place()}
    nearby = resident.client.get("/api/v1/residents/nearby", query_string={**where, "lat": where["lat"] + 0.0001}).json["items"]
    assert [(each["metres"], each["stage"], each["since"], each["expected_by"] is not None) for each in nearby] == [
        (10, "ordered", "2026-11-23", True)
    ]
    assert finding not in json.dumps(nearby) and "330113-" not in json.dumps(nearby)
    for other in ({"lat": where["lat"] + 0.001}, {"code": "01001"}):
        assert resident.client.get("/api/v1/residents/nearby", query_string={**where, **other}).json["items"] == []
    story.recorded(category=ADVERT)
    assert resident.client.get("/api/v1/residents/nearby", query_string={**where, **ADVERT}).json["items"] == []
    assert refused(resident.client.get("/api/v1/residents/nearby", query_string={**where, "lon": 500})) == (422, "place_absurd")


def nearby(resident, at, **more):
    answer = resident.client.get("/api/v1/residents/nearby", query_string={"kind": "event", "code": "06012", **place(at), **more})
    assert answer.status_code == 200, answer.text
    return answer.json["items"]


def test_looks_at_what_is_nearby_are_limited(resident):
    most = TURNS["look"].most
    where = {"kind": "event", "code": "06012", **place()}
    codes = [resident.client.get("/api/v1/residents/nearby", query_string=where).status_code for _ in range(most + 1)]
    assert codes == [200] * most + [429]


def test_nobody_looks_further_than_fifty_metres_however_uncertain_the_place(resident, story):
    story.recorded(at=(120.0051, 30.01))
    assert len(nearby(resident, (120.0051, 30.0103), accuracy_m=1_000_000)) == 1
    assert nearby(resident, (120.0051, 30.0107), accuracy_m=1_000_000) == []
    assert nearby(resident, (120.0051, 30.0103), accuracy_m=5) == []


def test_looks_from_many_places_do_not_tell_two_places_of_a_cell_apart(district, resident, story, monkeypatch):
    monkeypatch.setitem(TURNS, "look", turns.Allowed(10_000, dt.timedelta(hours=1)))
    around = [(120.005 + east / 100_000, 30.01 + north / 100_000) for east in range(-60, 61, 15) for north in range(-60, 61, 15)]
    first = story.recorded(at=(120.00491, 30.01008))
    told = [nearby(resident, at, accuracy_m=60) for at in around]
    assert any(told) and not all(told)
    with_first_moved = sa.update(Finding).where(Finding.id == UUID(first)).values(lon=120.0051, lat=30.0099)
    district.do(lambda session, act: session.execute(with_first_moved))
    assert [nearby(resident, at, accuracy_m=60) for at in around] == told


def test_the_nearest_is_told_however_many_older_ones_stand_around(resident, story):
    for n in range(8):
        story.recorded(at=(120.0054, 30.01 + n * 1e-6))
    story.recorded(at=(120.005, 30.01))
    metres = [each["metres"] for each in nearby(resident, (120.005, 30.01), accuracy_m=400)]
    assert (len(metres), metres[0]) == (5, 0) and metres[1] > 25


def test_the_photo_of_the_work_is_shown_once_it_is_closed_and_only_without_metadata(district, resident, story):
    resident.report()
    resident.photo(picture(95, size=(64, 48)))
    district.settle()
    finding = only_report(district)["finding"]
    story.desk("zhao", finding, "filing", condition=1)
    story.desk("sun", finding, "dispatches")
    story.proved(finding)
    assert resident.status()["result"] == []
    after = next(each["id"] for each in story.seen_by("zhao", finding)["photos"] if each["role"] == "after")
    look = next(each["id"] for each in story.seen_by("zhao", finding)["photos"] if each["role"] == "verification")
    own = resident.status()["photos"][0]["id"]

    def seen(photo):
        headers = {"Receipt-Secret": resident.secret}
        with resident.client.get(f"/api/v1/residents/reports/{resident.receipt}/photos/{photo}/screen", headers=headers) as answer:
            return answer.status_code, answer.mimetype

    assert [seen(photo)[0] for photo in (after, look, own)] == [404, 404, 200]
    story.desk("zhao", finding, "closing")
    assert resident.status()["result"] == [after]
    assert [seen(photo) for photo in (after, own)] == [(200, "image/jpeg")] * 2
    assert seen(look)[0] == 404
    resident.secret = "wrong"
    assert seen(after)[0] == 404


def test_whatever_is_typed_for_a_receipt_is_an_unknown_one(resident, monkeypatch):
    monkeypatch.setitem(TURNS, "wrong", turns.Allowed(10_000, dt.timedelta(hours=1)))
    receipts = ["%00", "R261123-%00000-0000", "%ED%A0%80", "..%2f..%2fpeople", "R" * 5000, "星", "%F0%9F%97%91", "'--"]
    for receipt in receipts:
        for secret in ("", "x" * 5000, "\u00e9", "'; DROP TABLE person"):
            answer = resident.client.get(f"/api/v1/residents/reports/{receipt}", headers={"Receipt-Secret": secret})
            assert answer.status_code == 404, (receipt, secret)


def test_whatever_is_sent_as_a_report_is_never_a_fault_of_ours(district, resident, monkeypatch):
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    monkeypatch.setitem(TURNS, "report", turns.Allowed(10_000, dt.timedelta(hours=1)))
    members = ["lon", "lat", "datum", "kind", "code"]
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(members), inner, max_size=5),
        max_leaves=6,
    )
    fields = ["key", "text", "place", "address", "category", "name", "phone", "consent", "other"]
    sound = {"key": "k" * 22, "text": "路面很脏", "address": "星河路"}

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.dictionaries(st.sampled_from(fields), values, max_size=5))
    def send(body):
        answer = resident.client.post("/api/v1/residents/reports", data=json.dumps({**sound, **body}), content_type="application/json")
        assert answer.status_code in {201, 400, 409, 422}, answer.text

    send()
