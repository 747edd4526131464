"""Requests to open closed findings again: asked by communities, towns and the desk, decided by shift leaders and leaders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.findings.rules.moving import MoveNotOpen, NotYourFinding, SameHands
from backend.domains.residents.actions import reopening
from backend.domains.residents.api.door import blueprint
from backend.domains.residents.model import ReopeningRequest
from backend.domains.residents.queries.desk import list_requests, request_docs
from backend.domains.residents.rules.access import ASKERS, DECIDERS, READERS
from backend.domains.residents.rules.receipts import NotNow
from backend.domains.residents.rules.status import ReopeningDecided, ReopeningPending, TooLateToReopen
from backend.domains.residents.schemas import desk as schemas


@blueprint.get("/reopening-requests")
@caller(*READERS)
@blueprint.arguments(schemas.ListReopeningRequests(), location="query")
@blueprint.response(200, schemas.ReopeningRequestPage())
def list_reopening_requests(query: dict[str, Any]) -> dict[str, Any]:
    """Requests about findings of the caller's areas, what waits longest first."""
    session, act = here()
    with reading(session):
        return list_requests(session, act.actor, **query)


@blueprint.post("/findings/<uuid:finding>/reopening-requests")
@caller(*ASKERS)
@blueprint.arguments(schemas.RequestReopening())
@blueprint.refuses(NotNow, ReopeningPending, TooLateToReopen)
@blueprint.response(201, schemas.ReopeningRequestDoc())
def request_reopening(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Ask for a closed finding to be opened again."""
    session, act = here()
    return _shown(perform(session, act, reopening.request_reopening, finding=finding, payload=payload))


@blueprint.post("/reopening-requests/<uuid:request>/grant")
@caller(*DECIDERS)
@blueprint.arguments(schemas.DecideReopening())
@blueprint.refuses(ReopeningDecided, SameHands, MoveNotOpen, NotYourFinding)
@blueprint.response(200, schemas.ReopeningRequestDoc())
def grant_reopening(payload: dict[str, Any], request: UUID) -> dict[str, Any]:
    """Open the finding again; its units get new dispatches."""
    session, act = here()
    return _shown(perform(session, act, reopening.grant_reopening, request=request, payload=payload))


@blueprint.post("/reopening-requests/<uuid:request>/refusal")
@caller(*DECIDERS)
@blueprint.arguments(schemas.DecideReopening())
@blueprint.refuses(ReopeningDecided, SameHands, NotYourFinding)
@blueprint.response(200, schemas.ReopeningRequestDoc())
def refuse_reopening(payload: dict[str, Any], request: UUID) -> dict[str, Any]:
    """It stays closed: say why. Not by who closed it."""
    session, act = here()
    return _shown(perform(session, act, reopening.refuse_reopening, request=request, payload=payload))


def _shown(row: ReopeningRequest) -> dict[str, Any]:
    session, _ = here()
    with reading(session):
        return request_docs(session, [row])[0]
