"""Local metres: a flat picture of a few kilometres, so that lengths and areas come out in metres.

Degrees are scaled by the radii of curvature of WGS-84 at one latitude (equirectangular). Distances below 1 km from that latitude are right
to a few centimetres; areas over a district of 25 km to about 0.2 %.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

_AXIS = 6378137.0  # WGS-84, metres
_ECCENTRICITY_SQUARED = 0.00669437999014
_NEARLY_POLE = 89.9  # a degree of longitude must not shrink to nothing


class LocalMetres(NamedTuple):
    """Metres per degree to the east and to the north, at one latitude."""

    east: float
    north: float

    @classmethod
    def at(cls, lat: float) -> LocalMetres:
        """The scale at a latitude in degrees."""
        angle = math.radians(max(-_NEARLY_POLE, min(_NEARLY_POLE, lat)))
        bend = 1.0 - _ECCENTRICITY_SQUARED * math.sin(angle) ** 2
        return cls(
            east=math.radians(_AXIS / math.sqrt(bend) * math.cos(angle)),
            north=math.radians(_AXIS * (1.0 - _ECCENTRICITY_SQUARED) / bend**1.5),
        )

    def flatten(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Shapes in degrees as shapes in metres (from the origin of the degrees)."""
        scale = np.array([self.east, self.north])
        flat: NDArray[np.object_] = shapely.transform(shapes, lambda points: points * scale)
        return flat

    def unflatten(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Shapes in metres back in degrees."""
        scale = np.array([self.east, self.north])
        round_again: NDArray[np.object_] = shapely.transform(shapes, lambda points: points / scale)
        return round_again
