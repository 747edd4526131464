"""The phone: it registers, does deeds online or not, and brings its work home. Push, photos, pull: none waits for another.

phone = Phone(folder, "http://127.0.0.1:8000")
phone.sign_in("lin", "…"); phone.register(); phone.pull()           # in the morning, online
photo = phone.album.keep(path) | {"role": "before", "taken_at": …}  # all day, offline
phone.do("record_finding", "finding", finding, {…, "photos": [photo]})
phone.push(); phone.album.deliver(); phone.pull()                   # whenever there is a net
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.phone.album import Album
from tests.phone.clock import Clock, SystemClock
from tests.phone.ids import uuid7
from tests.phone.mirror import Mirror
from tests.phone.outbox import Line, Outbox, body, fitting
from tests.phone.store import Store
from tests.phone.wire import Broken, Fault, Refused, TooSlow, Wire

SCHEMA = 1
NDJSON = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
_PATIENCE = 6
_WAIT_S = 0.2


class Forked(Exception):
    """Another phone goes on under this replica's sequence (a copied or restored store): this one must register as a new store."""


@dataclass
class Pushed:
    """What a push came to. `answers` counts statuses as answered, so `duplicate` is what had arrived before."""

    requests: int = 0
    breaks: int = 0
    lines: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    duplicates_after_break: list[tuple[int, int]] = field(default_factory=list)
    """For each request after a break: how many lines were sent, how many of them had arrived already."""
    in_vain: int = 0
    """Requests in a row without an answer to work with."""

    def count(self, results: Sequence[dict[str, Any]]) -> None:
        """Count the results of one answer."""
        self.lines += len(results)
        for result in results:
            self.answers[result["status"]] = self.answers.get(result["status"], 0) + 1
        if self.in_vain:
            self.duplicates_after_break.append((len(results), sum(result["status"] == "duplicate" for result in results)))
        self.in_vain = 0


@dataclass
class Pulled:
    """What a pull came to."""

    pages: int = 0
    changes: int = 0
    results: int = 0
    resync: list[str] = field(default_factory=list)


class Phone:
    """One phone with one local store, kept in `folder`. `batch` is the number of operations the first push tries."""

    def __init__(self, folder: Path, url: str, *, clock: Clock | None = None, batch: int = 50, timeout_s: float = 30.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(folder / "phone.sqlite3")
        self.clock = clock or SystemClock()
        self.wire = Wire(url, timeout_s=timeout_s)
        self.outbox = Outbox(self.store)
        self.album = Album(self.store, self.wire)
        self.mirror = Mirror(self.store, self.outbox)
        self._batch = batch

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """Open a session: what pull needs. The password is not kept. Returns the user."""
        answer = self.wire.ask("POST", "/sessions", document={"login": login, "password": password})
        self.store["session"], self.store["user"] = answer["access_token"], answer["user"]
        user: dict[str, Any] = answer["user"]
        return user

    def register(self) -> dict[str, Any]:
        """Make this store a replica, or get a fresh credential for it. It outlives the session: work can always be handed in."""
        asked = {
            "install_id": self.store["install_id"],
            "replica": self.store["replica"],
            "platform": "reference",
            "app_version": "1",
            "schema": SCHEMA,
        }
        answer = self.wire.ask("POST", "/replicas", token=self.store["session"], document=asked)
        with self.store.transaction():
            for name in ("replica", "credential", "limits"):
                self.store[name] = answer[name]
            if self.store["epoch"] is None:
                self.store["epoch"] = answer["epoch"]
        found: dict[str, Any] = answer
        return found

    def do(
        self,
        verb: str,
        entity_type: str,
        entity: str,
        payload: dict[str, Any],
        *,
        op: str | None = None,
        deps: Sequence[str] = (),
        base: int | None = None,
    ) -> str:
        """Do a deed, online or not: it is in the outbox when this returns. `base`: the version seen, None for this phone's own."""
        return self.outbox.append(verb, entity_type, entity, payload, self.clock.now(), op=op, deps=deps, base=base)

    def push(self, *, ahead: Sequence[str] = (), faults: Mapping[int, Fault] | None = None) -> Pushed:
        """Send everything that has not arrived, these operations `ahead` of all others: bodies may go in any order.

        After a timeout batches halve; after each success they double, up to what the server names. `faults` breaks the connection on
        purpose: number of the request (from 1) to how. Raises Forked, Refused, ChainDiffers.
        """
        done = Pushed()
        while self.outbox.depth:
            batch = self.outbox.to_send(self._batch, only=ahead) or self.outbox.to_send(self._batch)
            before = self.outbox.depth, self.store["epoch"]
            answer = self._send(batch, done, faults or {})
            if answer and self.outbox.depth >= before[0] and answer["epoch"] == before[1]:
                raise Broken("the server answers, but keeps nothing of what is sent")
        return done

    def push_again(self) -> Pushed:
        """Send every operation once more, whether it arrived or not: nothing may happen twice."""
        done = Pushed()
        through = 0
        while batch := self.outbox.to_send(self._batch, after=through):
            answer = self._send(batch, done, {})
            if answer:
                through = max(line["seq"] for line in answer["results"])
        return done

    def start_over(self) -> None:
        """After Forked: become a new store. What is unsettled is renumbered and sent again; the server knows each by its op id."""
        with self.store.transaction():
            self.store["install_id"] = str(uuid7())
            for name in ("replica", "credential", "epoch", "chain"):
                self.store[name] = None
            self.outbox.renumber()
        self.mirror.begin_again()
        self.register()

    def pull(self, *, limit: int = 500, check: bool = False) -> Pulled:
        """Bring the local copy up to date. `check` has the server compare digests first."""
        done = Pulled()
        more = True
        while more:
            asked: dict[str, Any] = {"replica": self.store["replica"], "cursor": self.mirror.cursor, "schema": SCHEMA, "limit": limit}
            if check and not done.pages:
                asked["digest"] = self.mirror.digest()
            try:
                page = self.wire.ask("POST", "/sync/pull", token=self.store["session"], document=asked)
            except Refused as refusal:
                if refusal.slug != "cursor_expired" or self.mirror.cursor is None:
                    raise
                self.mirror.begin_again()
                continue
            self.mirror.apply(page)
            done.pages, done.changes, done.results = (
                done.pages + 1,
                done.changes + len(page["changes"]),
                done.results + len(page["results"]),
            )
            done.resync += page["resync"]
            more = page["more"]
        return done

    @property
    def _limits(self) -> dict[str, int]:
        found: dict[str, int] = self.store["limits"]
        return found

    def _send(self, batch: Sequence[Line], done: Pushed, faults: Mapping[int, Fault]) -> dict[str, Any] | None:
        """One request with as much of the batch as fits, counted in `done`; None where it has to be tried again.

        Raises Broken where the connection breaks again and again.
        """
        fitted = fitting(batch, self._limits["inflated_bytes"])
        done.requests += 1
        try:
            answer = self._push(fitted, faults.get(done.requests))
        except Broken as fault:
            self.wire.close()
            done.breaks += 1
            if isinstance(fault, TooSlow):
                self._batch = max(1, self._batch // 2)
            answer = None
        if answer is None:
            done.in_vain += 1
            if done.in_vain > _PATIENCE:
                raise Broken("the connection breaks, or the server asks for patience, again and again")
            time.sleep(_WAIT_S)  # what is left of the broken request is worked on still
            return None
        done.count(answer["results"])
        return answer

    def _push(self, batch: Sequence[Line], fault: Fault | None) -> dict[str, Any] | None:
        """One push; None where the server asks to try again. The header is made anew each time, the lines never."""
        content = body(self.outbox.header(self.clock.now()), batch)
        if len(content) > self._limits["body_bytes"]:
            self._smaller(batch)
            return None
        answer = self.wire.call("POST", "/sync/ops", token=self.store["credential"], body=content, headers=NDJSON, fault=fault)
        if answer.status == 413:
            self._smaller(batch)
            return None
        if answer.status in {429, 503} or (answer.status == 409 and Refused(answer).slug == "replica_busy"):
            time.sleep(min(answer.retry_after_s, 30.0))
            return None
        forked = answer.status == 409 and "results" in answer.problem()
        if answer.status >= 400 and not forked:
            raise Refused(answer)
        found: dict[str, Any] = answer.json()
        if forked:
            self.outbox.take_forked(found)
            raise Forked("the sequence was continued elsewhere: start_over")
        self.outbox.take_answer(batch, found)
        self._batch = min(self._batch * 2, found["next_batch"], self._limits["ops"])
        return found

    def _smaller(self, batch: Sequence[Line]) -> None:
        """The body was over a limit: half as many next time."""
        if len(batch) == 1:
            raise Broken(f"operation {batch[0].op} alone is over the limits of a body")
        self._batch = max(1, len(batch) // 2)
