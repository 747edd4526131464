"""What is kept, what became of it, and what waits."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import TimeQuality
from backend.domains.sync.model import Decision, KeptLine, Outcome, Progress, Push, Waiting
from backend.domains.sync.rules.envelope import BadEnvelope, Operation, read_operation
from backend.domains.sync.rules.header import Header, read_header

CHUNK = 400
JUDGED_LANES = ("main", "desk")
"""The replica's own sequence, and what the desk made of lines beside it."""


@dataclass(frozen=True, slots=True)
class KeptOperation:
    """A kept line on its way to judgement: its envelope, or the fault of it, and the header it came under.

    `vouched`: a supervisor answers for its author's standing then; `happened_at`: the time that a supervisor gave it.
    """

    op: UUID
    seq: int
    data: dict[str, Any]
    header: Header
    received_at: dt.datetime
    operation: Operation | None
    fault: BadEnvelope | None
    vouched: bool = False
    happened_at: dt.datetime | None = None


class Judged(NamedTuple):
    """An outcome so far: its status, the corrected time it was given, and what it waits for."""

    status: str
    code: str | None
    at_corrected: dt.datetime
    time_quality: TimeQuality
    earliest_at: dt.datetime | None = None
    awaits: frozenset[str] = frozenset()


def kept_operation(  # noqa: PLR0917 - the first five are the line, and every line of a push comes here
    op: UUID, seq: int, data: dict[str, Any], header: Header, received_at: dt.datetime, decision: Decision | None = None
) -> KeptOperation:
    """Read the envelope of a line that is to be judged, as repaired and vouched for where the desk decided so."""
    vouched, happened_at = (decision.vouched, decision.happened_at) if decision else (False, None)
    if decision is not None and decision.data is not None:
        data = decision.data
    try:
        operation = read_operation(data)
    except BadEnvelope as fault:
        return KeptOperation(op, seq, data, header, received_at, None, fault, vouched, happened_at)
    return KeptOperation(op, seq, data, header, received_at, operation, None, vouched, happened_at)


def kept_operations(session: Session, ops: Collection[UUID]) -> dict[UUID, list[KeptOperation]]:
    """These operations as first kept, by replica, each with what the desk decided last about how it is to be judged."""
    found: dict[UUID, list[KeptOperation]] = defaultdict(list)
    seen: set[UUID] = set()
    decided = decisions_on(session, ops)
    for part in chunks(ops):
        query = (
            sa.select(KeptLine.op, KeptLine.seq, KeptLine.replica, KeptLine.raw, Push.header, Push.received_at)
            .join(Push, Push.id == KeptLine.push)
            .where(KeptLine.op.in_(part), KeptLine.lane.in_(JUDGED_LANES))
            .order_by(Push.received_at, KeptLine.push)
        )
        for row in session.execute(query):
            if row.op in seen:
                continue
            seen.add(row.op)
            header = read_header(orjson.dumps(row.header))
            data = orjson.loads(bytes(row.raw))
            found[row.replica].append(kept_operation(row.op, row.seq or 0, data, header, row.received_at, decided.get(row.op)))
    return dict(found)


def decisions_on(session: Session, ops: Collection[UUID]) -> dict[UUID, Decision]:
    """The newest decision on how each of these operations is to be judged, where there is one."""
    found: dict[UUID, Decision] = {}
    for part in chunks(ops):
        query = sa.select(Decision).where(Decision.op.in_(part), Decision.kind.in_(("redriven", "repaired")))
        for row in session.scalars(query.order_by(Decision.at, Decision.id)):
            assert row.op is not None, "asked for by op"
            found[row.op] = row
    return found


def replicas_behind(session: Session, *, kept_before: dt.datetime) -> list[UUID]:
    """Replicas with operations that nobody judged, and no push since this moment; not those that an administrator must confirm first."""
    query = sa.select(Progress.replica).where(Progress.unjudged > 0, Progress.last_push_at < kept_before, Progress.ahead_at.is_(None))
    return list(session.scalars(query.order_by(Progress.replica)))


def unjudged(session: Session, *, kept_before: dt.datetime, limit: int) -> list[UUID]:
    """Operations without an outcome, or only received, of replicas that pushed nothing since this moment: left by a crash or a fault.

    At most a quarter of `limit` of one replica: one whose operations cannot be judged keeps no other waiting.
    """
    found: list[UUID] = []
    for replica in replicas_behind(session, kept_before=kept_before):
        found += [op for op, _ in unjudged_of(session, replica, limit=max(1, limit // 4))]
    return found


def unjudged_of(session: Session, replica: UUID, *, limit: int | None) -> list[tuple[UUID, str | None]]:
    """Operations of the replica without a settled outcome by seq, with `received` or None."""
    query = (
        sa.select(KeptLine.op, Outcome.status)
        .outerjoin(Outcome, Outcome.op == KeptLine.op)
        .where(
            KeptLine.replica == replica,
            KeptLine.lane.in_(JUDGED_LANES),
            sa.or_(Outcome.op.is_(None), Outcome.status == "received"),
        )
        .order_by(KeptLine.seq)
        .limit(limit)
    )
    return [(row.op, row.status) for row in session.execute(query) if row.op is not None]


def waiting_for(session: Session, keys: Collection[str]) -> list[UUID]:
    """The deferred operations that wait for one of these."""
    if not keys or session.scalar(sa.select(sa.literal(1)).select_from(Waiting).limit(1)) is None:
        return []
    found: set[UUID] = set()
    for part in chunks(keys):
        found.update(session.scalars(sa.select(Waiting.op).where(Waiting.awaits.in_(part))))
    return sorted(found)


def judged(session: Session, ops: Collection[UUID]) -> dict[UUID, Judged]:
    """What became of each of these operations so far, where they were judged."""
    found: dict[UUID, Judged] = {}
    for part in chunks(ops):
        query = sa.select(Outcome.op, Outcome.status, Outcome.code, Outcome.at_corrected, Outcome.time_quality, Outcome.earliest_at).where(
            Outcome.op.in_(part)
        )
        found.update(
            (row.op, Judged(row.status, row.code, row.at_corrected, cast("TimeQuality", row.time_quality), row.earliest_at))
            for row in session.execute(query)
        )
    deferred = [op for op, outcome in found.items() if outcome.status == "deferred"]
    for part in chunks(deferred):
        keys: dict[UUID, set[str]] = defaultdict(set)
        for row in session.execute(sa.select(Waiting.op, Waiting.awaits).where(Waiting.op.in_(part))):
            keys[row.op].add(row.awaits)
        found.update((op, found[op]._replace(awaits=frozenset(keys[op]))) for op in part)
    return found


def outcomes_of(session: Session, ops: Collection[UUID]) -> dict[UUID, Outcome]:
    """The outcomes of these operations."""
    found: dict[UUID, Outcome] = {}
    for part in chunks(ops):
        found.update((row.op, row) for row in session.scalars(sa.select(Outcome).where(Outcome.op.in_(part))))
    return found


def receipts(session: Session, replica: UUID, *, after: int, limit: int) -> list[dict[str, Any]]:
    """What had arrived from a replica, by seq: for a phone that lost its store."""
    query = (
        sa.select(
            KeptLine.seq, KeptLine.op, KeptLine.sha256, Outcome.status, Outcome.code, Outcome.verb, Outcome.entity_type, Outcome.entity
        )
        .outerjoin(Outcome, Outcome.op == KeptLine.op)
        .where(KeptLine.replica == replica, KeptLine.lane == "main", KeptLine.seq > after)
        .order_by(KeptLine.seq)
        .limit(limit)
    )
    return [
        {
            "seq": row.seq,
            "op": row.op,
            "sha256": bytes(row.sha256).hex(),
            "status": row.status or "received",
            "code": row.code,
            "t": row.verb,
            "e": {"type": row.entity_type, "id": row.entity} if row.entity else None,
        }
        for row in session.execute(query)
    ]


def chunks(values: Collection[Any]) -> Iterable[list[Any]]:
    """In lists that a statement can hold."""
    ordered = list(values)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
