"""Keyset pages: an opaque cursor that says after which row the next page begins."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from backend.core.problems import Invalid


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


def unpack(of: str, cursor: str | None, size: int) -> list[Any] | None:
    """The key values of a cursor of the list `of`; None for the first page. Raises BadCursor, also for a cursor of another list."""
    if not cursor:
        return None
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadCursor("the cursor cannot be read", errors=[("/cursor", "cannot be read")]) from error
    if not isinstance(values, list) or len(values) != size + 1 or values[0] != of:
        raise BadCursor("the cursor belongs to another list", errors=[("/cursor", "belongs to another list")])
    return values[1:]
