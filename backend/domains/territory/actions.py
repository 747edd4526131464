"""The writes of the territory: areas and roads imported, all of them or none. Each renews what lies in memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.revisions import bump
from backend.domains.territory import queries
from backend.domains.territory.model import Area, RoadSegment
from backend.domains.territory.rules import roads as road_values
from backend.domains.territory.rules.areas import AreaShape, Level
from backend.domains.territory.rules.importing import plan_import

EVERYBODY = ("ref",)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Imported:
    """How many versions an import put in force, how many it ended, how many were there already, and the puts by level."""

    imported: int
    ended: int
    unchanged: int
    levels: dict[str, int]


def import_areas(session: Session, act: Act, *, areas: Sequence[AreaShape]) -> Imported:
    """Import areas, all or nothing; `plan_import` says what they replace and end. Raises TerritoryFaults with the offending codes."""
    # Renewing the token first takes its lock: of two imports at a time the later one sees what the first has written.
    bump(session, act, queries.REVISION)
    before = queries.read_territory(session)
    plan = plan_import(before.areas, areas)
    puts = {(area.code, area.valid_from): area for area in plan.puts}
    touched = {code for code, _ in (*puts, *plan.ends)}
    rows = _rows(session, touched)
    versions: dict[str, int] = defaultdict(int)
    for (code, _), row in rows.items():
        versions[code] = max(versions[code], row.version)
    for (code, since), until in plan.ends.items():
        rows[code, since].valid_until = until
        rows[code, since].version = versions[code] + 1
    for (code, since), area in puts.items():
        row = rows.get((code, since)) or Area(code=code, valid_from=since)
        _rewrite(row, area, versions[code] + 1)
        session.add(row)
    session.flush()
    news = {area.code: area for area in plan.puts}
    ended = {code: until.isoformat() for (code, _), until in sorted(plan.ends.items())}
    for code in sorted(touched):
        if code in news:
            _tell(act, "area.imported", code, news[code].level, versions[code] + 1, valid_from=news[code].valid_from.isoformat())
        else:
            _tell(act, "area.ended", code, before.newest[code].level, versions[code] + 1, valid_until=ended[code])
    counted = Imported(len(puts), len(plan.ends), plan.unchanged, dict(Counter(area.level.value for area in plan.puts)))
    if touched:
        district = min(touched)[: Level.DISTRICT.digits]
        act.tell("territory.imported", "territory", district, imported=counted.imported, ended=counted.ended, levels=counted.levels)
    return counted


def import_roads(session: Session, act: Act, *, roads: Sequence[road_values.RoadSegment]) -> Imported:
    """Import road segments, all or nothing. Each ends the earlier version of its code, or takes the place of one with the same first day.

    Raises RoadFaults, also where a later version of a code is there already.
    """
    road_values.refuse_roads(roads)
    bump(session, act, queries.REVISION)
    stored: dict[str, list[RoadSegment]] = defaultdict(list)
    for chunk in _chunks([road.code for road in roads]):
        for row in session.scalars(sa.select(RoadSegment).where(RoadSegment.code.in_(chunk))):
            stored[row.code].append(row)
    road_values.refuse_later(roads, {code: [row.valid_from for row in rows] for code, rows in stored.items()})
    ended = 0
    for road in roads:
        fields = {
            "name": road.name,
            "section": road.section,
            "line": shapely.to_wkb(road.line),
            "valid_until": road.valid_until,
            "note": road.note,
            "illustrative": road.illustrative,
        }
        same = None
        for row in stored[road.code]:
            if row.valid_from == road.valid_from:
                same = row
            elif row.valid_until is None or road.valid_from < row.valid_until:
                row.valid_until = road.valid_from
                ended += 1
        if same is None:
            session.add(RoadSegment(code=road.code, valid_from=road.valid_from, **fields))
        else:
            for name, value in fields.items():
                setattr(same, name, value)
    session.flush()
    if roads:
        act.tell("roads.imported", "territory", min(road.code for road in roads)[: Level.DISTRICT.digits], roads=len(roads), ended=ended)
    return Imported(len(roads), ended, 0, {"road": len(roads)})


def _tell(act: Act, event: str, code: str, level: Level, version: int, **facts: str) -> None:
    # A phone works in a few towns: it does not pull the thousands of grids of the others.
    scopes = (f"town:{code[: Level.TOWN.digits]}",) if level is Level.GRID else EVERYBODY
    act.tell(event, "area", code, version=version, scopes=scopes, level=level.value, **facts)


def _rows(session: Session, codes: Collection[str]) -> dict[tuple[str, dt.date], Area]:
    """All versions of these codes."""
    found = {}
    for chunk in _chunks(codes):
        for row in session.scalars(sa.select(Area).where(Area.code.in_(chunk))):
            found[row.code, row.valid_from] = row
    return found


def _chunks(codes: Iterable[str]) -> Iterable[list[str]]:
    wanted = sorted(set(codes))
    return (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))


def _rewrite(row: Area, area: AreaShape, version: int) -> None:
    row.valid_until = area.valid_until
    row.level = area.level.value
    row.name = area.name
    row.parent = area.parent
    row.polygon = shapely.to_wkb(area.polygon)
    row.note = area.note
    row.illustrative = area.illustrative
    row.version = version
