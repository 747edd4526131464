"""The pull cursor: opaque and signed, it says for each scope up to which number the reader has everything."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from backend.core.problems import Kind, Problem

MAX_AGE = dt.timedelta(days=180)
"""Memberships that ended are kept this long; an older cursor might miss a drop (protocol, section 4)."""
KEPT = MAX_AGE + dt.timedelta(days=1)
"""When they are forgotten: a day later, so that no cursor still good meets what is gone."""


class CursorExpired(Problem):
    """The cursor is too old, of another incarnation of the database, or not ours. The outbox is untouched."""

    slug = "cursor_expired"
    kind = Kind.GONE
    title = "Start the first sync again"
    title_zh = "请重新进行首次同步"
    way_out = "Pull with cursor null, build the new copy aside and swap it in; keep the outbox as it is."
    way_out_zh = "请以 cursor 为 null 重新拉取，在旁新建副本后替换；发件箱保持不变。"


@dataclass(frozen=True, slots=True)
class Filling:
    """A back-fill under way, begun at `began`.

    Rows above `after` count whatever they say; of those below only members, and of these only the `types`, unless that is None.
    """

    after: int
    began: dt.datetime
    types: frozenset[str] | None = None


@dataclass(slots=True)
class Position:
    """`scopes` maps each scope the reader had to the number up to which it was read; `results` likewise for outcomes.

    `schema` is the version of documents the copy was made under, `issued` when the cursor was made.
    """

    epoch: str
    scopes: dict[str, int] = field(default_factory=dict)
    results: int = 0
    schema: int = 1
    filling: Filling | None = None
    issued: dt.datetime | None = None


def pack(position: Position, secret: str, *, now: dt.datetime) -> str:
    """The cursor for this position, made now."""
    filling = position.filling
    back = filling and [filling.after, _seconds(filling.began), None if filling.types is None else sorted(filling.types)]
    return str(_signer(secret).dumps([position.epoch, position.results, position.scopes, _seconds(now), position.schema, back]))


def unpack(cursor: str | None, secret: str, *, epoch: str, now: dt.datetime) -> Position | None:
    """The position of a cursor, None for a first sync. Raises CursorExpired.

    What a back-fill began with must not have been forgotten before its end: while one is under way its beginning is the cursor's age.
    """
    if cursor is None:
        return None
    try:
        position = _read(_signer(secret).loads(cursor))
    except BadData:
        position = _of_version_1(cursor, secret)
    oldest = position.filling.began if position.filling else position.issued
    if oldest is not None and now - oldest > MAX_AGE:
        raise CursorExpired("the cursor is too old", action="bootstrap")
    if position.epoch != epoch:
        raise CursorExpired("the cursor is of another incarnation of the database", action="bootstrap")
    return position


def _read(values: list[Any]) -> Position:
    epoch, results, scopes, issued, schema, back = values
    filling = back and Filling(back[0], _moment(back[1]), None if back[2] is None else frozenset(back[2]))
    return Position(epoch, {str(scope): int(at) for scope, at in scopes.items()}, int(results), schema, filling or None, _moment(issued))


def _of_version_1(cursor: str, secret: str) -> Position:
    """Cursors as they were first made: `[epoch, results, scopes]` with the time in the signature, and no word of back-fills."""
    signer = URLSafeTimedSerializer(secret, salt="pull-cursor")
    try:
        values, issued = signer.loads(cursor, return_timestamp=True)
    except BadData as error:
        raise CursorExpired("the cursor was not made here", action="bootstrap") from error
    return Position(values[0], {str(scope): int(at) for scope, at in values[2].items()}, int(values[1]), issued=issued)


def _seconds(moment: dt.datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="pull-cursor-2")
