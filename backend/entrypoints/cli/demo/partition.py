"""Dividing ground: a seeded Voronoi partition in local metres, and the exact coverage made of its cells. Pure and deterministic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

Ground = Polygon | MultiPolygon
Density = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Points in metres (n, 2) to how many cells per area are wanted there, relatively, at most 1."""

LATTICE = 1e-7  # degrees, about a centimetre: every vertex of the coverage lies on it
_PLASTIC = 1.2207440846057596  # root of x^4 = x + 1: its powers spread points evenly over three dimensions, without chance
_ROUNDS = 8  # of moving each seed to the middle of its cell
_SAMPLES = 60  # points per cell
_SEAM = 1e-6  # metres: an attached part overlaps its new owner by this, which the lattice swallows


def spread(ground: Ground, count: int, density: Density) -> NDArray[np.float64]:
    """`count` seeds (count, 2) in the ground, close together where the density is high, in whole metres."""
    samples = _sampled(ground, count * _SAMPLES, density)
    seeds = samples[:count].copy()
    for _ in range(_ROUNDS):
        nearest = np.argmin(((samples[:, None, :] - seeds[None, :, :]) ** 2).sum(axis=2), axis=1)
        for cell in range(count):
            members = samples[nearest == cell]
            if len(members):
                # To whole metres, so that the last bits of a sum, which differ between processors, cannot matter.
                seeds[cell] = np.round(members.mean(axis=0))
    return seeds


def weight(ground: Ground, density: Density) -> float:
    """The density summed over the ground, for sharing a number of cells between several grounds."""
    inside = _sampled(ground, 200, None)
    return float(round(density(inside).mean() * ground.area))


def _sampled(ground: Ground, count: int, density: Density | None) -> NDArray[np.float64]:
    """`count` points of an even sequence that lie in the ground, thinned to the density where one is given."""
    west, south, east, north = ground.bounds
    shapely.prepare(ground)
    taken: list[NDArray[np.float64]] = []
    start, total = 1, 0
    while total < count:
        steps = np.arange(start, start + 4 * count)[:, None] * _PLASTIC ** -np.array([1.0, 2.0, 3.0])
        unit = (0.5 + steps) % 1.0
        points = np.column_stack([west + unit[:, 0] * (east - west), south + unit[:, 1] * (north - south)])
        keep = shapely.contains_xy(ground, points[:, 0], points[:, 1])
        if density is not None:
            keep &= unit[:, 2] < density(points)
        taken.append(points[keep])
        start, total = start + 4 * count, total + int(keep.sum())
    return np.concatenate(taken)[:count]


def divide(ground: Ground, seeds: NDArray[np.float64], owners: Sequence[int]) -> list[Ground]:
    """The ground divided among owners 0..n: each gets what is nearest to one of its seeds (`owners[i]` owns seed i).

    A part cut off by the outline goes to the owner beside it, so that every share is one piece.
    """
    west, south, east, north = ground.bounds
    reach = shapely.box(west, south, east, north).buffer(math.hypot(east - west, north - south))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=reach, ordered=True))
    whole: list[Polygon] = []
    strays: list[tuple[int, Polygon]] = []
    for owner in range(max(owners) + 1):
        share = shapely.union_all([cell for cell, its in zip(cells, owners, strict=True) if its == owner]).intersection(ground)
        parts = sorted((part for part in shapely.get_parts(share) if isinstance(part, Polygon)), key=lambda part: -part.area)
        whole.append(parts[0])
        strays += [(owner, part) for part in parts[1:]]
    shares: list[Ground] = list(whole)
    for owner, part in sorted(strays, key=lambda stray: -stray[1].area):
        rim = part.buffer(0.01)
        beside = [0.0 if other == owner else round(rim.intersection(share).area, 6) for other, share in enumerate(shares)]
        best = max(range(len(shares)), key=lambda other: beside[other])
        shares[best] = as_ground(shapely.union(shares[best], part.buffer(_SEAM, join_style="mitre")))
    return shares


def coverage(cells: NDArray[np.object_]) -> list[Ground]:
    """The cells (in degrees, neighbours equal but for rounding) as an exact coverage: each shared edge has the same vertices on both sides.

    All borders are noded together on the lattice, and the faces between them are given back to the cells.
    """
    lines = shapely.union_all(shapely.boundary(cells), grid_size=LATTICE)
    faces = shapely.get_parts(shapely.polygonize([lines]))
    inner = shapely.point_on_surface(faces)
    tree = shapely.STRtree(cells)
    owner = np.full(len(faces), len(cells), dtype=np.intp)
    face, cell = tree.query(inner, predicate="intersects")
    np.minimum.at(owner, face, cell)
    owned = np.flatnonzero(owner < len(cells))  # a face of none is a hole of the outline
    groups: list[list[Polygon]] = [[] for _ in cells]
    for index in owned.tolist():
        groups[owner[index]].append(faces[index])
    return [merged(group) for group in groups]


def merged(group: Sequence[Ground]) -> Ground:
    """The union of members of an exact coverage, itself exact."""
    return group[0] if len(group) == 1 else as_ground(shapely.coverage_union_all(group))


def as_ground(shape: shapely.Geometry) -> Ground:
    """The shape, once it is sure that it is ground and not a line or a mixture."""
    if not isinstance(shape, Polygon | MultiPolygon):
        raise TypeError(f"{type(shape).__name__} is no ground")
    return shape
