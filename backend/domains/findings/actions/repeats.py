"""Repeat problems: a finding names the last one of the same place and category that was closed before it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row
from backend.core.deeds import deed
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.repeats import repeats


@deed
def note_repeat(session: Session, act: Act, *, finding: UUID, of: UUID | None) -> Finding | None:
    """The finding repeats this one, as whoever looked for it found (None: it repeats nothing). Safe to repeat; tells only a change.

    What was found is looked at again under the lock: it may have been reopened or corrected since.
    """
    for each in sorted({finding, of or finding}):  # in one order, whichever repeats which
        lock_row(session, Finding, each)
    row = lock_row(session, Finding, finding)
    earlier = lock_row(session, Finding, of) if of is not None else None
    if row is None:
        return None
    found = earlier.id if earlier is not None and repeats(row, earlier) else None
    if row.repeat_of == found:
        return None
    before, row.repeat_of = row.repeat_of, found
    row.version += 1
    tell(act, "finding.repeat_noted", row, repeat_of=found, before=before)
    return row
