"""Push: operations a second through HTTP, one connection and one web process, on SQLite (synchronous=FULL) and PostgreSQL (fsync).

The floor, in turns with it: marshmallow on the same payloads and a bare executemany of as many finding rows, one process and no HTTP. A
second floor inserts all the rows that the protocol makes of a push: kept lines, outcomes, photos, journal, feed.
"""

from __future__ import annotations

import contextlib
import cProfile
import pstats
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import house
import measure
from floors import Floor
from measure import Figure, middle
from phone import NDJSON, Ground, Phone, pack, statuses
from stages import Inside

OPERATIONS = 200
TARGETS = {"SQLite": 1000, "PostgreSQL": 700}
MEMORY_MB, GROWTH_MB = 250, 15
CROWD = 8


@dataclass(slots=True)
class Side:
    """One database under load, with its floor."""

    name: str
    server: house.Server
    phone: Phone
    ground: Ground
    floor: Floor
    sample: list[dict[str, Any]]
    outcomes: dict[str, int] = field(default_factory=dict)
    memory: list[tuple[int, int]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """CPU seconds of the web worker a batch"""

    def turns(self, batches: int) -> dict[str, Callable[[int], float]]:
        """What is measured of it, by name."""
        return {
            f"{self.name} push": lambda _: self.push(batches),
            f"{self.name} validate": lambda _: self.floor.validate(self.sample),
            f"{self.name} findings": lambda _: self.floor.insert_findings(),
            f"{self.name} rows": lambda _: self.floor.insert_all(),
        }

    def crowd(self, batches: int) -> float:
        """Operations a second of CROWD phones at once, each on a connection of its own; the memory after it is remembered."""
        phones = [Phone(self.server, login) for login in ("lin", "wu") * (CROWD // 2)]
        bodies = [[phone.batch(self.ground, operations=OPERATIONS) for _ in range(batches)] for phone in phones]
        began = time.perf_counter()
        with ThreadPoolExecutor(CROWD) as pool:
            answers = [answer for told in pool.map(_push_all, phones, bodies) for answer in told]
        seconds = time.perf_counter() - began
        for answer in answers:
            for status, count in statuses(answer).items():
                self.outcomes[status] = self.outcomes.get(status, 0) + count
        self.memory.append(self.server.memory())
        return CROWD * batches * OPERATIONS / seconds

    def push(self, batches: int) -> float:
        """Seconds to push that many batches, made beforehand."""
        bodies = [self.phone.batch(self.ground, operations=OPERATIONS) for _ in range(batches)]
        busy, began = self.server.cpu(), time.perf_counter()
        answers = [self.phone.push(body) for body in bodies]
        seconds = time.perf_counter() - began
        self.cpu.append((self.server.cpu() - busy) / batches)
        for answer in answers:
            for status, count in statuses(answer).items():
                self.outcomes[status] = self.outcomes.get(status, 0) + count
        return seconds / batches


def run(*, quick: bool = False, postgres: bool = True, stages: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    rounds, batches = (3, 1) if quick else (10, 3)
    figures: list[Figure] = []
    with contextlib.ExitStack() as stack:
        sides = list(_sides(stack, postgres=postgres))
        for side in sides:
            side.push(2)
        turns: dict[str, Callable[[int], object]] = {}
        for side in sides:
            turns.update(side.turns(batches))
        halves = [measure.alternate(each, turns) for each in (rounds // 2, rounds - rounds // 2) if _remember(sides)]
        seconds = {name: [*halves[0][name], *halves[1][name]] for name in turns}
        _remember(sides)
        for side in sides:
            crowd = side.crowd(2 if quick else 6)
            figures += _figures(side, seconds, crowd)
            _say_parts(side, seconds)
        if stages:
            for side in sides:
                _breakdown(side, batches=3 if quick else 10)
    measure.show(f"push: batches of {OPERATIONS} operations, {rounds} rounds of {batches}", figures)
    return figures


def _push_all(phone: Phone, bodies: list[bytes]) -> list[bytes]:
    return [phone.push(body) for body in bodies]


def _sides(stack: contextlib.ExitStack, *, postgres: bool) -> Iterator[Side]:
    data = stack.enter_context(house.folder("push"))
    url = house.seed(data / "lite")
    house.seed(data / "floor")
    yield _side(stack, "SQLite", data / "lite", url, url.replace("/lite/", "/floor/"))
    if not postgres:
        return
    try:
        address = stack.enter_context(house.durable_postgres(data))
    except RuntimeError as error:
        measure.say(f"PostgreSQL left out: {error}")
        return
    served = house.create_database(address, "bench")
    house.seed(data / "post", served)
    floor = house.create_database(address, "floor", like="bench")
    measure.say(f"PostgreSQL {house.postgres_version(address)}, fsync and synchronous_commit on")
    yield _side(stack, "PostgreSQL", data / "post", served, floor)


def _side(stack: contextlib.ExitStack, name: str, data: Path, served: str, own: str) -> Side:
    server = stack.enter_context(house.serving(data, served))
    ground = Ground.of(served)
    phone = Phone(server)
    floor = Floor(served, own)
    stack.callback(floor.close)
    sample = phone.day(ground, OPERATIONS, [])
    side = Side(name, server, phone, ground, floor, sample)
    kept = statuses(phone.push(pack(phone.header(), sample)))
    if set(kept) != {"applied"}:
        raise SystemExit(f"{name}: not all of an honest day is applied: {kept}")
    floor.learn()
    return side


def _remember(sides: list[Side]) -> bool:
    for side in sides:
        side.memory.append(side.server.memory())
    return True


def _figures(side: Side, seconds: dict[str, list[float]], crowd: float) -> list[Figure]:
    pushed, validate, findings, rows = (middle(seconds[f"{side.name} {what}"]) for what in ("push", "validate", "findings", "rows"))
    rate = OPERATIONS / pushed
    pss = [each[0] for each in side.memory]
    growth = pss[2] - pss[1]  # the first half fills caches that have a size, such as SQLite's pages
    return [
        Figure(f"{side.name}: push", rate, "operations/s", (validate + findings) / pushed, "floor", TARGETS[side.name]),
        Figure(f"{side.name}: floor (validate + finding rows)", OPERATIONS / (validate + findings), "operations/s"),
        Figure(
            f"{side.name}: validate + all rows", OPERATIONS / (validate + rows), "operations/s", (validate + rows) / pushed, "it reached"
        ),
        Figure(f"{side.name}: worker memory, one connection", float(max(pss[:3])), "MB PSS", target=MEMORY_MB, at_most=True),
        Figure(f"{side.name}: growth in the second half", float(growth), "MB PSS", target=GROWTH_MB, at_most=True),
        Figure(f"{side.name}: {CROWD} phones at once", crowd, "operations/s"),
        Figure(f"{side.name}: worker memory after {CROWD} at once", float(pss[3]), "MB PSS", target=MEMORY_MB, at_most=True),
    ]


def _say_parts(side: Side, seconds: dict[str, list[float]]) -> None:
    """The parts of the floor and what else is known of the run."""
    each = {what: middle(seconds[f"{side.name} {what}"]) / OPERATIONS * 1e6 for what in ("push", "validate", "findings", "rows")}
    measure.say(
        f"{side.name}: us an operation: push {each['push']:,.0f} ({measure.spread(seconds[f'{side.name} push'])}; "
        f"CPU of the server {middle(side.cpu) / OPERATIONS * 1e6:,.0f}), validate {each['validate']:,.0f}, "
        f"finding rows {each['findings']:,.0f}, all rows {each['rows']:,.0f}"
    )
    measure.say(f"{side.name}: outcomes {side.outcomes}; a batch leaves {side.floor.counts()}")
    memory = [f"{word} {pss}/{rss}" for word, (pss, rss) in zip(("start", "middle", "end", f"{CROWD} at once"), side.memory, strict=True)]
    measure.say(f"{side.name}: worker memory PSS/RSS MB: {', '.join(memory)}")


def _breakdown(side: Side, *, batches: int) -> None:
    """Push the same way to the application in this process, stages timed from outside."""
    inside = Inside(side.server.folder, side.server.url)

    def push(body: bytes) -> None:
        inside.send("POST", "/sync/ops", body, NDJSON, side.phone.credential)

    bodies = [side.phone.batch(side.ground, operations=OPERATIONS) for _ in range(batches + 2)]
    for body in bodies[:2]:
        push(body)
    if "--profile" in sys.argv:
        profile = cProfile.Profile()
        profile.enable()
        for body in bodies[2:]:
            push(body)
        profile.disable()
        stats = pstats.Stats(profile)
        stats.sort_stats("tottime").print_stats(45)
        stats.sort_stats("cumtime").print_stats(90)
        return
    inside.watch()
    for body in bodies[2:]:
        push(body)
    print(f"\n{side.name}: where the time of a push goes (in this process, {batches} batches)")
    measure.table(inside.rows(batches * OPERATIONS, "operation"))
    measure.table(inside.statements(batches * OPERATIONS, batches))
    if inside.stages.missing:
        measure.say(f"not found any more: {', '.join(inside.stages.missing)}")


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--no-stages", action="store_true", help="without the breakdown")
    parser.add_argument("--profile", action="store_true", help="cProfile instead of the breakdown")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, postgres=not asked.no_postgres, stages=not asked.no_stages)


if __name__ == "__main__":
    main()
