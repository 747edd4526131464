"""What is sent about a finding, by phones and by the desk, and a finding as it is shown. Fields are listed one by one."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.findings.rules.moves import STATES
from backend.domains.findings.rules.needs import FLAGS

_TEXT = validate.Length(max=2000)
_SHORT = validate.Length(max=200)
_NAME = validate.Length(min=1, max=120)


class Category(Schema):
    """`{kind, code, edition?}` of the catalogue."""

    kind = fields.String(required=True, validate=validate.OneOf(["component", "event"]))
    code = fields.String(required=True, validate=validate.Length(min=1, max=20))
    edition = fields.Integer(strict=True, load_default=None, allow_none=True)


class Place(Schema):
    """A point as the phone had it. `datum` is required; range and datum are checked by the rule that converts it."""

    lon = fields.Float(required=True, allow_nan=True)
    lat = fields.Float(required=True, allow_nan=True)
    datum = fields.String(required=True)
    accuracy_m = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0, max=1_000_000))
    provider = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    fix_age_s = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0))
    mock = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})


class Photo(Schema):
    """A photo declared: its bytes travel apart, under their SHA-256. Too large or of a wrong type refuses the bytes, not the record."""

    id = fields.UUID(required=True)
    sha256 = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}$", error="64 lower-case hexadecimal digits"))
    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=2**40))
    mime = fields.String(required=True, validate=validate.Length(min=1, max=100))
    role = fields.String(required=True, validate=validate.OneOf(["before", "after", "scene"]))
    taken_at = Moment(load_default=None, allow_none=True)


class RecordFinding(Schema):
    """`d` of record_finding."""

    patrol = fields.UUID(load_default=None, allow_none=True)
    category = fields.Nested(Category(), required=True)
    condition = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    asset = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    address = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    place = fields.Nested(Place(), required=True)
    severity = fields.Integer(strict=True, load_default=1, validate=validate.OneOf([1, 2, 3]))
    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    photos = fields.List(fields.Nested(Photo()), load_default=list, validate=validate.Length(max=20))


class _Category(Schema):
    seen = fields.Nested(Category(), required=True, allow_none=True)
    value = fields.Nested(Category(), required=True)


class _Condition(Schema):
    seen = fields.Integer(strict=True, required=True, allow_none=True)
    value = fields.Integer(strict=True, required=True, allow_none=True, validate=validate.Range(min=1))


class _Short(Schema):
    seen = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True, validate=_SHORT)


class _Text(Schema):
    seen = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True, validate=_TEXT)


class _Place(Schema):
    seen = fields.Nested(Place(), required=True, allow_none=True)
    value = fields.Nested(Place(), required=True)


class _Severity(Schema):
    seen = fields.Integer(strict=True, required=True, allow_none=True)
    value = fields.Integer(strict=True, required=True, validate=validate.OneOf([1, 2, 3]))


class _Amendable(Schema):
    category = fields.Nested(_Category())
    condition = fields.Nested(_Condition())
    asset = fields.Nested(_Short())
    address = fields.Nested(_Short())
    place = fields.Nested(_Place())
    severity = fields.Nested(_Severity())
    note = fields.Nested(_Text())


class AmendFinding(Schema):
    """`d` of amend_finding: changed fields only, each with the value seen."""

    fields_ = fields.Nested(_Amendable(), required=True, data_key="fields")


class WithdrawFinding(Schema):
    """`d` of withdraw_finding."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class RetractPhoto(Schema):
    """`d` of retract_photo: an own photo that is not to count."""

    photo = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class AddNote(Schema):
    """`d` of add_note."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=2000))


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
    number = fields.String(validate=_NAME)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String()


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
