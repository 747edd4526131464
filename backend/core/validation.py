"""marshmallow's messages as one problem that names each field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError, fields

from backend.core.problems import Invalid


def of_validation(messages: Any) -> Invalid:
    """Nested messages of marshmallow as one problem with a JSON pointer a fault."""
    errors = list(_pointers(messages, ""))
    detail = "; ".join(f"{pointer or '/'}: {text}" for pointer, text in errors[:3])
    return Invalid(detail or "the body does not fit its schema", errors=errors)


def _pointers(messages: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            step = "" if key in {"_schema", "json", "query", "form", "headers"} else f"/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from _pointers(value, at + step)
    elif isinstance(messages, list | tuple):
        for value in messages:
            yield from _pointers(value, at)
    else:
        yield at, str(messages)


class Moment(fields.AwareDateTime):
    """RFC 3339 with an offset, between the years 1970 and 2200: what clocks say, whatever else a date could be."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.datetime:
        moment: dt.datetime = super()._deserialize(value, attr, data, **kwargs)
        if not 1970 <= moment.year <= 2200:
            raise ValidationError("a time between 1970 and 2200")
        return moment


def nul_pointers(value: Any, at: str = "") -> Iterator[str]:
    """JSON pointers of the texts, names of members among them, that hold a NUL character."""
    if isinstance(value, str) and "\0" in value:
        yield at
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from nul_pointers(str(key), at)
            yield from nul_pointers(each, f"{at}/{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from nul_pointers(each, f"{at}/{number}")


def too_deep(value: Any, most: int) -> bool:
    """Whether more than `most` arrays and objects stand within each other. Level by level: deep nesting must not use up the stack."""
    level = [value]
    for _ in range(most + 1):
        level = [each for held in level if isinstance(held, dict | list) for each in (held.values() if isinstance(held, dict) else held)]
        if not level:
            return False
    return True
