"""Many moves at once: one verb, many findings, a result for each."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

MOST = 200


class MovedItem(Schema):
    """One finding to move. `request` where the verb decides on one."""

    finding = fields.UUID(required=True)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)
    request = fields.UUID(load_default=None, allow_none=True)


class MoveFindings(Schema):
    """The verb, what it is told for all alike (as its own endpoint takes it), and the findings."""

    verb = fields.String(required=True)
    payload = fields.Dict(load_default=dict, metadata={"description": "The body of the verb's own endpoint, without state_version"})
    items = fields.List(fields.Nested(MovedItem()), required=True, validate=validate.Length(min=1, max=MOST))


class MovedDoc(Schema):
    """What became of one: `moved`, or `refused` with the problem that its own endpoint would have answered. Each stands by itself."""

    finding = fields.UUID()
    request = fields.UUID(allow_none=True)
    status = fields.String(validate=validate.OneOf(["moved", "refused"]))
    state = fields.String(allow_none=True, metadata={"description": "Its state now; null where the caller cannot see it"})
    state_version = fields.Integer(allow_none=True)
    problem = fields.Raw(allow_none=True, metadata={"allOf": [{"$ref": "#/components/schemas/Problem"}]})


class MovedFindings(Schema):
    """A result for each item, in their order."""

    verb = fields.String()
    moved = fields.Integer()
    refused = fields.Integer()
    items = fields.List(fields.Nested(MovedDoc()))
