"""The device ledger: every store that syncs, and what it still owes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.cursors import BadCursor
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import reading
from backend.domains.identity.rules.replicas import ReplicaMissing
from backend.domains.sync.queries import ledger
from backend.domains.sync.rules.desk import READERS, desk_of
from backend.domains.sync.schemas import ledger as schemas

blueprint = Blueprint("device ledger", __name__, description="Every store that syncs: when it was last heard of, and what it owes.")


@blueprint.get("/sync/replicas")
@caller(*READERS)
@blueprint.arguments(schemas.ListDeviceReplicas(), location="query")
@blueprint.refuses(BadCursor)
@blueprint.response(200, schemas.DeviceReplicaPage())
def list_device_replicas(query: dict[str, Any]) -> dict[str, Any]:
    """The stores of the caller's areas, with last contact, progress, holes and what waits."""
    session, act = here()
    with reading(session, snapshot=True):
        items, following = ledger.list_replicas(session, desk_of(act.actor), now=act.at, filters=query)
    return {"items": items, "next": following}


@blueprint.get("/sync/replicas/<uuid:replica>")
@caller(*READERS)
@blueprint.refuses(ReplicaMissing)
@blueprint.response(200, schemas.DeviceReplicaWhole())
def get_device_replica(replica: UUID) -> dict[str, Any]:
    """One store, with its last pushes and open incidents."""
    session, act = here()
    with reading(session, snapshot=True):
        return ledger.get_replica(session, desk_of(act.actor), replica, now=act.at)
