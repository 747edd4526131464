"""The backend of a city district's street inspection: `create_app` ties settings, extensions and doors together, and nothing else does."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from backend.core import observability
from backend.core.config import Settings
from backend.core.database import engine
from backend.core.http import problems
from backend.core.http.json import OrjsonProvider
from backend.entrypoints import announcements, api, cli, guards, web, worker
from backend.entrypoints.demo_clock import following


def create_app(settings: Settings) -> Flask:
    """The application for these settings. Building it touches neither the database nor a store."""
    app = Flask(__name__, static_folder=None)
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=None)
    app.json = OrjsonProvider(app)
    if settings.trust_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trust_proxy, x_proto=settings.trust_proxy, x_host=settings.trust_proxy)  # type: ignore[method-assign]
    app.extensions["linping.settings"] = settings
    observability.install(app)
    problems.install(app)
    engine.connect(app, settings.database_url, wake=worker.waker(settings))
    following.install(app)
    guards.install()
    announcements.install()
    api.install(app)
    web.install(app)
    cli.install(app)
    return app
