"""A finding as it is shown: pulled by phones, listed, and with its history."""

from __future__ import annotations

from marshmallow import Schema, fields

from backend.domains.findings.schemas.operations import Category, Place


class Limit(Schema):
    """A time limit and where it comes from: the condition, or the class's default."""

    value = fields.Integer()
    unit = fields.String()
    source = fields.String()


class Areas(Schema):
    """Codes of the community, town and district."""

    community = fields.String(allow_none=True)
    town = fields.String(allow_none=True)
    district = fields.String()


class DispatchDoc(Schema):
    """A dispatch as shown within its finding."""

    id = fields.UUID()
    role = fields.String()
    state = fields.String()
    unit = fields.UUID()
    unit_kind = fields.String()
    contract = fields.UUID(allow_none=True)
    choice = fields.Dict()
    issued_at = fields.AwareDateTime()
    automatic = fields.Boolean()
    limit = fields.Nested(Limit(), allow_none=True)
    deadline = fields.UUID(allow_none=True)
    due = fields.AwareDateTime(allow_none=True)
    awaiting_calendar = fields.Boolean()


class PhotoDoc(Schema):
    """A declared photo and what became of its bytes."""

    id = fields.UUID()
    sha256 = fields.String()
    bytes = fields.Integer()
    mime = fields.String()
    role = fields.String()
    state = fields.String()
    taken_at = fields.AwareDateTime(allow_none=True)
    retracted = fields.Boolean()
    fault = fields.String(allow_none=True)


class EvidenceDoc(Schema):
    """How many photos are declared, stored, usable."""

    declared = fields.Integer()
    stored = fields.Integer()
    usable = fields.Integer()
    waived = fields.Integer()


class NoteDoc(Schema):
    """A note."""

    id = fields.UUID()
    text = fields.String()
    written_by = fields.UUID(allow_none=True)
    written_at = fields.AwareDateTime()


class ProposalDoc(Schema):
    """A change kept but not put into effect."""

    field = fields.String()
    seen = fields.Raw(allow_none=True)
    value = fields.Raw(allow_none=True)
    proposed_by = fields.UUID(allow_none=True)
    proposed_at = fields.AwareDateTime()


class FindingDoc(Schema):
    """A finding as pulled and shown (the sync protocol, section 4)."""

    id = fields.UUID()
    number = fields.String()
    version = fields.Integer()
    state_version = fields.Integer()
    state = fields.String()
    source = fields.String()
    category = fields.Nested(Category())
    condition = fields.Integer(allow_none=True)
    trade = fields.String()
    place = fields.Nested(Place())
    wgs84 = fields.List(fields.Float())
    address = fields.String(allow_none=True)
    asset = fields.String(allow_none=True)
    grid = fields.String(allow_none=True)
    areas = fields.Nested(Areas())
    severity = fields.Integer()
    note = fields.String(allow_none=True)
    needs = fields.List(fields.String())
    liable = fields.UUID(allow_none=True)
    liability = fields.Dict()
    limit = fields.Nested(Limit(), allow_none=True)
    dispatches = fields.List(fields.Nested(DispatchDoc()))
    deadline = fields.AwareDateTime(allow_none=True)
    evidence = fields.Nested(EvidenceDoc())
    photos = fields.List(fields.Nested(PhotoDoc()))
    notes = fields.List(fields.Nested(NoteDoc()))
    proposals = fields.List(fields.Nested(ProposalDoc()))
    void_request = fields.Dict(allow_none=True)
    patrol = fields.UUID(allow_none=True)
    recorded_by = fields.UUID(allow_none=True)
    recorded_at = fields.AwareDateTime()
    received_at = fields.AwareDateTime()
    time_quality = fields.String()
    filed_at = fields.AwareDateTime(allow_none=True)


class HistoryEntry(Schema):
    """One thing that happened to it: device time (unchecked), corrected time and server time."""

    seq = fields.Integer()
    event = fields.String()
    actor = fields.UUID(allow_none=True)
    actor_name = fields.String(allow_none=True)
    op = fields.UUID(allow_none=True)
    device_at = fields.AwareDateTime(allow_none=True)
    happened_at = fields.AwareDateTime()
    at = fields.AwareDateTime()
    time_quality = fields.String()
    facts = fields.Dict()


class FindingWithHistory(FindingDoc):
    """One finding with its history and the moves open to the caller."""

    history = fields.List(fields.Nested(HistoryEntry()))
    moves = fields.List(fields.String())


class FindingPage(Schema):
    """A page of findings, the newest first; `next` is null on the last."""

    items = fields.List(fields.Nested(FindingDoc()))
    next = fields.String(allow_none=True)


class DeadlineExplained(Schema):
    """A dispatch and its deadline as GET /deadlines/{id} shows it."""

    dispatch = fields.UUID()
    deadline = fields.Dict()


class DeadlinesExplained(Schema):
    """The deadlines of a finding's dispatches."""

    items = fields.List(fields.Nested(DeadlineExplained()))
