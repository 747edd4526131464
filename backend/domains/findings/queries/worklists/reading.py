"""Reading a worklist: a page of keys, and how many there are. Both from the same branches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.act import Actor
from backend.domains.findings.model.worklists import Condition
from backend.domains.findings.queries.worklists.kinds import Reader, Worklist
from backend.domains.findings.queries.worklists.reach import NOBODYS, branches_of, keys_of

MOST_COUNTED = 1000
"""Counting stops there: a badge of 1000+ says as much as 38,112, and costs the same however many there are."""
MOST_LOOKED_AT = 2000
"""Where no index knows a condition of the list, it is asked of so many rows of a branch for a count; those are what is due first."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of a list: its place in the order, what it is, and the finding and dispatch that it is about."""

    order: dt.datetime | None
    id: UUID
    finding: UUID
    dispatch: UUID | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many; `more`: at least so many, counting or looking stopped. `overdue` of them are past due, null for lists without deadlines."""

    count: int
    more: bool
    overdue: int | None


def page_of(
    session: Session, worklist: Worklist, actor: Actor, *, now: dt.datetime, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> tuple[list[Key], str | None]:
    """The next `limit` rows after the cursor and the cursor after them, None on the last page. Raises BadCursor."""
    after = cursors.unpack(f"worklist:{worklist.name}", cursor, _maybe_moment, cursors.key)
    found: list[Key] = []
    if after is None or after[0] is not None:
        found = _read(session, dated(worklist, actor, now=now, filters=filters, after=after, limit=limit + 1))
    if len(found) <= limit:
        undated_after = after[1] if after is not None and after[0] is None else None
        rest = undated(worklist, actor, now=now, filters=filters, after=undated_after, limit=limit + 1 - len(found))
        found += _read(session, rest)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], cursors.pack(f"worklist:{worklist.name}", last.order and last.order.isoformat(), str(last.id))


def count_of(session: Session, worklist: Worklist, actor: Actor, *, now: dt.datetime, filters: Mapping[str, Any]) -> Count:
    """How many rows the list has for this reader, counted up to `MOST_COUNTED`, and looked for among the first `MOST_LOOKED_AT`."""
    facts: dict[str, Any] = {"now": now, "filters": filters}
    until = min((at for query in looking(worklist, actor, **facts) if (at := session.scalar(query)) is not None), default=None)
    count = _counted(session, counting(worklist, actor, **facts, until=until))
    overdue: int | None = None
    if worklist.is_due:
        overdue = min(_counted(session, counting(worklist, actor, **facts, until=until, overdue=True)), MOST_COUNTED) if count else 0
    return Count(min(count, MOST_COUNTED), count > MOST_COUNTED or until is not None, overdue)


def dated(
    worklist: Worklist,
    actor: Actor,
    *,
    now: dt.datetime,
    filters: Mapping[str, Any],
    after: tuple[dt.datetime | None, UUID] | None,
    limit: int,
) -> sa.Select[Any] | None:
    """The statement for the rows with a place in the order, those after `after`; None where nothing is in reach."""
    key, *_ = keys_of(worklist)
    bounds: list[Condition] = [worklist.order.is_not(None)]
    if after is not None:
        mine = sa.tuple_(worklist.order, key)
        other = sa.tuple_(sa.literal(after[0], worklist.order.type), sa.literal(after[1], key.type))
        bounds.append(mine < other if worklist.newest else mine > other)
    return _united(worklist, _branches(worklist, actor, now, filters), bounds, limit=limit)


def undated(
    worklist: Worklist, actor: Actor, *, now: dt.datetime, filters: Mapping[str, Any], after: UUID | None, limit: int
) -> sa.Select[Any] | None:
    """The same for the rows without one: nothing says when they are due. They come after all others, the oldest first.

    None also where every row has one.
    """
    if not worklist.order.property.columns[0].nullable:
        return None
    key, *_ = keys_of(worklist)
    bounds: list[Condition] = [worklist.order.is_(None)]
    if after is not None:
        bounds.append(key > after)
    return _united(worklist, _branches(worklist, actor, now, filters), bounds, limit=limit)


def counting(
    worklist: Worklist,
    actor: Actor,
    *,
    now: dt.datetime,
    filters: Mapping[str, Any],
    until: dt.datetime | None = None,
    overdue: bool = False,
) -> sa.Select[Any] | None:
    """The statement that counts, up to one more than `MOST_COUNTED`; None where nothing is in reach.

    It reads the rows as the page does, in their order: else a database would take whatever index it thinks is short.
    """
    bounds: list[Condition] = [worklist.order < now] if overdue else []
    if until is not None:
        bounds.append(worklist.order <= until)
    rows = _united(worklist, _branches(worklist, actor, now, filters), bounds, limit=MOST_COUNTED + 1)
    return None if rows is None else sa.select(sa.func.count()).select_from(rows.subquery())


def looking(worklist: Worklist, actor: Actor, *, now: dt.datetime, filters: Mapping[str, Any]) -> list[sa.Select[Any]]:
    """The statements, one a branch, for the place in the order up to which rows are looked at; none where an index knows all conditions."""
    reader = Reader(actor.person, now)
    if not worklist.also(reader):
        return []
    order = _order(worklist, worklist.order, keys_of(worklist)[0])
    return [
        sa.select(worklist.order).where(*branch, worklist.order.is_not(None)).order_by(*order).offset(MOST_LOOKED_AT).limit(1)
        for branch in branches_of(worklist, actor, reader, filters, only_indexed=True)
    ]


def _branches(worklist: Worklist, actor: Actor, now: dt.datetime, filters: Mapping[str, Any]) -> list[list[Condition]]:
    return branches_of(worklist, actor, Reader(actor.person, now), filters)


def _united(
    worklist: Worklist, branches: Sequence[Sequence[Condition]], bounds: Sequence[Condition], *, limit: int
) -> sa.Select[Any] | None:
    if not branches:
        return None
    parts = [_part(worklist, [*branch, *bounds], limit) for branch in branches]
    if len(parts) == 1:
        return parts[0]
    # Each part ends by itself: what one index gives in order is never sorted as a whole.
    united = sa.union_all(*(sa.select(part.subquery()) for part in parts)).subquery()
    return sa.select(united).order_by(*_order(worklist, united.c.place, united.c.id)).limit(limit)


def _part(worklist: Worklist, conditions: Sequence[Condition], limit: int) -> sa.Select[Any]:
    key, finding, dispatch = keys_of(worklist)
    columns = (
        worklist.order.label("place"),
        key.label("id"),
        finding.label("finding"),
        sa.type_coerce(dispatch, key.type).label("dispatch"),
    )
    query = sa.select(*columns).where(*conditions)
    if worklist.reach == "nobody":  # null for all: PostgreSQL takes an index in order only where the query names the columns before as well
        query = query.order_by(NOBODYS[worklist.rows])
    return query.order_by(*_order(worklist, worklist.order, key)).limit(limit)


def _order(worklist: Worklist, *columns: Any) -> list[Any]:
    return [column.desc() for column in columns] if worklist.newest else list(columns)


def _read(session: Session, query: sa.Select[Any] | None) -> list[Key]:
    return [] if query is None else [Key(*row) for row in session.execute(query)]


def _counted(session: Session, query: sa.Select[Any] | None) -> int:
    return 0 if query is None else session.scalar(query) or 0


def _maybe_moment(value: Any) -> dt.datetime | None:
    return None if value is None else cursors.moment(value)
