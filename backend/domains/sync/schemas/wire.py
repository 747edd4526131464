"""Schemas of the sync endpoints. Push bodies and pull pages are only described by them: they run for thousands of operations a second."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

STATUSES = ("applied", "duplicate", "merged", "conflict", "rejected", "deferred", "received")
SETTLED = tuple(status for status in STATUSES if status != "duplicate")
TIME_QUALITIES = ("exact", "anchored", "estimated")
_PROBLEM = {"allOf": [{"$ref": "#/components/schemas/Problem"}]}
_SOMETIMES = {"sometimes": True}


class RegisterReplica(Schema):
    """A fresh local store registers; `replica` is the id it had before, where a restored server no longer knows it."""

    install_id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    replica = fields.UUID(load_default=None, allow_none=True)
    platform = fields.String(required=True, validate=validate.Length(min=1, max=100))
    app_version = fields.String(required=True, validate=validate.Length(min=1, max=100))
    schema = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=32_767))


class Limits(Schema):
    """The largest of each that is taken: operations a push, its bytes as sent and inflated, bytes of one line, of a photo, its pixels."""

    ops = fields.Integer()
    body_bytes = fields.Integer()
    inflated_bytes = fields.Integer()
    op_bytes = fields.Integer()
    photo_bytes = fields.Integer()
    photo_pixels = fields.Integer()


class ReplicaRegistered(Schema):
    """What the store needs to go on: its id, its push credential (shown this once), and where its sequence stands."""

    replica = fields.UUID()
    credential = fields.String()
    expires_at = fields.AwareDateTime()
    epoch = fields.String()
    acked_through = fields.Integer()
    next_seq = fields.Integer()
    limits = fields.Nested(Limits())


class Hello(Schema):
    """What a phone learns before anything else."""

    protocol = fields.Integer()
    epoch = fields.String()
    server_time = fields.AwareDateTime()
    schema = fields.Integer()
    limits = fields.Nested(Limits())


class EffectsLimit(Schema):
    """A time limit and where it comes from."""

    value = fields.Integer()
    unit = fields.String()
    source = fields.String(allow_none=True)


class Effects(Schema):
    """What is known of the entity at once. Of a finding all but `late` and `overlapping`; of a patrol `state` and these two."""

    number = fields.String(metadata=_SOMETIMES)
    state = fields.String(metadata=_SOMETIMES)
    grid = fields.String(allow_none=True, metadata=_SOMETIMES)
    community = fields.String(allow_none=True, metadata=_SOMETIMES)
    town = fields.String(allow_none=True, metadata=_SOMETIMES)
    liable = fields.UUID(allow_none=True, metadata={**_SOMETIMES, "description": "The contract that is liable"})
    limit = fields.Nested(EffectsLimit(), allow_none=True, metadata=_SOMETIMES)
    deadline = fields.AwareDateTime(allow_none=True, metadata={**_SOMETIMES, "description": "Null until dispatch"})
    needs = fields.List(fields.String(), metadata={**_SOMETIMES, "description": "Flags; others may come"})
    set = fields.List(fields.String(), metadata={**_SOMETIMES, "description": "Fields that an amendment changed"})
    kept = fields.List(fields.String(), metadata={**_SOMETIMES, "description": "Fields that had the value meant already"})
    proposed = fields.List(
        fields.String(), metadata={**_SOMETIMES, "description": "Fields changed by another meanwhile: kept as proposals"}
    )
    late = fields.Boolean(metadata=_SOMETIMES)
    overlapping = fields.Boolean(metadata=_SOMETIMES)


class Result(Schema):
    """What became of an operation (protocol, section 3). `code` says how or why: an open set, see the protocol and problems.md."""

    op = fields.UUID(allow_none=True, metadata={"description": "Null for a line that could not be read"})
    seq = fields.Integer(allow_none=True)
    status = fields.String(validate=validate.OneOf(SETTLED), metadata={"named": "OutcomeStatus"})
    code = fields.String(allow_none=True, metadata={"examples": ["category_mapped", "state_kept", "parent_rejected", "schema"]})
    problem = fields.Raw(allow_none=True, metadata=_PROBLEM)
    version = fields.Integer(allow_none=True, metadata={"description": "The entity's after it"})
    at_seq = fields.Integer(allow_none=True, metadata={"description": "Its number in the journal and feed"})
    at_corrected = fields.AwareDateTime(allow_none=True)
    time_quality = fields.String(allow_none=True, validate=validate.OneOf(TIME_QUALITIES), metadata={"named": "TimeQuality"})
    effects = fields.Nested(Effects(), allow_none=True)


class OriginalResult(Result):
    """The present result of an operation that had come before; `line` only where it came in this same body."""

    line = fields.Integer(metadata=_SOMETIMES)


class PushResult(Result):
    """What became of one line. `duplicate`: it had come before, see `original`."""

    line = fields.Integer(metadata={"description": "In the body, the header being 1"})
    status = fields.String(validate=validate.OneOf(STATUSES), metadata={"named": "OperationStatus"})
    original = fields.Nested(OriginalResult(), metadata={**_SOMETIMES, "description": "With the status `duplicate`"})


class Chain(Schema):
    """The chain hash over seq 1..through."""

    through = fields.Integer()
    hash = fields.String()


class PushAnswer(Schema):
    """The answer to a push."""

    epoch = fields.String()
    server_time = fields.AwareDateTime()
    acked_through = fields.Integer()
    missing = fields.List(
        fields.List(fields.Integer(), validate=validate.Length(equal=2)),
        metadata={"description": "Ranges, first and last, below the highest seen"},
    )
    chain = fields.Nested(Chain())
    next_batch = fields.Integer()
    retry_after_ms = fields.Integer(allow_none=True)
    results = fields.List(fields.Nested(PushResult()))


class Pull(Schema):
    """What the phone has: a cursor, or null at first; a digest a scope where it wants its copy checked.

    `schema` is the version of documents the app reads; where it is higher than the copy was made under, the types that changed come anew.
    """

    replica = fields.UUID(required=True)
    cursor = fields.String(load_default=None, allow_none=True)
    schema = fields.Integer(load_default=1, strict=True, allow_none=True)
    limit = fields.Integer(load_default=500, strict=True, validate=validate.Range(min=1, max=1000))
    digest = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Raw(metadata={"type": ["integer", "string"]})),
        load_default=None,
        allow_none=True,
        metadata={"description": "By scope: how many entities, and the sum of their hashes as 16 hexadecimal digits"},
    )


class Scopes(Schema):
    """Scopes gained and lost since the cursor."""

    added = fields.List(fields.String())
    dropped = fields.List(fields.String())


class PatrolDoc(Schema):
    """A patrol as pulled. `late`: opened or closed long after it happened; `overlapping`: beside another of the same inspector.

    `unplanned`: the shift that it names was cancelled, or another's, when it was opened.
    """

    id = fields.UUID()
    version = fields.Integer()
    state = fields.String(metadata={"description": "open or closed; others may come"})
    inspector = fields.UUID()
    planned = fields.UUID(allow_none=True)
    opened_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    visited = fields.List(fields.String(), metadata={"description": "Codes of grids and roads"})
    points = fields.Integer(metadata={"description": "Of its track"})
    metres = fields.Float()
    late = fields.Boolean()
    overlapping = fields.Boolean()
    unplanned = fields.Boolean()


class PullAnswer(Schema):
    """A page of changes and outcomes."""

    epoch = fields.String()
    more = fields.Boolean()
    cursor = fields.String()
    server_time = fields.AwareDateTime()
    acked_through = fields.Integer()
    scopes = fields.Nested(Scopes())
    resync = fields.List(fields.String())
    changes = fields.List(fields.Raw(metadata={"allOf": [{"$ref": "#/components/schemas/Change"}]}))
    results = fields.List(fields.Nested(Result()))


class ReceiptsQuery(Schema):
    """From which seq on."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**53))
    limit = fields.Integer(load_default=500, validate=validate.Range(min=1, max=1000))


class ReceiptEntity(Schema):
    """The entity an operation was on."""

    type = fields.String()
    id = fields.UUID()


class Receipt(Schema):
    """One operation that had arrived."""

    seq = fields.Integer()
    op = fields.UUID()
    sha256 = fields.String()
    status = fields.String(validate=validate.OneOf(SETTLED), metadata={"named": "OutcomeStatus"})
    code = fields.String(allow_none=True)
    t = fields.String(allow_none=True)
    e = fields.Nested(ReceiptEntity(), allow_none=True)


class Receipts(Schema):
    """A page of receipts."""

    replica = fields.UUID()
    acked_through = fields.Integer()
    items = fields.List(fields.Nested(Receipt()))
    next = fields.Integer(allow_none=True)
