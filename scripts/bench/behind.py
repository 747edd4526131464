"""A pull of 100 changes with 1,000 and with 1,000,000 changes behind the cursor: the cost must follow the changes, not the history.

All through the front door but the history itself: the reader syncs to a number far up, the numbers below are filled then (`grow.bury`),
100 findings are pushed, and their page is pulled again and again, by turns from either history, on SQLite and PostgreSQL.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import house
import measure
import orjson
from grow import bury, reserve
from measure import Figure, middle
from phone import Ground, Phone

from backend.entrypoints.cli.demo import cast

NEW, LITTLE = 100, 1_000
EVEN = 1.3
READER = "zhao"  # of the district: every finding is in the reader's scopes


@dataclass(slots=True)
class Shelf:
    """One database with so much history, its server, and the reader before 100 new changes."""

    name: str
    history: int
    server: house.Server
    home: Path
    reader: Phone
    cursor: str | None = None
    cpu: list[float] = field(default_factory=list)

    def pull(self, times: int) -> float:
        """Seconds for one pull of the new changes."""
        busy, began = self._cpu(), time.perf_counter()
        for _ in range(times):
            answer = self.reader.pull(self.cursor)
        seconds = (time.perf_counter() - began) / times
        self.cpu.append((self._cpu() - busy) / times)
        came = sum(change["type"] == "finding" for change in orjson.loads(answer)["changes"])
        if came != NEW:
            raise SystemExit(f"{self.name}: {came} findings came, not {NEW}")
        return seconds

    def _cpu(self) -> float:
        return self.server.cpu() + house.postgres_cpu(self.home)


def run(*, quick: bool = False, postgres: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    much, rounds, times = (100_000, 5, 4) if quick else (1_000_000, 15, 8)
    with contextlib.ExitStack() as stack:
        shelves = [
            _shelf(stack, name, home, url, history)
            for history in (LITTLE, much)
            for name, home, url in house.databases(stack, f"behind-{history}", postgres=postgres)
        ]
        turns: dict[str, Callable[[int], object]] = {
            f"{shelf.name} {shelf.history}": lambda _, shelf=shelf: shelf.pull(times)  # type: ignore[misc]
            for shelf in shelves
        }
        measure.alternate(2, turns)
        for shelf in shelves:
            shelf.cpu.clear()
        seconds = measure.alternate(rounds, turns)
    figures = []
    for small, large in [(a, b) for a in shelves for b in shelves if a.name == b.name and a.history < b.history]:
        near, far = (middle(seconds[f"{shelf.name} {shelf.history}"]) for shelf in (small, large))
        near_cpu, far_cpu = (sum(shelf.cpu) / len(shelf.cpu) for shelf in (small, large))
        figures.append(Figure(f"{small.name}: {NEW} new, {small.history:,} behind", near * 1e3, "ms"))
        name = f"{small.name}: {NEW} new, {large.history:,} behind"
        figures.append(Figure(name, far * 1e3, "ms", far / near, "the same at 1,000", EVEN, on_ratio=True, at_most=True))
        figures.append(Figure(f"{small.name}: the same, CPU", far_cpu * 1e3, "ms", far_cpu / near_cpu, "the same at 1,000"))
    measure.show(f"behind: a pull of {NEW} changes, {rounds} rounds of {times}", figures)
    return figures


def _shelf(stack: contextlib.ExitStack, name: str, home: Path, url: str, history: int) -> Shelf:
    server = stack.enter_context(house.serving(home / "data", url))
    reader, phone = Phone(server, READER), Phone(server)
    numbers = reserve(url, history)
    shelf = Shelf(name, history, server, home, reader)
    more = True
    while more:
        page = orjson.loads(reader.pull(shelf.cursor))
        shelf.cursor, more = page["cursor"], page["more"]
    began = time.perf_counter()
    bury(url, numbers, f"district:{cast.DISTRICT}")
    measure.say(f"{name}: {history:,} changes buried in {time.perf_counter() - began:.1f} s")
    phone.push(phone.batch(Ground.of(url), operations=NEW + 2))
    return shelf


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, postgres=not asked.no_postgres)


if __name__ == "__main__":
    main()
