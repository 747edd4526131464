"""What the desk sends and sees of residents' reports."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.residents.rules.access import VIEW_REASONS
from backend.domains.residents.rules.intake import CHANNELS
from backend.domains.residents.rules.status import OUTCOMES, STAGES
from backend.domains.residents.schemas.public import MaskedContact, ReportCategory, ReportPlace, ReportStatus, SubmitReport

_REASON = validate.Length(min=1, max=500)
_PAGE = validate.Range(min=1, max=200)
REQUEST_STATES = ("pending", "granted", "refused", "lapsed")


class RecordCall(SubmitReport):
    """What a caller says, written down at the desk; the caller is given receipt and secret."""

    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))


class TakeUpReport(Schema):
    """Of what category it is, and where: the place may be left out where the report has one."""

    category = fields.Nested(ReportCategory(), required=True)
    place = fields.Nested(ReportPlace(), load_default=None, allow_none=True)
    address = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=2, max=200))


class DismissReport(Schema):
    """Why it becomes no finding, and the answer that the resident reads."""

    outcome = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))
    reply = fields.String(required=True, validate=validate.Length(min=1, max=1000))


class ReplyToReport(Schema):
    """An answer that the resident reads."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=1000))


class ViewContact(Schema):
    """Why the contact is read; kept, and shown to those who audit."""

    reason = fields.String(required=True, validate=validate.OneOf(list(VIEW_REASONS)))
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class ListResidentReports(Schema):
    """Which reports. With `todo` what the desk owes, the oldest first; else the newest first."""

    todo = fields.String(load_default=None, validate=validate.OneOf(["take_up", "reply"]))
    receipt = fields.String(load_default=None, validate=validate.Length(min=1, max=40))
    finding = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=50, validate=_PAGE)
    cursor = fields.String(load_default=None)


class ListContactViews(Schema):
    """Whose contact was read, or who read."""

    report = fields.UUID(load_default=None)
    by = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=50, validate=_PAGE)
    cursor = fields.String(load_default=None)


class RequestReopening(Schema):
    """Why a closed finding is to be opened again."""

    reason = fields.String(required=True, validate=_REASON)


class DecideReopening(Schema):
    """Why it is opened again or stays closed; the resident reads it."""

    reason = fields.String(required=True, validate=_REASON)


class ListReopeningRequests(Schema):
    """Which requests; those that wait, without a state."""

    state = fields.String(load_default="pending", validate=validate.OneOf(REQUEST_STATES))
    limit = fields.Integer(load_default=50, validate=_PAGE)
    cursor = fields.String(load_default=None)


class ResidentPlaceDoc(Schema):
    """A point in its own datum."""

    lon = fields.Float()
    lat = fields.Float()
    datum = fields.String()
    accuracy_m = fields.Float(allow_none=True)


class ResidentCategoryDoc(Schema):
    """What the resident, or the desk, took it for."""

    kind = fields.String()
    code = fields.String()


class ResidentAreas(Schema):
    """Codes of the community, town and district, as far as the place is known."""

    community = fields.String(allow_none=True)
    town = fields.String(allow_none=True)
    district = fields.String()


class ResidentPhotoDoc(Schema):
    """A photo that came with the report."""

    id = fields.UUID()
    sha256 = fields.String()
    bytes = fields.Integer()
    mime = fields.String()
    at = fields.AwareDateTime()


class ResidentMessageDoc(Schema):
    """A word of the desk, with who wrote it, or of the resident; null once it was erased."""

    sender = fields.String(data_key="from", attribute="from")
    text = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    by = fields.String(allow_none=True)


class ResidentReportDoc(Schema):
    """A report as the staff of its area see it: the contact masked, the text without personal numbers."""

    id = fields.UUID()
    receipt = fields.String()
    channel = fields.String()
    state = fields.String(validate=validate.OneOf(["open", "taken_up", "dismissed", "withdrawn"]))
    outcome = fields.String(allow_none=True, validate=validate.OneOf(list(OUTCOMES)))
    todo = fields.String(allow_none=True, validate=validate.OneOf(["take_up", "reply"]))
    stage = fields.String(validate=validate.OneOf(list(STAGES)))
    finding = fields.UUID(allow_none=True)
    number = fields.String(allow_none=True)
    attached_to = fields.UUID(allow_none=True)
    text = fields.String()
    redacted = fields.Boolean(metadata={"description": "Whether numbers were taken out of the text and can be read as the contact can"})
    address = fields.String(allow_none=True)
    place = fields.Nested(ResidentPlaceDoc(), allow_none=True)
    category = fields.Nested(ResidentCategoryDoc(), allow_none=True)
    areas = fields.Nested(ResidentAreas())
    contact = fields.Nested(MaskedContact())
    photos = fields.List(fields.Nested(ResidentPhotoDoc()))
    messages = fields.List(fields.Nested(ResidentMessageDoc()))
    rating = fields.Integer(allow_none=True)
    rating_note = fields.String(allow_none=True)
    received_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


class TodoCounts(Schema):
    """How many reports of the caller's areas wait for what."""

    take_up = fields.Integer()
    reply = fields.Integer()


class ResidentReportPage(Schema):
    """Reports; `next` is null on the last page."""

    items = fields.List(fields.Nested(ResidentReportDoc()))
    todo = fields.Nested(TodoCounts())
    next = fields.String(allow_none=True)


class CallReceipt(Schema):
    """What the caller is told. The secret is shown here and nowhere else."""

    receipt = fields.String()
    secret = fields.String()
    status = fields.Nested(ReportStatus())
    report = fields.Nested(ResidentReportDoc())


class ContactDoc(Schema):
    """The contact unmasked, and the text as it was sent."""

    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    text = fields.String()
    view = fields.UUID(metadata={"description": "Under which this was kept"})
    viewed_at = fields.AwareDateTime()


class ContactViewDoc(Schema):
    """Who read which contact, when and why."""

    id = fields.UUID()
    report = fields.UUID()
    receipt = fields.String()
    by = fields.UUID()
    by_name = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    reason = fields.String(validate=validate.OneOf(list(VIEW_REASONS)))
    note = fields.String(allow_none=True)


class ContactViewPage(Schema):
    """The last first."""

    items = fields.List(fields.Nested(ContactViewDoc()))
    next = fields.String(allow_none=True)


class ReopeningRequestDoc(Schema):
    """Somebody says that a closed finding is not mended: a resident (`report`), or one of the staff (`asked_by`)."""

    id = fields.UUID()
    finding = fields.UUID()
    number = fields.String()
    report = fields.UUID(allow_none=True)
    asked_by = fields.UUID(allow_none=True)
    asked_at = fields.AwareDateTime()
    reason = fields.String()
    state = fields.String(validate=validate.OneOf(REQUEST_STATES))
    decided_by = fields.UUID(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    decided_reason = fields.String(allow_none=True)


class ReopeningRequestPage(Schema):
    """What waits longest first."""

    items = fields.List(fields.Nested(ReopeningRequestDoc()))
    next = fields.String(allow_none=True)
