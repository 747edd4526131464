"""What the desk sends: its moves, and the filters of its list."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.findings.rules.moves import STATES
from backend.domains.findings.rules.needs import FLAGS
from backend.domains.findings.rules.sources import CALLS
from backend.domains.findings.schemas.operations import RecordFinding


class RecordFindingAtDesk(RecordFinding):
    """A finding recorded at the desk, under an id the client made. `source`: of calls; who saw it themselves leaves it out."""

    finding = fields.UUID(required=True)
    source = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(CALLS))


class FileFinding(Schema):
    """The desk files a finding; it may choose the condition where the inspector left it open."""

    condition = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class WaivePhoto(Schema):
    """Why the finding goes on without a photo."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class VoidFinding(Schema):
    """Asking for a void, approving it or refusing it."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class DispatchFinding(Schema):
    """The dispatcher issues the lead dispatch: to the contract that matches, or, with a reason, to another contract or unit."""

    contract = fields.UUID(load_default=None, allow_none=True)
    unit = fields.UUID(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=500))
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class ListFindings(Schema):
    """Filters of the list; times are of recording. `bbox` is `west,south,east,north` in WGS-84 degrees."""

    area = fields.String(validate=validate.Regexp(r"^\d{6}(\d{3}){0,3}$", error="6, 9, 12 or 15 digits"))
    state = fields.String(validate=validate.OneOf(STATES))
    flag = fields.String(validate=validate.OneOf([*FLAGS, "void_requested"]))
    trade = fields.String(validate=validate.OneOf(["municipal", "greening", "sanitation", "cleaning", "enforcement", "other"]))
    contract = fields.UUID()
    mine = fields.Boolean()
    since = Moment()
    until = Moment()
    bbox = fields.String()
    number = fields.String(validate=validate.Length(min=1, max=120))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String()
