"""The shapes of evidence on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.evidence.rules.photos import ROLES

_SHA256 = validate.Regexp(r"^[0-9a-f]{64}\Z", error="must be 64 lower-case hexadecimal digits")


class DeclaredPhoto(Schema):
    """A photo declared on a subject. Size and type are what the phone says; whether the bytes are taken is decided when they come."""

    id = fields.UUID(required=True)
    sha256 = fields.String(required=True, validate=_SHA256)
    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=2**40))
    mime = fields.String(required=True, validate=validate.Length(min=1, max=100))
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    taken_at = fields.AwareDateTime(load_default=None, allow_none=True, format="iso")


class BlobState(Schema):
    """What of a blob is safe here as the caller's delivery."""

    state = fields.String(validate=validate.OneOf(["unknown", "uploading", "stored"]))
    offset = fields.Integer(metadata={"description": "Bytes that are safe here"})


class ListBlobStates(Schema):
    """Hashes a phone still holds."""

    sha256 = fields.List(fields.String(validate=_SHA256), required=True, validate=validate.Length(max=500))
