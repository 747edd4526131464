"""The API object and blueprint: flask-smorest with the few overrides it needs here.

Schemas are passed to decorators as instances (a class would be built on every request).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import flask_smorest
import orjson
from flask import Request, Response
from marshmallow import RAISE, Schema, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from backend.core.http import document
from backend.core.http.problems import of_http
from backend.core.problems import Invalid, Malformed, Problem, TooLarge, WrongMedia
from backend.core.validation import nul_pointers, too_deep

Components = dict[str, dict[str, Any]]
"""JSON Schemas by name."""
View = TypeVar("View", bound=Callable[..., Any])

JSON_BYTES = 1024 * 1024
"""The largest JSON body; the schema of an endpoint that takes more says so by an attribute `body_bytes`."""
DEPTH = 32
"""No document of ours is nested deeper than a third of this."""


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
        self._described: list[Schema | Callable[[Api], Components]] = []
        super().__init__(*args, **options)

    def arguments(self, schema: Schema, **options: Any) -> Any:
        document.sent(schema)
        return super().arguments(schema, **options)

    def response(self, status_code: int, schema: Schema | None = None, **options: Any) -> Any:
        _answered(schema)
        return super().response(status_code, schema, **options)

    def alt_response(self, status_code: int, response: str | None = None, *, schema: Schema | None = None, **options: Any) -> Any:
        _answered(schema)
        return super().alt_response(status_code, response, schema=schema, **options)

    def refuses(self, *problems: type[Problem]) -> Callable[[View], View]:
        """Decorator: problems that an endpoint answers with, beside those that follow from its caller, body and path."""

        def declare(view: View) -> View:
            view.declared_problems = (*getattr(view, "declared_problems", ()), *problems)  # type: ignore[attr-defined] # read just below
            return view

        return declare

    def describe(self, make: Schema | Callable[[Api], Components]) -> None:
        """Put schemas into the document that no decorator can name: of lines within a body, and where a value has several shapes.

        A schema is one that is answered. A function is called once all endpoints stand; `Api.sent` and `Api.answered` give it references.
        """
        self._described.append(make)

    def register_views_in_doc(self, api: Api, app: Any, spec: Any, *, name: str, parameters: Any) -> None:
        super().register_views_in_doc(api, app, spec, name=name, parameters=parameters)
        for make in self._described:
            if isinstance(make, Schema):
                api.answered(make)
                continue
            for described, schema in make(api).items():
                spec.components.schema(described, schema)

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        self._rule = rule  # the documentation of an endpoint says what follows from its path
        super().add_url_rule(rule, *args, **options)

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
            arguments = doc.get("arguments", {})
            arguments.pop("responses", None)  # told here; its name for 422 hangs on the version of Python
            places = {each["in"] for each in arguments.get("parameters", ())}
            refused = document.refusals(
                getattr(obj, "declared_problems", ()),
                known=who != "public",
                body="json" in places,
                fields=bool(places),
                names="<" in self._rule,
            )
            said["responses"] = _merged(said.get("responses", {}), refused)
            doc["manual_doc"] = said


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


def _answered(schema: Schema | None) -> None:
    if schema is not None:
        document.answered(schema)


def _merged(said: dict[Any, Any], refused: dict[str, Any]) -> dict[Any, Any]:
    """What an endpoint says itself, and the refusals beside it."""
    own = {str(status) for status in said}
    return {**said, **{int(status): answer for status, answer in refused.items() if status not in own}}


class Api(flask_smorest.Api):
    """The OpenAPI 3.1 document and the error answers."""

    def __init__(self, app: Any) -> None:
        super().__init__(app, spec_kwargs={"marshmallow_plugin": document.Plugin()})

    def sent(self, schema: Schema) -> dict[str, Any]:
        """The `$ref` of what clients send, which is put into the document where it is not yet."""
        document.sent(schema)
        return self._reference(schema)

    def answered(self, schema: Schema) -> dict[str, Any]:
        """The same of what is answered."""
        document.answered(schema)
        return self._reference(schema)

    def _reference(self, schema: Schema) -> dict[str, Any]:
        found: dict[str, Any] = self.ma_plugin.converter.resolve_nested_schema(schema)
        return found

    def _register_responses(self) -> None:
        self.spec.components.schema("FieldError", document.FIELD_ERROR)
        self.spec.components.schema("Problem", document.PROBLEM)
        for name, response in document.RESPONSES.items():
            self.spec.components.response(name, response, lazy=True)

    def handle_http_exception(self, error: HTTPException) -> Response:
        return of_http(error)
