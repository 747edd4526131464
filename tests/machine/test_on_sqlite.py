"""The state machine on SQLite: in a file of its own, so that the two run side by side."""

from tests.machine.machine import play


def test_whatever_happens_nothing_is_lost_or_doubled_and_all_phones_agree(databases, tmp_path):
    play("sqlite", databases, tmp_path)
