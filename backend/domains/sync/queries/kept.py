"""What is kept, what became of it, and what waits."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import TimeQuality
from backend.domains.findings.model import Finding
from backend.domains.patrols.model import Patrol
from backend.domains.sync.model import KeptLine, Outcome, Progress, Push, Waiting
from backend.domains.sync.rules.envelope import BadEnvelope, Operation, read_operation
from backend.domains.sync.rules.header import Header, read_header
from backend.domains.sync.rules.verdicts import FINAL, SATISFYING

_CHUNK = 400
_ENTITIES: dict[str, type[Finding | Patrol]] = {"finding": Finding, "patrol": Patrol}


@dataclass(frozen=True, slots=True)
class KeptOperation:
    """A kept line on its way to judgement: its envelope, or the fault of it, and the header it came under."""

    op: UUID
    seq: int
    data: dict[str, Any]
    header: Header
    received_at: dt.datetime
    operation: Operation | None
    fault: BadEnvelope | None


class Judged(NamedTuple):
    """An outcome so far: its status, the corrected time it was given, and what it waits for."""

    status: str
    code: str | None
    at_corrected: dt.datetime
    time_quality: TimeQuality
    awaits: frozenset[str] = frozenset()


def kept_operation(op: UUID, seq: int, data: dict[str, Any], header: Header, received_at: dt.datetime) -> KeptOperation:
    """Read the envelope of a line in the main lane."""
    try:
        return KeptOperation(op, seq, data, header, received_at, read_operation(data), None)
    except BadEnvelope as fault:
        return KeptOperation(op, seq, data, header, received_at, None, fault)


def kept_operations(session: Session, ops: Collection[UUID]) -> dict[UUID, list[KeptOperation]]:
    """These operations as first kept, by replica."""
    found: dict[UUID, list[KeptOperation]] = defaultdict(list)
    seen: set[UUID] = set()
    for part in _chunks(ops):
        query = (
            sa.select(KeptLine.op, KeptLine.seq, KeptLine.replica, KeptLine.raw, Push.header, Push.received_at)
            .join(Push, Push.id == KeptLine.push)
            .where(KeptLine.op.in_(part), KeptLine.lane == "main")
            .order_by(Push.received_at, KeptLine.push)
        )
        for row in session.execute(query):
            if row.op in seen:
                continue
            seen.add(row.op)
            header = read_header(orjson.dumps(row.header))
            found[row.replica].append(kept_operation(row.op, row.seq, orjson.loads(bytes(row.raw)), header, row.received_at))
    return dict(found)


def replicas_behind(session: Session, *, kept_before: dt.datetime) -> list[UUID]:
    """Replicas with operations that nobody judged, and no push since this moment."""
    query = sa.select(Progress.replica).where(Progress.unjudged > 0, Progress.last_push_at < kept_before)
    return list(session.scalars(query.order_by(Progress.replica)))


def unjudged(session: Session, *, kept_before: dt.datetime, limit: int) -> list[UUID]:
    """Operations without an outcome, or only received, of replicas that pushed nothing since this moment: left by a crash or a fault."""
    found: list[UUID] = []
    for replica in replicas_behind(session, kept_before=kept_before):
        query = (
            sa.select(KeptLine.op)
            .outerjoin(Outcome, Outcome.op == KeptLine.op)
            .where(KeptLine.replica == replica, KeptLine.lane == "main", sa.or_(Outcome.op.is_(None), Outcome.status == "received"))
            .order_by(KeptLine.seq)
            .limit(limit - len(found))
        )
        found += [op for op in session.scalars(query) if op is not None]
        if len(found) >= limit:
            break
    return found


def waiting_for(session: Session, keys: Collection[str]) -> list[UUID]:
    """The deferred operations that wait for one of these."""
    if not keys or session.scalar(sa.select(sa.literal(1)).select_from(Waiting).limit(1)) is None:
        return []
    found: set[UUID] = set()
    for part in _chunks(keys):
        found.update(session.scalars(sa.select(Waiting.op).where(Waiting.awaits.in_(part))))
    return sorted(found)


def judged(session: Session, ops: Collection[UUID]) -> dict[UUID, Judged]:
    """What became of each of these operations so far, where they were judged."""
    found: dict[UUID, Judged] = {}
    for part in _chunks(ops):
        query = sa.select(Outcome.op, Outcome.status, Outcome.code, Outcome.at_corrected, Outcome.time_quality).where(Outcome.op.in_(part))
        found.update((row.op, Judged(row.status, row.code, row.at_corrected, row.time_quality)) for row in session.execute(query))
    deferred = [op for op, outcome in found.items() if outcome.status == "deferred"]
    for part in _chunks(deferred):
        keys: dict[UUID, set[str]] = defaultdict(set)
        for row in session.execute(sa.select(Waiting.op, Waiting.awaits).where(Waiting.op.in_(part))):
            keys[row.op].add(row.awaits)
        found.update((op, found[op]._replace(awaits=frozenset(keys[op]))) for op in part)
    return found


def awaited(session: Session, *, limit: int) -> list[str]:
    """What deferred operations wait for, at most `limit` things."""
    return list(session.scalars(sa.select(Waiting.awaits).distinct().order_by(Waiting.awaits).limit(limit)))


def satisfied(session: Session, keys: Collection[str]) -> list[str]:
    """Of these, what need not be waited for any more: operations done or settled, entities that are there."""
    by_kind: dict[str, list[UUID]] = defaultdict(list)
    for key in keys:
        kind, _, name = key.partition(":")
        if kind in {"op", "settled", *_ENTITIES}:
            by_kind[kind].append(UUID(name))
    found = []
    for kind, ids in by_kind.items():
        for part in _chunks(ids):
            if kind in _ENTITIES:
                column = _ENTITIES[kind].id
                query = sa.select(column).where(column.in_(part))
            else:
                enough = SATISFYING if kind == "op" else FINAL
                query = sa.select(Outcome.op).where(Outcome.op.in_(part), Outcome.status.in_(sorted(enough)))
            found += [f"{kind}:{one}" for one in session.scalars(query)]
    return found


def blocked_entities(session: Session, replica: UUID, *, apart_from: Collection[UUID]) -> dict[UUID, list[tuple[int, UUID]]]:
    """Entities on which operations of this replica wait, with (seq, op) of each."""
    query = sa.select(Outcome.entity, Outcome.op, Outcome.seq).where(
        Outcome.replica == replica,
        sa.text("status IN ('deferred', 'received')"),  # literally as the partial index has it: SQLite takes it for nothing else
    )
    found: dict[UUID, list[tuple[int, UUID]]] = defaultdict(list)
    for row in session.execute(query):
        if row.entity is not None and row.op not in apart_from:
            found[row.entity].append((row.seq, row.op))
    return dict(found)


def awaited_by(session: Session, ops: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """What each of these operations waits for; nothing where it does not."""
    found: dict[UUID, tuple[str, ...]] = dict.fromkeys(ops, ())
    for part in _chunks(ops):
        for row in session.execute(sa.select(Waiting.op, Waiting.awaits).where(Waiting.op.in_(part)).order_by(Waiting.awaits)):
            found[row.op] += (row.awaits,)
    return found


def outcomes_of(session: Session, ops: Collection[UUID]) -> dict[UUID, Outcome]:
    """The outcomes of these operations."""
    found: dict[UUID, Outcome] = {}
    for part in _chunks(ops):
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


def _chunks(values: Collection[Any]) -> Iterable[list[Any]]:
    ordered = list(values)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
