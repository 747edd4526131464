"""An inspector's offline day: a patrol, three findings and their photos become located, contracted, dated work."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from tests.make.district import DIRT, HOME, MANHOLE, NEXT_DOOR, OUTSIDE
from tests.make.phone import Phone, photo
from tests.make.pictures import picture, sha256
from tests.stories import Story


@pytest.fixture
def district(any_district):
    return any_district


def test_an_offline_day(district):
    desk = Story(district)
    lin = Phone(district, "lin")
    lin.sync(limit=200)
    assert "component:01001" in lin.docs("category")

    # Eight o'clock: the network is gone, the shift begins.
    patrol = uuid4()
    lin.do("open_patrol", patrol)
    district.clock.forward(minutes=20)
    hole_before, hole_scene = picture(1, size=(96, 64)), picture(2, size=(96, 64))
    before, scene = photo(hole_before), photo(hole_scene, role="scene")
    hole = lin.record(patrol=str(patrol), category=MANHOLE, condition=2, photos=[before], note="盖板松动")["e"]["id"]
    lin.do("add_photo", hole, scene)
    walk = [[120.005 + n / 1000, 30.01, 5, district.clock.now().isoformat()] for n in range(10)]
    lin.do("append_track", patrol, {"chunk": 0, "datum": "WGS-84", "points": walk})
    district.clock.forward(minutes=40)
    dirt = lin.record(patrol=str(patrol), at=NEXT_DOOR, category=DIRT, condition=None)["e"]["id"]
    lost = lin.record(patrol=str(patrol), at=OUTSIDE)["e"]["id"]
    lin.record(category={"kind": "event", "code": "99999"})
    district.clock.forward(hours=2)
    lin.do("close_patrol", patrol, {"visited": ["330113001001001", "330113001002001"]})

    # The network is back. The answer to the first push is lost, so the phone sends everything again.
    outbox = list(lin.unsent)
    lin.push(packed=True)
    results = lin.pushed(*outbox, packed=True)
    assert {result["status"] for result in results} == {"duplicate"}
    first = [result["original"] for result in results]
    assert [result["status"] for result in first] == ["applied"] * 6 + ["rejected", "applied"]
    assert first[6]["code"] == "unknown_category"
    assert all(result["time_quality"] == "exact" for result in first)
    assert lin.push(lin.line("add_note", dirt, {"text": "am Kiosk"})).json["acked_through"] == 9

    # Photos follow, one of them twice.
    for content in (hole_scene, hole_before, hole_before):
        assert lin.client.put(f"/api/v1/blobs/sha256/{sha256(content)}", data=content).status_code in {200, 201}
    district.settle()

    # What could go by itself has gone: located, contracted, dated.
    lin.sync()
    shown = lin.docs()[hole]
    (task,) = shown["dispatches"]
    assert (shown["state"], shown["grid"], shown["areas"]["town"]) == ("dispatched", "330113001001001", "330113001")
    assert (shown["liable"], task["contract"], task["automatic"]) == (str(district.contracts["SZ"]),) * 2 + (True,)
    # Recorded at twenty past twelve, dispatched after three: four working hours from then end the next morning.
    local = dt.datetime.fromisoformat(shown["deadline"]).astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert (local.day, local.hour) == (24, 9)
    assert shown["evidence"] == {"declared": 2, "stored": 2, "usable": 2, "waived": 0}
    assert (lin.docs()[dirt]["needs"], lin.docs()[dirt]["liable"]) == (["photos", "condition"], str(district.contracts["BJ"]))
    assert lin.docs()[lost]["needs"] == ["photos", "unlocated"]
    walked = lin.docs("patrol")[str(patrol)]
    assert (walked["state"], walked["points"], walked["late"]) == ("closed", 10, False)

    # The desk does the rest: the contractor sees its task, the stranger nothing.
    assert set(desk.seen_by("qian", hole)["history"][0]) >= {"device_at", "happened_at", "at"}
    assert district.client("qian").get(f"/api/v1/findings/{dirt}").status_code == 404
    assert district.client("stranger").get(f"/api/v1/findings/{hole}").status_code in {403, 404}
    fields = {
        "place": {
            "seen": {"lon": OUTSIDE[0], "lat": OUTSIDE[1], "datum": "WGS-84"},
            "value": {"lon": HOME[0], "lat": HOME[1], "datum": "WGS-84"},
        }
    }
    found = district.client("lin").post(f"/api/v1/findings/{lost}/amendments", json={"fields": fields}).json
    assert (found["grid"], found["needs"]) == ("330113001001001", ["photos"])
    desk.desk("zhao", lost, "void-request", reason="a double of the first")
    assert desk.desk("chen", lost, "void", reason="indeed")["state"] == "void"

    # In the evening the phone holds what the server shows, and pushing the day once more changes nothing.
    lin.sync()
    assert lin.docs()[lost]["state"] == "void"
    version = lin.docs()[hole]["version"]
    assert {result["status"] for result in lin.pushed(*outbox)} == {"duplicate"}
    district.settle()
    assert lin.pull()["changes"] == []
    assert desk.seen_by("lin", hole)["version"] == version
