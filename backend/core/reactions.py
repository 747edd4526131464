"""Reactions: what follows from the journal. A table from event to function; each reaction keeps its own cursor and is safe to repeat.

A page of entries and the cursor share a commit; two workers on one page are harmless, because each reaction looks at the present state.
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
from backend.core.perform import Step, perform, perform_run, reading
from backend.core.problems import Problem

log = logging.getLogger(__name__)
PAGE = 100


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
    """`follow` does what follows from an entry of one of these events. Entries that do not `concern` it cost nothing.

    With `once` the subject is followed once for all its entries of a page: for reactions that look at the present state.
    """

    name: str
    events: tuple[str, ...]
    follow: Callable[[Session, Act, Entry], object]
    concerns: Callable[[Entry], bool] = lambda _entry: True
    once: bool = True


def catch_up(session: Session, reaction: Reaction) -> int:
    """Work through the entries after the reaction's cursor; how many it followed.

    A page of entries shares a commit with the cursor. An entry that a rule refuses is logged and passed: the state it spoke of is gone. One
    that fails otherwise is logged as an error and passed too, so that it stops nobody else's; what it left undone is in the log.
    """
    done = 0
    while True:
        with reading(session):
            after = session.scalar(sa.select(ReactionCursor.seq).where(ReactionCursor.name == reaction.name)) or 0
            top, entries = _page(session, reaction.events, after)
        if top == after:
            return done
        chosen = _chosen(reaction, entries)
        steps = [_step(reaction, entry) for entry in chosen]
        if steps:
            perform_run(session, steps, record=lambda writer, _results: _move_cursor(writer, name=reaction.name, seq=top))  # noqa: B023 - runs now
        else:
            perform(session, acts.begin(SYSTEM), lambda writer, _act: _move_cursor(writer, name=reaction.name, seq=top))  # noqa: B023
        done += len(steps)


def _chosen(reaction: Reaction, entries: Sequence[Entry]) -> list[Entry]:
    concerned = [entry for entry in entries if reaction.concerns(entry)]
    if not reaction.once:
        return concerned
    return list({entry.subject: entry for entry in concerned}.values())


def _step(reaction: Reaction, entry: Entry) -> Step[None]:
    def do(session: Session, act: Act) -> None:
        reaction.follow(session, act, entry)

    def refused(_session: Session, _act: Act, fault: Exception) -> None:
        facts = {"reaction": reaction.name, "entry": entry.seq, "fault": str(fault)[:500]}
        log.log(logging.WARNING if isinstance(fault, Problem) else logging.ERROR, "a reaction did not follow", extra=facts)

    return Step(act=acts.begin(SYSTEM), do=do, refused=refused)


def _page(session: Session, events: Sequence[str], after: int) -> tuple[int, list[Entry]]:
    top = session.scalar(sa.select(sa.func.max(JournalEntry.seq))) or 0
    query = (
        sa.select(JournalEntry.seq, JournalEntry.event, JournalEntry.subject_type, JournalEntry.subject, JournalEntry.facts)
        .where(JournalEntry.seq > after, JournalEntry.seq <= top, JournalEntry.event.in_(events))
        .order_by(JournalEntry.seq)
        .limit(PAGE)
    )
    rows = session.execute(query).all()
    entries = [Entry(row.seq, row.event, row.subject_type, row.subject, orjson.loads(row.facts)) for row in rows]
    return (entries[-1].seq if len(entries) == PAGE else top), entries


def _move_cursor(session: Session, *, name: str, seq: int) -> None:
    row = session.get(ReactionCursor, name, with_for_update=True)
    if row is None:
        session.add(ReactionCursor(name=name, seq=seq))
    else:
        row.seq = max(row.seq, seq)
