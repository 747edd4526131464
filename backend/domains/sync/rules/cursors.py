"""The pull cursor: opaque and signed, it says for each scope up to which number the reader has everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from backend.core.problems import Kind, Problem

MAX_AGE_S = 180 * 86_400
"""Memberships that ended are kept this long; an older cursor might miss a drop (protocol, section 4)."""


class CursorExpired(Problem):
    """The cursor is too old, of another incarnation of the database, or not ours. The outbox is untouched."""

    slug = "cursor_expired"
    kind = Kind.GONE
    title = "Start the first sync again"
    title_zh = "请重新进行首次同步"
    way_out = "Pull with cursor null, build the new copy aside and swap it in; keep the outbox as it is."
    way_out_zh = "请以 cursor 为 null 重新拉取，在旁新建副本后替换；发件箱保持不变。"


@dataclass(slots=True)
class Position:
    """`scopes` maps each scope the reader had to the number up to which it was read; `results` likewise for outcomes."""

    epoch: str
    scopes: dict[str, int] = field(default_factory=dict)
    results: int = 0


def pack(position: Position, secret: str) -> str:
    """The cursor for this position."""
    return str(_signer(secret).dumps([position.epoch, position.results, position.scopes]))


def unpack(cursor: str | None, secret: str, *, epoch: str) -> Position | None:
    """The position of a cursor, None for a first sync. Raises CursorExpired."""
    if cursor is None:
        return None
    try:
        read: Any = _signer(secret).loads(cursor, max_age=MAX_AGE_S)
    except BadData as error:
        raise CursorExpired("the cursor is too old or was not made here", action="bootstrap") from error
    position = Position(read[0], {str(scope): int(at) for scope, at in read[2].items()}, int(read[1]))
    if position.epoch != epoch:
        raise CursorExpired("the cursor is of another incarnation of the database", action="bootstrap")
    return position


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="pull-cursor")
