"""What is sent of several hands on a finding, and as what it is shown: co-units, workers, parts, demands, hand-overs, repeats, handling."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.core.validation import Moment
from backend.domains.deadlines.rules.limits import UNITS
from backend.domains.findings.rules.hands import HAND_BACK_BY, RESULTS, SUPERVISIONS
from backend.domains.findings.schemas.operations import Category, Place

_REASON = validate.Length(min=1, max=500)
_TEXT = validate.Length(min=1, max=2000)
_SHORT = validate.Length(min=1, max=200)


class OwnLimit(Schema):
    """A limit set for one dispatch."""

    value = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=1000))
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))


class AddCoUnit(Schema):
    """Either the contract or the unit that works on it beside the lead; without a limit the finding's own runs from now on."""

    contract = fields.UUID(load_default=None, allow_none=True)
    unit = fields.UUID(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=_REASON)
    limit = fields.Nested(OwnLimit(), load_default=None, allow_none=True)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class CancelCoUnit(Schema):
    """Why the co-unit is needed no more."""

    reason = fields.String(required=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class AssignWorker(Schema):
    """`d` of assign_worker: who of the own company has the dispatch (null: nobody), and whose word hands it back."""

    dispatch = fields.UUID(required=True)
    worker = fields.UUID(required=True, allow_none=True)
    hand_back_by = fields.String(load_default="worker", validate=validate.OneOf(HAND_BACK_BY), metadata={"named": "HandBackBy"})


class HandBack(Schema):
    """`d` of hand_back: the report of the own company that the manager hands back."""

    report = fields.UUID(required=True)


class SplitFinding(Schema):
    """The part that becomes a finding of its own. What is not given of place, address and severity is as in the first."""

    category = fields.Nested(Category(), required=True)
    condition = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    place = fields.Nested(Place(), load_default=None, allow_none=True)
    address = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    asset = fields.String(load_default=None, allow_none=True, validate=_SHORT)
    severity = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.OneOf([1, 2, 3]))
    note = fields.String(load_default=None, allow_none=True, validate=_TEXT)
    photos = fields.List(
        fields.UUID(),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"description": "photos of the first that show it, too"},
    )
    reason = fields.String(required=True, validate=_REASON)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class SuperviseFinding(Schema):
    """A leader's demand. `unit` is who shall reply: left out, whoever has the lead, and the desk before it is dispatched."""

    kind = fields.String(load_default="leader", validate=validate.OneOf(SUPERVISIONS), metadata={"named": "SupervisionKind"})
    demand = fields.String(required=True, validate=_TEXT)
    reply_due = Moment(required=True)
    unit = fields.UUID(load_default=None, allow_none=True)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class ReplySupervision(Schema):
    """The answer to a demand."""

    reply = fields.String(required=True, validate=_TEXT)


class EndSupervision(Schema):
    """What the leader says to the answer, or to its absence."""

    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    reason = fields.String(load_default=None, allow_none=True, validate=_REASON)


class HandOverFinding(Schema):
    """A clue for enforcement: to whom, by which law, on which facts."""

    unit = fields.UUID(required=True)
    legal_basis = fields.String(required=True, validate=_REASON, metadata={"description": "law and article"})
    facts = fields.String(required=True, validate=_TEXT)
    state_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class ReceiveHandOver(Schema):
    """The number under which the unit took it on."""

    receipt = fields.String(required=True, validate=_SHORT)


class RefuseHandOver(Schema):
    """Why the unit does not take it on."""

    reason = fields.String(required=True, validate=_REASON)


class ConcludeHandOver(Schema):
    """What enforcement came to: a warning, a fine, nothing."""

    outcome = fields.String(required=True, validate=_TEXT)


class SupervisionDoc(Schema):
    """A demand and its reply. `replied_late`: after it was due."""

    id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(SUPERVISIONS), metadata={"named": "SupervisionKind"})
    demand = fields.String()
    unit = fields.UUID(allow_none=True, metadata={"description": "Who shall reply; null: the desk"})
    unit_kind = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(["open", "replied", "ended"]))
    reply_due = fields.AwareDateTime()
    asked_by = fields.UUID(allow_none=True)
    asked_at = fields.AwareDateTime()
    reply = fields.String(allow_none=True)
    replied_by = fields.UUID(allow_none=True)
    replied_at = fields.AwareDateTime(allow_none=True)
    replied_late = fields.Boolean()
    result = fields.String(allow_none=True, validate=validate.OneOf(RESULTS))
    ended_by = fields.UUID(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    ended_reason = fields.String(allow_none=True)


class HandOverDoc(Schema):
    """A hand-over to enforcement and what became of it."""

    id = fields.UUID()
    unit = fields.UUID()
    unit_kind = fields.String()
    legal_basis = fields.String()
    facts = fields.String()
    state = fields.String(validate=validate.OneOf(["sent", "received", "refused", "concluded"]))
    sent_by = fields.UUID()
    sent_at = fields.AwareDateTime()
    receipt = fields.String(allow_none=True)
    received_by = fields.UUID(allow_none=True)
    received_at = fields.AwareDateTime(allow_none=True)
    refused_by = fields.UUID(allow_none=True)
    refused_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    concluded_by = fields.UUID(allow_none=True)
    concluded_at = fields.AwareDateTime(allow_none=True)


class CountersDoc(Schema):
    """How often it was dispatched, sent wrongly (`bounces`), asked back, done again, given more time, pressed for."""

    dispatches = fields.Integer()
    co_units = fields.Integer()
    bounces = fields.Integer()
    returns = fields.Integer()
    reworks = fields.Integer()
    extensions = fields.Integer()
    suspensions = fields.Integer()
    supervisions = fields.Integer()


class RepeatDoc(Schema):
    """A finding of the same problem. `days_after` the one that it repeats was closed; `units` had the lead."""

    id = fields.UUID()
    number = fields.String()
    state = fields.String()
    repeat_of = fields.UUID(allow_none=True)
    recorded_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    days_after = fields.Integer(allow_none=True)
    units = fields.List(fields.UUID())


class RepeatHistory(Schema):
    """The same problem at the same place, the latest first; the finding itself is among them."""

    items = fields.List(fields.Nested(RepeatDoc()))


class HandlingQuery(Schema):
    """Dispatches issued from `since` until before `until`; at most 400 days."""

    since = Moment(required=True)
    until = Moment(required=True)


class UnitHandling(Schema):
    """What became of the dispatches of one unit."""

    unit = fields.UUID()
    unit_kind = fields.String()
    dispatches = fields.Integer()
    leads = fields.Integer()
    co_units = fields.Integer()
    returned = fields.Integer(metadata={"description": "That the unit asked to be rid of"})
    wrong = fields.Integer(metadata={"description": "That the dispatcher took back: dispatched wrongly"})
    refused_returns = fields.Integer(metadata={"description": "That the dispatcher found to be the unit's duty after all"})
    reworked = fields.Integer()
    reworks = fields.Integer()


class Handling(Schema):
    """Unit by unit, the most returned first."""

    items = fields.List(fields.Nested(UnitHandling()))
