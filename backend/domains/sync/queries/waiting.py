"""What waits, what for, and what need not wait any more."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.finding import Finding
from backend.domains.patrols.model import Patrol
from backend.domains.sync.model import Outcome, Waiting
from backend.domains.sync.queries.kept import CHUNK, chunks, kept_operations, unjudged_of
from backend.domains.sync.rules.verdicts import FINAL, SATISFYING

_ENTITIES: dict[str, type[Finding | Patrol]] = {"finding": Finding, "patrol": Patrol}


def wakeable(session: Session, *, now: dt.datetime, limit: int) -> list[UUID]:
    """Deferred operations, at most `limit`, that need not wait any more as far as can be seen, and whose look at it is due.

    All that is awaited is walked through, page by page; nothing that waits for something absent hides what waits for something present.
    """
    found: set[UUID] = set()
    after = ""
    while len(found) < limit:
        page = sa.select(Waiting.awaits).where(Waiting.awaits > after).distinct().order_by(Waiting.awaits).limit(CHUNK)
        keys = list(session.scalars(page))
        if not keys:
            break
        after = keys[-1]
        ready = satisfied(session, keys)
        due = sa.or_(Waiting.not_before.is_(None), Waiting.not_before <= now)
        for part in chunks(ready):
            found.update(session.scalars(sa.select(Waiting.op).where(Waiting.awaits.in_(part), due)))
    return sorted(found)[:limit]


def satisfied(session: Session, keys: Collection[str]) -> list[str]:
    """Of these, what need not be waited for any more: operations done or settled, entities that are there."""
    by_kind: dict[str, list[UUID]] = defaultdict(list)
    for key in keys:
        kind, _, name = key.partition(":")
        if kind in {"op", "settled", *_ENTITIES}:
            by_kind[kind].append(UUID(name))
    found = []
    for kind, ids in by_kind.items():
        for part in chunks(ids):
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
    for part in chunks(ops):
        for row in session.execute(sa.select(Waiting.op, Waiting.awaits).where(Waiting.op.in_(part)).order_by(Waiting.awaits)):
            found[row.op] += (row.awaits,)
    return found


def unjudged_entities(
    session: Session, replica: UUID, *, apart_from: Collection[UUID]
) -> dict[UUID, list[tuple[int, UUID, tuple[UUID, ...]]]]:
    """Entities on which lines of this replica are kept that nobody has looked at, with (seq, op, deps) of each."""
    found: dict[UUID, list[tuple[int, UUID, tuple[UUID, ...]]]] = defaultdict(list)
    left = [op for op, status in unjudged_of(session, replica, limit=None) if status is None and op not in apart_from]
    for kept in kept_operations(session, left).get(replica, ()):
        if kept.operation is not None:
            found[kept.operation.entity].append((kept.seq, kept.op, kept.operation.deps))
    return dict(found)
