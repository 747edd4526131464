"""A first sync of 20,000 findings, page by page: the server's time for 1,000 entities must not rise towards the last page.

SQLite and PostgreSQL, one server process, its own CPU time beside the time on the wire; the pages of both databases take turns. The probe
is the first 5,000 entities, the figure the last 5,000.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import house
import measure
import orjson
from grow import grow
from measure import Figure, middle
from phone import Ground, Phone

ENTITIES, PAGE = 20_000, 500
FLAT = 1.25
"""How much dearer the last pages may be: the machine's own noise is about this."""
READER = "zhao"  # of the district: every finding is in the reader's scopes


@dataclass(slots=True)
class Walk:
    """One database's reader on its way through a first sync."""

    name: str
    server: house.Server
    home: Path
    reader: Phone
    cursor: str | None = None
    over: bool = False
    pages: list[tuple[int, float, float]] = field(default_factory=list)
    """entities, seconds and CPU seconds (server and database) of each page"""

    def begin(self) -> None:
        """From a null cursor."""
        self.cursor, self.over = None, False
        self.pages.clear()

    def page(self) -> None:
        """The next page, unless the sync has ended."""
        if self.over:
            return
        busy, began = self._cpu(), time.perf_counter()
        answer = self.reader.pull(self.cursor, PAGE)
        seconds = time.perf_counter() - began
        busy = self._cpu() - busy
        page = orjson.loads(answer)
        self.pages.append((len(page["changes"]), seconds, busy))
        self.cursor, self.over = page["cursor"], not page["more"]

    def part(self, which: slice, what: int) -> float:
        """Milliseconds for 1,000 entities in this part of the pages; `what` is 1 for the wire, 2 for CPU."""
        pages = [page for page in self.pages if page[0]][which]
        return sum(page[what] for page in pages) / sum(page[0] for page in pages) * 1e6

    def _cpu(self) -> float:
        return self.server.cpu() + house.postgres_cpu(self.home)


def run(*, quick: bool = False, postgres: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    entities, rounds = (4_000, 1) if quick else (ENTITIES, 3)
    edge = entities // 4 // PAGE
    parts = {"first": slice(0, edge), "last": slice(-edge, None)}
    found: dict[tuple[str, str, int], list[float]] = {}
    with contextlib.ExitStack() as stack:
        walks = [_walk(stack, name, home, url, entities) for name, home, url in house.databases(stack, "first", postgres=postgres)]
        for _ in range(rounds):
            for walk in walks:
                walk.begin()
            while not all(walk.over for walk in walks):
                for walk in walks:
                    walk.page()
            for walk in walks:
                for name, which in parts.items():
                    for what in (1, 2):
                        found.setdefault((walk.name, name, what), []).append(walk.part(which, what))
        for walk in walks:
            measure.say(f"{walk.name}: {sum(page[0] for page in walk.pages):,} entities in {len(walk.pages)} pages, ended by itself")
    figures = []
    for walk in walks:
        first, last, cpu_first, cpu_last = (middle(found[walk.name, part, what]) for what in (1, 2) for part in ("first", "last"))
        figures.append(Figure(f"{walk.name}: 1,000 entities, first {edge * PAGE:,}", first, "ms"))
        name = f"{walk.name}: 1,000 entities, last {edge * PAGE:,}"
        figures.append(Figure(name, last, "ms", last / first, "the first", FLAT, on_ratio=True, at_most=True))
        target = None if quick else FLAT  # CPU is told in steps of 10 ms: too coarse for two pages
        name = f"{walk.name}: the same, CPU"
        figures.append(Figure(name, cpu_last, "ms", cpu_last / cpu_first, "the first", target, on_ratio=True, at_most=True))
    measure.show(f"first sync: {entities:,} findings in pages of {PAGE}, {rounds} rounds", figures)
    return figures


def _walk(stack: contextlib.ExitStack, name: str, home: Path, url: str, entities: int) -> Walk:
    data = home / "data"
    server = stack.enter_context(house.serving(data, url))
    phone = Phone(server)
    phone.push(phone.batch(Ground.of(url)))
    began = time.perf_counter()
    grow(url, entities)
    measure.say(f"{name}: {entities:,} findings made in {time.perf_counter() - began:.1f} s")
    return Walk(name, server, home, Phone(server, READER))


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, postgres=not asked.no_postgres)


if __name__ == "__main__":
    main()
