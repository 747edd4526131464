"""I2 and I3: each kept line has one outcome, what was done has history, and no entity was made twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.journal import Clock, JournalEntry
from backend.domains.findings.model.finding import Finding
from backend.domains.patrols.model import Patrol
from backend.domains.sync.model import KeptLine, Outcome, Progress, Push, Waiting
from backend.domains.sync.queries.kept import JUDGED_LANES
from backend.domains.sync.queries.verify.report import Violation, pages, stream
from backend.domains.sync.rules.verdicts import SATISFYING, UNDECIDED, Status

CREATING: dict[str, tuple[str, str, Any]] = {
    "finding": ("record_finding", "finding.recorded", Finding),
    "patrol": ("open_patrol", "patrol.opened", Patrol),
}
"""For each entity the operation and the event that make it, and its rows."""
AWAITING = tuple(code for code, (status, _) in UNDECIDED.items() if status == "deferred")
"""Why an operation waits for something that is named; other deferred ones wait for a person."""


@dataclass(slots=True)
class Open:
    """Lines without an outcome that are no violation."""

    just_kept: int = 0
    held_back: int = 0
    """Of replicas that an administrator must confirm first."""


def outcomes(session: Session, found: Open, *, now: dt.datetime, grace: dt.timedelta) -> Iterator[Violation]:
    """I2. A line kept within `grace` may still be on its way to judgement."""
    line = sa.select(KeptLine.op, KeptLine.replica, KeptLine.seq, KeptLine.lane, Push.received_at, Progress.ahead_at).join(
        Push, Push.id == KeptLine.push
    )
    line = line.outerjoin(Progress, Progress.replica == KeptLine.replica).outerjoin(Outcome, Outcome.op == KeptLine.op)
    for row in stream(session, line.where(KeptLine.lane.in_(JUDGED_LANES), Outcome.op.is_(None))):
        if row.received_at > now - grace:
            found.just_kept += 1
        elif row.ahead_at is not None:
            found.held_back += 1
        else:
            yield Violation("I2", f"replica {row.replica} seq {row.seq} op {row.op}", f"kept at {row.received_at.isoformat()}, no outcome")
    kept = sa.select(KeptLine.op).where(KeptLine.op == Outcome.op, KeptLine.replica == Outcome.replica, KeptLine.lane.in_(JUDGED_LANES))
    for row in stream(session, sa.select(Outcome.op, Outcome.replica, Outcome.seq).where(~kept.exists())):
        yield Violation("I2", f"op {row.op}", f"an outcome without a kept line of replica {row.replica} (seq {row.seq})")
    unknown = Outcome.status.not_in(get_args(Status))
    for row in stream(session, sa.select(Outcome.op, Outcome.status).where(unknown)):
        yield Violation("I2", f"op {row.op}", f"{row.status!r} is no status")
    yield from _counters(session, now=now, grace=grace)
    yield from _waiting(session)


def _counters(session: Session, *, now: dt.datetime, grace: dt.timedelta) -> Iterator[Violation]:
    """What each replica is said to have unjudged, against its lines. One that pushed within `grace` may be counting just now."""
    open_lines = (
        sa.select(KeptLine.replica, sa.func.count().label("count"))
        .outerjoin(Outcome, Outcome.op == KeptLine.op)
        .where(KeptLine.lane.in_(JUDGED_LANES), sa.or_(Outcome.op.is_(None), Outcome.status == "received"))
        .group_by(KeptLine.replica)
        .subquery()
    )
    count = sa.func.coalesce(open_lines.c.count, 0)
    query = sa.select(Progress.replica, Progress.unjudged, Progress.last_push_at, count.label("count"))
    query = query.outerjoin(open_lines, open_lines.c.replica == Progress.replica).where(Progress.unjudged != count)
    for row in stream(session, query):
        if row.last_push_at is None or row.last_push_at <= now - grace:
            yield Violation("I2", f"replica {row.replica}", f"{row.unjudged} operations are said to be unjudged, {row.count} are")


def _waiting(session: Session) -> Iterator[Violation]:
    query = sa.select(Waiting.op, Waiting.awaits, Outcome.status).outerjoin(Outcome, Outcome.op == Waiting.op)
    for row in stream(session, query.where(sa.or_(Outcome.op.is_(None), Outcome.status != "deferred"))):
        yield Violation("I2", f"op {row.op}", f"said to wait for {row.awaits}, although it is {row.status or 'not judged'}")
    waits = sa.select(Waiting.op).where(Waiting.op == Outcome.op).exists()
    lost = sa.select(Outcome.op, Outcome.code).where(Outcome.status == "deferred", Outcome.code.in_(AWAITING), ~waits)
    for row in stream(session, lost):
        yield Violation("I2", f"op {row.op}", f"deferred ({row.code}), and nothing will wake it")


def history(session: Session) -> Iterator[Violation]:
    """I3. What was done has entries in the journal and its entity; what is there was made once."""
    top = session.scalar(sa.select(Clock.seq)) or 0
    entry = sa.select(JournalEntry.seq).where(JournalEntry.op == Outcome.op)
    done = Outcome.status.in_(sorted(SATISFYING))
    for row in stream(session, sa.select(Outcome.op, Outcome.status).where(done, ~entry.exists())):
        yield Violation("I3", f"op {row.op}", f"{row.status}, and the journal has nothing of it")
    ahead = sa.or_(Outcome.changed_seq > top, Outcome.at_seq > top)
    for row in stream(session, sa.select(Outcome.op, Outcome.changed_seq).where(ahead)):
        yield Violation("I3", f"op {row.op}", f"its outcome has the number {row.changed_seq}, the clock stands at {top}")
    for kind, (verb, event, model) in CREATING.items():
        there = sa.select(model.id).where(model.id == Outcome.entity)
        made = sa.and_(Outcome.verb == verb, Outcome.status.in_(("applied", "merged")))
        for row in stream(session, sa.select(Outcome.op, Outcome.entity).where(made, ~there.exists())):
            yield Violation("I3", f"{kind} {row.entity}", f"made by op {row.op}, and not there")
        yield from _made_once(session, kind, event, model)


def _made_once(session: Session, kind: str, event: str, model: Any) -> Iterator[Violation]:
    for page in pages(session, sa.select(model.id, model.version).order_by(model.id)):
        subjects = [str(row.id) for row in page]
        first = sa.func.sum(sa.case((JournalEntry.event == event, 1), else_=0))
        query = sa.select(JournalEntry.subject, first.label("made"), sa.func.max(JournalEntry.version).label("version"))
        query = query.where(JournalEntry.subject.in_(subjects), JournalEntry.subject_type == kind).group_by(JournalEntry.subject)
        told = {row.subject: row for row in session.execute(query)}
        for row in page:
            entries = told.get(str(row.id))
            if entries is None or entries.made != 1:
                yield Violation("I3", f"{kind} {row.id}", f"made {entries.made if entries else 0} times, by the journal's {event}")
            elif entries.version != row.version:
                yield Violation("I3", f"{kind} {row.id}", f"its version is {row.version}, the journal knows {entries.version}")
