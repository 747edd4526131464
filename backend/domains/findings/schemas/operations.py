"""The `d` of the operations that phones send about a finding; the desk amends and adds notes with the same."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment

PHOTO_ROLES = ("before", "after", "scene", "verification")
_TEXT = validate.Length(max=2000)
_SHORT = validate.Length(max=200)


class Category(Schema):
    """`{kind, code, edition?}` of the catalogue."""

    kind = fields.String(required=True, validate=validate.OneOf(["component", "event"]), metadata={"named": "CategoryKind"})
    code = fields.String(required=True, validate=validate.Length(min=1, max=20))
    edition = fields.Integer(strict=True, load_default=None, allow_none=True)


class Place(Schema):
    """A point as the phone had it. `datum` is required; range and datum are checked by the rule that converts it."""

    lon = fields.Float(required=True, allow_nan=True, metadata={"description": "degrees"})
    lat = fields.Float(required=True, allow_nan=True, metadata={"description": "degrees"})
    datum = fields.String(required=True, metadata={"description": "WGS-84, GCJ-02 or BD-09: what the numbers are in"})
    accuracy_m = fields.Float(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=1_000_000),
        metadata={"description": "radius in metres, as the sensor says"},
    )
    provider = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=40), metadata={"description": "gnss, network, map …"}
    )
    fix_age_s = fields.Float(
        load_default=None, allow_none=True, validate=validate.Range(min=0), metadata={"description": "seconds since the fix"}
    )
    mock = fields.Boolean(
        load_default=None,
        allow_none=True,
        truthy={True},
        falsy={False},
        metadata={"description": "whether the platform says that the place is simulated"},
    )


class Photo(Schema):
    """A photo declared: its bytes travel apart, under their SHA-256. Too large or of a wrong type refuses the bytes, not the record."""

    id = fields.UUID(required=True)
    sha256 = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{64}$", error="64 lower-case hexadecimal digits"),
        metadata={"description": "of the bytes; they are delivered under it"},
    )
    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=2**40))
    mime = fields.String(required=True, validate=validate.Length(min=1, max=100))
    role = fields.String(required=True, validate=validate.OneOf(PHOTO_ROLES))
    taken_at = Moment(load_default=None, allow_none=True, metadata={"description": "by the phone's clock"})


class RecordFinding(Schema):
    """`d` of record_finding: something is wrong here. Neither a place outside the district nor missing photos refuse it."""

    patrol = fields.UUID(load_default=None, allow_none=True, metadata={"description": "the open patrol, if any"})
    category = fields.Nested(Category(), required=True)
    condition = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1),
        metadata={"description": "number of the filing condition within the category; null: the desk decides"},
    )
    asset = fields.String(
        load_default=None, allow_none=True, validate=_SHORT, metadata={"description": "code of the component, where it has one"}
    )
    address = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    place = fields.Nested(Place(), required=True)
    severity = fields.Integer(
        strict=True,
        load_default=1,
        validate=validate.OneOf([1, 2, 3]),
        metadata={"description": "1 low, 2 medium, 3 danger: sorts, never moves a deadline", "named": "Severity"},
    )
    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    photos = fields.List(fields.Nested(Photo()), load_default=list, validate=validate.Length(max=20))


class CategoryChange(Schema):
    """The category seen and the one meant."""

    seen = fields.Nested(Category(), required=True, allow_none=True)
    value = fields.Nested(Category(), required=True)


class ConditionChange(Schema):
    """The number of the condition seen and the one meant; null: the desk decides. `of` is the category it was chosen for."""

    seen = fields.Integer(strict=True, required=True, allow_none=True)
    value = fields.Integer(strict=True, required=True, allow_none=True, validate=validate.Range(min=1))
    of = fields.Nested(
        Category(), load_default=None, allow_none=True, metadata={"description": "the category on the screen when it was chosen"}
    )


class ShortChange(Schema):
    """A short text seen and the one meant."""

    seen = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True, validate=_SHORT)


class TextChange(Schema):
    """A text seen and the one meant."""

    seen = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True, validate=_TEXT)


class PlaceChange(Schema):
    """The place seen and the one meant."""

    seen = fields.Nested(Place(), required=True, allow_none=True)
    value = fields.Nested(Place(), required=True)


class SeverityChange(Schema):
    """The severity seen and the one meant."""

    seen = fields.Integer(strict=True, required=True, allow_none=True)
    value = fields.Integer(strict=True, required=True, validate=validate.OneOf([1, 2, 3]), metadata={"named": "Severity"})


class AmendableFields(Schema):
    """The fields that can be amended; those not named stay."""

    category = fields.Nested(CategoryChange())
    condition = fields.Nested(ConditionChange())
    asset = fields.Nested(ShortChange())
    address = fields.Nested(ShortChange())
    place = fields.Nested(PlaceChange())
    severity = fields.Nested(SeverityChange())
    note = fields.Nested(TextChange())


class AmendFinding(Schema):
    """`d` of amend_finding: changed fields only, each with the value seen on the screen and the one meant."""

    fields_ = fields.Nested(AmendableFields(), required=True, data_key="fields")


class WithdrawFinding(Schema):
    """`d` of withdraw_finding: an own finding was a mistake. Once it is filed this asks for a void."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class RetractPhoto(Schema):
    """`d` of retract_photo: an own photo that is not to count."""

    photo = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class AddNote(Schema):
    """`d` of add_note: text added to a finding; notes are never changed."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class WorkPhoto(Photo):
    """A photo that shows what was done: `after`, or the whole `scene`."""

    role = fields.String(required=True, validate=validate.OneOf(["after", "scene"]))


def _photos(photo: Schema) -> fields.List[Any]:
    return fields.List(fields.Nested(photo), load_default=list, validate=validate.Length(max=20))


class SelfResolveFinding(Schema):
    """`d` of self_resolve_finding: fixed on the spot, shown by photos of before and after."""

    photos = _photos(Photo())
    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)


class ReportRectification(Schema):
    """`d` of report_rectification: `report` is the id that the client gives its report."""

    report = fields.UUID(required=True)
    dispatch = fields.UUID(required=True)
    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    photos = _photos(WorkPhoto())


class RequestExtension(Schema):
    """`d` of request_extension: one original limit more."""

    dispatch = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class RequestReturn(Schema):
    """`d` of request_return: it is not the unit's duty."""

    dispatch = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class RequestSuspension(Schema):
    """`d` of request_suspension: the clock stands until then, at most a year. The photos show why."""

    dispatch = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
    until = Moment(required=True)
    photos = _photos(WorkPhoto())


class VerifyFinding(Schema):
    """`d` of verify_finding: `report` names what was looked at before closing; null before filing."""

    phase = fields.String(required=True, validate=validate.OneOf(["pre_filing", "pre_closing"]))
    report = fields.UUID(load_default=None, allow_none=True)
    result = fields.String(required=True, validate=validate.OneOf(["pass", "fail"]))
    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    photos = _photos(Photo())
