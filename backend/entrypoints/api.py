"""The door for programs: every domain's endpoints under /api/v1, and the OpenAPI document made from them."""

from __future__ import annotations

from flask import Flask

from backend.core.database.engine import db
from backend.core.http.api import Api
from backend.domains.identity import queries as identity
from backend.entrypoints.demo_clock import api as demo_clock
from backend.entrypoints.discovery import modules

DESCRIPTION = """
Field inspection of a city district: phones push what inspectors did offline, the desk files and dispatches, contractors rectify.

Errors are `application/problem+json` (RFC 9457). Times are RFC 3339 with an offset. Unknown fields are refused. Lists are keyset pages:
pass `next` as `cursor`. Sign in with `POST /api/v1/sessions` and send `Authorization: Bearer <access_token>`.
"""


def install(app: Flask) -> None:
    """Register the blueprints of all domains."""
    app.config.update(
        API_TITLE="Linping street inspection",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "security": [{"bearer": []}],
        },
    )
    app.extensions["linping.authenticate"] = identity.authenticate
    api = Api(app)
    for module in modules("api"):
        for blueprint in getattr(module, "blueprints", ()):  # a file of a package may put its endpoints on another one's
            api.register_blueprint(blueprint, url_prefix="/api/v1" + (blueprint.url_prefix or ""))
    api.register_blueprint(demo_clock.blueprint, url_prefix="/api/v1")
    app.extensions["linping.api"] = api
    app.teardown_appcontext(lambda _error: db.session.remove())
