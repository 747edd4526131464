"""What worklists read by: conditions that are the same in an index and in the query, and the indexes on them.

Words of conditions are literals, not parameters: a database takes a partial index only where it can prove that the query's condition
holds the index's, and what a parameter will be is not known when it plans. The indexes are small: what has ended is in none of them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Supervision
from backend.domains.findings.model.tasks import VerificationTask
from backend.domains.findings.model.work import Dispatch, DispatchRequest

Condition = sa.ColumnElement[bool]
BOUNCED_OFTEN = 2
"""So many wrong dispatches bring a finding before a leader."""


def word(column: InstrumentedAttribute[Any], text: str) -> Condition:
    """The column is this word of ours, written out. Not for what a caller sent.

    The state of a finding is compared by LIKE: it says the same, and SQLite, which does not know that some states are common, does not
    take the index on states for it and sort all that it finds there.
    """
    literal = sa.literal_column(f"'{text}'", sa.Text())
    return column.like(literal) if column is Finding.state else column == literal


def no_word(column: InstrumentedAttribute[Any], text: str) -> Condition:
    """The column is another word than this one of ours."""
    return column != sa.literal_column(f"'{text}'", sa.Text())


def is_set(column: InstrumentedAttribute[bool]) -> Condition:
    """The flag is set, in the words that both databases know: the migration is drafted on one and runs on the other."""
    return column.op("IS", is_comparison=True)(sa.literal_column("TRUE"))


def is_clear(column: InstrumentedAttribute[bool]) -> Condition:
    """The flag is clear."""
    return column.op("IS", is_comparison=True)(sa.literal_column("FALSE"))


def each(rows: sa.Select[Any]) -> Condition:
    """Whether there is such a row, asked anew for each row of the list: a list is read in its order and ends with its page.

    The offset of nothing keeps PostgreSQL from making it a join, for which it would read both tables before the first row comes out.
    """
    return rows.offset(sa.literal_column("0")).exists()


def unindexed(column: InstrumentedAttribute[Any]) -> sa.ColumnElement[Any]:
    """The column, for a condition by which no index shall be chosen: SQLite knows of no column how common a value is."""
    return sa.func.coalesce(column, column)


HAS_STEP = Finding.step.is_not(None)
READY = (
    word(Finding.state, "recorded"),
    is_clear(Finding.lacks_photos),
    is_clear(Finding.lacks_condition),
    is_clear(Finding.unlocated),
    Finding.void_request.is_(sa.null()),
)
"""Nothing stands against filing it."""
IN_WORK = word(Finding.state, "dispatched")
UNLOCATED = (is_set(Finding.unlocated), HAS_STEP)
AWAITING_CONTRACT = (is_set(Finding.awaiting_contract), HAS_STEP)
AWAITING_CALENDAR = (is_set(Finding.awaiting_calendar), IN_WORK)
VOID_ASKED = (Finding.void_request.is_not(sa.null()), no_word(Finding.state, "void"))
DISPUTED = is_set(Finding.disputed)
SUPERVISED = is_set(Finding.supervised)
BOUNCED = (Finding.bounces >= sa.literal_column(str(BOUNCED_OFTEN), sa.BigInteger()), Finding.closed_at.is_(None))
ORPHANED = Finding.orphaned_at.is_not(None)
LOOKED_FOR = Finding.step.like(sa.literal_column("'verify'")) | Finding.step.like(sa.literal_column("'check'"))
"""An inspector is to go there."""
STANDING = Dispatch.replaced_by.is_(None)
WITH_WORKER = Dispatch.worker.is_not(None)
ESCALATED = (
    Dispatch.escalation > sa.literal_column("0", sa.BigInteger()),
    Dispatch.handed_back_at.is_(None),
    Dispatch.cancelled_at.is_(None),
    STANDING,
)
PENDING = word(DispatchRequest.state, "pending")
DEMANDED = word(Supervision.state, "open")
REPLIED = word(Supervision.state, "replied")
OPEN_TASK = word(VerificationTask.state, "open")


def _index(name: str, *columns: InstrumentedAttribute[Any], where: tuple[Condition, ...]) -> sa.Index:
    condition = sa.and_(*where)
    return sa.Index(f"ix_worklist_{name}", *columns, sqlite_where=condition, postgresql_where=condition)


INDEXES = (
    # The one index that recording a finding pays for; in the order of the district there is ix_finding_step.
    _index("step_town", Finding.town, Finding.step, Finding.step_due, Finding.id, where=(HAS_STEP,)),
    _index("ready", Finding.step_due, Finding.id, where=READY),
    _index("ready_town", Finding.town, Finding.step_due, Finding.id, where=READY),
    _index("in_work", Finding.deadline, Finding.id, where=(IN_WORK,)),
    _index("in_work_town", Finding.town, Finding.deadline, Finding.id, where=(IN_WORK,)),
    _index("in_work_owner", Finding.trade_owner, Finding.deadline, Finding.id, where=(IN_WORK,)),
    _index("unlocated", Finding.step_due, Finding.id, where=UNLOCATED),
    _index("awaiting_contract", Finding.step_due, Finding.id, where=AWAITING_CONTRACT),
    _index("awaiting_calendar", Finding.recorded_at, Finding.id, where=AWAITING_CALENDAR),
    _index("void_asked", Finding.recorded_at, Finding.id, where=VOID_ASKED),
    _index("disputed", Finding.recorded_at, Finding.id, where=(DISPUTED,)),
    _index("supervised", Finding.deadline, Finding.id, where=(SUPERVISED,)),
    _index("bounced", Finding.deadline, Finding.id, where=BOUNCED),
    _index("orphaned", Finding.orphaned_at, Finding.id, where=(ORPHANED,)),
    _index("looked_for", Finding.lat, Finding.lon, where=(LOOKED_FOR,)),
    _index("unit", Dispatch.unit, Dispatch.state, Dispatch.due, Dispatch.id, where=(STANDING,)),
    _index("worker", Dispatch.worker, Dispatch.state, Dispatch.due, Dispatch.id, where=(WITH_WORKER, STANDING)),
    _index("escalated", Dispatch.due, Dispatch.id, where=ESCALATED),
    _index("demanded", Supervision.unit, Supervision.reply_due, Supervision.id, where=(DEMANDED,)),
    _index("replied", Supervision.asked_by, Supervision.replied_at, Supervision.id, where=(REPLIED,)),
    _index("asked", DispatchRequest.kind, DispatchRequest.asked_at, DispatchRequest.id, where=(PENDING,)),
)
