"""What is sent about shifts and absences, and how they are shown."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.patrols.rules.rosters import ABSENCES, GRID_CLASSES, REASONS

_CODE = validate.Regexp(r"^[0-9]{6,15}$", error="6 to 15 digits")

_SINCE = {"description": "From this moment on"}

_ENDS = {"description": "The first moment that no longer counts"}

_CURSOR = validate.Length(max=400)


class ShiftToPlan(Schema):
    """Somebody's duty in a responsibility grid."""

    person = fields.UUID(required=True)
    responsibility_grid = fields.UUID(required=True)
    since = Moment(required=True, metadata=_SINCE)
    until = Moment(required=True, metadata=_ENDS)


class PlanShifts(Schema):
    """Shifts, all of them or none."""

    items = fields.List(fields.Nested(ShiftToPlan()), required=True, validate=validate.Length(min=1, max=500))


class ListShifts(Schema):
    """The shifts of a time of at most 31 days, in order of their beginning."""

    since = Moment(required=True)
    until = Moment(required=True)
    person = fields.UUID(load_default=None)
    area = fields.String(load_default=None, validate=_CODE)
    cancelled = fields.Boolean(load_default=False, metadata={"description": "Those cancelled as well"})
    cursor = fields.String(load_default=None, validate=_CURSOR)
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=500))


class PartDoc(Schema):
    """A part of a shift and who is on duty in it; nobody where `person` is null, for the `reason`."""

    since = fields.AwareDateTime()
    until = fields.AwareDateTime()
    person = fields.UUID(allow_none=True)
    covering = fields.UUID(allow_none=True, metadata={"description": "Whose shift it is, where somebody else is or was to be on duty"})
    reason = fields.String(allow_none=True, metadata={"description": f"{', '.join(REASONS)}; others may come"})


class ShiftDoc(Schema):
    """A shift, with the parts in which somebody else, or nobody, is on duty instead. A patrol that follows it names it as `planned`."""

    id = fields.UUID()
    version = fields.Integer()
    person = fields.UUID()
    responsibility_grid = fields.UUID()
    code = fields.String(metadata={"description": "Of the responsibility grid"})
    name = fields.String()
    grid_class = fields.String(validate=validate.OneOf(GRID_CLASSES))
    grids = fields.List(fields.String())
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()
    cancelled_at = fields.AwareDateTime(allow_none=True)
    parts = fields.List(fields.Nested(PartDoc()))


class ShiftsList(Schema):
    """The shifts that were planned."""

    items = fields.List(fields.Nested(ShiftDoc()))


class ShiftsPage(ShiftsList):
    """A page of shifts; `next` is null on the last."""

    next = fields.String(allow_none=True)


class NoteAbsence(Schema):
    """Somebody is not there."""

    person = fields.UUID(required=True)
    since = Moment(required=True, metadata=_SINCE)
    until = Moment(required=True, metadata=_ENDS)
    kind = fields.String(load_default="other", validate=validate.OneOf(ABSENCES))
    covered_by = fields.UUID(load_default=None, allow_none=True, metadata={"description": "null: nobody yet, which is listed as a gap"})


class CoverAbsence(Schema):
    """Who covers."""

    covered_by = fields.UUID(required=True, allow_none=True, metadata={"description": "null: nobody any more"})


class EndAbsence(Schema):
    """When it ends after all."""

    until = Moment(required=True, metadata=_ENDS)


class ListAbsences(Schema):
    """The absences of a time of at most 366 days, in order of their beginning."""

    since = Moment(required=True)
    until = Moment(required=True)
    person = fields.UUID(load_default=None)
    cursor = fields.String(load_default=None, validate=_CURSOR)
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=500))


class AbsenceDoc(Schema):
    """An absence. Its kind is told to who keeps rosters only."""

    id = fields.UUID()
    version = fields.Integer()
    person = fields.UUID()
    name = fields.String(allow_none=True)
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()
    kind = fields.String(validate=validate.OneOf(ABSENCES))
    covered_by = fields.UUID(allow_none=True)
    cover_name = fields.String(allow_none=True)


class AbsencesPage(Schema):
    """A page of absences; `next` is null on the last."""

    items = fields.List(fields.Nested(AbsenceDoc()))
    next = fields.String(allow_none=True)
