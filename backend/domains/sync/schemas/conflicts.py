"""What the conflict inbox shows, and what decides a conflict."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.sync.rules.settling import FIELDS, KINDS
from backend.domains.sync.schemas.desk import Someone, Words


class ConflictField(Schema):
    """One field: what the phone saw, what it meant, what stands now."""

    field = fields.String(validate=validate.OneOf(list(FIELDS)))
    label = fields.Nested(Words())
    base = fields.Raw(allow_none=True)
    theirs = fields.Raw(allow_none=True)
    ours = fields.Raw(allow_none=True)


class ConflictFinding(Schema):
    """The finding it is on."""

    id = fields.UUID()
    number = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    state_version = fields.Integer(allow_none=True)


class DisputedVerdict(Schema):
    """One of the verdicts that differ."""

    by = fields.Nested(Someone())
    at = fields.AwareDateTime()
    result = fields.String()
    note = fields.String(allow_none=True)
    photos = fields.List(fields.String())


class Dispute(Schema):
    """The report on which verdicts differ, and the verdicts."""

    report = fields.UUID()
    note = fields.String(allow_none=True)
    photos = fields.List(fields.String())
    reported_at = fields.AwareDateTime()
    reported_by = fields.Nested(Someone())
    verdicts = fields.List(fields.Nested(DisputedVerdict()))


class Conflict(Schema):
    """Something valid that is not in effect. `id` is its operation, or the proposal for what the desk itself proposed.

    To an administrator values, notes and reasons are not shown.
    """

    id = fields.UUID()
    op = fields.UUID(allow_none=True)
    kind = fields.String(validate=validate.OneOf(list(KINDS)))
    title = fields.Nested(Words())
    at = fields.AwareDateTime()
    person = fields.Nested(Someone())
    finding = fields.Nested(ConflictFinding())
    code = fields.String(allow_none=True)
    happened_at = fields.AwareDateTime(allow_none=True)
    time_quality = fields.String(allow_none=True)
    fields_ = fields.List(fields.Nested(ConflictField()), data_key="fields", attribute="fields")
    void_request = fields.Raw(allow_none=True, metadata={"allOf": [{"$ref": "#/components/schemas/VoidRequest"}]})
    dispute = fields.Nested(Dispute(), allow_none=True)
    choices = fields.List(fields.String())


class ListConflicts(Schema):
    """From where on."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String(load_default=None)


class ConflictPage(Schema):
    """A page of the inbox, the oldest first."""

    items = fields.List(fields.Nested(Conflict()))
    next = fields.String(allow_none=True)


class FieldChoice(Schema):
    """Keep what stands, take what is proposed, or merge: `value` is to be it."""

    choice = fields.String(required=True, validate=validate.OneOf(["keep", "take", "merge"]))
    value = fields.Raw(allow_none=True)


class ResolveConflict(Schema):
    """`fields` for proposals, `decision` for all else; `choices` of the conflict says which. The other member is refused."""

    fields_ = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(FIELDS))),
        values=fields.Nested(FieldChoice()),
        load_default=dict,
        data_key="fields",
        attribute="fields",
    )
    decision = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["void", "refuse", "pass", "fail", "keep"]))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class ConflictResolved(Schema):
    """What the operation became; `conflict` while more of it is open. `at_seq` is null for what was no operation's."""

    id = fields.UUID()
    finding = fields.UUID()
    status = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    at_seq = fields.Integer(allow_none=True)
