"""Patrols: every deed in any order and twice, as phones deliver them."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backend.domains.patrols.model import Patrol, TrackChunk
from backend.domains.patrols.rules.patrols import is_late, length_m
from tests.make.phone import Phone, mono, record_payload

MOMENT = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)


@pytest.fixture
def district(any_district):
    return any_district


@pytest.fixture
def lin(district):
    return Phone(district, "lin")


def track(chunk, *, points=3, datum="WGS-84", **other):
    start = 120.001 + chunk / 1000
    line = [[start + n / 10_000, 30.01, 5.0, "2026-11-23T10:00:00+08:00"] for n in range(points)]
    return {"chunk": chunk, "datum": datum, "points": line, **other}


def patrols(district):
    return {row.id: row for row in district.scalars(sa.select(Patrol))}


def at(moment):
    return {"at": moment.isoformat(), "mono_ms": mono(moment)}


def test_a_patrol_with_its_track_and_what_was_visited(district, lin):
    patrol = uuid4()
    lin.do("open_patrol", patrol)
    lin.do("append_track", patrol, track(0))
    lin.do("append_track", patrol, track(1, points=500))
    lin.do("close_patrol", patrol, {"visited": ["330113001001002", "330113001001001", "330113001001001"]})
    assert {result["status"] for result in lin.pushed()} == {"applied"}
    lin.sync()
    doc = lin.docs("patrol")[str(patrol)]
    assert (doc["state"], doc["points"], doc["visited"]) == ("closed", 503, ["330113001001001", "330113001001002"])
    assert (doc["inspector"], doc["late"], doc["overlapping"]) == (str(lin.person), False, False)
    assert doc["metres"] == pytest.approx(501 * 9.63, rel=0.01)
    assert doc["opened_at"] <= doc["closed_at"]


def test_every_order_of_arrival_comes_to_the_same_patrol(district, lin):
    """Also before its opening and after its close; each a push of its own, and each twice."""
    seen = []
    for order in permutations(range(4)):
        patrol = uuid4()
        district.clock.forward(hours=5)
        now = district.clock.now()
        lines = [
            lin.line("open_patrol", patrol, **at(now - dt.timedelta(hours=4))),
            lin.line("append_track", patrol, track(0), **at(now - dt.timedelta(hours=3))),
            lin.line("append_track", patrol, track(1), **at(now - dt.timedelta(hours=2))),
            lin.line("close_patrol", patrol, {"visited": ["a"]}, **at(now - dt.timedelta(hours=1))),
        ]
        for number in order:
            for _ in range(2):
                lin.pushed(lines[number])
        row = patrols(district)[patrol]
        seen.append(
            (
                row.state,
                row.points,
                round(row.metres, 3),
                row.visited,
                row.late,
                row.overlapping,
                row.closed_at - row.opened_at > dt.timedelta(hours=2.9),
            )
        )
    assert set(map(str, seen)) == {str(("closed", 6, seen[0][2], ["a"], False, False, True))}


@pytest.mark.parametrize("together", [True, False])
def test_the_same_chunk_in_another_operation_counts_once_and_another_chunk_under_its_number_is_kept(district, lin, together):
    patrol = uuid4()
    lin.pushed(lin.line("open_patrol", patrol))
    other = {**track(5), "chunk": 0}
    chunks = [track(0), track(0), track(7), {**track(0), "datum": "GCJ-02"}, other, other, track(0)]
    lines = [lin.line("append_track", patrol, chunk) for chunk in chunks]
    results = lin.pushed(*lines) if together else [lin.pushed(line)[0] for line in lines]
    expected = [("applied", None)] * 3 + [("merged", "chunk_renumbered")] * 2 + [("applied", None)] * 2
    assert [(result["status"], result["code"]) for result in results] == expected
    assert patrols(district)[patrol].points == 12
    kept = district.rows(sa.select(TrackChunk.chunk, TrackChunk.datum, TrackChunk.points).order_by(TrackChunk.chunk))
    assert [(row.chunk, row.datum, row.points) for row in kept] == [
        (number, chunks[n]["datum"], chunks[n]["points"]) for number, n in ((0, 0), (7, 2), (8, 3), (9, 4))
    ]


def test_a_track_long_after_the_close_counts_and_is_marked_late(district, lin):
    patrol = uuid4()
    now = district.clock.now()
    lin.do("open_patrol", patrol, **at(now - dt.timedelta(hours=3)))
    lin.do("close_patrol", patrol, {"visited": []}, **at(now - dt.timedelta(hours=2)))
    lin.do("append_track", patrol, track(0), **at(now - dt.timedelta(hours=2) + dt.timedelta(minutes=9)))
    lin.pushed()
    assert (patrols(district)[patrol].late, patrols(district)[patrol].points) == (False, 3)
    lin.do("append_track", patrol, track(1), **at(now - dt.timedelta(hours=1)))
    assert lin.pushed()[0]["effects"]["late"] is True
    assert patrols(district)[patrol].points == 6


def test_a_late_track_is_late_also_where_it_comes_before_the_close(district, lin):
    patrol, now = uuid4(), district.clock.now()
    opened = lin.line("open_patrol", patrol, **at(now - dt.timedelta(hours=3)))
    closed = lin.line("close_patrol", patrol, {"visited": []}, **at(now - dt.timedelta(hours=2)))
    added = lin.line("append_track", patrol, track(0), **at(now - dt.timedelta(hours=1)))
    for line in (opened, added, closed):
        lin.pushed(line)
    assert patrols(district)[patrol].late is True


def test_a_second_close_keeps_the_earlier_one_and_all_that_was_visited(district, lin):
    patrol = uuid4()
    now = district.clock.now()
    lin.do("open_patrol", patrol, **at(now - dt.timedelta(hours=3)))
    late = lin.line("close_patrol", patrol, {"visited": ["b"]}, **at(now - dt.timedelta(hours=1)))
    lin.pushed(late)
    lin.do("close_patrol", patrol, {"visited": ["a"]}, **at(now - dt.timedelta(hours=2)))
    lin.pushed()
    row = patrols(district)[patrol]
    assert (row.visited, abs(row.closed_at - (now - dt.timedelta(hours=2))) < dt.timedelta(seconds=1)) == (["a", "b"], True)


def test_two_open_patrols_of_one_inspector_are_kept_and_both_flagged(district, lin):
    first, second, third = uuid4(), uuid4(), uuid4()
    lin.do("open_patrol", first)
    lin.pushed()
    lin.do("open_patrol", second)
    assert lin.pushed()[0]["effects"]["overlapping"] is True
    assert [patrols(district)[each].overlapping for each in (first, second)] == [True, True]
    for each in (first, second):
        lin.do("close_patrol", each, {"visited": []})
    lin.do("open_patrol", third)
    lin.pushed()
    assert patrols(district)[third].overlapping is False


def test_a_patrol_closed_in_the_same_body_does_not_overlap_the_next(district, lin):
    """The close is not written yet when the next is opened."""
    first, second = uuid4(), uuid4()
    lin.pushed(lin.line("open_patrol", first))
    lin.pushed(lin.line("close_patrol", first, {"visited": []}), lin.line("open_patrol", second))
    assert [patrols(district)[each].overlapping for each in (first, second)] == [False, False]


def test_another_inspectors_patrol_is_refused_and_unchanged(district, lin):
    wu, patrol = Phone(district, "wu"), uuid4()
    lin.do("open_patrol", patrol)
    lin.pushed()
    wu.do("append_track", patrol, track(0))
    wu.do("close_patrol", patrol, {"visited": ["x"]})
    wu.do("open_patrol", patrol)
    wu.do("record_finding", uuid4(), record_payload(patrol=str(patrol)))
    assert [(r["status"], r["code"]) for r in wu.pushed()] == [
        ("rejected", "not_your_patrol"),
        ("rejected", "not_your_patrol"),
        ("rejected", "id_taken"),
        ("rejected", "not_your_patrol"),
    ]
    row = patrols(district)[patrol]
    assert (row.state, row.points, row.inspector) == ("open", 0, lin.person)
    wu.sync()
    assert wu.docs("patrol") == {}


def test_a_finding_names_its_patrol(district, lin):
    patrol = uuid4()
    lin.do("open_patrol", patrol)
    finding = lin.record(patrol=str(patrol))["e"]["id"]
    lin.pushed()
    assert district.client("lin").get(f"/api/v1/findings/{finding}").json["patrol"] == str(patrol)


def pointed(lon=120, lat=30, accuracy=5, at="2026-11-23T10:00:00+08:00"):
    return {"points": [[lon, lat, accuracy, at]]}


@pytest.mark.parametrize(
    "d",
    [
        *({"chunk": -1}, {"chunk": "0"}, {"datum": "UTM"}, {"datum": None}, {"points": []}, {"points": [[120, 30, 5]]}),
        *(pointed(accuracy="x"), pointed(lon=200), pointed(lon=True), pointed(at="2026-11-23T10:00:00"), pointed(at=None)),
        {"points": pointed()["points"] * 501},
    ],
)
def test_a_bad_track_is_refused_and_the_patrol_goes_on(lin, d):
    patrol = uuid4()
    lin.do("open_patrol", patrol)
    lin.do("append_track", patrol, {**track(0), **d})
    lin.do("append_track", patrol, track(1))
    assert [(r["status"], r["code"]) for r in lin.pushed()] == [("applied", None), ("rejected", "schema"), ("applied", None)]


def test_the_length_of_a_walk():
    assert length_m([]) == length_m([(120.0, 30.0)]) == 0
    assert length_m([(120.0, 30.0), (120.0, 30.01)]) == pytest.approx(1112, abs=1)
    assert length_m([(120.0, 30.0, 5, "x"), (120.01, 30.0, 5, "x"), (120.0, 30.0, 5, "x")]) == pytest.approx(2 * 963, abs=2)


def test_late_is_more_than_ten_minutes_after_the_close():
    assert not is_late(MOMENT, None)
    assert not is_late(MOMENT + dt.timedelta(minutes=10), MOMENT)
    assert is_late(MOMENT + dt.timedelta(minutes=10, microseconds=1), MOMENT)
