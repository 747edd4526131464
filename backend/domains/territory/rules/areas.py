"""Areas: district > town > community > grid, and whether a set of them is sound.

Source of codes and rules: 15 digits = 6 (district, GB/T 2260) + 3 (town) + 3 (community) + 3 (grid, counted W to E, then N to S inside the
community); grids are closed polygons without gap or overlap, each of exactly one community.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from backend.core.problems import Invalid
from backend.domains.territory.rules.metres import LocalMetres

TOLERANCE_M2 = 1.0  # a gap or an overlap up to this size is a rounding of the surveyor's, not a fault


class Level(StrEnum):
    """Level of an area, from the largest to the smallest."""

    DISTRICT = "district"
    TOWN = "town"
    COMMUNITY = "community"
    GRID = "grid"

    @property
    def digits(self) -> int:
        """Length of a code of this level."""
        return {Level.DISTRICT: 6, Level.TOWN: 9, Level.COMMUNITY: 12, Level.GRID: 15}[self]


@dataclass(frozen=True, slots=True)
class AreaShape:
    """An area as imported. Polygon in WGS-84 degrees; in force from `valid_from` until the day before `valid_until` (None: without end).

    `parent` is the code of the area above, None for a district. `illustrative` says that the border is no surveyed one.
    """

    code: str
    level: Level
    name: str
    parent: str | None
    polygon: Polygon | MultiPolygon
    valid_from: dt.date
    valid_until: dt.date | None = None
    note: str = ""
    illustrative: bool = False

    def in_force(self, day: dt.date) -> bool:
        """Whether the area holds on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def meets(self, other: AreaShape) -> bool:
        """Whether there is a day on which both hold."""
        return (other.valid_until is None or self.valid_from < other.valid_until) and (
            self.valid_until is None or other.valid_from < self.valid_until
        )


class FaultKind(StrEnum):
    """What can be wrong with an area among others."""

    CODE = "code"
    DUPLICATE = "duplicate"
    NAME = "name"
    DATES = "dates"
    PARENT = "parent"
    POLYGON = "polygon"
    OVERLAP = "overlap"
    GAP = "gap"
    SPILL = "spill"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of one area; `detail` is a sentence that names the others concerned."""

    code: str
    kind: FaultKind
    detail: str

    @property
    def pointer(self) -> str:
        """JSON pointer of the area, such as `/areas/330113001001007`."""
        return f"/areas/{self.code.replace('~', '~0').replace('/', '~1')}"


class TerritoryFaults(Invalid):
    """A set of areas that do not fit together: nothing of it is imported. `codes` lists the offending ones."""

    slug = "territory_faults"
    title = "The areas do not fit together"
    title_zh = "区域数据不符合要求"
    way_out = "Correct the areas listed under errors in the source and import the whole set again; nothing was changed."
    way_out_zh = "请在源数据中更正 errors 所列区域后重新整体导入；数据未作任何改动。"


def refuse_faults(areas: Sequence[AreaShape], *, tolerance_m2: float = TOLERANCE_M2) -> None:
    """Raises one TerritoryFaults with every fault of the set; returns where there is none."""
    faults = check_areas(areas, tolerance_m2=tolerance_m2)
    if faults:
        codes = sorted({fault.code for fault in faults})
        shown = ", ".join(codes[:20]) + (f" and {len(codes) - 20} more" if len(codes) > 20 else "")
        raise TerritoryFaults(
            f"{len(faults)} faults in {len(codes)} areas: {shown}",
            errors=[(fault.pointer, f"{fault.kind}: {fault.detail}") for fault in faults],
            codes=codes,
        )


def check_areas(areas: Sequence[AreaShape], *, tolerance_m2: float = TOLERANCE_M2) -> list[Fault]:
    """Every fault of the set, sorted by code; empty where it is sound.

    Per area: code, name, dates, polygon. Between them, for each day on which they hold together: one area a code, the parent is there and
    its code is the beginning of the child's, no two of a level overlap, the children of an area fill it and stay inside. An area none of
    whose children is there yet has no gap. A patch counts above `tolerance_m2` square metres, measured in local metres.
    The set must be complete: who imports grids alone adds the areas above them that are in force.
    """
    faults = {fault for area in areas for fault in _own_faults(area)}
    faults.update(_family_faults(areas))
    sound = [area for area in areas if _polygon_fault(area) is None]
    if sound:
        scale = LocalMetres.at(float(np.mean(shapely.bounds([area.polygon for area in sound])[:, [1, 3]])))
        flat = scale.flatten(np.array([area.polygon for area in sound], dtype=object))
        faults.update(_overlaps(sound, flat, tolerance_m2))
        faults.update(_gaps_and_spills(sound, flat, scale, tolerance_m2))
    return sorted(faults)


def _own_faults(area: AreaShape) -> Iterator[Fault]:
    """What is wrong with an area whatever the others are."""
    if not (area.code.isascii() and area.code.isdigit() and len(area.code) == area.level.digits):
        yield Fault(area.code, FaultKind.CODE, f"a {area.level} has a code of {area.level.digits} digits, not {area.code!r}")
    if not area.name.strip():
        yield Fault(area.code, FaultKind.NAME, "the name is empty")
    if area.valid_until is not None and area.valid_until <= area.valid_from:
        yield Fault(area.code, FaultKind.DATES, f"valid_until {area.valid_until} is not after valid_from {area.valid_from}")
    wrong = _polygon_fault(area)
    if wrong:
        yield Fault(area.code, FaultKind.POLYGON, wrong)


def _polygon_fault(area: AreaShape) -> str | None:
    """What is wrong with the polygon itself, or None."""
    if area.polygon.is_empty:
        return "the polygon is empty"
    if not area.polygon.is_valid:
        return f"the polygon is not valid: {shapely.is_valid_reason(area.polygon)}"
    west, south, east, north = area.polygon.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        return "the polygon is not in degrees of longitude and latitude"
    return None


def _family_faults(areas: Sequence[AreaShape]) -> Iterator[Fault]:
    """Codes used twice at a time, parents that are absent or do not fit."""
    versions: dict[str, list[AreaShape]] = defaultdict(list)
    for area in areas:
        versions[area.code].append(area)
    for code, same in versions.items():
        if any(one.meets(other) for place, one in enumerate(same) for other in same[place + 1 :]):
            yield Fault(code, FaultKind.DUPLICATE, f"the code is used {len(same)} times for the same days")
    levels = list(Level)
    for area in areas:
        if area.level is Level.DISTRICT:
            if area.parent is not None:
                yield Fault(area.code, FaultKind.PARENT, f"a district has no parent here, not {area.parent!r}")
            continue
        above = levels[levels.index(area.level) - 1]
        if area.parent is None:
            yield Fault(area.code, FaultKind.PARENT, f"the parent is missing: a {area.level} belongs to a {above}")
            continue
        if not area.code.startswith(area.parent) or len(area.parent) != above.digits:
            yield Fault(
                area.code, FaultKind.PARENT, f"the code does not begin with the {above.digits} digits of its parent {area.parent!r}"
            )
        if not any(parent.level is above and parent.meets(area) for parent in versions.get(area.parent, ())):
            yield Fault(area.code, FaultKind.PARENT, f"there is no {above} {area.parent} on the days on which the area holds")


def _overlaps(areas: Sequence[AreaShape], flat: NDArray[np.object_], tolerance_m2: float) -> Iterator[Fault]:
    """Pairs of one level that share ground on the same day: each of the two is told about the other."""
    for level in Level:
        members = np.array([place for place, area in enumerate(areas) if area.level is level], dtype=np.intp)
        if len(members) < 2:
            continue
        shapes = flat[members]
        first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        once = first < second
        first, second = first[once], second[once]
        shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
        for pair in np.flatnonzero(shared > tolerance_m2):
            one, other = areas[members[first[pair]]], areas[members[second[pair]]]
            if one.code != other.code and one.meets(other):
                yield Fault(one.code, FaultKind.OVERLAP, f"overlaps {other.code} by {shared[pair]:.1f} m²")
                yield Fault(other.code, FaultKind.OVERLAP, f"overlaps {one.code} by {shared[pair]:.1f} m²")


def _gaps_and_spills(areas: Sequence[AreaShape], flat: NDArray[np.object_], scale: LocalMetres, tolerance_m2: float) -> Iterator[Fault]:
    """Ground of an area that none of its children holds, and ground that a child holds outside it."""
    children: dict[str | None, list[int]] = defaultdict(list)
    for place, area in enumerate(areas):
        children[area.parent].append(place)
    for place, parent in enumerate(areas):
        for together in _casts(parent, areas, children[parent.code]):
            held = shapely.union_all(flat[together])
            for patch in _patches(shapely.difference(flat[place], held), tolerance_m2):
                spot = scale.unflatten(np.array([patch.representative_point()], dtype=object))[0]
                beside = ", ".join(sorted(areas[child].code for child in together if flat[child].distance(patch) < 0.01))
                detail = f"gap of {patch.area:.1f} m² near {spot.x:.6f}, {spot.y:.6f}, beside {beside or 'none of its areas'}"
                yield Fault(parent.code, FaultKind.GAP, detail)
            if any(_patches(shapely.difference(held, flat[place]), tolerance_m2)):
                for child in together:
                    outside = shapely.difference(flat[child], flat[place]).area
                    if outside > tolerance_m2:
                        yield Fault(areas[child].code, FaultKind.SPILL, f"reaches {outside:.1f} m² beyond its parent {parent.code}")


def _casts(parent: AreaShape, areas: Sequence[AreaShape], children: Iterable[int]) -> list[list[int]]:
    """The different sets of children that hold together on some day of the parent's validity; a day without any is left out."""
    kin = [child for child in children if areas[child].meets(parent)]
    turns = {parent.valid_from} | {day for child in kin for day in (areas[child].valid_from, areas[child].valid_until) if day is not None}
    casts = {tuple(child for child in kin if areas[child].in_force(day)) for day in turns if parent.in_force(day)}
    return [list(cast) for cast in sorted(casts) if cast]


def _patches(shape: shapely.Geometry, tolerance_m2: float) -> list[Polygon]:
    """The polygons of a difference that are larger than the tolerance."""
    return [part for part in shapely.get_parts(shape) if part.area > tolerance_m2]
