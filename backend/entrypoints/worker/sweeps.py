"""Sweeps: what is due by now is found by a query, page by page, and done by one small deed a row. The table, and what goes through it.

Each deed looks again at the present state under the row's lock, so that two workers, or one that died in the middle, do nothing twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy.orm import Session

from backend.core import act as acts
from backend.core.act import SYSTEM, Act
from backend.core.http.callers import session
from backend.core.perform import Step, perform_run, reading
from backend.core.problems import Problem
from backend.domains.findings.actions import catching_up, escalate, looking, steps, supervise, suspensions
from backend.domains.findings.queries import due
from backend.domains.findings.queries import looking as looks
from backend.domains.findings.queries.hands import list_late_replies
from backend.domains.findings.queries.steps import list_stale_steps, list_without_steps
from backend.domains.findings.queries.suspensions import list_due_suspensions

log = logging.getLogger(__name__)
PAGE = 200
_RUN = 50
"""So many deeds share a commit: the writers' turn is given back between them."""

_AGAIN = "again"

Page = tuple[Sequence[UUID], Any]
"""Rows that are due, and where the next page begins; None: there is none."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """`due` gives the rows that are due at a moment, a page after another; `do` is the deed, called with the row's id as `named`."""

    name: str
    due: Callable[[Session, dt.datetime, Any], Page]
    do: Callable[..., object]
    named: str


def _overdue(reader: Session, at: dt.datetime, after: Any) -> Page:
    found = due.list_due_dispatches(reader, at=at, limit=PAGE, after=after)
    return [dispatch for _, dispatch in found], found[-1] if len(found) == PAGE else None


def _unattended(reader: Session, at: dt.datetime, after: Any) -> Page:
    return due.list_unattended(reader, at=at, after=after)


def _suspensions(reader: Session, at: dt.datetime, _after: Any) -> Page:
    return _first(list_due_suspensions(reader, at=at, limit=PAGE))


def _stale_steps(reader: Session, _at: dt.datetime, _after: Any) -> Page:
    return _first(list_stale_steps(reader, limit=PAGE))


def _without_steps(reader: Session, _at: dt.datetime, after: Any) -> Page:
    found = list_without_steps(reader, limit=PAGE, after=after)
    return found, found[-1] if len(found) == PAGE else None


def _late_replies(reader: Session, at: dt.datetime, _after: Any) -> Page:
    return _first(list_late_replies(reader, at=at, limit=PAGE))


def _first(rows: Sequence[UUID]) -> Page:
    """Of what is not due any more once it was done the first page is asked for again."""
    return rows, _AGAIN if len(rows) == PAGE else None


def _movable_tasks(reader: Session, at: dt.datetime, after: Any) -> Page:
    found = looks.list_movable(reader, at=at, after=after, limit=PAGE)
    return found, found[-1] if len(found) == PAGE else None


def _looks_unsettled(reader: Session, _at: dt.datetime, _after: Any) -> Page:
    return [*looks.list_unneeded(reader, limit=PAGE), *looks.list_without_task(reader, limit=PAGE)], None


SWEEPS = (
    Sweep("findings of before steps were kept", _without_steps, catching_up.follow_past, "finding"),
    Sweep("suspensions", _suspensions, suspensions.settle_suspension, "dispatch"),
    Sweep("steps moved by the calendar", _stale_steps, steps.recompute_step, "finding"),
    Sweep("deadlines", _overdue, escalate.follow_deadline, "dispatch"),
    Sweep("looks on site", _looks_unsettled, looking.follow_looks, "finding"),
    Sweep("tasks of who is not there", _movable_tasks, looking.pass_task_on, "task"),
    Sweep("replies that are missing", _late_replies, supervise.note_late_reply, "supervision"),
    Sweep("orphans", _unattended, escalate.note_orphan, "finding"),
)


def sweep(app: Flask) -> int:
    """Do all that is due by now; how many rows it changed. A sweep that fails is logged and keeps no other from its turn."""
    with app.app_context():
        return sum(_swept(each) for each in SWEEPS)


def _swept(of: Sweep) -> int:
    try:
        return sweep_one(of)
    except Exception:
        log.exception("a sweep failed", extra={"sweep": of.name})
        return 0


def sweep_one(of: Sweep) -> int:
    """Go once through all that is due for this sweep; how many rows it changed. Needs an application context.

    What a rule refuses is logged and passed, and so is what fails otherwise: it is due again the next time.
    """
    at, after, done = acts.begin(SYSTEM).at, None, 0
    seen: set[UUID] = set()
    while True:
        with reading(session()) as reader:
            page, after = of.due(reader, at, after)
        rows = [row for row in page if row not in seen]
        seen.update(rows)
        for start in range(0, len(rows), _RUN):
            done += sum(perform_run(session(), [_step(of, row) for row in rows[start : start + _RUN]]))
        if after is None or (page and not rows):
            return done


def _step(of: Sweep, row: UUID) -> Step[bool]:
    def do(writer: Session, act: Act) -> bool:
        of.do(writer, act, **{of.named: row})
        return bool(act.told)

    def refused(_writer: Session, _act: Act, fault: Exception) -> bool:
        if isinstance(fault, Problem):
            log.info("a sweep was refused", extra={"sweep": of.name, "row": str(row), "problem": fault.slug})
        else:
            log.error("a sweep could not do a row", exc_info=fault, extra={"sweep": of.name, "row": str(row)})
        return False

    return Step(acts.begin(SYSTEM), do, refused)
