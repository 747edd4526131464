"""The phone's copy of what its user may see, kept up by pull: each page is applied in one local transaction with its cursor."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.phone.outbox import UNSETTLED, Outbox
from tests.phone.store import Store


class Mirror:
    """Documents by type and id, and in which scopes each is."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._sql = store.sql
        self._outbox = outbox

    @property
    def cursor(self) -> str | None:
        """Where the last page ended; None asks for a first sync."""
        found: str | None = self._store["cursor"]
        return found

    @property
    def ready(self) -> bool:
        """Whether there is a whole copy: a first sync came to its last page. Half a copy is never shown."""
        return self._store["copy"] is not None

    def begin_again(self) -> None:
        """The cursor expired: the next pages build a new copy beside the old one. The outbox is not touched."""
        with self._store.transaction():
            self._store["building"] = self._building() + 1
            self._store["cursor"] = None

    def apply(self, page: dict[str, Any]) -> None:
        """Take in one page, all of it or nothing."""
        with self._store.transaction():
            copy = self._building()
            for scope in [*page["resync"], *page["scopes"]["dropped"]]:
                # What the server found different comes anew, from this page on; what is out of scope goes, unless work on it is unsettled.
                self._sql.execute("DELETE FROM member WHERE copy = ? AND scope = ?", (copy, scope))
            for change in page["changes"]:
                self._take(copy, change)
            self._outbox.take_results(page["results"])
            if page["resync"] or page["scopes"]["dropped"] or page["results"] or any(change["k"] == "drop" for change in page["changes"]):
                self._drop_unscoped(copy)
            self._store["cursor"] = page["cursor"]
            if not page["more"] and copy != self._store["copy"]:
                self._take_its_place(copy)

    def docs(self, kind: str) -> dict[str, dict[str, Any]]:
        """All documents of a type, by id; none before `ready`."""
        rows = self._sql.execute("SELECT id, doc FROM doc WHERE copy = ? AND type = ?", (self._store["copy"], kind))
        return {row["id"]: json.loads(row["doc"]) for row in rows}

    def digest(self) -> dict[str, list[Any]]:
        """For each scope the count, and the sum mod 2^64 of the first 8 bytes of SHA-256(type|id|ver): the server says which differ."""
        sums: dict[str, list[int]] = {}
        rows = self._sql.execute(
            "SELECT scope, type, id, ver FROM member JOIN doc USING (copy, type, id) WHERE copy = ?", (self._store["copy"],)
        )
        for row in rows:
            eight = hashlib.sha256(f"{row['type']}|{row['id']}|{row['ver']}".encode()).digest()[:8]
            own = sums.setdefault(row["scope"], [0, 0])
            own[0] += 1
            own[1] = (own[1] + int.from_bytes(eight, "big")) % 2**64
        return {scope: [count, f"{total:016x}"] for scope, (count, total) in sums.items()}

    def _building(self) -> int:
        """The copy that pages go into: the one being built, else the whole one."""
        return int(self._store["building"] or self._store["copy"] or 1)

    def _take_its_place(self, copy: int) -> None:
        """The new copy is whole. Of the old one only that stays which has unsettled work and came no more."""
        self._sql.execute(
            f"UPDATE OR IGNORE doc SET copy = ? WHERE copy = ? AND id IN (SELECT entity FROM outbox WHERE {UNSETTLED})",
            (copy, self._store["copy"]),
        )
        self._store["copy"], self._store["building"] = copy, None
        self._sql.execute("DELETE FROM doc WHERE copy <> ?", (copy,))
        self._sql.execute("DELETE FROM member WHERE copy <> ?", (copy,))

    def _take(self, copy: int, change: dict[str, Any]) -> None:
        key = (copy, change["type"], change["id"])
        self._sql.execute("DELETE FROM member WHERE copy = ? AND type = ? AND id = ?", key)
        if change["k"] == "put":
            values = (*key, change["ver"], json.dumps(change["doc"], ensure_ascii=False))
            self._sql.execute("INSERT OR REPLACE INTO doc VALUES (?, ?, ?, ?, ?)", values)
            self._sql.executemany("INSERT INTO member VALUES (?, ?, ?, ?)", [(copy, scope, *key[1:]) for scope in change["scopes"]])

    def _drop_unscoped(self, copy: int) -> None:
        """Documents in no scope go, but for those with work that is unsent or unsettled."""
        self._sql.execute(
            f"""
            DELETE FROM doc WHERE copy = ?
            AND NOT EXISTS (SELECT 1 FROM member WHERE member.copy = doc.copy AND member.type = doc.type AND member.id = doc.id)
            AND id NOT IN (SELECT entity FROM outbox WHERE {UNSETTLED})
            """,
            (copy,),
        )
