"""Locating: a point falls to exactly one grid, always the same; roads are found in true metres."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.territory.rules.locate import SLIVER_M, Layer, Located, Roads
from backend.domains.territory.rules.metres import LocalMetres

WEST, SOUTH, STEP, SIDE = 120.20, 30.35, 0.0037, 8
SCALE = LocalMetres.at(SOUTH)


def corner(column: int, row: int) -> tuple[float, float]:
    """Corners of a skewed net, so that edges run through numbers that floats do not hold."""
    return WEST + STEP * (column + row / 7), SOUTH + STEP * (row - column / 9)


def grids() -> list[tuple[str, bytes]]:
    return [
        (
            f"330113{row:03d}{column:03d}001",
            shapely.Polygon([corner(column, row), corner(column + 1, row), corner(column + 1, row + 1), corner(column, row + 1)]).wkb,
        )
        for row in range(SIDE)
        for column in range(SIDE)
    ]


def district() -> list[tuple[str, bytes]]:
    return [("330113", shapely.union_all([shapely.from_wkb(wkb) for _, wkb in grids()]).wkb)]


LAYER = Layer(grids(), district())
SHAPES = {code: shapely.from_wkb(wkb) for code, wkb in grids()}


def test_a_code_tells_all_levels() -> None:
    assert Located.of("330113001005007") == Located("330113001005007", "330113001005", "330113001", "330113")


def test_a_corner_of_four_falls_to_the_lowest_code() -> None:
    lon, lat = corner(3, 3)
    assert LAYER.locate(lon, lat) == Located.of("330113002002001")


@given(column=st.floats(0, SIDE), row=st.floats(0, SIDE))
def test_the_answer_holds_the_point_is_the_lowest_and_the_same_in_bulk(column: float, row: float) -> None:
    lon, lat = WEST + STEP * (column + row / 7), SOUTH + STEP * (row - column / 9)
    found = LAYER.locate(lon, lat)
    assert [found] == LAYER.locate_many([lon], [lat])
    holding = sorted(code for code, shape in SHAPES.items() if shapely.intersects_xy(shape, lon, lat))
    if holding:
        assert found == Located.of(holding[0])


@given(column=st.integers(1, SIDE - 1), row=st.floats(0.01, SIDE - 0.01), across=st.booleans(), seed=st.integers(0, 9))
def test_a_point_on_a_border_falls_to_one_grid_whatever_the_order_of_the_layer(column: int, row: float, across: bool, seed: int) -> None:  # noqa: FBT001
    i, j = (column, row) if across else (row, column)
    lon, lat = WEST + STEP * (i + j / 7), SOUTH + STEP * (j - i / 9)
    found = LAYER.locate(lon, lat)
    assert found is not None
    assert SHAPES[found.grid].distance(shapely.Point(lon, lat)) < 1e-9
    shuffled = grids()
    random.Random(seed).shuffle(shuffled)
    assert Layer(shuffled, district()).locate(lon, lat) == found


def test_outside_and_absurd_points_are_nowhere() -> None:
    lons = [WEST - 1, float("nan"), float("inf"), 120.21, 0.0]
    lats = [SOUTH, SOUTH, SOUTH, 91.0, 0.0]
    assert LAYER.locate_many(lons, lats) == [LAYER.locate(lon, lat) for lon, lat in zip(lons, lats, strict=True)] == [None] * 5
    assert LAYER.locate_many([], []) == []


def slit(width_m: float) -> Layer:
    """Two grids with a slit between them, running north-south, in one district."""
    half = width_m / SCALE.east / 2
    whole = shapely.box(WEST - 0.01, SOUTH, WEST + 0.01, SOUTH + 0.01)
    east, west = shapely.box(WEST + half, SOUTH, WEST + 0.01, SOUTH + 0.01), shapely.box(WEST - 0.01, SOUTH, WEST - half, SOUTH + 0.01)
    return Layer([("330113001001001", east.wkb), ("330113001001002", west.wkb)], [("330113", whole.wkb)])


@pytest.mark.parametrize(
    ("width_m", "east_m", "grid"),
    [
        (0.4, 0.05, "330113001001001"),
        (0.4, -0.05, "330113001001002"),
        (0.4, 0.0, "330113001001001"),  # equally near: the lowest code
        (3.0, 1.1, "330113001001001"),
        (3.0, -1.1, "330113001001002"),
        (3.0, 0.9, None),  # a real gap
    ],
)
def test_a_point_in_a_slit_falls_to_the_nearest_grid_within_half_a_metre(width_m: float, east_m: float, grid: str | None) -> None:
    assert SLIVER_M == 0.5
    layer, lon, lat = slit(width_m), WEST + east_m / SCALE.east, SOUTH + 0.005
    assert layer.locate(lon, lat) == (Located.of(grid) if grid else None)
    assert layer.locate_many([lon, WEST + 0.005], [lat, lat]) == [Located.of(grid) if grid else None, Located.of("330113001001001")]


def test_a_point_just_outside_the_district_is_not_pulled_in() -> None:
    layer = slit(0.0)
    assert layer.locate(WEST + 0.01 + 0.1 / SCALE.east, SOUTH + 0.005) is None
    assert layer.locate(WEST + 0.01, SOUTH + 0.005) == Located.of("330113001001001")


def test_a_layer_without_grids_answers_nowhere() -> None:
    empty = Layer([], [])
    assert len(empty) == 0
    assert empty.locate(120.3, 30.42) is None
    assert empty.locate_many([120.3], [30.42]) == [None]


def test_many_points_agree_with_single_ones() -> None:
    rng = np.random.default_rng(7)
    lons, lats = rng.uniform(WEST - STEP, WEST + 10 * STEP, 2000), rng.uniform(SOUTH - 2 * STEP, SOUTH + 9 * STEP, 2000)
    single = [LAYER.locate(lon, lat) for lon, lat in zip(lons.tolist(), lats.tolist(), strict=True)]
    assert LAYER.locate_many(lons, lats) == single
    assert 500 < sum(found is not None for found in single) < 2000


def roads() -> Roads:
    """Two parallel roads 100 m apart running north, and one far away."""
    shift = 100 / SCALE.east
    lines = [
        ("R2", shapely.LineString([(WEST, SOUTH), (WEST, SOUTH + 0.01)])),
        ("R1", shapely.LineString([(WEST + shift, SOUTH), (WEST + shift, SOUTH + 0.01)])),
        ("R3", shapely.LineString([(WEST + 1, SOUTH), (WEST + 1, SOUTH + 0.01)])),
    ]
    return Roads([(code, line.wkb) for code, line in lines])


@pytest.mark.parametrize(
    ("east_m", "metres", "found"),
    [(30, 20, []), (30, 31, ["R2"]), (30, 80, ["R2", "R1"]), (70, 80, ["R1", "R2"]), (50, 51, ["R1", "R2"]), (0, 0, ["R2"]), (0, -1, [])],
)
def test_roads_are_found_by_distance_then_code(east_m: float, metres: float, found: list[str]) -> None:
    assert roads().near(WEST + east_m / SCALE.east, SOUTH, metres) == found


def test_a_metre_is_a_metre_in_both_directions() -> None:
    north = roads().near_with_distance(WEST, SOUTH + 0.01 + 40 / SCALE.north, 50)
    east = roads().near_with_distance(WEST - 40 / SCALE.east, SOUTH, 50)
    assert [(code, pytest.approx(distance, abs=0.02)) for code, distance in (*north, *east)] == [("R2", 40.0), ("R2", 40.0)]
    assert roads().near(float("nan"), SOUTH, 50) == []
    assert Roads([]).near(WEST, SOUTH, 50) == []


def test_a_degree_is_as_long_as_the_ellipsoid_says() -> None:
    assert LocalMetres.at(0) == pytest.approx((111_320, 110_574), abs=1)
    assert LocalMetres.at(30) == pytest.approx((96_486, 110_852), abs=1)
