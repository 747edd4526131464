"""For operators and what they run: is the process alive, may it be sent requests."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify

from backend.core.http.callers import public
from backend.core.http.settings import settings
from backend.entrypoints.web import state

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def tell_alive() -> Response:
    """The process answers; nothing else is asked."""
    return _fresh(jsonify({"status": "alive"}))


@blueprint.get("/readyz")
@public
def tell_ready() -> Response:
    """Whether it can work: the database answers, its migrations are at head, the photo store takes files. 503 names what is not so."""
    found = state.faults(settings())
    not_ready = [name for name, fault in found.items() if fault]
    answer = jsonify(
        {
            "status": "not ready" if not_ready else "ready",
            "not_ready": not_ready,
            "checks": {name: fault or "ok" for name, fault in found.items()},
        },
    )
    if not_ready:
        log.warning("not ready", extra={"checks": found})
        answer.status_code = 503
        answer.headers["Retry-After"] = "5"
    return _fresh(answer)


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
