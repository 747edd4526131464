"""What a verification found: counts, and each violation with the rows concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.database.engine import is_sqlite

SHOWN = 100
"""So many violations of one invariant are told one by one; the rest are counted."""
PAGE = 500


class Violation(NamedTuple):
    """One row, or a few, that break an invariant. `subject` names them, `detail` says what is and what should be."""

    invariant: str
    subject: str
    detail: str


@dataclass(slots=True)
class Report:
    """`counts` say what there is, `totals` how many violations each invariant has, `violations` tells the first of each."""

    counts: dict[str, Any] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def take(self, found: Iterable[Violation]) -> None:
        """Count these violations and keep the first of each invariant."""
        for violation in found:
            self.totals[violation.invariant] += 1
            if self.totals[violation.invariant] <= SHOWN:
                self.violations.append(violation)


def be_patient(session: Session) -> None:
    """Let this transaction be idle for long: a store that is slow to answer, or a replay, must not end it."""
    if not is_sqlite(session):
        session.connection().exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def pages(session: Session, query: sa.Executable) -> Iterator[list[sa.Row[Any]]]:
    """The rows of a query, a page at a time; never more than a page in memory."""
    result = session.connection().execute(query, execution_options={"yield_per": PAGE})
    for page in result.partitions():
        yield list(page)


def stream(session: Session, query: sa.Executable) -> Iterator[sa.Row[Any]]:
    """The rows of a query, one by one."""
    for page in pages(session, query):
        yield from page
