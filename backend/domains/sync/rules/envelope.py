"""The envelope of an operation. Written out by hand: it is read for every line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson

from backend.core.problems import Invalid
from backend.domains.sync.rules.values import (
    an_object,
    ids,
    moment,
    nuls,
    number,
    positive,
    short_text,
    text,
    version_or_none,
)

T = TypeVar("T")
ENTITIES = {"patrol", "finding", "replica"}


class BadEnvelope(Invalid):
    """An operation's outer fields are missing or wrong."""

    slug = "envelope"
    title = "The operation's outer fields are wrong"
    title_zh = "操作外层字段有误"
    way_out = "Correct the fields listed and send the deed as a new operation; the bytes are kept and a supervisor can repair them."
    way_out_zh = "请更正所列字段并作为新操作发送；原始数据已保存，值班长可修复。"


@dataclass(frozen=True, slots=True)
class Operation:
    """The envelope of an operation. `base` is the entity version the phone saw, None for its own or new."""

    op: UUID
    seq: int
    verb: str
    version: int
    at: dt.datetime
    boot: str | None
    mono_ms: float | None
    deps: tuple[UUID, ...]
    entity_type: str
    entity: UUID
    base: int | None
    payload: dict[str, Any] = field(repr=False)


def read_operation(data: dict[str, Any]) -> Operation:
    """The envelope of a line whose op and seq are known to be right; BadEnvelope lists every wrong field."""
    errors: list[tuple[str, str]] = []
    entity = data.get("e") if isinstance(data.get("e"), dict) else {}
    assert isinstance(entity, dict)

    def read(pointer: str, value: Any, reader: Callable[[Any], T], what: str) -> T | None:
        try:
            return reader(value)
        except (TypeError, ValueError, AttributeError):
            errors.append((pointer, what))
            return None

    at = read("/at", data.get("at"), moment, "RFC 3339 with an offset")
    verb = read("/t", data.get("t"), short_text, "the name of an operation")
    version = read("/v", data.get("v"), positive, "a whole number from 1")
    mono = read("/mono_ms", data.get("mono_ms"), number, "milliseconds, or null")
    deps = read("/deps", data.get("deps") or [], ids, "a list of operation ids")
    kind = read("/e/type", entity.get("type"), _entity, f"one of {', '.join(sorted(ENTITIES))}")
    entity_id = read("/e/id", entity.get("id"), UUID, "a UUID")
    base = read("/e/base", entity.get("base"), version_or_none, "a version or null")
    payload = read("/d", data.get("d"), an_object, "an object")
    if b"\\u0000" in orjson.dumps(data):
        errors += [(pointer, "no NUL character") for pointer in nuls(data)]
    if errors:
        raise BadEnvelope("; ".join(f"{pointer}: {text}" for pointer, text in errors), errors=errors)
    return Operation(
        op=UUID(data["op"]),
        seq=data["seq"],
        verb=cast("str", verb),
        version=cast("int", version),
        at=cast("dt.datetime", at),
        boot=text(data.get("boot")),
        mono_ms=mono,
        deps=cast("tuple[UUID, ...]", deps),
        entity_type=cast("str", kind),
        entity=cast("UUID", entity_id),
        base=base,
        payload=cast("dict[str, Any]", payload),
    )


def _entity(value: Any) -> str:
    if value not in ENTITIES:
        raise ValueError("not an entity of the protocol")
    return str(value)
