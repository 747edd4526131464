"""The API object and blueprint: flask-smorest with the few overrides it needs here.

Schemas are passed to decorators as instances (a class would be built on every request).
"""

from __future__ import annotations

from typing import Any

import flask_smorest
from flask import Request, Response
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from backend.core.http.problems import of_http
from backend.core.problems import WrongMedia


class _Parser(FlaskParser):
    """Unknown fields are refused everywhere; a form body on a JSON route is 415, not an empty object."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - the attribute webargs reads
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "json": RAISE,
    }

    def load_json(self, req: Request, schema: Any) -> Any:
        if not req.is_json:
            raise WrongMedia("send Content-Type: application/json")
        return super().load_json(req, schema)


class Blueprint(flask_smorest.Blueprint):
    """Blueprint of a domain's endpoints."""

    ARGUMENTS_PARSER = _Parser()


class Api(flask_smorest.Api):
    """The OpenAPI 3.1 document and the error answers."""

    def _register_responses(self) -> None:
        problem = {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "description": "`/problems/<slug>`: the slug never changes"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "way_out": {"type": "string"},
                "instance": {"type": "string"},
                "request_id": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}}},
                },
            },
        }
        self.spec.components.schema("Problem", problem)
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        self.spec.components.response("DEFAULT_ERROR", {"description": "A problem (RFC 9457)", "content": content})
        for name in ("UNPROCESSABLE_CONTENT", "UNPROCESSABLE_ENTITY", "NOT_MODIFIED", "PRECONDITION_FAILED", "PRECONDITION_REQUIRED"):
            described = {"description": name.replace("_", " ").capitalize()}
            self.spec.components.response(name, described if name == "NOT_MODIFIED" else {**described, "content": content})

    def handle_http_exception(self, error: HTTPException) -> Response:  # type: ignore[override] # its own type is a tuple
        return of_http(error)
