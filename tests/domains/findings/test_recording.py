"""Recording without a phone: calls at the desk, and what inspectors and liaisons see themselves."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.make.district import DIRT, HOME, NEXT_DOOR
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256


def body(**more):
    place = {"lon": HOME[0], "lat": HOME[1], "datum": "WGS-84"}
    return {"finding": str(uuid4()), "category": {k: DIRT[k] for k in ("kind", "code")}, "condition": 1, "place": place, **more}


def record(district, login, **more):
    return district.client(login).post("/api/v1/findings", json=body(**more))


def slug(answer):
    return answer.status_code, answer.json["type"].rpartition("/")[2]


@pytest.mark.parametrize("source", ["hotline", "video", "leader", "import"])
def test_the_desk_records_what_it_is_told_with_its_source(district, source):
    answer = record(district, "zhao", source=source, note="市民来电", address="星河南路12号")
    assert answer.status_code == 201, answer.text
    shown = answer.json
    assert (shown["state"], shown["source"], shown["recorded_by"]) == ("recorded", source, str(district.person("zhao")))
    assert (shown["grid"], shown["limit"]["unit"]) == ("330113001001001", "working_hours")


def test_a_call_goes_all_the_way_of_a_finding(district, story):
    content = picture(70, size=(64, 48))
    answer = record(district, "zhao", source="video", photos=[photo(content)])
    assert district.client("zhao").put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
    district.settle()
    finding = answer.json["id"]
    story.desk("zhao", finding, "filing")
    story.desk("sun", finding, "dispatches")
    story.proved(finding)
    assert story.desk("chen", finding, "closing")["state"] == "closed"


@pytest.mark.parametrize(
    ("login", "source", "refused"),
    [
        ("zhao", None, (422, "source_invalid")),
        ("lin", "hotline", (422, "source_invalid")),
        ("shen", "leader", (422, "source_invalid")),
        ("zhao", "resident", (422, "invalid")),
        ("zhao", "inspector", (422, "invalid")),
        ("qian", "hotline", (403, "forbidden")),
        ("stranger", None, (403, "forbidden")),
        ("sun", "hotline", (403, "forbidden")),
    ],
)
def test_who_may_say_where_it_comes_from(district, login, source, refused):
    assert slug(record(district, login, **({"source": source} if source else {}))) == refused


def test_an_id_that_is_there_is_refused_and_nothing_recorded_twice(district):
    given = body(source="hotline")
    assert district.client("zhao").post("/api/v1/findings", json=given).status_code == 201
    assert slug(district.client("chen").post("/api/v1/findings", json=given)) == (409, "id_taken")


def test_an_inspector_and_a_liaison_record_at_a_screen_as_their_phones_do(district):
    assert record(district, "lin").json["source"] == "inspector"
    assert record(district, "shen").json["source"] == "liaison"


def test_a_liaison_records_by_phone_sees_the_own_community_and_no_other(district, story):
    shen = Phone(district, "shen")
    content = picture(71, size=(64, 48))
    line = shen.record(category=DIRT, condition=1, photos=[photo(content)])
    (result,) = shen.pushed()
    assert result["status"] == "applied", result
    own = line["e"]["id"]
    assert shen.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code == 201
    district.settle()
    assert story.seen_by("shen", own)["source"] == "liaison"
    elsewhere = story.recorded(at=NEXT_DOOR)
    here = story.recorded()
    listed = {each["id"] for each in district.client("shen").get("/api/v1/findings").json["items"]}
    assert {own, here} <= listed and elsewhere not in listed
    assert district.client("shen").get(f"/api/v1/findings/{elsewhere}").status_code == 404
    # The whole chain: filed, mended, looked at, closed; the liaison reads each step and moves none.
    story.desk("zhao", own, "filing")
    assert district.client("shen").post(f"/api/v1/findings/{own}/dispatches", json={}).status_code == 403
    story.desk("sun", own, "dispatches")
    story.proved(own)
    story.desk("chen", own, "closing")
    events = [each["event"] for each in story.seen_by("shen", own)["history"]]
    assert events[0] == "finding.recorded" and events[-1] == "finding.closed"
