"""Writers take turns: in their order within a process, one process first in line, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backend.core.database.turns import NoTurn, Turns, first_in_line

HOLDER = """
import sys
from backend.core.database.turns import first_in_line
with first_in_line(sys.argv[1]):
    print("in", flush=True)
    sys.stdin.read()
"""


def test_turns_come_in_the_order_of_asking() -> None:
    turns, came = Turns(1), []
    turns.enter()
    waiting = []
    for number in range(5):
        asked = threading.Event()

        def write(number: int = number, asked: threading.Event = asked) -> None:
            asked.set()
            turns.enter()
            came.append(number)
            turns.leave()

        waiting.append(threading.Thread(target=write))
        waiting[-1].start()
        asked.wait()
        while turns.waiting <= number:
            pass
    turns.leave()
    for thread in waiting:
        thread.join()
    assert came == [0, 1, 2, 3, 4]


def test_who_waits_too_long_gives_up_and_takes_no_turn() -> None:
    turns = Turns(1)
    turns.enter()
    with pytest.raises(NoTurn):
        turns.enter(patience=0.01)
    turns.leave()
    turns.enter(patience=0.01)


def test_another_process_that_is_first_in_line_is_waited_for_and_one_that_died_is_not(tmp_path: Path) -> None:
    place = str(tmp_path / ".turn")
    with subprocess.Popen([sys.executable, "-c", HOLDER, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"in\n"
        with pytest.raises(NoTurn), first_in_line(place, patience=0.01):
            pass
        holder.kill()
    with first_in_line(place, patience=5):
        pass


def test_where_no_file_can_be_made_nothing_is_waited_for(tmp_path: Path) -> None:
    with first_in_line(str(tmp_path / "no such folder" / ".turn")), first_in_line(None):
        pass
