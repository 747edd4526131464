"""Verdicts, and the outcomes written from them with the numbers that the journal gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.database.inserts import insert_rows
from backend.core.problems import Problem
from backend.domains.sync.actions.keep import move_progress
from backend.domains.sync.judging.run import Run
from backend.domains.sync.model import Outcome, Waiting
from backend.domains.sync.queries.kept import KeptOperation
from backend.domains.sync.rules.verdicts import FINAL, SATISFYING, Status, Verdict


def verdict_on(  # noqa: PLR0917 - version and effects follow status and code as handlers return them
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
) -> Verdict | None:
    """The verdict, known to the rest of the run from now on; None where one judged again still waits for the same.

    One that nothing else told of is told here.
    """
    run.settled[kept.op] = status
    run.awaits[kept.op] = awaits
    entity = kept.operation.entity if kept.operation else None
    if entity is not None and status not in FINAL:
        run.blocked.setdefault(entity, []).append((kept.seq, kept.op))
    before = run.before.get(kept.op)
    if before is not None and before.status == status != "received" and before.code == code and before.awaits == frozenset(awaits):
        return None
    if not act.told:
        # Every outcome has a number, so that a change of it reaches the phone by pull, and an entry in the journal.
        act.tell(f"operation.{status}", "operation", kept.op, code=code, seq=kept.seq)
    return Verdict(
        op=kept.op,
        seq=kept.seq,
        verb=str(kept.data.get("t")).replace("\0", "")[:60],  # a wrong one is kept in the line, and named here as far as it can be
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
        earliest_at=run.earliest.get(kept.op),
    )


def record_outcomes(session: Session, run: Run, done: Sequence[tuple[Act, Verdict]]) -> None:
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
                "earliest_at": verdict.earliest_at,
                "settled_at": None,
                "settled_by": None,
            },
        )
    insert_rows(session, table_of(Outcome), rows, _CHANGED)
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


def keys_of(verdicts: Sequence[Verdict]) -> list[str]:
    """What others may have waited for: these operations settled, and the entities they are on, present or in a new version."""
    keys = {f"{kind}:{verdict.op}" for verdict in verdicts if verdict.status in FINAL for kind in ("op", "settled")}
    keys |= {f"{verdict.entity_type}:{verdict.entity}" for verdict in verdicts if verdict.status in SATISFYING}
    return sorted(keys)


_GIVEN = ("op", "replica", "person", "seq", "kept_at")
_CHANGED = (
    "ON CONFLICT (op) DO UPDATE SET "
    + ", ".join(f"{column.name} = excluded.{column.name}" for column in table_of(Outcome).c if column.name not in _GIVEN)
    + " WHERE outcome.status IN ('deferred', 'received')"
)
"""Insert, or change what is not final yet: the first final outcome stands, whoever judged it."""
