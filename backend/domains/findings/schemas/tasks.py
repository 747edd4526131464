"""Tasks for a look on site: what is sent about them, and how they are shown."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.findings.rules.tasks import WHYS

PHASES = ("pre_filing", "pre_closing")


class TaskDoc(Schema):
    """Somebody is to look at it: before filing at the finding, before closing at the report. Done by a verification of the same."""

    id = fields.UUID()
    phase = fields.String(validate=validate.OneOf(PHASES), metadata={"named": "VerificationPhase"})
    report = fields.UUID(allow_none=True)
    assigned_to = fields.UUID(allow_none=True, metadata={"description": "null: nobody is there to take it"})
    assigned_at = fields.AwareDateTime(allow_none=True)
    why = fields.String(
        metadata={"description": f"By what it was given: {', '.join(WHYS)}; others may come. grid, community, town: on duty how near"}
    )
    due = fields.AwareDateTime(allow_none=True)
    made_at = fields.AwareDateTime()


class TaskCategory(Schema):
    """The category of a finding."""

    kind = fields.String()
    code = fields.String()
    edition = fields.Integer()


class ListedTaskDoc(TaskDoc):
    """A task with what says where and what it is at."""

    finding = fields.UUID()
    number = fields.String()
    state = fields.String(metadata={"description": "Of the finding"})
    category = fields.Nested(TaskCategory())
    address = fields.String(allow_none=True)
    grid = fields.String(allow_none=True)
    wgs84 = fields.List(fields.Float(), metadata={"description": "lon, lat"})
    severity = fields.Integer(validate=validate.OneOf([1, 2, 3]), metadata={"named": "Severity"})
    assignee = fields.String(allow_none=True, metadata={"description": "Name of who has it"})


class ListTasks(Schema):
    """Which open tasks, what is due first before."""

    mine = fields.Boolean(load_default=False, metadata={"description": "The caller's own; an inspector is shown no others"})
    unassigned = fields.Boolean(load_default=False, metadata={"description": "Those that nobody is there to take"})
    assigned_to = fields.UUID(load_default=None)
    phase = fields.String(load_default=None, validate=validate.OneOf(PHASES), metadata={"named": "VerificationPhase"})
    cursor = fields.String(load_default=None, validate=validate.Length(max=400))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class TasksPage(Schema):
    """A page of open tasks; `next` is null on the last."""

    items = fields.List(fields.Nested(ListedTaskDoc()))
    next = fields.String(allow_none=True)


class ReassignTask(Schema):
    """Who is to look instead."""

    to = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
    state_version = fields.Integer(load_default=None, allow_none=True, strict=True)


class DeclineTask(Schema):
    """`d` of decline_task: the assignee gives it back."""

    task = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
