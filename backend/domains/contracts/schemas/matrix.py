"""The responsibility matrix."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.contracts.rules.terms import ROLES, SCOPES

_name = validate.Length(min=1, max=200)
_code = validate.Length(min=1, max=64)
_first = {"description": "First day, Asia/Shanghai"}
_until = {"description": "First day that no longer counts, Asia/Shanghai"}


class ListResponsibilities(Schema):
    """Lines of the matrix, of an area or unit where one is named."""

    area = fields.String(load_default=None, validate=_code)
    unit = fields.UUID(load_default=None)


class AssignResponsibility(Schema):
    """A line of the matrix: categories (by `scope` and `key`) in an area -> unit, person, phone."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    key = fields.String(load_default="", validate=validate.Length(max=40))
    area = fields.String(required=True, validate=_code)
    unit = fields.UUID(required=True)
    person = fields.String(load_default=None, allow_none=True, validate=_name)
    phone = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    valid_from = fields.Date(required=True, metadata=_first)
    valid_until = fields.Date(load_default=None, allow_none=True, metadata=_until)


class ResponsibilityDoc(Schema):
    """A line of the matrix."""

    id = fields.UUID()
    role = fields.String()
    scope = fields.String()
    key = fields.String()
    area = fields.String()
    unit = fields.UUID()
    person = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    valid_from = fields.Date()
    valid_until = fields.Date(allow_none=True)


class ResponsibilitiesList(Schema):
    """Lines of the matrix in order of area."""

    items = fields.List(fields.Nested(ResponsibilityDoc()))
