"""Contracts, sections and coverages."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.catalog.rules.categories import TRADES
from backend.domains.contracts.rules.match import COVERAGE_KINDS
from backend.domains.contracts.rules.terms import MOST_PRIORITY, WIDEST_BUFFER_M

_name = validate.Length(min=1, max=200)
_code = validate.Length(min=1, max=64)
_priority = validate.Range(min=-MOST_PRIORITY, max=MOST_PRIORITY)
_trade = validate.OneOf(list(TRADES))
_first = {"description": "First day, Asia/Shanghai"}
_until = {"description": "First day that no longer counts, Asia/Shanghai"}


class ListContracts(Schema):
    """A page of contracts; `on`: only those in force that day."""

    on = fields.Date(load_default=None)
    cursor = fields.String(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=500))


class ContractDoc(Schema):
    """A contract in force from `valid_from` until the day before `valid_until`, and before `terminated_on`."""

    id = fields.UUID()
    number = fields.String()
    name = fields.String()
    contractor = fields.UUID()
    signed_on = fields.Date()
    valid_from = fields.Date(metadata=_first)
    valid_until = fields.Date(metadata=_until)
    priority = fields.Integer()
    successor = fields.UUID(allow_none=True)
    terminated_on = fields.Date(allow_none=True)
    termination_reason = fields.String(allow_none=True)
    version = fields.Integer()


class CoverageDoc(Schema):
    """An area, road or asset that a section maintains for a trade."""

    id = fields.UUID()
    section = fields.UUID()
    trade = fields.String()
    kind = fields.String()
    code = fields.String()
    buffer_m = fields.Float(allow_none=True)
    valid_from = fields.Date()
    valid_until = fields.Date()
    priority = fields.Integer(allow_none=True)


class SectionDoc(Schema):
    """A section (标段)."""

    id = fields.UUID()
    contract = fields.UUID()
    code = fields.String()
    name = fields.String()


class SectionWithCoverage(SectionDoc):
    """A section with what it maintains."""

    coverage = fields.List(fields.Nested(CoverageDoc()))


class ContractWithSections(ContractDoc):
    """A contract with its sections and their coverages."""

    sections = fields.List(fields.Nested(SectionWithCoverage()))


class ContractsPage(Schema):
    """A page of contracts in order of number."""

    items = fields.List(fields.Nested(ContractDoc()))
    next = fields.String(allow_none=True)


class SignContract(Schema):
    """A signed contract; a higher `priority` wins where coverages overlap; `succeeds` is the contract it follows."""

    number = fields.String(required=True, validate=_code)
    name = fields.String(required=True, validate=_name)
    contractor = fields.UUID(required=True)
    signed_on = fields.Date(required=True)
    valid_from = fields.Date(required=True, metadata=_first)
    valid_until = fields.Date(required=True, metadata=_until)
    priority = fields.Integer(load_default=0, strict=True, validate=_priority)
    succeeds = fields.UUID(load_default=None, allow_none=True)


class TerminateContract(Schema):
    """An early end: `on` is the first day on which the contract no longer holds."""

    on = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=1000))


class AddSection(Schema):
    """A section (标段) of a contract."""

    code = fields.String(required=True, validate=_code)
    name = fields.String(required=True, validate=_name)


class AddCoverage(Schema):
    """What a section maintains: an area by code, a road by code with its buffer to each side, or an asset by id."""

    trade = fields.String(required=True, validate=_trade)
    kind = fields.String(required=True, validate=validate.OneOf(COVERAGE_KINDS))
    code = fields.String(required=True, validate=_code)
    buffer_m = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0, max=WIDEST_BUFFER_M, min_inclusive=False))
    valid_from = fields.Date(load_default=None, allow_none=True, metadata=_first)
    valid_until = fields.Date(load_default=None, allow_none=True, metadata=_until)
    priority = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_priority)
