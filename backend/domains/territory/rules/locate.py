"""Locating: which grid holds a point, answered from memory. A point falls to exactly one grid, always the same, or to none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from backend.core.problems import Unavailable
from backend.domains.territory.rules.areas import Level
from backend.domains.territory.rules.metres import LocalMetres

SLIVER_M = 0.5  # neighbours digitised apart leave slits; a point in one belongs to the nearest grid within this


class NoTerritory(Unavailable):
    """No district has been imported, so no place can be said to lie anywhere."""

    slug = "no_territory"
    title = "The district has not been set up"
    title_zh = "尚未导入辖区数据"
    way_out = (
        "An administrator imports the areas first: `flask --app app territory import FILE` or POST /api/v1/areas; then send this again."
    )
    way_out_zh = "请管理员先导入区域数据（flask --app app territory import 文件，或 POST /api/v1/areas），再重新提交。"


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point is: the codes of the grid and, since a code begins with its parents', of all above it."""

    grid: str
    community: str
    town: str
    district: str

    @classmethod
    def of(cls, grid: str) -> Located:
        """The place that a grid's code tells."""
        return cls(
            grid=grid,
            community=grid[: Level.COMMUNITY.digits],
            town=grid[: Level.TOWN.digits],
            district=grid[: Level.DISTRICT.digits],
        )


class Layer:
    """The grids of one moment, indexed in memory; immutable, so threads may share it.

    `grids` and `districts` are pairs of code and WKB (WGS-84 degrees). On shared edges the lowest code wins. A point in no grid but inside
    (or on the edge of) a district falls to the nearest grid within SLIVER_M metres, the lowest code among equals; outside every district
    it is in no grid. 20,000 grids take well under a second to build. `otherwise` is the district named where `districts` is empty.
    """

    def __init__(self, grids: Iterable[tuple[str, bytes]], districts: Iterable[tuple[str, bytes]], *, otherwise: str | None = None) -> None:
        # Sorted by code, so that the lowest index is the lowest code.
        pairs = sorted(grids)
        self._shapes: NDArray[np.object_] = np.asarray(shapely.from_wkb(np.array([wkb for _, wkb in pairs], dtype=object)), dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        # The index -1 means nowhere, which is what the last answer says.
        self._answers: list[Located | None] = [*(Located.of(code) for code, _ in pairs), None]
        outer = sorted(districts)
        self._first = outer[0][0] if outer else otherwise
        outlines = shapely.from_wkb(np.array([wkb for _, wkb in outer], dtype=object))
        self._district = shapely.union_all(outlines)
        shapely.prepare(self._district)
        self._tree.query(shapely.Point(0.0, 0.0))  # the tree is built at its first query: not at the first caller's expense

    def __len__(self) -> int:
        """Number of grids."""
        return len(self._shapes)

    @property
    def district(self) -> str:
        """The lowest district code: where findings that lie in no grid are counted. Raises NoTerritory."""
        if self._first is None:
            raise NoTerritory("no district has been imported yet")
        return self._first

    def in_district(self, lon: float, lat: float) -> bool:
        """Whether a WGS-84 point lies in a district or on its edge."""
        return bool(isfinite(lon) and isfinite(lat) and shapely.intersects_xy(self._district, lon, lat))

    def locate(self, lon: float, lat: float) -> Located | None:
        """Where a WGS-84 point is, or None: outside the districts, in a real gap, or not finite."""
        if not (isfinite(lon) and isfinite(lat)):
            return None
        found = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        if len(found):
            return self._answers[int(found.min())]
        return self._answers[int(self._nearest(np.array([[lon, lat]]))[0])] if shapely.intersects_xy(self._district, lon, lat) else None

    def locate_many(self, lons: ArrayLike, lats: ArrayLike) -> list[Located | None]:
        """The same for many points at once (two sequences of one length, WGS-84 degrees), in their order."""
        places = np.column_stack([np.asarray(lons, dtype=np.float64).ravel(), np.asarray(lats, dtype=np.float64).ravel()])
        answers = self._answers
        return [answers[index] for index in self._indices(places).tolist()]

    def _indices(self, places: NDArray[np.float64]) -> NDArray[np.intp]:
        """Index of the grid of each place, -1 for none."""
        nowhere = len(self._shapes)
        result = np.full(len(places), nowhere, dtype=np.intp)
        sane = np.flatnonzero(np.isfinite(places).all(axis=1))
        which, grid = self._tree.query(shapely.points(places[sane]), predicate="intersects")
        np.minimum.at(result, sane[which], grid)
        lost = sane[result[sane] == nowhere]
        result[result == nowhere] = -1
        lost = lost[shapely.intersects_xy(self._district, places[lost, 0], places[lost, 1])]
        if len(lost):
            result[lost] = self._nearest(places[lost])
        return result

    def _nearest(self, places: NDArray[np.float64]) -> NDArray[np.intp]:
        """Index of the nearest grid within SLIVER_M of each place, -1 for none; the lowest index among equals."""
        result = np.full(len(places), -1, dtype=np.intp)
        scale = LocalMetres.at(float(places[:, 1].mean()))
        reach_x, reach_y = SLIVER_M / scale.east, SLIVER_M / scale.north
        boxes = shapely.box(places[:, 0] - reach_x, places[:, 1] - reach_y, places[:, 0] + reach_x, places[:, 1] + reach_y)
        which, grid = self._tree.query(boxes, predicate="intersects")
        if not len(which):
            return result
        apart = shapely.distance(scale.flatten(shapely.points(places[which])), scale.flatten(self._shapes[grid]))
        # To a tenth of a millimetre: what the last bits say about two equally near grids must not decide.
        apart = np.round(apart, 4)
        order = np.lexsort((grid, apart, which))
        order = order[apart[order] <= SLIVER_M]
        owner, first = np.unique(which[order], return_index=True)
        result[owner] = grid[order][first]
        return result


class Roads:
    """The road segments of one moment, indexed in memory; immutable. `segments` are pairs of code and WKB of a line (WGS-84 degrees)."""

    def __init__(self, segments: Iterable[tuple[str, bytes]]) -> None:
        pairs = sorted(segments)
        self._codes = [code for code, _ in pairs]
        self._lines: NDArray[np.object_] = np.asarray(shapely.from_wkb(np.array([wkb for _, wkb in pairs], dtype=object)), dtype=object)
        self._tree = shapely.STRtree(self._lines)
        self._tree.query(shapely.Point(0.0, 0.0))

    def __len__(self) -> int:
        """Number of segments."""
        return len(self._codes)

    def near(self, lon: float, lat: float, metres: float) -> list[str]:
        """Codes of the segments within `metres` of a WGS-84 point, the nearest first, equally near ones by code.

        Metres are true ones of an equirectangular projection at the point's latitude: below 1 km right to a few centimetres. The edge of
        the buffer belongs to it. Distances are compared to the millimetre.
        """
        return [code for code, _ in self.near_with_distance(lon, lat, metres)]

    def near_with_distance(self, lon: float, lat: float, metres: float) -> Sequence[tuple[str, float]]:
        """The same as pairs of code and distance in metres, for an answer that explains itself."""
        if not (isfinite(lon) and isfinite(lat)) or metres < 0:
            return []
        scale = LocalMetres.at(lat)
        reach_x, reach_y = (metres + 1.0) / scale.east, (metres + 1.0) / scale.north
        found = self._tree.query(shapely.box(lon - reach_x, lat - reach_y, lon + reach_x, lat + reach_y))
        if not len(found):
            return []
        here = shapely.Point(lon * scale.east, lat * scale.north)
        apart = shapely.distance(scale.flatten(self._lines[found]), here)
        close = sorted((round(float(distance), 3), self._codes[index]) for index, distance in zip(found, apart, strict=True))
        return [(code, distance) for distance, code in close if distance <= metres]
