"""Limits: an amount of time in one of five units, and what each unit counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from backend.core.problems import Invalid

Unit = Literal["urgent_hours", "working_hours", "working_days", "calendar_days", "working_minutes"]
Measure = Literal["working", "elapsed"]

UNITS: tuple[Unit, ...] = get_args(Unit)

ONE: dict[Unit, dt.timedelta] = {
    "urgent_hours": dt.timedelta(hours=1),
    "working_hours": dt.timedelta(hours=1),
    # a working day is 8 working hours whatever the schedule of the day: filed at 17:00, one working day ends at 17:00 of the next
    "working_days": dt.timedelta(hours=8),
    # all days count, and a day is 24 hours: the same wall time N days later, since Asia/Shanghai has no DST. Not midnight: two findings
    # dispatched at 08:00 and 20:00 get the same time, and a pause of an hour moves the deadline by an hour.
    "calendar_days": dt.timedelta(hours=24),
    # of the steps at the desk (accept, dispatch, look on site), which policies give in minutes
    "working_minutes": dt.timedelta(minutes=1),
}
LARGEST = 10_000
PLACES = 4  # decimal places; 0.0001 of any unit is a whole number of microseconds, so nothing is rounded


class LimitInvalid(Invalid):
    """A limit that is no amount of time."""

    slug = "limit_invalid"
    title = "This is not a time limit"
    title_zh = "时限无效"
    way_out = f"Give a number above 0 and up to {LARGEST}, with at most {PLACES} decimal places, and one of the units: {', '.join(UNITS)}."
    way_out_zh = f"请填写大于 0 且不超过 {LARGEST}、最多 {PLACES} 位小数的数值，单位为以下之一：{'、'.join(UNITS)}。"


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of time: `Limit(2, "working_days")`.

    `value` is an int or Decimal (a float is refused: 0.1 is not a tenth), above 0, at most 10,000, at most 4 decimal places.
    Raises LimitInvalid. The units are those of domain.md section 4, and minutes of working time for the steps of section 3.
    """

    value: Decimal | int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise LimitInvalid(f"unit: {self.unit!r} is none of {', '.join(UNITS)}", errors=[("/unit", "unknown unit")])
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            raise LimitInvalid(f"value: {self.value!r} is neither an integer nor a decimal", errors=[("/value", "not a number")])
        value = Decimal(self.value)
        if not value.is_finite() or not 0 < value <= LARGEST:
            raise LimitInvalid(f"value: {self.value} is not above 0 and up to {LARGEST}", errors=[("/value", "out of range")])
        if value != round(value, PLACES):
            raise LimitInvalid(f"value: {self.value} has more than {PLACES} decimal places", errors=[("/value", "too many decimal places")])

    @property
    def measure(self) -> Measure:
        """`working`: counts inside working time of working days; `elapsed`: counts always."""
        return "working" if self.unit in ("working_minutes", "working_hours", "working_days") else "elapsed"

    @property
    def amount(self) -> dt.timedelta:
        """The time it grants, in its own measure, exact to the microsecond."""
        one = ONE[self.unit] // dt.timedelta(microseconds=1)
        return dt.timedelta(microseconds=int(self.value * one))


def in_unit(amount: dt.timedelta, unit: Unit) -> Decimal:
    """An amount of time as a number of `unit`, rounded to 4 places: 12 working hours are 1.5 working_days. Negative stays negative."""
    microsecond = dt.timedelta(microseconds=1)
    return round(Decimal(amount // microsecond) / Decimal(ONE[unit] // microsecond), PLACES)
