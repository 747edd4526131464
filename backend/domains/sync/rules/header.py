"""Line 1 of a push: who sends, and what its clocks say."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import orjson

from backend.core.problems import Forbidden, Malformed
from backend.domains.sync.rules.values import (
    moment,
    nuls,
    number,
    text,
    whole,
)


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


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `mono_ms` of boot `boot` the true time was `time`."""

    boot: str
    mono_ms: float
    time: dt.datetime


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


def read_header(raw: bytes) -> Header:
    """The header, or BadHeader naming the field."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadHeader(f"line 1 is not JSON: {error}") from error
    try:
        orjson.dumps(data)
    except TypeError as error:
        raise BadHeader("line 1 is nested too deeply") from error
    if not isinstance(data, dict) or data.get("h") != 1 or any(nuls(data)):
        raise BadHeader("line 1 is not a header object with h = 1", errors=[("/h", "1")])
    chain = data.get("chain") or {}
    try:
        return Header(
            replica=UUID(data["replica"]),
            epoch=data.get("epoch"),
            sent_at=moment(data["sent_at"]),
            boot=text(data.get("boot")),
            mono_ms=number(data.get("mono_ms")),
            anchors=tuple(Anchor(str(each["boot"]), float(each["mono_ms"]), moment(each["time"])) for each in data.get("anchors") or ()),
            outbox_depth=whole(data.get("outbox_depth")),
            chain_through=whole(chain.get("through")),
            chain_hash=text(chain.get("hash")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadHeader(f"the header's fields are missing or wrong: {error}") from error
