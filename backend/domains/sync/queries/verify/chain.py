"""I4, the journal's half: its entries are numbered without a gap and chained by hashes; each deed hangs on an entry."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.deeds import Deed
from backend.core.journal import GENESIS, Clock, JournalEntry, digest
from backend.domains.sync.queries.verify.report import Violation, stream


def journal(session: Session) -> Iterator[Violation]:
    """The chain from the first entry to the clock's head. After a break it goes on from the hash that stands there."""
    clock = session.execute(sa.select(Clock.seq, Clock.head)).one()
    last, head = 0, GENESIS
    for row in stream(session, sa.select(JournalEntry.__table__).order_by(JournalEntry.seq)):
        if row.seq != last + 1:
            yield Violation("I4", f"journal {last + 1}", f"entries {last + 1} to {row.seq - 1} are not there")
        elif digest(head, dict(row._mapping)) != row.hash:  # noqa: SLF001 - the documented way to a row's columns by name
            yield Violation("I4", f"journal {row.seq}", f"{row.event} of {row.subject_type} {row.subject} is not what was chained")
        last, head = row.seq, row.hash
    if (last, head) != (clock.seq, clock.head):
        yield Violation("I4", "clock", f"it stands at {clock.seq} {clock.head.hex()[:16]}, the journal ends with {last} {head.hex()[:16]}")
    entry = sa.select(JournalEntry.seq).where(JournalEntry.seq == Deed.seq)
    for row in stream(session, sa.select(Deed.seq, Deed.name).where(~entry.exists())):
        yield Violation("I4", f"deed {row.seq}", f"{row.name} hangs on an entry that is not there")
