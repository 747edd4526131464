"""The territory through its front door, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from backend.core.journal import FeedMember, JournalEntry
from backend.domains.territory import queries
from backend.domains.territory.actions import import_areas, import_roads
from backend.domains.territory.rules.datums import Datum, from_wgs84
from backend.domains.territory.rules.locate import NoTerritory
from backend.domains.territory.rules.roads import RoadFaults
from tests.domains.territory.squares import DISTRICT, EAST, EDGES, GRIDS, SINCE, TOWN, WEST, area, collection, road, squares
from tests.make.application import build_app, close_app
from tests.make.people import Cast

LATER = dt.date(2026, 7, 1)
BEFORE, AFTER = "2026-06-30T23:59:59+08:00", "2026-07-01T00:00:00+08:00"


@pytest.fixture
def app(any_app):
    return any_app


@pytest.fixture
def settled(cast):
    """The district of squares with one road."""
    cast.do(import_areas, areas=squares())
    cast.do(import_roads, roads=[road()])
    return cast


def locate(client, lon, lat, datum="WGS-84", **more):
    return client.get("/api/v1/areas/locate", query_string={"lon": lon, "lat": lat, "datum": datum, **more})


def send(client, document, content_type="application/geo+json", **query):
    body = document if isinstance(document, str | bytes) else json.dumps(document)
    return client.post("/api/v1/areas", data=body, content_type=content_type, query_string=query)


@pytest.mark.parametrize("path", ["/areas", "/areas/330113", "/areas/locate?lon=120&lat=30&datum=WGS-84", "/roads"])
def test_reading_needs_somebody_signed_in(client, path):
    assert client.get(f"/api/v1{path}").status_code == 401


def test_only_an_administrator_imports(client, cast):
    assert send(client, collection(squares())).status_code == 401
    assert send(cast.client("stranger"), collection(squares())).status_code == 403
    assert send(cast.client("lin"), collection(squares())).status_code == 403
    answer = send(cast.client("admin"), collection(squares()))
    assert answer.status_code == 200
    assert answer.json == {
        "imported": 8,
        "ended": 0,
        "unchanged": 0,
        "levels": {"district": 1, "town": 1, "community": 2, "grid": 4},
    }
    assert send(cast.client("admin"), collection(squares())).json["unchanged"] == 8


def test_a_point_is_located_with_names_and_the_roads_beside_it(settled):
    answer = locate(settled.client("lin"), 120.305, 30.4103).json
    assert answer["located"] == {
        "grid": {"code": GRIDS[0], "name": "区域001"},
        "community": {"code": WEST, "name": "西社区"},
        "town": {"code": TOWN, "name": "临平街道"},
        "district": {"code": DISTRICT, "name": "临平区"},
    }
    assert answer["wgs84"] == [120.305, 30.4103]
    assert answer["reason"] is None
    (beside,) = answer["roads"]
    assert (beside["code"], beside["name"], beside["section"]) == ("330113L00101", "东湖中路", 1)
    assert beside["distance_m"] == pytest.approx(33.3, abs=0.2)
    assert locate(settled.client("lin"), 120.305, 30.4106).json["roads"] == []  # 67 m away


@pytest.mark.parametrize("datum", list(Datum))
def test_every_datum_leads_to_the_same_place(settled, datum):
    lon, lat = from_wgs84(120.3199, 30.41, datum)
    answer = locate(settled.client("lin"), lon, lat, datum.value).json
    assert answer["located"]["grid"]["code"] == GRIDS[1]
    assert answer["wgs84"] == pytest.approx([120.3199, 30.41], abs=1e-8)


def test_the_wrong_datum_would_be_another_grid(settled):
    lon, lat = from_wgs84(120.317, 30.41, Datum.GCJ02)
    client = settled.client("lin")
    assert locate(client, lon, lat, "GCJ-02").json["located"]["grid"]["code"] == GRIDS[1]
    assert locate(client, lon, lat, "WGS-84").json["located"]["grid"]["code"] == GRIDS[2]


@pytest.mark.parametrize("corner", [(EDGES[1], 30.41), (EDGES[2], 30.41), (EDGES[2], 30.40), (EDGES[2], 30.42)])
def test_a_point_on_a_border_is_always_in_the_grid_of_the_lowest_code(settled, corner):
    client = settled.client("lin")
    found = {locate(client, *corner).json["located"]["grid"]["code"] for _ in range(3)}
    assert found == {GRIDS[EDGES.index(corner[0]) - 1]}


@pytest.mark.parametrize(
    ("lon", "lat", "at", "reason"),
    [
        (121.0, 31.0, None, "outside_district"),
        (120.305, 30.41, "2021-04-08T23:59:59+08:00", "not_in_force"),
    ],
)
def test_a_point_that_lies_nowhere_is_an_answer_with_a_reason(settled, lon, lat, at, reason):
    answer = locate(settled.client("lin"), lon, lat, **({"at": at} if at else {}))
    assert answer.status_code == 200
    assert answer.json["located"] is None
    assert answer.json["reason"] == reason
    assert answer.json["reason_zh"]
    assert answer.json["reason_en"]


def test_a_district_without_grids_yet_is_a_gap(cast):
    cast.do(import_areas, areas=squares()[:1])
    assert locate(cast.client("lin"), 120.305, 30.41).json["reason"] == "gap"


@pytest.mark.parametrize(
    ("query", "slug", "pointers"),
    [
        ({"lon": 181, "lat": 30, "datum": "WGS-84"}, "place_absurd", ["/lon"]),
        ({"lon": 120, "lat": -90.1, "datum": "WGS-84"}, "place_absurd", ["/lat"]),
        ({"lon": "nan", "lat": "inf", "datum": "WGS-84"}, "place_absurd", ["/lon", "/lat"]),
        ({"lon": 120, "lat": 30, "datum": "EPSG:4326"}, "unknown_datum", ["/datum"]),
        ({"lon": 120, "lat": 30}, "invalid", ["/datum"]),
        ({"lon": "east", "lat": 30, "datum": "WGS-84"}, "invalid", ["/lon"]),
        ({"lon": 120, "lat": 30, "datum": "WGS-84", "at": "2026-07-01T00:00:00"}, "invalid", ["/at"]),
        ({"lon": 120, "lat": 30, "datum": "WGS-84", "grid": 1}, "invalid", ["/grid"]),
    ],
)
def test_absurd_questions_are_refused_by_field(settled, query, slug, pointers):
    answer = settled.client("lin").get("/api/v1/areas/locate", query_string=query)
    assert answer.status_code == 422
    assert answer.json["type"] == f"/problems/{slug}"
    assert [error["pointer"] for error in answer.json["errors"]] == pointers


def test_areas_are_listed_in_pages(settled):
    client = settled.client("lin")
    codes, cursor = [], ""
    while cursor is not None:
        page = client.get("/api/v1/areas", query_string={"limit": 3, "cursor": cursor}).json
        codes += [item["code"] for item in page["items"]]
        cursor = page["next"]
    assert codes == sorted([DISTRICT, TOWN, WEST, EAST, *GRIDS])
    children = client.get("/api/v1/areas", query_string={"parent": EAST, "geometry": "true"}).json["items"]
    assert [item["code"] for item in children] == GRIDS[2:]
    assert all(item["geometry"]["type"] == "Polygon" for item in children)
    towns = client.get("/api/v1/areas?level=town").json["items"]
    assert [item["name"] for item in towns] == ["临平街道"]
    assert "geometry" not in towns[0]
    assert client.get("/api/v1/areas?level=street").status_code == 422
    assert client.get("/api/v1/areas?cursor=WzFd").json["type"] == "/problems/bad_page_cursor"


def test_an_area_is_a_feature_that_can_be_sent_back(settled):
    client = settled.client("lin")
    feature = client.get(f"/api/v1/areas/{GRIDS[0]}").json
    assert (feature["type"], feature["id"], feature["properties"]["parent"]) == ("Feature", GRIDS[0], WEST)
    answer = send(settled.client("admin"), {"type": "FeatureCollection", "features": [feature]})
    assert answer.status_code == 200
    assert client.get("/api/v1/areas/330113999").json["type"] == "/problems/area_not_found"


def test_roads_are_listed_with_their_lines(settled):
    page = settled.client("lin").get("/api/v1/roads").json
    assert page["next"] is None
    assert [(item["code"], item["geometry"]["type"]) for item in page["items"]] == [("330113L00101", "LineString")]


def test_a_refused_import_names_every_code_and_changes_nothing(settled):
    client = settled.client("admin")
    before = client.get("/api/v1/areas").json
    areas = [
        area(GRIDS[0], EDGES[0], 120.312, since=LATER),  # into its neighbour
        area(f"{EAST}003", 120.335, 120.335 + 0.01, since=LATER),  # over another, beyond the community
    ]
    answer = send(client, collection(areas))
    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/territory_faults"
    assert set(answer.json["codes"]) >= {GRIDS[0], GRIDS[1], f"{EAST}003"}
    assert {error["pointer"] for error in answer.json["errors"]} >= {f"/areas/{GRIDS[1]}"}
    assert client.get("/api/v1/areas", query_string={"at": "2027-01-01T00:00:00+08:00"}).json == before
    assert settled.ask(lambda session: session.query(JournalEntry).filter_by(event="territory.imported").count()) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status", "slug"),
    [
        (b"{", "application/geo+json", 400, "malformed"),
        (b"\xff\xfe", "text/csv", 400, "malformed"),
        (b"{}", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"[]", "application/json", 422, "territory_unreadable"),
        (b'{"type":"FeatureCollection","features":[]}', "application/json", 422, "territory_unreadable"),
        (b'"' + b" " * (20 * 1024 * 1024) + b'"', "application/json", 413, "too_large"),
    ],
)
def test_what_is_no_area_file_is_refused(cast, body, content_type, status, slug):
    answer = send(cast.client("admin"), body, content_type)
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{slug}")


def test_an_unknown_datum_of_a_file_is_refused(cast):
    answer = send(cast.client("admin"), collection(squares()), datum="NAD27")
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/unknown_datum")


def test_a_file_in_gcj02_is_kept_in_wgs84(cast):
    document = collection(squares())
    for feature in document["features"]:
        (ring,) = feature["geometry"]["coordinates"]
        feature["geometry"]["coordinates"] = [[list(from_wgs84(lon, lat, Datum.GCJ02)) for lon, lat in ring]]
    assert send(cast.client("admin"), document, datum="GCJ-02").status_code == 200
    assert locate(cast.client("lin"), 120.3099, 30.41).json["located"]["grid"]["code"] == GRIDS[0]
    assert locate(cast.client("lin"), 120.3101, 30.41).json["located"]["grid"]["code"] == GRIDS[1]


def test_csv_is_read_as_well(cast):
    lines = ["code,name,level,parent,wkt,valid_from,valid_until,note"]
    lines += [f'{one.code},{one.name},{one.level},{one.parent or ""},"{one.polygon.wkt}",{one.valid_from},,' for one in squares()]
    assert send(cast.client("admin"), "\n".join(lines), "text/csv").json["imported"] == 8


def test_a_new_division_holds_from_its_first_day(settled):
    answer = send(settled.client("admin"), collection([area(GRIDS[0], EDGES[0], EDGES[2], since=LATER, name="大网格")]))
    assert (answer.json["imported"], answer.json["ended"]) == (1, 2)
    client = settled.client("lin")
    assert locate(client, 120.315, 30.41, at=BEFORE).json["located"]["grid"]["code"] == GRIDS[1]
    assert locate(client, 120.315, 30.41, at=AFTER).json["located"]["grid"]["code"] == GRIDS[0]
    assert client.get(f"/api/v1/areas/{GRIDS[1]}", query_string={"at": BEFORE}).json["properties"]["valid_until"] == "2026-07-01"
    assert client.get(f"/api/v1/areas/{GRIDS[1]}", query_string={"at": AFTER}).status_code == 404


def test_the_feed_tells_towns_to_all_and_grids_to_their_town(settled):
    send(settled.client("admin"), collection([area(GRIDS[0], EDGES[0], EDGES[2], since=LATER)]))
    members = settled.ask(lambda session: session.query(FeedMember).filter_by(subject_type="area").all())
    assert {(one.subject, one.scope, one.version) for one in members} == {
        *((code, "ref", 1) for code in (DISTRICT, TOWN, WEST, EAST)),
        (GRIDS[0], f"town:{TOWN}", 2),
        (GRIDS[1], f"town:{TOWN}", 2),  # it ended
        (GRIDS[2], f"town:{TOWN}", 1),
        (GRIDS[3], f"town:{TOWN}", 1),
    }
    docs = settled.ask(queries.area_docs, [GRIDS[1], TOWN, "330113999"])
    assert set(docs) == {GRIDS[1], TOWN}
    assert docs[GRIDS[1]]["valid_until"] == "2026-07-01"
    assert docs[GRIDS[1]]["geometry"]["type"] == "Polygon"
    assert "geometry" not in docs[TOWN]


def test_another_process_sees_an_import_without_a_restart(settled, any_database_url, tmp_path):
    other = build_app(any_database_url, tmp_path / "other")
    try:
        elsewhere = Cast(other).bearing(settled.token("lin"))
        assert locate(elsewhere, 120.315, 30.41).json["located"]["grid"]["code"] == GRIDS[1]
        today = dt.date(2022, 1, 1)
        settled.do(import_areas, areas=[area(GRIDS[0], EDGES[0], EDGES[2], since=today)])
        assert locate(elsewhere, 120.315, 30.41).json["located"]["grid"]["code"] == GRIDS[0]
    finally:
        close_app(other)


def test_without_a_territory_the_layer_says_so(cast):
    layer = cast.ask(queries.layer)
    assert layer.locate(120.305, 30.41) is None
    with pytest.raises(NoTerritory):
        _ = layer.district
    assert locate(cast.client("lin"), 120.305, 30.41).json["reason"] == "not_in_force"


def test_before_the_first_area_there_is_still_a_district(settled):
    long_ago = settled.ask(queries.layer, dt.datetime(1999, 1, 1, tzinfo=dt.UTC))
    assert (long_ago.locate(120.305, 30.41), long_ago.district) == (None, DISTRICT)


def test_names_and_roads_are_answered_from_memory(settled):
    assert settled.ask(queries.area_names)[TOWN] == "临平街道"
    assert settled.ask(queries.roads).near(120.305, 30.41, 1.0) == ["330113L00101"]


def test_a_road_anew_ends_the_one_before(settled):
    settled.do(import_roads, roads=[road(lat=30.415, since=LATER)])
    moment = dt.datetime.fromisoformat
    assert settled.ask(queries.roads, moment(BEFORE)).near(120.305, 30.41, 1.0) == ["330113L00101"]
    assert settled.ask(queries.roads, moment(AFTER)).near(120.305, 30.41, 1.0) == []
    with pytest.raises(RoadFaults) as refused:
        settled.do(import_roads, roads=[road(since=dt.date(2025, 1, 1)), road("", since=LATER, until=SINCE)])
    assert {pointer for pointer, _ in refused.value.errors} == {"/roads/"}
    with pytest.raises(RoadFaults, match="330113L00101"):
        settled.do(import_roads, roads=[road(since=dt.date(2025, 1, 1))])


def test_the_command_imports_and_says_what_is_wrong(app, tmp_path):
    from backend.entrypoints.cli.territory import group

    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps(collection(squares())), "utf-8")
    run = app.test_cli_runner().invoke
    done = run(group, ["import", str(file), "--from", "2025-01-01"])
    assert (done.exit_code, "8 areas imported" in done.output) == (0, True)
    file.write_text(json.dumps(collection([area(GRIDS[0], EDGES[0], 120.312, since=LATER)])), "utf-8")
    refused = run(group, ["import", str(file)])
    assert refused.exit_code == 1
    assert f"/areas/{GRIDS[1]}" in refused.output
    file.write_text("{", "utf-8")
    assert run(group, ["import", str(file)]).exit_code == 1
