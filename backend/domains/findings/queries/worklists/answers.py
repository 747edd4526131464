"""Worklists as they are answered: all of a reader's with counts, and one with a page of lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.findings.queries.worklists.items import items_of
from backend.domains.findings.queries.worklists.kinds import IN_BULK, Worklist
from backend.domains.findings.queries.worklists.reading import Count, count_of, page_of
from backend.domains.findings.queries.worklists.table import get_worklist, worklists_of

FILTERS = ("area", "trade", "category", "severity")
_PAGE = 500


def list_worklists(session: Session, actor: Actor, *, now: dt.datetime) -> dict[str, Any]:
    """All worklists of the reader's roles, each with how many lines it has and how many of them are overdue."""
    items = [{**_shown(each), **_count(count_of(session, each, actor, now=now, filters={}))} for each in worklists_of(actor)]
    return {"at": now, "items": items}


def read_worklist(session: Session, actor: Actor, name: str, *, now: dt.datetime, query: Mapping[str, Any]) -> dict[str, Any]:
    """One worklist with a page of lines. Raises Missing, NotYourWorklist, BadCursor."""
    worklist = get_worklist(name, actor)
    filters = {key: query[key] for key in FILTERS if query.get(key) is not None}
    keys, following = page_of(session, worklist, actor, now=now, filters=filters, limit=query["limit"], cursor=query.get("cursor"))
    whole = count_of(session, worklist, actor, now=now, filters={})
    narrowed = count_of(session, worklist, actor, now=now, filters=filters) if filters else whole
    return {
        **_shown(worklist),
        **_count(narrowed),
        "at": now,
        "of": _count(whole),
        "items": items_of(session, keys, actor, now=now, rows=worklist.rows, outcomes=worklist.reach == "recorder"),
        "next": following,
    }


def _shown(worklist: Worklist) -> dict[str, Any]:
    return {
        "name": worklist.name,
        "title": worklist.title,
        "title_zh": worklist.title_zh,
        "says": worklist.says,
        "says_zh": worklist.says_zh,
        "rows": worklist.rows,
        "verbs": list(worklist.verbs),
        "bulk": [verb for verb in worklist.verbs if verb in IN_BULK],
    }


def _count(count: Count) -> dict[str, Any]:
    return {"count": count.count, "more": count.more, "overdue": count.overdue}


def lines_of(
    session: Session, actor: Actor, worklist: Worklist, *, now: dt.datetime, filters: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """All lines of a worklist, read page by page."""
    cursor: str | None = None
    while True:
        keys, cursor = page_of(session, worklist, actor, now=now, filters=filters, limit=_PAGE, cursor=cursor)
        yield from items_of(session, keys, actor, now=now, rows=worklist.rows, outcomes=worklist.reach == "recorder")
        session.expunge_all()  # a sheet of thousands must not keep them all
        if cursor is None:
            return
