"""What the desk decides on the work, and the work as it is shown: dispatches, reports, verifications, requests, candidates."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.catalog.rules.categories import TRADES

_REASON = validate.Length(min=1, max=500)
_TEXT = validate.Length(max=2000)
REPORT_STATES = ("awaiting_hand_back", "open", "replaced", "passed", "failed", "disputed", "added")
REQUEST_STATES = ("pending", "granted", "refused", "lapsed")
REQUEST_KINDS = ("extension", "return", "suspension", "appeal")
RESULTS = ("pass", "fail")


class DecideRequest(Schema):
    """Granting or refusing what a unit asked for."""

    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class GrantReturn(Schema):
    """Where the work goes: to another contract or unit, or, with neither, back to be dispatched. A `reason` for another than matches."""

    contract = fields.UUID(load_default=None, allow_none=True)
    unit = fields.UUID(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class GrantSuspension(Schema):
    """Until when the clock stands; null: until the date asked for."""

    until = Moment(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class EndSuspension(Schema):
    """Why clocks run on earlier than said."""

    reason = fields.String(required=True, validate=_REASON)


class SuspendArea(Schema):
    """The clocks of an area's open dispatches stand until then; `trade` null: of all trades."""

    area = fields.String(required=True, validate=validate.Regexp(r"^\d{6}(\d{3}){0,2}$", error="6, 9 or 12 digits"))
    trade = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(TRADES))
    until = Moment(required=True)
    reason = fields.String(required=True, validate=_REASON)


class AskVerification(Schema):
    """Why an inspector is to look at it before it is filed, or is not to any more."""

    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class DecideDispute(Schema):
    """Which of opposite verdicts counts; `report` where several are disputed."""

    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    reason = fields.String(required=True, validate=_REASON)
    report = fields.UUID(load_default=None, allow_none=True)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class AppealFinding(Schema):
    """Why an own dispatch is not to count as it does."""

    dispatch = fields.UUID(required=True)
    reason = fields.String(required=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class RuleAppeal(Schema):
    """The ruling on an appeal, with its grounds."""

    reason = fields.String(required=True, validate=_REASON)


class NamedCategory(Schema):
    """A category of the catalogue; without an edition, of the newest."""

    kind = fields.String(required=True, validate=validate.OneOf(["component", "event"]), metadata={"named": "CategoryKind"})
    code = fields.String(required=True, validate=validate.Length(min=1, max=20))
    edition = fields.Integer(strict=True, load_default=None, allow_none=True)


class CorrectFinding(Schema):
    """What it really is: `category` null leaves it; `condition` is one of the category's."""

    category = fields.Nested(NamedCategory(), load_default=None, allow_none=True)
    condition = fields.Integer(strict=True, required=True, allow_none=True, validate=validate.Range(min=1))
    reason = fields.String(required=True, validate=_REASON)
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
    """Another finding of the same thing. Which of the two is the head follows from the rule, whichever is named.

    `override`: of the same thing although category or place say otherwise; `reason` says why.
    """

    head = fields.UUID(required=True)
    reason = fields.String(required=True, validate=_REASON)
    override = fields.Boolean(load_default=False)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class DetachFinding(Schema):
    """Why it is not of the same thing after all."""

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
    """A report of rectification. `on_time` follows from `counts_at` and `due`, the latest deadline granted before the verdict on it.

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
    counts_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "The time its clock stopped: its own, or its hand-back's; null while it waits for that"}
    )
    handed_back_at = fields.AwareDateTime(allow_none=True)
    handed_back_by = fields.UUID(allow_none=True)
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
    observation = fields.Boolean(metadata={"description": "By who no longer had the task: it decides nothing"})
    verified_at = fields.AwareDateTime()
    received_at = fields.AwareDateTime()
    time_quality = fields.String()


class RequestDoc(Schema):
    """What a unit asked of the dispatcher, and the decision."""

    id = fields.UUID()
    dispatch = fields.UUID()
    kind = fields.String(validate=validate.OneOf(REQUEST_KINDS))
    state = fields.String(validate=validate.OneOf(REQUEST_STATES))
    reason = fields.String()
    until = fields.AwareDateTime(allow_none=True)
    granted_until = fields.AwareDateTime(allow_none=True, metadata={"description": "Of a suspension: when the clock runs on by itself"})
    ended_at = fields.AwareDateTime(allow_none=True, metadata={"description": "Of a suspension: when somebody ended it early"})
    photos = fields.List(fields.UUID())
    asked_by = fields.UUID(allow_none=True)
    asked_at = fields.AwareDateTime()
    decided_by = fields.UUID(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    decided_reason = fields.String(allow_none=True)


class AreaSuspensionDoc(Schema):
    """An area-wide suspension."""

    id = fields.UUID()
    area = fields.String()
    trade = fields.String(allow_none=True)
    reason = fields.String()
    starts_at = fields.AwareDateTime()
    until = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    ended_reason = fields.String(allow_none=True)


class AreaSuspensions(Schema):
    """Area-wide suspensions, the newest first."""

    items = fields.List(fields.Nested(AreaSuspensionDoc()))
