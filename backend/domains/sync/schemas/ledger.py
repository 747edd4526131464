"""What the device ledger shows."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.sync.schemas.desk import Someone

_LIMIT = validate.Range(min=1, max=200)


class HeldIn(Schema):
    """A unit in which the store's person holds a role now."""

    id = fields.UUID()
    name = fields.String()
    role = fields.String()


class Ahead(Schema):
    """How far the phone says it was acknowledged, beyond this server, and since when that is known."""

    through = fields.Integer(allow_none=True)
    at = fields.AwareDateTime()


class DeviceReplica(Schema):
    """A store that syncs: who has it, when it was last heard of, what it still owes. `holes` counts missing operations."""

    replica = fields.UUID()
    person = fields.Nested(Someone())
    units = fields.List(fields.Nested(HeldIn()))
    platform = fields.String()
    app_version = fields.String()
    schema = fields.Integer()
    state = fields.String(validate=validate.OneOf(["active", "silent", "revoked"]))
    registered_at = fields.AwareDateTime()
    revoked_at = fields.AwareDateTime(allow_none=True)
    last_contact_at = fields.AwareDateTime()
    last_push_at = fields.AwareDateTime(allow_none=True)
    last_pull_at = fields.AwareDateTime(allow_none=True)
    outbox_depth = fields.Integer(allow_none=True)
    acked_through = fields.Integer()
    highest = fields.Integer()
    holes = fields.Integer()
    missing = fields.List(fields.List(fields.Integer()))
    unjudged = fields.Integer()
    deferred = fields.Integer()
    received = fields.Integer()
    clock_offset_ms = fields.Integer(allow_none=True)
    chain_differs_at = fields.AwareDateTime(allow_none=True)
    ahead = fields.Nested(Ahead(), allow_none=True)


class ListDeviceReplicas(Schema):
    """Filters of the ledger. `behind`: only those with holes, unjudged operations, another chain, or ahead of the server."""

    person = fields.UUID(load_default=None)
    unit = fields.UUID(load_default=None)
    platform = fields.String(load_default=None, validate=validate.Length(max=100))
    app_version = fields.String(load_default=None, validate=validate.Length(max=100))
    state = fields.String(load_default=None, validate=validate.OneOf(["active", "silent", "revoked"]))
    behind = fields.Boolean(load_default=False)
    limit = fields.Integer(load_default=50, validate=_LIMIT)
    cursor = fields.String(load_default=None)


class DeviceReplicaPage(Schema):
    """A page of the ledger, by id."""

    items = fields.List(fields.Nested(DeviceReplica()))
    next = fields.String(allow_none=True)


class PushBrief(Schema):
    """A body that arrived. `broken`: the connection or the compression ended early."""

    push = fields.UUID()
    received_at = fields.AwareDateTime()
    lines = fields.Integer()
    broken = fields.Boolean()


class IncidentBrief(Schema):
    """An open incident of this store."""

    key = fields.String()
    kind = fields.String()
    at = fields.AwareDateTime()


class DeviceReplicaWhole(DeviceReplica):
    """One store with its last pushes, its operations by status, the lines beside and its open incidents."""

    outcomes = fields.Dict(keys=fields.String(), values=fields.Integer())
    beside = fields.Integer()
    pushes = fields.List(fields.Nested(PushBrief()))
    incidents = fields.List(fields.Nested(IncidentBrief()))
