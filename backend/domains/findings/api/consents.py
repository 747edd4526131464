"""The doors of consent: agree or object to a move, and what was said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.findings.actions import consents as actions
from backend.domains.findings.api.door import STAFF, blueprint, shown
from backend.domains.findings.queries import consents as queries
from backend.domains.findings.queries.one import get_finding
from backend.domains.findings.rules.consents import ConsentNotAsked, NotYourConsent
from backend.domains.findings.rules.moving import MoveNotOpen
from backend.domains.findings.schemas import consents, documents
from backend.domains.policies.rules.administering import CONSENTING


@blueprint.post("/findings/<uuid:finding>/consents")
@caller(*CONSENTING)
@blueprint.arguments(consents.ConsentToMove())
@blueprint.refuses(ConsentNotAsked, NotYourConsent, MoveNotOpen)
@blueprint.response(200, documents.FindingWithHistory())
def consent_to_move(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Agree or object to a move that a policy lets nobody make alone; the latest word counts."""
    session, act = here()
    perform(session, act, actions.consent_to_move, finding=finding, payload=payload)
    return shown(finding)


@blueprint.get("/findings/<uuid:finding>/consents")
@caller(*STAFF)
@blueprint.response(200, consents.ConsentsDoc())
def list_consents(finding: UUID) -> dict[str, Any]:
    """What was said to moves of this finding, and whose consent the policy wants now."""
    session, act = here()
    with reading(session):
        row = get_finding(session, finding, act.actor)
        return {"items": queries.consents_of(session, finding), "wanted": queries.wanted(session, row, act.at)}
