"""A line of a phone with parts of it replaced by the desk: still an operation that a phone might have sent."""

from __future__ import annotations

from typing import Any

import orjson

from backend.core.problems import TooLarge

LINE_BYTES = 64 * 1024
"""What a line of a phone may hold, and so what a repaired one may."""


def readable(raw: bytes) -> dict[str, Any]:
    """What of the line can be read; nothing where it is no object."""
    try:
        data = orjson.loads(raw)
        orjson.dumps(data)
    except (orjson.JSONDecodeError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def repaired(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The operation's object with these members in place of its own; checked to be one that a phone might have sent."""
    given = {name: changes[name] for name in ("t", "v", "d") if changes.get(name) is not None}
    if changes.get("at") is not None:
        given["at"] = changes["at"].isoformat()
    if changes.get("deps") is not None:
        given["deps"] = [str(dep) for dep in changes["deps"]]
    if changes.get("entity") is not None:
        given["e"] = {**changes["entity"], "id": str(changes["entity"]["id"])}
    made = {**data, **given}
    checked(made)
    return made


def checked(data: dict[str, Any]) -> bytes:
    """Its bytes. Raises TooLarge."""
    raw = orjson.dumps(data)
    if len(raw) > LINE_BYTES:
        raise TooLarge(f"an operation is at most {LINE_BYTES} bytes, this one has {len(raw)}")
    return raw
