"""What the desk decides on the work, and the work as it is shown: dispatches, reports, verifications, requests, candidates."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment

_REASON = validate.Length(min=1, max=500)
_TEXT = validate.Length(max=2000)
REPORT_STATES = ("open", "replaced", "passed", "failed", "disputed", "added")
REQUEST_STATES = ("pending", "granted", "refused", "lapsed")
RESULTS = ("pass", "fail")


class DecideRequest(Schema):
    """Granting or refusing what a unit asked for."""

    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class DecideDispute(Schema):
    """Which of opposite verdicts counts; `report` where several are disputed."""

    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    reason = fields.String(required=True, validate=_REASON)
    report = fields.UUID(load_default=None, allow_none=True)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class CloseFinding(Schema):
    """The closing condition is met."""

    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class ReopenFinding(Schema):
    """Why a closed finding is opened again."""

    reason = fields.String(required=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class ReviewSelfResolution(Schema):
    """What the desk says to a finding that its inspector resolved on the spot."""

    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class AttachFinding(Schema):
    """Another finding of the same thing. Which of the two is the head follows from the rule, whichever is named."""

    head = fields.UUID(required=True)
    reason = fields.String(required=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class RebindContract(Schema):
    """Which contract is liable: named, or the one in force at a moment; neither: looked up anew as contracts are now."""

    contract = fields.UUID(load_default=None, allow_none=True)
    at = Moment(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class FindCandidates(Schema):
    """A place and category: what is open near it."""

    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    datum = fields.String(required=True)
    accuracy_m = fields.Float(load_default=None, validate=validate.Range(min=0, max=1_000_000))
    kind = fields.String(required=True, validate=validate.OneOf(["component", "event"]))
    code = fields.String(required=True, validate=validate.Length(min=1, max=20))
    asset = fields.String(load_default=None, validate=validate.Length(max=200))


class ReportDoc(Schema):
    """A report of rectification. `on_time` follows from `reported_at` and `due`, the latest deadline granted before the verdict on it.

    `on_time` is null where there is no deadline, or where the time is only estimated and `due` lies within its bounds (`time_uncertain`).
    """

    id = fields.UUID()
    dispatch = fields.UUID()
    state = fields.String(validate=validate.OneOf(REPORT_STATES))
    note = fields.String(allow_none=True)
    photos = fields.List(fields.UUID())
    reported_by = fields.UUID(allow_none=True)
    reported_at = fields.AwareDateTime()
    received_at = fields.AwareDateTime()
    time_quality = fields.String()
    due = fields.AwareDateTime(allow_none=True)
    on_time = fields.Boolean(allow_none=True)
    time_uncertain = fields.Boolean()
    decided = fields.String(
        allow_none=True, validate=validate.OneOf(RESULTS), metadata={"description": "By a shift leader, verdicts differing"}
    )
    decided_at = fields.AwareDateTime(allow_none=True)


class VerificationDoc(Schema):
    """An inspector's look on site: before filing, or before closing at one report."""

    id = fields.UUID()
    phase = fields.String(validate=validate.OneOf(["pre_filing", "pre_closing"]))
    report = fields.UUID(allow_none=True)
    result = fields.String(validate=validate.OneOf(RESULTS))
    note = fields.String(allow_none=True)
    photos = fields.List(fields.UUID())
    verified_by = fields.UUID(allow_none=True)
    verified_at = fields.AwareDateTime()
    received_at = fields.AwareDateTime()
    time_quality = fields.String()


class RequestDoc(Schema):
    """What a unit asked of the dispatcher, and the decision."""

    id = fields.UUID()
    dispatch = fields.UUID()
    kind = fields.String(validate=validate.OneOf(["extension", "return", "suspension"]))
    state = fields.String(validate=validate.OneOf(REQUEST_STATES))
    reason = fields.String()
    until = fields.AwareDateTime(allow_none=True)
    asked_by = fields.UUID(allow_none=True)
    asked_at = fields.AwareDateTime()
    decided_by = fields.UUID(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    decided_reason = fields.String(allow_none=True)
