import pytest

from backend.domains.catalog.rules.edition_file import read_edition
from backend.domains.catalog.rules.legacy import legacy_codes


@pytest.fixture(scope="module")
def mapped(csv_text):
    return legacy_codes((subclass.kind, subclass.code) for subclass in read_edition(csv_text))


@pytest.mark.parametrize(
    ("kind", "legacy", "code"),
    [
        ("component", "01-01", "01001"),
        ("component", "01-27", "01027"),
        ("component", "02-19", "02019"),
        ("component", "05-06", "01069"),
        ("component", "05-07", "01070"),
        ("component", "05-08", "01071"),
        ("component", "05-04", "L0504"),
        ("event", "01-10", "06010"),
        ("event", "02-01", "07001"),
        ("event", "03-04", "08004"),
        ("event", "04-05", "09005"),
        ("event", "05-07", "10001"),
        ("event", "05-08", "10002"),
        ("event", "06-02", "09013"),
        ("event", "05-01", "L0501"),
        ("event", "01-31", "L0131"),
    ],
)
def test_a_code_of_2013_finds_what_it_became(mapped, kind, legacy, code):
    assert mapped[kind, legacy] == code


@pytest.mark.parametrize(
    ("kind", "legacy"),
    [("event", "04-07"), ("event", "04-13"), ("event", "01-39"), ("component", "01-69"), ("component", "01-16"), ("event", "10-01")],
)
def test_a_code_that_2013_did_not_have_finds_nothing(mapped, kind, legacy):
    assert (kind, legacy) not in mapped


def test_nothing_maps_to_a_subclass_that_is_absent():
    assert legacy_codes([("event", "06010")]) == {("event", "01-10"): "06010"}


def test_the_same_digits_of_a_component_and_an_event_are_two_things(mapped):
    assert mapped["component", "05-04"] == mapped["event", "05-04"] == "L0504"
    assert mapped["component", "01-10"] == "01010"
    assert mapped["event", "01-10"] == "06010"
