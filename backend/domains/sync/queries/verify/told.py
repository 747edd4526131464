"""I3: each outcome is what the journal tells of its operation, and whoever took it off a list stands there, too."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.journal import JournalEntry
from backend.domains.sync.model import Decision, KeptLine, Outcome, Waiting
from backend.domains.sync.queries.verify.report import Violation, pages, stream
from backend.domains.sync.rules.told import fault_of, fault_of_wait
from backend.domains.sync.rules.verdicts import FINAL, REOPENED, SATISFYING


def told(session: Session, *, now: dt.datetime, grace: dt.timedelta) -> Iterator[Violation]:
    """Outcomes, what took them off the list, and what is waited for.

    Of a line beside the sequence that somebody deleted nothing is left to find it by, unless the desk decided on it: a push counts
    lines that were known before, and those are not kept again.
    """
    yield from _outcomes(session)
    yield from _settled(session)
    yield from _reopened(session)
    yield from _awaited(session, now=now, grace=grace)
    line = sa.select(KeptLine.push).where(KeptLine.push == Decision.subject, KeptLine.line == Decision.number).exists()
    for row in stream(session, sa.select(Decision.subject, Decision.number).where(Decision.about == "line", ~line)):
        yield Violation("I4", f"push {row.subject} line {row.number}", "the desk decided on it, and it is not there")


def _outcomes(session: Session) -> Iterator[Violation]:
    """The entry with the outcome's number is the operation's, and tells of such an outcome."""
    entry = JournalEntry
    query = sa.select(Outcome.op, Outcome.status, Outcome.code, Outcome.at_seq, Outcome.changed_seq)
    query = query.add_columns(entry.op.label("of"), entry.subject, entry.subject_type, entry.event, entry.facts)
    for row in stream(session, query.outerjoin(entry, entry.seq == Outcome.at_seq)):
        subject = f"op {row.op}"
        if row.at_seq is None or row.event is None:
            yield Violation("I3", subject, f"{row.status}, with the number {row.at_seq}, which the journal has not")
        elif row.of != row.op and row.subject != str(row.op):
            yield Violation("I3", subject, f"{row.status}, with the number {row.at_seq}, which is of {row.subject_type} {row.subject}")
        else:
            known = orjson.loads(row.facts).get("code") if row.subject_type == "operation" else None
            fault = fault_of(row.status, row.code, row.event, known, own=row.subject_type == "operation")
            if fault is not None:
                yield Violation("I3", subject, f"{fault} (number {row.at_seq})")
        if row.at_seq is not None and row.changed_seq < row.at_seq:
            yield Violation(
                "I3", subject, f"last changed at {row.changed_seq}, before it was at {row.at_seq}: its phone may never learn it"
            )


def _settled(session: Session) -> Iterator[Violation]:
    """What was taken off the list of exceptions was so by an act about the operation, or about what it is on, at that moment."""
    query = sa.select(Outcome.op, Outcome.entity, Outcome.settled_at).where(Outcome.settled_at.is_not(None))
    for page in pages(session, query):
        names = {str(name) for row in page for name in (row.op, row.entity) if name is not None}
        told_at = _moments(session, names)
        for row in page:
            if row.settled_at not in told_at[str(row.op)] | told_at[str(row.entity)]:
                yield Violation(
                    "I3", f"op {row.op}", f"taken off the list at {row.settled_at.isoformat()}, and the journal has nothing of it"
                )


def _moments(session: Session, subjects: set[str]) -> dict[str, set[dt.datetime]]:
    found: dict[str, set[dt.datetime]] = defaultdict(set)
    for row in session.execute(sa.select(JournalEntry.subject, JournalEntry.at).where(JournalEntry.subject.in_(sorted(subjects)))):
        found[row.subject].add(row.at)
    return found


def _reopened(session: Session) -> Iterator[Violation]:
    """What the desk opened again it decided to."""
    decided = sa.select(Decision.id).where(Decision.op == Outcome.op, Decision.kind.in_(("redriven", "repaired"))).exists()
    for row in stream(session, sa.select(Outcome.op).where(Outcome.code == REOPENED, ~decided)):
        yield Violation("I3", f"op {row.op}", "opened again, and nobody decided so")


def _awaited(session: Session, *, now: dt.datetime, grace: dt.timedelta) -> Iterator[Violation]:
    """What is waited for is of the kind its outcome says; an operation that is settled is waited for no longer than `grace`."""
    query = sa.select(Waiting.op, Waiting.awaits, Outcome.status, Outcome.code, Outcome.judged_at).join(Outcome, Outcome.op == Waiting.op)
    for page in pages(session, query.order_by(Waiting.op)):
        keys = {row: _operation(row.awaits) for row in page}
        others = {op for op in keys.values() if op is not None}
        known = session.execute(sa.select(Outcome.op, Outcome.status, Outcome.judged_at).where(Outcome.op.in_(others)))
        judged: dict[UUID | None, Any] = {row.op: row for row in known}
        for row, op in keys.items():
            fault = fault_of_wait(row.op, row.code, row.awaits)
            other = judged.get(op)
            enough = SATISFYING if row.awaits.startswith("op:") else FINAL
            if fault is not None:
                yield Violation("I2", f"op {row.op}", fault)
            elif other is not None and other.status in enough and max(other.judged_at, row.judged_at) <= now - grace:
                yield Violation(
                    "I2", f"op {row.op}", f"waits for {row.awaits}, which is {other.status} since {other.judged_at.isoformat()}"
                )


def _operation(awaits: str) -> UUID | None:
    kind, _, name = awaits.partition(":")
    try:
        return UUID(name) if kind in {"op", "settled"} else None
    except ValueError:
        return None
