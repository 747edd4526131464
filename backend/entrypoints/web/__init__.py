"""Pages for people: what this is and how it is, the API's documentation, and what each problem means; and two answers for operators."""

from __future__ import annotations

from flask import Flask

from backend.entrypoints.web import headers, health, language, pages


def install(app: Flask) -> None:
    """Register the pages."""
    language.install(app)
    for blueprint in (pages.blueprint, health.blueprint):
        app.register_blueprint(blueprint)
    headers.install(app)
