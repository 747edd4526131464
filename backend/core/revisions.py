"""Reference data held in memory and renewed when another process changed it.

A table names the revision of each body of reference data. A `Held` keeps what it loaded together with that token, per process, and loads
again when the token changed: one small read a transaction, no messages between processes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core.act import Act
from backend.core.database.base import Base

T = TypeVar("T")


class Revision(Base):
    """Which revision of this body of reference data is in force; a new token at each change, equal to no other anywhere."""

    __tablename__ = "revision"
    name: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[UUID]


def bump(session: Session, act: Act, name: str) -> None:
    """Say that it changed; the writing action calls it."""
    row = session.get(Revision, name, with_for_update=True)
    if row is None:
        session.add(Revision(name=name, token=act.new_id()))
    else:
        row.token = act.new_id()
    session.flush()
    session.info.pop("revisions", None)


def current(session: Session, name: str) -> UUID | None:
    """Its present token, read once a transaction; None when it was never filled."""
    seen = session.info.get("revisions")
    if seen is None or seen[0] is not session.get_transaction():
        read = {row.name: row.token for row in session.execute(sa.select(Revision.name, Revision.token))}
        seen = (session.get_transaction(), read)
        session.info["revisions"] = seen
    return cast("UUID | None", seen[1].get(name))


class Held(Generic[T]):
    """What `load` made of the tables, for as long as the revision `name` stands still."""

    def __init__(self, name: str, load: Callable[[Session], T]) -> None:
        self.name = name
        self._load = load
        self._held: tuple[UUID | None, T] | None = None
        self._lock = threading.Lock()

    def get(self, session: Session) -> T:
        """The present value; shared between threads, so it must not be changed."""
        now = current(session, self.name)
        held = self._held
        if held is not None and held[0] == now:
            return held[1]
        with self._lock:
            value = self._load(session)
            self._held = (now, value)
            return value
