"""The `d` of the operations that phones send about a finding; the desk amends and adds notes with the same."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment

_TEXT = validate.Length(max=2000)
_SHORT = validate.Length(max=200)


class Category(Schema):
    """`{kind, code, edition?}` of the catalogue."""

    kind = fields.String(required=True, validate=validate.OneOf(["component", "event"]))
    code = fields.String(required=True, validate=validate.Length(min=1, max=20))
    edition = fields.Integer(strict=True, load_default=None, allow_none=True)


class Place(Schema):
    """A point as the phone had it. `datum` is required; range and datum are checked by the rule that converts it."""

    lon = fields.Float(required=True, allow_nan=True)
    lat = fields.Float(required=True, allow_nan=True)
    datum = fields.String(required=True)
    accuracy_m = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0, max=1_000_000))
    provider = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    fix_age_s = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0))
    mock = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})


class Photo(Schema):
    """A photo declared: its bytes travel apart, under their SHA-256. Too large or of a wrong type refuses the bytes, not the record."""

    id = fields.UUID(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}$", error="64 lower-case hexadecimal digits"))
    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=2**40))
    mime = fields.String(required=True, validate=validate.Length(min=1, max=100))
    role = fields.String(required=True, validate=validate.OneOf(["before", "after", "scene"]))
    taken_at = Moment(load_default=None, allow_none=True)


class RecordFinding(Schema):
    """`d` of record_finding."""

    patrol = fields.UUID(load_default=None, allow_none=True)
    category = fields.Nested(Category(), required=True)
    condition = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    asset = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    address = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    place = fields.Nested(Place(), required=True)
    severity = fields.Integer(strict=True, load_default=1, validate=validate.OneOf([1, 2, 3]))
    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    photos = fields.List(fields.Nested(Photo()), load_default=list, validate=validate.Length(max=20))


class _Category(Schema):
    seen = fields.Nested(Category(), required=True, allow_none=True)
    value = fields.Nested(Category(), required=True)


class _Condition(Schema):
    seen = fields.Integer(strict=True, required=True, allow_none=True)
    value = fields.Integer(strict=True, required=True, allow_none=True, validate=validate.Range(min=1))


class _Short(Schema):
    seen = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True, validate=_SHORT)


class _Text(Schema):
    seen = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True, validate=_TEXT)


class _Place(Schema):
    seen = fields.Nested(Place(), required=True, allow_none=True)
    value = fields.Nested(Place(), required=True)


class _Severity(Schema):
    seen = fields.Integer(strict=True, required=True, allow_none=True)
    value = fields.Integer(strict=True, required=True, validate=validate.OneOf([1, 2, 3]))


class _Amendable(Schema):
    category = fields.Nested(_Category())
    condition = fields.Nested(_Condition())
    asset = fields.Nested(_Short())
    address = fields.Nested(_Short())
    place = fields.Nested(_Place())
    severity = fields.Nested(_Severity())
    note = fields.Nested(_Text())


class AmendFinding(Schema):
    """`d` of amend_finding: changed fields only, each with the value seen."""

    fields_ = fields.Nested(_Amendable(), required=True, data_key="fields")


class WithdrawFinding(Schema):
    """`d` of withdraw_finding."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class RetractPhoto(Schema):
    """`d` of retract_photo: an own photo that is not to count."""

    photo = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class AddNote(Schema):
    """`d` of add_note."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=2000))
