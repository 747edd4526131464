"""The whole territory over time, held in memory: every version of every area and road, and the layer of any day."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from backend.core.problems import Missing
from backend.domains.territory.rules.areas import Level
from backend.domains.territory.rules.locate import Layer, Roads

SHANGHAI = ZoneInfo("Asia/Shanghai")

V = TypeVar("V", bound="Dated")
T = TypeVar("T")


class AreaMissing(Missing):
    """No area with this code, or none in force at the time asked for."""

    slug = "area_not_found"
    title = "There is no such area"
    title_zh = "区域不存在"
    way_out = "GET /api/v1/areas lists the areas in force with their codes; `at` asks about another time."
    way_out_zh = "可通过 GET /api/v1/areas 查看现行区域及其编码；参数 at 可查询其他时间。"


class Dated(Protocol):
    """One version of something with a code, in force from `valid_from` until the day before `valid_until`."""

    @property
    def code(self) -> str: ...
    @property
    def valid_from(self) -> dt.date: ...
    @property
    def valid_until(self) -> dt.date | None: ...


@dataclass(frozen=True, slots=True)
class AreaVersion:
    """One version of an area. `polygon` is WKB in WGS-84 degrees; `version` counts the changes of the code."""

    code: str
    level: Level
    name: str
    parent: str | None
    polygon: bytes
    valid_from: dt.date
    valid_until: dt.date | None
    note: str
    illustrative: bool
    version: int


@dataclass(frozen=True, slots=True)
class RoadVersion:
    """One version of a road segment. `line` is WKB in WGS-84 degrees."""

    code: str
    name: str
    section: int
    line: bytes
    valid_from: dt.date
    valid_until: dt.date | None
    note: str
    illustrative: bool


def local_day(at: dt.datetime) -> dt.date:
    """The day in Asia/Shanghai on which an aware moment falls."""
    return at.astimezone(SHANGHAI).date()


class _Turns(Generic[V, T]):
    """What is in force changes on a few days only: one picture for each time between two of them, made when first asked for."""

    def __init__(self, versions: Sequence[V], make: Callable[[list[V]], T]) -> None:
        self._versions, self._make = versions, make
        self._days = sorted({day for one in versions for day in (one.valid_from, one.valid_until) if day is not None})
        self._newest = next((turn for turn in range(len(self._days) - 1, -1, -1) if self._in_force(turn)), -1)
        self._made: dict[int, T] = {}

    def on(self, day: dt.date | None) -> T:
        """The picture of that day; of the newest time in which anything is in force where no day is named."""
        turn = self._newest if day is None else bisect_right(self._days, day) - 1
        made = self._made.get(turn)
        if made is None:
            # Two threads that ask first at the same time make the same picture twice; either stays.
            made = self._made[turn] = self._make(self._in_force(turn))
        return made

    def _in_force(self, turn: int) -> list[V]:
        return [one for one in self._versions if holds_on(one, self._days[turn])] if turn >= 0 else []


def holds_on(version: Dated, day: dt.date) -> bool:
    """Whether the version is in force on that day."""
    return version.valid_from <= day and (version.valid_until is None or day < version.valid_until)


class Territory:
    """All versions of all areas and roads; immutable but for the pictures it makes on demand, so threads may share it."""

    def __init__(self, areas: Iterable[AreaVersion], roads: Iterable[RoadVersion]) -> None:
        self.areas = areas = tuple(sorted(areas, key=lambda one: (one.code, one.valid_from)))
        self.roads = roads = tuple(sorted(roads, key=lambda one: (one.code, one.valid_from)))
        # Sorted by day within a code: the last one stays, so these are the newest versions in order of their codes.
        self.newest = MappingProxyType({one.code: one for one in areas})
        self.newest_roads = MappingProxyType({one.code: one for one in roads})
        self.names = MappingProxyType({code: one.name for code, one in self.newest.items()})
        # A finding from before the oldest area (a phone's clock can be years off) still belongs to a district.
        self._district = next((code for code, one in self.newest.items() if one.level is Level.DISTRICT), None)
        self._areas = _Turns(areas, lambda held: MappingProxyType({one.code: one for one in held}))
        self._roads = _Turns(roads, lambda held: MappingProxyType({one.code: one for one in held}))
        shaped = [one for one in areas if one.level in (Level.GRID, Level.DISTRICT)]
        self._layers = _Turns(shaped, self._layer)
        self._lines = _Turns(roads, lambda held: Roads((one.code, one.line) for one in held))

    def layer_at(self, day: dt.date | None) -> Layer:
        """The grids in force on that day; of the newest time in which there are any where no day is named."""
        return self._layers.on(day)

    def roads_at(self, day: dt.date | None) -> Roads:
        """The road segments in force on that day, indexed; as `layer_at`."""
        return self._lines.on(day)

    def areas_on(self, day: dt.date | None) -> MappingProxyType[str, AreaVersion]:
        """The areas in force on that day by code, in order of their codes; as `layer_at`."""
        return self._areas.on(day)

    def road_versions_on(self, day: dt.date | None) -> MappingProxyType[str, RoadVersion]:
        """The road segments in force on that day by code, in order of their codes; as `layer_at`."""
        return self._roads.on(day)

    def _layer(self, held: list[AreaVersion]) -> Layer:
        return Layer(
            ((one.code, one.polygon) for one in held if one.level is Level.GRID),
            ((one.code, one.polygon) for one in held if one.level is Level.DISTRICT),
            otherwise=self._district,
        )
