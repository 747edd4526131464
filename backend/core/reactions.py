"""Reactions: what follows from the journal. A table from event to function; each reaction keeps its own cursor and is safe to repeat.

At least once: the cursor moves after the work was committed, so a crash in between repeats the last entries.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core import act as acts
from backend.core.act import SYSTEM, Act
from backend.core.database.base import Base
from backend.core.journal import JournalEntry
from backend.core.perform import perform, reading
from backend.core.problems import Problem

log = logging.getLogger(__name__)
PAGE = 500


class ReactionCursor(Base):
    """Up to which journal entry this reaction has worked."""

    __tablename__ = "reaction_cursor"
    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry as reactions see it."""

    seq: int
    event: str
    subject_type: str
    subject: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reaction:
    """`follow` does what follows from an entry of one of these events; it runs in a transaction of its own."""

    name: str
    events: tuple[str, ...]
    follow: Callable[[Session, Act, Entry], object]


def catch_up(session: Session, reaction: Reaction) -> int:
    """Work through the entries after the reaction's cursor; how many there were of its events.

    An entry that is refused by a rule is logged and passed: the state it spoke of is gone. Any other fault stops the reaction before the
    entry, to be tried again: nothing is skipped silently.
    """
    done = 0
    while True:
        with reading(session):
            after = session.scalar(sa.select(ReactionCursor.seq).where(ReactionCursor.name == reaction.name)) or 0
            top, entries = _page(session, reaction.events, after)
        for entry in entries:
            act = acts.begin(SYSTEM)
            try:
                perform(session, act, _follow, reaction=reaction, entry=entry)
            except Problem as problem:
                log.warning("a reaction was refused", extra={"reaction": reaction.name, "entry": entry.seq, "problem": problem.document()})
            done += 1
        if top > after:
            perform(session, acts.begin(SYSTEM), _move_cursor, name=reaction.name, seq=top)
        if top == after or len(entries) < PAGE:
            return done


def _follow(session: Session, act: Act, *, reaction: Reaction, entry: Entry) -> None:
    reaction.follow(session, act, entry)


def _page(session: Session, events: Sequence[str], after: int) -> tuple[int, list[Entry]]:
    top = session.scalar(sa.select(sa.func.max(JournalEntry.seq))) or 0
    query = (
        sa.select(JournalEntry.seq, JournalEntry.event, JournalEntry.subject_type, JournalEntry.subject, JournalEntry.facts)
        .where(JournalEntry.seq > after, JournalEntry.seq <= top, JournalEntry.event.in_(events))
        .order_by(JournalEntry.seq)
        .limit(PAGE)
    )
    entries = [Entry(row.seq, row.event, row.subject_type, row.subject, orjson.loads(row.facts)) for row in session.execute(query)]
    return (entries[-1].seq if len(entries) == PAGE else top), entries


def _move_cursor(session: Session, _act: Act, *, name: str, seq: int) -> None:
    row = session.get(ReactionCursor, name, with_for_update=True)
    if row is None:
        session.add(ReactionCursor(name=name, seq=seq))
    else:
        row.seq = max(row.seq, seq)
