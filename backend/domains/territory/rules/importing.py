"""What an import of areas does to those that are there: which it puts in force, which it ends, and whether what results is sound."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from backend.domains.territory.rules.areas import TOLERANCE_M2, AreaShape, Level, refuse_faults
from backend.domains.territory.rules.metres import LocalMetres
from backend.domains.territory.rules.territory import AreaVersion

Key = tuple[str, dt.date]

_MOST = 0.5  # an area is taken over by others once they hold more than this share of its ground


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What is to be written: versions put (new, or in the place of the one with the same code and first day) and versions that end.

    `ends` maps code and first day of a version that is there to its new `valid_until`. `unchanged` counts those that are there already.
    """

    puts: tuple[AreaShape, ...]
    ends: dict[Key, dt.date]
    unchanged: int


def plan_import(present: Sequence[AreaVersion], areas: Sequence[AreaShape]) -> ImportPlan:
    """Work out an import. `present` are all versions there are; raises TerritoryFaults where the result would not be sound.

    An imported area ends the earlier version of its code on its own first day, and takes the place of one with the same first day. It also
    ends areas of its level under other codes most of whose ground the imported ones hold (a community divided anew into fewer grids). No
    area outlives its parent. What is checked is the result from the first imported day on, as far as it is of the changed areas' families:
    all above them and all those areas' children. An overlap with, or a gap beside, what was not meant to change is thus a fault.
    """
    there = {(area.code, area.valid_from): area for area in present}
    ends: dict[Key, dt.date] = {}
    incoming: dict[str, list[AreaShape]] = defaultdict(list)
    for area in areas:
        incoming[area.code].append(area)
    replaced = {(area.code, area.valid_from) for area in areas}
    standing = [area for area in present if (area.code, area.valid_from) not in replaced]
    for old in standing:
        later = [area.valid_from for area in incoming.get(old.code, ()) if old.valid_from < area.valid_from]
        if later and (old.valid_until is None or min(later) < old.valid_until):
            ends[old.code, old.valid_from] = min(later)
    ends.update(_taken_over([old for old in standing if old.code not in incoming], areas))
    for old, until in _orphans(standing, incoming, ends):
        ends[old.code, old.valid_from] = until
    fresh = [not _same(there.get((area.code, area.valid_from)), area) for area in areas]
    changed = [area for area, new in zip(areas, fresh, strict=True) if new]
    touched = {area.code: area.parent for area in changed} | {code: there[code, since].parent for code, since in ends}
    if touched:
        first = min([area.valid_from for area in changed] + list(ends.values()))
        # What was imported before and is only repeated now is seen from that day on too, as what stays is.
        repeated = [
            area for area, new in zip(areas, fresh, strict=True) if not new and (area.valid_until is None or first < area.valid_until)
        ]
        refuse_faults([*changed, *(_from(area, first) for area in repeated), *_family(standing, ends, touched, first)])
    return ImportPlan(tuple(changed), ends, len(areas) - len(changed))


def _same(old: AreaVersion | None, area: AreaShape) -> bool:
    return old is not None and (old.level, old.name, old.parent, old.valid_until, old.note, old.illustrative, old.polygon) == (
        area.level,
        area.name,
        area.parent,
        area.valid_until,
        area.note,
        area.illustrative,
        shapely.to_wkb(area.polygon),
    )


def _taken_over(olds: Sequence[AreaVersion], areas: Sequence[AreaShape]) -> Iterator[tuple[Key, dt.date]]:
    """The versions most of whose ground imported areas of the same level hold, and the day on which that begins."""
    for level in Level:
        new = [area for area in areas if area.level is level and area.polygon.is_valid and not area.polygon.is_empty]
        held = [old for old in olds if old.level is level]
        if not new or not held:
            continue
        shapes = np.asarray(shapely.from_wkb(np.array([old.polygon for old in held], dtype=object)), dtype=object)
        scale = LocalMetres.at(float(shapely.bounds(shapes)[:, [1, 3]].mean()))
        flat, over = scale.flatten(shapes), scale.flatten(np.array([area.polygon for area in new], dtype=object))
        shares: dict[int, list[tuple[dt.date, float]]] = defaultdict(list)
        mine, theirs = shapely.STRtree(over).query(flat, predicate="intersects")
        common = shapely.area(shapely.intersection(flat[mine], over[theirs]))
        for old, area, ground in zip(mine.tolist(), theirs.tolist(), common.tolist(), strict=True):
            until = held[old].valid_until
            if ground > TOLERANCE_M2 and held[old].valid_from < new[area].valid_from and (until is None or new[area].valid_from < until):
                shares[old].append((new[area].valid_from, ground))
        for old, parts in shares.items():
            if sum(ground for _, ground in parts) > _MOST * flat[old].area:
                yield (held[old].code, held[old].valid_from), min(day for day, _ in parts)


def _orphans(
    standing: Sequence[AreaVersion], incoming: dict[str, list[AreaShape]], ends: dict[Key, dt.date]
) -> Iterator[tuple[AreaVersion, dt.date]]:
    """The versions that would outlive their parent, from the top down: what ends a town ends its grids."""
    last: dict[str, dt.date | None] = {}
    for level in Level:
        members = [old for old in standing if old.level is level]
        for old in members:
            until = ends.get((old.code, old.valid_from), old.valid_until)
            over = last.get(old.parent) if old.parent in last else None
            if over is not None and old.code not in incoming and old.valid_from < over and (until is None or over < until):
                yield old, over
                until = over
            last[old.code] = _later(last[old.code], until) if old.code in last else until
        for code, versions in incoming.items():
            for area in versions:
                if area.level is level:
                    last[code] = _later(last[code], area.valid_until) if code in last else area.valid_until


def _later(one: dt.date | None, other: dt.date | None) -> dt.date | None:
    return None if one is None or other is None else max(one, other)


def _family(
    standing: Sequence[AreaVersion], ends: dict[Key, dt.date], touched: dict[str, str | None], first: dt.date
) -> Iterator[AreaShape]:
    """What stays, from the first changed day on: the touched areas, all above them, and all children of either."""
    heads = set(touched) | {parent for parent in touched.values() if parent is not None}
    heads |= {code[: level.digits] for code in touched for level in Level if level.digits < len(code)}
    for old in standing:
        until = ends.get((old.code, old.valid_from), old.valid_until)
        if (old.code in heads or old.parent in heads) and (until is None or first < until):
            polygon = cast("Polygon | MultiPolygon", shapely.from_wkb(old.polygon))
            shape = AreaShape(old.code, old.level, old.name, old.parent, polygon, old.valid_from, until, old.note, old.illustrative)
            yield _from(shape, first)


def _from(area: AreaShape, day: dt.date) -> AreaShape:
    return replace(area, valid_from=max(area.valid_from, day))
