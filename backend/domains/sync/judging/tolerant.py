"""Schemas that pass over what they do not know: an operation of a newer app keeps it in its raw line, and is done without it."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields


def tolerant(schema: Schema) -> Schema:
    """This very schema, passing over unknown members, those of nested objects too: marshmallow hands `unknown` to none of them.

    The desk's doors load with instances of their own, which go on refusing.
    """
    if schema.unknown == EXCLUDE:
        return schema
    schema.unknown = EXCLUDE
    for field in schema.load_fields.values():
        _reach(field)
    return schema


def _reach(field: fields.Field) -> None:  # type: ignore[type-arg] # of whatever it loads
    if isinstance(field, fields.Nested):
        tolerant(field.schema)
    elif isinstance(field, fields.List):
        _reach(field.inner)
