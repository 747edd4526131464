"""Judging: what becomes of kept operations. A run shares one commit; each operation undoes only itself; what it frees is judged next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import find_row
from backend.core.perform import Step, perform_run, reading
from backend.core.problems import Clash, Forbidden, Invalid, NotYet, Problem, Unexpected
from backend.core.validation import of_validation
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.actions.record import prefetch_findings
from backend.domains.identity import queries as identity
from backend.domains.identity.queries import Standing
from backend.domains.patrols.actions import prefetch_patrols
from backend.domains.sync.actions.keep import lock_progress, move_progress
from backend.domains.sync.judging.operations import OPERATIONS, operation_key
from backend.domains.sync.model import Outcome, Progress, Waiting
from backend.domains.sync.queries.kept import Judged, KeptOperation, awaited_by, blocked_entities, judged, kept_operations, waiting_for
from backend.domains.sync.rules.clock import corrected
from backend.domains.sync.rules.envelope import BadEnvelope, Operation
from backend.domains.sync.rules.verdicts import FINAL, SATISFYING, Status, Verdict


class RoleLost(Forbidden):
    """At the corrected time of the deed its author did not hold a role for it."""

    slug = "role_lost"
    title = "No role for this at that time"
    title_zh = "当时不具备相应角色"
    way_out = "The operation is kept; a supervisor can judge it again after the role was corrected."
    way_out_zh = "该操作已保存；更正角色后值班长可重新处理。"


class DependencyCycle(Clash):
    """The operation closes a ring: what it depends on depends on it."""

    slug = "cycle"
    title = "Its dependencies come back to it"
    title_zh = "操作之间循环依赖"
    way_out = "Send the deed as a new operation without the dependency; the bytes are kept and a supervisor can repair them."
    way_out_zh = "请去掉该依赖后作为新操作发送；原始数据已保存，值班长可修复。"


class ReplicaRevoked(Forbidden):
    """The phone's replica was revoked: what it still delivers is kept, not judged."""

    slug = "replica_revoked"
    title = "This phone's access was withdrawn"
    title_zh = "该终端的访问权限已被撤销"
    way_out = "The operation is kept; a supervisor can have it judged."
    way_out_zh = "该操作已保存；值班长可决定是否处理。"


@dataclass(slots=True)
class Run:
    """What the operations of one run know of each other and of those before them.

    `settled` are statuses by op, `before` earlier outcomes of the run's own operations, `blocked` for each entity the operations that wait
    on it as (seq, op), `awaits` what each of this run's waits for, `last` the highest seq whose time was corrected, with that time.
    """

    replica: UUID
    act: Act
    standing: Standing | None = None
    revoked_at: dt.datetime | None = None
    settled: dict[UUID, str] = field(default_factory=dict)
    before: dict[UUID, Judged] = field(default_factory=dict)
    blocked: dict[UUID, list[tuple[int, UUID]]] = field(default_factory=dict)
    awaits: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    last: tuple[int, dt.datetime] | None = None
    progress: Progress | None = None


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
            todo = kept_operations(session, waiting_for(session, _keys(done)))
    return verdicts


def _judge_run(session: Session, act: Act, replica: UUID, batch: Sequence[KeptOperation]) -> list[Verdict]:
    run = Run(replica=replica, act=act)
    steps = [_step(run, each) for each in sorted(batch, key=lambda each: each.seq)]

    def record(writer: Session, verdicts: list[Verdict | None]) -> None:
        _record(writer, run, [(step.act, verdict) for step, verdict in zip(steps, verdicts, strict=True) if verdict is not None])

    try:
        done = perform_run(session, steps, prepare=lambda writer: _prepare(writer, run, batch), record=record)
        return [verdict for verdict in done if verdict is not None]
    finally:
        session.info.pop("numbers", None)


def _step(run: Run, kept: KeptOperation) -> Step[Verdict | None]:
    return Step(
        act=replace(run.act, told=[], replica=run.replica, op=kept.op),
        do=lambda session, act: _judge_one(session, act, run, kept),
        refused=lambda _session, act, fault: _refuse(act, run, kept, fault),
    )


def _prepare(session: Session, run: Run, batch: Sequence[KeptOperation]) -> None:
    """One SELECT a table for all that the run will look up; locks the replica's progress and the findings it touches."""
    run.progress = lock_progress(session, run.replica)
    place = run.progress
    run.last = (place.last_corrected_seq, place.last_corrected_at) if place.last_corrected_at is not None else None
    row = identity.get_replica(session, run.replica)
    run.revoked_at = row.revoked_at
    run.standing = identity.standing_of(session, row.person)
    operations = [each.operation for each in batch if each.operation is not None]
    own = {each.op for each in batch}
    run.before = judged(session, own)
    deps = {dep for operation in operations for dep in operation.deps} - own
    run.settled = {op: each.status for op, each in {**run.before, **judged(session, deps)}.items()}
    run.blocked = blocked_entities(session, run.replica, apart_from=own)
    run.awaits.clear()
    prefetch_findings(session, {operation.entity for operation in operations if operation.entity_type == "finding"})
    named = {operation.entity for operation in operations if operation.entity_type == "patrol"}
    named |= {patrol for operation in operations if (patrol := _uuid(operation.payload.get("patrol"))) is not None}
    prefetch_patrols(session, named)
    photos = [photo for operation in operations for photo in _photos(operation)]
    if photos:
        evidence.prefetch_photos(session, [photo for photo, _ in photos], {sha256 for _, sha256 in photos}, row.person)


def _judge_one(session: Session, act: Act, run: Run, kept: KeptOperation) -> Verdict | None:
    if kept.op in run.before and run.before[kept.op].status in FINAL:
        return None
    if kept.fault is not None:
        raise kept.fault
    operation = kept.operation
    assert operation is not None, "an operation without a fault is readable"
    _set_time(act, run, kept, operation)
    waiting = _waits(session, run, operation)
    if waiting is not None:
        return _verdict(act, run, kept, "deferred", waiting[0], awaits=waiting[1])
    known = OPERATIONS.get((operation.verb, operation.version))
    if known is None:
        return _verdict(act, run, kept, "deferred", "unknown_operation", awaits=(operation_key(operation.verb, operation.version),))
    if known.entity != operation.entity_type or (known.entity == "replica" and operation.entity != run.replica):
        raise BadEnvelope(f"{operation.verb} is on a {known.entity}", errors=[("/e/type", known.entity)])
    _authorise(act, run, known.roles)
    if operation.base is not None and known.model is not None:
        present = find_row(session, known.model, operation.entity)
        if present is not None and present.version < operation.base:
            return _verdict(act, run, kept, "deferred", "base_ahead", awaits=(f"{operation.entity_type}:{operation.entity}",))
    try:
        payload = known.schema.load(operation.payload)
    except ValidationError as error:
        raise of_validation({"d": error.messages}) from error
    return _verdict(act, run, kept, *known.do(session, act, operation.entity, payload))


def _set_time(act: Act, run: Run, kept: KeptOperation, operation: Operation) -> None:
    """The corrected time. One judged again keeps the time it was given first: only then its predecessor was at hand."""
    act.device_at = operation.at
    if kept.op in run.before:
        act.happened_at, act.time_quality = run.before[kept.op].at_corrected, run.before[kept.op].time_quality
        return
    previous = run.last[1] if run.last is not None and run.last[0] < kept.seq else None
    act.happened_at, act.time_quality = corrected(operation, kept.header, kept.received_at, previous)
    if run.last is None or run.last[0] < kept.seq:
        run.last = (kept.seq, act.happened_at)


def _waits(session: Session, run: Run, operation: Operation) -> tuple[str, tuple[str, ...]] | None:
    """What the operation must wait for: dependencies not satisfied, or earlier operations on its entity that wait themselves.

    One that waits for this very operation, directly or by others, does not stand in its way. Raises DependencyCycle for the operation that
    closes a ring of dependencies.
    """
    own = f"op:{operation.op}"
    unmet = [dep for dep in operation.deps if run.settled.get(dep) not in SATISFYING]
    if unmet:
        if operation.op in unmet or any(_leads_to(session, run, dep, {own}) for dep in unmet):
            raise DependencyCycle(
                f"its dependencies wait for {operation.op} itself", errors=[("/deps", "they come back to this operation")]
            )
        code = "parent_rejected" if any(run.settled.get(dep) == "rejected" for dep in unmet) else "dependency"
        return code, tuple(f"op:{dep}" for dep in unmet)
    goals = {own, f"{operation.entity_type}:{operation.entity}"}
    earlier = [
        op for seq, op in run.blocked.get(operation.entity, ()) if seq < operation.seq and run.settled.get(op, "deferred") not in FINAL
    ]
    blockers = [op for op in earlier if not _leads_to(session, run, op, goals)]
    return ("earlier_operation", tuple(f"settled:{op}" for op in blockers)) if blockers else None


def _leads_to(session: Session, run: Run, op: UUID, goals: set[str]) -> bool:
    """Whether what `op` waits for comes, step by step, to one of the goals."""
    seen: set[UUID] = set()
    todo = {op}
    while todo:
        seen |= todo
        keys = {key for each in todo for key in run.awaits.get(each, ())}
        keys |= awaited_by(session, [each for each in todo if each not in run.awaits])
        if keys & goals:
            return True
        todo = {UUID(key.partition(":")[2]) for key in keys if key.startswith(("op:", "settled:"))} - seen
    return False


def _authorise(act: Act, run: Run, roles: tuple[str, ...]) -> None:
    """Revoked replicas deliver but do not act; roles are those held at the corrected time."""
    if run.revoked_at is not None:
        raise ReplicaRevoked("the replica was revoked; the operation is kept")
    standing = run.standing
    assert standing is not None, "prepared"
    act.actor = standing.actor_at(act.happened_at)
    if standing.disabled_at is not None and act.happened_at >= standing.disabled_at:
        raise RoleLost("the account was disabled before this was done")
    if roles and not act.actor.holds(*roles):
        raise RoleLost(f"this needed one of the roles {', '.join(roles)} at {act.happened_at.isoformat()}", roles=list(roles))


def _refuse(act: Act, run: Run, kept: KeptOperation, fault: Exception) -> Verdict | None:
    """The outcome of an operation that could not be done; None where nothing became of it once more. Its rows are undone already."""
    if kept.operation is None:
        act.happened_at, act.time_quality = kept.received_at, "estimated"
    if isinstance(fault, NotYet):
        return _verdict(act, run, kept, "deferred", "not_yet", awaits=(fault.awaits,), problem=fault)
    if not isinstance(fault, Problem):
        if kept.op in run.before and run.before[kept.op].status == "received":
            return None
        return _verdict(act, run, kept, "received", "unexpected", problem=Unexpected("the fault was logged; it will be judged again"))
    return _verdict(act, run, kept, "rejected", _code_of(fault), problem=fault)


def _code_of(problem: Problem) -> str:
    """The protocol's code of a refusal: the problem's own slug, but for the two that it names otherwise."""
    if type(problem) is Invalid or isinstance(problem, BadEnvelope):
        return "schema"
    return "not_authorised" if isinstance(problem, RoleLost) else problem.slug


def _verdict(  # noqa: PLR0917 - version and effects follow status and code as handlers return them
    act: Act,
    run: Run,
    kept: KeptOperation,
    status: Status,
    code: str | None,
    version: int | None = None,
    effects: dict[str, Any] | None = None,
    *,
    awaits: tuple[str, ...] = (),
    problem: Problem | None = None,
) -> Verdict:
    run.settled[kept.op] = status
    run.awaits[kept.op] = awaits
    entity = kept.operation.entity if kept.operation else None
    if entity is not None and status not in FINAL:
        run.blocked.setdefault(entity, []).append((kept.seq, kept.op))
    if not act.told:
        # Every outcome has a number, so that a change of it reaches the phone by pull, and an entry in the journal.
        act.tell(f"operation.{status}", "operation", kept.op, code=code, seq=kept.seq)
    return Verdict(
        op=kept.op,
        seq=kept.seq,
        verb=str(kept.data.get("t"))[:60],
        status=status,
        code=code,
        entity_type=kept.operation.entity_type if kept.operation else None,
        entity=entity,
        at_corrected=act.happened_at,
        time_quality=act.time_quality,
        kept_at=kept.received_at,
        problem=problem.document() if problem else None,
        version=version,
        effects=effects,
        awaits=awaits,
    )


def _record(session: Session, run: Run, done: Sequence[tuple[Act, Verdict]]) -> None:
    """Write the outcomes with the numbers the journal gave, what waits for what, and the replica's progress."""
    place, standing = run.progress, run.standing
    assert place is not None, "prepared"
    assert standing is not None, "prepared"
    if not done:
        return
    rows = []
    for act, verdict in done:
        verdict.at_seq = act.told[-1].seq
        rows.append(
            {
                "op": verdict.op,
                "replica": run.replica,
                "person": standing.person,
                "seq": verdict.seq,
                "verb": verdict.verb,
                "status": verdict.status,
                "code": verdict.code,
                "problem": verdict.problem,
                "entity_type": verdict.entity_type,
                "entity": verdict.entity,
                "version": verdict.version,
                "at_seq": verdict.at_seq,
                "changed_seq": verdict.at_seq,
                "at_corrected": verdict.at_corrected,
                "time_quality": verdict.time_quality,
                "effects": verdict.effects,
                "kept_at": verdict.kept_at,
                "judged_at": run.act.at,
            },
        )
    session.execute(_upsert(session), rows)
    again = [verdict.op for _, verdict in done if verdict.op in run.before]
    if again:
        session.execute(sa.delete(Waiting).where(Waiting.op.in_(again)).execution_options(synchronize_session=False))
    waiting = [{"awaits": awaited, "op": verdict.op} for _, verdict in done for awaited in dict.fromkeys(verdict.awaits)]
    if waiting:
        session.execute(sa.insert(table_of(Waiting)), waiting)
    for _, verdict in done:
        was_open = verdict.op not in run.before or run.before[verdict.op].status == "received"
        place.unjudged += (verdict.status == "received") - was_open
    if run.last is not None:
        place.last_corrected_seq, place.last_corrected_at = run.last
    if any(verdict.verb == "seq_void" and verdict.status == "applied" for _, verdict in done):
        move_progress(session, place)


def _upsert(session: Session) -> sa.Insert:
    table = table_of(Outcome)
    changing = [column.name for column in table.c if column.name not in {"op", "replica", "person", "seq", "verb", "kept_at"}]
    if is_sqlite(session):
        lite = sqlite.insert(table)
        return lite.on_conflict_do_update(index_elements=["op"], set_={name: lite.excluded[name] for name in changing})
    post = postgresql.insert(table)
    return post.on_conflict_do_update(index_elements=["op"], set_={name: post.excluded[name] for name in changing})


def _photos(operation: Operation) -> Iterable[tuple[UUID, str]]:
    declared = (
        operation.payload.get("photos")
        if operation.verb == "record_finding"
        else [operation.payload]
        if operation.verb == "add_photo"
        else ()
    )
    for photo in declared if isinstance(declared, list) else ():
        if isinstance(photo, dict) and (photo_id := _uuid(photo.get("id"))) is not None and isinstance(photo.get("sha256"), str):
            yield photo_id, photo["sha256"]


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError):
        return None


def _keys(verdicts: Sequence[Verdict]) -> list[str]:
    """What others may have waited for: these operations settled, and the entities they are on, present or in a new version."""
    keys = {f"{kind}:{verdict.op}" for verdict in verdicts if verdict.status in FINAL for kind in ("op", "settled")}
    keys |= {f"{verdict.entity_type}:{verdict.entity}" for verdict in verdicts if verdict.status in SATISFYING}
    return sorted(keys)
