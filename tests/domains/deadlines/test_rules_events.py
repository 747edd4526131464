"""Event lists: what follows from them, and the lists that no clock can have had."""

from __future__ import annotations

import datetime as dt

import pytest

from backend.domains.deadlines.rules.events import (
    ClockEventsContradict,
    Extended,
    Paused,
    Restarted,
    Resumed,
    Stopped,
    Suspended,
    event_from,
    stretches,
)
from backend.domains.deadlines.rules.limits import Limit
from tests.domains.deadlines.almanac import at

LIMIT = Limit(2, "working_days")
START = at("2026-03-02 09:00")
D3, D4, D5, D6 = (at(f"2026-03-0{day} 09:00") for day in (3, 4, 5, 6))


def kinds(*events):
    return [(stretch.kind, stretch.start) for stretch in stretches(LIMIT, START, events)]


def test_without_events_a_clock_runs():
    assert kinds() == [("running", START)]


def test_a_suspension_ends_by_itself():
    assert kinds(Suspended(D3, D5)) == [("running", START), ("suspended", D3), ("running", D5)]


def test_a_suspension_can_be_ended_earlier():
    assert kinds(Suspended(D3, D6), Resumed(D4)) == [("running", START), ("suspended", D3), ("running", D4)]


def test_a_suspension_may_last_a_year_even_a_leap_year():
    assert kinds(Suspended(D3, D3 + dt.timedelta(days=366)))[1] == ("suspended", D3)


def test_a_resume_at_the_very_end_of_a_suspension_says_nothing_new():
    assert kinds(Suspended(D3, D5), Resumed(D5)) == kinds(Suspended(D3, D5))


def test_a_clock_can_be_paused_at_the_instant_its_suspension_ends():
    line = kinds(Suspended(D3, D5), Paused(D5))
    assert line == [("running", START), ("suspended", D3), ("running", D5), ("paused", D5)]


def test_work_handed_back_while_the_clock_stands_stops_it():
    assert kinds(Paused(D3), Stopped(D4)) == [("running", START), ("paused", D3), ("stopped", D4)]
    assert kinds(Suspended(D3, D6), Stopped(D4), Restarted(D5))[-2:] == [("stopped", D4), ("running", D5)]


def test_an_extension_granted_in_ignorance_of_the_report_stands_beside_it():
    assert kinds(Stopped(D3), Extended(D4, Limit(2, "working_days"))) == [("running", START), ("stopped", D3)]


def test_stretches_leave_no_hole_and_are_in_utc():
    line = stretches(LIMIT, START, [Paused(D3), Resumed(D4), Suspended(D4, D5), Stopped(D6)])
    assert [one.end for one in line[:-1]] == [one.start for one in line[1:]]
    assert line[-1].end is None
    assert {one.start.tzinfo for one in line} == {dt.UTC}


HOUR = dt.timedelta(hours=1)
MORE = Limit(1, "working_hours")


@pytest.mark.parametrize(
    ("events", "pointer"),
    [
        ([Resumed(D3)], "/events/0/kind"),
        ([Restarted(D3)], "/events/0/kind"),
        ([Paused(D3), Paused(D4)], "/events/1/kind"),
        ([Paused(D3), Suspended(D4, D5)], "/events/1/kind"),
        ([Suspended(D3, D6), Paused(D4)], "/events/1/kind"),
        ([Suspended(D3, D4), Resumed(D5)], "/events/1/kind"),
        ([Stopped(D3), Stopped(D4)], "/events/1/kind"),
        ([Stopped(D3), Paused(D4)], "/events/1/kind"),
        ([Stopped(D3), Resumed(D4)], "/events/1/kind"),
        ([Paused(START - HOUR)], "/events/0/at"),
        ([Paused(D4), Resumed(D3)], "/events/1/at"),
        ([Paused(D4.replace(tzinfo=None))], "/events/0/at"),
        ([Suspended(D4, D4)], "/events/0/until"),
        ([Suspended(D4, D3)], "/events/0/until"),
        ([Suspended(D4, D4 + dt.timedelta(days=367))], "/events/0/until"),
        ([Suspended(D4, D5.replace(tzinfo=None))], "/events/0/until"),
        ([Extended(D4, Limit(1, "urgent_hours"))], "/events/0/by"),
        ([Extended(D4, Limit(1, "calendar_days"))], "/events/0/by"),
        ([Stopped(D3), Restarted(D4, Limit(1, "urgent_hours"))], "/events/1/at_least"),
    ],
)
def test_contradictions_are_refused_pointing_at_the_event(events, pointer):
    with pytest.raises(ClockEventsContradict) as refusal:
        stretches(LIMIT, START, events)
    assert [where for where, _ in refusal.value.errors] == [pointer]


def test_a_refusal_says_what_the_clock_does_and_since_when():
    with pytest.raises(ClockEventsContradict, match=r"paused at 2026-03-04.*clock is paused since 2026-03-03 01:00:00"):
        stretches(LIMIT, START, [Paused(D3), Paused(D4)])


def test_a_start_without_offset_is_refused():
    with pytest.raises(ClockEventsContradict) as refusal:
        stretches(LIMIT, START.replace(tzinfo=None), [])
    assert [where for where, _ in refusal.value.errors] == ["/start"]


@pytest.mark.parametrize(
    "event",
    [Paused(D3, "why"), Resumed(D3), Suspended(D3, D4, "why"), Extended(D3, MORE, "why"), Stopped(D3), Restarted(D3, MORE), Restarted(D3)],
)
def test_an_event_comes_back_from_the_values_a_row_keeps(event):
    amount = getattr(event, "by", None) or getattr(event, "at_least", None)
    read = event_from(event.kind, event.at, until=getattr(event, "until", None), amount=amount, reason=getattr(event, "reason", ""))
    assert read == event


@pytest.mark.parametrize(
    ("kind", "values"), [("closed", {}), ("suspended", {}), ("extended", {}), ("paused", {"until": D4}), ("resumed", {"amount": MORE})]
)
def test_values_that_are_no_event_are_refused(kind, values):
    with pytest.raises(ClockEventsContradict, match=kind):
        event_from(kind, D3, **values)
