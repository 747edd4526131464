"""The one place that begins, commits and rolls back.

`perform` does one act; `perform_run` does a run of acts that share a commit, each undoing only itself. Both end in `journal.seal`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import guards, journal
from backend.core.act import Act, Told
from backend.core.database import rows
from backend.core.database.engine import SNAPSHOT, WRITER, is_sqlite
from backend.core.problems import Problem

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)

_TRIES = 4


def perform(session: Session, act: Act, action: Callable[Concatenate[Session, Act, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the action in a transaction of its own and commit, or raise and leave nothing behind.

    A deadlock or a lock that could not be had is tried again a few times: an action has no effect but its rows.
    """

    def body() -> T:
        result = action(session, act, *args, **kwargs)
        rows.write(session)
        guards.ask(session, act.told)
        journal.seal(session, act.told)
        return result

    made = act.made
    return _committed(session, act.told, body, lambda: act.undo(made=made))


@dataclass(slots=True)
class Step(Generic[T]):
    """One act of a run. `refused` turns the problem (or the unexpected fault) into the step's result, after its rows were undone."""

    act: Act
    do: Callable[[Session, Act], T]
    refused: Callable[[Session, Act, Exception], T]


def perform_run(
    session: Session,
    steps: Sequence[Step[T]],
    *,
    prepare: Callable[[Session], object] | None = None,
    record: Callable[[Session, list[T]], object] | None = None,
) -> list[T]:
    """Do the steps in order with one commit; a step that fails undoes only itself.

    `prepare` may prefetch rows, `record` writes rows that carry the numbers the journal gave. First the steps run bare, with one flush.
    Where one fails after it touched something, or the database refuses the flush, the run is repeated with a savepoint a step, to the
    same effect.
    """
    told: list[Told] = []

    def body(*, guarded: bool) -> list[T]:
        told.clear()
        if prepare:
            prepare(session)
        results = [_guarded(session, step) if guarded else _bare(session, step) for step in steps]
        rows.write(session)
        for step in steps:
            told.extend(step.act.told)
        journal.seal(session, told)
        if record:
            record(session, results)
            rows.write(session)
        return results

    def forget() -> None:
        for step in steps:
            step.act.undo()

    try:
        return _committed(session, told, lambda: body(guarded=False), forget)
    except sa.exc.OperationalError:
        raise  # the database could not be had: savepoints would not help
    except (_Touched, sa.exc.StatementError) as fault:
        log.info("run repeated with savepoints", extra={"steps": len(steps), "cause": type(fault).__name__})
        forget()
        return _committed(session, told, lambda: body(guarded=True), forget)


@contextmanager
def reading(session: Session, *, snapshot: bool = False) -> Iterator[Session]:
    """A read that ends its transaction. With `snapshot` everything read is of one moment."""
    _fresh(session)
    if snapshot and not is_sqlite(session):
        session.connection(execution_options=SNAPSHOT)
    try:
        yield session
    finally:
        session.rollback()


class _Touched(Exception):
    """A step failed after it had touched rows: the run must be repeated with savepoints."""


def _bare(session: Session, step: Step[T]) -> T:
    rows.watch(session)
    try:
        return step.do(session, step.act)
    except Problem as problem:
        if step.act.told or rows.touched(session):
            raise _Touched from problem
        return step.refused(session, step.act, problem)
    except sa.exc.StatementError:
        raise  # the transaction is spoilt: perform_run decides
    except Exception as fault:
        raise _Touched from fault


def _guarded(session: Session, step: Step[T]) -> T:
    savepoint = session.begin_nested()
    try:
        result = step.do(session, step.act)
        rows.write(session)
    except Exception as fault:  # whatever it is, it must undo this step and no other
        if isinstance(fault, sa.exc.OperationalError):
            raise
        savepoint.rollback()
        rows.forget(session)
        step.act.undo()
        if not isinstance(fault, Problem):
            log.exception("an operation failed unexpectedly", extra={"op": str(step.act.op)})
        return step.refused(session, step.act, fault)
    savepoint.commit()
    return result


def _committed(session: Session, told: list[Told], body: Callable[[], T], undo: Callable[[], object]) -> T:
    for left in range(_TRIES - 1, -1, -1):
        _fresh(session)
        session.connection(execution_options=WRITER)
        try:
            result = body()
            session.commit()
        except sa.exc.OperationalError as error:
            session.rollback()
            told.clear()
            undo()
            if not left or not _passing(error):
                raise
            log.info("transaction tried again", extra={"cause": str(error.orig)[:200]})
        except BaseException:
            session.rollback()
            raise
        else:
            rows.forget(session)
            if told and (wake := session.info.get("wake")):
                wake()
            return result
    raise AssertionError("unreachable")


def _fresh(session: Session) -> None:
    # A transaction begun by an earlier read would write on what it saw then; what it loaded may be stale.
    session.close()
    rows.forget(session)


def _passing(error: sa.exc.OperationalError) -> bool:
    """Deadlock, serialisation failure or lock timeout: worth another try."""
    state: Any = getattr(error.orig, "sqlstate", None)
    return state in {"40001", "40P01", "55P03"} or "locked" in str(error.orig)
