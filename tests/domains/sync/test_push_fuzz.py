"""Whatever a line holds, the push is answered, the line is kept, and the next operation is done."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.make.district import DIRT, HOME, NEXT_DOOR
from tests.make.phone import photo, place, record_payload, wire

NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.just(-0.0))
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "\x00", "x" * 3000, "2026-11-23T10:00:00Z", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00+23:59", str(uuid4()), "WGS-84"]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def whole_line(verb):
    finding = uuid4()
    d = {
        "record_finding": record_payload(photos=[photo(b"x")], patrol=None, note="n", address="a", asset="1", patrol_=None),
        "amend_finding": {
            "fields": {
                "category": {"seen": DIRT, "value": DIRT},
                "condition": {"seen": 1, "value": 1},
                "place": {"seen": place(HOME), "value": place(NEXT_DOOR)},
                "severity": {"seen": 1, "value": 2},
                "note": {"seen": None, "value": "x"},
            }
        },
        "append_track": {"chunk": 1, "datum": "GCJ-02", "points": [[120.0, 30.0, 5, "2026-11-23T10:00:00Z"]]},
        "close_patrol": {"visited": ["a", "b"]},
        "add_photo": photo(b"y"),
        "seq_void": {"seqs": [5, 6], "reason": "x"},
    }[verb]
    d.pop("patrol_", None)
    return finding, d


def places_of(value, path=()):
    """Every path into a JSON value."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places_of(child, (*path, key))


@pytest.mark.parametrize("verb", ["record_finding", "amend_finding", "append_track", "close_patrol", "add_photo", "seq_void"])
def test_a_line_bent_anywhere_is_answered_and_blocks_nothing(district, lin, verb):
    finding, patrol = uuid4(), uuid4()
    lin.pushed(lin.line("record_finding", finding, record_payload(category=DIRT, condition=1)), lin.line("open_patrol", patrol))

    @given(data=st.data())
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def bent(data):
        fresh, d = whole_line(verb)
        entity = {"record_finding": fresh, "append_track": patrol, "close_patrol": patrol, "seq_void": lin.replica}.get(verb, finding)
        line = lin.line(verb, entity, d, deps=[])
        line = json.loads(wire(line))
        path = data.draw(st.sampled_from(list(places_of(line))))
        value = data.draw(VALUES)
        if path:
            holder = line
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = value
        else:
            line = value
        raw = json.dumps(line, ensure_ascii=data.draw(st.booleans())).encode(errors="surrogatepass")
        after = lin.line("add_note", finding, {"text": "still here"})
        answer = lin.push(raw, after)
        assert answer.status_code in {200, 409}, answer.text
        results = {result["line"]: result for result in answer.json["results"]}
        assert set(results) == {2, 3} or raw.strip() == b""
        assert results[2]["status"] != "received", results[2]
        assert results[3]["status"] in {"applied", "merged", "deferred", "duplicate"} or path == ("seq",), results[3]

    bent()
    lin.sync()
