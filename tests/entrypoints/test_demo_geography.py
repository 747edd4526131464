"""The demo district: real codes and outline, divided without gap or overlap, the same on every run."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import pytest
import shapely

from backend.domains.territory.rules.areas import AreaShape, Level, check_areas
from backend.domains.territory.rules.datums import Datum, to_wgs84
from backend.domains.territory.rules.locate import Layer, Roads
from backend.domains.territory.rules.metres import LocalMetres
from backend.entrypoints.cli.demo.geography import demo_areas, demo_roads

SCALE = LocalMetres.at(30.42)


@pytest.fixture(scope="module")
def areas() -> list[AreaShape]:
    return demo_areas()


def of_level(areas: list[AreaShape], level: Level) -> list[AreaShape]:
    return [area for area in areas if area.level is level]


def km2(areas: list[AreaShape]) -> float:
    return float(shapely.area(SCALE.flatten(np.array([area.polygon for area in areas], dtype=object))).sum()) / 1e6


def test_there_are_eight_towns_196_communities_and_about_2000_grids(areas: list[AreaShape]) -> None:
    counts = Counter(area.level for area in areas)
    assert (counts[Level.DISTRICT], counts[Level.TOWN], counts[Level.COMMUNITY]) == (1, 8, 196)
    assert 1950 <= counts[Level.GRID] <= 2050
    assert [area.code for area in areas] == sorted(area.code for area in areas)
    assert all(area.valid_from == dt.date(2021, 4, 9) and area.valid_until is None for area in areas)


def test_it_passes_the_importers_check_even_with_a_square_centimetre_of_tolerance(areas: list[AreaShape]) -> None:
    assert check_areas(areas, tolerance_m2=0.0001) == []


@pytest.mark.parametrize("level", list(Level))
def test_neighbours_share_their_edges_vertex_for_vertex(areas: list[AreaShape], level: Level) -> None:
    assert shapely.coverage_is_valid(np.array([area.polygon for area in of_level(areas, level)], dtype=object))


def test_every_area_is_one_piece(areas: list[AreaShape]) -> None:
    assert {area.polygon.geom_type for area in areas} == {"Polygon"}


def test_each_level_adds_up_to_the_outline(areas: list[AreaShape]) -> None:
    total = km2(of_level(areas, Level.DISTRICT))
    assert total == pytest.approx(283, abs=2)  # officially 286 square kilometres
    for level in Level:
        assert km2(of_level(areas, level)) == pytest.approx(total, abs=1e-6)


def test_every_note_says_that_inner_borders_are_illustrative(areas: list[AreaShape]) -> None:
    inner = [area for area in areas if area.level is not Level.DISTRICT]
    assert all(area.illustrative and "illustrative" in area.note and "示意" in area.note for area in inner)


def test_two_runs_are_equal_to_the_last_bit(areas: list[AreaShape]) -> None:
    assert [(area.code, area.name, area.polygon.wkb) for area in demo_areas()] == [
        (area.code, area.name, area.polygon.wkb) for area in areas
    ]


def test_grids_are_numbered_from_one_without_a_break_the_first_in_the_northern_row(areas: list[AreaShape]) -> None:
    grids: dict[str | None, list[AreaShape]] = {}
    for area in of_level(areas, Level.GRID):
        grids.setdefault(area.parent, []).append(area)
    for parent, members in grids.items():
        assert [area.code for area in members] == [f"{parent}{number:03d}" for number in range(1, len(members) + 1)]
        assert members[0].polygon.centroid.y > members[-1].polygon.centroid.y


def test_grids_of_the_urban_core_are_smaller(areas: list[AreaShape]) -> None:
    grids = of_level(areas, Level.GRID)
    core = shapely.Point(120.2973, 30.4224)
    near = [area for area in grids if area.polygon.distance(core) < 0.01]
    assert km2(near) / len(near) < 0.4 * km2(grids) / len(grids)


@pytest.mark.parametrize(
    ("town", "lon", "lat"),
    [
        ("330113001", 120.3020, 30.4240),
        ("330113002", 120.3010, 30.4010),
        ("330113003", 120.3190, 30.4440),
        ("330113004", 120.2520, 30.4020),
        ("330113005", 120.2840, 30.3500),
        ("330113006", 120.2950, 30.4900),
        ("330113007", 120.1760, 30.3980),
        ("330113100", 120.1880, 30.4820),
    ],
)
def test_towns_lie_where_they_lie(areas: list[AreaShape], town: str, lon: float, lat: float) -> None:
    layer = Layer(
        [(area.code, area.polygon.wkb) for area in of_level(areas, Level.GRID)],
        [(area.code, area.polygon.wkb) for area in of_level(areas, Level.DISTRICT)],
    )
    found = layer.locate(*to_wgs84(lon, lat, Datum.GCJ02))
    assert found is not None
    assert found.town == town


def test_roads_lie_inside_the_district_and_have_counted_sections(areas: list[AreaShape]) -> None:
    (district,) = of_level(areas, Level.DISTRICT)
    roads = demo_roads()
    assert 10 <= len(roads) <= 16
    assert all(district.polygon.covers(road.line) and road.illustrative and "illustrative" in road.note for road in roads)
    assert len({road.code for road in roads}) == len(roads)
    for name, count in Counter(road.name for road in roads).items():
        assert [road.section for road in roads if road.name == name] == list(range(1, count + 1))


def test_donghu_middle_road_is_at_its_place() -> None:
    roads = demo_roads()
    index = Roads([(road.code, road.line.wkb) for road in roads])
    near = index.near(*to_wgs84(120.2994, 30.4190, Datum.GCJ02), 20)
    names = {road.code: (road.name, road.section) for road in roads}
    assert [names[code] for code in near] == [("东湖中路", 1), ("东湖中路", 2)]
