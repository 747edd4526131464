"""Reactions: what follows from the journal. A table from event to function; each reaction keeps its own cursor and is safe to repeat.

A page of entries and the cursor share a commit; of two workers on one page the second finds it done.
What fails unexpectedly stops nothing behind it: it is kept and tried again, later and later, until it succeeds or a rule refuses it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core import act as acts
from backend.core.act import SYSTEM, Act
from backend.core.database.base import Base, table_of
from backend.core.database.engine import is_sqlite
from backend.core.journal import JournalEntry
from backend.core.perform import Step, perform, perform_run, reading
from backend.core.problems import Problem

log = logging.getLogger(__name__)
PAGE = 100
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)


class ReactionCursor(Base):
    """Up to which journal entry this reaction has worked."""

    __tablename__ = "reaction_cursor"
    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]


class ReactionRetry(Base):
    """An entry that this reaction failed to follow by a fault of ours: how often, and when it is tried again."""

    __tablename__ = "reaction_retry"
    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempts: Mapped[int]
    next_at: Mapped[dt.datetime]
    __table_args__ = (sa.Index(None, "name", "next_at"),)


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


def pause(attempts: int) -> dt.timedelta:
    """How long to wait after this many failures: a minute, doubled each time, at most six hours."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


def catch_up(session: Session, reaction: Reaction) -> int:
    """Try again what failed before and is due, then work through the entries after the reaction's cursor; how many it followed.

    A page of entries shares a commit with the cursor. An entry that a rule refuses is logged and passed: the state it spoke of is gone. One
    that fails otherwise is logged as an error, kept in `reaction_retry` and passed, so that it stops nobody else's.
    """
    done = _try_again(session, reaction)
    while True:
        with reading(session):
            after = session.scalar(sa.select(ReactionCursor.seq).where(ReactionCursor.name == reaction.name)) or 0
            top, entries = _page(session, reaction.events, after)
        if top == after:
            return done
        chosen = _chosen(reaction, entries)
        if chosen:
            try:
                _follow(session, reaction, chosen, after=after, top=top)
            except _Overtaken:
                continue
        else:
            perform(session, acts.begin(SYSTEM), _pass_over, name=reaction.name, seq=top)
        done += len(chosen)


class _Overtaken(Exception):
    """Another worker has done this page meanwhile."""


def _follow(session: Session, reaction: Reaction, entries: Sequence[Entry], *, after: int, top: int) -> None:
    at = acts.begin(SYSTEM).at

    def hold(writer: Session) -> None:
        """Two workers on one page take turns: who comes second finds it done."""
        writer.execute(_insert(writer, ReactionCursor).values(name=reaction.name, seq=0).on_conflict_do_nothing())
        query = sa.select(ReactionCursor.seq).where(ReactionCursor.name == reaction.name).with_for_update()
        if (writer.scalar(query) or 0) != after:
            raise _Overtaken

    def record(writer: Session, failed: list[bool]) -> None:
        kept = [entry.seq for entry, again in zip(entries, failed, strict=True) if again]
        for seq in kept:
            values = {"name": reaction.name, "seq": seq, "attempts": 1, "next_at": at + pause(1)}
            writer.execute(_insert(writer, ReactionRetry).values(values).on_conflict_do_nothing())
        _move_cursor(writer, name=reaction.name, seq=top)

    perform_run(session, [_step(reaction, entry) for entry in entries], prepare=hold, record=record)


def _try_again(session: Session, reaction: Reaction) -> int:
    at = acts.begin(SYSTEM).at
    with reading(session):
        query = (
            _entries()
            .add_columns(ReactionRetry.attempts)
            .join(ReactionRetry, sa.and_(ReactionRetry.seq == JournalEntry.seq, ReactionRetry.name == reaction.name))
            .where(ReactionRetry.next_at <= at)
            .order_by(JournalEntry.seq)
            .limit(PAGE)
        )
        rows = session.execute(query).all()
    if not rows:
        return 0
    attempts = [row.attempts + 1 for row in rows]

    def record(writer: Session, failed: list[bool]) -> None:
        for row, count, again in zip(rows, attempts, failed, strict=True):
            this = sa.and_(ReactionRetry.name == reaction.name, ReactionRetry.seq == row.seq)
            if again:
                writer.execute(sa.update(ReactionRetry).where(this).values(attempts=count, next_at=at + pause(count)))
            else:
                writer.execute(sa.delete(ReactionRetry).where(this))

    steps = [_step(reaction, _entry(row), attempt=count) for row, count in zip(rows, attempts, strict=True)]
    perform_run(session, steps, record=record)
    return len(steps)


def _chosen(reaction: Reaction, entries: Sequence[Entry]) -> list[Entry]:
    concerned = [entry for entry in entries if reaction.concerns(entry)]
    if not reaction.once:
        return concerned
    return list({entry.subject: entry for entry in concerned}.values())


def _step(reaction: Reaction, entry: Entry, *, attempt: int = 1) -> Step[bool]:
    """A step whose result says whether it must be tried again."""

    def do(session: Session, act: Act) -> bool:
        reaction.follow(session, act, entry)
        return False

    def refused(_session: Session, _act: Act, fault: Exception) -> bool:
        expected = isinstance(fault, Problem)
        facts = {"reaction": reaction.name, "entry": entry.seq, "attempt": attempt, "fault": str(fault)[:500]}
        log.log(logging.WARNING if expected else logging.ERROR, "a reaction did not follow", extra=facts)
        return not expected

    return Step(act=acts.begin(SYSTEM), do=do, refused=refused)


def _page(session: Session, events: Sequence[str], after: int) -> tuple[int, list[Entry]]:
    top = session.scalar(sa.select(sa.func.max(JournalEntry.seq))) or 0
    query = (
        _entries()
        .where(JournalEntry.seq > after, JournalEntry.seq <= top, JournalEntry.event.in_(events))
        .order_by(JournalEntry.seq)
        .limit(PAGE)
    )
    entries = [_entry(row) for row in session.execute(query)]
    return (entries[-1].seq if len(entries) == PAGE else top), entries


def _entries() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(JournalEntry.seq, JournalEntry.event, JournalEntry.subject_type, JournalEntry.subject, JournalEntry.facts)


def _entry(row: sa.Row[*tuple[Any, ...]]) -> Entry:
    return Entry(row.seq, row.event, row.subject_type, row.subject, orjson.loads(row.facts))


def _pass_over(session: Session, _act: Act, *, name: str, seq: int) -> None:
    _move_cursor(session, name=name, seq=seq)


def _move_cursor(session: Session, *, name: str, seq: int) -> None:
    """Never back, and never two rows: at the first start several may come here at once."""
    session.execute(_insert(session, ReactionCursor).values(name=name, seq=0).on_conflict_do_nothing())
    session.execute(sa.update(ReactionCursor).where(ReactionCursor.name == name, ReactionCursor.seq < seq).values(seq=seq))


def _insert(session: Session, kind: type[Base]) -> Any:
    return (sqlite.insert if is_sqlite(session) else postgresql.insert)(table_of(kind))
