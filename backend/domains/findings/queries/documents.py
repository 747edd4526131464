"""Findings as documents: what pull carries and GET /findings/{id} shows. Read by columns, without the ORM, for pages of hundreds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.core.database.base import table_of
from backend.core.journal import JournalEntry
from backend.domains.evidence import queries as evidence
from backend.domains.findings.model import Dispatch, Finding, Note, Proposal
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.visibility import is_outsider
from backend.domains.identity import queries as identity

_CHUNK = 500
_PHOTO = ("id", "sha256", "bytes", "mime", "role", "state", "taken_at", "retracted", "fault")


def finding_docs(session: Session, findings: Collection[UUID], reader: Actor) -> dict[UUID, dict[str, Any]]:
    """The documents by id, masked for the reader. Whether the reader may see them is the caller's question."""
    docs: dict[UUID, dict[str, Any]] = {}
    ids = list(findings)
    for start in range(0, len(ids), _CHUNK):
        docs.update(_docs(session, ids[start : start + _CHUNK], reader))
    return docs


def history_of(session: Session, finding: UUID, reader: Actor) -> list[dict[str, Any]]:
    """What happened to it, from the journal: device time (unchecked), corrected time and server time of each entry."""
    rows = session.scalars(
        sa.select(JournalEntry)
        .where(JournalEntry.subject == str(finding), JournalEntry.subject_type == "finding")
        .order_by(JournalEntry.seq),
    ).all()
    names = {} if is_outsider(reader) else identity.names_of(session, {row.actor for row in rows if row.actor})
    return [
        {
            "seq": row.seq,
            "event": row.event,
            "actor": None if is_outsider(reader) else row.actor,
            "actor_name": names.get(row.actor) if row.actor else None,
            "op": row.op,
            "device_at": row.device_at,
            "happened_at": row.happened_at,
            "at": row.at,
            "time_quality": row.time_quality,
            "facts": {} if is_outsider(reader) else orjson.loads(row.facts),
        }
        for row in rows
    ]


def deadlines_of(session: Session, finding: UUID, reader: Actor) -> list[tuple[UUID, UUID]]:
    """The finding's dispatches that have a deadline, the oldest first, as pairs of dispatch and deadline; a contractor's own only."""
    query = sa.select(Dispatch.id, Dispatch.deadline).where(Dispatch.finding == finding, Dispatch.deadline.is_not(None))
    if is_outsider(reader):
        query = query.where(Dispatch.unit.in_({grant.unit for grant in reader.grants}))
    return [(row.id, row.deadline) for row in session.execute(query.order_by(Dispatch.issued_at, Dispatch.id))]


def limit_of(row: Any) -> dict[str, Any] | None:
    """The limit of a finding or dispatch row."""
    if row.limit_value is None:
        return None
    return {"value": row.limit_value, "unit": row.limit_unit, "source": row.limit_source}


def _docs(session: Session, ids: list[UUID], reader: Actor) -> Iterable[tuple[UUID, dict[str, Any]]]:
    table = table_of(Finding)
    rows = session.execute(sa.select(*table.c).where(table.c.id.in_(ids))).all()
    photos = evidence.photos_of(session, ids)
    weighed = evidence.evidence_of(session, ids)
    dispatches = _by_finding(session, Dispatch, ids, "issued_at")
    proposals = _by_finding(session, Proposal, [row.id for row in rows if row.disputed], "proposed_at")
    # A contractor sees its own dispatches, no names and notes of staff, and nothing of other contracts that might have matched.
    outsider = is_outsider(reader)
    notes = _by_finding(session, Note, [] if outsider else ids, "written_at")
    units = {grant.unit for grant in reader.grants}
    for row in rows:
        own = photos.get(row.id, [])
        tasks = [task for task in dispatches[row.id] if not outsider or task.unit in units]
        doc = {
            "id": row.id,
            "number": row.number,
            "version": row.version,
            "state_version": row.state_version,
            "state": row.state,
            "source": row.source,
            "category": {"kind": row.kind, "code": row.code, "edition": row.edition},
            "condition": row.condition,
            "trade": row.trade,
            "place": row.place,
            "wgs84": [row.lon, row.lat],
            "address": row.address,
            "asset": row.asset,
            "grid": row.grid,
            "areas": {"community": row.community, "town": row.town, "district": row.district},
            "severity": row.severity,
            "note": row.note,
            "needs": needs_of(row),
            "liable": row.liable if not outsider or row.liable in {task.contract for task in tasks} else None,
            "liability": {"reason": row.liability["reason"]} if outsider else row.liability,
            "limit": limit_of(row),
            "dispatches": [_dispatch(task, outsider=outsider) for task in tasks],
            "deadline": row.deadline,
            "evidence": {
                "declared": weighed[row.id].declared,
                "stored": weighed[row.id].stored,
                "usable": weighed[row.id].usable,
                "waived": weighed[row.id].waived,
            },
            "photos": [{name: photo[name] for name in _PHOTO} for photo in own],
            "notes": [
                {"id": note.id, "text": note.text, "written_by": note.written_by, "written_at": note.written_at} for note in notes[row.id]
            ],
            "proposals": [
                {
                    "field": item.field,
                    "seen": item.seen,
                    "value": item.value,
                    "proposed_by": None if outsider else item.proposed_by,
                    "proposed_at": item.proposed_at,
                }
                for item in proposals[row.id]
            ],
            "void_request": None if outsider else row.void_request,
            "patrol": row.patrol,
            "recorded_by": None if outsider else row.recorded_by,
            "recorded_at": row.recorded_at,
            "received_at": row.received_at,
            "time_quality": row.time_quality,
            "filed_at": row.filed_at,
        }
        yield row.id, doc


def _dispatch(task: Any, *, outsider: bool) -> dict[str, Any]:
    return {
        "id": task.id,
        "role": task.role,
        "state": task.state,
        "unit": task.unit,
        "unit_kind": task.unit_kind,
        "contract": task.contract,
        "choice": {"reason": task.choice["reason"]} if outsider else task.choice,
        "issued_at": task.issued_at,
        "automatic": task.automatic,
        "limit": limit_of(task),
        "deadline": task.deadline,
        "due": task.due,
        "awaiting_calendar": task.awaiting_calendar,
    }


def _by_finding(session: Session, kind: type[Any], ids: list[UUID], order: str) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    if ids:
        table = table_of(kind)
        for row in session.execute(sa.select(*table.c).where(table.c.finding.in_(ids)).order_by(table.c[order], table.c.id)):
            found[row.finding].append(row)
    return found
