"""What a Chinese map SDK does to a place: the sensor's WGS-84 comes out as GCJ-02, about 500 m off in Hangzhou.

A phone never converts back. It sends what it has and names the datum; the server converts once.
"""

from __future__ import annotations

from math import cos, pi, sin, sqrt

_AXIS_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323


def gcj02(lon: float, lat: float) -> tuple[float, float]:
    """A WGS-84 place in mainland China, in degrees, as a map SDK shows it."""
    x, y = lon - 105.0, lat - 35.0
    waves = 20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (waves + 20 * sin(y * pi) + 40 * sin(y / 3 * pi) + 160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (waves + 20 * sin(x * pi) + 40 * sin(x / 3 * pi) + 150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    slope = 1 - _ECCENTRICITY_2 * sin(lat * pi / 180) ** 2
    metres_north = _AXIS_M * (1 - _ECCENTRICITY_2) / slope**1.5 * pi / 180
    metres_east = _AXIS_M / sqrt(slope) * cos(lat * pi / 180) * pi / 180
    return lon + east / metres_east, lat + north / metres_north
