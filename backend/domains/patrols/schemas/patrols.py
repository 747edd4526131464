"""What a phone sends about a patrol."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from backend.core.validation import Moment

_POINT = {
    "type": "array",
    "minItems": 4,
    "maxItems": 4,
    "items": {"type": ["number", "string", "null"]},
    "description": "lon, lat, accuracy_m or null, at (RFC 3339)",
}


class TrackPoint(fields.Field[list[object]]):
    """`[lon, lat, accuracy_m, at]`: degrees, metres or null, RFC 3339 with an offset."""

    _at = Moment()

    def _deserialize(self, value: object, attr: object, data: object, **kwargs: object) -> list[object]:  # noqa: ARG002 - marshmallow's
        if not isinstance(value, list) or len(value) != 4:
            raise ValidationError("a point is [lon, lat, accuracy_m, at]")
        lon, lat, accuracy, at = value
        numbers = [lon, lat] if accuracy is None else [lon, lat, accuracy]
        if any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
            raise ValidationError("lon, lat and accuracy_m are numbers")
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ValidationError("lon is within ±180 and lat within ±90")
        moment = self._at.deserialize(at)
        if moment is None:
            raise ValidationError("at is RFC 3339 with an offset")
        return [lon, lat, accuracy, moment.isoformat()]


class OpenPatrol(Schema):
    """`d` of open_patrol: a shift begins."""

    planned = fields.UUID(load_default=None, allow_none=True, metadata={"description": "the planned patrol, if it follows one"})


class AppendTrack(Schema):
    """`d` of append_track: at most 500 points; the same chunk twice changes nothing."""

    chunk = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=1_000_000),
        metadata={"description": "counts the chunks of this patrol"},
    )
    datum = fields.String(required=True, validate=validate.OneOf(["WGS-84", "GCJ-02", "BD-09"]))
    points = fields.List(TrackPoint(metadata=_POINT), required=True, validate=validate.Length(min=1, max=500))


class ClosePatrol(Schema):
    """`d` of close_patrol: the shift ends. `visited` are grids (15 digits) and road codes, also where nothing was found."""

    visited = fields.List(fields.String(validate=validate.Length(min=1, max=40)), required=True, validate=validate.Length(max=2000))
