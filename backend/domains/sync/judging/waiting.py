"""What an operation must wait for, and whether it waits for itself."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.problems import Clash
from backend.domains.sync.judging.run import Run
from backend.domains.sync.queries.waiting import awaited_by
from backend.domains.sync.rules.envelope import Operation
from backend.domains.sync.rules.verdicts import FINAL, SATISFYING


class DependencyCycle(Clash):
    """The operation closes a ring: what it depends on depends on it."""

    slug = "cycle"
    title = "Its dependencies come back to it"
    title_zh = "操作之间循环依赖"
    way_out = "Send the deed as a new operation without the dependency; the bytes are kept and a supervisor can repair them."
    way_out_zh = "请去掉该依赖后作为新操作发送；原始数据已保存，值班长可修复。"


def waits(session: Session, run: Run, operation: Operation) -> tuple[str, tuple[str, ...]] | None:
    """What the operation must wait for: dependencies not satisfied, or the first earlier operation on its entity that waits itself.

    The first alone: whatever follows it is judged again together with it. One that waits for this very operation, directly or by others,
    does not stand in its way. Raises DependencyCycle for the operation that closes a ring of dependencies.
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
    earlier = sorted(
        (seq, op)
        for seq, op in run.blocked.get(operation.entity, ())
        if seq < operation.seq and run.settled.get(op, "deferred") not in FINAL
    )
    _learn(session, run, [op for _, op in earlier])
    blocker = next((op for _, op in earlier if not _leads_to(session, run, op, goals)), None)
    return ("earlier_operation", (f"settled:{blocker}",)) if blocker else None


def _leads_to(session: Session, run: Run, op: UUID, goals: set[str]) -> bool:
    """Whether what `op` waits for comes, step by step, to one of the goals."""
    seen: set[UUID] = set()
    todo = {op}
    while todo:
        seen |= todo
        _learn(session, run, todo)
        keys = {key for each in todo for key in run.awaits[each]}
        if keys & goals:
            return True
        todo = {UUID(key.partition(":")[2]) for key in keys if key.startswith(("op:", "settled:"))} - seen
    return False


def _learn(session: Session, run: Run, ops: Collection[UUID]) -> None:
    """Have in `run.awaits` what these operations wait for."""
    unknown = [op for op in ops if op not in run.awaits]
    if unknown:
        run.awaits.update(awaited_by(session, unknown))
