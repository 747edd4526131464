"""Finding findings by what people know of them: the number, a part of the address, words of the note; the newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.act import Actor
from backend.core.database.engine import is_sqlite
from backend.core.problems import Invalid
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.texts import FindingText
from backend.domains.findings.queries.lists import visible_to
from backend.domains.findings.queries.worklists.items import items_of
from backend.domains.findings.queries.worklists.reading import Key
from backend.domains.findings.rules.grams import fits, scope_grams, staff_gram, terms_of
from backend.domains.findings.rules.moves import ENDED
from backend.domains.findings.rules.visibility import is_outsider, scopes_open_to

_MOST_READ = 2000
"""So many that hold all terms are compared with the query for one page; the cursor goes on behind them."""
_AGAIN = 200
"""So many at once, where the first did not fit the query as it is written."""
_FULL_TEXT = sa.table("ext_finding_text", sa.column("rowid", sa.Integer()), sa.column("ext_finding_text", sa.Text()))


class SearchTooShort(Invalid):
    """Nothing that could be looked up: two Chinese characters, a word or a number are."""

    slug = "search_too_short"
    title = "The search needs two Chinese characters, a word or a number"
    title_zh = "请至少输入两个汉字、一个单词或一个数字"
    way_out = "Add a character: of the street's name, the category or the number of the case."
    way_out_zh = "请补充路名、类别中的汉字或案卷号。"


def search_findings(session: Session, actor: Actor, *, now: dt.datetime, query: Mapping[str, Any]) -> dict[str, Any]:
    """A page `{items, next}` of what holds each part of `q` and the reader may see. Raises SearchTooShort, BadCursor.

    Notes are read by staff alone: a contractor finds nothing by their words, nor learns from the cursor that they are there.
    """
    terms = terms_of(query["q"])
    if not terms:
        raise SearchTooShort("q holds nothing that can be looked up", errors=[("/q", "two Chinese characters, a word or a number")])
    limit = query["limit"]
    found_after = cursors.unpack("search", query.get("cursor"), cursors.number)
    after = found_after[0] if found_after else None
    found: list[UUID] = [] if after is not None else _numbered(session, actor, query["q"])
    ahead = set(found)
    read = 0
    more = True
    while more and len(found) < limit and read < _MOST_READ:
        page = _AGAIN if read else limit
        rows = session.execute(matching(session, actor, terms, only_open=query["open"], after=after, limit=page)).all()
        more = len(rows) == page
        for row in rows:
            after, read = row.id, read + 1
            if row.finding not in ahead and fits(query["q"], row.text, outsider=is_outsider(actor)):
                found.append(row.finding)
                if len(found) == limit:
                    more = more or row is not rows[-1]
                    break
    keys = [Key(None, finding, finding, None) for finding in found]
    return {"items": items_of(session, keys, actor, now=now), "next": cursors.pack("search", after) if more else None}


def matching(
    session: Session, actor: Actor, terms: Sequence[str], *, only_open: bool, after: int | None, limit: int
) -> sa.Select[int, UUID, str]:
    """The statement for what holds all terms and the reader may see, the last that came first; `after`: only what came before that one."""
    text = FindingText.__table__
    query = sa.select(text.c.id, text.c.finding, text.c.text).select_from(text)
    scopes = _scopes(actor)
    spelled = [[term] if is_outsider(actor) else [term, staff_gram(term)] for term in terms]
    if is_sqlite(session):
        asked = " AND ".join(map(_any_of, spelled))
        if scopes is not None:
            asked = f"{asked} AND {_any_of(scopes or ['§'])}"
        place: Any = _FULL_TEXT.c.rowid
        query = query.join(_FULL_TEXT, place == text.c.id).where(_FULL_TEXT.c.ext_finding_text.op("MATCH")(asked))
    else:
        place = text.c.id
        grams = sa.type_coerce(text.c.grams, postgresql.ARRAY(sa.Text()))
        query = query.where(*(grams.overlap(either) for either in spelled))
        if scopes is not None:
            query = query.where(grams.overlap(scopes))
    query = query.join(Finding, Finding.id == text.c.finding).where(visible_to(actor, row_by_row=True))
    if only_open:
        query = query.where(Finding.state.not_in(sorted(ENDED)))
    if after is not None:
        query = query.where(place < after)
    return query.order_by(place.desc()).limit(limit)


def _any_of(grams: Sequence[str]) -> str:
    """What FTS5's language says for any of these; but for a mark they hold letters and digits alone, nothing can be meant otherwise."""
    quoted = [f'"{gram}"' for gram in grams]
    return f"({' OR '.join(quoted)})"


def _scopes(actor: Actor) -> list[str] | None:
    """What narrows the search to the reader's own; None where it would not."""
    scopes = scopes_open_to(actor)
    return None if any(scope.startswith("district:") for scope in scopes) else scope_grams(scopes)


def _numbered(session: Session, actor: Actor, q: str) -> list[UUID]:
    """The finding of exactly this number: found before the worker has read it."""
    return list(session.scalars(sa.select(Finding.id).where(Finding.number == q.strip(), visible_to(actor))))
