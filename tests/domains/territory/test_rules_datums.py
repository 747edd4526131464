"""Datums: conversions and the check of a place."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.territory.rules.datums import CHINA, Datum, DatumUnknown, PlaceAbsurd, Rectangle, check_place, from_wgs84, to_wgs84
from backend.domains.territory.rules.metres import LocalMetres

SHIFTED = [Datum.GCJ02, Datum.BD09]


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    scale = LocalMetres.at(one[1])
    return math.hypot((one[0] - other[0]) * scale.east, (one[1] - other[1]) * scale.north)


@given(lon=st.floats(73.5, 135.0), lat=st.floats(18.0, 53.5), datum=st.sampled_from(list(Datum)))
def test_there_and_back_is_within_a_millimetre_inside_china(lon: float, lat: float, datum: Datum) -> None:
    assert metres_between((lon, lat), to_wgs84(*from_wgs84(lon, lat, datum), datum)) < 0.001


@given(lon=st.floats(73.5, 135.0), lat=st.floats(18.0, 53.5), datum=st.sampled_from(SHIFTED))
def test_back_and_there_is_within_a_millimetre_inside_china(lon: float, lat: float, datum: Datum) -> None:
    assert metres_between((lon, lat), from_wgs84(*to_wgs84(lon, lat, datum), datum)) < 0.001


def test_gcj02_is_507_metres_off_at_linping() -> None:
    place = (120.30, 30.42)
    assert metres_between(place, from_wgs84(*place, Datum.GCJ02)) == pytest.approx(507, abs=1)
    assert from_wgs84(*place, Datum.GCJ02) == pytest.approx((120.304664, 30.417804), abs=0.0003)


def test_known_points_of_published_implementations() -> None:
    # Beijing, Tian'anmen as published with the formulas: WGS-84, GCJ-02, BD-09.
    assert from_wgs84(116.404, 39.915, Datum.GCJ02) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-6)
    assert from_wgs84(*to_wgs84(116.404, 39.915, Datum.GCJ02), Datum.BD09) == pytest.approx(
        (116.41036949371029, 39.92133699351021), abs=1e-6
    )


@given(lon=st.floats(-180, 70), lat=st.floats(-90, 90))
def test_gcj02_does_not_shift_outside_the_rectangle(lon: float, lat: float) -> None:
    assert from_wgs84(lon, lat, Datum.GCJ02) == (lon, lat) == to_wgs84(lon, lat, Datum.GCJ02)


def test_a_city_at_the_edge_passes_its_own_rectangle() -> None:
    hong_kong = (114.1694, 22.3193)
    assert CHINA.holds(*hong_kong)
    assert from_wgs84(*hong_kong, Datum.GCJ02) != hong_kong
    assert from_wgs84(*hong_kong, Datum.GCJ02, shifted=Rectangle(73.0, 22.6, 135.5, 54.0)) == hong_kong


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), datum=st.sampled_from(list(Datum)))
def test_every_place_on_the_globe_is_accepted_and_converts_to_finite_numbers(lon: float, lat: float, datum: Datum) -> None:
    assert check_place(lon, lat, datum.value) == (lon, lat, datum)
    assert all(math.isfinite(number) for number in to_wgs84(lon, lat, datum))


@pytest.mark.parametrize("absurd", [math.nan, math.inf, -math.inf, 181, -180.01, 10**400, "120.3", None, True, [120.3]])
def test_an_absurd_longitude_is_refused_by_name(absurd: object) -> None:
    with pytest.raises(PlaceAbsurd) as refused:
        check_place(absurd, 30.42, "WGS-84", at="/place")
    assert [pointer for pointer, _ in refused.value.errors] == ["/place/lon"]
    assert refused.value.detail.startswith("lon is ")


def test_swapped_coordinates_are_refused_by_the_latitude() -> None:
    with pytest.raises(PlaceAbsurd) as refused:
        check_place(30.42, 120.30, "WGS-84")
    assert [pointer for pointer, _ in refused.value.errors] == ["/lat"]


@pytest.mark.parametrize("datum", ["WGS84", "wgs-84", "", None, 4326, ["WGS-84"], "x" * 5000])
def test_an_unknown_datum_is_refused_by_name(datum: object) -> None:
    with pytest.raises(DatumUnknown) as refused:
        check_place(120.3, 30.42, datum)
    assert [pointer for pointer, _ in refused.value.errors] == ["/datum"]
    assert len(refused.value.detail) < 200


def test_every_wrong_field_is_told_at_once() -> None:
    with pytest.raises(PlaceAbsurd) as refused:
        check_place(math.nan, 91, "moon")
    assert [pointer for pointer, _ in refused.value.errors] == ["/lon", "/lat", "/datum"]
