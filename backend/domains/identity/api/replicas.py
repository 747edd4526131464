"""Replicas as their people and administrators see them. Registering one is an endpoint of sync, which knows what arrived from it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Forbidden
from backend.domains.identity import queries
from backend.domains.identity.actions import replicas
from backend.domains.identity.api.sessions import own_person
from backend.domains.identity.model import Replica
from backend.domains.identity.rules.people import PersonMissing
from backend.domains.identity.rules.roles import ACCOUNT_KEEPERS
from backend.domains.identity.schemas import ListReplicas, ReplicaDoc, ReplicasAnswer

blueprint = Blueprint("replicas", __name__, description="The local stores of people on their phones")


@blueprint.get("/replicas")
@caller()
@blueprint.refuses(PersonMissing)
@blueprint.arguments(ListReplicas(), location="query")
@blueprint.response(200, ReplicasAnswer())
def list_replicas(query: dict[str, Any]) -> dict[str, Any]:
    """The caller's own replicas, or for administrators those of a person, newest first."""
    session, act = here()
    own = own_person()
    person: UUID = query["person"] or own
    if person != own and not act.actor.holds(*ACCOUNT_KEEPERS):
        raise Forbidden(f"the replicas of others need one of the roles: {', '.join(ACCOUNT_KEEPERS)}", roles=list(ACCOUNT_KEEPERS))
    with reading(session):
        queries.get_person(session, person)
        return {"items": [_doc(replica) for replica in queries.list_replicas(session, person)]}


@blueprint.post("/replicas/<uuid:replica>/revoke")
@caller()
@blueprint.response(200, ReplicaDoc())
def revoke_replica(replica: UUID) -> dict[str, Any]:
    """Withdraw the access of an own phone, or as administrator of anybody's. It can never register under this store again."""
    session, act = here()
    return _doc(perform(session, act, replicas.revoke_replica, replica=replica))


def _doc(replica: Replica) -> dict[str, Any]:
    return {
        "id": replica.id,
        "person": replica.person,
        "install_id": replica.install_id,
        "platform": replica.platform,
        "app_version": replica.app_version,
        "schema": replica.schema,
        "state": replica.state,
        "registered_at": replica.registered_at,
        "last_contact_at": replica.last_contact_at,
        "revoked_at": replica.revoked_at,
    }
