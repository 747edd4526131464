"""What a browser may do with our pages: nothing of anybody else's, no inline script, no frame."""

from __future__ import annotations

from flask import Flask, Response, request

_OURS = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
PAGE = f"{_OURS}; img-src 'self' data:"
SWAGGER = f"{PAGE}; style-src 'self' 'unsafe-inline'"
"""Swagger UI writes style attributes; scripts still come from files of ours only."""


def install(app: Flask) -> None:
    """Set the headers on every HTML answer."""

    @app.after_request
    def _guard(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = SWAGGER if request.endpoint == "web.show_docs" else PAGE
            response.headers["X-Frame-Options"] = "DENY"
            response.headers["Referrer-Policy"] = "same-origin"
        return response
