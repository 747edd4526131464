"""Reading a pushed body: the header, the lines, the envelope of each operation. Written out by hand: it runs for every line."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from backend.core.problems import Forbidden, Invalid, Malformed

MAX_SEQ = 2**53
SEQ_AHEAD = 10_000
"""A seq this far over acked_through is kept apart: the phone's counter is broken (protocol, section 3)."""

_ENTITIES = {"patrol", "finding", "replica"}


class BadHeader(Malformed):
    """The first line is not a header this server understands: nothing was kept."""

    slug = "push_header"
    title = "The push has no readable header"
    title_zh = "推送缺少可读取的首行"
    way_out = "Make line 1 the header object of the protocol ({\"h\": 1, \"replica\": …}) and resend the whole body."
    way_out_zh = "请将第一行设为协议规定的首行对象后整体重发。"


class ForeignReplica(Forbidden):
    """The credential belongs to another replica than the header names."""

    slug = "foreign_replica"
    title = "The credential is another replica's"
    title_zh = "凭证属于其他终端副本"
    way_out = "Push each replica's operations with the credential it was given at its registration."
    way_out_zh = "请使用该副本登记时获得的凭证推送其操作。"


class BadEnvelope(Invalid):
    """An operation's outer fields are missing or wrong."""

    slug = "envelope"
    title = "The operation's outer fields are wrong"
    title_zh = "操作外层字段有误"
    way_out = "Correct the fields listed and send the deed as a new operation; the bytes are kept and a supervisor can repair them."
    way_out_zh = "请更正所列字段并作为新操作发送；原始数据已保存，值班长可修复。"


@dataclass(frozen=True, slots=True)
class Header:
    """Line 1 of a push. `mono_ms` is the monotonic clock at sending, `anchors` moments at which true time was known."""

    replica: UUID
    epoch: str | None
    sent_at: dt.datetime
    boot: str | None
    mono_ms: float | None
    anchors: tuple[Anchor, ...]
    outbox_depth: int | None
    chain_through: int | None
    chain_hash: str | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `mono_ms` of boot `boot` the true time was `time`."""

    boot: str
    mono_ms: float
    time: dt.datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One operation line of the body; `number` counts from 2. `data` is None and `lane` says why where it cannot be an operation."""

    number: int
    raw: bytes
    sha256: bytes
    lane: str
    op: UUID | None = None
    seq: int | None = None
    data: dict[str, Any] | None = None
    fault: str | None = None


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


def read_header(raw: bytes) -> Header:
    """The header, or BadHeader naming the field."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadHeader(f"line 1 is not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("h") != 1:
        raise BadHeader("line 1 is not a header object with h = 1", errors=[("/h", "1")])
    chain = data.get("chain") or {}
    try:
        return Header(
            replica=UUID(data["replica"]),
            epoch=data.get("epoch"),
            sent_at=_moment(data["sent_at"]),
            boot=_text(data.get("boot")),
            mono_ms=_number(data.get("mono_ms")),
            anchors=tuple(Anchor(str(each["boot"]), float(each["mono_ms"]), _moment(each["time"])) for each in data.get("anchors") or ()),
            outbox_depth=_whole(data.get("outbox_depth")),
            chain_through=_whole(chain.get("through")),
            chain_hash=_text(chain.get("hash")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadHeader(f"the header's fields are missing or wrong: {error}") from error


def read_line(number: int, raw: bytes, *, size: int, sha256: bytes, op_bytes: int) -> Line:
    """One line as far as it can be told: `op` and `seq` where they are there, else the lane it is kept in."""
    if size > op_bytes:
        return Line(number, raw[:op_bytes], sha256, "too_large", fault=f"a line is at most {op_bytes} bytes, this one has {size}")
    try:
        data = orjson.loads(raw)
        if not isinstance(data, dict):
            return Line(number, raw, sha256, "malformed", fault="the line is not a JSON object")
    except orjson.JSONDecodeError as error:
        return Line(number, raw, sha256, "malformed", fault=f"the line is not JSON in UTF-8: {error}")
    seq = data.get("seq")
    try:
        op = UUID(data.get("op"))
    except (TypeError, ValueError, AttributeError):
        return Line(number, raw, sha256, "malformed", fault="op is not a UUID", data=data)
    if isinstance(seq, bool) or not isinstance(seq, int) or not 1 <= seq <= MAX_SEQ:
        return Line(number, raw, sha256, "malformed", op=op, fault="seq is not a whole number from 1", data=data)
    return Line(number, raw, sha256, "main", op=op, seq=seq, data=data)


def read_operation(data: dict[str, Any]) -> Operation:
    """The envelope of a line whose op and seq are known to be right; BadEnvelope lists every wrong field."""
    errors: list[tuple[str, str]] = []
    entity = data.get("e")
    payload = data.get("d")
    deps = data.get("deps") or []
    at = entity_id = None
    ids: list[UUID] = []
    try:
        at = _moment(data.get("at"))
    except (TypeError, ValueError):
        errors.append(("/at", "RFC 3339 with an offset"))
    if not isinstance(data.get("t"), str):
        errors.append(("/t", "the name of an operation"))
    version = data.get("v")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        errors.append(("/v", "a whole number from 1"))
    if not isinstance(entity, dict) or entity.get("type") not in _ENTITIES:
        errors.append(("/e/type", f"one of {', '.join(sorted(_ENTITIES))}"))
    else:
        try:
            entity_id = UUID(entity.get("id"))
        except (TypeError, ValueError, AttributeError):
            errors.append(("/e/id", "a UUID"))
        if not (entity.get("base") is None or _is_whole(entity.get("base"))):
            errors.append(("/e/base", "a version or null"))
    if not isinstance(payload, dict):
        errors.append(("/d", "an object"))
    try:
        ids = [UUID(each) for each in deps]
    except (TypeError, ValueError, AttributeError):
        errors.append(("/deps", "a list of operation ids"))
    try:
        boot, mono = _text(data.get("boot")), _number(data.get("mono_ms"))
    except ValueError as error:
        errors.append(("/mono_ms", str(error)))
    if errors:
        raise BadEnvelope("; ".join(f"{pointer}: {text}" for pointer, text in errors), errors=errors)
    assert at is not None and entity_id is not None and isinstance(payload, dict) and isinstance(entity, dict)
    return Operation(
        op=UUID(data["op"]),
        seq=data["seq"],
        verb=data["t"],
        version=data["v"],
        at=at,
        boot=boot,
        mono_ms=mono,
        deps=tuple(ids),
        entity_type=entity["type"],
        entity=entity_id,
        base=entity.get("base"),
        payload=payload,
    )


def without_seq(raw: bytes) -> bytes:
    """Digest of the line's JSON apart from `seq`: equal for an operation renumbered after a fork."""
    data = orjson.loads(raw)
    data.pop("seq", None)
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).digest()


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset")
    return moment.astimezone(dt.UTC)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:100]


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise ValueError("milliseconds, or null")
    return float(value)


def _whole(value: Any) -> int | None:
    return value if _is_whole(value) else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEQ
