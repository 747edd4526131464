"""Keeping what findings are searched by. Nothing is told and nothing kept as a deed: it can be made anew from the findings at any time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.base import table_of
from backend.core.database.engine import is_sqlite
from backend.core.database.rows import find_row
from backend.domains.catalog import queries as catalog
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Note
from backend.domains.findings.model.texts import FindingText
from backend.domains.findings.rules.grams import STAFF_ONLY, folded, grams_of, scope_grams, staff_gram
from backend.domains.findings.rules.visibility import scopes_of
from backend.domains.territory import queries as territory

INDEXED_AFTER = (
    "finding.recorded",
    "finding.amended",
    "finding.note_added",
    "finding.proposals_resolved",
    "finding.split",
    "finding.dispatched",
    "finding.return_granted",
    "finding.task_assigned",
    "finding.task_reassigned",
    "finding.reopened",
    "finding.co_unit_added",
    "finding.handed_over",
    "finding.contract_rebound",
    "finding.corrected",
)
"""Events after which a finding may be found by other words, or by other people."""


def index_finding(session: Session, _act: Act, *, finding: UUID) -> None:
    """Write anew what the finding is found by: number, category, address, asset, note, names of its areas; for staff its notes too."""
    row = find_row(session, Finding, finding)
    if row is None:
        return
    texts = _texts(session, row)
    notes = session.scalars(sa.select(Note.text).where(Note.finding == row.id).order_by(Note.written_at, Note.id)).all()
    grams = [*grams_of(texts), *map(staff_gram, grams_of(notes)), *scope_grams(scopes_of(row))]
    values = {
        "finding": row.id,
        "text": STAFF_ONLY.join(folded("\n".join(text for text in part if text)) for part in (texts, notes)),
        "grams": " ".join(grams) if is_sqlite(session) else grams,
    }
    insert: Any = (sqlite.insert if is_sqlite(session) else postgresql.insert)(table_of(FindingText)).values(values)
    changed = {name: insert.excluded[name] for name in ("text", "grams")}
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["finding"], set_=changed, where=table_of(FindingText).c.grams.is_distinct_from(insert.excluded.grams)
        )
    )


def _texts(session: Session, row: Finding) -> list[str | None]:
    """What the document of a finding shows to each of its readers."""
    category = catalog.catalogue(session).last_known(row.kind, row.code)
    names = territory.area_names(session)
    areas = [names.get(code) for code in (row.town, row.community) if code]
    called = [category.name_zh, category.name_en, f"{row.kind}:{row.code}"] if category else []
    return [row.number, *called, row.address, row.asset, row.note, *areas]
