"""The deeds of a patrol: open it, append to its track, close it. Each is safe to arrive late and in any order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import add_row, find_row, lock_row, prefetch
from backend.core.deeds import deed
from backend.core.problems import IdTaken
from backend.domains.evidence.actions.photos import lock_person
from backend.domains.patrols.model import Patrol, Shift, TrackChunk
from backend.domains.patrols.queries import patrols as queries
from backend.domains.patrols.queries import shifts
from backend.domains.patrols.rules import patrols as rules
from backend.domains.patrols.rules.rosters import holder_at
from backend.domains.territory.rules import datums

_MOMENT = dt.timedelta(microseconds=1)


def open_patrol(session: Session, act: Act, *, patrol: UUID, payload: dict[str, Any]) -> tuple[Patrol, Rule | None]:
    """Open a patrol. One whose time meets another's of the same inspector is kept as well; both are flagged as overlapping.

    Raises IdTaken.
    """
    inspector = act.actor.person
    if inspector is None or find_row(session, Patrol, patrol) is not None:
        raise IdTaken(f"patrol {patrol} exists already")
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
            overlapping=False,
            unplanned=False,
        ),
    )
    against = _against_plan(session, row)
    row.unplanned = against is not None
    _weigh_overlaps(session, act, row, until=None)
    _tell(act, "patrol.opened", row)
    return row, against or (rules.PATROLS_OVERLAP if row.overlapping else None)


def _against_plan(session: Session, row: Patrol) -> Rule | None:
    """What stands against the plan that the patrol names, as it was when it was opened; an unknown shift is kept as sent."""
    shift = find_row(session, Shift, row.planned) if row.planned is not None else None
    if shift is None:
        return None
    if shift.cancelled_at is not None and shift.cancelled_at <= row.opened_at:
        return rules.TASK_CANCELLED
    away = shifts.absences_within(session, row.opened_at, row.opened_at + _MOMENT)
    return None if row.inspector == holder_at(shifts.planned(shift), row.opened_at, away) else rules.PATROL_OF_ANOTHER


def append_track(session: Session, act: Act, *, patrol: UUID, payload: dict[str, Any]) -> tuple[Patrol, Rule | None]:
    """Append a chunk of up to 500 points. The same chunk again changes nothing; after the close it still counts.

    Another chunk under a number that is taken is kept under the next free one: no walked metre is lost to a counter that began anew.
    Raises NotYet, NotYourPatrol.
    """
    row = _own(session, act, patrol)
    chunk, rule = payload["chunk"], None
    if queries.has_chunk(session, patrol, chunk):
        chunks = queries.list_chunks(session, patrol)
        if any((each.datum, each.points) == (payload["datum"], payload["points"]) for each in chunks):
            return row, None
        chunk, rule = max(each.chunk for each in chunks) + 1, rules.CHUNK_RENUMBERED
    datum = datums.Datum(payload["datum"])
    line = [[*datums.to_wgs84(lon, lat, datum), accuracy, at] for lon, lat, accuracy, at in payload["points"]]
    metres = rules.length_m(line)
    add_row(
        session,
        TrackChunk(patrol=patrol, chunk=chunk, datum=datum.value, points=payload["points"], wgs84=line, metres=metres),
    )
    row.points += len(line)
    row.metres += metres
    after = _take(row, act.happened_at)
    row.version += 1
    _tell(act, "patrol.track_appended", row, chunk=chunk, points=len(line))
    return row, rules.TRACK_AFTER_CLOSE if after else rule


def take_finding(session: Session, act: Act, *, patrol: UUID) -> Rule | None:
    """A finding was recorded on the patrol: what that means for the patrol, and whether it was found after the close.

    Raises NotYet, NotYourPatrol.
    """
    row = _own(session, act, patrol)
    late = row.late
    after = _take(row, act.happened_at)
    if row.late != late:
        row.version += 1
        _tell(act, "patrol.found_late", row)
    return rules.FINDING_AFTER_CLOSE if after else None


def close_patrol(session: Session, act: Act, *, patrol: UUID, payload: dict[str, Any]) -> tuple[Patrol, Rule | None]:
    """Close it with what was visited. A patrol closed twice keeps the earlier close and all that was visited.

    Raises NotYet, NotYourPatrol.
    """
    row = _own(session, act, patrol)
    row.visited = sorted({*row.visited, *payload["visited"]})
    until = row.closed_at
    row.closed_at = min(until or act.happened_at, act.happened_at)
    row.late = rules.is_late(row.added_at, row.closed_at)  # the track may have come before its close
    row.state = "closed"
    row.version += 1
    if row.closed_at != until:
        _weigh_overlaps(session, act, row, until=until)
    _tell(act, "patrol.closed", row, visited=len(row.visited))
    return row, None


@deed
def retire_patrols(session: Session, act: Act, *, patrols: list[UUID]) -> int:
    """Take closed patrols from the feed: their inspector's phone need hold them no longer. How many it took."""
    rows = [row for each in sorted(patrols) if (row := lock_row(session, Patrol, each)) is not None and row.state == "closed"]
    for row in rows:
        act.tell("patrol.retired", "patrol", row.id, version=row.version, left=(f"user:{row.inspector}",))
    return len(rows)


def prefetch_patrols(session: Session, patrols: Collection[UUID]) -> None:
    """Load and lock what a run of operations is going to touch."""
    prefetch(session, Patrol, patrols, lock=True)


def _own(session: Session, act: Act, patrol: UUID) -> Patrol:
    row = queries.await_patrol(session, patrol)
    if row.inspector != act.actor.person:
        raise rules.NotYourPatrol("the patrol is another inspector's")
    return row


def _take(row: Patrol, moment: dt.datetime) -> bool:
    """Something of the patrol happened at this moment: whether that was after its close."""
    row.added_at = max(row.added_at or moment, moment)
    row.late = rules.is_late(row.added_at, row.closed_at)
    return row.closed_at is not None and moment > row.closed_at


def _weigh_overlaps(session: Session, act: Act, row: Patrol, *, until: dt.datetime | None) -> None:
    """Flag anew whatever the patrol met or no longer meets: it was opened, or its end came from `until` (None: open) to what it is now.

    Flags follow from the times of all the inspector's patrols, so that the order of arrival cannot matter.
    """
    lock_person(session, row.inspector)  # two phones of one inspector may do this at once, each blind to the other
    span = rules.Span(row.opened_at, until)
    near = queries.list_patrols_within(session, row.inspector, span)
    touched = [row, *(each for each in near if each.id != row.id)]
    reach = rules.hull([rules.Span(each.opened_at, each.closed_at) for each in touched] + [span])
    spans = {each.id: rules.Span(each.opened_at, each.closed_at) for each in queries.list_patrols_within(session, row.inspector, reach)}
    spans[row.id] = rules.Span(row.opened_at, row.closed_at)
    for each in touched:
        meets = sorted(str(other) for other, its in spans.items() if other != each.id and rules.overlap(its, spans[each.id]))
        if each.overlapping != bool(meets):
            each.overlapping = bool(meets)
            if each is not row:  # the patrol's own entry and version follow
                each.version += 1
                _tell(act, "patrol.overlapped" if meets else "patrol.overlap_ended", each, by=row.id)


def _tell(act: Act, event: str, row: Patrol, **facts: Any) -> None:
    act.tell(event, "patrol", row.id, version=row.version, scopes=(f"user:{row.inspector}",), state=row.state, **facts)
