"""Rounds of random work, each followed by rest and by every oracle. Exit status 0 where all held, 1 where anything did not.

The seed decides what is done and what the line does; how threads and processes interleave it does not. A violation therefore comes with
the seed, the round and the server's log, and the database is kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from scripts.soak_run.long_outbox import deliver_long_outbox
from tests.machine.oracles import violations
from tests.machine.random_work import work
from tests.machine.world import World, bad
from tests.make.bad_line import BadLine
from tests.make.databases import Databases
from tests.make.server import Server, seeded_server

_DEEDS_A_ROUND = 250


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak for as long as the command line says."""
    asked = _arguments(arguments)
    seed = asked.seed if asked.seed is not None else int(time.time())
    print(f"scripts/soak: seed {seed}, {asked.minutes:g} minutes, {asked.database}", flush=True)
    run = Path(tempfile.mkdtemp(prefix="linping-soak-"))
    run.chmod(0o755)  # PostgreSQL's own account must get through
    databases = Databases(run, owner=os.getpid(), worker="soak")
    found: list[str] = []
    try:
        with (
            seeded_server(databases, asked.database, run / "server", workers=2, worker=True) as server,
            BadLine(server.url, seed=seed, plan=bad()) as line,
        ):
            found = _soak(server, line, run, seed=seed, until=time.monotonic() + 60 * asked.minutes)
            if not found and asked.operations:
                found = deliver_long_outbox(server, run / "long", operations=asked.operations, seed=seed)
            if found:
                kept = Path(tempfile.mkdtemp(prefix=f"linping-soak-{seed}-"))
                shutil.copytree(server.folder, kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("blobs"))
                print(f"scripts/soak: the server's folder with its log is kept in {kept}", file=sys.stderr)
    finally:
        databases.close()
    for each in found:
        print(f"scripts/soak: VIOLATION {each[:2000]}", file=sys.stderr)
    print(f"scripts/soak: seed {seed}: {'all held' if not found else f'{len(found)} violations'}", flush=True)
    return 1 if found else 0


def _soak(server: Server, line: BadLine, run: Path, *, seed: int, until: float) -> list[str]:
    """Rounds until the time is over or something does not hold."""
    world = World(server, line, run / "phones")
    chance = Random(seed)  # noqa: S311 - it draws deeds, not secrets
    deeds: Counter[str] = Counter()
    number = 0
    try:
        while time.monotonic() < until:
            number += 1
            began = time.monotonic()
            for _ in range(_DEEDS_A_ROUND):
                deeds[work(world, chance)] += 1
                if world.violations:
                    break
            world.settle()
            found = violations(world, run / f"fresh-{number}")
            shutil.rmtree(run / f"fresh-{number}", ignore_errors=True)
            print(
                f"  round {number}: {time.monotonic() - began:.0f} s, {len(world.made)} operations, {line.done['requests']} requests, "
                f"server started {server.starts} times, {len(found)} violations",
                flush=True,
            )
            if found:
                return [f"round {number}: {each}" for each in found]
    finally:
        world.close()
        for name, counted in (("done", deeds), ("met", world.met), ("the line", line.done)):
            print(f"  {name}: {', '.join(f'{key} {value}' for key, value in sorted(counted.items()) if value)}")
    return []


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description="随机操作、坏线路、反复断电的长时间检验。Random work over a bad line on a server that dies."
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="时长 how long (default: %(default)g)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite", help="数据库 database (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="种子 seed (default: a new one, printed)")
    parser.add_argument(
        "--operations", type=int, default=10_000, help="最后一部手机积压的操作数 outbox of the phone that ends it (default: %(default)s)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
