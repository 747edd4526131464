"""The demo district's geography: Linping's real codes, names and outline, divided inside by rule. Pure, the same on every run.

Sources are named in data/SOURCES.md. Inner borders are illustrative, and every area says so in its note.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
from collections import defaultdict
from importlib import resources

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

from backend.domains.territory.rules.areas import AreaShape, Level
from backend.domains.territory.rules.datums import Datum, to_wgs84
from backend.domains.territory.rules.metres import LocalMetres
from backend.domains.territory.rules.roads import RoadSegment
from backend.entrypoints.cli.demo import partition

DISTRICT = "330113"
ESTABLISHED = dt.date(2021, 4, 9)  # the day Linping became a district of its own
NOTE_OUTLINE = "区界取自公开资料，非测绘成果。Outline from public data, not a survey."
NOTE_INNER = "内部界线为演示用途自动划分，仅作示意。Inner borders are illustrative: divided by rule for the demo, not surveyed."
NOTE_ROAD = "道路走向为演示用途，仅作示意。The course of the road is illustrative, for the demo."

_GRIDS = 2000  # about
_FEWEST = 3  # grids of a community

# Where each town lies, hand-placed in GCJ-02 as read off a web map; the first point is its centre. A town gets the ground nearest to any
# of its points, so several points shape it.
_TOWNS: dict[str, list[tuple[float, float]]] = {
    "330113001": [(120.302, 30.426), (120.286, 30.436), (120.270, 30.446), (120.284, 30.452), (120.264, 30.430)],  # 临平街道
    "330113002": [(120.302, 30.408), (120.300, 30.394), (120.296, 30.380), (120.312, 30.382), (120.284, 30.402)],  # 南苑街道
    "330113003": [(120.320, 30.432), (120.318, 30.450), (120.306, 30.462), (120.318, 30.468), (120.334, 30.440)],  # 东湖街道
    "330113004": [(120.252, 30.402), (120.262, 30.390), (120.242, 30.412), (120.246, 30.388), (120.262, 30.412)],  # 星桥街道
    "330113005": [(120.284, 30.352), (120.262, 30.352), (120.284, 30.330), (120.262, 30.368), (120.312, 30.364)],  # 乔司街道
    "330113006": [(120.294, 30.488), (120.270, 30.490), (120.308, 30.508), (120.286, 30.474), (120.250, 30.494)],  # 运河街道
    "330113007": [(120.176, 30.398), (120.150, 30.400), (120.160, 30.428), (120.200, 30.416), (120.146, 30.420)],  # 崇贤街道
    "330113100": [(120.188, 30.482), (120.206, 30.456), (120.170, 30.456), (120.228, 30.474), (120.214, 30.496)],  # 塘栖镇
}

# Built-up centres: GCJ-02, radius in metres, how much denser than the open country.
_CENTRES = (
    (120.302, 30.420, 2600.0, 6.0),  # 临平 old town and 南苑
    (120.188, 30.482, 1200.0, 2.0),  # 塘栖
    (120.284, 30.352, 1400.0, 1.5),  # 乔司
    (120.252, 30.402, 1400.0, 1.5),  # 星桥
    (120.176, 30.398, 1100.0, 1.0),  # 崇贤
)
_DENSEST = 1.0 + max(more for *_, more in _CENTRES)

# Road segments: name, and the corners between its sections in GCJ-02. n corners make n - 1 sections, counted in the order given.
_ROADS: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = (
    ("东湖中路", ((120.2990, 30.4130), (120.2994, 30.4190), (120.2999, 30.4250))),
    ("东湖南路", ((120.2978, 30.3960), (120.2984, 30.4050), (120.2990, 30.4130))),
    ("东湖北路", ((120.2999, 30.4250), (120.3030, 30.4380))),
    ("迎宾路", ((120.2800, 30.4092), (120.2985, 30.4085), (120.3160, 30.4078))),
    ("邱山大街", ((120.2850, 30.4215), (120.2995, 30.4205), (120.3150, 30.4196))),
    ("世纪大道", ((120.2520, 30.4000), (120.2740, 30.4010))),
    ("超山路", ((120.2080, 30.4440), (120.2140, 30.4560))),
    ("塘旺街", ((120.1850, 30.4780), (120.1980, 30.4800))),
    ("崇杭街", ((120.1720, 30.3960), (120.1840, 30.4000))),
    ("博陆路", ((120.3030, 30.5060), (120.3130, 30.5100))),
)


def demo_areas(*, valid_from: dt.date = ESTABLISHED) -> list[AreaShape]:
    """The district, its 8 towns, 196 communities and about 2,000 unit grids, sorted by code; WGS-84, without gap or overlap.

    Every vertex lies on a lattice of 1e-7 degrees, and neighbours share their edges vertex for vertex.
    """
    divisions = _divisions()
    outline = _outline()
    scale = LocalMetres.at(float(outline.centroid.y))
    density = _density(scale)
    whole = scale.flatten(np.array([outline], dtype=object))[0]
    cells: dict[str, partition.Ground] = {}
    for town, ground in _towns(whole, scale).items():
        communities = [code for code, (_, level, parent) in divisions.items() if level is Level.COMMUNITY and parent == town]
        cells.update(_communities(ground, communities, _flat_point(_TOWNS[town][0], scale), density))
    grids: dict[str, partition.Ground] = {}
    weights = {code: partition.weight(ground, density) for code, ground in cells.items()}
    total = sum(weights.values())
    for code, ground in cells.items():
        grids.update(_grids(ground, code, max(_FEWEST, round(_GRIDS * weights[code] / total)), density))
    shapes = dict(zip(grids, partition.coverage(scale.unflatten(np.array(list(grids.values()), dtype=object))), strict=True))
    for level in (Level.COMMUNITY, Level.TOWN, Level.DISTRICT):
        shapes.update(_merged(shapes, level))
    return [_area(code, shapes[code], divisions, valid_from) for code in sorted(shapes)]


def demo_roads(*, valid_from: dt.date = ESTABLISHED) -> list[RoadSegment]:
    """The 14 sections of ten roads, lines in WGS-84 inside the district; code = district, L, road (3 digits), section (2 digits)."""
    return [
        RoadSegment(
            code=f"{DISTRICT}L{road:03d}{section:02d}",
            name=name,
            section=section,
            line=LineString([_placed(corners[section - 1]), _placed(corners[section])]),
            valid_from=valid_from,
            note=NOTE_ROAD,
            illustrative=True,
        )
        for road, (name, corners) in enumerate(_ROADS, start=1)
        for section in range(1, len(corners))
    ]


def _divisions() -> dict[str, tuple[str, Level, str | None]]:
    """Code to name, level and parent, of the district, its towns and communities."""
    text = resources.files(__package__).joinpath("data/divisions.csv").read_text(encoding="utf-8")
    return {
        row["code"]: (row["name"], Level(row["level"]), None if row["level"] == Level.DISTRICT else row["parent_code"])
        for row in csv.DictReader(io.StringIO(text))
    }


def _outline() -> Polygon:
    """The district's outline in WGS-84."""
    document = json.loads(resources.files(__package__).joinpath("data/boundary_gcj02.geojson").read_text(encoding="utf-8"))
    ((ring,),) = document["features"][0]["geometry"]["coordinates"]
    return Polygon([_placed((lon, lat)) for lon, lat in ring])


def _placed(point: tuple[float, float]) -> tuple[float, float]:
    """A GCJ-02 point in WGS-84, on the lattice's seven decimals."""
    lon, lat = to_wgs84(*point, Datum.GCJ02)
    return round(lon, 7), round(lat, 7)


def _flat_point(point: tuple[float, float], scale: LocalMetres) -> tuple[float, float]:
    lon, lat = _placed(point)
    return lon * scale.east, lat * scale.north


def _density(scale: LocalMetres) -> partition.Density:
    """Cells per area, at most 1: high in the built-up centres, low in the open country."""
    centres = [(_flat_point((lon, lat), scale), radius, more) for lon, lat, radius, more in _CENTRES]

    def density(points: NDArray[np.float64]) -> NDArray[np.float64]:
        wanted = np.ones(len(points))
        for (x, y), radius, more in centres:
            away = ((points[:, 0] - x) ** 2 + (points[:, 1] - y) ** 2) / radius**2
            wanted = np.maximum(wanted, 1.0 + more * np.exp(-away))
        return wanted / _DENSEST

    return density


def _towns(whole: partition.Ground, scale: LocalMetres) -> dict[str, partition.Ground]:
    """The district divided among the towns by their hand-placed points."""
    seeds = [(owner, _flat_point(point, scale)) for owner, points in enumerate(_TOWNS.values()) for point in points]
    shares = partition.divide(whole, np.array([point for _, point in seeds]), [owner for owner, _ in seeds])
    return dict(zip(_TOWNS, shares, strict=True))


def _communities(
    ground: partition.Ground, codes: list[str], centre: tuple[float, float], density: partition.Density
) -> dict[str, partition.Ground]:
    """A town divided among its communities. Residents' communities (below 200) get the cells around its centre, villages those outside."""
    seeds = partition.spread(ground, len(codes), density)
    outwards = sorted(range(len(codes)), key=lambda cell: (math.dist(seeds[cell], centre), cell))
    shares = partition.divide(ground, seeds, range(len(codes)))
    return {code: shares[cell] for code, cell in zip(sorted(codes), outwards, strict=True)}


def _grids(ground: partition.Ground, community: str, count: int, density: partition.Density) -> dict[str, partition.Ground]:
    """A community divided into `count` grids, numbered in rows from north to south, each row from west to east."""
    shares = partition.divide(ground, partition.spread(ground, count, density), range(count))
    north, row = ground.bounds[3], math.sqrt(ground.area / count)
    middles = [share.centroid for share in shares]
    order = sorted(range(count), key=lambda cell: (int((north - middles[cell].y) / row), middles[cell].x))
    return {f"{community}{number:03d}": shares[cell] for number, cell in enumerate(order, start=1)}


def _merged(shapes: dict[str, partition.Ground], level: Level) -> dict[str, partition.Ground]:
    """The areas of a level, each the union of the grids whose codes begin with its own."""
    members: dict[str, list[partition.Ground]] = defaultdict(list)
    for code, shape in shapes.items():
        if len(code) == Level.GRID.digits:
            members[code[: level.digits]].append(shape)
    return {code: partition.merged(grids) for code, grids in members.items()}


def _area(code: str, shape: partition.Ground, divisions: dict[str, tuple[str, Level, str | None]], valid_from: dt.date) -> AreaShape:
    if code in divisions:
        name, level, parent = divisions[code]
    else:
        parent = code[: Level.COMMUNITY.digits]
        name, level = f"{divisions[parent][0]}第{int(code[Level.COMMUNITY.digits :])}网格", Level.GRID
    return AreaShape(
        code=code,
        level=level,
        name=name,
        parent=parent,
        polygon=shapely.normalize(shape),
        valid_from=valid_from,
        note=NOTE_OUTLINE if level is Level.DISTRICT else NOTE_INNER,
        illustrative=level is not Level.DISTRICT,
    )
