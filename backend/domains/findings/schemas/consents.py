"""Consents on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.policies.rules.policy import MAY_NEED_CONSENT

RESULTS = ("agreed", "objected")


class ConsentToMove(Schema):
    """Agree or object to a move. `request`: the extension, return or suspension that the move decides on; null for other moves."""

    verb = fields.String(required=True, validate=validate.OneOf(MAY_NEED_CONSENT))
    request = fields.UUID(load_default=None, allow_none=True)
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=500))


class ConsentDoc(Schema):
    """What somebody said to a move. `policy` is the version of the policy that asked for it."""

    id = fields.UUID()
    verb = fields.String()
    request = fields.UUID(allow_none=True)
    role = fields.String()
    result = fields.String(validate=validate.OneOf(RESULTS))
    reason = fields.String(allow_none=True)
    given_by = fields.UUID()
    given_at = fields.AwareDateTime()
    policy = fields.Integer()


class WantedConsentDoc(Schema):
    """A move that the policy in force lets nobody make alone, and the role of who is to agree."""

    verb = fields.String()
    role = fields.String()


class ConsentsDoc(Schema):
    """What was said, in order, and whose consent is wanted now."""

    items = fields.List(fields.Nested(ConsentDoc()))
    wanted = fields.List(fields.Nested(WantedConsentDoc()))
