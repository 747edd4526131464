"""What waits in vain is looked at less and less often; whatever really changes wakes it at once all the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.sync.model import Waiting

FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)
_CHUNK = 400


def postpone_look(session: Session, act: Act, *, ops: Collection[UUID]) -> int:
    """Wait twice as long before these are judged again for what seems to be there; how many rows."""
    wanted = sorted(ops)
    rows = [
        row
        for start in range(0, len(wanted), _CHUNK)
        for row in session.scalars(sa.select(Waiting).where(Waiting.op.in_(wanted[start : start + _CHUNK])))
    ]
    for row in rows:
        row.not_before = act.at + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.tries, 20))
        row.tries += 1
    return len(rows)
