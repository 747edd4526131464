"""Campaigns as they are sent and shown."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.findings.rules.campaigns import MOST_AT_ONCE

_NAME = validate.Length(min=1, max=200)
_TEXT = validate.Length(min=1, max=2000)
_TARGET = validate.Range(min=1, max=1_000_000)


class CampaignMember(Schema):
    """A unit that takes part, what it does, and how many findings it is to close."""

    unit = fields.UUID(required=True)
    duty = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=500))
    target = fields.Integer(strict=True, load_default=None, allow_none=True, validate=_TARGET)


class BeginCampaign(Schema):
    """A named operation in an area, first and last day included."""

    name = fields.String(required=True, validate=_NAME)
    purpose = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    area = fields.String(required=True, validate=validate.Regexp(r"^\d{6}(\d{3}){0,2}$", error="6, 9 or 12 digits"))
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    target = fields.Integer(strict=True, load_default=None, allow_none=True, validate=_TARGET)
    members = fields.List(fields.Nested(CampaignMember()), load_default=list, validate=validate.Length(max=100))


class ChangeCampaign(Schema):
    """What is to be different; what is not named stays. `members` are all those from now on."""

    name = fields.String(validate=_NAME)
    purpose = fields.String(allow_none=True, validate=_TEXT)
    first_day = fields.Date()
    last_day = fields.Date()
    target = fields.Integer(strict=True, allow_none=True, validate=_TARGET)
    members = fields.List(fields.Nested(CampaignMember()), validate=validate.Length(max=100))


class EndCampaign(Schema):
    """What it came to."""

    result = fields.String(load_default=None, allow_none=True, validate=_TEXT)


class GroupFinding(Schema):
    """The campaign that a finding is of."""

    campaign = fields.UUID(required=True)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class UngroupFinding(Schema):
    """A finding leaves its campaign."""

    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class GroupFindings(Schema):
    """Findings to be grouped into the campaign, each by itself."""

    findings = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=MOST_AT_ONCE))


class Grouped(Schema):
    """What became of one of them: grouped, or the problem that stood against it."""

    finding = fields.UUID()
    grouped = fields.Boolean()
    problem = fields.Dict(allow_none=True)


class GroupedFindings(Schema):
    """A result each, in the order sent."""

    items = fields.List(fields.Nested(Grouped()))


class CampaignQuery(Schema):
    """A page of the list."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String(load_default=None)


class MemberDoc(Schema):
    """A unit that takes part."""

    unit = fields.UUID()
    duty = fields.String(allow_none=True)
    target = fields.Integer(allow_none=True)
    joined_at = fields.AwareDateTime()


class CampaignDoc(Schema):
    """A campaign. `phase` past: its last day went by, and nobody has ended it."""

    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    purpose = fields.String(allow_none=True)
    area = fields.String()
    first_day = fields.Date()
    last_day = fields.Date()
    phase = fields.String(validate=validate.OneOf(["planned", "running", "past", "ended"]))
    target = fields.Integer(allow_none=True)
    members = fields.List(fields.Nested(MemberDoc()))
    begun_by = fields.UUID()
    begun_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    result = fields.String(allow_none=True)


class UnitCount(Schema):
    """What a unit has, or had, of the campaign's findings, and has closed of them."""

    unit = fields.UUID()
    dispatched = fields.Integer()
    closed = fields.Integer()
    target = fields.Integer(allow_none=True)


class CampaignCounts(Schema):
    """What its findings came to. `overdue`: dispatched, and past the deadline now."""

    total = fields.Integer()
    closed = fields.Integer()
    overdue = fields.Integer()
    states = fields.Dict(keys=fields.String(), values=fields.Integer())
    units = fields.List(fields.Nested(UnitCount()))


class CampaignWithCounts(CampaignDoc):
    """A campaign with what its findings came to."""

    counts = fields.Nested(CampaignCounts())


class CampaignPage(Schema):
    """A page of campaigns, the latest begun first; `next` is null on the last."""

    items = fields.List(fields.Nested(CampaignDoc()))
    next = fields.String(allow_none=True)
