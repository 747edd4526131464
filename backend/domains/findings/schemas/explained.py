"""How a finding explains itself: its deadlines and steps, and the moves open to somebody."""

from __future__ import annotations

from marshmallow import Schema, fields


class DeadlineExplained(Schema):
    """A dispatch and its deadline as GET /deadlines/{id} shows it."""

    dispatch = fields.UUID()
    deadline = fields.Raw(metadata={"allOf": [{"$ref": "#/components/schemas/DeadlineDoc"}]})


class StepLimit(Schema):
    """The time that a step has."""

    value = fields.Integer()
    unit = fields.String()


class StepDoc(Schema):
    """A step of the desk or of an inspector: `done_at` null is the present one. `late` follows from `due` and `done_at`."""

    step = fields.String()
    started_at = fields.AwareDateTime()
    limit = fields.Nested(StepLimit(), allow_none=True)
    due = fields.AwareDateTime(allow_none=True)
    done_at = fields.AwareDateTime(allow_none=True)
    late = fields.Boolean(allow_none=True)


class DeadlinesExplained(Schema):
    """The deadlines of a finding's dispatches, and its steps in order."""

    items = fields.List(fields.Nested(DeadlineExplained()))
    steps = fields.List(fields.Nested(StepDoc()))


class MoveOpen(Schema):
    """A move open to the caller. `target` null: the state stays, or follows from the work. `unmet`: what it needs and is not there yet."""

    verb = fields.String()
    zh = fields.String()
    en = fields.String()
    target = fields.String(allow_none=True)
    clock = fields.String(allow_none=True, metadata={"description": "What it does to a clock"})
    unmet = fields.List(fields.String())


class MovesOpen(Schema):
    """The moves open to the caller, and the state they were asked for."""

    state = fields.String()
    state_version = fields.Integer()
    items = fields.List(fields.Nested(MoveOpen()))
