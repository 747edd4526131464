"""Photos on their way: their bytes stay in files, travel apart from the record, and may come before or after it.

A photo is named by the SHA-256 of its bytes. tus goes on where a connection broke; a small photo may as well go by one PUT.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.phone.account import Account
from tests.phone.clock import LOCAL
from tests.phone.ids import uuid7
from tests.phone.outbox import KEPT_DAYS
from tests.phone.patience import Broken, Patience
from tests.phone.store import Store
from tests.phone.wire import BUSY, Answer, Fault, Refused

Way = Literal["tus", "put"]
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = "application/offset+octet-stream"
_ASK_AT_ONCE = 500
_NOT_NOW = {401, 408, *BUSY}


@dataclass(frozen=True)
class Plan:
    """How one photo travels, and what goes wrong on its way: `fault` once, in the creation or in the bytes."""

    way: Way = "tus"
    fault: Fault | None = None
    where: Literal["creation", "bytes"] = "bytes"


@dataclass
class Delivery:
    """What delivering came to. `resumed` says at which offset an interrupted upload went on."""

    sent: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    by_put: int = 0
    breaks: int = 0
    resumed: list[tuple[str, int, int]] = field(default_factory=list)
    found_again: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


class Album:
    """The photos of one store."""

    def __init__(self, store: Store, account: Account, patience: Patience, *, chunk_bytes: int = 1024 * 1024) -> None:
        self._store = store
        self._sql = store.sql
        self._account = account
        self._patience = patience
        self._chunk_bytes = chunk_bytes
        self.refused: set[str] = set()
        """What the server would not have, with these bytes, since this phone was started."""

    def keep(self, path: Path, *, mime: str = "image/jpeg") -> dict[str, Any]:
        """Queue a photo's bytes; returns the declaration's `id`, `sha256`, `bytes` and `mime` for record_finding or add_photo.

        The bytes are safe before the store names them. Where the deed should not be saved without them, or they without it, do both in
        one `store.transaction()`.
        """
        content = path.read_bytes()
        for each in (path, path.parent):
            handle = os.open(each, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
        self._store.step("photo_kept")
        sha256 = hashlib.sha256(content).hexdigest()
        photo = {"id": str(uuid7()), "sha256": sha256, "bytes": len(content), "mime": mime}
        values = (sha256, photo["id"], str(path), len(content), mime)
        self._sql.execute("INSERT OR IGNORE INTO photo (sha256, id, path, bytes, mime) VALUES (?, ?, ?, ?, ?)", values)
        return photo

    def count(self) -> int:
        """How many photos are kept here."""
        return int(self._sql.execute("SELECT count(*) FROM photo").fetchone()[0])

    def waiting(self) -> list[str]:
        """Hashes of what is not known to be stored."""
        return [row["sha256"] for row in self._sql.execute("SELECT sha256 FROM photo WHERE state <> 'stored' ORDER BY rowid")]

    def forget_deliveries(self) -> None:
        """Offer every photo again: the server says which it has."""
        self._sql.execute("UPDATE photo SET state = 'waiting'")

    def forget_old(self, now: dt.datetime) -> int:
        """Delete the files of photos stored longer ago than KEPT_DAYS; how many. A phone whose room is short may do so sooner."""
        before = (now - dt.timedelta(days=KEPT_DAYS)).isoformat(timespec="seconds")
        rows = self._sql.execute("SELECT sha256, path FROM photo WHERE state = 'stored' AND stored < ?", (before,)).fetchall()
        for row in rows:
            Path(row["path"]).unlink(missing_ok=True)
            self._sql.execute("DELETE FROM photo WHERE sha256 = ?", (row["sha256"],))
        return len(rows)

    def deliver(self, *, limit: int | None = None, plans: Mapping[str, Plan] | None = None) -> Delivery:
        """Bring photos to the server, the oldest first, until each is stored or refused for good. Raises SignInNeeded, Broken."""
        done = Delivery()
        hashes = self.waiting()[:limit]
        for start in range(0, len(hashes), _ASK_AT_ONCE):
            part = hashes[start : start + _ASK_AT_ONCE]
            states = self._states(part)
            for sha256 in part:
                if states[sha256]["state"] == "stored":
                    self._stored(sha256)
                    done.already.append(sha256)
                else:
                    self._bring(sha256, (plans or {}).get(sha256, Plan()), done)
        return done

    def _states(self, hashes: list[str]) -> dict[str, dict[str, Any]]:
        """What the server has of these."""
        for _ in self._patience.attempts("what the server has of the photos"):
            try:
                found: dict[str, dict[str, Any]] = self._fine(
                    self._account.hand_in("POST", "/blobs/status", document={"sha256": hashes})
                ).json()
            except Broken:
                self._account.hang_up()
            except Refused as refusal:
                if refusal.status not in BUSY:
                    raise
                self._patience.as_told(refusal.retry_after_s)
            else:
                return found
        raise AssertionError("attempts end by raising")

    def _bring(self, sha256: str, plan: Plan, done: Delivery) -> None:
        row = self._sql.execute("SELECT * FROM photo WHERE sha256 = ?", (sha256,)).fetchone()
        content = Path(row["path"]).read_bytes()
        try:
            if plan.way == "put":
                self._put(sha256, content, plan, done)
            else:
                self._upload(sha256, content, plan, done, url=row["upload"])
        except Refused as refusal:
            if refusal.status >= 500 or refusal.status in _NOT_NOW:
                raise
            self.refused.add(sha256)
            done.refused.append((sha256, refusal.slug))  # not to be had by trying again: kept on the phone, shown to the inspector
            return
        self._store.step("photo_sent")
        self._stored(sha256)
        done.sent.append(sha256)

    def _put(self, sha256: str, content: bytes, plan: Plan, done: Delivery) -> None:
        fault = plan.fault
        headers = {"Content-Type": "application/octet-stream"}
        for _ in self._patience.attempts(f"photo {sha256[:12]}"):
            try:
                answer = self._account.hand_in("PUT", f"/blobs/sha256/{sha256}", body=content, headers=headers, fault=fault)
            except Broken:
                done.breaks += 1
                fault = None
                continue
            if answer.status in BUSY:
                self._patience.as_told(answer.retry_after_s)
                continue
            self._fine(answer)
            done.by_put += 1
            return

    def _upload(self, sha256: str, content: bytes, plan: Plan, done: Delivery, *, url: str | None) -> None:
        """tus: create (or find again), send from the offset the server names, ask with HEAD after a break.

        Patience is counted from the last byte that arrived: a long photo over a bad line gets there piece by piece.
        """
        fault: dict[str, Fault | None] = {plan.where: plan.fault}
        furthest, offset, broken = -1, None, False
        while furthest < len(content):
            for _ in self._patience.attempts(f"photo {sha256[:12]}"):
                try:
                    if url is None:
                        url, offset = self._create(sha256, content, fault.pop("creation", None))
                        done.found_again += broken
                    elif offset is None:
                        offset = self._offset(url)
                        if offset is None:  # expired, or another server's: a new creation gives a new one
                            url = None
                            continue
                        if broken and offset:
                            done.resumed.append((sha256, offset, len(content)))
                    if offset < len(content):
                        broken = False
                        offset = self._send(url, offset, content, fault.pop("bytes", None))
                except Broken:
                    self._account.hang_up()
                    done.breaks += 1
                    broken, offset = True, None
                except Refused as refusal:
                    if refusal.status not in BUSY:
                        raise
                    self._patience.as_told(refusal.retry_after_s)
                    offset = None
                if offset is not None and offset > furthest:
                    furthest = offset
                    break

    def _create(self, sha256: str, content: bytes, fault: Fault | None) -> tuple[str, int]:
        """The upload's URL and offset. It derives from replica and hash: where the answer was lost, creating again finds the same one."""
        row = self._sql.execute("SELECT id, mime FROM photo WHERE sha256 = ?", (sha256,)).fetchone()
        words = {"sha256": sha256, "photo": row["id"], "mime": row["mime"]}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in words.items())
        headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": metadata}
        answer = self._fine(self._call("POST", "/uploads", headers=headers, fault=fault))
        self._store.step("upload_created")
        url = urlsplit(answer.headers["Location"]).path.removeprefix("/api/v1")
        self._sql.execute("UPDATE photo SET state = 'uploading', upload = ? WHERE sha256 = ?", (url, sha256))
        return url, int(answer.headers["Upload-Offset"])

    def _offset(self, url: str) -> int | None:
        answer = self._call("HEAD", url, headers=TUS)
        if answer.status in {404, 410}:
            return None
        return int(self._fine(answer).headers["Upload-Offset"])

    def _send(self, url: str, offset: int, content: bytes, fault: Fault | None) -> int | None:
        """Send a chunk; the offset after it, or None where it must be asked for."""
        chunk = content[offset : offset + self._chunk_bytes]
        answer = self._call("PATCH", url, body=chunk, headers={**TUS, "Content-Type": CHUNK, "Upload-Offset": str(offset)}, fault=fault)
        if answer.status in {404, 409, 410}:
            return None
        offset = int(self._fine(answer).headers["Upload-Offset"])
        self._store.step("chunk_sent")
        return offset

    def _call(self, method: str, path: str, **how: Any) -> Answer:
        return self._account.hand_in(method, path, **how)

    def _fine(self, answer: Answer) -> Answer:
        if answer.status >= 400:
            raise Refused(answer)
        return answer

    def _stored(self, sha256: str) -> None:
        """Stored there, so it may go here: after 30 days, or sooner where room is short."""
        now = dt.datetime.now(LOCAL).isoformat(timespec="seconds")
        self._sql.execute("UPDATE photo SET state = 'stored', stored = ? WHERE sha256 = ?", (now, sha256))
