"""Two things that happen to the feed as a whole and not to what is in it: a new incarnation begins, and what ended long ago is forgotten.

Everything else is written by `journal.seal` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.journal import Clock, FeedMember


class Absent(NamedTuple):
    """A membership that ended, as it was found."""

    scope: str
    subject_type: str
    subject: str
    seq: int


def begin_epoch(session: Session, act: Act) -> str:
    """Begin a new incarnation of this database, told as `epoch.changed`; its name."""
    before = session.scalar(sa.select(Clock.epoch).with_for_update())
    after = str(act.new_id())
    session.execute(sa.update(Clock).values(epoch=after))
    act.tell("epoch.changed", "database", after, before=before)
    return after


def forget(session: Session, keys: Sequence[Absent]) -> int:
    """Delete these memberships where they are still as they were found; how many were."""
    done = 0
    for key in keys:
        values = {"its_scope": key.scope, "its_type": key.subject_type, "its_subject": key.subject, "its_seq": key.seq}
        done += session.connection().execute(_FORGET, values).rowcount
    return done


_TABLE = table_of(FeedMember)
_FORGET = sa.delete(_TABLE).where(
    _TABLE.c.scope == sa.bindparam("its_scope"),
    _TABLE.c.subject_type == sa.bindparam("its_type"),
    _TABLE.c.subject == sa.bindparam("its_subject"),
    _TABLE.c.seq == sa.bindparam("its_seq"),
    _TABLE.c.present.is_(False),
)
