"""Eight phones of eight inspectors push at once into two server processes, batches of 200 operations, on SQLite and PostgreSQL.

The probe, in turns with it: the first of these phones alone. Load generator, server and PostgreSQL share the machine's cores; the CPU time
of each is told for an operation, which a busy machine disturbs least.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import crew
import house
import measure
import wires
from measure import Figure, middle
from phone import NDJSON, Ground, Phone, statuses

OPERATIONS = 200
PHONES, PROCESSES = 8, 2
TARGET = 2_000
"""Operations a second on PostgreSQL; on SQLite no less than one phone alone reaches."""


@dataclass(slots=True)
class Side:
    """One database with its server and the phones that push into it."""

    name: str
    home: Path
    server: house.Server
    phones: list[Phone]
    ground: Ground
    outcomes: dict[str, int] = field(default_factory=dict)
    cpu: list[tuple[float, float, float]] = field(default_factory=list)
    """microseconds an operation in a crowd: the server's processes, PostgreSQL's, the generator's"""
    waits: list[float] = field(default_factory=list)

    def alone(self, batches: int) -> float:
        """Operations a second of the first phone."""
        return self._push(self.phones[:1], batches)[0]

    def crowd(self, batches: int) -> float:
        """Operations a second of all of them, for as long as all of them push."""
        rate, cpu, waits = self._push(self.phones, batches)
        self.cpu.append(cpu)
        self.waits += waits
        return rate

    def _push(self, phones: list[Phone], batches: int) -> tuple[float, tuple[float, float, float], list[float]]:
        bodies = [[phone.batch(self.ground, operations=OPERATIONS) for _ in range(batches)] for phone in phones]
        requests = [
            [wires.post("/sync/ops", body, phone.credential, NDJSON) for body in own] for phone, own in zip(phones, bodies, strict=True)
        ]
        before = self._spent()
        lines = wires.drive(self.server.port, requests)
        spent = [after - earlier for after, earlier in zip(self._spent(), before, strict=True)]
        answers = sorted((answer for line in lines for answer in line.answers), key=lambda answer: answer.ended)
        for answer in answers:
            for status, count in statuses(answer.body).items():
                self.outcomes[status] = self.outcomes.get(status, 0) + count
        # Until the first phone is through: from then on fewer push than are measured.
        end = min(line.answers[-1].ended for line in lines)
        done = sum(answer.ended <= end for answer in answers)
        operations = len(answers) * OPERATIONS
        server, database, own = (seconds / operations * 1e6 for seconds in spent)
        return done * OPERATIONS / end, (server, database, own), [answer.seconds for answer in answers]

    def _spent(self) -> tuple[float, float, float]:
        return self.server.cpu(), house.postgres_cpu(self.home), time.process_time()


def run(*, quick: bool = False, postgres: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    rounds, batches = (2, 4) if quick else (5, 8)
    figures: list[Figure] = []
    with contextlib.ExitStack() as stack:
        sides = list(_sides(stack, postgres=postgres))
        turns: dict[str, Callable[[int], float]] = {}
        for side in sides:
            side.crowd(3)  # every process loads its reference data, PostgreSQL its plans
            side.cpu.clear()
            side.waits.clear()
            turns[f"{side.name} alone"] = lambda _, side=side: side.alone(batches)  # type: ignore[misc]
            turns[f"{side.name} crowd"] = lambda _, side=side: side.crowd(batches)  # type: ignore[misc]
        rates = measure.alternate(rounds, dict(turns))
        for side in sides:
            figures += _figures(side, rates)
            _say(side, rates)
    measure.show(f"crowd: {PHONES} phones into {PROCESSES} processes, batches of {OPERATIONS}, {rounds} rounds of {batches}", figures)
    return figures


def _sides(stack: contextlib.ExitStack, *, postgres: bool) -> Iterator[Side]:
    for name, home, url in house.databases(stack, "crowd", postgres=postgres):
        tokens = crew.enrol(home / "data", url, PHONES)
        server = stack.enter_context(house.serving(home / "data", url, workers=PROCESSES))
        phones = [Phone(server, token=token) for token in islice(tokens.values(), PHONES)]
        for phone in phones:
            phone.wire.close()
        yield Side(name, home, server, phones, Ground.of(url))


def _figures(side: Side, rates: dict[str, list[float]]) -> list[Figure]:
    alone, crowd = (middle(rates[f"{side.name} {what}"]) for what in ("alone", "crowd"))
    title = f"{side.name}: {PHONES} phones at once"
    if side.name == "SQLite":
        best = Figure(title, crowd, "operations/s", crowd / alone, "one phone alone", 1.0, on_ratio=True)
    else:
        best = Figure(title, crowd, "operations/s", crowd / alone, "one phone alone", TARGET)
    memory = float(side.server.memory()[0])
    return [
        Figure(f"{side.name}: one phone alone", alone, "operations/s"),
        best,
        Figure(f"{side.name}: memory of the larger process", memory, "MB PSS", target=250, at_most=True),
    ]


def _say(side: Side, rates: dict[str, list[float]]) -> None:
    server, database, own = (middle(each) for each in zip(*side.cpu, strict=True))
    waits = sorted(side.waits)
    measure.say(
        f"{side.name}: CPU us an operation: server {server:,.0f}, PostgreSQL {database:,.0f}, generator {own:,.0f}; "
        f"{measure.spread(rates[f'{side.name} crowd'])}; a push waits {middle(waits) * 1e3:,.0f} ms, at most {waits[-1] * 1e3:,.0f}; "
        f"outcomes {side.outcomes}"
    )


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, postgres=not asked.no_postgres)


if __name__ == "__main__":
    main()
