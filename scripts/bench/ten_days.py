"""Ten simulated days of 500 inspectors, 200 operations each a day, as fast as the machine allows: speed and memory day by day.

Two web processes and the background worker, as scripts/serve starts them. Each inspector pushes a day's work in one batch (a patrol with
its track, findings, notes) and pulls what became of it; deeds lie in the past, the first day furthest. At the end `sync verify` is run. The
full run is a million operations: a quarter of an hour or more. `--inspectors 50 --days 2` shows that it works.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import crew
import house
import measure
import orjson
import wires
from measure import Figure
from phone import JSON, NDJSON, Ground, Phone, new_id, pack, statuses

AT_ONCE = 16
PROCESSES = 2
GROWTH_MB = 30
"""What the largest process may grow from the end of the second day to the last: flat, but for what the allocator keeps."""
TRACKS, POINTS, NOTES = 10, 60, 20
DAY_MS = 24 * 3600 * 1000


@dataclass(slots=True)
class Inspector:
    """A phone between its days: where its pull has come to."""

    phone: Phone
    cursor: str | None = None

    def day(self, ground: Ground, operations: int, days_ago: int) -> bytes:
        """A day's batch: a patrol opened, its track, findings, notes on them, and the patrol closed."""
        phone, patrol = self.phone, str(new_id())
        opened = phone.operation("open_patrol", "patrol", patrol, {"planned": None})
        made = [opened]
        tracks = min(TRACKS, max(0, (operations - 2) // 10))
        notes = min(NOTES, max(0, (operations - 2) // 5))
        made += [phone.operation("append_track", "patrol", patrol, _track(ground, chunk, days_ago)) for chunk in range(tracks)]
        findings = [str(new_id()) for _ in range(operations - 2 - tracks - notes)]
        for finding in findings:
            payload = ground.finding(patrol, [(ground.chance.randbytes(32).hex(), 402_113)])
            made.append(phone.operation("record_finding", "finding", finding, payload))
        made += [phone.operation("add_note", "finding", finding, {"text": "已与养护单位现场联系。"}) for finding in findings[:notes]]
        made.append(phone.operation("close_patrol", "patrol", patrol, {"visited": []}))
        for each in made[1:]:
            each["deps"] = [opened["op"]]
        for each in made:  # done so many days ago, on a phone that ran all the while
            each["at"] = (dt.datetime.fromisoformat(each["at"]) - dt.timedelta(days=days_ago)).isoformat()
            each["mono_ms"] += MONO_BASE - days_ago * DAY_MS
        header = phone.header()
        return pack({**header, "mono_ms": header["mono_ms"] + MONO_BASE}, made)

    def pull(self, limit: int = 500) -> bytes:
        """The request for the next page."""
        asked = orjson.dumps({"replica": self.phone.replica, "cursor": self.cursor, "limit": limit})
        return wires.post("/sync/pull", asked, self.phone.token, JSON)


MONO_BASE = 40 * DAY_MS


@dataclass(slots=True)
class Day:
    """What a day cost: pushing, pulling, and the memory of each process (PSS, MB) at its end."""

    pushing: float
    pulling: float
    documents: int
    cpu: float
    outcomes: dict[str, int] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)


def run(*, inspectors: int, days: int, operations: int, only: str | None, keep: bool = False) -> list[Figure]:
    """Live through the days on one database or on both, one after the other; the figures."""
    figures: list[Figure] = []
    with contextlib.ExitStack() as stack:
        for name, home, url in house.databases(stack, "days", only=only):
            figures += _live(name, home, url, inspectors=inspectors, days=days, operations=operations)
        measure.show(f"{days} days of {inspectors} inspectors, {operations} operations each a day", figures)
        if keep:
            input("  data stays until Enter is pressed ")
    return figures


def _live(name: str, home: Path, url: str, *, inspectors: int, days: int, operations: int) -> list[Figure]:
    data = home / "data"
    tokens = crew.enrol(data, url, inspectors, everywhere=True)
    ground = Ground.of(url)
    past: list[Day] = []
    with house.serving(data, url, workers=PROCESSES, background=True) as server:
        people = [Inspector(Phone(server, token=token)) for token in tokens.values()]
        for each in people:
            each.phone.wire.close()
        for number in range(days):
            past.append(_day(home, server, people, ground, operations, days_ago=days - number))
            _say(name, number + 1, past[-1], inspectors * operations)
        settled = _settled(server)
        memory = {**past[-1].memory, **_memory(server)}
        measure.say(f"{name}: worker done {settled:.0f} s after the last day; memory then MB PSS {memory}")
        verified = _verify(data, url)
    done = inspectors * operations
    rates = [done / day.pushing for day in past]
    last, first = past[-1], past[min(1, len(past) - 1)]
    growth = max(last.memory[process] - first.memory[process] for process in last.memory)
    return [
        Figure(f"{name}: all {done * days:,} operations", done * days / sum(day.pushing for day in past), "operations/s"),
        Figure(f"{name}: the last day", rates[-1], "operations/s", rates[-1] / rates[0], "the first day"),
        Figure(f"{name}: the largest process at the end", float(max(last.memory.values())), "MB PSS", target=250, at_most=True),
        Figure(f"{name}: the most a process grew since day 2", float(growth), "MB PSS", target=GROWTH_MB, at_most=True),
        Figure(f"{name}: sync verify, exit status", float(verified), "", target=0, at_most=True),
    ]


def _day(home: Path, server: house.Server, people: list[Inspector], ground: Ground, operations: int, *, days_ago: int) -> Day:
    bodies = [(each, each.day(ground, operations, days_ago)) for each in people]
    pushes = [[wires.post("/sync/ops", body, each.phone.credential, NDJSON)] for each, body in bodies]
    del bodies
    busy, began = server.cpu() + house.postgres_cpu(home), time.perf_counter()
    lines = wires.drive(server.port, pushes, at_once=AT_ONCE)
    pushing, busy = time.perf_counter() - began, server.cpu() + house.postgres_cpu(home) - busy
    outcomes: dict[str, int] = {}
    for answer in (answer for line in lines for answer in line.answers):
        for status, count in statuses(answer.body).items():
            outcomes[status] = outcomes.get(status, 0) + count
    began, documents, waiting = time.perf_counter(), 0, people
    while waiting:
        lines = wires.drive(server.port, [[each.pull()] for each in waiting], at_once=AT_ONCE)
        pages: list[dict[str, Any]] = [orjson.loads(line.answers[0].body) for line in lines]
        for each, page in zip(waiting, pages, strict=True):
            each.cursor = page["cursor"]
        documents += sum(len(page["changes"]) + len(page["results"]) for page in pages)
        waiting = [each for each, page in zip(waiting, pages, strict=True) if page["more"]]
    return Day(pushing, time.perf_counter() - began, documents, busy, outcomes, _memory(server))


def _memory(server: house.Server) -> dict[str, int]:
    processes = {f"web {number}": pid for number, pid in enumerate(server.workers(), 1)}
    if server.background is not None:
        processes["worker"] = server.background.pid
    return {name: house.memory_of(pid)[0] for name, pid in processes.items()}


def _settled(server: house.Server) -> float:
    """Seconds until the background worker has nothing to do: it uses no CPU worth the name for three seconds."""
    began = time.perf_counter()
    quiet = 0
    while quiet < 3 and time.perf_counter() - began < 600:
        before = house.cpu_of(server.background.pid) if server.background else 0.0
        time.sleep(1)
        used = (house.cpu_of(server.background.pid) if server.background else 0.0) - before
        quiet = quiet + 1 if used < 0.1 else 0
    return time.perf_counter() - began


def _say(name: str, number: int, day: Day, operations: int) -> None:
    measure.say(
        f"{name} day {number}: {operations / day.pushing:,.0f} operations/s ({day.cpu / operations * 1e6:,.0f} us CPU each, server and "
        f"database), {day.documents:,} documents and outcomes pulled in {day.pulling:.1f} s; memory MB PSS {day.memory}; "
        f"outcomes {day.outcomes}"
    )


def _verify(data: Path, url: str) -> int:
    """`sync verify` as an operator calls it, on what was served; its exit status."""
    began = time.perf_counter()
    command = [str(house.BIN / "flask"), "--app", "app", "sync", "verify"]
    said = data / "verify.log"  # it names every photo that is still to come
    with said.open("wb") as output:
        done = subprocess.run(command, cwd=house.ROOT, env=house.environment(data, url), stdout=output, stderr=output, check=False)
    with said.open(encoding="utf-8") as lines:
        told = [line.rstrip() for line in lines if not line.startswith("  photo ")]
    for line in told[:40] + (["…"] if len(told) > 60 else []) + told[max(40, len(told) - 20) :]:
        measure.say(f"sync verify: {line}")
    measure.say(f"sync verify: exit status {done.returncode} after {time.perf_counter() - began:.1f} s")
    return done.returncode


def _track(ground: Ground, chunk: int, days_ago: int) -> dict[str, Any]:
    """A chunk of a walk: a point every ten seconds."""
    lon, lat = ground.chance.choice(ground.places)
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago, hours=2)
    points = [
        [round(lon + n * 1e-5, 7), round(lat + n * 1e-5, 7), 8.0, (began + dt.timedelta(seconds=(chunk * POINTS + n) * 10)).isoformat()]
        for n in range(POINTS)
    ]
    return {"chunk": chunk, "datum": "WGS-84", "points": points}


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--inspectors", type=int, default=500)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--operations", type=int, default=200, help="an inspector and day, at most 200")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--keep", action="store_true", help="wait before the data is thrown away, to look at it")
    asked = parser.parse_args()
    measure.say(measure.machine())
    only = None if asked.database == "both" else asked.database
    run(inspectors=asked.inspectors, days=asked.days, operations=asked.operations, only=only, keep=asked.keep)


if __name__ == "__main__":
    main()
