"""Pull: documents a second in pages of 500 changes, the first page of findings and the last, at 1,000 and at 100,000 findings.

Also 100 new changes with 1,000 or 100,000 findings behind the cursor: the cost must follow the changes. The floor, in turns with it: the
same rows by plain sqlite3 and the same documents through orjson, one process and no HTTP.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import house
import measure
import orjson
from grow import grow
from measure import Figure, middle
from phone import JSON, Ground, Phone
from pictures import fresh, jpeg
from stages import Inside

from backend.core.config import Settings
from backend.domains.sync.rules import cursors

PAGE, NEW = 500, 100
TARGET = 5_000
EVEN = 1.5
"""How much dearer the large database may be: the machine's own noise is about this."""
READER = "zhao"  # of the district: every finding is in the reader's scopes


@dataclass(slots=True)
class Shelf:
    """One database of so many findings, served; cursors to where pages are taken."""

    findings: int
    server: house.Server
    reader: Phone
    first: str
    last: str
    new: str

    def turns(self) -> dict[str, Callable[[int], float]]:
        """What is measured of it, by name."""
        return {
            f"{self.findings:,} first": lambda _: self.page(self.first, PAGE, documents=PAGE),
            f"{self.findings:,} last": lambda _: self.page(self.last, PAGE, documents=PAGE),
            f"{self.findings:,} new": lambda _: self.page(self.new, PAGE, documents=NEW),
        }

    def page(self, cursor: str, limit: int, *, documents: int) -> float:
        """Seconds from asking to the last byte; the answer is looked at afterwards."""
        began = time.perf_counter()
        answer = self.reader.pull(cursor, limit)
        seconds = time.perf_counter() - began
        got = orjson.loads(answer)["changes"]
        puts = sum(change["k"] == "put" and change["type"] == "finding" and len(change["doc"]["photos"]) == 2 for change in got)
        if puts != documents:
            raise SystemExit(f"{self.findings:,}: {puts} findings with two photos came, not {documents}")
        return seconds


def run(*, quick: bool = False, stages: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    rounds = 5 if quick else 15
    sizes = (1_000, 10_000) if quick else (1_000, 100_000)
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(house.folder("pull"))
        template = _template(data / "template")
        shelves = [_shelf(stack, data / str(size), template, size) for size in sizes]
        turns: dict[str, Callable[[int], object]] = {}
        for shelf in shelves:
            turns.update(shelf.turns())
        floor = Floor(shelves[-1])
        turns["floor"] = lambda _: floor.read()
        measure.alternate(2, turns)  # caches of the database and of the disk
        seconds = measure.alternate(rounds, turns)
        floor.close()
        figures = _figures(shelves, seconds)
        if stages:
            _breakdown(shelves[-1], pages=10 if quick else 20)
    measure.show(f"pull: pages of {PAGE} changes on SQLite, {rounds} rounds", figures)
    return figures


def _figures(shelves: list[Shelf], seconds: dict[str, list[float]]) -> list[Figure]:
    figures = []
    floor = middle(seconds["floor"])
    for shelf in shelves:
        for what in ("first", "last"):
            took = middle(seconds[f"{shelf.findings:,} {what}"])
            figures.append(Figure(f"{shelf.findings:,} findings: {what} page", PAGE / took, "documents/s", floor / took, "floor", TARGET))
    small, large = (middle(seconds[f"{shelf.findings:,} new"]) for shelf in (shelves[0], shelves[-1]))
    figures.append(Figure(f"{NEW} new, {shelves[0].findings:,} behind", small * 1e3, "ms"))
    behind = f"{NEW} new, {shelves[-1].findings:,} behind"
    figures.append(Figure(behind, large * 1e3, "ms", large / small, "the same at 1,000", EVEN, on_ratio=True, at_most=True))
    figures.append(Figure("floor (rows and JSON alone)", PAGE / floor, "documents/s"))
    memory = max(shelf.server.memory()[0] for shelf in shelves)
    figures.append(Figure("worker memory, highest", float(memory), "MB PSS", target=250, at_most=True))
    return figures


def _template(data: Path) -> Path:
    """A database with 199 findings that came in through the front door, some of them with their photos decoded, filed and dispatched."""
    url = house.seed(data)
    picture = jpeg(60_000)
    pictures = [fresh(picture) for _ in range(40)]
    with house.serving(data, url, background=True) as server:
        phone = Phone(server)
        delivered = [(digest, len(body)) for body, digest in pictures]
        answer = phone.push(phone.batch(Ground.of(url), hashes=delivered * 5))
        if orjson.loads(answer)["acked_through"] != phone.seq:
            raise SystemExit("the template's findings were not kept")
        for body, digest in pictures:
            phone.send("PUT", f"/api/v1/blobs/sha256/{digest}", body, {"Content-Type": "image/jpeg"}, token=phone.credential)
        _settle(data / "linping.sqlite3")
    return data / "linping.sqlite3"


def _settle(path: Path) -> None:
    """Wait until the worker has decoded the photos and moved what moves by itself; tell what there is."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as db:
        before: list[Any] = []
        for _ in range(40):
            time.sleep(0.75)
            now = db.execute("SELECT state, count(*) FROM finding GROUP BY state ORDER BY state").fetchall()
            photos = db.execute("SELECT state, count(*) FROM photo GROUP BY state ORDER BY state").fetchall()
            if now == before and all(state != "stored" for state, _ in photos):
                break
            before = now
    measure.say(f"templates: findings {dict(now)}, photos {dict(photos)}")


def _shelf(stack: contextlib.ExitStack, data: Path, template: Path, size: int) -> Shelf:
    data.mkdir()
    path = data / "linping.sqlite3"
    shutil.copyfile(template, path)
    shutil.copyfile(template.parent / "settings.env", data / "settings.env")
    began = time.perf_counter()
    first, top = grow(f"sqlite:///{path}", size)
    measure.say(f"{size:,} findings made in {time.perf_counter() - began:.1f} s, {path.stat().st_size / 1e6:,.0f} MB")
    server = stack.enter_context(house.serving(data, f"sqlite:///{path}"))
    reader = Phone(server, READER)
    walked = _first_sync(reader, pages=10 if size <= 10 * PAGE else 1)
    measure.say(f"{size:,}: a first sync begins with {walked}")
    # The cursors a phone would hold that far on; the server signs with this folder's key.
    secret = Settings.from_env(house.environment(data, server.url)).secret_key
    scopes = orjson.loads(reader.pull(None, 1))["scopes"]["added"]

    def at(seq: int) -> str:
        return cursors.pack(cursors.Position(reader.epoch, dict.fromkeys(scopes, seq), top), secret, now=dt.datetime.now(dt.UTC))

    return Shelf(size, server, reader, at(_page_start(path, first)), at(top - PAGE), at(top - NEW))


def _page_start(path: Path, first: int) -> int:
    """The number after which the first 500 changes are findings alone: the templates' own last changes lie among the worker's acts."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        other = "SELECT coalesce(max(seq), ?) FROM feed_member WHERE subject_type <> 'finding' AND seq >= ?"
        return int(db.execute(other, (first - 1, first)).fetchone()[0])


def _first_sync(reader: Phone, pages: int) -> str:
    """Walk from a null cursor; what came, by type."""
    counts: dict[str, int] = {}
    cursor: str | None = None
    for _ in range(pages):
        answer = orjson.loads(reader.pull(cursor))
        for change in answer["changes"]:
            counts[change["type"]] = counts.get(change["type"], 0) + 1
        cursor = answer["cursor"]
        if not answer["more"]:
            return f"{counts} and ends there"
    return f"{counts}"


class Floor:
    """What a page cannot do without: its rows read bare, its documents written as JSON."""

    def __init__(self, shelf: Shelf) -> None:
        answer = orjson.loads(shelf.reader.pull(shelf.last))
        self.documents = answer["changes"]
        self.ids = [UUID(change["id"]).hex for change in self.documents]
        self.db = sqlite3.connect(shelf.server.folder / "linping.sqlite3")

    def read(self) -> float:
        """Seconds for one page."""
        began = time.perf_counter()
        marks = ",".join("?" * len(self.ids))
        for query in (f"SELECT * FROM finding WHERE id IN ({marks})", f"SELECT * FROM photo WHERE subject IN ({marks})"):  # noqa: S608 - marks alone
            self.db.execute(query, self.ids).fetchall()
        orjson.dumps(self.documents)
        return time.perf_counter() - began

    def close(self) -> None:
        """Let the database go."""
        self.db.close()


def _breakdown(shelf: Shelf, *, pages: int) -> None:
    """Pull the last page from the application in this process, stages timed from outside."""
    inside = Inside(shelf.server.folder, shelf.server.url)
    asked = orjson.dumps({"replica": shelf.reader.replica, "cursor": shelf.last, "limit": PAGE})
    for turn in range(pages + 2):
        if turn == 2:
            inside.watch()
        inside.send("POST", "/sync/pull", asked, JSON, shelf.reader.token)
    print(f"\n{shelf.findings:,} findings: where the time of a page goes (in this process, {pages} pages)")
    measure.table(inside.rows(pages * PAGE, "document"))
    measure.table(inside.statements(pages * PAGE, pages))
    if inside.stages.missing:
        measure.say(f"not found any more: {', '.join(inside.stages.missing)}")


def main() -> None:
    """From the command line."""
    parser = measure.options(__doc__)
    parser.add_argument("--no-stages", action="store_true", help="without the breakdown")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, stages=not asked.no_stages)


if __name__ == "__main__":
    main()
