"""Keyset pages: an opaque cursor that says after which row the next page begins."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar, overload
from uuid import UUID

import orjson

from backend.core.problems import Invalid

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


class BadCursor(Invalid):
    """A page cursor that this server did not make for this list."""

    slug = "bad_page_cursor"
    title = "The page cursor is not valid"
    title_zh = "分页游标无效"
    way_out = "Take the cursor from `next` of the previous page unchanged, or leave it away for the first page."
    way_out_zh = "请原样使用上一页返回的 next 游标；留空则从第一页开始。"


def pack(of: str, *values: Any) -> str:
    """The cursor after a row of the list `of` with these key values."""
    return base64.urlsafe_b64encode(orjson.dumps((of, *values))).decode().rstrip("=")


@overload
def unpack(of: str, cursor: str | None, a: Callable[[Any], A], /) -> tuple[A] | None: ...
@overload
def unpack(of: str, cursor: str | None, a: Callable[[Any], A], b: Callable[[Any], B], /) -> tuple[A, B] | None: ...
@overload
def unpack(
    of: str, cursor: str | None, a: Callable[[Any], A], b: Callable[[Any], B], c: Callable[[Any], C], d: Callable[[Any], D], /
) -> tuple[A, B, C, D] | None: ...
def unpack(of: str, cursor: str | None, /, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The key values of a cursor of the list `of`, each of its kind (`text`, `number`, `moment`, `key`); None for the first page.

    Raises BadCursor, which names /cursor; also for a cursor of another list, and for values that no database would take.
    """
    if not cursor:
        return None
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadCursor("the cursor cannot be read", errors=[("/cursor", "cannot be read")]) from error
    if not isinstance(values, list) or len(values) != len(kinds) + 1 or values[0] != of:
        raise BadCursor("the cursor belongs to another list", errors=[("/cursor", "belongs to another list")])
    try:
        return tuple(kind(value) for kind, value in zip(kinds, values[1:], strict=True))
    except (ValueError, OverflowError) as error:
        raise BadCursor("the cursor belongs to another list", errors=[("/cursor", "belongs to another list")]) from error


def text(value: Any) -> str:
    """A text that a database can hold: without NUL. Raises ValueError."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    return value


def number(value: Any) -> int:
    """A whole number of 64 bits. Raises ValueError."""
    if type(value) is not int or not -(2**63) <= value < 2**63:  # true is no number
        raise ValueError("no number")
    return value


def moment(value: Any) -> dt.datetime:
    """A moment with an offset, in UTC. Raises ValueError, OverflowError."""
    found = dt.datetime.fromisoformat(text(value))
    if found.tzinfo is None:
        raise ValueError("no offset")
    return found.astimezone(dt.UTC)


def key(value: Any) -> UUID:
    """The id of a row. Raises ValueError."""
    return UUID(text(value))
