"""Calendar files: what is read, and that each fault is told by its line and column."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.deadlines.rules.calendar import DayOverride
from backend.domains.deadlines.rules.calendar_file import SHOWN, CalendarFileInvalid, overrides_from_csv

HEADER = "date,working,note_zh,note_en\n"


def faults(body: str, years: tuple[int, ...] = (2027,), header: str = HEADER) -> list[tuple[str, str]]:
    with pytest.raises(CalendarFileInvalid) as refusal:
        overrides_from_csv(header + body, years=years)
    return refusal.value.errors


def test_days_off_and_make_up_days_are_read_with_their_notes():
    text = HEADER + '2027-01-01,0,元旦,"New Year\'s Day, off"\n\n2027-01-03 , 1,元旦调休上班,\n'
    assert overrides_from_csv(text, years=[2027]) == {
        dt.date(2027, 1, 1): DayOverride(working=False, note_zh="元旦", note_en="New Year's Day, off"),
        dt.date(2027, 1, 3): DayOverride(working=True, note_zh="元旦调休上班"),
    }


def test_a_file_saved_by_a_spreadsheet_is_read():
    text = "\ufeff" + (HEADER + "2027-01-01,0,元旦,\n").replace("\n", "\r\n")
    assert list(overrides_from_csv(text, years=[2027])) == [dt.date(2027, 1, 1)]


@pytest.mark.parametrize("written", ["2027-02-30", "2027/01/01", "20270101", "2027-1-1", "", "２０２７-01-01", "2027-01-01T00:00"])
def test_a_bad_date_is_named(written):
    assert [pointer for pointer, _ in faults(f"2027-01-01,0,,\n{written},0,,\n")] == ["/lines/3/date"]


def test_a_date_given_twice_names_both_lines():
    assert faults("2027-01-01,0,,\n2027-01-02,0,,\n2027-01-01,1,,\n") == [("/lines/4/date", "2027-01-01 was already given on line 2")]


def test_a_date_of_another_year_is_named():
    [(pointer, why)] = faults("2027-01-01,0,,\n2026-12-31,0,,\n")
    assert pointer == "/lines/3/date"
    assert "2026-12-31 is not in 2027" in why


@pytest.mark.parametrize("working", ["", "2", "yes", "true", "-1", "０"])
def test_working_is_one_or_nought(working):
    assert [pointer for pointer, _ in faults(f"2027-01-01,{working},,\n")] == ["/lines/2/working"]


def test_a_line_with_too_few_or_too_many_columns_is_named():
    assert [pointer for pointer, _ in faults("2027-01-01,0\n2027-01-02,0,a,b,c\n")] == ["/lines/2", "/lines/3"]


def test_a_note_without_end_is_refused():
    assert [pointer for pointer, _ in faults(f"2027-01-01,0,{'长' * 101},\n")] == ["/lines/2/note_zh"]


def test_every_fault_of_a_line_is_named():
    assert [pointer for pointer, _ in faults("2027-13-01,x,,\n")] == ["/lines/2/date", "/lines/2/working"]


@pytest.mark.parametrize("header", ["", "date,working\n", "day,working,note_zh,note_en\n", "\n"])
def test_the_first_line_must_be_the_header(header):
    assert [pointer for pointer, _ in faults("2027-01-01,0,,\n", header=header)] == ["/lines/1"]


def test_a_year_of_which_the_file_says_nothing_is_refused():
    assert faults("2027-01-01,0,,\n", (2027, 2028)) == [("/lines", "nothing is said about 2028")]


def test_an_open_quote_is_a_fault_of_its_line():
    assert [pointer for pointer, _ in faults('2027-01-01,0,"元旦,\n')] == ["/lines/2"]


def test_a_file_full_of_faults_is_not_answered_with_all_of_them():
    assert len(faults("x,0,,\n" * 500)) == SHOWN


@given(st.text())
def test_whatever_is_sent_is_read_or_refused(text):
    with pytest.raises(CalendarFileInvalid):
        overrides_from_csv(text, years=[2027])
