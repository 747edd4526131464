"""The API object and blueprint: flask-smorest with the few overrides it needs here.

Schemas are passed to decorators as instances (a class would be built on every request).
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any

import flask_smorest
import orjson
from flask import Request, Response
from marshmallow import RAISE, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from backend.core.http.problems import of_http
from backend.core.problems import Invalid, Malformed, TooLarge, WrongMedia
from backend.core.validation import nul_pointers, too_deep

JSON_BYTES = 1024 * 1024
"""The largest JSON body; the schema of an endpoint that takes more says so by an attribute `body_bytes`."""
DEPTH = 32
"""No document of ours is nested deeper than a third of this."""
_INVALID = 422
_RESPONSES = {
    "DEFAULT_ERROR": "A problem (RFC 9457)",
    "INVALID": "A field is missing, unknown or wrong: `errors` points to each",
    "NOT_MODIFIED": "Not modified",
    "PRECONDITION_FAILED": "It changed meanwhile",
    "PRECONDITION_REQUIRED": "If-Match is required",
}


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
        return read_json(_data(req, getattr(schema, "body_bytes", JSON_BYTES)))

    def load_querystring(self, req: Request, schema: Any) -> Any:
        _refuse_nul(req.args.to_dict())
        return super().load_querystring(req, schema)


class Blueprint(flask_smorest.Blueprint):
    """Blueprint of a domain's endpoints. Each operation is named by its function and says who may call it."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, *args: Any, **options: Any) -> None:
        self._named: Counter[str] = Counter()
        super().__init__(*args, **options)

    def _store_endpoint_docs(self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        who = getattr(obj, "declared_caller", None)
        for method, doc in self._docs[endpoint].items():
            if method == "parameters":
                continue
            self._named[obj.__name__] += 1
            number = self._named[obj.__name__]
            said = dict(doc.get("manual_doc", {}))
            said["operationId"] = obj.__name__ if number == 1 else f"{obj.__name__}_{number}"  # a function with several routes
            said["description"] = "\n\n".join(text for text in (doc["docstring"].get("description"), _who(who)) if text)
            said["x-caller"] = who
            if who == "public":
                said["security"] = []
            doc["manual_doc"] = said

    def _prepare_arguments_doc(self, doc: dict[str, Any], doc_info: dict[str, Any], **known: Any) -> dict[str, Any]:
        doc = super()._prepare_arguments_doc(doc, doc_info, **known)
        responses = doc.get("responses", {})
        if responses.get(_INVALID) == HTTPStatus(_INVALID).name:
            responses[_INVALID] = "INVALID"  # the standard library renamed 422 in Python 3.13: the document must not depend on it
        return doc


def read_json(raw: bytes) -> Any:
    """The value of a JSON body; webargs' `missing` where nothing was sent.

    Raises Malformed with line and column for what is no JSON in UTF-8 (lone surrogates and numbers without a value among it) and for
    nesting deeper than `DEPTH`, Invalid for texts with a NUL.
    """
    if not raw.strip():
        return missing
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        raise Malformed(f"the body is no JSON: {fault.msg}, line {fault.lineno}, column {fault.colno}") from fault
    if _nested(raw) and too_deep(value, DEPTH):
        raise Malformed(f"the body is nested too deeply: at most {DEPTH} arrays and objects within each other")
    if b"\\u0000" in raw:  # JSON can name a NUL in no other way
        _refuse_nul(value)
    return value


def _data(req: Request, most: int) -> bytes:
    """The raw body, counted while it is read. Raises TooLarge."""
    req.max_content_length = most
    try:
        return req.get_data()
    except RequestEntityTooLarge as fault:
        raise TooLarge(f"the body is larger than {most} bytes", limits={"body_bytes": most}) from fault


def _nested(raw: bytes) -> bool:
    return raw.count(b"[") + raw.count(b"{") > DEPTH


def _refuse_nul(value: Any) -> None:
    """Raise Invalid for texts with a NUL character: PostgreSQL keeps none, and nobody means one."""
    errors = [(pointer, "holds a NUL character") for pointer in nul_pointers(value)]
    if errors:
        raise Invalid("; ".join(f"{pointer} {text}" for pointer, text in errors[:3]), errors=errors)


def _who(declared: str | None) -> str | None:
    return None if declared is None else "Callers: anybody." if declared == "public" else f"Callers: {declared}."


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
        for name, description in _RESPONSES.items():
            response = {"description": description} if name == "NOT_MODIFIED" else {"description": description, "content": content}
            self.spec.components.response(name, response, lazy=True)

    def handle_http_exception(self, error: HTTPException) -> Response:
        return of_http(error)
