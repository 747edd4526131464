"""Hello, registration, receipts: what a phone asks before and beside push and pull (the protocol, section 2)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here, public
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.domains.identity.rules.replicas import RegistrationInvalid, ReplicaTaken, ReplicaWipe
from backend.domains.sync.actions.register import register_replica as register
from backend.domains.sync.queries import kept, standing
from backend.domains.sync.rules import versions
from backend.domains.sync.schemas import wire as schemas

PROTOCOL = 1

blueprint = Blueprint("sync", __name__, description="Stores that sync: how they begin and where they stand.")


@blueprint.get("/sync/hello")
@public
@blueprint.response(200, schemas.Hello())
def say_hello() -> dict[str, Any]:
    """Protocol, epoch, time and limits: told before a phone captures anything."""
    session, act = here()
    with reading(session):
        epoch = standing.epoch(session)
    return {"protocol": PROTOCOL, "epoch": epoch, "server_time": act.at, "schema": versions.spoken(), "limits": settings().limits}


@blueprint.post("/replicas")
@caller()
@blueprint.arguments(schemas.RegisterReplica())
@blueprint.refuses(ReplicaTaken, RegistrationInvalid, ReplicaWipe)
@blueprint.response(201, schemas.ReplicaRegistered())
@blueprint.alt_response(200, schema=schemas.ReplicaRegistered(), description="This store was known: a new credential for it")
def register_replica(payload: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Register a fresh local store of the caller, or know one again by its install_id."""
    session, act = here()
    registration, place = perform(session, act, register, payload=payload, days=settings().credential_days)
    with reading(session):
        epoch = standing.epoch(session)
    answer = {
        "replica": registration.replica.id,
        "credential": registration.credential,
        "expires_at": registration.expires_at,
        "epoch": epoch,
        "acked_through": place.acked_through,
        "next_seq": place.highest + 1,
        "limits": settings().limits,
    }
    return answer, 201 if registration.created else 200


@blueprint.get("/replicas/<uuid:replica>/receipts")
@caller()
@blueprint.arguments(schemas.ReceiptsQuery(), location="query")
@blueprint.response(200, schemas.Receipts())
def list_receipts(query: dict[str, Any], replica: UUID) -> dict[str, Any]:
    """What had arrived from a replica of the caller: for a phone that lost its store."""
    session, act = here()
    with reading(session, snapshot=True):
        standing.own_replica(session, replica, act.actor)
        items = kept.receipts(session, replica, after=query["after"], limit=query["limit"])
        place = standing.standing(session, replica)
    more = len(items) == query["limit"]
    return {"replica": replica, "acked_through": place.acked_through, "items": items, "next": items[-1]["seq"] if more else None}
