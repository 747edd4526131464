"""A server restored from last night's backup: what it had acknowledged since then it may not have any more. The phones heal it.

Each answer names the epoch, one incarnation of the server's database. When it is another than before, everything above what the server
acknowledges now goes again, operations and photos. What it has already comes back as duplicate, so sending too much does no harm.
"""

from __future__ import annotations

import json

from tests.phone.store import Store


def meet(store: Store, epoch: str, acked_through: int) -> bool:
    """Take note of the server's epoch and of what it holds of this replica; whether work goes again. Part of the caller's transaction.

    A server that forgot without saying so (the same epoch, but less than it had acknowledged) is treated alike.
    """
    before, chain = store["epoch"], store["chain"]
    store["epoch"] = epoch
    if before is None or (epoch == before and (chain is None or chain["through"] <= acked_through)):
        return False
    store["chain"] = None
    _bring_back_archived(store)
    store.sql.execute("UPDATE outbox SET arrived = NULL, status = NULL, result = NULL WHERE seq > ?", (acked_through,))
    # Which photos it lacks it says when asked: see Album.deliver. An upload's address may mean nothing to it.
    store.sql.execute("UPDATE photo SET state = 'waiting', stored = NULL, upload = NULL")
    return True


def _bring_back_archived(store: Store) -> None:
    """What was settled under an earlier replica of this phone goes under the present one; the server knows each by its op id."""
    for row in store.sql.execute("SELECT seq, line FROM outbox WHERE seq < 0 ORDER BY seq DESC").fetchall():
        seq = store["last_seq"] = (store["last_seq"] or 0) + 1
        line = json.dumps({**json.loads(row["line"]), "seq": seq}, ensure_ascii=False, separators=(",", ":")).encode()
        store.sql.execute("UPDATE outbox SET seq = ?, line = ?, arrived = NULL WHERE seq = ?", (seq, line, row["seq"]))
