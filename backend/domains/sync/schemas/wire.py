"""Schemas of the sync endpoints. Push bodies and pull pages are only described by them: they run for thousands of operations a second."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class RegisterReplica(Schema):
    """A fresh local store registers; `replica` is the id it had before, where a restored server no longer knows it."""

    install_id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    replica = fields.UUID(load_default=None, allow_none=True)
    platform = fields.String(required=True, validate=validate.Length(min=1, max=100))
    app_version = fields.String(required=True, validate=validate.Length(min=1, max=100))
    schema = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=32_767))


class ReplicaRegistered(Schema):
    """What the store needs to go on: its id, its push credential (shown this once), and where its sequence stands."""

    replica = fields.UUID()
    credential = fields.String()
    expires_at = fields.AwareDateTime()
    epoch = fields.String()
    acked_through = fields.Integer()
    next_seq = fields.Integer()
    limits = fields.Dict(keys=fields.String(), values=fields.Integer())


class Hello(Schema):
    """What a phone learns before anything else."""

    protocol = fields.Integer()
    epoch = fields.String()
    server_time = fields.AwareDateTime()
    schema = fields.Integer()
    limits = fields.Dict(keys=fields.String(), values=fields.Integer())


class PushResult(Schema):
    """What became of one line (protocol, section 3)."""

    op = fields.UUID(allow_none=True)
    seq = fields.Integer(allow_none=True)
    line = fields.Integer()
    status = fields.String()
    code = fields.String(allow_none=True)
    problem = fields.Dict(allow_none=True)
    version = fields.Integer(allow_none=True)
    at_seq = fields.Integer(allow_none=True)
    at_corrected = fields.AwareDateTime(allow_none=True)
    time_quality = fields.String(allow_none=True)
    effects = fields.Dict(allow_none=True)
    original = fields.Dict(allow_none=True)


class Chain(Schema):
    """The chain hash over seq 1..through."""

    through = fields.Integer()
    hash = fields.String()


class PushAnswer(Schema):
    """The answer to a push."""

    epoch = fields.String()
    server_time = fields.AwareDateTime()
    acked_through = fields.Integer()
    missing = fields.List(fields.List(fields.Integer()))
    chain = fields.Nested(Chain())
    next_batch = fields.Integer()
    retry_after_ms = fields.Integer(allow_none=True)
    results = fields.List(fields.Nested(PushResult()))


class Pull(Schema):
    """What the phone has: a cursor, or null at first; a digest a scope where it wants its copy checked."""

    replica = fields.UUID(required=True)
    cursor = fields.String(load_default=None, allow_none=True)
    schema = fields.Integer(load_default=1, strict=True)
    limit = fields.Integer(load_default=500, strict=True, validate=validate.Range(min=1, max=1000))
    digest = fields.Dict(keys=fields.String(), values=fields.List(fields.Raw()), load_default=None, allow_none=True)


class Scopes(Schema):
    """Scopes gained and lost since the cursor."""

    added = fields.List(fields.String())
    dropped = fields.List(fields.String())


class Change(Schema):
    """A put with the document, or a drop with why."""

    s = fields.Integer()
    k = fields.String(validate=validate.OneOf(["put", "drop"]))
    type = fields.String()
    id = fields.String()
    ver = fields.Integer()
    scopes = fields.List(fields.String())
    doc = fields.Dict()
    why = fields.String()


class PullAnswer(Schema):
    """A page of changes and outcomes."""

    epoch = fields.String()
    more = fields.Boolean()
    cursor = fields.String()
    server_time = fields.AwareDateTime()
    acked_through = fields.Integer()
    scopes = fields.Nested(Scopes())
    resync = fields.List(fields.String())
    changes = fields.List(fields.Nested(Change()))
    results = fields.List(fields.Nested(PushResult()))


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
    status = fields.String()
    code = fields.String(allow_none=True)
    t = fields.String(allow_none=True)
    e = fields.Nested(ReceiptEntity(), allow_none=True)


class Receipts(Schema):
    """A page of receipts."""

    replica = fields.UUID()
    acked_through = fields.Integer()
    items = fields.List(fields.Nested(Receipt()))
    next = fields.Integer(allow_none=True)
