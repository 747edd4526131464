"""The phone: it registers, does deeds online or not, and brings its work home. Push, photos, pull: none waits for another.

phone = Phone(folder, "http://127.0.0.1:8000")
phone.sign_in("lin", "…"); phone.register(); phone.pull()           # in the morning, online
photo = phone.album.keep(path) | {"role": "before", "taken_at": …}  # all day, offline
phone.do("record_finding", "finding", finding, {…, "photos": [photo]})
phone.sync()                                                        # whenever there is a net: push, photos, pull

Whatever happens to the connection, the server or the battery: do the same again. `sync` raises Broken where the net is not good enough now,
SignInNeeded where only the user can go on, Wiped where the replica was revoked, and ChainDiffers where people must look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.phone import epoch
from tests.phone.account import SCHEMA, Account, Forked, SignInNeeded, Wiped
from tests.phone.album import Album
from tests.phone.clock import LOCAL, Anchor, Clock, Moment, SystemClock
from tests.phone.mirror import Mirror
from tests.phone.outbox import Line, Outbox, body, fitting
from tests.phone.patience import Broken, Patience, TooSlow
from tests.phone.store import Step, Store
from tests.phone.wire import BUSY, Answer, Fault, Refused, Wire

NDJSON = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
_TRUE_ENOUGH = dt.timedelta(seconds=5)
"""An answer that took longer says too little of when the server's time was true."""


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

    def count(self, page: dict[str, Any]) -> None:
        """Count a page."""
        self.pages += 1
        self.changes += len(page["changes"])
        self.results += len(page["results"])
        self.resync += page["resync"]


class Phone:
    """One phone with one local store, kept in `folder`. `batch` is the number of operations the first push tries.

    `on_step` is told where the phone is at each of `store.STEPS`; a test ends it there and makes a new Phone of the same folder.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        clock: Clock | None = None,
        batch: int = 50,
        chunk_bytes: int = 1024 * 1024,
        timeout_s: float = 30.0,
        patience: Patience | None = None,
        on_step: Step | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(folder / "phone.sqlite3", step=on_step)
        self.clock = clock or SystemClock()
        self.patience = patience or Patience()
        self.wire = Wire(url, timeout_s=timeout_s, patience=self.patience)
        self.account = Account(self.store, self.wire)
        self.outbox = Outbox(self.store)
        self.album = Album(self.store, self.account, self.patience, chunk_bytes=chunk_bytes)
        self.mirror = Mirror(self.store, self.outbox)
        self._batch = batch

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """Open a session: what pull needs. Returns the user."""
        return self.account.sign_in(login, password)

    def register(self) -> dict[str, Any]:
        """Make this store a replica, or get a fresh credential for it. Raises SignInNeeded, Forked."""
        answer = self.account.register()
        with self.store.transaction():
            epoch.meet(self.store, answer["epoch"], answer["acked_through"])
        return answer

    def sync(self, *, limit: int = 500, check: bool = False) -> Pulled:
        """All of it: hand in operations, then photos, then take what is new; again, where the server turns out to have lost something.

        Raises Broken, SignInNeeded, Wiped, ChainDiffers, Refused; what was done until then stands.
        """
        while True:
            try:
                self.push()
            except Forked:
                self.start_over()
                continue
            self.album.deliver()
            done = self.pull(limit=limit, check=check)
            if not self.outbox.depth and not (set(self.album.waiting()) - self.album.refused):
                return done

    def close(self) -> None:
        """End the connection and close the store."""
        self.wire.close()
        self.store.close()

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
        purpose: number of the request (from 1) to how. Raises Forked, SignInNeeded, Refused, ChainDiffers, Broken.
        """
        done = Pushed()
        if self.store["replica"] is None:
            self.register()
        while self.outbox.depth:
            batch = self.outbox.to_send(self._batch, only=ahead) or self.outbox.to_send(self._batch)
            before = self.outbox.depth, self.store["epoch"]
            answer = self._send(batch, done, faults or {})
            if self.outbox.depth >= before[0] and answer["epoch"] == before[1] and not answer["missing"]:
                raise Broken("the server answers, but keeps nothing of what is sent")
        return done

    def push_again(self) -> Pushed:
        """Send every operation once more, whether it arrived or not: nothing may happen twice."""
        done = Pushed()
        through = 0
        while batch := self.outbox.to_send(self._batch, after=through):
            answer = self._send(batch, done, {})
            through = max(line["seq"] for line in answer["results"])
        return done

    def start_over(self) -> None:
        """After Forked: become a new store. What is unsettled is renumbered and sent again; the server knows each by its op id."""
        with self.store.transaction():
            self.account.begin_anew()
            self.outbox.renumber()
        self.mirror.begin_again()
        self.register()

    def pull(self, *, limit: int = 500, check: bool = False) -> Pulled:
        """Bring the local copy up to date. `check` has the server compare digests first. Raises SignInNeeded, Wiped, Refused, Broken."""
        done = Pulled()
        more, known_anew = True, False
        if self.store["replica"] is None:
            self.register()
        while more:
            asked: dict[str, Any] = {"replica": self.store["replica"], "cursor": self.mirror.cursor, "schema": SCHEMA, "limit": limit}
            if check and not done.pages and self.mirror.ready:
                asked["digest"] = self.mirror.digest()
            asking = self.clock.now()
            try:
                page = self.account.ask("POST", "/sync/pull", document=asked)
            except Refused as refusal:
                if refusal.slug == "replica_wipe":
                    self._hand_in_and_wipe()
                if refusal.slug == "replica_not_found" and not known_anew:
                    known_anew = True  # the server was restored from a backup older than this replica
                    self.register()
                    continue
                if refusal.slug != "cursor_expired" or self.mirror.cursor is None:
                    raise
                self.mirror.begin_again()
                continue
            self.store.step("page_received")
            self._anchor(asking, page["server_time"])
            with self.store.transaction():
                epoch.meet(self.store, page["epoch"], page["acked_through"])
                self.mirror.apply(page)
            done.count(page)
            more = page["more"]
            if more:
                self.store.step("page_kept")
        return done

    def receipts(self, replica: str) -> Iterator[dict[str, Any]]:
        """What had arrived from another replica of the same user: for a phone that lost its store. `seq`, `op`, `status` … of each."""
        after = 0
        while True:
            page = self.account.ask("GET", f"/replicas/{replica}/receipts?after={after}")
            yield from page["items"]
            if page["next"] is None:
                return
            after = page["next"]

    @property
    def _limits(self) -> dict[str, int]:
        found: dict[str, int] = self.store["limits"]
        return found

    def _send(self, batch: Sequence[Line], done: Pushed, faults: Mapping[int, Fault]) -> dict[str, Any]:
        """As much of the batch as fits, sent until it is answered; the answer is kept. Raises Broken when patience is at its end."""
        for _ in self.patience.attempts("push"):
            done.requests += 1
            fitted = fitting(batch[: self._batch], self._limits["inflated_bytes"])
            try:
                answer = self._push(fitted, faults.get(done.requests))
            except Broken as fault:
                self.wire.close()
                done.breaks += 1
                done.in_vain += 1
                if isinstance(fault, TooSlow):
                    self._batch = max(1, self._batch // 2)
                continue
            if answer is not None:
                done.count(answer["results"])
                return answer
        raise AssertionError("attempts end by raising")

    def _push(self, batch: Sequence[Line], fault: Fault | None) -> dict[str, Any] | None:
        """One push; None where the server asks to try again. The header is made anew each time, the lines never."""
        asking = self.clock.now()
        content = body(self.outbox.header(asking), batch)
        if len(content) > self._limits["body_bytes"]:
            self._smaller(batch)
            return None
        self.outbox.note_sent(batch)
        answer = self.account.hand_in("POST", "/sync/ops", body=content, headers=NDJSON, fault=fault)
        if answer.status == 413:
            self._smaller(batch)
            return None
        if answer.status in BUSY or self._is_busy(answer):
            self.patience.as_told(answer.retry_after_s)
            return None
        forked = answer.status == 409 and "results" in answer.problem()
        if answer.status >= 400 and not forked:
            raise Refused(answer)
        found: dict[str, Any] = answer.json()
        self.store.step("answered")
        if forked or found["acked_through"] > self.outbox.sent_through:
            self.outbox.take_forked(found, asking)
            raise Forked("the sequence was continued elsewhere: start_over")
        self._anchor(asking, found["server_time"])
        self.outbox.take_answer(batch, found, asking)
        self._batch = min(self._batch * 2, found["next_batch"], self._limits["ops"])
        return found

    def _is_busy(self, answer: Answer) -> bool:
        """An earlier push of this replica is still under way: its connection broke here, and the server works on."""
        return answer.status == 409 and Refused(answer).slug == "replica_busy"

    def _smaller(self, batch: Sequence[Line]) -> None:
        """The body was over a limit: half as many next time."""
        if len(batch) == 1:
            raise Broken(f"operation {batch[0].op} alone is over the limits of a body")
        self._batch = max(1, len(batch) // 2)

    def _anchor(self, asking: Moment, server_time: str) -> None:
        """The server's time is true: it was told between the question and now. An anchor for this boot, for when it has ended."""
        now = self.clock.now()
        if asking.boot == now.boot and asking.mono_ms is not None and now.wall - asking.wall <= _TRUE_ENOUGH:
            true = dt.datetime.fromisoformat(server_time).astimezone(LOCAL)
            self.outbox.anchor(Anchor(asking.boot, asking.mono_ms, true, "server"))

    def _hand_in_and_wipe(self) -> None:
        """The replica was revoked. Work is handed in first, a supervisor can still judge it; then nothing stays here."""
        self.push()
        self.album.deliver()
        self.store.wipe()
        raise Wiped("the replica was revoked: work was handed in, the copy is deleted")


__all__ = ["Forked", "Phone", "Pulled", "Pushed", "SignInNeeded", "Wiped"]
