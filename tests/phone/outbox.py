"""Operations on their way: serialised once, kept for good, resent byte for byte until the server says that it keeps them.

What arrived and what became of it are two facts. The outbox sends again only what did not arrive; outcomes come with the answer, or
later by pull.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.phone import epoch
from tests.phone.clock import Anchor, Moment
from tests.phone.ids import uuid7
from tests.phone.store import Store

LF = b"\n"
_UNCHAINED: dict[str, Any] = {"through": 0, "hash": bytes(32).hex()}
SETTLED = ("applied", "merged", "conflict", "rejected")
UNSETTLED = f"(arrived IS NULL OR status IS NULL OR status NOT IN {SETTLED})"
"""In SQL: unsent, or sent and not settled."""
KEPT_DAYS = 30
"""A server restored from a backup is healed by the phones: so long they keep what it had acknowledged."""


class ChainDiffers(Exception):
    """The server's hash over what it acknowledged is not that of what was sent: an incident for people, nothing to be retried away."""


@dataclass(frozen=True)
class Line:
    """One operation as it goes over the wire."""

    seq: int
    op: str
    line: bytes


@dataclass(frozen=True)
class Outcome:
    """What became of an operation, as last heard; `status` None: nothing was heard yet."""

    seq: int
    op: str
    verb: str
    entity: str
    arrived: bool
    status: str | None
    result: dict[str, Any]

    @property
    def code(self) -> str | None:
        """How it was combined, or why not accepted."""
        return self.result.get("code")


class Outbox:
    """The operations of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sql = store.sql

    def append(
        self,
        verb: str,
        entity_type: str,
        entity: str,
        payload: dict[str, Any],
        moment: Moment,
        *,
        op: str | None = None,
        deps: Sequence[str] = (),
        base: int | None = None,
    ) -> str:
        """Keep a deed: give it the next seq, serialise it, and commit, before the screen says that it is saved. Returns its op id.

        `op` is given where an earlier operation already names it in its deps.
        """
        op = op or str(uuid7())
        with self._store.transaction():
            seq = self._store["last_seq"] = self.last_seq + 1
            envelope: dict[str, Any] = {"op": op, "seq": seq, "t": verb, "v": 1, **moment.on_the_wire("at")}
            if deps:
                envelope["deps"] = list(deps)
            envelope |= {"e": {"type": entity_type, "id": entity, "base": base}, "d": payload}
            line = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
            self._sql.execute("INSERT INTO outbox (seq, op, verb, entity, line) VALUES (?, ?, ?, ?, ?)", (seq, op, verb, entity, line))
            self._store.step("saving")
        return op

    @property
    def last_seq(self) -> int:
        """The highest seq given out."""
        return int(self._store["last_seq"] or 0)

    @property
    def sent_through(self) -> int:
        """The highest seq that ever left. Who hears more than this acknowledged is the copy of a store that went on elsewhere."""
        return int(self._store["sent_through"] or 0)

    def note_sent(self, batch: Sequence[Line]) -> None:
        """These are about to leave."""
        self._store["sent_through"] = max(self.sent_through, *(line.seq for line in batch))

    @property
    def depth(self) -> int:
        """How many operations have not arrived."""
        return int(self._sql.execute("SELECT count(*) FROM outbox WHERE arrived IS NULL").fetchone()[0])

    def to_send(self, limit: int, *, only: Sequence[str] | None = None, after: int | None = None) -> list[Line]:
        """The next operations to send in the order of their seqs: what has not arrived, `only` these of it, or all `after` a seq."""
        where = "arrived IS NULL"
        values: list[object] = []
        if after is not None:
            where, values = "seq > ?", [after]
        if only is not None:
            where, values = f"arrived IS NULL AND op IN ({', '.join('?' * len(only))})", list(only)
        rows = self._sql.execute(f"SELECT seq, op, line FROM outbox WHERE {where} ORDER BY seq LIMIT ?", (*values, limit))
        return [Line(row["seq"], row["op"], row["line"]) for row in rows]

    def lines(self, seqs: Sequence[int]) -> list[Line]:
        """These operations as they were sent."""
        marks = ", ".join("?" * len(seqs))
        rows = self._sql.execute(f"SELECT seq, op, line FROM outbox WHERE seq IN ({marks}) ORDER BY seq", tuple(seqs))
        return [Line(row["seq"], row["op"], row["line"]) for row in rows]

    def outcomes(self) -> list[Outcome]:
        """All operations with what became of them, in the order of their seqs."""
        rows = self._sql.execute("SELECT * FROM outbox WHERE seq > 0 ORDER BY seq")
        return [
            Outcome(
                row["seq"], row["op"], row["verb"], row["entity"], bool(row["arrived"]), row["status"], json.loads(row["result"] or "{}")
            )
            for row in rows
        ]

    def anchor(self, anchor: Anchor) -> None:
        """Keep a moment of true time. Of those a server told one in a quarter of an hour is enough."""
        if anchor.source == "server":
            near = "SELECT 1 FROM anchor WHERE boot = ? AND abs(mono_ms - ?) < 900000"
            if self._sql.execute(near, (anchor.boot, anchor.mono_ms)).fetchone():
                return
        values = (anchor.boot, anchor.mono_ms, anchor.time.isoformat(timespec="milliseconds"), anchor.source)
        self._sql.execute("INSERT OR REPLACE INTO anchor VALUES (?, ?, ?, ?)", values)

    def header(self, moment: Moment) -> bytes:
        """Line 1 of a push: who sends, the clocks at sending, what is still here, and the chain over what is acknowledged."""
        anchors = self._sql.execute("SELECT boot, mono_ms, time, source FROM anchor ORDER BY rowid DESC LIMIT 50")
        header: dict[str, Any] = {
            "h": 1,
            "replica": self._store["replica"],
            "epoch": self._store["epoch"],
            **moment.on_the_wire("sent_at"),
            "anchors": [dict(row) for row in anchors],
            "outbox_depth": self.depth,
        }
        if chain := self._store["chain"]:
            header["chain"] = chain
        return json.dumps(header, separators=(",", ":")).encode()

    def take_answer(self, batch: Sequence[Line], answer: dict[str, Any], moment: Moment) -> None:
        """Take in the answer to a push, in one local transaction. Raises ChainDiffers when that is done."""
        seen = {line.seq for line in batch}
        missing = {seq for first, last in answer["missing"] for seq in range(first, last + 1)} - seen
        now = moment.wall.isoformat(timespec="seconds")
        with self._store.transaction():
            epoch.meet(self._store, answer["epoch"], answer["acked_through"])
            for result in answer["results"]:
                if result["op"]:
                    self._take(result, now)
            through = (now, answer["acked_through"])
            self._sql.execute("UPDATE outbox SET arrived = ? WHERE arrived IS NULL AND seq > 0 AND seq <= ?", through)
            for seq in missing:
                self._sql.execute("UPDATE outbox SET arrived = NULL WHERE seq = ?", (seq,))
            self._explain(missing, moment)
            agrees = self._advance_chain(answer["acked_through"], answer["chain"])
        if not agrees:
            raise ChainDiffers(f"through {answer['acked_through']} the server has {answer['chain']['hash']}, not what was sent")

    def take_forked(self, answer: dict[str, Any], moment: Moment) -> None:
        """The answer to a push that forked: what became of the lines that did not. What it acknowledges is the other phone's as well."""
        now = moment.wall.isoformat(timespec="seconds")
        with self._store.transaction():
            for result in answer["results"]:
                if result["op"] and result["code"] != "replica_fork":
                    self._take(result, now)

    def take_results(self, results: Iterable[dict[str, Any]]) -> None:
        """Outcomes that pull brought. Inside the caller's transaction."""
        for result in results:
            self._take(result, None)

    def renumber(self) -> None:
        """For a new store: what is not settled is counted from 1 and goes again, the rest is set aside. Inside the caller's transaction.

        Only `seq` changes in a line, so that the server knows each by its op id.
        """
        rows = self._sql.execute("SELECT * FROM outbox WHERE seq > 0 ORDER BY seq").fetchall()
        aside = self._sql.execute("SELECT min(0, coalesce(min(seq), 0)) FROM outbox").fetchone()[0]
        self._sql.execute("DELETE FROM outbox WHERE seq > 0")
        seq = 0
        for row in rows:
            if row["arrived"] and row["status"] in SETTLED:
                aside -= 1
                values = (aside, row["op"], row["verb"], row["entity"], row["line"], row["arrived"], row["status"], row["result"])
            else:
                seq += 1
                line = json.dumps({**json.loads(row["line"]), "seq": seq}, ensure_ascii=False, separators=(",", ":")).encode()
                values = (seq, row["op"], row["verb"], row["entity"], line, None, None, None)
            self._sql.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        self._store["last_seq"], self._store["sent_through"] = seq, 0

    def forget_old(self, now: dt.datetime) -> int:
        """Delete what was settled and acknowledged longer ago than KEPT_DAYS; how many operations."""
        before = (now - dt.timedelta(days=KEPT_DAYS)).isoformat(timespec="seconds")
        with self._store.transaction():
            return self._sql.execute(f"DELETE FROM outbox WHERE arrived < ? AND NOT {UNSETTLED}", (before,)).rowcount

    def _explain(self, missing: Iterable[int], moment: Moment) -> None:
        """Of seqs the server misses and this store does not hold any more: say so, so that no hole stays unexplained."""
        told = self._voided()
        held = {row["seq"] for row in self._sql.execute("SELECT seq FROM outbox")}
        if gone := sorted(set(missing) - told - held):
            payload = {"seqs": gone, "reason": f"acknowledged more than {KEPT_DAYS} days ago and deleted here"}
            self.append("seq_void", "replica", self._store["replica"], payload, moment)

    def _voided(self) -> set[int]:
        """Seqs this store told the server not to wait for."""
        rows = self._sql.execute("SELECT line FROM outbox WHERE verb = 'seq_void'")
        return {seq for row in rows for seq in json.loads(row["line"])["d"]["seqs"]}

    def _take(self, result: dict[str, Any], now: str | None) -> None:
        """What became of an operation; with `now` it has arrived as well."""
        settled = result["original"] if result["status"] == "duplicate" else result
        values = (now, settled["status"], json.dumps(settled, ensure_ascii=False), result["op"])
        self._sql.execute("UPDATE outbox SET arrived = coalesce(arrived, ?), status = ?, result = ? WHERE op = ?", values)

    def _advance_chain(self, through: int, theirs: dict[str, Any]) -> bool:
        """Our own hash over the lines acknowledged; whether it is the server's."""
        known: dict[str, Any] = self._store["chain"] or _UNCHAINED
        if through < known["through"]:
            known = _UNCHAINED
        lines = "SELECT seq, line FROM outbox WHERE seq > ? AND seq <= ? ORDER BY seq"
        rows = self._sql.execute(lines, (known["through"], through)).fetchall()
        if not set(range(known["through"] + 1, through + 1)) <= {row["seq"] for row in rows} | self._voided():
            self._store["chain"] = theirs  # lines older than KEPT_DAYS are gone here: from now on both go on from the server's
            return True
        ours = {"through": through, "hash": chain(bytes.fromhex(known["hash"]), (row["line"] for row in rows)).hex()}
        self._store["chain"] = ours
        return theirs == ours


def chain(before: bytes, lines: Iterable[bytes]) -> bytes:
    """h_n = SHA-256(h_(n-1) + SHA-256(line n)), from 32 zero bytes; a line without its LF."""
    for line in lines:
        before = hashlib.sha256(before + hashlib.sha256(line).digest()).digest()
    return before


def body(header: bytes, batch: Sequence[Line]) -> bytes:
    """The gzip of header and lines, each ended by LF."""
    return gzip.compress(LF.join([header, *(line.line for line in batch)]) + LF, compresslevel=6, mtime=0)


def fitting(lines: Sequence[Line], inflated_bytes: int) -> list[Line]:
    """As many of the first lines as stay below the inflated limit, less room for the header; at least one."""
    room = inflated_bytes - 64 * 1024
    kept: list[Line] = []
    for line in lines:
        room -= len(line.line) + 1
        if room < 0 and kept:
            break
        kept.append(line)
    return kept
