"""Finding rows within a run of operations without a query for each.

A run prefetches what it will need with one SELECT a table; rows it adds are found again before they are flushed; keys known to be
absent are not asked for twice. Outside a run these functions are `Session.get` and `Session.add`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from backend.core.database.base import Base, table_of
from backend.core.database.engine import is_sqlite
from backend.core.database.inserts import insert_rows

_CHUNK = 500
Row = TypeVar("Row", bound=Base)


def find_row(session: Session, kind: type[Row], key: Any) -> Row | None:
    """The row with this primary key, if it is there or was added in this transaction."""
    known = _known(session).get((kind, key), _UNASKED)
    if known is not _UNASKED:
        return _seen(session, cast("Row | None", known))
    return _seen(session, session.get(kind, key))


def add_row(session: Session, row: Row) -> Row:
    """Add the row; `find_row` finds it from now on. It is written with the run's one flush."""
    session.add(row)
    _known(session)[type(row), _key_of(row)] = row
    return row


def add_plain(session: Session, row: Row) -> Row:
    """Add a row that comes in hundreds: written by one statement a table, without the unit of work's cost for each.

    `find_row` finds it, and changes until it is written count. It is never part of the session: found again later in the transaction it
    is loaded afresh. What is not set is null.
    """
    _known(session)[type(row), _key_of(row)] = row
    _plain(session).append(row)
    return row


def write(session: Session) -> None:
    """Write what was added or changed."""
    plain = _plain(session)
    for kind in dict.fromkeys(type(row) for row in plain):
        names = [column.key for column in sa.inspect(kind).column_attrs]
        batch = [row for row in plain if type(row) is kind]
        insert_rows(session, table_of(kind), [{name: held.get(name) for name in names} for held in map(vars, batch)])
        for row in batch:
            _known(session).pop((kind, _key_of(row)), None)
    plain.clear()
    session.flush()


def prefetch(session: Session, kind: type[Row], keys: Collection[Any], *, lock: bool = False) -> None:
    """Load the rows with these single-column keys at once and remember which are absent. `lock` takes row locks in key order."""
    known = _known(session)
    wanted = sorted({key for key in keys if (kind, key) not in known})
    column = sa.inspect(kind).primary_key[0]
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        # On PostgreSQL one array instead of hundreds of parameters: quicker to send, and planned once.
        among = column.in_(part) if is_sqlite(session) else column == sa.any_(sa.literal(part, postgresql.ARRAY(column.type)))
        query = sa.select(kind).where(among).order_by(column)
        known.update(dict.fromkeys(((kind, key) for key in part), None))
        for row in session.scalars(query.with_for_update() if lock else query):
            known[kind, getattr(row, str(column.key))] = row


def lock_row(session: Session, kind: type[Row], key: Any) -> Row | None:
    """The row, locked and freshly read, so that nobody changes it before this transaction ends."""
    known = _known(session).get((kind, key))
    if known is not None:
        return _seen(session, cast("Row", known))
    row = session.get(kind, key, with_for_update=True, populate_existing=True)
    if row is not None:
        _known(session)[kind, key] = row
    return _seen(session, row)


def watch(session: Session) -> None:
    """From now on remember how each row looks when it is found: `touched` compares."""
    session.info["watched"] = {}, _counts(session)


def touched(session: Session) -> bool:
    """Whether a row was added, deleted or changed since `watch`, also one that had been changed before and was changed again."""
    found, counts = session.info["watched"]
    return counts != _counts(session) or any(row.__dict__ != as_found for row, as_found in found.items())


def forget(session: Session) -> None:
    """Forget what was found: a new transaction begins."""
    session.info.pop("known", None)
    session.info.pop("watched", None)
    session.info.pop("plain", None)


@cache
def _key_names(kind: type[Base]) -> tuple[str, ...]:
    mapper = sa.inspect(kind)
    return tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)


def _key_of(row: Base) -> Any:
    names = _key_names(type(row))
    return getattr(row, names[0]) if len(names) == 1 else tuple(getattr(row, name) for name in names)


_UNASKED = object()


def _seen(session: Session, row: Row | None) -> Row | None:
    watched = session.info.get("watched")
    if watched is not None and row is not None:
        watched[0].setdefault(row, dict(row.__dict__))
    return row


def _counts(session: Session) -> tuple[int, int, int]:
    return len(session.new) + len(_plain(session)), len(session.dirty), len(session.deleted)


def _plain(session: Session) -> list[Base]:
    return cast("list[Base]", session.info.setdefault("plain", []))


def _known(session: Session) -> dict[tuple[type[Base], Any], Base | None]:
    return cast("dict[tuple[type[Base], Any], Base | None]", session.info.setdefault("known", {}))
