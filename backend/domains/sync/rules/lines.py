"""The lines of a push, as far as they can be told apart: the replica's own sequence, and what is kept beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from backend.core.problems import Clash, Invalid, Malformed, Problem, TooLarge
from backend.domains.sync.rules.values import (
    MAX_SEQ,
)

SEQ_AHEAD = 10_000
"""A seq this far over acked_through is kept apart: the phone's counter is broken (protocol, section 3)."""


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
    try:
        orjson.dumps(data)  # what cannot be written again cannot be judged
    except TypeError as error:
        raise ValueError("the line is nested too deeply") from error
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


def without_seq(raw: bytes) -> bytes:
    """Digest of the line's JSON apart from `seq`: equal for an operation renumbered after a fork."""
    data = orjson.loads(raw)
    data.pop("seq", None)
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).digest()
