"""The deeds of a patrol: open it, append to its track, close it. Each is safe to arrive late and in any order."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, find_row, prefetch
from backend.core.problems import IdTaken
from backend.domains.patrols import queries, rules
from backend.domains.patrols.model import Patrol, TrackChunk
from backend.domains.territory.rules import datums


def open_patrol(session: Session, act: Act, *, patrol: UUID, payload: dict[str, Any]) -> Patrol:
    """Open a patrol. A second open patrol of the same inspector is kept; both are flagged as overlapping."""
    inspector = act.actor.person
    if inspector is None or find_row(session, Patrol, patrol) is not None:
        raise IdTaken(f"patrol {patrol} exists already")
    others = queries.list_open_patrols(session, inspector, apart_from=patrol)
    row = add_row(
        session,
        Patrol(
            id=patrol,
            version=1,
            inspector=inspector,
            replica=act.replica,
            state="open",
            planned=payload["planned"],
            opened_at=act.happened_at,
            closed_at=None,
            visited=[],
            points=0,
            metres=0.0,
            late=False,
            added_at=None,
            overlapping=bool(others),
        ),
    )
    for other in others:
        if not other.overlapping:
            other.overlapping = True
            other.version += 1
            _tell(act, "patrol.overlapped", other, by=patrol)
    _tell(act, "patrol.opened", row)
    return row


def append_track(session: Session, act: Act, *, patrol: UUID, payload: dict[str, Any]) -> tuple[Patrol, str | None]:
    """Append a chunk of up to 500 points. The same chunk again changes nothing; after the close it still counts.

    Another chunk under a number that is taken is kept under the next free one: no walked metre is lost to a counter that began anew.
    Returns the patrol, and `chunk_renumbered` for such a chunk. Raises NotYet, NotYourPatrol.
    """
    row = _own(session, act, patrol)
    chunk, code = payload["chunk"], None
    if queries.has_chunk(session, patrol, chunk):
        chunks = queries.list_chunks(session, patrol)
        if any((each.datum, each.points) == (payload["datum"], payload["points"]) for each in chunks):
            return row, None
        chunk, code = max(each.chunk for each in chunks) + 1, "chunk_renumbered"
    datum = datums.Datum(payload["datum"])
    line = [[*datums.to_wgs84(lon, lat, datum), accuracy, at] for lon, lat, accuracy, at in payload["points"]]
    metres = rules.length_m(line)
    add_row(
        session,
        TrackChunk(patrol=patrol, chunk=chunk, datum=datum.value, points=payload["points"], wgs84=line, metres=metres),
    )
    row.points += len(line)
    row.metres += metres
    row.added_at = max(row.added_at or act.happened_at, act.happened_at)
    row.late = rules.is_late(row.added_at, row.closed_at)
    row.version += 1
    _tell(act, "patrol.track_appended", row, chunk=chunk, points=len(line))
    return row, code


def close_patrol(session: Session, act: Act, *, patrol: UUID, payload: dict[str, Any]) -> Patrol:
    """Close it with what was visited. A patrol closed twice keeps the earlier close and all that was visited."""
    row = _own(session, act, patrol)
    row.visited = sorted({*row.visited, *payload["visited"]})
    row.closed_at = min(row.closed_at or act.happened_at, act.happened_at)
    row.late = rules.is_late(row.added_at, row.closed_at)  # the track may have come before its close
    row.state = "closed"
    row.version += 1
    _tell(act, "patrol.closed", row, visited=len(row.visited))
    return row


def _own(session: Session, act: Act, patrol: UUID) -> Patrol:
    row = queries.await_patrol(session, patrol)
    if row.inspector != act.actor.person:
        raise rules.NotYourPatrol("only the inspector who opened the patrol adds to it")
    return row


def _tell(act: Act, event: str, row: Patrol, **facts: Any) -> None:
    act.tell(event, "patrol", row.id, version=row.version, scopes=(f"user:{row.inspector}",), state=row.state, **facts)


def prefetch_patrols(session: Session, patrols: Collection[UUID]) -> None:
    """Load and lock what a run of operations is going to touch."""
    prefetch(session, Patrol, patrols, lock=True)
