"""Limits: their amounts, exactly, and what is no limit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.deadlines.rules.limits import UNITS, Limit, LimitInvalid, in_unit


@pytest.mark.parametrize(
    ("value", "unit", "amount", "measure"),
    [
        (2, "urgent_hours", dt.timedelta(hours=2), "elapsed"),
        (4, "working_hours", dt.timedelta(hours=4), "working"),
        (1, "working_days", dt.timedelta(minutes=480), "working"),
        (2, "calendar_days", dt.timedelta(days=2), "elapsed"),
        (Decimal("0.25"), "working_hours", dt.timedelta(minutes=15), "working"),
        (Decimal("0.0001"), "urgent_hours", dt.timedelta(microseconds=360_000), "elapsed"),
    ],
)
def test_each_unit_grants_its_time_in_its_measure(value, unit, amount, measure):
    limit = Limit(value, unit)
    assert (limit.amount, limit.measure) == (amount, measure)


@pytest.mark.parametrize(
    "value",
    [0, -1, 10_001, True, 0.5, "2", None, Decimal("0.00001"), Decimal("1.00001"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")],
)
def test_what_is_no_amount_is_refused_naming_the_value(value):
    with pytest.raises(LimitInvalid) as refusal:
        Limit(value, "working_days")
    assert [pointer for pointer, _ in refusal.value.errors] == ["/value"]


@pytest.mark.parametrize("unit", ["days", "", None, "WORKING_DAYS"])
def test_an_unknown_unit_is_refused_naming_it(unit):
    with pytest.raises(LimitInvalid) as refusal:
        Limit(2, unit)
    assert [pointer for pointer, _ in refusal.value.errors] == ["/unit"]


@given(st.decimals(Decimal("0.0001"), 10_000, places=4), st.sampled_from(UNITS))
def test_an_amount_turned_back_into_its_unit_is_the_value(value, unit):
    assert in_unit(Limit(value, unit).amount, unit) == value


def test_an_overdue_amount_stays_negative():
    assert in_unit(dt.timedelta(hours=-12), "working_days") == Decimal("-1.5")
