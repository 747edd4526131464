"""What a picture says about itself, kept raw so that nothing is lost and nothing is guessed.

Tags of Exif 2.32 by number. Rationals stay pairs of integers. A time without an offset stays without one and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

_LONGEST = 200

_WORDS = {271: "make", 272: "model", 305: "software"}
_TIMES = {36867: "taken", 36868: "digitized", 306: "changed"}
_OFFSETS = {36867: 36881, 36868: 36882, 306: 36880}
_SUBSECONDS = {36867: 37521, 36868: 37522, 306: 37520}
_LATITUDE, _LONGITUDE, _ALTITUDE, _TIME, _DATUM, _METHOD, _DATE, _ERROR = 2, 4, 6, 7, 18, 27, 29, 31


def facts_of(main: Mapping[int, Any], exif: Mapping[int, Any], gps: Mapping[int, Any], *, orientation: int) -> dict[str, Any]:
    """`{orientation, make, model, software, times: {taken: {text, offset, subsecond}}, place: {…}}`; what is absent is left out.

    `main`, `exif`, `gps` are the three directories by tag number as a reader gives them; `orientation` is 1 to 8 as in the file.
    `text` is the camera's own (`2026:11:22 16:01:10`); `offset` is null where the camera did not write one: then it is not known.
    `place` has `lon`, `lat` in degrees (decimal), `raw` with each value as pairs of integers, and `datum` as the camera names it,
    else null.
    """
    facts: dict[str, Any] = {"orientation": orientation}
    facts |= {name: text for tag, name in _WORDS.items() if (text := _text(main.get(tag)))}
    times = {}
    for tag, name in _TIMES.items():
        text = _text(exif.get(tag)) or _text(main.get(tag))
        if text:
            times[name] = {"text": text, "offset": _text(exif.get(_OFFSETS[tag])), "subsecond": _text(exif.get(_SUBSECONDS[tag]))}
    if times:
        facts["times"] = times
    place = _place(gps)
    if place:
        facts["place"] = place
    return facts


def _place(gps: Mapping[int, Any]) -> dict[str, Any]:
    numbers = {"latitude": _LATITUDE, "longitude": _LONGITUDE, "altitude": _ALTITUDE, "time": _TIME, "error_m": _ERROR}
    raw: dict[str, Any] = {name: pairs for name, tag in numbers.items() if (pairs := _pairs(gps.get(tag)))}
    raw |= {
        name: text
        for name, tag in {"latitude_ref": 1, "longitude_ref": 3, "date": _DATE, "method": _METHOD}.items()
        if (text := _text(gps.get(tag)))
    }
    if not raw:
        return {}
    return {
        "lat": _degrees(raw.get("latitude"), raw.get("latitude_ref"), {"N": 1, "S": -1}, 90),
        "lon": _degrees(raw.get("longitude"), raw.get("longitude_ref"), {"E": 1, "W": -1}, 180),
        "datum": _text(gps.get(_DATUM)),
        "raw": raw,
    }


def _degrees(pairs: list[list[int]] | None, ref: str | None, signs: Mapping[str, int], most: int) -> float | None:
    """Decimal degrees from degrees, minutes, seconds; None where a part is missing, not a number or out of range."""
    sign = signs.get((ref or "").upper())
    if sign is None or not pairs or any(bottom == 0 for _, bottom in pairs):
        return None
    whole = sum((Fraction(top, bottom) / 60**place for place, (top, bottom) in enumerate(pairs[:3])), Fraction())
    return float(sign * whole) if 0 <= whole <= most else None


def _pairs(value: Any) -> list[list[int]]:
    """Rationals as `[[numerator, denominator], …]`; a value that holds none gives an empty list."""
    values = value if isinstance(value, tuple | list) else [value]
    found = []
    for one in values:
        top, bottom = getattr(one, "numerator", None), getattr(one, "denominator", None)
        if not isinstance(top, int) or not isinstance(bottom, int):
            return []
        found.append([top, bottom])
    return found


def _text(value: Any) -> str | None:
    """Printable text of at most 200 characters without the padding cameras write; None where there is none."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    text = "".join(letter for letter in value if letter.isprintable()).strip()[:_LONGEST]
    return text or None
