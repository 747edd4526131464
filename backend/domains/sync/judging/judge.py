"""Judging: what becomes of kept operations. A run shares one commit; each operation undoes only itself; what it frees is judged next."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import find_row
from backend.core.perform import Step, perform, perform_run, reading
from backend.core.problems import Invalid, NotYet, Problem, Unexpected
from backend.core.validation import of_validation
from backend.domains.sync.actions.waiting import postpone_look
from backend.domains.sync.judging.author import RoleLost, TimeUncertain, authorise, set_time
from backend.domains.sync.judging.operations import OPERATIONS, operation_key
from backend.domains.sync.judging.outcomes import keys_of, record_outcomes, verdict_on
from backend.domains.sync.judging.run import Run, prepare
from backend.domains.sync.judging.waiting import waits
from backend.domains.sync.queries.kept import KeptOperation, kept_operations, waiting_for
from backend.domains.sync.queries.waiting import satisfied, wakeable
from backend.domains.sync.rules.envelope import BadEnvelope
from backend.domains.sync.rules.verdicts import AHEAD, FINAL, Verdict

log = logging.getLogger(__name__)
_LOOKED_AT = 200
"""How many deferred operations one look wakes at most: the next look takes the next."""


def judge(session: Session, act: Act, *, replica: UUID, operations: Sequence[KeptOperation]) -> list[Verdict]:
    """Judge these operations of one replica in the order of their seqs, then whatever waited for them. Returns all verdicts.

    What somebody else judged meanwhile (two connections, or the worker) is left as it is and not among them.
    """
    verdicts: list[Verdict] = []
    todo = {replica: list(operations)}
    while todo:
        done = [verdict for each, batch in todo.items() for verdict in _judge_run(session, act, each, batch)]
        verdicts += done
        with reading(session):
            # Others may have settled what these wait for while neither saw the other's rows.
            missed = [verdict.op for verdict in done if satisfied(session, verdict.awaits)]
            todo = kept_operations(session, [*waiting_for(session, keys_of(done)), *missed])
    return verdicts


def judge_woken(session: Session, act: Act) -> int:
    """Judge what waits although it need not any more: a crash came between what it waited for and its waking. How many changed."""
    with reading(session):
        todo = kept_operations(session, wakeable(session, now=act.at, limit=_LOOKED_AT))
    changed = 0
    for replica, batch in todo.items():
        settled: set[UUID] = set()
        try:
            verdicts = judge(session, act, replica=replica, operations=batch)
            changed += len(verdicts)
            settled = {verdict.op for verdict in verdicts}
        except Exception:  # one that cannot be judged stops no other
            log.exception("operations woken cannot be judged", extra={"replica": str(replica), "operations": len(batch)})
        if vain := [each.op for each in batch if each.op not in settled]:
            perform(session, replace(act, told=[]), postpone_look, ops=vain)
    return changed


def _judge_run(session: Session, act: Act, replica: UUID, batch: Sequence[KeptOperation]) -> list[Verdict]:
    run = Run(replica=replica, act=act)
    steps = [_step(run, each) for each in sorted(batch, key=lambda each: each.seq)]

    def record(writer: Session, verdicts: list[Verdict | None]) -> None:
        record_outcomes(writer, run, [(step.act, verdict) for step, verdict in zip(steps, verdicts, strict=True) if verdict is not None])

    try:
        done = perform_run(session, steps, prepare=lambda writer: prepare(writer, run, batch), record=record)
        return [verdict for verdict in done if verdict is not None]
    finally:
        session.info.pop("numbers", None)


def _step(run: Run, kept: KeptOperation) -> Step[Verdict | None]:
    loaded = _loaded(kept)  # here, before the transaction begins: while it runs the others wait
    return Step(
        act=replace(run.act, told=[], replica=run.replica, op=kept.op, happened_at=kept.received_at, time_quality="estimated"),
        do=lambda session, act: _judge_one(session, act, run, kept, loaded),
        refused=lambda _session, act, fault: _refuse(act, run, kept, fault),
    )


Loaded = dict[str, Any] | ValidationError | None
"""What an operation's schema makes of its payload, or what it finds wrong; None where there is no schema for it. Actions only read it."""


def _loaded(kept: KeptOperation) -> Loaded:
    operation = kept.operation
    known = OPERATIONS.get((operation.verb, operation.version)) if operation else None
    if operation is None or known is None:
        return None
    try:
        return cast("dict[str, Any]", known.schema.load(operation.payload))
    except ValidationError as error:
        return error


def _judge_one(session: Session, act: Act, run: Run, kept: KeptOperation, loaded: Loaded) -> Verdict | None:
    """Its verdict; None where it has a final one already."""
    if kept.op in run.before and run.before[kept.op].status in FINAL:
        return None
    return _judge_open(session, act, run, kept, loaded)


def _judge_open(session: Session, act: Act, run: Run, kept: KeptOperation, loaded: Loaded) -> Verdict | None:
    if kept.fault is not None:
        raise kept.fault
    operation = kept.operation
    assert operation is not None, "an operation without a fault is readable"
    assert run.progress is not None, "prepared"
    if run.progress.ahead_at is not None:
        # A restore that nobody declared: judged now, it might be judged against a past that this server lost.
        told = run.before.get(kept.op)
        return None if told is not None and told.code == AHEAD else verdict_on(act, run, kept, "received", AHEAD)
    set_time(act, run, kept, operation)
    act.base, act.seq = operation.base, operation.seq
    waiting = waits(session, run, operation)
    if waiting is not None:
        return verdict_on(act, run, kept, "deferred", waiting[0], awaits=waiting[1])
    known = OPERATIONS.get((operation.verb, operation.version))
    if known is None:
        return verdict_on(act, run, kept, "deferred", "unknown_operation", awaits=(operation_key(operation.verb, operation.version),))
    if known.entity != operation.entity_type or (known.entity == "replica" and operation.entity != run.replica):
        raise BadEnvelope(f"{operation.verb} is on a {known.entity}", errors=[("/e/type", known.entity)])
    authorise(act, run, kept, known.roles)
    if operation.base is not None and known.model is not None:
        present = find_row(session, known.model, operation.entity)
        if present is not None and present.version < operation.base:
            return verdict_on(act, run, kept, "deferred", "base_ahead", awaits=(f"{operation.entity_type}:{operation.entity}",))
    if isinstance(loaded, ValidationError):
        raise of_validation({"d": loaded.messages}) from loaded
    assert loaded is not None, "a known operation has a schema"
    try:
        done = known.do(session, act, operation.entity, loaded)
    except Problem as problem:  # an action points into its payload, as a body has it; here that is `d`
        problem.errors = [(f"/d{pointer}", fault) for pointer, fault in problem.errors]
        raise
    return verdict_on(act, run, kept, *done)


def _refuse(act: Act, run: Run, kept: KeptOperation, fault: Exception) -> Verdict | None:
    """The outcome of an operation that could not be done; None where nothing became of it once more. Its rows are undone already."""
    if isinstance(fault, TimeUncertain):
        return verdict_on(act, run, kept, "deferred", fault.slug, problem=fault)
    if isinstance(fault, NotYet):
        return verdict_on(act, run, kept, "deferred", "not_yet", awaits=(fault.awaits,), problem=fault)
    if not isinstance(fault, Problem):
        if kept.op in run.before and run.before[kept.op].status == "received":
            return None
        return verdict_on(act, run, kept, "received", "unexpected", problem=Unexpected("the fault was logged; it will be judged again"))
    return verdict_on(act, run, kept, "rejected", _code_of(fault), problem=fault)


def _code_of(problem: Problem) -> str:
    """The protocol's code of a refusal: the problem's own slug, but for the two that it names otherwise."""
    if type(problem) is Invalid or isinstance(problem, BadEnvelope):
        return "schema"
    return "not_authorised" if isinstance(problem, RoleLost) else problem.slug
