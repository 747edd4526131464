"""What somebody still has open."""

from __future__ import annotations

from marshmallow import Schema, fields


class OpenCase(Schema):
    """Something open about a finding."""

    id = fields.UUID()
    finding = fields.UUID()
    number = fields.String()
    due = fields.AwareDateTime(allow_none=True)


class OpenCases(Schema):
    """How many, and the first 500."""

    count = fields.Integer()
    items = fields.List(fields.Nested(OpenCase()))


class OpenTime(Schema):
    """Something that is to come, or goes on."""

    id = fields.UUID()
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()


class OpenTimes(Schema):
    """How many, and the first 500."""

    count = fields.Integer()
    items = fields.List(fields.Nested(OpenTime()))


class OpenWorkDoc(Schema):
    """What a person has open, by ids and numbers."""

    person = fields.UUID()
    tasks = fields.Nested(OpenCases(), metadata={"description": "Looks on site: go to who is on duty when the role ends"})
    dispatches = fields.Nested(OpenCases(), metadata={"description": "Work in a company: goes back to its manager"})
    supervisions = fields.Nested(OpenCases(), metadata={"description": "Demands made: any leader of the area ends them"})
    shifts = fields.Nested(OpenTimes(), metadata={"description": "To come: listed as gaps when the role ends"})
    covers = fields.Nested(OpenTimes(), metadata={"description": "Absences of others that the person covers"})
