"""What is asked of the territory and how it is shown. Fields are listed one by one."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.territory.rules.areas import Level
from backend.domains.territory.rules.documents import BESIDE_M, NOWHERE

_AT = {"description": "The moment asked about, with an offset; now where it is absent"}
_CODE = validate.Regexp(r"^[0-9]{6,15}$", error="6 to 15 digits")


class _PageQuery(Schema):
    """A page of a list: `next` of the page before as `cursor`."""

    at = Moment(load_default=None, metadata=_AT)
    cursor = fields.String(load_default=None, validate=validate.Length(max=400))
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=1000))


class AreasQuery(_PageQuery):
    """Filters of the list of areas."""

    level = fields.String(load_default=None, validate=validate.OneOf([level.value for level in Level]))
    parent = fields.String(load_default=None, validate=_CODE)
    geometry = fields.Boolean(load_default=False, metadata={"description": "With polygons; pages are then at most 200 long"})


class RoadsQuery(_PageQuery):
    """Which roads."""


class AreaQuery(Schema):
    """When the area is asked about."""

    at = Moment(load_default=None, metadata=_AT)


class LocateQuery(Schema):
    """A point. `datum` is never guessed: GCJ-02 lies about 500 m off and changes the grid. Range and datum are checked by the rule."""

    lon = fields.Float(required=True, allow_nan=True, metadata={"description": "Degrees, -180 to 180, in `datum`"})
    lat = fields.Float(required=True, allow_nan=True, metadata={"description": "Degrees, -90 to 90, in `datum`"})
    datum = fields.String(required=True, metadata={"description": "WGS-84, GCJ-02 or BD-09"})
    at = Moment(load_default=None, metadata=_AT)


class ImportQuery(Schema):
    """What the coordinates of the file refer to."""

    datum = fields.String(load_default="WGS-84", metadata={"description": "WGS-84, GCJ-02 or BD-09"})


class AreaProperties(Schema):
    """An area as told. In force from the day `valid_from` until the day before `valid_until` (null: without end), Asia/Shanghai."""

    code = fields.String()
    level = fields.String(validate=validate.OneOf([level.value for level in Level]))
    name = fields.String()
    parent = fields.String(allow_none=True)
    valid_from = fields.String(metadata={"format": "date"})
    valid_until = fields.String(allow_none=True, metadata={"format": "date"})
    illustrative = fields.Boolean(metadata={"description": "Whether the border is no surveyed one"})
    note = fields.String()


class AreaDoc(AreaProperties):
    """An area, with its polygon where it was asked for."""

    geometry = fields.Raw(metadata={"type": "object", "description": "GeoJSON, WGS-84", "sometimes": True})


class AreasPage(Schema):
    """A page of areas in order of their codes."""

    items = fields.List(fields.Nested(AreaDoc()))
    next = fields.String(allow_none=True)


class AreaFeature(Schema):
    """An area as a GeoJSON Feature."""

    type = fields.String(validate=validate.Equal("Feature"), metadata={"enum": ["Feature"]})
    id = fields.String()
    properties = fields.Nested(AreaProperties())
    geometry = fields.Raw(metadata={"type": "object", "description": "GeoJSON Polygon or MultiPolygon, WGS-84"})


class RoadDoc(Schema):
    """A section of a road with its GeoJSON line in WGS-84."""

    code = fields.String()
    name = fields.String()
    section = fields.Integer()
    valid_from = fields.String(metadata={"format": "date"})
    valid_until = fields.String(allow_none=True, metadata={"format": "date"})
    illustrative = fields.Boolean()
    note = fields.String()
    geometry = fields.Raw(metadata={"type": "object"})


class RoadsPage(Schema):
    """A page of road segments in order of their codes."""

    items = fields.List(fields.Nested(RoadDoc()))
    next = fields.String(allow_none=True)


class AreaName(Schema):
    """Code and name of an area."""

    code = fields.String()
    name = fields.String(allow_none=True)


class LocatedAreas(Schema):
    """The grid that holds a point, and all areas above it."""

    grid = fields.Nested(AreaName())
    community = fields.Nested(AreaName())
    town = fields.Nested(AreaName())
    district = fields.Nested(AreaName())


class RoadBeside(Schema):
    """A road segment beside a point."""

    code = fields.String()
    name = fields.String()
    section = fields.Integer()
    distance_m = fields.Float()


class LocateAnswer(Schema):
    """Where a point is."""

    wgs84 = fields.List(fields.Float(), metadata={"description": "lon, lat"})
    at = fields.AwareDateTime()
    located = fields.Nested(LocatedAreas(), allow_none=True)
    reason = fields.String(allow_none=True, validate=validate.OneOf(list(NOWHERE)), metadata={"description": "Why it is in no grid"})
    reason_zh = fields.String(allow_none=True)
    reason_en = fields.String(allow_none=True)
    roads = fields.List(fields.Nested(RoadBeside()), metadata={"description": f"Within {BESIDE_M:.0f} m, the nearest first"})


class ImportAnswer(Schema):
    """What an import changed: versions put in force, versions ended, areas that were there already, and the puts by level."""

    imported = fields.Integer()
    ended = fields.Integer()
    unchanged = fields.Integer()
    levels = fields.Dict(keys=fields.String(), values=fields.Integer())
