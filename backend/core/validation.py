"""marshmallow's messages as one problem that names each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
