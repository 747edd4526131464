"""The alarm that a phone knows more than the server: an administrator says whether a backup was restored (the protocol, section 2)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.sync.actions import epoch as actions
from backend.domains.sync.queries import standing
from backend.domains.sync.schemas import incidents as schemas

blueprint = Blueprint("incidents", __name__, description="What must not be, and what was said about it.")


@blueprint.post("/sync/incidents/<uuid:incident>/confirmation")
@caller("administrator")
@blueprint.arguments(schemas.ConfirmRestore())
@blueprint.response(200, schemas.RestoreConfirmed())
def confirm_restore(payload: dict[str, Any], incident: UUID) -> dict[str, Any]:
    """Say whether a backup was restored. If so a new epoch begins for all and the phones refill it; if not this phone alone goes on."""
    session, act = here()
    perform(session, act, actions.confirm_restore, incident=incident, restored=payload["restored"], note=payload["note"])
    with reading(session):
        return {"incident": incident, "restored": payload["restored"], "epoch": standing.epoch(session)}
