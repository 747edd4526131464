"""Reading a pushed body: the header, the lines, the envelope of each operation. Written out by hand: it runs for every line."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson

from backend.core.problems import Clash, Forbidden, Invalid, Malformed, Problem, TooLarge

T = TypeVar("T")
MAX_SEQ = 2**53
SEQ_AHEAD = 10_000
"""A seq this far over acked_through is kept apart: the phone's counter is broken (protocol, section 3)."""

_ENTITIES = {"patrol", "finding", "replica"}


class BadHeader(Malformed):
    """The first line is not a header this server understands: nothing was kept."""

    slug = "push_header"
    title = "The push has no readable header"
    title_zh = "推送缺少可读取的首行"
    way_out = 'Make line 1 the header object of the protocol ({"h": 1, "replica": …}) and resend the whole body.'
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


class OpReuse(Clash):
    """This op id came before with other bytes. Both lines are kept, and nothing of the first is shown."""

    slug = "op_reuse"
    title = "The operation's id was used before"
    title_zh = "操作编号已被使用"
    way_out = "Resend the bytes first stored under this id, or send the deed as a new operation with a new op id and the next seq."
    way_out_zh = "请重发该编号最初保存的字节，或使用新的操作编号和下一个 seq 作为新操作发送。"


class ReplicaFork(Clash):
    """This seq came before with another op: two stores push as one replica. The line is kept beside and not judged."""

    slug = "replica_fork"
    title = "Two stores push as one replica"
    title_zh = "两个本地库以同一终端副本推送"
    way_out = "Register a new store (POST /api/v1/replicas with a new install_id), renumber what is unsettled from 1 and push it there."
    way_out_zh = "请用新的 install_id 登记新的本地库，将未了结的操作从 1 重新编号后推送。"


class SeqRange(Invalid):
    """The seq is so far over acked_through that the phone's counter must be broken. The line is kept apart and not judged."""

    slug = "seq_range"
    title = "The sequence number is far ahead"
    title_zh = "序号超前过多"
    way_out = "Number operations without gaps from next_seq of the registration, resend what is missing, or register a new store."
    way_out_zh = "请从登记时返回的 next_seq 起连续编号并补发缺失的操作，或登记新的本地库。"


LANES: dict[str, type[Problem]] = {
    "malformed": Malformed,
    "too_large": TooLarge,
    "op_reuse": OpReuse,
    "fork": ReplicaFork,
    "seq_range": SeqRange,
}
"""Why a line is kept beside the replica's own sequence, and the problem its sender is told; the result's `code` is the problem's slug."""


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
    if not isinstance(data, dict) or data.get("h") != 1 or any(_nuls(data)):
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
        op, seq = _place_of(data)
    except orjson.JSONDecodeError as error:
        return Line(number, raw, sha256, "malformed", fault=f"the line is not JSON in UTF-8: {error}")
    except ValueError as error:
        return Line(number, raw, sha256, "malformed", fault=str(error))
    return Line(number, raw, sha256, "main", op=op, seq=seq, data=data)


def _place_of(data: Any) -> tuple[UUID, int]:
    """The op and seq of a line's object; ValueError says what is wrong with it."""
    if not isinstance(data, dict):
        raise ValueError("the line is not a JSON object")  # noqa: TRY004 - one kind of fault for the caller
    try:
        op = UUID(data.get("op"))
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError("op is not a UUID") from error
    seq = data.get("seq")
    if isinstance(seq, bool) or not isinstance(seq, int) or not 1 <= seq <= MAX_SEQ:
        raise ValueError("seq is not a whole number from 1")
    return op, seq


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

    at = read("/at", data.get("at"), _moment, "RFC 3339 with an offset")
    verb = read("/t", data.get("t"), _name, "the name of an operation")
    version = read("/v", data.get("v"), _version, "a whole number from 1")
    mono = read("/mono_ms", data.get("mono_ms"), _number, "milliseconds, or null")
    deps = read("/deps", data.get("deps") or [], _ids, "a list of operation ids")
    kind = read("/e/type", entity.get("type"), _entity, f"one of {', '.join(sorted(_ENTITIES))}")
    entity_id = read("/e/id", entity.get("id"), UUID, "a UUID")
    base = read("/e/base", entity.get("base"), _base, "a version or null")
    payload = read("/d", data.get("d"), _object, "an object")
    if b"\\u0000" in orjson.dumps(data):
        errors += [(pointer, "no NUL character") for pointer in _nuls(data)]
    if errors:
        raise BadEnvelope("; ".join(f"{pointer}: {text}" for pointer, text in errors), errors=errors)
    return Operation(
        op=UUID(data["op"]),
        seq=data["seq"],
        verb=cast("str", verb),
        version=cast("int", version),
        at=cast("dt.datetime", at),
        boot=_text(data.get("boot")),
        mono_ms=mono,
        deps=cast("tuple[UUID, ...]", deps),
        entity_type=cast("str", kind),
        entity=cast("UUID", entity_id),
        base=base,
        payload=cast("dict[str, Any]", payload),
    )


def _nuls(value: Any, at: str = "") -> Iterator[str]:
    """Pointers of the texts that hold a NUL character, which no text in a database may."""
    if isinstance(value, str):
        if "\0" in value:
            yield at
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _nuls(key, at)
            yield from _nuls(each, f"{at}/{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _nuls(each, f"{at}/{index}")


def without_seq(raw: bytes) -> bytes:
    """Digest of the line's JSON apart from `seq`: equal for an operation renumbered after a fork."""
    data = orjson.loads(raw)
    data.pop("seq", None)
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).digest()


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset")
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("a time within the calendar") from error


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


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 60:
        raise ValueError("a short text")
    return value


def _version(value: Any) -> int:
    if not _is_whole(value) or value < 1:
        raise ValueError("a whole number from 1")
    return int(value)


def _entity(value: Any) -> str:
    if value not in _ENTITIES:
        raise ValueError("not an entity of the protocol")
    return str(value)


def _base(value: Any) -> int | None:
    if value is not None and not _is_whole(value):
        raise ValueError("a version or null")
    return cast("int | None", value)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object")
    return value


def _ids(value: Any) -> tuple[UUID, ...]:
    if not isinstance(value, list):
        raise TypeError("a list")
    return tuple(UUID(each) for each in value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEQ
