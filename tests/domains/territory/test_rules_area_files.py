"""Area files: what is read, and that each fault of a file is told by its place in it."""

from __future__ import annotations

import copy
import csv
import datetime as dt
import io
import json
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.territory.rules.area_files import CSV_COLUMNS, TerritoryUnreadable, areas_from_csv, areas_from_geojson
from backend.domains.territory.rules.areas import Level
from backend.domains.territory.rules.datums import Datum, from_wgs84

RING = [[120.30, 30.42], [120.31, 30.42], [120.31, 30.43], [120.30, 30.42]]
PROPERTIES = {
    "code": "330113001001001",
    "name": "西大街社区第1网格",
    "level": "grid",
    "parent": "330113001001",
    "valid_from": "2026-01-01",
    "valid_until": "2027-01-01",
    "note": "surveyed",
    "illustrative": False,
    "OBJECTID": 7,
}


def document(properties: dict[str, Any] | None = None, geometry: object = None) -> dict[str, Any]:
    shape = {"type": "Polygon", "coordinates": [RING]} if geometry is None else geometry
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {**PROPERTIES, **(properties or {})}, "geometry": shape}],
    }


def table(**changes: str) -> str:
    cells = {**{key: str(PROPERTIES[key]) for key in CSV_COLUMNS if key != "wkt"}, "wkt": shapely.Polygon(RING).wkt, **changes}
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS)
    writer.writeheader()
    writer.writerow(cells)
    return out.getvalue()


def refused(file: object) -> dict[str, str]:
    with pytest.raises(TerritoryUnreadable) as problem:
        areas_from_csv(file) if isinstance(file, str) else areas_from_geojson(file)
    return dict(problem.value.errors)


def test_geojson_and_csv_tell_the_same_area() -> None:
    (area,) = areas_from_geojson(json.loads(json.dumps(document())))
    assert [area] == areas_from_csv(table()) == areas_from_csv("\ufeff" + table())
    assert (area.code, area.level, area.name, area.parent) == ("330113001001001", Level.GRID, "西大街社区第1网格", "330113001001")
    assert (area.valid_from, area.valid_until, area.note) == (dt.date(2026, 1, 1), dt.date(2027, 1, 1), "surveyed")
    assert area.polygon.equals(shapely.Polygon(RING))


def test_optional_properties_may_be_absent_or_null() -> None:
    (area,) = areas_from_geojson(document({"valid_until": None, "note": None, "illustrative": True, "parent": None}))
    assert (area.valid_until, area.note, area.illustrative, area.parent) == (None, "", True, None)


def test_holes_and_multipolygons_are_read() -> None:
    big = [[120.0, 30.0], [121.0, 30.0], [121.0, 31.0], [120.0, 31.0], [120.0, 30.0]]
    (area,) = areas_from_geojson(document(geometry={"type": "MultiPolygon", "coordinates": [[big, RING], [[[x + 2, y] for x, y in big]]]}))
    assert area.polygon.geom_type == "MultiPolygon"
    assert area.polygon.area == pytest.approx(2 - shapely.Polygon(RING).area)


@pytest.mark.parametrize("read", [lambda: areas_from_geojson(shifted(), datum=Datum.GCJ02)])
def test_another_datum_is_converted_once(read: Any) -> None:
    (area,) = read()
    assert area.polygon.equals_exact(shapely.Polygon(RING), 1e-8)


def shifted() -> dict[str, Any]:
    return document(geometry={"type": "Polygon", "coordinates": [[list(from_wgs84(x, y, Datum.GCJ02)) for x, y in RING]]})


@pytest.mark.parametrize("wrong", [None, [], 7, {}, {"type": "Feature"}, {"type": "FeatureCollection", "features": {}}])
def test_what_is_no_collection_is_refused(wrong: object) -> None:
    assert list(refused(wrong)) == [""]


def test_an_empty_file_is_refused() -> None:
    assert "no area" in refused({"type": "FeatureCollection", "features": []})[""]
    assert "no area" in refused(",".join(CSV_COLUMNS) + "\n")[""]


@pytest.mark.parametrize("name", ["code", "name", "level", "valid_from"])
def test_a_missing_property_is_named(name: str) -> None:
    file = document()
    del file["features"][0]["properties"][name]
    assert refused(file) == {f"/features/0/properties/{name}": "is missing"}
    assert refused(table(**{name: ""})) == {f"/rows/1/{name}": "is missing"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code", 330113001001001),
        ("level", "village"),
        ("valid_from", "01/02/2026"),
        ("valid_from", "2026-02-30"),
        ("valid_until", "20260101"),
    ],
)
def test_a_wrong_property_is_named(name: str, value: object) -> None:
    assert list(refused(document({name: value}))) == [f"/features/0/properties/{name}"]


@pytest.mark.parametrize(
    ("geometry", "word"),
    [
        ({"type": "Polygon", "coordinates": [[*RING[:3], [120.3, 30.4200001]]]}, "unclosed"),
        ({"type": "Polygon", "coordinates": [RING[:2]]}, "fewer than four"),
        ({"type": "Polygon", "coordinates": []}, "without rings"),
        ({"type": "Polygon"}, "without rings"),
        ({"type": "MultiPolygon", "coordinates": []}, "no coordinates"),
        ({"type": "Point", "coordinates": [120.3, 30.4]}, "Point"),
        ({"type": "Polygon", "coordinates": [[["120", 30], *RING[1:]]]}, "no pair of numbers"),
        ({"type": "Polygon", "coordinates": [[[float("nan"), 30], *RING[1:]]]}, "outside"),
        ({"type": "Polygon", "coordinates": [[[13400000, 3500000], *RING[1:]]]}, "outside"),
        ("POLYGON", "no geometry"),
    ],
)
def test_a_wrong_geometry_is_told_by_its_place(geometry: object, word: str) -> None:
    errors = refused(document(geometry=geometry))
    assert list(errors) == ["/features/0/geometry"]
    assert word in errors["/features/0/geometry"]


@pytest.mark.parametrize(
    ("wkt", "word"),
    [
        ("POLYGON ((120 30, 121 30, 121 31))", "closed"),
        ("POINT (120 30)", "Point"),
        ("POLYGON EMPTY", "no coordinates"),
        ("", "WKT"),
        ("hello", "WKT"),
        ("POLYGON ((13400000 3500000, 13400001 3500000, 13400001 3500001, 13400000 3500000))", "outside"),
    ],
)
def test_a_wrong_wkt_is_told_by_its_row(wkt: str, word: str) -> None:
    errors = refused(table(wkt=wkt))
    assert list(errors) == ["/rows/1/wkt"]
    assert word in errors["/rows/1/wkt"]


def test_coordinates_in_another_system_are_refused() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    assert list(refused({**document(), "crs": crs})) == ["/crs"]
    crs["properties"] = {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}  # type: ignore[assignment]
    assert len(areas_from_geojson({**document(), "crs": crs})) == 1


def test_every_fault_of_a_file_is_told_at_once() -> None:
    file = document()
    second, third = copy.deepcopy(file["features"][0]), copy.deepcopy(file["features"][0])
    second["properties"]["level"], second["geometry"] = "x", None
    file["features"] += [second, "no feature", third]
    assert list(refused(file)) == ["/features/1/geometry", "/features/1/properties/level", "/features/2"]


def test_csv_rows_and_columns_must_fit() -> None:
    assert list(refused("code,name\n1,2\n")) == [f"/columns/{column}" for column in CSV_COLUMNS[2:]]
    assert list(refused(table() + "330113001001002,too few\n")) == ["/rows/2"]
    assert list(refused(table() + 'x,"never closed\n')) == ["/rows/2"]


def test_an_outline_of_many_points_fits_a_cell() -> None:
    ring = shapely.Point(120.3, 30.42).buffer(0.1, quad_segs=4000)
    (area,) = areas_from_csv(table(wkt=ring.wkt))
    assert len(area.polygon.exterior.coords) == len(ring.exterior.coords) > 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["Polygon", "MultiPolygon", "Feature"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "coordinates", "properties", "geometry"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(properties=JSON, geometry=JSON, feature=JSON)
def test_rubbish_is_refused_and_never_breaks_the_reader(properties: object, geometry: object, feature: object) -> None:
    features = [feature, {"type": "Feature", "properties": properties, "geometry": geometry}]
    assert refused({"type": "FeatureCollection", "features": features})


@given(st.text(max_size=60))
def test_rubbish_text_is_refused(text: str) -> None:
    assert refused(text)
    assert refused(",".join(CSV_COLUMNS) + "\n" + text)
