"""What the catalogue's endpoints take and show."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.catalog.rules.categories import KINDS, TRADES, UNITS
from backend.domains.catalog.rules.edition_file import LARGEST_LIMIT

_code = validate.Length(min=1, max=12)
_edition = validate.Range(min=1, max=1_000_000)


class EditionQuery(Schema):
    """Which edition; without it the one in force today."""

    edition = fields.Integer(load_default=None, validate=_edition)


class LimitDoc(Schema):
    """An amount of time."""

    value = fields.Integer()
    unit = fields.String(validate=validate.OneOf(UNITS))


class ConditionDoc(Schema):
    """A filing condition. `limit` null: neither it nor its class has one; `limit_source` "class_default" marks a default of its class."""

    number = fields.Integer(metadata={"description": "Stays with the same words through all editions, never reused"})
    text = fields.String()
    any_state = fields.Boolean(metadata={"description": "The source names no condition: any state that fits the category"})
    limit = fields.Nested(LimitDoc(), allow_none=True)
    limit_source = fields.String(allow_none=True, validate=validate.OneOf(["condition", "class_default"]))
    closing = fields.String()
    source = fields.String()


class NamesDoc(Schema):
    """A name in both languages."""

    zh = fields.String()
    en = fields.String()


class ClassDoc(NamesDoc):
    """A class (大类)."""

    code = fields.String()


class CategoryDoc(Schema):
    """A category (小类) of one edition."""

    kind = fields.String(validate=validate.OneOf(KINDS), metadata={"named": "CategoryKind"})
    code = fields.String()
    key = fields.String(metadata={"description": "`kind:code`, such as event:06010"})
    edition = fields.Integer()
    version = fields.Integer()
    valid_from = fields.Date()
    retired_from = fields.Date(allow_none=True)
    successor = fields.String(allow_none=True)
    class_ = fields.Nested(ClassDoc(), data_key="class", attribute="class")
    name = fields.Nested(NamesDoc())
    trade = fields.String(validate=validate.OneOf(list(TRADES)))
    conditions = fields.List(fields.Nested(ConditionDoc()))


class EditionDoc(Schema):
    """An edition in short."""

    number = fields.Integer()
    name = fields.String()
    valid_from = fields.Date(metadata={"description": "First day, Asia/Shanghai"})
    source = fields.String()


class TradeDoc(NamesDoc):
    """A trade (行业)."""

    code = fields.String()


class PolicyDoc(Schema):
    """Whether findings are filed and dispatched by themselves."""

    auto_file = fields.Boolean()
    auto_dispatch = fields.Boolean()


class DatedPolicyDoc(PolicyDoc):
    """A filing policy from a moment on; the narrowest scope with one in force decides."""

    scope = fields.String(validate=validate.OneOf(["category", "trade", "all"]))
    key = fields.String()
    valid_from = fields.AwareDateTime()


class CatalogDoc(Schema):
    """A whole edition."""

    edition = fields.Nested(EditionDoc())
    editions = fields.List(fields.Nested(EditionDoc()))
    trades = fields.List(fields.Nested(TradeDoc()))
    policies = fields.List(fields.Nested(DatedPolicyDoc()), metadata={"description": "Those for the whole district"})
    categories = fields.List(fields.Nested(CategoryDoc()))


class CategoryAnswer(Schema):
    """The category that holds for what was named; `code` "category_mapped" where it is another (a code of 2013, a retired one)."""

    category = fields.Nested(CategoryDoc())
    code = fields.String(allow_none=True)
    policy = fields.Nested(PolicyDoc(), metadata={"description": "In force now in the whole district"})


class LoadEdition(Schema):
    """A new edition: the text of its CSV file and, for categories it retires, their successors by key."""

    body_bytes = 16 * 1024 * 1024  # the file's four million characters, most of them of three bytes
    number = fields.Integer(required=True, strict=True, validate=_edition)
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    valid_from = fields.Date(required=True)
    source = fields.String(required=True, validate=validate.Length(min=1, max=1000))
    csv = fields.String(required=True, validate=validate.Length(min=1, max=4_000_000))
    successors = fields.Dict(keys=fields.String(), values=fields.String(), load_default=None)


class SetClassDefault(Schema):
    """The default limit of a class; in the last edition where none is named."""

    value = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=LARGEST_LIMIT))
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    edition = fields.Integer(load_default=None, strict=True, validate=_edition)


class ClassDefaultDoc(LimitDoc):
    """The default limit of a class."""

    edition = fields.Integer()
    kind = fields.String()
    class_code = fields.String()
    set_at = fields.AwareDateTime()
