"""What the endpoints of policies take and show."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.deadlines.rules.limits import LARGEST, UNITS
from backend.domains.policies.rules.policy import LEVELS
from backend.domains.policies.rules.statements import SCOPES

_key = validate.Length(max=40)
_area = validate.Length(max=15)
_AREA = {"description": 'Code of a district or town; "": everywhere'}
_PHOTOS = {
    "description": "Verb → role of photo → how many usable or waived ones: before filing those of the record, before closing the others"
}
_AGREE = {"description": "Verb → role of the person who must have consented before; null: nobody, whatever a wider policy says"}
_STEPS = {"description": "Step (accept, verify, dispatch, check, appeal) → how long it may take"}
_REMINDERS = {"description": "Per cents of the limit after which the doers are reminded, ascending"}
_RUNGS = {"description": "After the deadline, soonest and lowest first"}
_ORPHAN = {"description": "So long nothing may happen to an open finding before it counts as orphaned"}
_BOUNCES = {"description": "After so many wrong dispatches leaders see it"}


class PolicyLimit(Schema):
    """An amount of time."""

    value = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=LARGEST))
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))


class PolicyRung(Schema):
    """So long after the deadline the task is brought to this level."""

    after = fields.Nested(PolicyLimit(), required=True)
    to = fields.String(required=True, validate=validate.OneOf(LEVELS))


class _Counts(fields.Dict):
    """Role of photo → how many."""

    def __init__(self) -> None:
        super().__init__(keys=fields.String(), values=fields.Integer(strict=True))


class PolicySettings(Schema):
    """What a policy says. What it leaves out, or says null for, comes from the next wider one."""

    auto_file = fields.Boolean(truthy={True}, falsy={False}, allow_none=True)
    auto_dispatch = fields.Boolean(truthy={True}, falsy={False}, allow_none=True)
    photos = fields.Dict(keys=fields.String(), values=_Counts(), allow_none=True, metadata=_PHOTOS)
    agree = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), allow_none=True, metadata=_AGREE)
    steps = fields.Dict(keys=fields.String(), values=fields.Nested(PolicyLimit()), allow_none=True, metadata=_STEPS)
    reminders = fields.List(fields.Integer(strict=True), allow_none=True, validate=validate.Length(max=10), metadata=_REMINDERS)
    escalation = fields.List(fields.Nested(PolicyRung()), allow_none=True, validate=validate.Length(max=len(LEVELS)), metadata=_RUNGS)
    orphan_after = fields.Nested(PolicyLimit(), allow_none=True, metadata=_ORPHAN)
    bounces_before_leader = fields.Integer(strict=True, allow_none=True, metadata=_BOUNCES)


class SetPolicy(Schema):
    """What holds from `valid_from` (now without it) for a scope: all that is said for it, in place of what was."""

    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    key = fields.String(load_default="", validate=_key)
    area = fields.String(load_default="", validate=_area, metadata=_AREA)
    valid_from = Moment(load_default=None)
    reason = fields.String(load_default="", validate=validate.Length(max=1000))
    settings = fields.Nested(PolicySettings(), required=True)


class SetFilingPolicy(Schema):
    """From `valid_from` (now without it) findings of this category, trade or all are filed or dispatched by themselves, or not."""

    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    key = fields.String(load_default="", validate=_key)
    auto_file = fields.Boolean(required=True, truthy={True}, falsy={False})
    auto_dispatch = fields.Boolean(required=True, truthy={True}, falsy={False})
    valid_from = Moment(load_default=None)


class ListPolicies(Schema):
    """Policies as they were said, of an area, scope or key where one is named."""

    area = fields.String(load_default=None, validate=_area, metadata=_AREA)
    scope = fields.String(load_default=None, validate=validate.OneOf(SCOPES))
    key = fields.String(load_default=None, validate=_key)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String(load_default=None)


class PolicyQuery(Schema):
    """A place, a category and a moment (now without it). The place: an area's code, or WGS-84 degrees."""

    category = fields.String(required=True, validate=_key, metadata={"description": "`kind:code`, such as event:06010"})
    area = fields.String(load_default=None, validate=_area)
    lon = fields.Float(load_default=None, validate=validate.Range(min=-180, max=180))
    lat = fields.Float(load_default=None, validate=validate.Range(min=-90, max=90))
    at = Moment(load_default=None)


class FilingPolicyDoc(Schema):
    """What is filed and dispatched by itself from a moment on; the narrowest scope with one in force decides."""

    scope = fields.String(validate=validate.OneOf(SCOPES))
    key = fields.String()
    valid_from = fields.AwareDateTime()
    auto_file = fields.Boolean()
    auto_dispatch = fields.Boolean()


class PolicyLimitDoc(Schema):
    """An amount of time."""

    value = fields.Integer()
    unit = fields.String(validate=validate.OneOf(UNITS))


class PolicyRungDoc(Schema):
    """So long after the deadline the task is brought to this level."""

    after = fields.Nested(PolicyLimitDoc())
    to = fields.String(validate=validate.OneOf(LEVELS))


class StatementDoc(Schema):
    """A policy as it was said; null where it says nothing."""

    number = fields.Integer()
    area = fields.String(metadata=_AREA)
    scope = fields.String(validate=validate.OneOf(SCOPES))
    key = fields.String()
    valid_from = fields.AwareDateTime()
    auto_file = fields.Boolean(allow_none=True)
    auto_dispatch = fields.Boolean(allow_none=True)
    photos = fields.Dict(keys=fields.String(), values=_Counts(), allow_none=True, metadata=_PHOTOS)
    agree = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), allow_none=True, metadata=_AGREE)
    steps = fields.Dict(keys=fields.String(), values=fields.Nested(PolicyLimitDoc()), allow_none=True, metadata=_STEPS)
    reminders = fields.List(fields.Integer(), allow_none=True, metadata=_REMINDERS)
    escalation = fields.List(fields.Nested(PolicyRungDoc()), allow_none=True, metadata=_RUNGS)
    orphan_after = fields.Nested(PolicyLimitDoc(), allow_none=True, metadata=_ORPHAN)
    bounces_before_leader = fields.Integer(allow_none=True, metadata=_BOUNCES)


class SaidPolicyDoc(StatementDoc):
    """A policy as it was said, by whom, when and why."""

    reason = fields.String()
    set_by = fields.UUID(allow_none=True)
    set_at = fields.AwareDateTime()


class PoliciesPage(Schema):
    """A page of policies, the newest first."""

    items = fields.List(fields.Nested(SaidPolicyDoc()))
    next = fields.String(allow_none=True)


class WholePolicyDoc(Schema):
    """Everything that holds. `version` is kept with what was decided by it."""

    version = fields.Integer()
    auto_file = fields.Boolean()
    auto_dispatch = fields.Boolean()
    photos = fields.Dict(keys=fields.String(), values=_Counts(), metadata=_PHOTOS)
    agree = fields.Dict(keys=fields.String(), values=fields.String(), metadata=_AGREE)
    steps = fields.Dict(keys=fields.String(), values=fields.Nested(PolicyLimitDoc()), metadata=_STEPS)
    reminders = fields.List(fields.Integer(), metadata=_REMINDERS)
    escalation = fields.List(fields.Nested(PolicyRungDoc()), metadata=_RUNGS)
    orphan_after = fields.Nested(PolicyLimitDoc(), metadata=_ORPHAN)
    bounces_before_leader = fields.Integer(metadata=_BOUNCES)


class PolicyAnswer(Schema):
    """What holds at a place for a category at a moment, and the policies it is made of, the narrowest first."""

    area = fields.String()
    category = fields.String()
    code = fields.String(allow_none=True, metadata={"description": "category_mapped where another category holds than the one named"})
    trade = fields.String()
    at = fields.AwareDateTime()
    policy = fields.Nested(WholePolicyDoc())
    statements = fields.List(fields.Nested(StatementDoc()))
