"""How steady a push of 50 operations is while a reader pulls page after page, on SQLite and PostgreSQL, two server processes.

The target is on the ratio of the 99th percentile to the median of the same pushes. In turns with it: the same pushes, nobody pulling.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import crew
import house
import measure
import orjson
import wires
from measure import Figure, middle
from phone import JSON, NDJSON, Ground, Phone

OPERATIONS, PAGE = 50, 500
BEHIND = 2_000
"""Findings that are there before, so that there is something to pull."""
TARGET = 5.0
READER = "zhao"  # of the district: every finding is in the reader's scopes


@dataclass(slots=True)
class Side:
    """One database with its server, the phone that pushes and the desk's phone that pulls."""

    name: str
    server: house.Server
    phone: Phone
    reader: Phone
    ground: Ground
    waits: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    """seconds of each push, with and without the reader"""
    pages: int = 0

    def push(self, count: int, *, read: bool) -> None:
        """Push so many batches one after the other, and pull all the while."""
        bodies = [self.phone.batch(self.ground, operations=OPERATIONS) for _ in range(count)]
        pushes = [wires.post("/sync/ops", body, self.phone.credential, NDJSON) for body in bodies]
        pulls = Pulls(self.reader)
        loads = [pushes, pulls.requests()] if read else [pushes]
        lines = wires.drive(self.server.port, loads, seen=pulls.seen if read else len)
        self.waits[read] += [answer.seconds for answer in lines[0].answers]
        self.pages += len(lines[1].answers) if read else 0


class Pulls:
    """A reader's requests, each after the answer before it: a first sync, and again from the beginning when it ends."""

    def __init__(self, reader: Phone) -> None:
        self.reader = reader
        self.cursor: str | None = None
        self.over = False

    def requests(self) -> Iterator[bytes]:
        """One after the other until the pushes are over."""
        while not self.over:
            asked = orjson.dumps({"replica": self.reader.replica, "cursor": self.cursor, "limit": PAGE})
            yield wires.post("/sync/pull", asked, self.reader.token, JSON)

    def seen(self, lines: list[wires.Line]) -> None:
        """Look at what came since."""
        pushing, reading = lines
        self.over = pushing.done
        if reading.answers:
            page = orjson.loads(reading.answers[-1].body)
            self.cursor = page["cursor"] if page["more"] else None


def run(*, quick: bool = False, postgres: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    rounds, pushes = (2, 40) if quick else (5, 80)
    figures: list[Figure] = []
    with contextlib.ExitStack() as stack:
        sides = [_side(stack, name, home / "data", url) for name, home, url in house.databases(stack, "steady", postgres=postgres)]
        turns: dict[str, Callable[[int], object]] = {}
        for side in sides:
            side.push(10, read=True)
            side.waits = {True: [], False: []}
            side.pages = 0
            for read in (True, False):
                turns[f"{side.name} {read}"] = lambda _, side=side, read=read: side.push(pushes, read=read)  # type: ignore[misc]
        measure.alternate(rounds, turns)
        for side in sides:
            figures += _figures(side)
    measure.show(f"steady: pushes of {OPERATIONS} operations while a reader pulls, {rounds} rounds of {pushes}", figures)
    return figures


def _side(stack: contextlib.ExitStack, name: str, data: Path, url: str) -> Side:
    token = crew.enrol(data, url, 1)["crew0000"]
    server = stack.enter_context(house.serving(data, url, workers=2))
    phone, reader, ground = Phone(server, token=token), Phone(server, READER), Ground.of(url)
    for _ in range(BEHIND // 200):
        phone.push(phone.batch(ground))
    return Side(name, server, phone, reader, ground)


def _figures(side: Side) -> list[Figure]:
    figures = []
    for read, words in ((True, "a reader pulling"), (False, "nobody pulling")):
        waits = sorted(side.waits[read])
        half, most = middle(waits), waits[min(len(waits) - 1, len(waits) * 99 // 100)]
        target = TARGET if read else None
        figures.append(Figure(f"{side.name}: median, {words}", half * 1e3, "ms"))
        figures.append(
            Figure(f"{side.name}: p99, {words}", most * 1e3, "ms", most / half, "the median", target, on_ratio=True, at_most=True)
        )
        measure.say(f"{side.name}, {words}: {len(waits)} pushes, the longest {waits[-1] * 1e3:,.0f} ms")
    measure.say(f"{side.name}: {side.pages} pages were pulled meanwhile")
    return figures


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, postgres=not asked.no_postgres)


if __name__ == "__main__":
    main()
