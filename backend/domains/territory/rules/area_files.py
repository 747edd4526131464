"""Area files: GeoJSON and CSV read into area shapes, with every fault of the file named by its place in it.

What is read is only what it claims to be: whether the areas fit together is for `areas.check_areas`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from backend.core.problems import Invalid
from backend.domains.territory.rules.areas import AreaShape, Level
from backend.domains.territory.rules.datums import Datum, to_wgs84

CSV_COLUMNS = ("code", "name", "level", "parent", "wkt", "valid_from", "valid_until", "note")
_NEEDED = ("code", "name", "level", "valid_from")
_LONGEST_CELL = 16 * 1024 * 1024  # characters: the outline of a district outgrows the csv module's 131,072
_DEGREES = ("CRS84", "4326", "4490")  # WGS-84, and CGCS2000 which equals it at this precision
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class TerritoryUnreadable(Invalid):
    """An area file that cannot be read as areas; `errors` points into the file (`/features/3/properties/code`, `/rows/3/wkt`)."""

    slug = "territory_unreadable"
    title = "The area file cannot be read"
    title_zh = "区域文件无法读取"
    way_out = (
        "Send a GeoJSON FeatureCollection (properties code, name, level, parent, valid_from; optional valid_until, note, illustrative) "
        "or a CSV with the columns code,name,level,parent,wkt,valid_from,valid_until,note; nothing was changed."
    )
    way_out_zh = (
        "请提交 GeoJSON FeatureCollection(属性 code、name、level、parent、valid_from，可选 valid_until、note、illustrative)"
        "或列为 code,name,level,parent,wkt,valid_from,valid_until,note 的 CSV；数据未作任何改动。"
    )


class _WrongShapeError(ValueError):
    """A geometry that is no polygon; becomes one line of a TerritoryUnreadable."""


_Errors = list[tuple[str, str]]


def areas_from_geojson(document: object, *, datum: Datum = Datum.WGS84) -> list[AreaShape]:
    """The areas of a GeoJSON FeatureCollection (already decoded), in its order, converted to WGS-84 from `datum`.

    Properties beyond the known ones are let be: GIS programs write their own. Raises TerritoryUnreadable with every fault found.
    """
    if not isinstance(document, Mapping) or document.get("type") != "FeatureCollection" or not isinstance(document.get("features"), list):
        raise TerritoryUnreadable(
            "the document is no GeoJSON FeatureCollection", errors=[("", "no FeatureCollection with a list of features")]
        )
    errors: _Errors = []
    if document.get("crs") is not None and not any(name in str(document["crs"]) for name in _DEGREES):
        errors.append(("/crs", "the coordinates must be degrees (CRS84, EPSG:4326 or EPSG:4490)"))
    areas = []
    for place, feature in enumerate(document["features"]):
        at = f"/features/{place}"
        properties = feature.get("properties") if isinstance(feature, Mapping) else None
        if not isinstance(feature, Mapping) or feature.get("type") != "Feature" or not isinstance(properties, Mapping):
            errors.append((at, "no Feature with properties"))
            continue
        polygon = None
        try:
            polygon = _polygon_of(feature.get("geometry"))
        except _WrongShapeError as wrong:
            errors.append((f"{at}/geometry", str(wrong)))
        area = _area(properties, polygon, datum, f"{at}/properties", errors)
        if area is not None:
            areas.append(area)
    _refuse(errors, areas)
    return areas


def areas_from_csv(text: str, *, datum: Datum = Datum.WGS84) -> list[AreaShape]:
    """The areas of a CSV text with the columns CSV_COLUMNS (a header, any order; `wkt` a POLYGON or MULTIPOLYGON, empty = none).

    Rows count from 1 after the header. Converted to WGS-84 from `datum`. Raises TerritoryUnreadable with every fault found.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    errors: _Errors = []
    areas = []
    place = 0
    try:
        missing = [column for column in CSV_COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise TerritoryUnreadable(
                f"columns missing: {', '.join(missing)}", errors=[(f"/columns/{column}", "the column is missing") for column in missing]
            )
        for place, row in enumerate(rows, start=1):
            at = f"/rows/{place}"
            if None in row or None in row.values():
                errors.append((at, f"the row has not the {len(rows.fieldnames or ())} cells of the header"))
                continue
            polygon = None
            try:
                polygon = _polygon_of_wkt(row["wkt"])
            except _WrongShapeError as wrong:
                errors.append((f"{at}/wkt", str(wrong)))
            area = _area({key: value or None for key, value in row.items()}, polygon, datum, at, errors)
            if area is not None:
                areas.append(area)
    except csv.Error as wrong:
        errors.append((f"/rows/{place + 1}", f"no well-formed CSV: {wrong}"))
    _refuse(errors, areas)
    return areas


def _refuse(errors: _Errors, areas: list[AreaShape]) -> None:
    if errors:
        detail = "; ".join(f"{pointer} {why}" for pointer, why in errors[:5])
        raise TerritoryUnreadable(detail + (f"; and {len(errors) - 5} more" if len(errors) > 5 else ""), errors=errors)
    if not areas:
        raise TerritoryUnreadable("the file holds no area", errors=[("", "the file holds no area")])


def _area(fields: Mapping[str, Any], polygon: Polygon | MultiPolygon | None, datum: Datum, at: str, errors: _Errors) -> AreaShape | None:
    """One area, or None after its faults have been added to `errors`."""
    before = len(errors)
    errors.extend((f"{at}/{field}", "is missing") for field in _NEEDED if fields.get(field) in (None, ""))
    texts: dict[str, str | None] = {}
    for field in ("code", "name", "level", "parent", "valid_from", "valid_until", "note"):
        value = fields.get(field)
        if value is not None and not isinstance(value, str):
            errors.append((f"{at}/{field}", f"must be a text, not {type(value).__name__}"))
        texts[field] = value.strip() or None if isinstance(value, str) else None
    level = texts["level"]
    if level is not None and level not in set(Level):
        errors.append((f"{at}/level", f"is {level[:40]!r}, not one of {', '.join(Level)}"))
    since, until = (_day(texts[field], f"{at}/{field}", errors) for field in ("valid_from", "valid_until"))
    illustrative = fields.get("illustrative") or False
    if not isinstance(illustrative, bool) and illustrative not in ("true", "false"):
        errors.append((f"{at}/illustrative", "must be true or false"))
    if len(errors) > before or polygon is None or since is None or level is None:
        return None
    return AreaShape(
        code=texts["code"] or "",
        level=Level(level),
        name=texts["name"] or "",
        parent=texts["parent"],
        polygon=_in_wgs84(polygon, datum),
        valid_from=since,
        valid_until=until,
        note=texts["note"] or "",
        illustrative=illustrative in (True, "true"),
    )


def _day(text: str | None, at: str, errors: _Errors) -> dt.date | None:
    if text is None:
        return None
    try:
        # The day must be written out: fromisoformat alone also takes 20260131 and 2026-W05-6.
        return dt.date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        errors.append((at, f"is {text[:40]!r}, not a day such as 2026-01-31"))
        return None


def _in_wgs84(polygon: Polygon | MultiPolygon, datum: Datum) -> Polygon | MultiPolygon:
    if datum is Datum.WGS84:
        return polygon
    converted: Polygon | MultiPolygon = shapely.transform(
        polygon, lambda points: np.array([to_wgs84(float(x), float(y), datum) for x, y in points])
    )
    return converted


def _polygon_of(geometry: object) -> Polygon | MultiPolygon:
    """The polygon of a GeoJSON geometry. Unlike shapely's own reader it closes no ring by itself: an open ring is a fault."""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or kind not in ("Polygon", "MultiPolygon"):
        raise _WrongShapeError(f"is {kind or 'no geometry'}, not a Polygon or MultiPolygon")
    coordinates = geometry.get("coordinates")
    members = coordinates if kind == "MultiPolygon" else [coordinates]
    if not isinstance(members, list) or not members:
        raise _WrongShapeError("has no coordinates")
    polygons = []
    for member in members:
        if not isinstance(member, list) or not member:
            raise _WrongShapeError("has a polygon without rings")
        shell, *holes = (_ring(ring) for ring in member)
        polygons.append(Polygon(shell, holes))
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def _ring(ring: object) -> list[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) < 4:
        raise _WrongShapeError("has a ring of fewer than four positions")
    points = []
    for position in ring:
        numbers = position[:2] if isinstance(position, list) else []
        if len(numbers) < 2 or any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
            raise _WrongShapeError("has a position that is no pair of numbers")
        lon, lat = numbers
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # also refuses NaN and the infinite
            raise _WrongShapeError("has a position outside -180..180, -90..90 degrees")
        points.append((float(lon), float(lat)))
    if points[0] != points[-1]:
        raise _WrongShapeError(f"has an unclosed ring: it begins at {points[0]} and ends at {points[-1]}")
    return points


def _polygon_of_wkt(text: str) -> Polygon | MultiPolygon:
    try:
        shape = shapely.force_2d(shapely.from_wkt(text.strip()))
    except shapely.errors.ShapelyError as wrong:
        raise _WrongShapeError(f"cannot be read as WKT: {str(wrong)[:120]}") from wrong
    if not isinstance(shape, Polygon | MultiPolygon):
        raise _WrongShapeError(f"is {shape.geom_type}, not a POLYGON or MULTIPOLYGON")
    if shape.is_empty:
        raise _WrongShapeError("has no coordinates")
    if not all(math.isfinite(edge) for edge in shape.bounds):
        raise _WrongShapeError("has a position that is no finite number")
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise _WrongShapeError("has a position outside -180..180, -90..90 degrees")
    return shape
