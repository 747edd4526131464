import datetime as dt
import time
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

import pytest

from backend.domains.catalog.rules.categories import Category
from backend.domains.contracts.rules.coverage_report import report_coverage
from backend.domains.contracts.rules.match import Candidate, Responsible
from backend.domains.contracts.rules.register import Register
from backend.domains.territory.rules.locate import Located

CHINA = dt.timezone(dt.timedelta(hours=8))
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=CHINA)
DAY = NOON.date()
PLACE = Located.of("330113001001007")


def category(trade="sanitation"):
    facts = {"valid_from": dt.date(2026, 1, 1), "class_zh": "类", "class_en": "class", "name_zh": "名", "name_en": "name"}
    return Category("event", "06010", 1, class_code="06", trade=trade, successor=None, version=1, conditions=MappingProxyType({}), **facts)


def coverage(number, code, *, kind="area", trade="sanitation", buffer_m=None, days=("2026-01-01", "2027-01-01")):
    first, until = (dt.date.fromisoformat(day) for day in days)
    made = UUID(int=number)
    return Candidate(
        made, f"C-{number}", "n", made, made, "1", "s", made, trade, kind, code, buffer_m, 0, dt.date(2025, 12, 1), first, until
    )


def line(number, *, role="acting", scope="all", key="", area="330113", days=("2020-01-01", None)):
    first, until = dt.date.fromisoformat(days[0]), days[1] and dt.date.fromisoformat(days[1])
    return Responsible(UUID(int=number), role, scope, key, area, UUID(int=number), None, None, first, until)


def found(register, located=PLACE, roads=(), asset=None, at=NOON, **facts):
    answer = register.match(category(**facts), located, roads, asset, at=at)
    return answer.winner.number if answer.winner else answer.reason


@pytest.mark.parametrize("code", ["330113", "330113001", "330113001001", "330113001001007"])
def test_a_coverage_holds_the_areas_above_the_place(code):
    assert found(Register([coverage(1, code)])) == "C-1"


@pytest.mark.parametrize("code", ["330114", "330113002", "330113001002", "330113001001008"])
def test_a_neighbour_holds_nothing_of_it(code):
    assert found(Register([coverage(1, code)])) == "awaiting_contract"


def test_another_trade_holds_nothing():
    register = Register([coverage(1, "330113")])
    assert found(register, trade="greening") == "awaiting_contract"


@pytest.mark.parametrize(("metres", "winner"), [(0.0, "C-2"), (20.0, "C-2"), (20.001, "C-1")])
def test_a_road_reaches_to_the_edge_of_its_buffer(metres, winner):
    register = Register([coverage(1, "330113001"), coverage(2, "R-01", kind="road", buffer_m=20.0)])
    assert register.reach_m == 20.0
    assert found(register, roads=[("R-01", metres)]) == winner


def test_a_road_is_the_same_contracts_on_both_sides_of_a_border():
    register = Register([coverage(1, "330113001"), coverage(2, "330113002"), coverage(3, "R-01", kind="road", buffer_m=20.0)])
    for grid in ("330113001001007", "330113002001001"):
        assert found(register, Located.of(grid), roads=[("R-01", 5.0)]) == "C-3"


def test_one_road_may_have_two_buffers():
    register = Register([coverage(1, "R-01", kind="road", buffer_m=50.0), coverage(2, "R-01", kind="road", buffer_m=10.0)])
    assert register.reach_m == 50.0
    assert found(register, roads=[("R-01", 30.0)]) == "C-1"


def test_an_asset_goes_before_the_road_it_stands_on():
    register = Register([coverage(1, "R-01", kind="road", buffer_m=50.0), coverage(2, "lamp-7", kind="asset")])
    assert found(register, roads=[("R-01", 1.0)], asset="lamp-7") == "C-2"
    assert found(register, roads=[("R-01", 1.0)], asset="lamp-8") == "C-1"


def test_a_place_in_no_grid_is_held_by_roads_and_assets_only():
    register = Register([coverage(1, "330113"), coverage(2, "R-01", kind="road", buffer_m=50.0)], [line(9)])
    assert found(register, located=None) == "awaiting_contract"
    assert found(register, located=None, roads=[("R-01", 1.0)]) == "C-2"


def test_the_day_is_that_of_china():
    register = Register([coverage(1, "330113", days=("2026-06-01", "2026-06-02"))])
    assert found(register, at=dt.datetime(2026, 5, 31, 15, 59, 59, tzinfo=dt.UTC)) == "awaiting_contract"
    assert found(register, at=dt.datetime(2026, 5, 31, 16, tzinfo=dt.UTC)) == "C-1"
    assert found(register, at=dt.datetime(2026, 6, 1, 15, 59, 59, tzinfo=dt.UTC)) == "C-1"
    assert found(register, at=dt.datetime(2026, 6, 1, 16, tzinfo=dt.UTC)) == "awaiting_contract"


def test_liable_and_executing_differ_when_a_contract_ends_in_between():
    register = Register(
        [coverage(1, "330113", days=("2025-06-01", "2026-06-01")), coverage(2, "330113", days=("2026-06-01", "2027-06-01"))]
    )
    assert found(register, at=NOON - dt.timedelta(days=1)) == "C-1"
    assert found(register, at=NOON) == "C-2"


def acting(*lines, located=PLACE):
    answer = Register([], lines).match(category(), located, at=NOON)
    return answer.acting.id.int if answer.acting else None


def test_the_narrowest_scope_of_the_matrix_acts_then_the_smallest_area():
    everything = line(1)
    trade = line(2, scope="trade", key="sanitation")
    whole_class = line(3, scope="class", key="event:06")
    one = line(4, scope="category", key="event:06010")
    town = line(5, scope="category", key="event:06010", area="330113001")
    assert acting(everything) == 1
    assert acting(everything, trade) == 2
    assert acting(trade, whole_class, everything) == 3
    assert acting(one, whole_class, replace(whole_class, id=UUID(int=7), area="330113001001007")) == 4
    assert acting(one, town) == 5


def test_the_matrix_has_days():
    assert acting(line(1, days=("2026-06-02", None))) is None
    assert acting(line(1, days=("2026-01-01", "2026-06-01"))) is None
    assert acting(line(1, days=("2026-06-01", "2026-06-02"))) == 1


def test_of_two_lines_the_later_begun_holds_whatever_their_order():
    old, new = line(1), line(2, days=("2026-01-01", None))
    assert acting(old, new) == acting(new, old) == 2


def test_the_matrix_of_another_category_trade_area_or_role_does_not_act():
    others = [
        line(1, scope="category", key="event:06011"),
        line(2, scope="trade", key="greening"),
        line(3, area="330113002"),
        line(4, role="area_owner"),
    ]
    assert acting(*others) is None
    assert acting(line(5), located=None) is None


def test_owners_are_the_town_and_the_bureau():
    town = line(1, role="area_owner", area="330113001")
    bureau = line(2, role="trade_owner", scope="trade", key="sanitation")
    owners = Register([], [town, bureau, line(3)]).owners(category(), PLACE, at=NOON)
    assert (owners.area_owner, owners.trade_owner) == (town, bureau)
    elsewhere = Register([], [town]).owners(category(), Located.of("330113002001001"), at=NOON)
    assert (elsewhere.area_owner, elsewhere.trade_owner) == (None, None)


def test_a_match_takes_less_than_50_microseconds_among_many_coverages():
    many = [coverage(n, f"330113{n % 8 + 1:03}{n % 25:03}") for n in range(1, 2001)]
    register = Register([*many, coverage(5000, "330113"), coverage(5001, "330113001")], [line(1)])
    mine, best = category(), 1.0
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(50):
            register.match(mine, PLACE, [("R-01", 3.0)], at=NOON)
        best = min(best, (time.perf_counter() - began) / 50)
    assert best < 50e-6


# Coverage report

GRIDS = ["330113001001001", "330113001001002", "330113001002001", "330113001002002", "330113002001001"]


def report(*coverages, matrix=()):
    return {one.community[6:]: one for one in report_coverage(Register(coverages, matrix), "sanitation", GRIDS, DAY)}


def test_the_report_names_gaps_overlaps_and_parts():
    lines = report(coverage(1, "330113001001"), coverage(2, "330113001001002"), coverage(3, "330113001002001"))

    assert {code: one.state for code, one in lines.items()} == {"001001": "overlap", "001002": "partial", "002001": "gap"}
    assert (lines["001001"].overlaps, lines["001001"].settled_by) == (("330113001001002",), ("more_specific",))
    assert lines["001001"].contracts == (UUID(int=1), UUID(int=2))
    assert lines["001002"].gaps == ("330113001002002",)
    assert (lines["002001"].gaps, lines["002001"].acting) == (("330113002001001",), None)


def test_a_town_covers_all_of_its_communities():
    lines = report(coverage(1, "330113001"), matrix=[line(8)])
    assert [one.state for one in lines.values()] == ["covered", "covered", "gap"]
    assert lines["002001"].acting == UUID(int=8)


def test_roads_and_contracts_of_other_days_cover_no_ground():
    lines = report(coverage(1, "R-01", kind="road", buffer_m=10.0), coverage(2, "330113", days=("2027-01-01", "2028-01-01")))
    assert {one.state for one in lines.values()} == {"gap"}
