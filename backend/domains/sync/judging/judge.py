"""Judging: what becomes of kept operations. A run shares one commit; each operation undoes only itself; what it frees is judged next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from backend.core.act import Act, Actor
from backend.core.database.rows import find_row
from backend.core.perform import Step, perform_run, reading
from backend.core.problems import Clash, Forbidden, Invalid, NotYet, Problem, Unexpected
from backend.core.validation import of_validation
from backend.domains.identity.queries import Standing
from backend.domains.sync.judging.operations import OPERATIONS, operation_key
from backend.domains.sync.judging.outcomes import keys_of, record_outcomes, verdict_on
from backend.domains.sync.judging.run import Run, prepare
from backend.domains.sync.judging.waiting import waits
from backend.domains.sync.queries.kept import KeptOperation, awaited, kept_operations, satisfied, waiting_for
from backend.domains.sync.rules.clock import corrected
from backend.domains.sync.rules.envelope import BadEnvelope, Operation
from backend.domains.sync.rules.verdicts import FINAL, Verdict


class RoleLost(Forbidden):
    """At the corrected time of the deed its author did not hold a role for it."""

    slug = "role_lost"
    title = "No role for this at that time"
    title_zh = "当时不具备相应角色"
    way_out = "The operation is kept; a supervisor can judge it again after the role was corrected."
    way_out_zh = "该操作已保存；更正角色后值班长可重新处理。"


class TimeUncertain(Clash):
    """Whether its author held the role then hangs on a time that is only estimated: a person must decide."""

    slug = "time_uncertain"
    title = "Its time is too uncertain to judge it"
    title_zh = "操作时间无法确定"
    way_out = "The operation is kept and stands deferred until a supervisor decides; phones should keep anchors of true time."
    way_out_zh = "该操作已保存并暂缓，待值班长决定；手机应保留准确的时间锚点。"


class ReplicaRevoked(Forbidden):
    """The phone's replica was revoked: what it still delivers is kept, not judged."""

    slug = "replica_revoked"
    title = "This phone's access was withdrawn"
    title_zh = "该终端的访问权限已被撤销"
    way_out = "The operation is kept; a supervisor can have it judged."
    way_out_zh = "该操作已保存；值班长可决定是否处理。"


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
        keys = satisfied(session, awaited(session, limit=2000))
        todo = kept_operations(session, waiting_for(session, keys))
    return sum(len(judge(session, act, replica=replica, operations=batch)) for replica, batch in todo.items())


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
    return Step(
        act=replace(run.act, told=[], replica=run.replica, op=kept.op, happened_at=kept.received_at, time_quality="estimated"),
        do=lambda session, act: _judge_one(session, act, run, kept),
        refused=lambda _session, act, fault: _refuse(act, run, kept, fault),
    )


def _judge_one(session: Session, act: Act, run: Run, kept: KeptOperation) -> Verdict | None:
    """Its verdict; None where it has a final one already."""
    if kept.op in run.before and run.before[kept.op].status in FINAL:
        return None
    return _judge_open(session, act, run, kept)


def _judge_open(session: Session, act: Act, run: Run, kept: KeptOperation) -> Verdict | None:
    if kept.fault is not None:
        raise kept.fault
    operation = kept.operation
    assert operation is not None, "an operation without a fault is readable"
    _set_time(act, run, kept, operation)
    waiting = waits(session, run, operation)
    if waiting is not None:
        return verdict_on(act, run, kept, "deferred", waiting[0], awaits=waiting[1])
    known = OPERATIONS.get((operation.verb, operation.version))
    if known is None:
        return verdict_on(act, run, kept, "deferred", "unknown_operation", awaits=(operation_key(operation.verb, operation.version),))
    if known.entity != operation.entity_type or (known.entity == "replica" and operation.entity != run.replica):
        raise BadEnvelope(f"{operation.verb} is on a {known.entity}", errors=[("/e/type", known.entity)])
    _authorise(act, run, known.roles)
    if operation.base is not None and known.model is not None:
        present = find_row(session, known.model, operation.entity)
        if present is not None and present.version < operation.base:
            return verdict_on(act, run, kept, "deferred", "base_ahead", awaits=(f"{operation.entity_type}:{operation.entity}",))
    try:
        payload = known.schema.load(operation.payload)
    except ValidationError as error:
        raise of_validation({"d": error.messages}) from error
    return verdict_on(act, run, kept, *known.do(session, act, operation.entity, payload))


def _set_time(act: Act, run: Run, kept: KeptOperation, operation: Operation) -> None:
    """The corrected time. One judged again keeps the time it was given first: only then its predecessor was at hand."""
    act.device_at = operation.at
    if kept.op in run.before and run.before[kept.op].status != "received":
        act.happened_at, act.time_quality = run.before[kept.op].at_corrected, run.before[kept.op].time_quality
        return
    previous = run.last[1] if run.last is not None and run.last[0] < kept.seq else None
    act.happened_at, act.time_quality = corrected(operation, kept.header, kept.received_at, previous)
    if run.last is None or run.last[0] < kept.seq:
        run.last = (kept.seq, act.happened_at)


def _authorise(act: Act, run: Run, roles: tuple[str, ...]) -> None:
    """Revoked replicas deliver but do not act; roles are those held at the corrected time."""
    if run.revoked_at is not None:
        raise ReplicaRevoked("the replica was revoked; the operation is kept")
    standing = run.standing
    assert standing is not None, "prepared"
    act.actor = standing.actor_at(act.happened_at)
    lost = _lost(standing, act.actor, act.happened_at, roles)
    if lost is None:
        return
    if act.time_quality == "estimated" and _lost(standing, standing.actor_at(act.at), act.at, roles) is None:
        raise TimeUncertain(f"{lost}; but that time is only estimated, and today the role is held")
    raise RoleLost(lost, roles=list(roles))


def _lost(standing: Standing, actor: Actor, moment: dt.datetime, roles: tuple[str, ...]) -> str | None:
    """Why the person might not do it at that moment, None where nothing stands against it."""
    if standing.disabled_at is not None and moment >= standing.disabled_at:
        return "the account was disabled before this was done"
    if roles and not actor.holds(*roles):
        return f"this needed one of the roles {', '.join(roles)} at {moment.isoformat()}"
    return None


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
