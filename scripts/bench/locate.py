"""Locating: points a second in bulk and one by one against 20,000 grids, and how long they take to import and to index.

The probe, in turns with it: a bare shapely STRtree over the same polygons.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import house
import measure
import numpy as np
import shapely
import sqlalchemy as sa
from measure import Figure, middle
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from sqlalchemy.orm import Session

from backend.core import act as acts
from backend.core.database.base import Base
from backend.core.database.engine import options, prepare
from backend.core.perform import perform
from backend.domains.territory import actions, queries
from backend.domains.territory.rules.areas import AreaShape, Level
from backend.domains.territory.rules.locate import Layer
from backend.entrypoints import models  # noqa: F401 - every table must be known

COLUMNS, ROWS = 200, 100
WEST, SOUTH, STEP = 120.0, 30.3, 0.002
DISTRICT, SINCE = "990101", dt.date(2026, 1, 1)
TARGET = 50_000


def mesh() -> NDArray[np.object_]:
    """COLUMNS by ROWS grids with wobbly shared edges of 12 vertices each: no gap, no overlap."""
    chance = np.random.default_rng(5)
    corners = np.stack(np.meshgrid(np.arange(COLUMNS + 1), np.arange(ROWS + 1), indexing="ij"), axis=-1).astype(float)
    corners[1:-1, 1:-1] += chance.uniform(-0.2, 0.2, (COLUMNS - 1, ROWS - 1, 2))
    corners = corners * STEP + [WEST, SOUTH]
    along = _edges(corners[:-1], corners[1:], chance)
    up = _edges(corners[:, :-1], corners[:, 1:], chance)
    rings = np.concatenate([along[:, :-1], up[1:], along[:, 1:, ::-1], up[:-1, :, ::-1]], axis=2).reshape(COLUMNS * ROWS, -1, 2)
    return np.asarray(shapely.polygons(rings), dtype=object)


def _edges(start: NDArray[np.float64], end: NDArray[np.float64], chance: np.random.Generator) -> NDArray[np.float64]:
    """Four points from corner to corner; the inner two off the straight line, on the lattice of a survey."""
    share = np.linspace(0, 1, 4)[:, None]
    points = start[..., None, :] * (1 - share) + end[..., None, :] * share
    points[..., 1:-1, :] += chance.uniform(-0.05, 0.05, points[..., 1:-1, :].shape) * STEP
    return np.round(points, 7)


def areas(grids: NDArray[np.object_]) -> list[AreaShape]:
    """The grids under 80 communities, 8 towns and one district, ready to import."""
    found: list[AreaShape] = []
    outer: dict[str, list[shapely.Geometry]] = {}
    for index, shape in enumerate(grids):
        column, row = divmod(index, ROWS)
        town = f"{DISTRICT}{column // 25 + 1:03d}"
        community = f"{town}{row // 10 + 1:03d}"
        code = f"{community}{column % 25 * 10 + row % 10 + 1:03d}"
        found.append(AreaShape(code, Level.GRID, code, community, shape, SINCE))
        for above in (community, town, DISTRICT):
            outer.setdefault(above, []).append(shape)
    for code, inner in outer.items():
        level = {6: Level.DISTRICT, 9: Level.TOWN, 12: Level.COMMUNITY}[len(code)]
        parent = None if level is Level.DISTRICT else code[:-3]
        found.append(AreaShape(code, level, code, parent, cast("Polygon | MultiPolygon", shapely.coverage_union_all(inner)), SINCE))
    return found


def run(*, quick: bool = False) -> list[Figure]:
    """Measure and print; the figures."""
    rounds, count, singles = (3, 20_000, 1_000) if quick else (9, 100_000, 5_000)
    grids = mesh()
    shapes = areas(grids)
    chance = np.random.default_rng(11)
    lons = chance.uniform(WEST + STEP, WEST + (COLUMNS - 1) * STEP, count)
    lats = chance.uniform(SOUTH + STEP, SOUTH + (ROWS - 1) * STEP, count)
    wkb = [(area.code, shapely.to_wkb(area.polygon)) for area in shapes if area.level is Level.GRID]
    outline = [(DISTRICT, shapely.to_wkb(next(area.polygon for area in shapes if area.level is Level.DISTRICT)))]
    layer = Layer(wkb, outline)
    points = np.asarray(shapely.points(lons, lats), dtype=object)
    tree = shapely.STRtree(grids)
    shapely.prepare(grids)
    tree.query(points[0])
    few = list(zip(lons[:singles].tolist(), lats[:singles].tolist(), strict=True))

    def bare_build() -> None:
        shapely.STRtree(shapely.from_wkb(np.array([text for _, text in wkb], dtype=object))).query(points[0])

    turns: dict[str, Callable[[int], object]] = {
        "bulk": lambda _: layer.locate_many(lons, lats),
        "bulk, bare": lambda _: tree.query(points, predicate="intersects"),
        "single": lambda _: [layer.locate(lon, lat) for lon, lat in few],
        "single, bare": lambda _: [tree.query(point, predicate="intersects") for point in points[:singles]],
        "build": lambda _: Layer(wkb, outline),
        "build, bare": lambda _: bare_build(),
    }
    seconds = measure.alternate(rounds, turns)
    found = layer.locate_many(lons, lats)
    lost = sum(one is None for one in found)
    differ = sum(one != layer.locate(lon, lat) for one, (lon, lat) in zip(found[:singles], few, strict=True))
    measure.say(f"{count:,} points inside: {lost} in no grid; one by one {differ} of {singles:,} answered otherwise than in bulk")
    imported, loaded = import_and_load(shapes)
    bulk, bare = middle(seconds["bulk"]), middle(seconds["bulk, bare"])
    single, bare_single = middle(seconds["single"]), middle(seconds["single, bare"])
    build, bare_build_s = middle(seconds["build"]), middle(seconds["build, bare"])
    figures = [
        Figure("bulk", count / bulk, "points/s", bare / bulk, "bare STRtree", TARGET),
        Figure("one point", single / singles * 1e6, "us", single / bare_single, "bare STRtree's time"),
        Figure(f"index {len(wkb):,} grids", build * 1e3, "ms", build / bare_build_s, "bare STRtree's time"),
        Figure("import, checked, committed", imported, "s"),
        Figure("renew in another process", loaded, "s"),
    ]
    measure.show(f"locate: {len(wkb):,} grids of 12 vertices, {rounds} rounds", figures)
    return figures


def import_and_load(shapes: list[AreaShape]) -> tuple[float, float]:
    """Seconds to import the areas into SQLite with all checks, and to read and index them afresh."""
    with house.folder("locate") as folder:
        url = f"sqlite:///{folder / 'locate.sqlite3'}"
        engine = sa.create_engine(url, **options(url))
        prepare(engine)
        Base.metadata.create_all(engine)
        clock = Base.metadata.tables["clock"]
        with engine.begin() as writer:
            writer.execute(sa.insert(clock), [{"id": 1, "epoch": "bench", "seq": 0, "head": bytes(32)}])
        session = Session(engine, autoflush=False, expire_on_commit=False)
        marks = [time.perf_counter()]
        perform(session, acts.begin(acts.SYSTEM), actions.import_areas, areas=shapes)
        marks.append(time.perf_counter())
        with Session(engine) as reader:
            queries.layer(reader)
        marks.append(time.perf_counter())
        session.close()
        engine.dispose()
    imported, loaded = (end - begin for begin, end in pairwise(marks))
    return imported, loaded


def main() -> None:
    """From the command line."""
    asked = measure.options(__doc__).parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick)


if __name__ == "__main__":
    main()
