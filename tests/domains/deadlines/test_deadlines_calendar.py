"""The working calendar through its front door, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.core.journal import FeedMember
from backend.domains.deadlines import queries
from backend.domains.deadlines.actions import add_calendar_year, load_calendar_csv
from backend.domains.deadlines.model import CalendarYear
from tests.domains.deadlines.almanac import CALENDAR, CSV
from tests.make.application import build_app, close_app
from tests.make.people import Cast

NEW_YEAR = {"day": "2027-01-01", "working": False, "note_zh": "元旦", "note_en": "New Year's Day"}
MAKE_UP = {"day": "2027-02-20", "working": True, "note_zh": "春节调休上班", "note_en": "make-up working day"}


@pytest.fixture
def app(any_app):
    return any_app


@pytest.fixture
def shipped(cast):
    """The calendar that is shipped."""
    cast.do(load_calendar_csv, text=CSV, years=[2025, 2026])
    return cast


def put_year(client, days, year=2027, **more):
    return client.put(f"/api/v1/calendar/{year}", json={"days": days, **more})


def test_what_is_loaded_is_the_calendar_of_the_rules(shipped):
    held = shipped.ask(queries.calendar)
    assert (held.years, dict(held.overrides), held.schedules) == (CALENDAR.years, dict(CALENDAR.overrides), CALENDAR.schedules)
    assert shipped.do(load_calendar_csv, text=CSV, years=[2025, 2026]) == []  # a second start changes nothing
    assert shipped.ask(queries.calendar).version == held.version


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/calendar"), ("put", "/calendar/2027"), ("put", "/calendar/days/2026-05-04"), ("get", "/calendar/schedules")],
)
def test_it_needs_somebody_signed_in(client, method, path):
    assert getattr(client, method)(f"/api/v1{path}", json={}).status_code == 401


@pytest.mark.parametrize("login", ["stranger", "lin", "li"])
def test_only_an_administrator_changes_it(shipped, login):
    client = shipped.client(login)
    assert put_year(client, [NEW_YEAR]).status_code == 403
    assert client.put("/api/v1/calendar/days/2026-05-06", json={"working": False}).status_code == 403
    schedule = {"valid_from": "2027-01-01", "spans": [["08:00", "12:00"]]}
    assert client.post("/api/v1/calendar/schedules", json=schedule).status_code == 403


def test_a_year_is_shown_with_its_days_and_hours(shipped):
    year = shipped.client("lin").get("/api/v1/calendar?year=2026").json
    assert (year["year"], year["covered"], year["timezone"], year["looks_unconfirmed"]) == (2026, [2025, 2026], "Asia/Shanghai", False)
    assert {"day": "2026-02-14", "working": True} in [{"day": day["day"], "working": day["working"]} for day in year["days"]]
    assert year["schedules"][0]["spans"] == [["08:00", "12:00"], ["14:00", "18:00"]]


def test_a_year_that_is_not_covered_is_missing_and_names_those_that_are(shipped):
    answer = shipped.client("lin").get("/api/v1/calendar?year=2027")
    assert (answer.status_code, answer.json["type"], answer.json["covered"]) == (404, "/problems/calendar_year_not_found", [2025, 2026])


def test_a_year_added_is_in_force_and_told_to_everybody(shipped):
    answer = put_year(shipped.client("admin"), [NEW_YEAR, MAKE_UP])
    assert (answer.status_code, answer.json["covered"], answer.json["days"]) == (200, [2025, 2026, 2027], [NEW_YEAR, MAKE_UP])
    held = shipped.ask(queries.calendar)
    assert [held.is_working_day(dt.date(2027, *day)) for day in ((1, 1), (1, 4), (2, 20), (2, 21))] == [False, True, True, False]
    members = shipped.ask(lambda session: session.query(FeedMember).filter_by(subject_type="calendar").all())
    assert {(one.subject, one.scope) for one in members} == {("2025", "ref"), ("2026", "ref"), ("2027", "ref")}
    docs = shipped.ask(queries.calendar_docs, ["2027", "2028", "schedules"])
    assert docs["2027"]["days"] == [NEW_YEAR, MAKE_UP]
    assert set(docs) == {"2027"}


def test_a_year_stated_again_replaces_what_was_said(shipped):
    put_year(shipped.client("admin"), [NEW_YEAR, MAKE_UP])
    first = shipped.ask(queries.calendar).version
    answer = put_year(shipped.client("admin"), [MAKE_UP]).json
    assert answer["days"] == [MAKE_UP]
    assert answer["version"] > first


@pytest.mark.parametrize(
    ("body", "slug", "pointers"),
    [
        ({"days": []}, "calendar_unconfirmed", ["/days"]),
        ({"days": [NEW_YEAR, NEW_YEAR]}, "calendar_invalid", ["/days/1/day"]),
        ({"days": [{**NEW_YEAR, "day": "2026-01-01"}]}, "calendar_invalid", ["/days/2026-01-01"]),
        ({"days": [{**NEW_YEAR, "day": "1 January"}]}, "invalid", ["/days/0/day"]),
        ({"days": [{**NEW_YEAR, "working": "no"}]}, "invalid", ["/days/0/working"]),
        ({"days": [{**NEW_YEAR, "note": "x"}]}, "invalid", ["/days/0/note"]),
        ({}, "invalid", ["/days"]),
    ],
)
def test_a_year_that_is_wrong_is_refused_by_field_and_changes_nothing(shipped, body, slug, pointers):
    answer = shipped.client("admin").put("/api/v1/calendar/2027", json=body)
    assert (answer.status_code, answer.json["type"]) == (422, f"/problems/{slug}")
    assert [error["pointer"] for error in answer.json["errors"]] == pointers
    assert shipped.ask(queries.calendar).years == {2025, 2026}


def test_a_year_without_any_holiday_can_be_confirmed(shipped):
    answer = put_year(shipped.client("admin"), [], confirm=True)
    assert (answer.status_code, answer.json["looks_unconfirmed"]) == (200, True)


def test_a_year_of_days_off_alone_is_refused(shipped):
    first = dt.date(2027, 1, 1)
    days = [{"day": (first + dt.timedelta(days=number)).isoformat(), "working": False} for number in range(365)]
    answer = put_year(shipped.client("admin"), days)
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/calendar_invalid")


def test_one_day_is_changed(shipped):
    client = shipped.client("admin")
    answer = client.put("/api/v1/calendar/days/2026-07-01", json={"working": False, "note_zh": "台风停工", "note_en": "typhoon"})
    assert answer.status_code == 200
    assert not shipped.ask(queries.calendar).is_working_day(dt.date(2026, 7, 1))
    assert client.put("/api/v1/calendar/days/2027-07-01", json={"working": False}).status_code == 404
    assert client.put("/api/v1/calendar/days/2026-13-01", json={"working": False}).status_code == 422


def test_summer_hours_are_stated_and_the_others_go_on_afterwards(shipped):
    client = shipped.client("admin")
    summer = {"valid_from": "2026-07-01", "valid_until": "2026-10-01", "spans": [["07:00", "11:00"], ["15:00", "19:30"]]}
    answer = client.post("/api/v1/calendar/schedules", json=summer)
    assert (answer.status_code, answer.json) == (201, summer)
    items = client.get("/api/v1/calendar/schedules").json["items"]
    assert [(item["valid_from"], item["valid_until"]) for item in items[1:]] == [("2026-07-01", "2026-10-01"), ("2026-10-01", None)]
    held = shipped.ask(queries.calendar)
    assert held.hours_on(dt.date(2026, 7, 1))[0] == (dt.time(7), dt.time(11))
    assert held.hours_on(dt.date(2026, 10, 9))[0] == (dt.time(8), dt.time(12))


@pytest.mark.parametrize(
    "spans",
    [[], [["12:00", "08:00"]], [["08:00", "12:00"], ["11:00", "13:00"]], [["08:00"]], [["08:00+08:00", "12:00+08:00"]], [["8", "late"]]],
)
def test_hours_that_contradict_themselves_are_refused(shipped, spans):
    body = {"valid_from": "2026-07-01", "spans": spans}
    assert shipped.client("admin").post("/api/v1/calendar/schedules", json=body).status_code == 422


def test_two_changes_at_the_same_time_come_one_after_the_other(shipped):
    years = [2027, 2028, 2029, 2030]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda year: shipped.do(add_calendar_year, year=year, overrides={}, confirm=True), years))
    rows = shipped.ask(lambda session: session.query(CalendarYear).all())
    assert sorted(row.version for row in rows) == [1, 2, 3, 4, 5, 6]


def test_another_process_counts_by_the_new_year_without_a_restart(shipped, any_database_url, tmp_path):
    other = build_app(any_database_url, tmp_path / "other")
    try:
        elsewhere = Cast(other)
        assert elsewhere.ask(queries.calendar).years == {2025, 2026}
        put_year(shipped.client("admin"), [NEW_YEAR])
        assert elsewhere.ask(queries.calendar).years == {2025, 2026, 2027}
    finally:
        close_app(other)


def test_the_command_states_a_year(app, shipped, tmp_path):
    from backend.entrypoints.cli.deadlines import group

    file = tmp_path / "2027.csv"
    file.write_text("date,working,note_zh,note_en\n2027-01-01,0,元旦,New Year's Day\n", "utf-8")
    run = app.test_cli_runner().invoke
    assert run(group, ["import", str(file), "--year", "2027"]).exit_code == 0
    assert shipped.ask(queries.calendar).years == {2025, 2026, 2027}
    refused = run(group, ["import", str(file), "--year", "2028"])
    assert refused.exit_code == 1
    assert "/lines/2/date" in refused.output
