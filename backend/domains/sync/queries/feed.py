"""Changes out: the feed of the reader's scopes, page by page, each page read in one snapshot (protocol, section 4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.core.journal import Clock
from backend.domains.findings.rules.visibility import scopes_open_to
from backend.domains.sync.queries.changes import changes_in, results_after
from backend.domains.sync.queries.members import mismatched, window
from backend.domains.sync.rules import versions
from backend.domains.sync.rules.cursors import Filling, Position


@dataclass(slots=True)
class Page:
    """One answer of a pull."""

    position: Position
    changes: list[dict[str, Any]]
    results: list[dict[str, Any]]
    added: list[str]
    dropped: list[str]
    resync: list[str]
    more: bool


def scopes_of_reader(reader: Actor) -> list[str]:
    """Every scope the reader pulls: `ref`, and those of findings."""
    return ["ref", *scopes_open_to(reader)]


def pull_page(
    session: Session,
    reader: Actor,
    *,
    replica: UUID,
    position: Position | None,
    now: dt.datetime,
    limit: int,
    digest: dict[str, list[Any]] | None = None,
    schema: int = 1,
) -> Page:
    """The next page of changes and outcomes for this reader, at most `limit` of each. The session must be one snapshot.

    A scope gained, or found different, back-fills from 0 beside what changes in the others. What is found different says so in a page
    that holds nothing of its back-fill yet: a phone may drop that scope's copy before or after it takes the page in.
    """
    clock = session.execute(sa.select(Clock.epoch, Clock.seq)).one()
    scopes = scopes_of_reader(reader)
    before = position.scopes if position else {}
    at = {scope: before.get(scope, 0) for scope in scopes}
    resync = mismatched(session, at, digest or {})
    at.update(dict.fromkeys(resync, 0))
    filling = _filling(position, at, top=clock.seq, now=now, schema=schema)
    rows, reached = _pages(session, at, filling, withheld=resync, top=clock.seq, limit=limit)
    changes = changes_in(session, rows, scopes, reader, partial=len(set(at.values())) > 1 or bool(filling and filling.types))
    results, results_at, more_results = results_after(session, replica, position=position, top=clock.seq, now=now, limit=limit)
    more = any(seq < clock.seq for seq in reached.values())
    return Page(
        position=Position(clock.epoch, reached, results_at, versions.agreed(schema), filling if more else None),
        changes=changes,
        results=results,
        added=[scope for scope in scopes if scope not in before],
        dropped=[scope for scope in before if scope not in at],
        resync=resync,
        more=more or more_results,
    )


def _filling(position: Position | None, at: dict[str, int], *, top: int, now: dt.datetime, schema: int) -> Filling | None:
    """The back-fill under way after this page's beginning. Sets every scope of `at` to 0 where documents changed their form."""
    filling = position.filling if position else None
    floor = min([top, *(seq for seq in at.values() if seq > 0)])
    fresh = any(seq == 0 for seq in at.values())
    types = versions.changed_between(position.schema, versions.agreed(schema)) if position else frozenset()
    if types:
        at.update(dict.fromkeys(at, 0))
        only = None if fresh or filling else types
        return Filling(min(floor, filling.after) if filling else floor, _earliest(position, now), only)
    if not fresh:
        return filling
    if filling is None:
        return Filling(floor, now)
    if (
        filling.types is not None
        and position is not None
        and all(scope in position.scopes and position.scopes[scope] == at[scope] for scope in at)
    ):
        return filling
    return Filling(min(filling.after, floor), filling.began)


def _earliest(position: Position | None, now: dt.datetime) -> dt.datetime:
    """Since when the reader's copy may stand as it does."""
    if position is None:
        return now
    return position.filling.began if position.filling else position.issued or now


def _pages(
    session: Session, at: dict[str, int], filling: Filling | None, *, withheld: list[str], top: int, limit: int
) -> tuple[list[Any], dict[str, int]]:
    """Member rows for at most `limit` entities, and how far each scope is read with them.

    The scopes that are furthest come first, with half the page where others back-fill: what changes now is not held up by what was.
    """
    ahead = max((seq for scope, seq in at.items() if scope not in withheld), default=top)
    live = {scope: seq for scope, seq in at.items() if seq == ahead and scope not in withheld}
    behind = {scope: seq for scope, seq in at.items() if seq < ahead and scope not in withheld}
    rows, end = window(session, live, top, max(1, limit // 2) if behind else limit, filling)
    reached = {scope: max(seq, end) for scope, seq in live.items()}
    room = limit - len({row.seq for row in rows})
    if behind and room:
        filled, end = window(session, behind, top, room, filling)
        rows = sorted([*rows, *filled], key=lambda row: row.seq)
        reached.update((scope, max(seq, end)) for scope, seq in behind.items())
    return rows, {scope: reached.get(scope, seq) for scope, seq in at.items()}
