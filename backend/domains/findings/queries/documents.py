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
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Note, Proposal
from backend.domains.findings.model.work import Dispatch, DispatchRequest, Report, Verification
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.reports import is_uncertain, timeliness
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
    proposals = _by_finding(session, Proposal, [row.id for row in rows if row.disputed], "proposed_at", Proposal.resolved_at.is_(None))
    # A contractor sees its own dispatches, no names and notes of staff, and nothing of other contracts that might have matched.
    outsider = is_outsider(reader)
    notes = _by_finding(session, Note, [] if outsider else ids, "written_at")
    units = {grant.unit for grant in reader.grants}
    worked = [finding for finding, tasks in dispatches.items() if tasks]
    reports = _by_finding(session, Report, worked, "reported_at")
    requests = _by_finding(session, DispatchRequest, worked, "asked_at")
    looks = _by_finding(session, Verification, ids, "verified_at")
    followers = _followers(session, [] if outsider else ids)
    for row in rows:
        own = photos.get(row.id, [])
        tasks = [task for task in dispatches[row.id] if not outsider or task.unit in units]
        own_tasks = {task.id for task in tasks}
        own_reports = [report for report in reports[row.id] if report.dispatch in own_tasks]
        own_looks = [look for look in looks[row.id] if not outsider or look.report in {report.id for report in own_reports}]
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
            "reports": [_report(report, outsider=outsider) for report in own_reports],
            "requests": [_request(asked, outsider=outsider) for asked in requests[row.id] if asked.dispatch in own_tasks],
            "verifications": [_verification(look, outsider=outsider) for look in own_looks],
            "attached_to": None if outsider else row.attached_to,
            "followers": followers[row.id],
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
                for item in sorted(proposals[row.id], key=lambda each: (each.proposed_at, str(each.op or ""), each.field))
            ],
            "void_request": None if outsider else row.void_request,
            "patrol": row.patrol,
            "recorded_by": None if outsider else row.recorded_by,
            "recorded_at": row.recorded_at,
            "received_at": row.received_at,
            "time_quality": row.time_quality,
            "filed_at": row.filed_at,
            "closed_at": row.closed_at,
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
        "handed_back_at": task.handed_back_at,
        "reworks": task.reworks,
        "replaced_by": task.replaced_by,
    }


def _report(report: Any, *, outsider: bool) -> dict[str, Any]:
    window = (report.earliest_at, report.latest_at) if report.earliest_at and report.latest_at else None
    return {
        "id": report.id,
        "dispatch": report.dispatch,
        "state": report.state,
        "note": report.note,
        "photos": report.photos,
        "reported_by": None if outsider else report.reported_by,
        "reported_at": report.reported_at,
        "received_at": report.received_at,
        "time_quality": report.time_quality,
        "due": report.due,
        "on_time": timeliness(report.reported_at, report.due, window),
        "time_uncertain": is_uncertain(report.due, window),
        "decided": report.decided_result,
        "decided_at": report.decided_at,
    }


def _verification(look: Any, *, outsider: bool) -> dict[str, Any]:
    return {
        "id": look.id,
        "phase": look.phase,
        "report": look.report,
        "result": look.result,
        "note": look.note,
        "photos": look.photos,
        "verified_by": None if outsider else look.verified_by,
        "verified_at": look.verified_at,
        "received_at": look.received_at,
        "time_quality": look.time_quality,
    }


def _request(asked: Any, *, outsider: bool) -> dict[str, Any]:
    return {
        "id": asked.id,
        "dispatch": asked.dispatch,
        "kind": asked.kind,
        "state": asked.state,
        "reason": asked.reason,
        "until": asked.until,
        "asked_by": None if outsider else asked.asked_by,
        "asked_at": asked.asked_at,
        "decided_by": None if outsider else asked.decided_by,
        "decided_at": asked.decided_at,
        "decided_reason": asked.decided_reason,
    }


def _followers(session: Session, ids: list[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = defaultdict(list)
    if ids:
        query = sa.select(Finding.attached_to, Finding.id).where(Finding.attached_to.in_(ids))
        for head, follower in session.execute(query.order_by(Finding.recorded_at, Finding.id)):
            assert head is not None, "asked for by it"
            found[head].append(follower)
    return found


def _by_finding(session: Session, kind: type[Any], ids: list[UUID], order: str, *only: sa.ColumnElement[bool]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    if ids:
        table = table_of(kind)
        for row in session.execute(sa.select(*table.c).where(table.c.finding.in_(ids), *only).order_by(table.c[order], table.c.id)):
            found[row.finding].append(row)
    return found
