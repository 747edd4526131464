"""Datums: WGS-84 in and out of GCJ-02 and BD-09, and the check of a place as received.

Source: the published reverse-engineered formulas of GCJ-02 (Krasovsky 1940 ellipsoid) and Baidu's second shift on top of it. No official
text exists; independent implementations agree within a centimetre.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

from backend.core.problems import Invalid


class Datum(StrEnum):
    """What the numbers of a place refer to. CGCS2000 (Tianditu, national data) counts as WGS-84 at this precision."""

    WGS84 = "WGS-84"
    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


_NAMED = {member.value: member for member in Datum}


class Rectangle(NamedTuple):
    """Degrees: west <= lon <= east, south <= lat <= north."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Whether the point lies in the rectangle or on its edge."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


# The published rectangle within which GCJ-02 shifts. It is coarse: Hong Kong, Macao, Taiwan and parts of the neighbouring countries lie
# inside it although maps there are not shifted. A city at such an edge passes its own rectangle; for Linping it makes no difference.
CHINA = Rectangle(west=72.004, south=0.8293, east=137.8347, north=55.8271)

_AXIS = 6378245.0  # Krasovsky 1940, metres
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU = math.pi * 3000.0 / 180.0
_SETTLED = 1e-10  # degrees, about 0.01 mm
_ROUNDS = 12  # four are enough for 0.001 mm within China; the rest is for the far edges


class PlaceAbsurd(Invalid):
    """A coordinate is no finite number of degrees on the globe."""

    slug = "place_absurd"
    title = "The place is not on the globe"
    title_zh = "坐标无效"
    way_out = "Send lon within -180..180 and lat within -90..90 as decimal degrees, longitude and latitude not swapped."
    way_out_zh = "请以十进制度发送经度(-180..180)和纬度(-90..90)，并确认经纬度没有颠倒。"


class DatumUnknown(Invalid):
    """The datum named is not one that can be converted."""

    slug = "unknown_datum"
    title = "The datum is unknown"
    title_zh = "未知的坐标系"
    way_out = "Name the datum as WGS-84, GCJ-02 or BD-09; send CGCS2000 as WGS-84, which equals it at this precision."
    way_out_zh = "坐标系请填写 WGS-84、GCJ-02 或 BD-09；CGCS2000 请按 WGS-84 填写。"


def check_place(lon: object, lat: object, datum: object, *, at: str = "") -> tuple[float, float, Datum]:
    """The place as `(lon, lat, datum)`, in degrees of that datum, once it is sure that it can be one.

    `at` is the JSON pointer of the object that holds the fields `lon`, `lat` and `datum`. Raises PlaceAbsurd (not a number, NaN, infinite,
    out of range) or DatumUnknown; where both are wrong, one PlaceAbsurd lists every field.
    """
    wrong = [(f"{at}/{field}", why) for field, why in (("lon", _fault(lon, 180)), ("lat", _fault(lat, 90))) if why]
    chosen = _NAMED.get(datum) if isinstance(datum, str) else None
    unknown = [] if chosen else [(f"{at}/datum", f"datum is {_shown(datum)}, not one of {', '.join(_NAMED)}")]
    if wrong:
        raise PlaceAbsurd("; ".join(f"{pointer.rsplit('/', 1)[1]} {why}" for pointer, why in wrong), errors=[*wrong, *unknown])
    if chosen is None:
        raise DatumUnknown(unknown[0][1], errors=unknown)
    assert isinstance(lon, int | float) and isinstance(lat, int | float)  # noqa: PT018 - for the type checker; _fault has refused the rest
    return float(lon), float(lat), chosen


def known_datum(datum: str) -> Datum:
    """The datum of this name. Raises DatumUnknown."""
    if datum not in _NAMED:
        why = f"datum is {_shown(datum)}, not one of {', '.join(_NAMED)}"
        raise DatumUnknown(why, errors=[("/datum", why)])
    return _NAMED[datum]


def _fault(value: object, limit: int) -> str | None:
    """What is wrong with a coordinate, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {_shown(value)}, not a number of degrees"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}, not a finite number of degrees"
    if not -limit <= value <= limit:
        return f"is {_shown(value)}, outside -{limit}..{limit} degrees"
    return None


def _shown(value: object) -> str:
    """The value as it may be quoted in a detail; an endless one is cut."""
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**20 else "a number beyond 10^20"
    return text if len(text) <= 40 else f"{text[:40]}…"


def from_wgs84(lon: float, lat: float, datum: Datum, *, shifted: Rectangle = CHINA) -> tuple[float, float]:
    """A WGS-84 point in another datum: degrees in, degrees out. Outside the rectangle `shifted` GCJ-02 equals WGS-84."""
    if datum is Datum.WGS84:
        return lon, lat
    if shifted.holds(lon, lat):
        lon, lat = _gcj02(lon, lat)
    return _bd09(lon, lat) if datum is Datum.BD09 else (lon, lat)


def to_wgs84(lon: float, lat: float, datum: Datum, *, shifted: Rectangle = CHINA) -> tuple[float, float]:
    """A point of another datum in WGS-84: degrees in, degrees out, the inverse of `from_wgs84` to well below a millimetre.

    The shift changes so slowly that adding what is missing converges at once: one round leaves about a metre, two a millimetre. Only
    within some 500 m of the rectangle's edge, where the shift breaks off, there is no inverse to find; the last round's answer is given.
    """
    if datum is Datum.WGS84:
        return lon, lat
    x, y = lon, lat
    for _ in range(_ROUNDS):
        there_x, there_y = from_wgs84(x, y, datum, shifted=shifted)
        miss_x, miss_y = lon - there_x, lat - there_y
        x, y = x + miss_x, y + miss_y
        if abs(miss_x) < _SETTLED and abs(miss_y) < _SETTLED:
            break
    return x, y


def _gcj02(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    sin, pi, root = math.sin, math.pi, math.sqrt(abs(x))
    ripple = 20.0 * sin(6.0 * pi * x) + 20.0 * sin(2.0 * pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (ripple + 20.0 * sin(pi * y) + 40.0 * sin(pi * y / 3.0) + 160.0 * sin(pi * y / 12.0) + 320.0 * sin(pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (ripple + 20.0 * sin(pi * x) + 40.0 * sin(pi * x / 3.0) + 150.0 * sin(pi * x / 12.0) + 300.0 * sin(pi * x / 30.0)) * 2.0 / 3.0
    magic = 1.0 - _ECCENTRICITY_SQUARED * sin(math.radians(lat)) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY_SQUARED) / magic**1.5
    parallel = _AXIS / math.sqrt(magic) * math.cos(math.radians(lat))
    return lon + math.degrees(east / parallel), lat + math.degrees(north / meridian)


def _bd09(lon: float, lat: float) -> tuple[float, float]:
    reach = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BAIDU)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BAIDU)
    return reach * math.cos(angle) + 0.0065, reach * math.sin(angle) + 0.006
