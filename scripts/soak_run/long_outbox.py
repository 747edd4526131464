"""Fourteen days offline come home over a line that loses every third request: batches shrink and grow, and it ends."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from tests.make.bad_line import BadLine, Mix
from tests.make.district import DIRT, HOME
from tests.make.people import PASSWORD
from tests.make.server import Server
from tests.phone.ids import uuid7
from tests.phone.patience import Patience
from tests.phone.phone import Phone

_LOSS = 0.3


def deliver_long_outbox(server: Server, folder: Path, *, operations: int, seed: int) -> list[str]:
    """So many operations of one phone through a loss of 30 %; what does not hold."""
    with BadLine(server.url, seed=seed, plan=Mix.loss(_LOSS)) as line:
        phone = Phone(folder, line.url, timeout_s=20, patience=Patience(tries=30, first_s=0.02, most_s=1.0))
        try:
            phone.sign_in("lin", PASSWORD)
            phone.register()
            fill(phone, operations)
            began = time.monotonic()
            pushed = phone.push()
            taken = time.monotonic() - began
            server.worker_once()
            phone.pull()
            statuses = Counter(outcome.status for outcome in phone.outbox.outcomes())
        finally:
            phone.close()
        print(
            f"  long outbox: {operations} operations in {taken:.0f} s, {pushed.requests} requests, {pushed.breaks} broken, "
            f"answers {pushed.answers}, outcomes {dict(statuses)}"
        )
        return [] if statuses == {"applied": operations} else [f"of {operations} operations not all were applied: {dict(statuses)}"]


def fill(phone: Phone, operations: int) -> None:
    """Nine notes to each finding; one local transaction, for the days are over in a second."""
    finding = ""
    with phone.store.transaction():
        for number in range(operations):
            if number % 10 == 0:
                finding = str(uuid7())
                place = {"lon": HOME[0], "lat": HOME[1], "datum": "WGS-84"}
                payload = {"category": DIRT, "condition": 1, "place": place, "severity": 2, "photos": []}
                phone.do("record_finding", "finding", finding, payload)
            else:
                phone.do("add_note", "finding", finding, {"text": f"第 {number} 条"})
