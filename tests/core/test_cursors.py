"""Cursors: what was packed is unpacked, each value of its kind; anything else is one problem that names /cursor."""

from __future__ import annotations

import base64
import datetime as dt

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core import cursors

KINDS = (cursors.moment, cursors.text, cursors.key, cursors.number)
ID = "0197c6a0-0000-7000-8000-000000000001"
LOCAL = dt.timezone(dt.timedelta(hours=8))
AT = "2026-11-23T09:00:00+08:00"


def made(*values):
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


@given(
    at=st.integers(0, 250_000_000_000).map(lambda seconds: dt.datetime(2, 1, 1, tzinfo=LOCAL) + dt.timedelta(seconds=seconds)),
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    key=st.uuids(),
    number=st.integers(-(2**63), 2**63 - 1),
)
def test_what_was_packed_comes_back(at, text, key, number):
    found = cursors.unpack("list", cursors.pack("list", at.isoformat(), text, str(key), number), *KINDS)
    assert found == (at, text, key, number) and found[0].tzinfo is dt.UTC


@given(
    values=st.lists(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
        min_size=4,
        max_size=4,
    )
)
def test_values_of_no_moment_are_no_cursor(values):
    with pytest.raises(cursors.BadCursor):
        cursors.unpack("list", made("list", *values[:2], "no id", values[3]), *KINDS)


@pytest.mark.parametrize("cursor", [None, ""])
def test_without_one_it_is_the_first_page(cursor):
    assert cursors.unpack("list", cursor, *KINDS) is None


@pytest.mark.parametrize(
    "cursor",
    [
        "!",
        "a",
        made("list"),
        made("other", AT, "a", ID, 1),
        made("list", AT, "a", ID),
        made("list", "0001-01-01T00:00:00+14:00", "a", ID, 1),
        made("list", "2026-11-23T09:00:00", "a", ID, 1),
        made("list", 5, "a", ID, 1),
        made("list", AT, "\0", ID, 1),
        made("list", AT, 5, ID, 1),
        made("list", AT, "a", "\0", 1),
        made("list", AT, "a", None, 1),
        made("list", AT, "a", ID, True),
        made("list", AT, "a", ID, 1.0),
        made("list", AT, "a", ID, 2**63),
    ],
)
def test_a_bad_cursor_is_refused_and_named(cursor):
    with pytest.raises(cursors.BadCursor) as caught:
        cursors.unpack("list", cursor, *KINDS)
    assert [pointer for pointer, _ in caught.value.errors] == ["/cursor"]
