"""Pull: changes out (the protocol, section 4)."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import orjson
from flask import Response

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here, present
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.domains.identity import queries as identity
from backend.domains.identity.rules.replicas import ReplicaMissing, ReplicaWipe
from backend.domains.sync.actions.incidents import note_mismatch
from backend.domains.sync.actions.keep import note_pull
from backend.domains.sync.actions.renew import keep_session
from backend.domains.sync.queries import feed, standing
from backend.domains.sync.rules import cursors
from backend.domains.sync.rules.cursors import CursorExpired
from backend.domains.sync.schemas import wire as schemas

log = logging.getLogger(__name__)
_NOTED_EVERY = dt.timedelta(minutes=10)
"""That a phone pulls is noted no more often: reading must not write each time."""
blueprint = Blueprint("pull", __name__, description="Changes out, scope by scope.")


@blueprint.post("/sync/pull")
@caller()
@blueprint.arguments(schemas.Pull())
@blueprint.refuses(ReplicaWipe, ReplicaMissing, CursorExpired)
@blueprint.response(200, schemas.PullAnswer())
def pull_changes(payload: dict[str, Any]) -> Response:
    """Changes of the caller's scopes after the cursor, and outcomes that became final. Works while push is stuck."""
    session, act = here()
    secret = settings().secret_key
    with reading(session, snapshot=True):
        replica = standing.own_replica(session, payload["replica"], act.actor)
        if replica.revoked_at is not None:
            raise ReplicaWipe(f"replica {replica.id} was revoked")
        epoch = standing.epoch(session)
        page = feed.pull_page(
            session,
            act.actor,
            replica=replica.id,
            position=cursors.unpack(payload["cursor"], secret, epoch=epoch, now=act.at),
            now=act.at,
            limit=payload["limit"],
            digest=payload["digest"],
            schema=payload["schema"] or 1,
        )
        place = standing.standing(session, replica.id)
        renewal = identity.session_due(session, present().token_id, act.at)
    if renewal:
        perform(session, act, keep_session, login_session=present().token_id, days=settings().session_days)
    if place.last_pull_at is None or act.at - place.last_pull_at > _NOTED_EVERY:
        act.told.clear()
        perform(session, act, note_pull, replica=payload["replica"])
    if page.resync:
        log.warning("a phone's copy differed", extra={"replica": str(payload["replica"]), "scopes": page.resync})
        act.told.clear()
        perform(session, act, note_mismatch, replica=payload["replica"], scopes=page.resync)
    body = {
        "epoch": epoch,
        "more": page.more,
        "cursor": cursors.pack(page.position, secret, now=act.at),
        "server_time": act.at,
        "acked_through": place.acked_through,
        "scopes": {"added": page.added, "dropped": page.dropped},
        "resync": page.resync,
        "changes": page.changes,
        "results": page.results,
    }
    return Response(orjson.dumps(body), content_type="application/json")
