"""The reference phone's parts that need no server: ids, places, clocks, the outbox and its bytes, the copy, the demo's day and table."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import math
from io import BytesIO
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.domains.territory.rules import datums
from scripts.demo_day.day import ROUTE, DayClock, boots_of, draw_day, expected_quality
from scripts.demo_day.ground import Ground, holds
from scripts.demo_day.scene import Shot, draw
from scripts.demo_day.table import aligned, clip, width
from tests.phone import outbox as wire_format
from tests.phone.album import Album
from tests.phone.clock import LOCAL, Anchor, Moment
from tests.phone.datums import gcj02
from tests.phone.ids import uuid7
from tests.phone.mirror import Mirror
from tests.phone.outbox import ChainDiffers, Outbox
from tests.phone.patience import Patience
from tests.phone.store import Store

MOMENT = Moment(dt.datetime(2026, 11, 22, 16, 1, 10, tzinfo=LOCAL), "k7", 112_000)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "phone.sqlite3")
    store["replica"], store["epoch"] = str(uuid7()), "e1"
    yield store
    store.close()


@pytest.fixture
def outbox(store):
    return Outbox(store)


def note(outbox, text="脏", **more):
    return outbox.append("add_note", "finding", str(uuid7()), {"text": text}, MOMENT, **more)


def answer(results=(), *, acked, chain=None, missing=(), epoch="e1"):
    return {"epoch": epoch, "acked_through": acked, "missing": list(missing), "chain": chain, "results": list(results)}


def result(op, status="applied", **more):
    return {"op": op, "status": status, "code": None} | more


def chained(outbox, through):
    hashed = wire_format.chain(bytes(32), [line.line for line in outbox.lines(range(1, through + 1))])
    return {"through": through, "hash": hashed.hex()}


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_ids_are_version_7_and_carry_their_millisecond(unix_ms, chance):
    found = uuid7(unix_ms, chance)
    assert (found.version, found.variant) == (7, "specified in RFC 4122")
    assert found.int >> 80 == unix_ms


def test_ids_keep_all_of_their_chance():
    assert uuid7(1, b"\xff" * 10) == UUID("00000000-0001-7fff-bfff-ffffffffffff")
    assert uuid7(1, b"\x00" * 10) == UUID("00000000-0001-7000-8000-000000000000")


def test_ids_made_one_after_the_other_differ():
    assert len({uuid7() for _ in range(1000)}) == 1000


@given(st.floats(119.5, 121.0), st.floats(29.5, 31.0))
def test_what_the_map_sdk_shifts_the_server_shifts_back(lon, lat):
    shifted = gcj02(lon, lat)
    back = datums.to_wgs84(*shifted, datums.Datum.GCJ02)
    metres = math.hypot((back[0] - lon) * 96_000, (back[1] - lat) * 111_000)
    assert metres < 0.01
    assert 300 < math.hypot((shifted[0] - lon) * 96_000, (shifted[1] - lat) * 111_000) < 800


def test_a_line_is_serialised_once_and_resent_byte_for_byte(store, outbox):
    op = note(outbox, deps=[str(uuid7())])
    first = outbox.to_send(10)
    again = Outbox(store).to_send(10)
    assert first == again
    sent = json.loads(first[0].line)
    assert (sent["op"], sent["seq"], sent["t"], sent["v"], sent["boot"], sent["mono_ms"]) == (op, 1, "add_note", 1, "k7", 112_000)
    assert sent["at"] == "2026-11-22T16:01:10.000+08:00"
    assert "脏".encode() in first[0].line
    assert b"\n" not in first[0].line


def test_lines_survive_the_phone_being_switched_off(tmp_path):
    store = Store(tmp_path / "phone.sqlite3")
    note(Outbox(store))
    kept = Outbox(store).to_send(1)
    store.close()
    opened = Store(tmp_path / "phone.sqlite3")
    assert Outbox(opened).to_send(1) == kept
    opened.close()


def test_seqs_count_without_a_hole(outbox):
    for _ in range(5):
        note(outbox)
    assert [line.seq for line in outbox.to_send(10)] == [1, 2, 3, 4, 5]


def test_a_body_is_header_and_lines_each_with_its_lf(outbox):
    note(outbox)
    note(outbox)
    outbox.anchor(Anchor("k7", 100_200, MOMENT.wall, "gnss"))
    batch = outbox.to_send(10)
    plain = gzip.decompress(wire_format.body(outbox.header(MOMENT), batch))
    head, *lines, rest = plain.split(b"\n")
    assert (lines, rest) == ([line.line for line in batch], b"")
    header = json.loads(head)
    assert (header["h"], header["outbox_depth"], header["boot"], header["mono_ms"]) == (1, 2, "k7", 112_000)
    assert [(anchor["boot"], anchor["mono_ms"]) for anchor in header["anchors"]] == [("k7", 100_200)]
    assert "chain" not in header


def test_a_batch_stays_below_the_inflated_limit_but_is_never_empty(outbox):
    for _ in range(4):
        note(outbox, "x" * 1000)
    lines = outbox.to_send(10)
    size = len(lines[0].line) + 1
    assert wire_format.fitting(lines, 64 * 1024 + 2 * size) == lines[:2]
    assert wire_format.fitting(lines, 10) == lines[:1]


def test_the_chain_is_the_protocols():
    assert wire_format.chain(bytes(32), []) == bytes(32)
    one = hashlib.sha256(bytes(32) + hashlib.sha256(b"a").digest()).digest()
    assert wire_format.chain(bytes(32), [b"a"]) == one
    assert wire_format.chain(bytes(32), [b"a", b"b"]) == wire_format.chain(one, [b"b"])


def test_what_arrived_is_not_sent_again_and_its_outcome_is_kept(outbox):
    first, second = note(outbox), note(outbox)
    batch = outbox.to_send(1)
    outbox.take_answer(batch, answer([result(first)], acked=1, chain=chained(outbox, 1)), MOMENT)
    assert [line.op for line in outbox.to_send(10)] == [second]
    assert [outcome.status for outcome in outbox.outcomes()] == ["applied", None]
    assert json.loads(outbox.header(MOMENT))["chain"] == chained(outbox, 1)


def test_of_a_duplicate_the_first_result_counts(outbox):
    op = note(outbox)
    original = result(op, "merged", code="state_kept")
    duplicate = result(op, "duplicate", original=original)
    outbox.take_answer(outbox.to_send(1), answer([duplicate], acked=1, chain=chained(outbox, 1)), MOMENT)
    assert [(outcome.status, outcome.code) for outcome in outbox.outcomes()] == [("merged", "state_kept")]


def test_what_the_server_misses_is_sent_again(outbox):
    ops = [note(outbox) for _ in range(3)]
    everything = outbox.to_send(10)
    outbox.take_answer(everything, answer([result(op) for op in ops], acked=3, chain=chained(outbox, 3)), MOMENT)
    later = note(outbox)
    batch = outbox.to_send(10)
    outbox.take_answer(batch, answer([result(later)], acked=1, chain=chained(outbox, 1), missing=[[2, 3]]), MOMENT)
    assert [line.seq for line in outbox.to_send(10)] == [2, 3]
    assert outbox.to_send(10) == everything[1:]


def test_after_another_epoch_everything_above_the_acknowledged_is_sent_again(store, outbox):
    ops = [note(outbox) for _ in range(3)]
    outbox.take_answer(outbox.to_send(10), answer([result(op) for op in ops], acked=3, chain=chained(outbox, 3)), MOMENT)
    late = note(outbox)
    outbox.take_answer(outbox.to_send(10), answer([result(late)], acked=1, chain=chained(outbox, 1), epoch="e2"), MOMENT)
    assert [line.seq for line in outbox.to_send(10)] == [2, 3]
    assert store["epoch"] == "e2"


def test_another_chain_is_an_incident_and_loses_no_outcome(outbox):
    op = note(outbox)
    with pytest.raises(ChainDiffers):
        outbox.take_answer(outbox.to_send(1), answer([result(op)], acked=1, chain={"through": 1, "hash": "00" * 32}), MOMENT)
    assert [outcome.status for outcome in outbox.outcomes()] == ["applied"]


def test_after_a_fork_only_the_seq_of_what_is_unsettled_changes(store, outbox):
    done, open_ = note(outbox), note(outbox, "开")
    outbox.take_answer(outbox.to_send(1), answer([result(done)], acked=1, chain=chained(outbox, 1)), MOMENT)
    before = json.loads(outbox.to_send(1)[0].line)
    with store.transaction():
        outbox.renumber()
    after = json.loads(outbox.to_send(1)[0].line)
    assert [outcome.op for outcome in outbox.outcomes()] == [open_]
    assert after["seq"] == 1
    assert {**after, "seq": None} == {**before, "seq": None}


def test_of_a_fork_only_the_lines_that_did_not_fork_are_settled(store, outbox):
    common, forked = note(outbox), note(outbox)
    results = [result(common, "duplicate", original=result(common)), result(forked, "rejected", code="replica_fork")]
    outbox.take_forked(answer(results, acked=2, chain={"through": 2, "hash": "00" * 32}), MOMENT)
    with store.transaction():
        outbox.renumber()
    assert [(outcome.seq, outcome.op) for outcome in outbox.outcomes()] == [(1, forked)]


def page(*changes, results=(), more=False, added=(), dropped=(), resync=(), cursor="c"):
    scopes = {"added": list(added), "dropped": list(dropped)}
    return {
        "changes": list(changes),
        "results": list(results),
        "more": more,
        "scopes": scopes,
        "resync": list(resync),
        "cursor": cursor,
    }


def put(key, *scopes, ver=1):
    return {"k": "put", "type": "finding", "id": key, "ver": ver, "scopes": list(scopes), "doc": {"id": key, "ver": ver}}


def test_a_page_is_applied_with_its_cursor_and_outcomes(store, outbox):
    mirror = Mirror(store, outbox)
    op = note(outbox)
    mirror.apply(page(put("f1", "town:1"), put("f2", "town:1", "user:1"), results=[result(op, "deferred")], cursor="c1"))
    mirror.apply(page(put("f1", "town:1", ver=2), {"k": "drop", "type": "finding", "id": "f2", "why": "out_of_scope"}, cursor="c2"))
    assert mirror.docs("finding") == {"f1": {"id": "f1", "ver": 2}}
    assert (mirror.cursor, outbox.outcomes()[0].status) == ("c2", "deferred")


def test_a_lost_scope_takes_its_documents_but_for_unsettled_work(store, outbox):
    mirror = Mirror(store, outbox)
    outbox.append("add_note", "finding", "f2", {"text": "x"}, MOMENT)
    mirror.apply(page(put("f1", "town:1"), put("f2", "town:1"), put("f3", "town:1", "user:1")))
    mirror.apply(page(dropped=["town:1"]))
    assert sorted(mirror.docs("finding")) == ["f2", "f3"]


def test_the_digest_counts_and_sums_each_scope(store, outbox):
    mirror = Mirror(store, outbox)
    mirror.apply(page(put("f1", "town:1"), put("f2", "town:1", "user:1", ver=3)))
    first, second = (int.from_bytes(hashlib.sha256(text).digest()[:8], "big") for text in (b"finding|f1|1", b"finding|f2|3"))
    assert mirror.digest() == {"town:1": [2, f"{(first + second) % 2**64:016x}"], "user:1": [1, f"{second:016x}"]}


def test_what_differs_is_dropped_and_comes_anew(store, outbox):
    mirror = Mirror(store, outbox)
    mirror.apply(page(put("stale", "town:1"), put("other", "town:2")))
    mirror.apply(page(put("fresh", "town:1"), resync=["town:1"]))
    assert sorted(mirror.docs("finding")) == ["fresh", "other"]


def test_a_new_first_sync_replaces_the_old_copy_when_it_is_whole(store, outbox):
    mirror = Mirror(store, outbox)
    mirror.apply(page(put("old", "town:1"), cursor="c1"))
    mirror.begin_again()
    mirror.apply(page(put("new1", "town:1"), more=True, cursor="c2"))
    assert (sorted(mirror.docs("finding")), mirror.cursor) == (["old"], "c2")
    mirror.apply(page(put("new2", "town:1"), cursor="c3"))
    assert sorted(mirror.docs("finding")) == ["new1", "new2"]


def test_a_photo_is_declared_by_the_hash_of_its_bytes(store, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"bytes")
    album = Album(store, account=None, patience=Patience())
    photo = album.keep(path)
    assert (photo["sha256"], photo["bytes"], photo["mime"]) == (hashlib.sha256(b"bytes").hexdigest(), 5, "image/jpeg")
    assert album.waiting() == [photo["sha256"]]


SQUARE = (((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)), ((1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0), (1.0, 1.0)))


def test_a_hole_is_not_inside():
    assert holds(SQUARE, 0.5, 0.5)
    assert not holds(SQUARE, 2.0, 2.0)
    assert not holds(SQUARE, 5.0, 0.5)


def ground():
    towns = dict.fromkeys(ROUTE, (((120.2, 30.4), (120.3, 30.4), (120.3, 30.5), (120.2, 30.5), (120.2, 30.4)),))
    return Ground(towns, dict.fromkeys(ROUTE, ((120.25, 30.45),)), (120.1, 30.4), "330113L00101", (120.294, 30.416))


def catalog():
    units = ("urgent_hours", "working_hours", "working_days", "calendar_days")
    return {
        "categories": [
            {
                "kind": "event",
                "code": f"0{number}",
                "edition": 1,
                "trade": trade,
                "name": {"zh": trade, "en": trade},
                "conditions": [{"number": n, "text": "脏", "limit": {"value": 2, "unit": unit}} for n, unit in enumerate(units, 1)],
            }
            for number, trade in enumerate(("municipal", "greening", "sanitation", "cleaning", "enforcement", "other"))
        ],
    }


@settings(max_examples=10)
@given(st.dates(dt.date(2025, 1, 1), dt.date(2030, 1, 1)))
def test_the_day_follows_from_the_date_and_lies_within_its_hours(date):
    day = draw_day(date, catalog(), ground())
    assert day == draw_day(date, catalog(), ground())
    times = [sight.at for sight in day.sights]
    assert times == sorted(times)
    assert day.start < times[0]
    assert times[-1] + dt.timedelta(minutes=3) < day.end
    assert {sight.trade for sight in day.sights} == {"municipal", "greening", "sanitation", "cleaning", "enforcement", "other"}
    assert {sight.town for sight in day.sights} == {*ROUTE, None}
    assert {sight.place["datum"] for sight in day.sights} == {"WGS-84", "GCJ-02"}
    assert {expected_quality(sight.at, day.boots) for sight in day.sights} == {"exact", "anchored", "estimated"}
    assert sum(len(points) for _, points in day.track) == 1200
    assert max(len(points) for _, points in day.track) <= 500
    assert len(day.sights) == 40


def test_the_clock_of_the_day_is_slow_but_its_monotonic_time_is_right():
    boots = boots_of(dt.date(2026, 11, 22))
    clock = DayClock(boots)
    clock.at = boots[1].start + dt.timedelta(seconds=90)
    assert clock.now() == Moment(clock.at - dt.timedelta(seconds=73), "b2", 90_000)


def test_a_drawn_photo_has_its_time_and_place_and_is_the_same_each_time():
    shot = Shot("s", "greening", ("words",), dt.datetime(2026, 11, 22, 9, 8, 7, tzinfo=LOCAL), 120.2994, 30.419, turned=True)
    content = draw(shot)
    assert content == draw(shot)
    exif = Image.open(BytesIO(content)).getexif()
    assert exif[0x0112] == 6
    assert exif.get_ifd(0x8769)[0x9003] == "2026:11:22 09:08:07"
    assert exif.get_ifd(0x8769)[0x9011] == "+08:00"
    degrees, minutes, seconds = exif.get_ifd(0x8825)[4]
    assert float(degrees + minutes / 60 + seconds / 3600) == pytest.approx(120.2994, abs=1e-6)


def test_columns_count_chinese_as_two():
    assert width("东湖 a") == 6
    assert clip("东湖中路", 5) == "东湖…"
    assert clip("东湖", 4) == "东湖"


def test_columns_begin_at_the_same_place_on_every_line():
    table = aligned(["a"] * 9, ["丙"] * 9, [["东湖"] * 9, ["x"] * 9]).split("\n")
    starts = [width(line.rpartition(" ")[0]) + 1 for line in table if " " in line]
    assert starts == [8 * (4 + 2)] * 4
