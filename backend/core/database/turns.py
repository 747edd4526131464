"""Turns: who writes next. A queue in the process, and on SQLite one more place before the door, which the processes share.

The database alone guards what is written; this only spares its writers polling and contention. SQLite lets one in and has the others ask
again after growing pauses: some wait seconds while others come and go. PostgreSQL lets many write, but threads of one process share one
interpreter, and who holds the journal's counter must not wait for it behind all the others.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 30.0
"""Seconds a writer waits for its turn."""
_PAUSE = 0.001


class NoTurn(TimeoutError):
    """Others wrote for so long that this writer gives up: the database could not be had."""


class Turns:
    """So many at once, the others in the order in which they came. Between threads of one process."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def enter(self, patience: float = PATIENCE) -> None:
        """Wait for a turn. Raises NoTurn after `patience` seconds."""
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        if called.acquire(timeout=patience):
            return
        with self._lock:
            if called not in self._waiting:
                return  # called in the very last moment
            self._waiting.remove(called)
        raise NoTurn(f"no turn to write within {patience:g} s")

    def leave(self) -> None:
        """Hand the turn to the next."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


@contextmanager
def first_in_line(path: str | None, patience: float = PATIENCE) -> Iterator[None]:
    """Be the one process that is next to write: held until the write has begun, so that who just wrote cannot begin again before.

    `path` is a file beside the database that nobody reads; the kernel lets go of it when a process dies. Without a path, where the file
    cannot be made or its file system knows no locks, nothing is waited for. Raises NoTurn after `patience` seconds.
    """
    place = _open(path) if path else None
    if place is None:
        yield
        return
    try:
        _lock(place, patience)
        yield
    finally:
        os.close(place)


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return None


def _lock(place: int, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise NoTurn(f"another process has been next to write for {patience:g} s") from None
            time.sleep(_PAUSE)  # not in the kernel: there it could not give up
        except OSError:
            return
        else:
            return
