"""Every fault of the list is shown by a test, and the table says by which."""

from tests import faults


def test_every_fault_is_shown_by_a_test():
    assert set(faults.FAULTS) == set(range(1, 67))
    assert [number for number in faults.FAULTS if number not in faults.shown()] == []


def test_marks_name_faults_of_the_list():
    assert set(faults.shown()) <= set(faults.FAULTS)


def test_the_table_is_current():
    written = (faults.ROOT / "tests" / "FAULTS.md").read_text("utf-8")
    assert written == faults.table(), "run scripts/dev.py faults"
