"""Reading single values of the wire: each gives the value or raises ValueError or TypeError."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

MAX_SEQ = 2**53


def moment(value: Any) -> dt.datetime:
    """RFC 3339 with an offset, as UTC."""
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset")
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("a time within the calendar") from error


def text(value: Any) -> str | None:
    """A short text, or None."""
    return None if value is None else str(value)[:100]


def number(value: Any) -> float | None:
    """Milliseconds, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise ValueError("milliseconds, or null")
    return float(value)


def whole(value: Any) -> int | None:
    """A whole number from 0, or None for anything else."""
    return value if is_whole(value) else None


def is_whole(value: Any) -> bool:
    """Whether it is a whole number from 0 that a double holds exactly."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEQ


def short_text(value: Any) -> str:
    """A text of 1 to 60 characters."""
    if not isinstance(value, str) or not 0 < len(value) <= 60:
        raise ValueError("a short text")
    return value


def positive(value: Any) -> int:
    """A whole number from 1."""
    if not is_whole(value) or value < 1:
        raise ValueError("a whole number from 1")
    return int(value)


def version_or_none(value: Any) -> int | None:
    """A version, or None."""
    if value is not None and not is_whole(value):
        raise ValueError("a version or null")
    return cast("int | None", value)


def an_object(value: Any) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise TypeError("an object")
    return value


def ids(value: Any) -> tuple[UUID, ...]:
    """A list of UUIDs."""
    if not isinstance(value, list):
        raise TypeError("a list")
    return tuple(UUID(each) for each in value)


def nuls(value: Any, at: str = "") -> Iterator[str]:
    """Pointers of the texts that hold a NUL character, which no text in a database may."""
    if isinstance(value, str):
        if "\0" in value:
            yield at
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from nuls(key, at)
            yield from nuls(each, f"{at}/{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from nuls(each, f"{at}/{index}")
