import datetime as dt
from types import MappingProxyType

import pytest

from backend.domains.catalog.rules.categories import (
    MAPPED,
    Catalogue,
    Category,
    Condition,
    EditionFacts,
)

CHINA = dt.timezone(dt.timedelta(hours=8))


def moment(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


def category(code, edition, successor=None, kind="event", **more):
    condition = Condition(1, "有", 4, "working_hours", "condition", "清", "here")
    facts = {
        "kind": kind,
        "code": code,
        "edition": edition,
        "valid_from": dt.date(2026, 1, 1),
        "class_code": code[:2],
        "class_zh": "类",
        "class_en": "class",
        "name_zh": "名",
        "name_en": "name",
        "trade": "sanitation",
        "successor": successor,
        "version": 1,
        "conditions": MappingProxyType({1: condition}),
    }
    return Category(**(facts | more))


ONE = EditionFacts(1, "one", dt.date(2026, 1, 1), "here")
TWO = EditionFacts(2, "two", dt.date(2026, 7, 1), "here")
THREE = EditionFacts(3, "three", dt.date(2027, 1, 1), "here")


@pytest.fixture
def catalogue():
    kept = [category("06001", 1), category("06001", 2), category("06001", 3)]
    heir = [category("06002", 1, successor="event:06012"), category("06012", 2, successor="event:06022"), category("06022", 3)]
    gone = [category("06003", 1)]
    ring = [category("06004", 1, successor="event:06005"), category("06005", 1, successor="event:06004")]
    new = [category("06099", 3)]
    legacy = {("event", "01-01"): "06001", ("event", "01-02"): "06002", ("event", "01-03"): "06003"}
    return Catalogue([THREE, ONE, TWO], [*kept, *heir, *gone, *ring, *new], legacy)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("2025-12-31T12:00", 1),
        ("2026-01-01T00:00", 1),
        ("2026-06-30T23:59", 1),
        ("2026-07-01T00:00", 2),
        ("2026-12-31T23:59", 2),
        ("2027-01-01T00:00", 3),
    ],
)
def test_an_edition_begins_at_midnight_of_its_first_day_in_china(catalogue, at, number):
    assert catalogue.edition_at(moment(at)).number == number
    assert catalogue.find("event", "06001", at=moment(at)).edition == number


def test_without_a_moment_the_newest_edition_answers(catalogue):
    assert catalogue.find("event", "06001").edition == 3


def test_an_empty_catalogue_finds_nothing():
    empty = Catalogue([], [])
    assert empty.edition_at() is None
    assert empty.find("event", "06001") is None
    assert empty.resolve("event", "06001") is None


def test_find_takes_the_edition_named_and_nothing_else(catalogue):
    assert catalogue.find("event", "06003", 1).edition == 1
    assert catalogue.find("event", "06003", 2) is None
    assert catalogue.find("component", "06001", 1) is None
    assert catalogue.find("event", "06001", 9) is None


@pytest.mark.parametrize(
    ("code", "edition", "at", "expected"),
    [
        ("06001", 1, "2026-08-01T08:00", ("06001", 2, None)),  # the edition in force, whichever was named
        ("06002", 1, "2026-08-01T08:00", ("06012", 2, MAPPED)),
        ("06002", 1, "2027-08-01T08:00", ("06022", 3, MAPPED)),  # over two editions
        ("06002", None, "2026-03-01T08:00", ("06002", 1, None)),  # not yet retired
        ("06003", 1, "2026-08-01T08:00", ("06003", 1, None)),  # retired without successor: stays what it is
        ("06004", 1, "2026-08-01T08:00", ("06004", 1, None)),  # a ring of successors ends
        ("06099", 3, "2026-08-01T08:00", ("06099", 3, None)),  # of an edition not yet in force
        ("01-01", None, "2026-08-01T08:00", ("06001", 2, MAPPED)),
        ("01-02", None, "2027-08-01T08:00", ("06022", 3, MAPPED)),
        ("01-03", None, "2026-08-01T08:00", ("06003", 1, MAPPED)),
    ],
)
def test_what_was_named_resolves_to_what_holds(catalogue, code, edition, at, expected):
    found, said = catalogue.resolve("event", code, edition, at=moment(at))

    assert (found.code, found.edition, said) == expected


def test_what_nobody_knows_resolves_to_nothing(catalogue):
    assert catalogue.resolve("event", "99999") is None
    assert catalogue.resolve("event", "99-99") is None
    assert catalogue.resolve("nonsense", "06001") is None


def test_a_category_knows_from_when_it_is_retired(catalogue):
    assert catalogue.retired_from(catalogue.find("event", "06003", 1)) == TWO.valid_from
    assert catalogue.retired_from(catalogue.find("event", "06001", 3)) is None
