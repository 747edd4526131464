"""How schemas and refusals become the OpenAPI document: precise enough for clients that are generated from it.

What is sent and what is answered follow different laws. What is sent refuses unknown fields, and says which may be left out. What is
answered always has all its fields (but those with `metadata={"sometimes": True}`) and may get further ones: the protocol grows by
adding, so that an answer never excludes what it does not name. A schema is therefore one or the other.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import INCLUDE, Schema, fields

from backend.core.problems import Forbidden, Invalid, Malformed, Missing, Problem, TooLarge, Unauthenticated, Unavailable, WrongMedia

_ANSWERED: set[type[Schema]] = set()
_SENT: set[type[Schema]] = set()

PROBLEM = {
    "type": "object",
    "description": ("A refusal (RFC 9457). Branch by the slug in `type`, never by a text. Some have further members, such as `limits`."),
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "description": "`/problems/<slug>`: the slug never changes; `about:blank` where the status says it all",
            "examples": ["/problems/invalid"],
        },
        "title": {"type": "string", "description": "In the language of Accept-Language, English or Chinese"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong with this request"},
        "way_out": {"type": "string", "description": "What to do about it, in the language of Accept-Language"},
        "title_zh": {"type": "string", "description": "In Chinese, whatever the request's language"},
        "way_out_zh": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string", "description": "Finds the request in the server's log"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
}
FIELD_ERROR = {
    "type": "object",
    "description": "One fault of a request",
    "required": ["pointer", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into what was sent"},
        "detail": {"type": "string"},
    },
}
CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ALWAYS: dict[int, tuple[str, type[Problem]]] = {
    400: ("MALFORMED", Malformed),
    401: ("UNAUTHENTICATED", Unauthenticated),
    403: ("FORBIDDEN", Forbidden),
    404: ("NOT_FOUND", Missing),
    413: ("TOO_LARGE", TooLarge),
    415: ("WRONG_MEDIA_TYPE", WrongMedia),
    422: ("INVALID", Invalid),
    503: ("UNAVAILABLE", Unavailable),
}
RESPONSES: dict[str, dict[str, Any]] = {
    "DEFAULT_ERROR": {"description": "A problem (RFC 9457)", "content": CONTENT},
    "NOT_MODIFIED": {"description": "Not modified"},
    "PRECONDITION_FAILED": {"description": "It changed meanwhile", "content": CONTENT},
    "PRECONDITION_REQUIRED": {"description": "If-Match is required", "content": CONTENT},
    **{name: {"description": f"{problem.title}. {problem.way_out}", "content": CONTENT} for name, problem in _ALWAYS.values()},
}
"""What is said of refusals that many operations share."""


def sent(schema: Schema) -> None:
    """Note that this schema and those within it describe what clients send. Raises TypeError where one is answered as well."""
    _note(schema, _SENT, _ANSWERED)


def answered(schema: Schema) -> None:
    """Note that this schema and those within it describe answers. Raises TypeError where one is sent as well."""
    _note(schema, _ANSWERED, _SENT)


def refusals(problems: Sequence[type[Problem]], *, known: bool, body: bool, fields: bool, names: bool) -> dict[str, Any]:
    """The answers that refuse, by status: those declared, and those that follow from what an operation is.

    `known`: the caller must be signed in; `body`: it takes JSON; `fields`: it takes JSON or a query; `names`: its path names something.
    """
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(int(problem.kind), []).append(problem)
    follow = {401: known, 403: known, 404: names, 400: body, 413: body, 415: body, 422: fields, 503: True}
    answers: dict[str, Any] = {str(status): _ALWAYS[status][0] for status, holds in follow.items() if holds}
    for status, declared in by_status.items():
        told = [f"`{problem.slug}`: {problem.title}." for problem in declared]
        if follow.get(status):
            own = _ALWAYS[status][1]
            told.insert(0, f"`{own.slug}`: {own.title}.")
        answers[str(status)] = {"description": " ".join(dict.fromkeys(told)), "content": CONTENT}
    return answers


class Converter(OpenAPIConverter):
    """Schemas as JSON Schema, by the law of their direction."""

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        document: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call] # apispec types only some
        kind = type(schema)
        if text := inspect.getdoc(kind):
            document["description"] = text
        if kind in _ANSWERED:
            if schema.unknown != INCLUDE:
                document.pop("additionalProperties", None)
            always = sorted(name for name, field in _named(schema) if not field.metadata.get("sometimes"))
            document.pop("required", None)
            if always:
                document["required"] = always
        else:
            _drop_empty_defaults(document["properties"].values())
        return document

    def field2property(self, field: Any) -> dict[str, Any]:
        """An enumeration becomes a schema of its own where the field's metadata has a name for it (`named`): one type for a client."""
        prop: dict[str, Any] = super().field2property(field)
        if "enum" not in prop:
            return prop
        kinds = prop.pop("type", None)
        values = [value for value in prop.pop("enum") if value is not None]
        chosen = {"type": next(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else kinds, "enum": values}
        if chosen["type"] is None:
            del chosen["type"]
        if name := field.metadata.get("named"):
            chosen = self._named_enumeration(name, chosen)
        return {**prop, "anyOf": [chosen, {"type": "null"}]} if field.allow_none else {**prop, **chosen}

    def _named_enumeration(self, name: str, chosen: dict[str, Any]) -> dict[str, Any]:
        if self.spec.components.schemas.setdefault(name, chosen) != chosen:
            raise TypeError(f"two enumerations share the name {name!r}")
        return {"$ref": f"#/components/schemas/{name}"}

    def _field2parameter(self, field: Any, *, name: str, location: str) -> dict[str, Any]:
        """A parameter of a query is there or it is not: it cannot be null."""
        parameter: dict[str, Any] = super()._field2parameter(field, name=name, location=location)
        schema = parameter["schema"]
        _drop_empty_defaults([schema])
        if isinstance(schema.get("type"), list):
            kept = [kind for kind in schema["type"] if kind != "null"]
            schema["type"] = kept[0] if len(kept) == 1 else kept
        if schema.get("anyOf", [None])[-1] == {"type": "null"}:
            schema.update(schema.pop("anyOf")[0])
        return parameter


class Plugin(MarshmallowPlugin):
    """apispec's plugin with our converter."""

    Converter = Converter


def _note(schema: Schema, here: set[type[Schema]], other: set[type[Schema]]) -> None:
    for each in _within(schema, set()):
        if each in other:
            raise TypeError(f"{each.__module__}.{each.__name__} is both sent and answered: make two of it")
        here.add(each)


def _within(schema: Schema, seen: set[type[Schema]]) -> Iterator[type[Schema]]:
    if type(schema) in seen:
        return
    seen.add(type(schema))
    yield type(schema)
    for field in schema.fields.values():
        yield from _nested(field, seen)


def _nested(field: fields.Field[Any], seen: set[type[Schema]]) -> Iterator[type[Schema]]:
    if isinstance(field, fields.Nested):
        yield from _within(field.schema, seen)
    elif isinstance(field, fields.List):
        yield from _nested(field.inner, seen)
    elif isinstance(field, fields.Dict) and field.value_field is not None:
        yield from _nested(field.value_field, seen)


def _named(schema: Schema) -> Iterator[tuple[str, fields.Field[Any]]]:
    for name, field in schema.fields.items():
        yield field.data_key or name, field


def _drop_empty_defaults(properties: Iterable[dict[str, Any]]) -> None:
    """A default of null only says that a field may be left out, which `required` says already; generators take it for a value."""
    for each in properties:
        if "default" in each and each["default"] is None:
            del each["default"]
