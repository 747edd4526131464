"""What is said about the calendar, and how it and a deadline are shown. Fields are listed one by one."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.domains.deadlines.rules.calendar import FIRST_YEAR, LAST_YEAR
from backend.domains.deadlines.rules.calendar_file import LONGEST_NOTE
from backend.domains.deadlines.rules.limits import UNITS

_year = validate.Range(min=FIRST_YEAR, max=LAST_YEAR)
_note = validate.Length(max=LONGEST_NOTE)
_STATES = ("running", "paused", "stopped", "awaiting_calendar")
_DAY = {"format": "date"}


class CalendarQuery(Schema):
    """Which year; the present one where none is named."""

    year = fields.Integer(load_default=None, validate=_year)


class StatedDay(Schema):
    """A day that departs from Monday to Friday: off (`working` false) or a make-up working day."""

    day = fields.Date(required=True)
    working = fields.Boolean(required=True, truthy={True}, falsy={False})
    note_zh = fields.String(load_default="", validate=_note)
    note_en = fields.String(load_default="", validate=_note)


class AddCalendarYear(Schema):
    """A whole year: every day off and make-up working day of its notice. `confirm` states that a year without any really has none."""

    days = fields.List(fields.Nested(StatedDay()), required=True, validate=validate.Length(max=366))
    confirm = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class ChangeDay(Schema):
    """What is said of one day."""

    working = fields.Boolean(required=True, truthy={True}, falsy={False})
    note_zh = fields.String(load_default="", validate=_note)
    note_en = fields.String(load_default="", validate=_note)


class CalendarDayDoc(Schema):
    """A day that departs from Monday to Friday."""

    day = fields.String(metadata=_DAY)
    working = fields.Boolean()
    note_zh = fields.String()
    note_en = fields.String()


_PAIR = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string"}}


class _Span(fields.Tuple):
    """A pair of wall times."""

    def __init__(self) -> None:
        super().__init__((fields.Time(format="iso", required=True), fields.Time(format="iso", required=True)), metadata=_PAIR)


class SetSchedule(Schema):
    """Working hours from the day `valid_from` until the day before `valid_until` (null: until further notice)."""

    valid_from = fields.Date(required=True)
    valid_until = fields.Date(load_default=None, allow_none=True)
    spans = fields.List(_Span(), required=True, validate=validate.Length(min=1, max=12), metadata={"example": [["08:00", "12:00"]]})


class ScheduleDoc(Schema):
    """Working hours of some days, Asia/Shanghai."""

    valid_from = fields.String(metadata=_DAY)
    valid_until = fields.String(allow_none=True, metadata=_DAY)
    spans = fields.List(fields.List(fields.String()))


class SchedulesDoc(Schema):
    """All working hours stated, in order of their days."""

    items = fields.List(fields.Nested(ScheduleDoc()))


class CalendarYearDoc(Schema):
    """A covered year. `looks_unconfirmed`: it has no make-up working day, which no notice since 2008 was without."""

    year = fields.Integer()
    timezone = fields.String()
    days = fields.List(fields.Nested(CalendarDayDoc()))
    schedules = fields.List(fields.Nested(ScheduleDoc()))
    looks_unconfirmed = fields.Boolean()


class CalendarDoc(CalendarYearDoc):
    """A covered year, and how far the whole calendar reaches."""

    version = fields.Integer(metadata={"description": "Of the whole calendar; rises with each change"})
    covered = fields.List(fields.Integer(), metadata={"description": "All years the calendar covers; beyond them deadlines wait"})


class AmountOfTime(Schema):
    """An amount of time."""

    value = fields.Float()
    unit = fields.String(validate=validate.OneOf(UNITS))


class ClockEventDoc(Schema):
    """What happened to a clock."""

    kind = fields.String()
    at = fields.AwareDateTime()
    until = fields.AwareDateTime(allow_none=True)
    by = fields.Nested(AmountOfTime(), allow_none=True)
    reason = fields.String()


class ExplanationStep(Schema):
    """One step of the explanation."""

    kind = fields.String()
    start = fields.AwareDateTime()
    end = fields.AwareDateTime(allow_none=True)
    counted_minutes = fields.Float()
    days = fields.Integer()
    note_zh = fields.String()
    note_en = fields.String()
    year = fields.Integer(allow_none=True)
    zh = fields.String(metadata={"description": "The step as a sentence"})
    en = fields.String(metadata={"description": "The step as a sentence"})


class DeadlineDoc(Schema):
    """A deadline and why it is then. `due` is null while the calendar does not reach (`awaiting_year`) or the clock stands."""

    id = fields.UUID()
    subject_type = fields.String()
    subject = fields.UUID()
    limit = fields.Nested(AmountOfTime())
    started_at = fields.AwareDateTime()
    state = fields.String(validate=validate.OneOf(_STATES))
    due = fields.AwareDateTime(allow_none=True)
    yellow_from = fields.AwareDateTime(allow_none=True)
    colour = fields.String(allow_none=True, validate=validate.OneOf(["green", "yellow", "red"]))
    awaiting_year = fields.Integer(allow_none=True)
    left = fields.Float(allow_none=True, metadata={"description": "In the limit's unit; negative when overdue"})
    calendar_version = fields.Integer()
    events = fields.List(fields.Nested(ClockEventDoc()))
    steps = fields.List(fields.Nested(ExplanationStep()))
