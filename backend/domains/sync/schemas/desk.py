"""What the desk of sync sends and is shown: exceptions, one operation, decisions."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.sync.rules.desk import KINDS
from backend.domains.sync.rules.envelope import ENTITIES

_REASON = validate.Length(min=1, max=500)
_LIMIT = validate.Range(min=1, max=200)


class Words(Schema):
    """The same in English and Chinese."""

    en = fields.String()
    zh = fields.String()


class Someone(Schema):
    """A person by id and name."""

    id = fields.UUID()
    name = fields.String(allow_none=True)


class NamedFinding(Schema):
    """A finding by id and number; no number where it has not arrived."""

    id = fields.UUID()
    number = fields.String(allow_none=True)


class EntityOf(Schema):
    """The entity an operation is on."""

    type = fields.String()
    id = fields.UUID()


class WaitedFor(Schema):
    """What a deferred operation waits for, in words."""

    key = fields.String()
    en = fields.String()
    zh = fields.String()


class OperationBrief(Schema):
    """An operation and what became of it."""

    op = fields.UUID()
    seq = fields.Integer()
    t = fields.String()
    status = fields.String()
    code = fields.String(allow_none=True)
    problem = fields.Raw(allow_none=True, metadata={"allOf": [{"$ref": "#/components/schemas/Problem"}]})
    entity = fields.Nested(EntityOf(), allow_none=True)


class SyncException(Schema):
    """Something that sync could not settle by itself. `facts` differ by kind; `decisions` are those open to the caller."""

    key = fields.String()
    kind = fields.String(validate=validate.OneOf(list(KINDS)))
    title = fields.Nested(Words())
    at = fields.AwareDateTime()
    replica = fields.UUID(allow_none=True)
    person = fields.Nested(Someone(), allow_none=True)
    finding = fields.Nested(NamedFinding(), allow_none=True)
    operation = fields.Nested(OperationBrief(), allow_none=True)
    waits_for = fields.List(fields.Nested(WaitedFor()))
    facts = fields.Dict(keys=fields.String())
    decisions = fields.List(fields.String())


class ListExceptions(Schema):
    """Which kind, and from where on."""

    kind = fields.String(load_default=None, validate=validate.OneOf(list(KINDS)))
    limit = fields.Integer(load_default=50, validate=_LIMIT)
    cursor = fields.String(load_default=None)


class ExceptionPage(Schema):
    """A page of exceptions, the oldest first, and how many there are of each kind."""

    items = fields.List(fields.Nested(SyncException()))
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    next = fields.String(allow_none=True)


class RawLine(Schema):
    """A line as it arrived: text, or base64 where it is no UTF-8. Of one over 64 KiB the beginning. Neither for an administrator."""

    push = fields.UUID()
    line = fields.Integer()
    lane = fields.String()
    seq = fields.Integer(allow_none=True)
    sha256 = fields.String()
    bytes = fields.Integer()
    text = fields.String(allow_none=True)
    base64 = fields.String(allow_none=True)


class OperationTimes(Schema):
    """When it was done: by the phone's clock, corrected and how, and the window of an estimated time."""

    device = fields.String(allow_none=True)
    corrected = fields.AwareDateTime()
    quality = fields.String()
    window = fields.List(fields.AwareDateTime(), allow_none=True)
    received = fields.AwareDateTime()
    judged = fields.AwareDateTime()


class Told(Schema):
    """An entry of the journal."""

    seq = fields.Integer()
    event = fields.String()
    at = fields.AwareDateTime()
    by = fields.UUID(allow_none=True)
    version = fields.Integer()
    facts = fields.Dict()


class DecisionMade(Schema):
    """What somebody decided. `data`: the operation as repaired, or how a conflict was settled; not for an administrator."""

    kind = fields.String()
    by = fields.Nested(Someone(), allow_none=True)
    at = fields.AwareDateTime()
    reason = fields.String()
    data = fields.Dict(allow_none=True)
    vouched = fields.Boolean()
    happened_at = fields.AwareDateTime(allow_none=True)


class OperationWhole(OperationBrief):
    """Everything about one operation."""

    replica = fields.UUID()
    person = fields.Nested(Someone())
    version = fields.Integer(allow_none=True)
    effects = fields.Raw(allow_none=True, metadata={"allOf": [{"$ref": "#/components/schemas/Effects"}]})
    at_seq = fields.Integer(allow_none=True)
    settled_at = fields.AwareDateTime(allow_none=True)
    line = fields.Nested(RawLine())
    header = fields.Dict()
    time = fields.Nested(OperationTimes())
    waits_for = fields.List(fields.Nested(WaitedFor()))
    finding = fields.Nested(NamedFinding(), allow_none=True)
    kind = fields.String(allow_none=True, validate=validate.OneOf(list(KINDS)))
    history = fields.List(fields.Nested(Told()))
    decisions_made = fields.List(fields.Nested(DecisionMade()))
    decisions = fields.List(fields.String())


class EntityGiven(Schema):
    """`e` of an operation, as the desk gives it."""

    type = fields.String(required=True, validate=validate.OneOf(sorted(ENTITIES)))
    id = fields.UUID(required=True)
    base = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=0))


class _Content(Schema):
    t = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=60))
    v = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=32_767))
    at = Moment(load_default=None, allow_none=True)
    d = fields.Dict(keys=fields.String(), load_default=None, allow_none=True)
    deps = fields.List(fields.UUID(), load_default=None, allow_none=True, validate=validate.Length(max=200))
    entity = fields.Nested(EntityGiven(), load_default=None, allow_none=True)


class RedriveOperation(_Content):
    """Judge it again. What is given of `t`, `v`, `at`, `d`, `deps` and `entity` is put in place of the line's own; the raw line stays.

    `t`, `v`, `at`, type and id of `entity` only where the line's own cannot be read or is unknown here; `d` never of what its author says
    to have seen, done or taken back (verify_finding, report_rectification, self_resolve_finding, withdraw_finding).
    `vouch`: the caller answers for its author's standing at that time; left out, it is as decided before. `happened_at`: when it was done,
    of an estimated time. `at_seq`: the outcome that was looked at; if it is another by now, 409.
    """

    reason = fields.String(required=True, validate=_REASON)
    vouch = fields.Boolean(load_default=None, truthy={True}, falsy={False})
    happened_at = Moment(load_default=None, allow_none=True)
    at_seq = fields.Integer(strict=True, load_default=None, allow_none=True)


class RepairLine(_Content):
    """Make an operation of a line that stands beside. What is not given is taken from the line, where it can be read.

    The same may be changed as of an operation; of a malformed line nothing is made that its author says to have seen, done or taken back.
    """

    reason = fields.String(required=True, validate=_REASON)


class DismissException(Schema):
    """Why it leaves the list. `at_seq`: the outcome that was looked at."""

    reason = fields.String(required=True, validate=_REASON)
    at_seq = fields.Integer(strict=True, load_default=None, allow_none=True)


class ExceptionDismissed(Schema):
    """What left the list."""

    key = fields.String()
    dismissed = fields.Boolean()
