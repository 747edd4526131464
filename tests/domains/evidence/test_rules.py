"""Rules of evidence that need no database."""

from __future__ import annotations

import base64
import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.evidence.rules import photos, tus
from backend.domains.evidence.rules.exif import facts_of


@dataclass
class Facts:
    state: str
    waived: bool
    retracted: bool


ANY = st.builds(Facts, st.sampled_from(["declared", "stored", "usable", "unreadable"]), st.booleans(), st.booleans())


@given(st.lists(ANY))
def test_evidence_is_complete_exactly_when_every_counted_photo_is_usable_or_waived(some):
    counted = [one for one in some if not one.retracted]
    evidence = photos.weigh(some)
    assert evidence.declared == len(counted)
    assert evidence.complete == all(one.state == "usable" or one.waived for one in counted)
    assert evidence.usable + evidence.unreadable <= evidence.stored <= evidence.declared


@pytest.mark.parametrize(
    ("state", "waived", "uploading", "shown"),
    [
        ("declared", False, True, "uploading"),
        ("declared", False, False, "declared"),
        ("stored", False, True, "stored"),
        ("unreadable", True, False, "waived"),
        ("usable", True, False, "usable"),
    ],
)
def test_one_word_shows_a_photo(state, waived, uploading, shown):
    assert photos.state_shown(state, waived=waived, uploading=uploading) == shown


@pytest.mark.parametrize("size", [1, 25])
def test_sizes_at_the_limits_pass(size):
    photos.check_size(size, 25)
    photos.check_pixels(size, 1, 25)
    photos.check_quota(25 - size, size, 25)


def test_sizes_beyond_the_limits_do_not():
    with pytest.raises(photos.EmptyPhoto):
        photos.check_size(0, 25)
    with pytest.raises(photos.PhotoTooLarge):
        photos.check_size(26, 25)
    with pytest.raises(photos.PhotoTooLarge):
        photos.check_pixels(2, 13, 25)
    with pytest.raises(photos.NotAPicture):
        photos.check_pixels(0, 13, 25)
    with pytest.raises(photos.QuotaExceeded):
        photos.check_quota(25, 1, 25)


@given(st.text(), st.text(), st.text())
def test_whatever_the_headers_hold_they_are_read_or_named(length, metadata, checksum):
    for read in (
        lambda: tus.claim(length, None, metadata, replica=None, person=uuid4()),
        lambda: tus.checksum(checksum),
        lambda: tus.number("Upload-Offset", length),
    ):
        with suppress(tus.BadUploadHeader, tus.LengthRequired):
            read()
    tus.claim_of(metadata)


@given(
    st.integers(0, 10**12), st.binary(min_size=32, max_size=32), st.text(st.characters(codec="ascii", exclude_characters=","), max_size=40)
)
def test_a_url_gives_back_what_was_claimed(size, digest, key):
    name = key.strip().replace(" ", "") or "x"
    text = f"{name} eA==,sha256 {base64.b64encode(digest.hex().encode()).decode()}"
    claim = tus.claim(str(size), None, text, replica=None, person=uuid4())
    assert tus.claim_of(tus.token_of(claim)) == claim


def test_a_claim_takes_the_hash_from_among_other_metadata():
    encoded = base64.b64encode(b"AB" * 32).decode()
    claim = tus.claim("7", None, f"photo {base64.b64encode(b'x').decode()}, sha256 {encoded},is_confidential", replica=None, person=uuid4())
    assert (claim.size, claim.sha256) == (7, "ab" * 32)


def test_the_upload_follows_from_replica_or_person_and_hash():
    replica, person = uuid4(), uuid4()
    assert tus.upload_id(replica, person, "a" * 64) == tus.upload_id(replica, uuid4(), "a" * 64)
    different = {tus.upload_id(replica, person, "a" * 64), tus.upload_id(None, person, "a" * 64), tus.upload_id(replica, person, "b" * 64)}
    assert len(different) == 3


def test_a_moment_is_written_as_http_wants_it():
    moment = dt.datetime(2026, 11, 23, 10, 0, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert tus.http_date(moment) == "Mon, 23 Nov 2026 02:00:00 GMT"


def test_a_time_without_offset_stays_without_one():
    facts = facts_of({}, {36867: "2026:11:22 16:01:10\0"}, {}, orientation=6)
    assert facts == {"orientation": 6, "times": {"taken": {"text": "2026:11:22 16:01:10", "offset": None, "subsecond": None}}}


@pytest.mark.parametrize(
    ("ref", "pairs", "expected"),
    [
        ("N", (Fraction(30), Fraction(30), Fraction(0)), 30.5),
        ("S", (Fraction(30), Fraction(30), Fraction(0)), -30.5),
        ("N", (Fraction(91), Fraction(0), Fraction(0)), None),
        ("Q", (Fraction(30), Fraction(0), Fraction(0)), None),
        ("N", "text", None),
        (None, (Fraction(30),), None),
    ],
)
def test_a_place_is_read_or_left_open_but_never_guessed(ref, pairs, expected):
    facts = facts_of({}, {}, {1: ref, 2: pairs, 29: "2026:11:22"}, orientation=1)
    assert facts["place"]["lat"] == expected
    assert facts["place"]["lon"] is None


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text() | st.binary() | st.fractions() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner, inner),
    max_leaves=6,
)


@given(st.dictionaries(st.integers(0, 40), ANYTHING), st.dictionaries(st.sampled_from([36867, 36881, 37521, 306]), ANYTHING))
def test_whatever_a_camera_writes_becomes_facts(gps, exif):
    assert facts_of(exif, exif, gps, orientation=1)["orientation"] == 1
