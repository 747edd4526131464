"""A line of a phone with parts of it replaced by the desk: still an operation that a phone might have sent, and its author's own deed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import orjson

from backend.core.problems import Invalid, TooLarge
from backend.domains.sync.rules.envelope import ENTITIES, BadEnvelope, read_operation
from backend.domains.sync.rules.values import moment, positive, short_text

T = TypeVar("T")
LINE_BYTES = 64 * 1024
"""What a line of a phone may hold, and so what a repaired one may."""

STATEMENTS = frozenset({"verify_finding", "report_rectification", "self_resolve_finding", "withdraw_finding"})
"""What somebody says to have seen or done, or takes back: separation of duty rests on whose word it is, so nobody else words it."""


class AuthorsOwn(Invalid):
    """A repair would make another deed of it, in its author's name."""

    slug = "authors_own"
    title = "This is its author's own to say"
    title_zh = "此内容只能由原作者本人更改"
    way_out = (
        "A repair replaces the operation's name, version, time and entity only where the line's own cannot be read or are unknown here,"
        " and never what its author says to have seen, done or taken back: have the author send the deed again."
    )
    way_out_zh = (
        "仅当原始数据中的操作名称、版本、时间和对象无法读取或本服务器无法识别时，才可在修复时替换；"
        "作者本人的核查、处置反馈、自行处置和撤回内容一律不得更改，请由原作者重新发送。"
    )


class RepairIncomplete(Invalid):
    """The line, with what was given, is no operation yet."""

    slug = "repair_incomplete"
    title = "Something that an operation needs is missing or wrong"
    title_zh = "缺少操作所需的内容或内容有误"
    way_out = "Give the members listed under errors as well; the line stays on the list."
    way_out_zh = "请补充 errors 中列出的内容；该行数据仍保留在清单中。"


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


def check_authors_own(sent: dict[str, Any], made: dict[str, Any], known: Mapping[tuple[str, int], str], *, torn: bool = False) -> None:
    """Whether the repaired operation `made` is still the deed of the line that was `sent`. Raises AuthorsOwn.

    `known`: the operations of this server by name and version, with what they are on. `torn`: the line came malformed, nothing of it is
    sure. A repair is held against the line itself, whatever was repaired before. `deps` and the base of the entity are free.
    """
    verb, version = _read(short_text, sent.get("t")), _read(positive, sent.get("v"))
    becomes = _read(short_text, made.get("t"))
    here = known.get((becomes or "", _read(positive, made.get("v")) or 0))
    own, now = _entity(sent), _entity(made)
    said = becomes in STATEMENTS
    pairs = {
        "/t": (sent.get("t"), made.get("t"), not said and verb not in {name for name, _ in known}),
        "/v": (sent.get("v"), made.get("v"), (verb or "", version or 0) not in known),
        "/at": (_read(moment, sent.get("at")), _read(moment, made.get("at")), _read(moment, sent.get("at")) is None),
        "/entity/type": (own[0], now[0], own[0] not in ENTITIES or here not in {None, own[0]}),
        "/entity/id": (own[1], now[1], not said and own[1] is None),
        "/d": (sent.get("d"), made.get("d"), not said),
    }
    wrong = [pointer for pointer, (before, after, free) in pairs.items() if before != after and not free]
    if torn and said:
        wrong = ["/t"]
    if wrong:
        why = "stays as its author sent it" if not torn else "of a line that came malformed no statement is made in its author's name"
        raise AuthorsOwn(f"{', '.join(wrong)}: {why}", errors=[(pointer, why) for pointer in wrong])


def check_whole(made: dict[str, Any]) -> None:
    """Whether nothing that the envelope needs is missing. Raises RepairIncomplete that names, as the desk gives them, what is."""
    try:
        read_operation(made)
    except BadEnvelope as fault:
        errors = [(pointer.replace("/e/", "/entity/", 1), what) for pointer, what in fault.errors]
        raise RepairIncomplete("; ".join(f"{pointer}: {what}" for pointer, what in errors), errors=errors) from fault


def _entity(data: dict[str, Any]) -> tuple[str | None, UUID | None]:
    """Type and id, None for what cannot be read."""
    held = data.get("e")
    held = held if isinstance(held, dict) else {}
    return _read(short_text, held.get("type")), _read(UUID, held.get("id"))


def _read(reader: Callable[[Any], T], value: Any) -> T | None:
    try:
        return reader(value)
    except (TypeError, ValueError, AttributeError):
        return None
