"""Which contract answers, and where none or several would."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.catalog.rules.categories import TRADES
from backend.domains.territory.rules.datums import Datum

_code = validate.Length(min=1, max=64)
_trade = validate.OneOf(list(TRADES))


class MatchQuery(Schema):
    """A place in degrees of its datum, a category `kind:code`, and a moment (now without it)."""

    lon = fields.Float(required=True, validate=validate.Range(min=-180, max=180))
    lat = fields.Float(required=True, validate=validate.Range(min=-90, max=90))
    datum = fields.String(required=True, validate=validate.OneOf([datum.value for datum in Datum]))
    category = fields.String(required=True, validate=validate.Regexp(r"^(component|event):[0-9A-Z-]{2,12}\Z"))
    at = Moment(load_default=None)
    asset = fields.String(load_default=None, validate=_code)


class CandidateDoc(Schema):
    """A coverage that holds the place, with its section and contract; in force from `valid_from` until the day before `valid_until`."""

    contract = fields.UUID()
    number = fields.String()
    name = fields.String()
    contractor = fields.UUID()
    section = fields.UUID()
    section_code = fields.String()
    coverage = fields.UUID()
    trade = fields.String()
    level = fields.String(metadata={"description": "asset, road, grid, community, town or district"})
    code = fields.String()
    buffer_m = fields.Float(allow_none=True)
    priority = fields.Integer()
    signed_on = fields.Date()
    valid_from = fields.Date()
    valid_until = fields.Date()


class ResponsibleDoc(Schema):
    """A line of the responsibility matrix, without person and phone."""

    responsibility = fields.UUID()
    unit = fields.UUID()
    role = fields.String()
    scope = fields.String()
    key = fields.String()
    area = fields.String()


class LocatedDoc(Schema):
    """The codes of the areas a place lies in."""

    grid = fields.String()
    community = fields.String()
    town = fields.String()
    district = fields.String()


class RoadNearDoc(Schema):
    """A road segment near the place."""

    code = fields.String()
    metres = fields.Float()


class ExplanationDoc(Schema):
    """The reason as a sentence."""

    zh = fields.String()
    en = fields.String()


class MatchAnswer(Schema):
    """Which contract answers and why. Exactly one of `winner`, `acting`, or neither: `reason` is then awaiting_contract."""

    wgs84 = fields.List(fields.Float())
    located = fields.Nested(LocatedDoc(), allow_none=True)
    roads = fields.List(fields.Nested(RoadNearDoc()))
    category = fields.String()
    code = fields.String(allow_none=True, metadata={"description": "category_mapped where another category holds than the one named"})
    trade = fields.String()
    at = fields.AwareDateTime()
    day = fields.Date(metadata={"description": "The day in Asia/Shanghai on which contracts were judged"})
    reason = fields.String()
    explanation = fields.Nested(ExplanationDoc())
    winner = fields.Nested(CandidateDoc(), allow_none=True)
    runner_up = fields.Nested(CandidateDoc(), allow_none=True)
    acting = fields.Nested(ResponsibleDoc(), allow_none=True)
    considered = fields.List(fields.Nested(CandidateDoc()))
    out_of_force = fields.List(fields.Nested(CandidateDoc()))
    area_owner = fields.Nested(ResponsibleDoc(), allow_none=True)
    trade_owner = fields.Nested(ResponsibleDoc(), allow_none=True)


class CoverageReportQuery(Schema):
    """A trade and a day (today without it)."""

    trade = fields.String(required=True, validate=_trade)
    on = fields.Date(load_default=None)


class CommunityCoverageDoc(Schema):
    """How a community is covered: covered, gap (no grid held), partial (some held by none) or overlap (some held by two or more)."""

    community = fields.String()
    state = fields.String()
    grids = fields.Integer()
    gaps = fields.List(fields.String(), metadata={"description": "Codes of grids that no contract holds"})
    overlaps = fields.List(fields.String(), metadata={"description": "Codes of grids that several contracts hold"})
    contracts = fields.List(fields.UUID())
    settled_by = fields.List(fields.String())
    acting = fields.UUID(allow_none=True)


class CoverageReportDoc(Schema):
    """Gaps and overlaps of a trade, community by community; roads and assets are left out."""

    trade = fields.String()
    on = fields.Date()
    items = fields.List(fields.Nested(CommunityCoverageDoc()))
