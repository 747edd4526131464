"""What an import puts, ends and refuses, by values alone."""

from __future__ import annotations

import datetime as dt

import pytest
import shapely

from backend.domains.territory.rules.areas import AreaShape, TerritoryFaults
from backend.domains.territory.rules.importing import ImportPlan, plan_import
from backend.domains.territory.rules.territory import AreaVersion
from tests.domains.territory.squares import DISTRICT, EAST, EDGES, GRIDS, SINCE, TOWN, WEST, area, squares

LATER = dt.date(2026, 7, 1)


def stored(areas: list[AreaShape]) -> list[AreaVersion]:
    return [
        AreaVersion(
            one.code,
            one.level,
            one.name,
            one.parent,
            shapely.to_wkb(one.polygon),
            one.valid_from,
            one.valid_until,
            one.note,
            one.illustrative,
            1,
        )
        for one in areas
    ]


def applied(present: list[AreaVersion], plan: ImportPlan) -> list[AreaVersion]:
    puts = {(one.code, one.valid_from): one for one in stored(list(plan.puts))}
    kept = {(one.code, one.valid_from): one for one in present}
    for key, until in plan.ends.items():
        old = kept[key]
        kept[key] = AreaVersion(
            old.code, old.level, old.name, old.parent, old.polygon, old.valid_from, until, old.note, old.illustrative, old.version
        )
    return list((kept | puts).values())


PRESENT = stored(squares())


def test_the_same_again_changes_nothing():
    assert plan_import(PRESENT, squares()) == ImportPlan((), {}, 8)


def test_a_new_version_ends_the_old_one_on_its_first_day():
    # The border between the two western grids moves to the east.
    new = [area(GRIDS[0], EDGES[0], 120.315, since=LATER), area(GRIDS[1], 120.315, EDGES[2], since=LATER)]
    plan = plan_import(PRESENT, new)
    assert plan.puts == tuple(new)
    assert plan.ends == {(GRIDS[0], SINCE): LATER, (GRIDS[1], SINCE): LATER}


def test_grids_whose_ground_others_take_over_end_without_being_named():
    plan = plan_import(PRESENT, [area(GRIDS[0], EDGES[0], EDGES[2], since=LATER)])
    assert plan.ends == {(GRIDS[0], SINCE): LATER, (GRIDS[1], SINCE): LATER}


def test_an_overlap_with_what_was_not_meant_to_change_names_both():
    with pytest.raises(TerritoryFaults) as refused:
        plan_import(PRESENT, [area(GRIDS[0], EDGES[0], 120.312, since=LATER)])
    assert refused.value.members["codes"] == [GRIDS[0], GRIDS[1]]


def test_a_gap_that_an_import_would_leave_is_refused():
    with pytest.raises(TerritoryFaults) as refused:
        plan_import(PRESENT, [area(GRIDS[0], EDGES[0], 120.309, since=LATER)])
    assert refused.value.members["codes"] == [WEST]


def test_taking_over_half_a_neighbour_leaves_a_gap_and_is_refused():
    with pytest.raises(TerritoryFaults) as refused:
        plan_import(PRESENT, [area(GRIDS[0], EDGES[0], 120.318, since=LATER)])
    assert WEST in refused.value.members["codes"]


def test_what_ends_an_area_ends_all_below_it():
    whole = area(WEST, EDGES[0], EDGES[4], since=LATER, name="合并社区")
    plan = plan_import(PRESENT, [whole, area(f"{WEST}001", EDGES[0], EDGES[4], since=LATER)])
    assert {code for code, _ in plan.ends} == {WEST, EAST, *GRIDS}
    assert set(plan.ends.values()) == {LATER}


def test_an_area_imported_with_a_last_day_ends_its_children_with_it():
    areas = [area(EAST, EDGES[2], EDGES[4], until=LATER, name="东社区"), area(WEST, EDGES[0], EDGES[4], since=LATER)]
    plan = plan_import(PRESENT, [*areas, area(f"{WEST}001", EDGES[0], EDGES[4], since=LATER)])
    assert (GRIDS[2], SINCE) in plan.ends
    assert (EAST, SINCE) not in plan.ends  # it was put anew with its last day


def test_a_correction_of_the_first_day_takes_the_place_of_what_was_there():
    plan = plan_import(PRESENT, [area(GRIDS[0], EDGES[0], EDGES[1], name="改名")])
    assert [one.name for one in plan.puts] == ["改名"]
    assert plan.ends == {}


def test_a_version_before_one_that_is_there_must_end_by_then():
    present = applied(PRESENT, plan_import(PRESENT, [area(GRIDS[0], EDGES[0], EDGES[1], since=LATER, name="新名")]))
    with pytest.raises(TerritoryFaults) as refused:
        plan_import(present, [area(GRIDS[0], EDGES[0], EDGES[1], since=dt.date(2024, 1, 1), name="其间")])
    assert GRIDS[0] in refused.value.members["codes"]
    plan = plan_import(present, [area(GRIDS[0], EDGES[0], EDGES[1], since=dt.date(2024, 1, 1), until=LATER, name="其间")])
    assert plan.ends == {(GRIDS[0], SINCE): dt.date(2024, 1, 1)}


def test_repeating_an_import_after_a_later_one_is_no_fault_of_the_earlier_days():
    later = [area(GRIDS[0], EDGES[0], EDGES[2], since=LATER)]
    present = applied(PRESENT, plan_import(PRESENT, later))
    assert plan_import(present, later) == ImportPlan((), {}, 1)
    again = plan_import(present, [*later, area(GRIDS[2], EDGES[2], EDGES[3], since=LATER, name="改名")])
    assert [one.code for one in again.puts] == [GRIDS[2]]


def test_a_code_without_its_parents_is_refused():
    with pytest.raises(TerritoryFaults) as refused:
        plan_import([], [area(GRIDS[0], EDGES[0], EDGES[1])])
    assert refused.value.members["codes"] == [GRIDS[0]]


def test_a_set_from_the_top_down_may_come_in_parts():
    present: list[AreaVersion] = []
    whole = squares()
    for part in (whole[:1], whole[1:2], whole[2:4], whole[4:]):
        present = applied(present, plan_import(present, part))
    assert {one.code for one in present} == {DISTRICT, TOWN, WEST, EAST, *GRIDS}
