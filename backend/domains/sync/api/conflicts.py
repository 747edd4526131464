"""The conflict inbox: what phones did that is valid but not in effect, until somebody decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.cursors import BadCursor
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.findings.rules.duty import NothingDisputed, OwnWork
from backend.domains.findings.rules.moving import MoveNotOpen, NotYourFinding, SameHands, StateMoved
from backend.domains.sync.actions import resolve
from backend.domains.sync.queries import conflicts
from backend.domains.sync.rules.desk import READERS, ConflictMissing, NotOpen, OwnOperation, desk_of
from backend.domains.sync.schemas import conflicts as schemas

blueprint = Blueprint("conflicts", __name__, description="What is valid but not in effect: keep, take or merge.")


@blueprint.get("/sync/conflicts")
@caller(*READERS)
@blueprint.arguments(schemas.ListConflicts(), location="query")
@blueprint.refuses(BadCursor)
@blueprint.response(200, schemas.ConflictPage())
def list_conflicts(query: dict[str, Any]) -> dict[str, Any]:
    """What is open for the caller's areas, the oldest first, field by field."""
    session, act = here()
    with reading(session, snapshot=True):
        desk = desk_of(act.actor)
        found, following = conflicts.list_conflicts(session, desk, **query)
        return {"items": conflicts.conflict_docs(session, desk, found), "next": following}


@blueprint.get("/sync/conflicts/<uuid:conflict>")
@caller(*READERS)
@blueprint.refuses(ConflictMissing)
@blueprint.response(200, schemas.Conflict())
def get_conflict(conflict: UUID) -> dict[str, Any]:
    """One conflict, by its operation; what the desk itself proposed, by its proposal."""
    session, act = here()
    with reading(session, snapshot=True):
        desk = desk_of(act.actor)
        one = conflicts.get_conflict(session, desk, conflict)
        return conflicts.conflict_docs(session, desk, [one])[0]


@blueprint.post("/sync/conflicts/<uuid:conflict>/resolution")
@caller("shift_leader")
@blueprint.arguments(schemas.ResolveConflict())
@blueprint.refuses(ConflictMissing, OwnOperation, NotOpen, NothingDisputed, NotYourFinding, SameHands, OwnWork, MoveNotOpen, StateMoved)
@blueprint.response(200, schemas.ConflictResolved())
def resolve_conflict(payload: dict[str, Any], conflict: UUID) -> dict[str, Any]:
    """Decide it: keep, take or merge each field; void or refuse; pass or fail. The phone learns the outcome by pull."""
    session, act = here()
    one = perform(session, act, resolve.resolve_conflict, key=conflict, payload=payload)
    with reading(session, snapshot=True):
        outcome = conflicts.find_outcome(session, one)
    return {"id": conflict, "finding": one.finding, "status": outcome[0], "code": outcome[1], "at_seq": outcome[2]}
