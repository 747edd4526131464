"""What is sent about responsibility grids, and how they are shown."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from backend.domains.patrols.rules.rosters import GRID_CLASSES

_CODE = validate.Regexp(r"^[0-9]{6,15}$", error="6 to 15 digits")

_GRID = validate.Regexp(r"^[0-9]{15}$", error="15 digits")

_NAME = validate.Length(min=1, max=100)

_CLOCK = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", error="HH:MM")

_FIRST = {"description": "First day, Asia/Shanghai"}

_UNTIL = {"description": "First day that no longer counts, Asia/Shanghai; null: without end"}

_CURSOR = validate.Length(max=400)


def _different(values: list[Any]) -> None:
    if len(set(values)) != len(values):
        raise ValidationError("each once")


class RedrawResponsibilityGrid(Schema):
    """What a responsibility grid is from a day on."""

    name = fields.String(load_default=None, allow_none=True, validate=_NAME)
    name_en = fields.String(load_default=None, allow_none=True, validate=_NAME)
    valid_from = fields.Date(required=True, metadata=_FIRST)
    valid_until = fields.Date(load_default=None, allow_none=True, metadata=_UNTIL)
    grids = fields.List(
        fields.String(validate=_GRID),
        required=True,
        validate=[validate.Length(min=1, max=500), _different],
        metadata={"description": "Codes of unit grids; each is in one responsibility grid at a time"},
    )
    grid_class = fields.String(required=True, validate=validate.OneOf(GRID_CLASSES))
    visits = fields.Integer(load_default=1, strict=True, validate=validate.Range(min=1, max=100))
    per_days = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(min=1, max=366),
        metadata={"description": "To be patrolled `visits` times in so many days"},
    )
    weekdays = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=1, max=7)),
        load_default=lambda: [1, 2, 3, 4, 5, 6, 7],
        validate=[validate.Length(min=1, max=7), _different],
        metadata={"description": "Days on which somebody is to be on duty: 1 Monday … 7 Sunday"},
    )
    duty_from = fields.String(load_default="08:00", validate=_CLOCK, metadata={"description": "Local time"})
    duty_until = fields.String(
        load_default="18:00", validate=_CLOCK, metadata={"description": "Local time; of the next day where it is not after `duty_from`"}
    )


class DrawResponsibilityGrid(RedrawResponsibilityGrid):
    """A new responsibility grid (责任网格)."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=40))
    name = fields.String(required=True, validate=_NAME)
    area = fields.String(
        required=True,
        validate=_CODE,
        metadata={"description": "District, town or community that it is in, whose shift leaders keep its roster"},
    )


class CloseResponsibilityGrid(Schema):
    """Since when it is none any more."""

    on = fields.Date(required=True, metadata={"description": "First day on which it is none, Asia/Shanghai"})


class ListResponsibilityGrids(Schema):
    """A page of responsibility grids."""

    area = fields.String(load_default=None, validate=_CODE)
    cursor = fields.String(load_default=None, validate=_CURSOR)
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=500))


class TermsDoc(Schema):
    """What it is from a day on."""

    valid_from = fields.Date(metadata=_FIRST)
    valid_until = fields.Date(allow_none=True, metadata=_UNTIL)
    grids = fields.List(fields.String())
    grid_class = fields.String(validate=validate.OneOf(GRID_CLASSES))
    visits = fields.Integer()
    per_days = fields.Integer()
    weekdays = fields.List(fields.Integer())
    duty_from = fields.String()
    duty_until = fields.String()


class ResponsibilityGridDoc(Schema):
    """A responsibility grid with all that it was, is and will be."""

    id = fields.UUID()
    code = fields.String()
    name = fields.String()
    name_en = fields.String(allow_none=True)
    area = fields.String()
    version = fields.Integer()
    terms = fields.List(fields.Nested(TermsDoc()))


class ResponsibilityGridsPage(Schema):
    """A page in order of code; `next` is null on the last."""

    items = fields.List(fields.Nested(ResponsibilityGridDoc()))
    next = fields.String(allow_none=True)
