"""How long to wait before asking again: longer each time, never as long as the others wait.

When a mast comes back, a hundred phones find the net in the same second. Each draws its wait from the upper half of a limit that doubles,
so that they come one after the other, and what a broken connection left half done has come to rest.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class Broken(ConnectionError):
    """The connection ended before an answer was read: what the server did is not known."""


class TooSlow(Broken):
    """No answer in time."""


@dataclass(frozen=True)
class Patience:
    """At most so many tries in a row without an answer; the limit of the waits between them starts at `first_s` and ends at `most_s`."""

    tries: int = 8
    first_s: float = 0.25
    most_s: float = 60.0
    wait: Callable[[float], None] = time.sleep

    def attempts(self, what: str) -> Iterator[int]:
        """1, 2, 3 … with a wait before each but the first. Raises Broken when no more are left."""
        for number in range(1, self.tries + 1):
            if number > 1:
                self.wait(min(self.most_s, self.first_s * 2 ** (number - 2)) * random.uniform(0.5, 1.0))
            yield number
        raise Broken(f"{what}: no answer in {self.tries} tries")

    def as_told(self, seconds: float) -> None:
        """The server asks to be left alone for so long: at least that, and not all at the same moment."""
        self.wait(min(self.most_s, seconds) * random.uniform(1.0, 1.25))
