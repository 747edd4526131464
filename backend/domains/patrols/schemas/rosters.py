"""Who is on duty, and where nobody is: what is asked and answered."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.patrols.rules.rosters import GRID_CLASSES, REASONS

_CODE = validate.Regexp(r"^[0-9]{6,15}$", error="6 to 15 digits")

_GRID = validate.Regexp(r"^[0-9]{15}$", error="15 digits")

_FIRST = {"description": "First day, Asia/Shanghai"}


class OnDutyQuery(Schema):
    """Where and when."""

    grid = fields.String(required=True, validate=_GRID)
    at = Moment(load_default=None, metadata={"description": "now where it is absent"})


class OnDutyDoc(Schema):
    """Somebody who is on duty in a grid."""

    person = fields.UUID()
    name = fields.String(allow_none=True)
    grid_class = fields.String(validate=validate.OneOf(GRID_CLASSES))
    covering = fields.UUID(allow_none=True, metadata={"description": "Whose shift it is, where it is another's"})


class OnDutyList(Schema):
    """Who is on duty in a grid at a moment; nobody where `items` is empty."""

    grid = fields.String()
    at = fields.AwareDateTime()
    items = fields.List(fields.Nested(OnDutyDoc()))


class ReportRosters(Schema):
    """The days looked at: at most 31."""

    since = fields.Date(required=True, metadata=_FIRST)
    until = fields.Date(required=True, metadata={"description": "First day that no longer counts"})
    area = fields.String(load_default=None, validate=_CODE)


class UnassignedGridDoc(Schema):
    """A unit grid that is in no responsibility grid: nobody patrols it."""

    grid = fields.String()
    name = fields.String(allow_none=True)
    since = fields.Date(metadata=_FIRST)
    until = fields.Date(metadata={"description": "First day that no longer counts"})


class GapDoc(Schema):
    """A time in which somebody was to be on duty in a responsibility grid, and nobody is."""

    responsibility_grid = fields.UUID()
    code = fields.String()
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()
    reason = fields.String(metadata={"description": f"{', '.join(REASONS)}; others may come"})
    reason_text = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "In Chinese and English"})
    person = fields.UUID(allow_none=True, metadata={"description": "Who should have been there"})
    name = fields.String(allow_none=True)
    shift = fields.UUID(allow_none=True)


class DoubledDoc(Schema):
    """A time in which more than one is on duty in a responsibility grid."""

    responsibility_grid = fields.UUID()
    code = fields.String()
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()
    people = fields.List(fields.UUID())


class RosterReport(Schema):
    """Where the rosters of these days have holes, and where they are doubled."""

    since = fields.Date(metadata=_FIRST)
    until = fields.Date(metadata={"description": "First day that no longer counts"})
    unassigned = fields.List(fields.Nested(UnassignedGridDoc()))
    gaps = fields.List(fields.Nested(GapDoc()))
    doubled = fields.List(fields.Nested(DoubledDoc()))
