"""Deadlines that run, meet events, wait for a year and are computed anew, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
from uuid import UUID, uuid4

import pytest

from backend.core.journal import JournalEntry
from backend.domains.deadlines import queries
from backend.domains.deadlines.actions import (
    add_calendar_year,
    change_day,
    load_calendar_csv,
    recompute_deadlines,
    set_schedule,
    start_deadline,
    state_events,
)
from backend.domains.deadlines.rules.events import ClockEventsContradict, Paused, Resumed, event_from
from backend.domains.deadlines.rules.limits import Limit, LimitInvalid
from tests.domains.deadlines.almanac import CSV, NEW_YEAR_2027, at
from tests.make.people import PEOPLE


@pytest.fixture
def app(any_app):
    return any_app


@pytest.fixture
def shipped(cast):
    """The calendar that is shipped."""
    cast.do(load_calendar_csv, text=CSV, years=[2025, 2026])
    return cast


def start(cast, value=2, unit="working_days", begun="2026-11-23 16:00", subject=None):
    return cast.do(start_deadline, subject_type="dispatch", subject=subject or uuid4(), value=value, unit=unit, start=at(begun))


def happen(cast, row, kind, moment, **more):
    # `at` of `do` is the act's
    return cast.do(lambda session, act: append(session, act, row, event_from(kind, at(moment), **more)))


def append(session, act, row, event):
    return state_events(session, act, deadline=row.id, happened=[*queries.events(session, row.id), event])


def get(cast, row):
    return cast.ask(queries.get_deadline, row.id)


def recompute(cast, limit=500):
    return cast.do(recompute_deadlines, limit=limit)


def computed(cast):
    rows = cast.ask(lambda session: session.query(JournalEntry).filter_by(event="deadline.computed").order_by(JournalEntry.seq).all())
    return [json.loads(row.facts) for row in rows]


def test_a_deadline_is_due_by_the_working_calendar(shipped):
    row = get(shipped, start(shipped))
    assert (row.due, row.state, row.awaiting_year) == (at("2026-11-25 16:00"), "running", None)
    # 80 % of 16 working hours: 12 h 48 min
    assert row.yellow_from == at("2026-11-25 10:48")


@pytest.mark.parametrize(("unit", "due"), [("urgent_hours", "2027-01-01 00:00"), ("calendar_days", "2027-01-01 22:00")])
def test_what_counts_always_needs_no_calendar(shipped, unit, due):
    value = {"urgent_hours": 2, "calendar_days": 1}[unit]
    assert get(shipped, start(shipped, value, unit, "2026-12-31 22:00")).due == at(due)


def test_beyond_the_calendar_nothing_is_guessed(shipped):
    row = get(shipped, start(shipped, begun="2026-12-31 16:00"))
    assert (row.due, row.yellow_from, row.state, row.awaiting_year) == (None, None, "awaiting_calendar", 2027)


def test_without_any_calendar_a_deadline_waits_for_its_first_year(cast):
    assert get(cast, start(cast)).awaiting_year == 2026


@pytest.mark.parametrize(("value", "unit"), [(0, "working_days"), (1, "weeks"), (10_001, "urgent_hours")])
def test_what_is_no_limit_starts_nothing(shipped, value, unit):
    with pytest.raises(LimitInvalid):
        start(shipped, value, unit)


def test_a_year_added_computes_what_waited_for_it(shipped):
    subject = uuid4()
    waiting = start(shipped, begun="2026-12-31 16:00", subject=subject)
    unmoved = start(shipped)
    shipped.do(add_calendar_year, year=2027, overrides=NEW_YEAR_2027)
    assert recompute(shipped) == 2
    row = get(shipped, waiting)
    assert (row.due, row.state, row.awaiting_year) == (at("2027-01-05 16:00"), "running", None)
    assert get(shipped, unmoved).due == unmoved.due
    # only what moved is told
    (facts,) = computed(shipped)
    assert (facts["subject_type"], facts["subject"], dt.datetime.fromisoformat(facts["due"])) == ("dispatch", str(subject), row.due)
    assert recompute(shipped) == 0


def test_recomputing_goes_in_chunks_until_nothing_is_left(shipped):
    rows = [start(shipped, begun="2026-12-31 16:00") for _ in range(5)]
    shipped.do(add_calendar_year, year=2027, overrides=NEW_YEAR_2027)
    assert [recompute(shipped, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert {get(shipped, row).due for row in rows} == {at("2027-01-05 16:00")}
    assert len(computed(shipped)) == 5


def test_a_day_that_becomes_a_day_off_moves_what_counts_it(shipped):
    row = start(shipped)
    shipped.do(change_day, day=dt.date(2026, 11, 24), working=False, note_zh="停工", note_en="standstill")
    recompute(shipped)
    assert get(shipped, row).due == at("2026-11-26 16:00")


def test_new_working_hours_move_what_counts_them(shipped):
    row = start(shipped, 8, "working_hours", "2026-11-24 08:00")
    assert row.due == at("2026-11-24 18:00")
    shipped.do(set_schedule, valid_from=dt.date(2026, 11, 24), spans=[(dt.time(9), dt.time(12))])
    recompute(shipped)
    assert get(shipped, row).due == at("2026-11-26 11:00")


def test_a_handed_back_deadline_stays_as_it_was(shipped):
    row = start(shipped)
    happen(shipped, row, "stopped", "2026-11-24 09:00")
    shipped.do(change_day, day=dt.date(2026, 11, 25), working=False)
    assert recompute(shipped) == 0
    assert (get(shipped, row).due, get(shipped, row).state) == (at("2026-11-25 16:00"), "stopped")


def test_one_handed_back_while_it_waited_still_gets_its_deadline(shipped):
    row = start(shipped, begun="2026-12-31 16:00")
    happen(shipped, row, "stopped", "2026-12-31 17:00")
    assert get(shipped, row).due is None
    shipped.do(add_calendar_year, year=2027, overrides=NEW_YEAR_2027)
    assert recompute(shipped) == 1
    assert (get(shipped, row).due, get(shipped, row).state) == (at("2027-01-05 16:00"), "stopped")


def test_pauses_and_extensions_move_the_deadline(shipped):
    row = start(shipped)
    paused = happen(shipped, row, "paused", "2026-11-24 09:00", reason="申请退单")
    assert (paused.state, paused.due) == ("paused", None)
    resumed = happen(shipped, row, "resumed", "2026-11-24 11:00")
    assert (resumed.state, resumed.due) == ("running", at("2026-11-25 18:00"))
    extended = happen(shipped, row, "extended", "2026-11-25 09:00", amount=Limit(2, "working_days"))
    assert extended.due == at("2026-11-27 18:00")
    until = at("2026-11-30 08:00")
    suspended = happen(shipped, row, "suspended", "2026-11-27 14:00", until=until, reason="降雨")
    assert suspended.due == at("2026-11-30 12:00")
    assert [event.kind for event in shipped.ask(queries.events, row.id)] == ["paused", "resumed", "extended", "suspended"]


def test_an_event_that_cannot_be_changes_nothing(shipped):
    row = start(shipped)
    with pytest.raises(ClockEventsContradict):
        happen(shipped, row, "resumed", "2026-11-24 09:00")
    with pytest.raises(ClockEventsContradict):  # a day of the calendar cannot be added to working days
        happen(shipped, row, "extended", "2026-11-24 09:00", amount=Limit(2, "calendar_days"))
    assert shipped.ask(queries.events, row.id) == []


def test_a_deadline_and_its_first_event_may_be_of_one_act(shipped):
    def both(session, act):
        row = start_deadline(
            session, act, subject_type="dispatch", subject=uuid4(), value=2, unit="working_days", start=at("2026-11-23 16:00")
        )
        append(session, act, row, Paused(at("2026-11-23 17:00")))
        return append(session, act, row, Resumed(at("2026-11-23 18:00")))

    assert get(shipped, shipped.do(both)).due == at("2026-11-25 17:00")


def test_a_deadline_explains_itself_step_by_step(shipped):
    row = start(shipped, begun="2026-02-13 17:00")
    answer = shipped.client("sun").get(f"/api/v1/deadlines/{row.id}")
    assert answer.status_code == 200
    doc = answer.json
    assert (doc["id"], doc["subject"], doc["limit"]) == (str(row.id), str(row.subject), {"value": 2, "unit": "working_days"})
    # Saturday 14 February is a make-up day; the Spring Festival runs to Monday 23
    assert dt.datetime.fromisoformat(doc["due"]) == at("2026-02-24 17:00")
    assert [step["kind"] for step in doc["steps"]] == ["limit", "counted", "make_up_day", "day_off", "counted", "due"]
    assert sum(step["counted_minutes"] for step in doc["steps"]) == 16 * 60
    assert "调休" in doc["steps"][2]["zh"]
    assert "make-up" in doc["steps"][2]["en"].lower()
    assert (doc["colour"], doc["left"] < 0) == ("red", True)


def test_one_that_waits_says_for_which_year(shipped):
    row = start(shipped, begun="2026-12-31 16:00")
    doc = shipped.client("li").get(f"/api/v1/deadlines/{row.id}").json
    assert (doc["due"], doc["state"], doc["awaiting_year"]) == (None, "awaiting_calendar", 2027)
    assert "2027" in doc["steps"][-1]["zh"]


def test_events_are_shown_with_it(shipped):
    row = start(shipped)
    happen(shipped, row, "extended", "2026-11-24 09:00", amount=Limit(2, "working_days"), reason="材料未到")
    (event,) = shipped.client("zhao").get(f"/api/v1/deadlines/{row.id}").json["events"]
    assert (event["kind"], event["by"], event["reason"]) == ("extended", {"value": 2, "unit": "working_days"}, "材料未到")


def test_deadlines_by_their_id_are_for_the_desk_and_those_above_it(shipped, client):
    row = start(shipped)
    path = f"/api/v1/deadlines/{row.id}"
    assert client.get(path).status_code == 401
    assert {login: shipped.client(login).get(path).status_code for login in PEOPLE} == {
        login: 200 if login in {"zhao", "chen", "sun", "li", "yu"} else 403 for login in PEOPLE
    }
    unknown = shipped.client("yu").get(f"/api/v1/deadlines/{UUID(int=1)}")
    assert (unknown.status_code, unknown.json["type"]) == (404, "/problems/deadline_not_found")
