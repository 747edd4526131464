"""What residents send and are told at the public door."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.residents.rules.status import STAGES

_BODY = 16 * 1024
_PHONE = validate.Regexp(r"^\+?[0-9][0-9 -]{3,22}[0-9]$", error="5 to 25 digits, spaces or hyphens, a + may lead")


class ReportPlace(Schema):
    """A point as the device had it, in its own datum."""

    lon = fields.Float(required=True, allow_nan=True, metadata={"description": "degrees"})
    lat = fields.Float(required=True, allow_nan=True, metadata={"description": "degrees"})
    datum = fields.String(required=True, metadata={"description": "WGS-84, GCJ-02 or BD-09"})
    accuracy_m = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0, max=1_000_000))


class ReportCategory(Schema):
    """A category of GET /residents/categories."""

    kind = fields.String(required=True, validate=validate.OneOf(["component", "event"]))
    code = fields.String(required=True, validate=validate.Length(min=1, max=20))


class FindNearby(Schema):
    """A category, and a point as the device had it."""

    kind = fields.String(required=True, validate=validate.OneOf(["component", "event"]))
    code = fields.String(required=True, validate=validate.Length(min=1, max=20))
    lon = fields.Float(required=True, metadata={"description": "degrees"})
    lat = fields.Float(required=True, metadata={"description": "degrees"})
    datum = fields.String(required=True, metadata={"description": "WGS-84, GCJ-02 or BD-09"})
    accuracy_m = fields.Float(load_default=None, validate=validate.Range(min=0, max=1_000_000))


class SubmitReport(Schema):
    """Something is wrong somewhere. A place or an address is needed; name and phone are not."""

    body_bytes = _BODY
    key = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9_-]{22,64}$", error="22 to 64 random letters and digits"),
        metadata={"description": "Random, made by the client for this report: sent again with the same it is the same report"},
    )
    text = fields.String(
        required=True,
        validate=[validate.Length(min=4, max=2000), validate.Regexp(r"(?s).*\S.*\S", error="say what is wrong")],
        metadata={"description": "What is wrong. Personal numbers are taken out of it before others read it"},
    )
    place = fields.Nested(ReportPlace(), load_default=None, allow_none=True)
    address = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=2, max=200))
    category = fields.Nested(ReportCategory(), load_default=None, allow_none=True)
    name = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=50))
    phone = fields.String(load_default=None, allow_none=True, validate=_PHONE)
    consent = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "The contact may be kept for this report, and is erased some time after its end"},
    )


class WriteReportMessage(Schema):
    """A word to the desk."""

    body_bytes = _BODY
    text = fields.String(required=True, validate=validate.Length(min=1, max=1000))


class WithdrawReport(Schema):
    """Why it is taken back, if the resident cares to say."""

    body_bytes = _BODY
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=300))


class RateReport(Schema):
    """One to five, five is best."""

    body_bytes = _BODY
    rating = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=5))
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))


class AskReopening(Schema):
    """What is still wrong."""

    body_bytes = _BODY
    reason = fields.String(required=True, validate=validate.Length(min=2, max=500))


class PublicWords(Schema):
    """The same sentence in both languages."""

    zh = fields.String()
    en = fields.String()


class ReportStep(Schema):
    """Something that happened, and when."""

    words = fields.Nested(PublicWords())
    at = fields.AwareDateTime()


class ReportMessage(Schema):
    """A word of the desk or of the resident."""

    sender = fields.String(data_key="from", attribute="from", validate=validate.OneOf(["desk", "resident"]))
    text = fields.String()
    at = fields.AwareDateTime()


class ReportPhoto(Schema):
    """A photo of the report. `unreadable`: it could not be decoded; another may be sent."""

    id = fields.UUID()
    at = fields.AwareDateTime()
    unreadable = fields.Boolean()


class ReopeningStatus(Schema):
    """What became of the last request to open it again."""

    state = fields.String(validate=validate.OneOf(["pending", "granted", "refused", "lapsed"]))
    asked_at = fields.AwareDateTime()
    decided_at = fields.AwareDateTime(allow_none=True)
    answer = fields.String(allow_none=True)


class MaskedContact(Schema):
    """Name and phone number, masked."""

    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    erased_at = fields.AwareDateTime(allow_none=True)


class ReportStatus(Schema):
    """Where a report stands, in words."""

    receipt = fields.String()
    received_at = fields.AwareDateTime()
    number = fields.String(allow_none=True, metadata={"description": "The case's number, once it is a case"})
    text = fields.String(metadata={"description": "As others read it: without personal numbers"})
    address = fields.String(allow_none=True)
    stage = fields.String(validate=validate.OneOf(list(STAGES)))
    words = fields.Nested(PublicWords())
    expected_by = fields.AwareDateTime(allow_none=True, metadata={"description": "By when the work is to be done"})
    steps = fields.List(fields.Nested(ReportStep()))
    photos = fields.List(fields.Nested(ReportPhoto()))
    result = fields.List(fields.UUID(), metadata={"description": "Photos of the work done, once it is closed"})
    messages = fields.List(fields.Nested(ReportMessage()))
    rating = fields.Integer(allow_none=True)
    reopening = fields.Nested(ReopeningStatus(), allow_none=True)
    contact = fields.Nested(MaskedContact())
    can = fields.List(fields.String(), metadata={"description": "write, withdraw, add_photo, rate, ask_reopening, forget_contact"})


class ReportReceipt(Schema):
    """What the resident keeps. The secret is shown here and nowhere else."""

    receipt = fields.String()
    secret = fields.String()
    status = fields.Nested(ReportStatus())


class ReportPhotoReceived(Schema):
    """The photo arrived."""

    id = fields.UUID()
    sha256 = fields.String()


class KnownNearby(Schema):
    """Something of the kind that is being dealt with there already."""

    metres = fields.Integer(metadata={"description": "About how far: to the middle of a cell of some 25 metres, in steps of ten"})
    since = fields.Date()
    stage = fields.String(validate=validate.OneOf(list(STAGES)))
    words = fields.Nested(PublicWords())
    expected_by = fields.AwareDateTime(allow_none=True)


class KnownNearbyList(Schema):
    """The nearest first."""

    items = fields.List(fields.Nested(KnownNearby()))


class PublicCategory(Schema):
    """A category as residents choose it."""

    kind = fields.String(validate=validate.OneOf(["component", "event"]))
    code = fields.String()
    name = fields.Nested(PublicWords())
    group = fields.Nested(PublicWords())


class PublicCategories(Schema):
    """All categories in force."""

    items = fields.List(fields.Nested(PublicCategory()))
