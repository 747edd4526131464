"""Worklists as they are answered, and what asks for them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.findings.schemas.documents import Areas, FindingCategory

TRADES = ("municipal", "greening", "sanitation", "cleaning", "enforcement", "other")
COLOURS = ("green", "yellow", "red")


class ReadWorklist(Schema):
    """Narrowing a worklist, and its pages."""

    area = fields.String(validate=validate.Regexp(r"^\d{6}(\d{3}){0,3}$", error="6, 9, 12 or 15 digits"))
    trade = fields.String(validate=validate.OneOf(TRADES))
    category = fields.String(validate=validate.Regexp(r"^(component|event):\w{1,20}$", error="kind:code, as event:06012"))
    severity = fields.Integer(validate=validate.Range(min=1, max=3), metadata={"description": "At least this severe"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String()


class WriteSheet(Schema):
    """Narrowing the worklist that is written as a sheet."""

    area = fields.String(validate=validate.Regexp(r"^\d{6}(\d{3}){0,3}$", error="6, 9, 12 or 15 digits"))
    trade = fields.String(validate=validate.OneOf(TRADES))
    category = fields.String(validate=validate.Regexp(r"^(component|event):\w{1,20}$", error="kind:code, as event:06012"))
    severity = fields.Integer(validate=validate.Range(min=1, max=3), metadata={"description": "At least this severe"})


class FindNear(Schema):
    """Where the inspector stands."""

    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    datum = fields.String(required=True)
    metres = fields.Float(load_default=500, validate=validate.Range(min=1, max=5000))


class SearchFindings(Schema):
    """What is looked for, in parts between spaces that must all be there."""

    q = fields.String(required=True, validate=validate.Length(min=1, max=120))
    open = fields.Boolean(load_default=False, metadata={"description": "Only what has not ended"})
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))
    cursor = fields.String()


class WorklistCount(Schema):
    """How many lines a list has for the caller. `more`: at least `count`, counting stops at a thousand."""

    count = fields.Integer()
    more = fields.Boolean()
    overdue = fields.Integer(allow_none=True, metadata={"description": "How many of them are past due; null where nothing is due"})


class WorklistDoc(WorklistCount):
    """A worklist of the caller's roles."""

    name = fields.String()
    title = fields.String()
    title_zh = fields.String()
    says = fields.String(metadata={"description": "What stands in it and what is to be done"})
    says_zh = fields.String()
    rows = fields.String(
        validate=validate.OneOf(["finding", "dispatch", "request", "task", "demand", "hand_over"]),
        metadata={"description": "What each line is"},
    )
    verbs = fields.List(fields.String(), metadata={"description": "The moves that it is there for"})
    bulk = fields.List(fields.String(), metadata={"description": "Those of them that POST /findings/bulk takes for its lines"})


class Worklists(Schema):
    """The worklists of the caller's roles with their counts, at this moment."""

    at = fields.AwareDateTime()
    items = fields.List(fields.Nested(WorklistDoc()))


class LineDispatch(Schema):
    """The dispatch of a line: the one it is about, or the lead that stands."""

    id = fields.UUID()
    role = fields.String()
    state = fields.String()
    unit = fields.UUID()
    unit_name = fields.String(allow_none=True)
    unit_name_en = fields.String(allow_none=True)
    contract = fields.UUID(allow_none=True)
    worker = fields.UUID(allow_none=True)
    issued_at = fields.AwareDateTime()
    due = fields.AwareDateTime(allow_none=True)
    suspended_until = fields.AwareDateTime(allow_none=True)
    returns = fields.Integer()
    reworks = fields.Integer()
    escalation = fields.Integer()


class LineRequest(Schema):
    """The request that a line is about."""

    id = fields.UUID()
    kind = fields.String()
    state = fields.String()
    reason = fields.String()
    until = fields.AwareDateTime(allow_none=True)
    asked_by = fields.UUID(allow_none=True)
    asked_at = fields.AwareDateTime()


class LineDemand(Schema):
    """The leader's demand that a line is about, and the reply."""

    id = fields.UUID()
    kind = fields.String()
    state = fields.String()
    demand = fields.String()
    reply_due = fields.AwareDateTime()
    reply = fields.String(allow_none=True)
    replied_at = fields.AwareDateTime(allow_none=True)


class LineHandOver(Schema):
    """The hand-over to enforcement that a line is about."""

    id = fields.UUID()
    state = fields.String()
    unit = fields.UUID()
    legal_basis = fields.String()
    facts = fields.String()
    sent_at = fields.AwareDateTime()


class LineOutcome(Schema):
    """What happened to it last, and why."""

    event = fields.String()
    at = fields.AwareDateTime()
    why = fields.Dict(metadata={"description": "reason, head (it was attached to), result, condition, by event"})


class WorklistLine(Schema):
    """One line: enough to decide by without opening the finding. `due` and `colour` are of the work, else of the step waited for."""

    finding = fields.UUID()
    number = fields.String()
    state = fields.String()
    state_version = fields.Integer()
    category = fields.Nested(FindingCategory())
    category_name = fields.String(allow_none=True)
    category_name_zh = fields.String(allow_none=True)
    condition = fields.Integer(allow_none=True)
    trade = fields.String()
    severity = fields.Integer()
    address = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    areas = fields.Nested(Areas())
    town_name = fields.String(allow_none=True)
    community_name = fields.String(allow_none=True)
    wgs84 = fields.List(fields.Float())
    needs = fields.List(fields.String())
    source = fields.String()
    recorded_at = fields.AwareDateTime()
    step = fields.String(allow_none=True, metadata={"description": "What is waited for: accept, verify, dispatch, check, close, appeal"})
    step_since = fields.AwareDateTime(allow_none=True)
    due = fields.AwareDateTime(allow_none=True)
    colour = fields.String(allow_none=True, validate=validate.OneOf(COLOURS), metadata={"named": "Colour"})
    bounces = fields.Integer(allow_none=True, metadata={"description": "How often it came back as another's duty; not for contractors"})
    supervised = fields.Boolean()
    void_reason = fields.String(allow_none=True)
    moves = fields.List(fields.String(), metadata={"description": "The moves open to the caller"})
    dispatch = fields.Nested(LineDispatch(), allow_none=True)
    request = fields.Nested(LineRequest(), allow_none=True)
    demand = fields.Nested(LineDemand(), allow_none=True)
    hand_over = fields.Nested(LineHandOver(), allow_none=True)
    outcome = fields.Nested(LineOutcome(), allow_none=True)


class WorklistPage(WorklistDoc):
    """A page of a worklist. `count` is of the list as it was narrowed, `of` of the whole of it; `next` is null on the last page."""

    at = fields.AwareDateTime()
    of = fields.Nested(WorklistCount())
    items = fields.List(fields.Nested(WorklistLine()))
    next = fields.String(allow_none=True)


class NearLine(Schema):
    """A line and how far it is."""

    metres = fields.Float()
    line = fields.Nested(WorklistLine())


class NearLines(Schema):
    """What an inspector is to look at near here, the nearest first; at most fifty."""

    items = fields.List(fields.Nested(NearLine()))


class SearchPage(Schema):
    """What was found; `next` is null where there is no more. A page may be short, or empty, and have a next."""

    items = fields.List(fields.Nested(WorklistLine()))
    next = fields.String(allow_none=True)
