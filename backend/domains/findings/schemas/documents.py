"""A finding as it is shown: pulled by phones, listed, and with its history."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.evidence.rules.photos import ROLES
from backend.domains.findings.rules.hands import HAND_BACK_BY
from backend.domains.findings.rules.moves import STATES
from backend.domains.findings.rules.needs import FLAGS
from backend.domains.findings.rules.steps import STEPS
from backend.domains.findings.schemas.hands import CountersDoc, HandOverDoc, SupervisionDoc
from backend.domains.findings.schemas.tasks import TaskDoc
from backend.domains.findings.schemas.work import ReportDoc, RequestDoc, VerificationDoc

PHOTO_STATES = ("declared", "uploading", "stored", "usable", "unreadable", "waived")
TIME_QUALITIES = ("exact", "anchored", "estimated")
_SOMETIMES = {"sometimes": True}
_REASONS = (
    "only_one, priority, more_specific, later_signature, lowest_id, acting_unit, awaiting_contract, override, reopened, rebound, "
    "time_uncertain; others may come"
)


class FindingCategory(Schema):
    """The category of the catalogue."""

    kind = fields.String(validate=validate.OneOf(["component", "event"]), metadata={"named": "CategoryKind"})
    code = fields.String()
    edition = fields.Integer(allow_none=True)


class PlaceDoc(Schema):
    """A point as the phone had it, in its own datum; `wgs84` beside it is the same for everybody."""

    lon = fields.Float()
    lat = fields.Float()
    datum = fields.String(validate=validate.OneOf(["WGS-84", "GCJ-02", "BD-09"]))
    accuracy_m = fields.Float(allow_none=True)
    provider = fields.String(allow_none=True)
    fix_age_s = fields.Float(allow_none=True)
    mock = fields.Boolean(allow_none=True)


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


class ContractChosen(Schema):
    """A contract by which a finding is somebody's, and by what it holds the place: asset, road, grid, community, town or district."""

    id = fields.UUID()
    number = fields.String()
    contractor = fields.UUID()
    section = fields.String(metadata={"description": "Code of the section"})
    level = fields.String()
    code = fields.String(metadata={"description": "Of the asset, road or area"})


class Liability(Schema):
    """How the contract was chosen. For contractors the reason alone."""

    reason = fields.String(metadata={"description": _REASONS})
    contract = fields.Nested(ContractChosen(), allow_none=True, metadata=_SOMETIMES)
    runner_up = fields.Nested(ContractChosen(), allow_none=True, metadata=_SOMETIMES)
    acting = fields.UUID(allow_none=True, metadata={**_SOMETIMES, "description": "The unit that answers where no contract does"})
    between = fields.List(
        fields.Nested(ContractChosen(), allow_none=True),
        metadata={**_SOMETIMES, "description": "time_uncertain: the contracts in force within the bounds of the time, null for none"},
    )
    why = fields.String(metadata={**_SOMETIMES, "description": "What was given as reason for binding it anew"})


class Choice(Liability):
    """How the addressee of a dispatch was chosen. `why` and `instead_of` of an `override` or where it was `reopened`."""

    instead_of = fields.Nested(Liability(), metadata=_SOMETIMES)


class VoidRequest(Schema):
    """Who asked for the void, when and why."""

    reason = fields.String(metadata={"sometimes": True, "description": "not for administrators"})
    by = fields.UUID()
    at = fields.String(metadata={"format": "date-time"})


class DispatchDoc(Schema):
    """A dispatch as shown within its finding."""

    id = fields.UUID()
    role = fields.String()
    state = fields.String()
    unit = fields.UUID()
    unit_kind = fields.String()
    contract = fields.UUID(allow_none=True)
    choice = fields.Nested(Choice())
    issued_at = fields.AwareDateTime()
    automatic = fields.Boolean()
    limit = fields.Nested(Limit(), allow_none=True)
    deadline = fields.UUID(allow_none=True)
    due = fields.AwareDateTime(allow_none=True)
    awaiting_calendar = fields.Boolean()
    handed_back_at = fields.AwareDateTime(allow_none=True)
    reworks = fields.Integer()
    returns = fields.Integer(metadata={"description": "How often its unit asked to be rid of it"})
    suspended_until = fields.AwareDateTime(allow_none=True)
    area_suspension = fields.UUID(allow_none=True, metadata={"description": "The area-wide suspension that holds it"})
    yellow_from = fields.AwareDateTime(allow_none=True, metadata={"description": "Green until then, yellow until due, red beyond"})
    exempt = fields.Boolean(metadata={"description": "An appeal was granted: it does not count, though it may have been late"})
    worker = fields.UUID(allow_none=True, metadata={"description": "Who of the company has it"})
    hand_back_by = fields.String(validate=validate.OneOf(HAND_BACK_BY), metadata={"named": "HandBackBy"})
    replaced_by = fields.UUID(
        allow_none=True, metadata={"description": "The dispatch in its place since the finding was reopened: this one is worked on no more"}
    )


class PhotoDoc(Schema):
    """A declared photo and what became of its bytes."""

    id = fields.UUID()
    sha256 = fields.String()
    bytes = fields.Integer()
    mime = fields.String()
    role = fields.String(validate=validate.OneOf(ROLES))
    state = fields.String(validate=validate.OneOf(PHOTO_STATES))
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
    state = fields.String(metadata={"description": f"{', '.join(STATES)}; others may come"})
    source = fields.String(metadata={"description": "Where it came from: inspector, liaison and others that may come"})
    category = fields.Nested(FindingCategory())
    condition = fields.Integer(allow_none=True)
    trade = fields.String()
    place = fields.Nested(PlaceDoc())
    wgs84 = fields.List(fields.Float(), validate=validate.Length(equal=2), metadata={"description": "lon, lat"})
    address = fields.String(allow_none=True)
    asset = fields.String(allow_none=True)
    grid = fields.String(allow_none=True)
    areas = fields.Nested(Areas())
    severity = fields.Integer(
        validate=validate.OneOf([1, 2, 3]), metadata={"named": "Severity", "description": "1 low, 2 medium, 3 danger"}
    )
    note = fields.String(allow_none=True)
    needs = fields.List(fields.String(), metadata={"description": f"Flags that are set: {', '.join(FLAGS)}; others may come"})
    liable = fields.UUID(allow_none=True)
    liability = fields.Nested(Liability())
    limit = fields.Nested(Limit(), allow_none=True)
    dispatches = fields.List(fields.Nested(DispatchDoc()))
    reports = fields.List(fields.Nested(ReportDoc()))
    requests = fields.List(fields.Nested(RequestDoc()))
    tasks = fields.List(fields.Nested(TaskDoc()), metadata={"description": "Looks on site that somebody is to give; not for contractors"})
    verifications = fields.List(fields.Nested(VerificationDoc()))
    attached_to = fields.UUID(allow_none=True, metadata={"description": "The head of an attached finding"})
    followers = fields.List(fields.UUID(), metadata={"description": "Findings attached to this one"})
    supervised = fields.Boolean(metadata={"description": "A leader's demand is not ended"})
    supervisions = fields.List(fields.Nested(SupervisionDoc()))
    hand_overs = fields.List(fields.Nested(HandOverDoc()))
    campaign = fields.UUID(allow_none=True, metadata={"description": "The campaign that it is grouped into"})
    repeat_of = fields.UUID(allow_none=True, metadata={"description": "The last one of the same place and category closed before it"})
    split_from = fields.UUID(allow_none=True, metadata={"description": "The finding that it was a part of"})
    counters = fields.Nested(CountersDoc())
    deadline = fields.AwareDateTime(allow_none=True)
    evidence = fields.Nested(EvidenceDoc())
    photos = fields.List(fields.Nested(PhotoDoc()))
    notes = fields.List(fields.Nested(NoteDoc()))
    proposals = fields.List(fields.Nested(ProposalDoc()))
    void_request = fields.Nested(VoidRequest(), allow_none=True)
    patrol = fields.UUID(allow_none=True)
    recorded_by = fields.UUID(allow_none=True)
    recorded_at = fields.AwareDateTime()
    received_at = fields.AwareDateTime()
    time_quality = fields.String(validate=validate.OneOf(TIME_QUALITIES), metadata={"named": "TimeQuality"})
    filed_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    step = fields.String(allow_none=True, metadata={"description": f"What the desk or an inspector does next: {', '.join(STEPS)}"})
    step_since = fields.AwareDateTime(allow_none=True)
    step_due = fields.AwareDateTime(allow_none=True, metadata={"description": "Null where the step has no limit"})


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
    time_quality = fields.String(validate=validate.OneOf(TIME_QUALITIES), metadata={"named": "TimeQuality"})
    facts = fields.Dict(metadata={"description": "Ids and changed values, by event"})


class FindingWithHistory(FindingDoc):
    """One finding with its history and the moves open to the caller."""

    history = fields.List(fields.Nested(HistoryEntry()))
    moves = fields.List(fields.String())


class FindingPage(Schema):
    """A page of findings, the newest first; `next` is null on the last."""

    items = fields.List(fields.Nested(FindingDoc()))
    next = fields.String(allow_none=True)


class NearbyFinding(Schema):
    """An open finding that may be of the same thing."""

    metres = fields.Float(metadata={"description": "How far from the place"})
    same_asset = fields.Boolean()
    finding = fields.Nested(FindingDoc())


class NearbyFindings(Schema):
    """What is open near a place, of one asset first, then the nearest; `head` is the one that the others of these would be attached to."""

    reach_m = fields.Float()
    head = fields.UUID(allow_none=True)
    items = fields.List(fields.Nested(NearbyFinding()))
