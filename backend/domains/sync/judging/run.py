"""A run: what the operations of one commit know of each other and of those before them, read at once before the first is judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.actions.record import prefetch_findings
from backend.domains.identity import queries as identity
from backend.domains.identity.queries import Standing
from backend.domains.patrols.actions.patrols import prefetch_patrols
from backend.domains.sync.actions.keep import lock_progress
from backend.domains.sync.model import Progress
from backend.domains.sync.queries.kept import Judged, KeptOperation, judged
from backend.domains.sync.queries.waiting import blocked_entities, unjudged_entities
from backend.domains.sync.rules.envelope import Operation


@dataclass(slots=True)
class Run:
    """What the operations of one run know of each other and of those before them.

    `settled` are statuses by op, `before` earlier outcomes of the run's own operations, `blocked` for each entity the operations that wait
    on it as (seq, op), `awaits` what each waits for as far as it was asked, `earliest` the beginning of the window of those of an estimated
    time, `last` the highest seq whose time was corrected, with that time.
    """

    replica: UUID
    act: Act
    standing: Standing | None = None
    revoked_at: dt.datetime | None = None
    registered_at: dt.datetime | None = None
    settled: dict[UUID, str] = field(default_factory=dict)
    before: dict[UUID, Judged] = field(default_factory=dict)
    blocked: dict[UUID, list[tuple[int, UUID]]] = field(default_factory=dict)
    awaits: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    earliest: dict[UUID, dt.datetime] = field(default_factory=dict)
    last: tuple[int, dt.datetime] | None = None
    progress: Progress | None = None


def prepare(session: Session, run: Run, batch: Sequence[KeptOperation]) -> None:
    """One SELECT a table for all that the run will look up; locks the replica's progress and the findings it touches."""
    run.progress = lock_progress(session, run.replica)
    place = run.progress
    run.last = (place.last_corrected_seq, place.last_corrected_at) if place.last_corrected_at is not None else None
    row = identity.get_replica(session, run.replica)
    run.revoked_at, run.registered_at = row.revoked_at, row.registered_at
    run.standing = identity.standing_of(session, row.person)
    operations = [each.operation for each in batch if each.operation is not None]
    own = {each.op for each in batch}
    # Locked first: whoever else judges one of these operations, under another replica, is done before its outcome is read.
    prefetch_findings(session, {operation.entity for operation in operations if operation.entity_type == "finding"})
    named = {operation.entity for operation in operations if operation.entity_type == "patrol"}
    named |= {patrol for operation in operations if (patrol := _uuid(operation.payload.get("patrol"))) is not None}
    prefetch_patrols(session, named)
    run.before = judged(session, own)
    deps = {dep for operation in operations for dep in operation.deps} - own
    run.settled = {op: each.status for op, each in {**run.before, **judged(session, deps)}.items()}
    run.blocked = blocked_entities(session, run.replica, apart_from=own)
    run.awaits.clear()
    _hold_back(session, run, own)
    photos = [photo for operation in operations for photo in _photos(operation)]
    if photos:
        evidence.prefetch_photos(session, [photo for photo, _ in photos], {sha256 for _, sha256 in photos}, row.person)


def _hold_back(session: Session, run: Run, own: set[UUID]) -> None:
    """Let later operations of an entity wait for lines that were kept and, after a crash, not judged yet: order is causal."""
    assert run.progress is not None, "prepared"
    open_here = sum(op not in run.before or run.before[op].status == "received" for op in own)
    if run.progress.unjudged <= open_here:
        return
    for entity, lines in unjudged_entities(session, run.replica, apart_from=own).items():
        run.blocked.setdefault(entity, []).extend((seq, op) for seq, op, _ in lines)
        run.awaits.update((op, tuple(f"op:{dep}" for dep in deps)) for _, op, deps in lines)


def _photos(operation: Operation) -> Iterable[tuple[UUID, str]]:
    declared = [operation.payload] if operation.verb == "add_photo" else operation.payload.get("photos")
    for photo in declared if isinstance(declared, list) else ():
        if isinstance(photo, dict) and (photo_id := _uuid(photo.get("id"))) is not None and isinstance(photo.get("sha256"), str):
            yield photo_id, photo["sha256"]


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError):
        return None
