"""Schemas of confirming that a backup was restored."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class ConfirmRestore(Schema):
    """Whether a backup was restored, and how that is known."""

    restored = fields.Boolean(required=True, truthy={True}, falsy={False})
    note = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class RestoreConfirmed(Schema):
    """The incident as closed, and the epoch in force now."""

    incident = fields.UUID()
    restored = fields.Boolean()
    epoch = fields.String()
