"""Worklists, searches and moves at 1,000, 100,000 and 1,000,000 findings: what a page or a move costs must not rise with them.

In one process, without a network: the server's work for a request, as its caller would wait for it. Findings are loaded in bulk, most of
them open, so that every list is long; pages have ten lines at every size. Counts stop at a thousand: they are compared with 100,000.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import house
import measure
import psycopg
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from measure import Figure, middle

from backend import create_app
from backend.core.config import Settings
from backend.core.database.engine import db
from backend.entrypoints.cli.demo import cast
from tests.make import many

SIZES = (1_000, 100_000, 1_000_000)
FLAT = 2.0
"""So much dearer may a page or move be at the largest size than at the smallest."""
LINES = 10
"""Of a page. A list that has fewer at the smallest size is left out: its page would grow."""
PLANTED = 10_000
"""So many are made one by one; the rest are copies within the database."""
LISTS = {
    "zhao": ("to_file", "photos_missing", "condition_missing", "to_void", "disputed", "to_close", "closing_blocked"),
    "sun": ("to_dispatch", "returns_asked", "extensions_asked", "suspended", "awaiting_contract"),
    "lin": ("to_verify", "to_check", "mine"),
    "qian": ("new_work", "overdue_work", "rework", "asked", "refused", "in_hand"),
    "tang": ("area_red", "area_yellow", "area_green"),
    "gu": ("trade_red", "trade_yellow"),
    "li": ("bounced", "orphaned", "supervised", "escalated"),
}
SEARCHES = {"two characters, in every fifth": "路灯", "two parts": "东湖 井盖", "a number": "000123", "nothing": "火箭发射"}


class Desk:
    """The application in this process, with a client for each login."""

    def __init__(self, data: Path, url: str) -> None:
        self.app: Flask = create_app(
            Settings(data_folder=data, database_url=url, blob_store=str(data / "blobs"), secret_key="for-this-bench-only")  # noqa: S106 - guards nothing
        )
        self.app.extensions["linping.wake"] = None
        self._clients: dict[str, FlaskClient] = {}

    def client(self, login: str) -> FlaskClient:
        """Signed in as this person."""
        if login not in self._clients:
            client = self.app.test_client()
            answer = client.post("/api/v1/sessions", json={"login": login, "password": cast.PASSWORD})
            assert answer.status_code == 201, answer.text
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answer.json['access_token']}"
            self._clients[login] = client
        return self._clients[login]

    def ask(self, login: str, path: str, **query: Any) -> Any:
        """A GET that is answered."""
        answer = self.client(login).get(f"/api/v1/{path}", query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def grow(self, count: int) -> None:
        """Fill the empty database with so many findings."""
        planted = min(count, PLANTED)
        with self.app.app_context():
            with db.engine.connect().execution_options(writer=True) as writer:
                many.plant(writer, planted, now=dt.datetime.now(dt.UTC))
                if count > planted:
                    many.multiply(writer, count // planted - 1)
                writer.commit()
            many.settle(db.engine)


def run(*, quick: bool = False, postgres: bool = True) -> list[Figure]:
    """Measure and print; the figures."""
    sizes = SIZES[:2] if quick else SIZES
    rounds = 5 if quick else 15
    figures: list[Figure] = []
    with contextlib.ExitStack() as stack:
        for kind, home, url in house.databases(stack, "worklists", postgres=postgres):
            desks = {}
            for size in sizes:
                data = home / f"data-{size}"
                desks[size] = Desk(data, _database(url, data, size))
                began = time.perf_counter()
                desks[size].grow(size)
                measure.say(f"{kind}: {size:,} findings after {time.perf_counter() - began:.0f} s")
            found = _measured(desks, rounds)
            figures += _figures(kind, found, sizes)
            _tell(kind, found, sizes)
            for desk in desks.values():
                with desk.app.app_context():
                    db.engine.dispose()
    measure.show(f"worklists and moves: {sizes[-1]:,} findings against {sizes[0]:,}, medians of {rounds}", figures)
    return figures


def _database(url: str, data: Path, size: int) -> str:
    """A seeded database of its own for this size; its URL."""
    data.mkdir()
    if url.startswith("sqlite"):
        return house.seed(data)
    made = sa.engine.make_url(url)
    with psycopg.connect(
        made.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False), autocommit=True
    ) as admin:
        admin.execute(f"CREATE DATABASE bench_{size} TEMPLATE {made.database}".encode())
    return made.set(database=f"bench_{size}").render_as_string(hide_password=False)


def _measured(desks: Mapping[int, Desk], rounds: int) -> dict[str, dict[int, float]]:
    """Milliseconds by what was done and how many findings there are. The sizes take turns: what else the machine does hits all."""
    turns: dict[str, dict[int, Callable[[], object]]] = {}
    for size, desk in desks.items():
        for name, once in _turns(desk):
            turns.setdefault(name, {})[size] = once
    found: dict[str, dict[int, float]] = {}
    for name, by_size in turns.items():
        if len(by_size) < len(desks):
            continue  # at the smallest size there is no such page
        seconds: dict[int, list[float]] = {size: [] for size in by_size}
        for turn in range(rounds + 1):
            for size, once in by_size.items():
                began = time.perf_counter()
                told = once()
                # What prepares or checks outside what is measured tells its own time.
                spent = told if isinstance(told, float) else time.perf_counter() - began
                if turn:
                    seconds[size].append(spent)
        found[name] = {size: middle(values) * 1000 for size, values in seconds.items()}
    return found


def _turns(desk: Desk) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is measured: a name, and what does it once."""
    for login, names in LISTS.items():
        yield f"all counts of {login}", lambda login=login: desk.ask(login, "worklists")
        for name in names:
            for which, cursor in _pages(desk, login, name):
                query = {"limit": LINES, **({"cursor": cursor} if cursor else {})}
                yield f"{name}, {which} page", lambda login=login, name=name, query=query: desk.ask(login, f"worklists/{name}", **query)
    for what, q in SEARCHES.items():
        for login in ("zhao", "qian"):
            yield f"search, {what} ({login})", lambda login=login, q=q: desk.ask(login, "findings/search", q=q)
    yield "near", lambda: desk.ask("lin", "findings/near", lon=120.3, lat=30.4, datum="WGS-84", metres=300)
    yield from _moves(desk)


def _pages(desk: Desk, login: str, name: str) -> Iterator[tuple[str, str | None]]:
    """The cursors of the first page and of a later one, where they are full."""
    cursor: str | None = None
    for which in ("first", "a later"):
        page = desk.ask(login, f"worklists/{name}", limit=LINES, **({"cursor": cursor} if cursor else {}))
        if len(page["items"]) < LINES:
            return
        yield which, cursor
        cursor = page["next"]
        if cursor is None:
            return


def _moves(desk: Desk) -> Iterator[tuple[str, Callable[[], object]]]:
    """Moves through their doors, each of findings not yet moved."""

    def each_of(login: str, name: str) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            page = desk.ask(login, f"worklists/{name}", limit=100, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def moved(login: str, lines: Iterator[Any], verb: str, **payload: Any) -> float:
        line = next(lines)
        client = desk.client(login)
        began = time.perf_counter()
        answer = client.post(f"/api/v1/findings/{line['finding']}/{verb}", json=payload)
        seconds = time.perf_counter() - began
        assert answer.status_code in {200, 201}, answer.text
        return seconds

    filed, voided, noted = (iter(list(_some(each_of("zhao", name), 20))) for name in ("to_file", "photos_missing", "to_close"))
    yield "file_finding", lambda: moved("zhao", filed, "filing")
    yield "request_void", lambda: moved("zhao", voided, "void-request", reason="bench")
    yield "add_note", lambda: moved("zhao", noted, "notes", text=f"bench {uuid4()}")
    bulk = iter(list(_some(each_of("sun", "to_dispatch"), 50)))

    def many_voids() -> float:
        items = [{"finding": next(bulk)["finding"]} for _ in range(3)]
        began = time.perf_counter()
        answer = desk.client("zhao").post(
            "/api/v1/findings/bulk", json={"verb": "request_void", "items": items, "payload": {"reason": "bench"}}
        )
        assert answer.status_code == 200, answer.text
        return (time.perf_counter() - began) / 3

    yield "request_void, three in bulk, each", many_voids


def _some(lines: Iterator[Any], count: int) -> Iterator[Any]:
    """The first lines on which nobody has asked for a void."""
    for line in lines:
        if count == 0:
            return
        if line["void_reason"] is None:
            count -= 1
            yield line


MOVES = ("file_finding", "request_void", "add_note", "request_void, three in bulk, each")
GROUPS: dict[str, Callable[[str], bool]] = {
    "a page of a worklist": lambda name: name.endswith("page"),
    "all counts of a reader": lambda name: name.startswith("all counts"),
    "a search": lambda name: name.startswith("search"),
    "what is near": lambda name: name == "near",
    "a move": lambda name: name in MOVES,
}


def _figures(kind: str, found: dict[str, dict[int, float]], sizes: tuple[int, ...]) -> list[Figure]:
    """Of each group the middle one, and the one that rose most."""
    figures = []
    for group, belongs in GROUPS.items():
        first = sizes[1] if group == "all counts of a reader" and len(sizes) > 2 else sizes[0]
        rows = {name: times for name, times in found.items() if belongs(name)}
        if not rows:
            continue
        ratios = {name: times[sizes[-1]] / times[first] for name, times in rows.items()}
        worst = max(ratios, key=lambda name: ratios[name])
        for name, value, ratio in (
            (f"{group}, median of {len(rows)}", middle([times[sizes[-1]] for times in rows.values()]), middle(list(ratios.values()))),
            (f"the worst, {worst}", rows[worst][sizes[-1]], ratios[worst]),
        ):
            figures.append(Figure(f"{kind}: {name}", value, "ms", ratio, f"{first:,}", FLAT, on_ratio=True, at_most=True))
    return figures


def _tell(kind: str, found: dict[str, dict[int, float]], sizes: tuple[int, ...]) -> None:
    print(f"\n{kind}, milliseconds a request")
    rows = [[name, *(f"{times[size]:.1f}" if size in times else "" for size in sizes)] for name, times in found.items()]
    measure.table([["what", *(f"{size:,}" for size in sizes)], *rows])


def main() -> None:
    """From the command line."""
    parser: argparse.ArgumentParser = measure.options(__doc__)
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    asked = parser.parse_args()
    measure.say(measure.machine())
    run(quick=asked.quick, postgres=not asked.no_postgres)


if __name__ == "__main__":
    main()
