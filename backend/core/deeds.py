"""Deeds: what the desk, the worker and the command line did, kept so that it can be done again (invariant I7 of the sync protocol).

An action marked `@deed` is kept with its arguments whenever it tells something, in the commit that tells it; the number of the first
thing it told is the deed's own. Operations of phones need none: their kept line is their record. A deed may hold personal text, as raw
lines do, and may be purged as they may: the journal, which is never purged, holds none.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core.act import Act, Call, Told
from backend.core.database.base import Base, table_of

P = ParamSpec("P")
T = TypeVar("T")


class Deed(Base):
    """One call of an action. `seq` is the journal's number of the first of the `entries` that it told.

    `act` and `made` are what its ids are made from: the act's own id, and how many ids it had made before.
    """

    __tablename__ = "deed"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int]
    act: Mapped[UUID]
    made: Mapped[int]
    name: Mapped[str]
    arguments: Mapped[str]


class DeedStart(Base):
    """One row: the last number that the journal had given when this database began to keep deeds. Of what is up to it there are none."""

    __tablename__ = "deed_start"
    id: Mapped[int] = mapped_column(sa.SmallInteger(), primary_key=True, autoincrement=False)
    seq: Mapped[int]
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)


class UnknownDeed(LookupError):
    """No action of this name is registered: it was renamed, or its module is not loaded."""


_ACTIONS: dict[str, Callable[..., object]] = {}
_OURS = "backend."
_MICROSECOND = dt.timedelta(microseconds=1)


def deed(action: Callable[Concatenate[Session, Act, P], T]) -> Callable[Concatenate[Session, Act, P], T]:
    """Register an action under `<domain>.<its name>`, and keep its calls that tell something. Called with keywords only.

    Of actions that call each other the outermost is kept: the others are done again with it. Within an operation of a phone none is.
    """
    name = name_of(action)

    @wraps(action)
    def kept(session: Session, act: Act, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if act.op is not None or act.calling:
            return action(session, act, *args, **kwargs)
        if args:
            raise TypeError(f"{name} is kept with its arguments: call it with keywords only")
        arguments, made, before = written(kwargs), act.made, len(act.told)  # written now: an action may take its payload apart
        act.calling = True
        try:
            result = action(session, act, *args, **kwargs)
        finally:
            act.calling = False
        if len(act.told) > before:
            act.told[before].call = Call(name, arguments, made, len(act.told) - before)
        return result

    if name in _ACTIONS:
        raise TypeError(f"two deeds share the name {name}")
    _ACTIONS[name] = kept
    return kept


def name_of(action: Callable[..., object]) -> str:
    """`findings.move.file_finding` is `findings.file_finding`: a file may grow into a folder without renaming what was kept."""
    parts = action.__module__.split(".")
    domain = parts[2] if parts[:2] == ["backend", "domains"] else parts[-1]
    return f"{domain}.{action.__name__}"


def registered() -> Mapping[str, Callable[..., object]]:
    """Every action that is kept, by name."""
    return _ACTIONS


def kept_after(session: Session) -> int:
    """After which number of the journal every deed was kept: 0 where all were."""
    return session.scalar(sa.select(DeedStart.seq)) or 0


def do_again(session: Session, act: Act, name: str, arguments: str) -> object:
    """Call the action of a kept deed with its arguments. Raises UnknownDeed."""
    if name not in _ACTIONS:
        raise UnknownDeed(name)
    return _ACTIONS[name](session, act, **read(arguments))


def keep(connection: sa.Connection, told: Sequence[Told]) -> None:
    """Write the deeds of what was told and numbered."""
    rows = [
        {
            "seq": item.seq,
            "entries": item.call.entries,
            "act": item.act.id,
            "made": item.call.made,
            "name": item.call.name,
            "arguments": item.call.arguments,
        }
        for item in told
        if item.call is not None
    ]
    if rows:
        connection.execute(_KEEP, rows)


_KEEP = sa.insert(table_of(Deed))


# Exact typed JSON: what comes back is equal to what went in, and of the same kind.


def written(value: object) -> str:
    """The value as JSON text; what JSON does not know is an object `{"$": kind, "v": …}`. Raises TypeError for what is no plain value."""
    return orjson.dumps(_plain(value)).decode()


def read(text: str) -> Any:
    """The value of such a text."""
    return _value(orjson.loads(text))


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one line a kind
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else {"$": "int", "v": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$": "float", "v": str(value)}
    if kind is list:
        return [_plain(each) for each in value]
    if kind is dict:
        if "$" not in value and all(type(key) is str for key in value):
            return {key: _plain(each) for key, each in value.items()}
        return {"$": "dict", "v": [[_plain(key), _plain(each)] for key, each in value.items()]}
    return _tagged(value, kind)


def _tagged(value: Any, kind: type) -> dict[str, Any]:
    if isinstance(value, Enum):
        return {"$": "enum", "t": _path(kind), "v": value.name}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value) if each.init}
        return {"$": "dataclass", "t": _path(kind), "v": parts}
    for name, (of, write, _) in _KINDS.items():
        if kind is of:
            return {"$": name, "v": write(value)}
    raise TypeError(f"a deed keeps plain values, not {kind.__module__}.{kind.__qualname__}")


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_value(each) for each in plain]
    if not isinstance(plain, dict):
        return plain
    if "$" not in plain:
        return {key: _value(each) for key, each in plain.items()}
    name, held = plain["$"], plain["v"]
    if name == "enum":
        return getattr(_found(plain["t"]), held)
    if name == "dataclass":
        return _found(plain["t"])(**{key: _value(each) for key, each in held.items()})
    return _KINDS[name][2](held)


def _sorted(values: Any) -> list[Any]:
    return sorted((_plain(each) for each in values), key=orjson.dumps)


_KINDS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "uuid": (UUID, str, UUID),
    "datetime": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "timedelta": (dt.timedelta, lambda value: str(value // _MICROSECOND), lambda held: int(held) * _MICROSECOND),
    "decimal": (Decimal, str, Decimal),
    "bytes": (bytes, lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "int": (int, str, int),
    "float": (float, str, float),
    "dict": (dict, lambda value: value, lambda held: {_value(key): _value(each) for key, each in held}),
    "tuple": (tuple, lambda value: [_plain(each) for each in value], lambda held: tuple(_value(each) for each in held)),
    "set": (set, _sorted, lambda held: {_value(each) for each in held}),
    "frozenset": (frozenset, _sorted, lambda held: frozenset(_value(each) for each in held)),
}


def _path(kind: type) -> str:
    path = f"{kind.__module__}:{kind.__qualname__}"
    if not kind.__module__.startswith(_OURS):
        raise TypeError(f"a deed keeps plain values and those of {_OURS}*, not {path}")
    return path


def _found(path: str) -> Any:
    module, _, name = path.partition(":")
    if not module.startswith(_OURS):
        raise TypeError(f"{path} is none of ours")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
