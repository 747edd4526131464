"""Areas: what a sound set is, and that each way of not being one is told by the offending codes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon

from backend.domains.territory.rules.areas import AreaShape, FaultKind, Level, TerritoryFaults, check_areas, refuse_faults
from backend.domains.territory.rules.metres import LocalMetres

START = dt.date(2026, 1, 1)
WEST, SOUTH, STEP = 120.30, 30.42, 0.01
TOWN = "330113001"


def cell(column: int, row: int = 0, *, width: float = 1.0) -> Polygon:
    x, y = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(x, y, x + width * STEP, y + STEP)


def area(code: str, polygon: Polygon | MultiPolygon, **changes: object) -> AreaShape:
    level = next(level for level in Level if level.digits == len(code))
    parent = None if level is Level.DISTRICT else code[:-3]
    return replace(AreaShape(code, level, f"area {code}", parent, polygon, START), **changes)  # type: ignore[arg-type]


def family() -> dict[str, AreaShape]:
    """A district of one town with two communities: the western one of two grids, the eastern one of one."""
    shapes = [
        area("330113", cell(0, width=4)),
        area(TOWN, cell(0, width=4)),
        area("330113001001", cell(0, width=2)),
        area("330113001002", cell(2, width=2)),
        area("330113001001001", cell(0)),
        area("330113001001002", cell(1)),
        area("330113001002001", cell(2, width=2)),
    ]
    return {shape.code: shape for shape in shapes}


def faults_of(shapes: dict[str, AreaShape]) -> set[tuple[str, FaultKind]]:
    return {(fault.code, fault.kind) for fault in check_areas(list(shapes.values()))}


def changed(which: str, **changes: object) -> set[tuple[str, FaultKind]]:
    shapes = family()
    shapes[which] = replace(shapes[which], **changes)  # type: ignore[arg-type]
    return faults_of(shapes)


def test_a_sound_family_has_no_fault_in_any_order() -> None:
    shapes = list(family().values())
    assert check_areas(shapes) == check_areas(shapes[::-1]) == []
    refuse_faults(shapes)


def test_a_gap_names_the_parent_and_the_neighbours() -> None:
    shapes = family()
    shapes["330113001001002"] = area("330113001001002", cell(1, width=0.5))
    (fault,) = check_areas(list(shapes.values()))
    assert (fault.code, fault.kind, fault.pointer) == ("330113001001", FaultKind.GAP, "/areas/330113001001")
    assert "330113001001002" in fault.detail
    scale = LocalMetres.at(SOUTH + STEP / 2)
    assert f"{scale.east * scale.north * STEP * STEP / 2:.0f}"[:4] in fault.detail


def test_an_overlap_names_both_and_counts_across_parents() -> None:
    overlap = {("330113001001002", FaultKind.OVERLAP), ("330113001002001", FaultKind.OVERLAP)}
    assert changed("330113001001002", polygon=cell(1, width=1.5)) == overlap | {("330113001001002", FaultKind.SPILL)}


def test_a_grid_beyond_its_parent_spills() -> None:
    assert changed("330113001002001", polygon=cell(2, width=2.5)) == {("330113001002001", FaultKind.SPILL)}


def test_a_hole_in_the_middle_is_a_gap() -> None:
    ring = cell(0).difference(cell(0).buffer(-0.003))
    assert changed("330113001001001", polygon=ring) == {("330113001001", FaultKind.GAP)}


@pytest.mark.parametrize(("square_metres", "told"), [(0.5, False), (2.0, True)])
def test_the_tolerance_is_one_square_metre(square_metres: float, told: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    scale = LocalMetres.at(SOUTH)
    slit = square_metres / (scale.east * scale.north * STEP * STEP)
    gap = {("330113001001", FaultKind.GAP)} if told else set()
    assert changed("330113001001002", polygon=cell(1, width=1 - slit)) == gap


def test_a_code_used_twice_on_the_same_day_is_a_fault() -> None:
    shapes = [*family().values(), area("330113001002001", cell(2, width=2), valid_from=START + dt.timedelta(days=9))]
    assert [(fault.code, fault.kind) for fault in check_areas(shapes)] == [("330113001002001", FaultKind.DUPLICATE)]


def test_a_successor_with_the_same_code_is_sound_and_each_day_is_checked_by_itself() -> None:
    turn = dt.date(2026, 7, 1)
    shapes = family()
    old = [replace(shapes.pop(code), valid_until=turn) for code in ("330113001001001", "330113001001002")]
    new = [area("330113001001001", cell(0, width=1.5), valid_from=turn), area("330113001001002", cell(1).difference(cell(0, width=1.5)))]
    new[1] = replace(new[1], valid_from=turn)
    assert check_areas([*shapes.values(), *old, *new]) == []
    late = [replace(new[0], polygon=cell(0)), new[1]]
    assert {(fault.code, fault.kind) for fault in check_areas([*shapes.values(), *old, *late])} == {("330113001001", FaultKind.GAP)}


def test_an_area_none_of_whose_children_is_there_yet_has_no_gap() -> None:
    shapes = {code: shape for code, shape in family().items() if len(code) < 15}
    assert faults_of(shapes) == set()


@pytest.mark.parametrize("code", ["33011300100200", "3301130010020012", "33011300100200A", "３３０１１３００１００２００１", ""])
def test_a_code_of_wrong_length_or_letters_is_a_fault(code: str) -> None:
    assert (code, FaultKind.CODE) in changed("330113001002001", code=code)


def test_a_code_that_does_not_begin_with_its_parents_is_a_fault() -> None:
    found = changed("330113001002001", code="330113001003001")
    assert ("330113001003001", FaultKind.PARENT) in found


def test_absent_parents_are_faults() -> None:
    assert ("330113001002001", FaultKind.PARENT) in changed("330113001002001", parent=None)
    assert ("330113", FaultKind.PARENT) in changed("330113", parent="3301")
    shapes = family()
    del shapes["330113001002"]
    assert ("330113001002001", FaultKind.PARENT) in faults_of(shapes)


def test_a_parent_that_ended_before_is_absent() -> None:
    shapes = family()
    shapes["330113001002"] = replace(shapes["330113001002"], valid_from=dt.date(2025, 1, 1), valid_until=START)
    assert ("330113001002001", FaultKind.PARENT) in faults_of(shapes)


def test_dates_and_names_are_checked() -> None:
    assert ("330113001002001", FaultKind.DATES) in changed("330113001002001", valid_until=START)
    assert changed("330113001002001", name=" ") == {("330113001002001", FaultKind.NAME)}


def test_a_polygon_that_crosses_itself_is_empty_or_in_metres_is_a_fault_and_hides_no_other() -> None:
    bow = Polygon([(WEST, SOUTH), (WEST + STEP, SOUTH + STEP), (WEST + STEP, SOUTH), (WEST, SOUTH + STEP)])
    for wrong in (bow, Polygon(), shapely.box(500000, 3300000, 500100, 3300100)):
        shapes = family()
        shapes["330113001001001"] = replace(shapes["330113001001001"], polygon=wrong)
        shapes["330113001002001"] = replace(shapes["330113001002001"], name="")
        assert {("330113001001001", FaultKind.POLYGON), ("330113001002001", FaultKind.NAME)} <= faults_of(shapes)


def test_one_problem_lists_every_offending_code() -> None:
    shapes = family()
    shapes["330113001001001"] = replace(shapes["330113001001001"], name="")
    shapes["330113001002001"] = replace(shapes["330113001002001"], polygon=cell(2, width=2.5))
    with pytest.raises(TerritoryFaults) as refused:
        refuse_faults(list(shapes.values()))
    assert refused.value.slug == "territory_faults"
    assert [pointer for pointer, _ in refused.value.errors] == ["/areas/330113001001001", "/areas/330113001002001"]
    assert refused.value.members["codes"] == ["330113001001001", "330113001002001"]


@given(cuts=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=5, unique=True), lost=st.integers(0, 5))
def test_any_division_is_sound_and_any_lost_piece_is_a_gap(cuts: list[float], lost: int) -> None:
    edges = [0.0, *sorted(round(cut, 3) for cut in cuts), 1.0]
    edges = sorted(set(edges))
    pieces = [
        area(f"330113001001{number:03d}", shapely.box(WEST + a * STEP, SOUTH, WEST + b * STEP, SOUTH + STEP))
        for number, (a, b) in enumerate(pairwise(edges), start=1)
    ]
    above = [area("330113", cell(0)), area(TOWN, cell(0)), area("330113001001", cell(0))]
    assert check_areas([*above, *pieces]) == []
    del pieces[lost % len(pieces)]
    assert {(fault.code, fault.kind) for fault in check_areas([*above, *pieces])} == (
        {("330113001001", FaultKind.GAP)} if pieces else set()
    )
