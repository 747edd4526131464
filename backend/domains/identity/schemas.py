"""What comes in and goes out about people, roles, sessions and replicas."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.identity.rules.passwords import LONGEST
from backend.domains.identity.rules.roles import ROLES
from backend.domains.identity.rules.units import UNIT_KINDS

_TEXT = validate.Length(max=LONGEST)
_PAGE = validate.Range(min=1, max=500)


class OpenSession(Schema):
    """Who signs in."""

    login = fields.String(required=True, validate=_TEXT)
    password = fields.String(required=True, validate=_TEXT, load_only=True)


class RoleDoc(Schema):
    """A role that lasts, with what a client shows of its unit."""

    id = fields.UUID(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    unit = fields.UUID(required=True)
    unit_name = fields.String(required=True)
    area = fields.String(required=True, allow_none=True, metadata={"description": "code of the area the unit answers for"})
    since = fields.AwareDateTime(required=True)


class MeDoc(Schema):
    """The person who is signed in."""

    id = fields.UUID(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    roles = fields.List(fields.Nested(RoleDoc()), required=True)
    must_change_password = fields.Boolean(
        required=True,
        metadata={"description": "true: everything but POST /people/me/password is refused until an own password is chosen"},
    )


class SessionDoc(Schema):
    """A session just opened. The token is shown this once."""

    access_token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    user = fields.Nested(MeDoc(), required=True)


class ChangePassword(Schema):
    """The present password and the one that replaces it."""

    present = fields.String(required=True, validate=_TEXT, load_only=True)
    new = fields.String(required=True, validate=_TEXT, load_only=True)


class PersonDoc(MeDoc):
    """A person as administrators see them."""

    disabled_at = fields.AwareDateTime(required=True, allow_none=True)


class ListPeople(Schema):
    """Which people, and from where on."""

    unit = fields.UUID(load_default=None)
    role = fields.String(load_default=None, validate=validate.OneOf(ROLES))
    limit = fields.Integer(load_default=100, validate=_PAGE)
    cursor = fields.String(load_default=None)


class PeoplePage(Schema):
    """People in order of login; `next` is null on the last page."""

    items = fields.List(fields.Nested(PersonDoc()), required=True)
    next = fields.String(required=True, allow_none=True)


class GrantRole(Schema):
    """Which role, within which unit."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    unit = fields.UUID(required=True)


class UnitDoc(Schema):
    """An organisation within which roles are held."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(UNIT_KINDS))
    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True, allow_none=True)
    area = fields.String(required=True, allow_none=True)
    parent = fields.UUID(required=True, allow_none=True)


class ListUnits(Schema):
    """Which units, and from where on."""

    kind = fields.String(load_default=None, validate=validate.OneOf(UNIT_KINDS))
    limit = fields.Integer(load_default=100, validate=_PAGE)
    cursor = fields.String(load_default=None)


class UnitsPage(Schema):
    """Units in order of code; `next` is null on the last page."""

    items = fields.List(fields.Nested(UnitDoc()), required=True)
    next = fields.String(required=True, allow_none=True)


class ReplicaDoc(Schema):
    """One local store of a person."""

    id = fields.UUID(required=True)
    person = fields.UUID(required=True)
    install_id = fields.String(required=True)
    platform = fields.String(required=True)
    app_version = fields.String(required=True)
    schema = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["active", "revoked"]))
    registered_at = fields.AwareDateTime(required=True)
    last_contact_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class ListReplicas(Schema):
    """Whose replicas; without `person` the caller's own."""

    person = fields.UUID(load_default=None)


class ReplicasAnswer(Schema):
    """All replicas of a person, newest first."""

    items = fields.List(fields.Nested(ReplicaDoc()), required=True)
