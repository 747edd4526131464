"""Questions about steps: those done and the present one of a finding, and those that a new calendar moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.journal import JournalEntry
from backend.domains.deadlines import queries as deadlines
from backend.domains.findings.model.finding import Finding, Step
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.steps import is_late


@dataclass(frozen=True, slots=True)
class Told:
    """A finding's state when something was told of it: at the server's time, at corrected time, by whom."""

    state: str
    at: dt.datetime
    happened_at: dt.datetime
    actor: UUID | None


def states_told(session: Session, finding: UUID) -> Iterator[Told]:
    """The states that the journal knows the finding in, in its order."""
    columns = (JournalEntry.at, JournalEntry.happened_at, JournalEntry.actor, JournalEntry.facts)
    query = sa.select(*columns).where(JournalEntry.subject == str(finding), JournalEntry.subject_type == "finding")
    for at, happened_at, actor, facts in session.execute(query.order_by(JournalEntry.seq)):
        state = orjson.loads(facts).get("state")
        if state is not None:
            yield Told(state, at, happened_at, actor)


def list_without_steps(session: Session, *, limit: int, after: UUID | None) -> Sequence[UUID]:
    """At most `limit` findings after this one that were there before steps and watched deadlines were kept, by id."""
    words = Finding.step.is_(None), Finding.steps == sa.literal_column("0", sa.BigInteger())
    own = sa.select(Finding.id).where(*words, *([] if after is None else [Finding.id > after])).order_by(Finding.id).limit(limit)
    unwatched = sa.select(Dispatch.finding).where(Dispatch.policy.is_(None), *([] if after is None else [Dispatch.finding > after]))
    found = {*session.scalars(own), *session.scalars(unwatched.order_by(Dispatch.finding).limit(limit))}
    return sorted(found)[:limit]


def list_stale_steps(session: Session, *, limit: int) -> list[UUID]:
    """Findings whose present step's deadline an earlier version of the calendar decided, at most `limit`."""
    version = deadlines.calendar(session).version
    query = sa.select(Finding.id).where(Finding.step.is_not(None), Finding.step_calendar < version)
    return list(session.scalars(query.order_by(Finding.step, Finding.step_due, Finding.id).limit(limit)))


def last_step(session: Session, row: Finding) -> str | None:
    """The step that was done last; None where none was kept."""
    return session.scalar(sa.select(Step.step).where(Step.finding == row.id, Step.number == row.steps))


def steps_of(session: Session, row: Finding) -> list[dict[str, Any]]:
    """The steps of a finding that are done, in order, and the present one: since when, until when, done when, and whether late."""
    query = sa.select(Step).where(Step.finding == row.id).order_by(Step.number)
    done = [
        {
            "step": each.step,
            "started_at": each.started_at,
            "limit": {"value": each.limit_value, "unit": each.limit_unit} if each.limit_value is not None else None,
            "due": each.due,
            "done_at": each.done_at,
            "late": is_late(each.due, each.done_at),
        }
        for each in session.scalars(query)
    ]
    if row.step is None:
        return done
    return [*done, {"step": row.step, "started_at": row.step_since, "limit": None, "due": row.step_due, "done_at": None, "late": None}]
