"""Findings as documents: what pull carries and GET /findings/{id} shows. Read by columns, without the ORM, for pages of hundreds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
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
from backend.domains.findings.queries import hands
from backend.domains.findings.queries import tasks as tasks_of_looks
from backend.domains.findings.queries.parts import dispatch_doc, limit_of, own_task, report_doc, request_doc, verification_doc
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.visibility import concerns, is_of_another, is_outsider
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
    """What happened to it, from the journal: device time (unchecked), corrected time and server time of each entry.

    An outsider reads what concerns the own dispatches, or the finding as a whole; no names, and no facts.
    """
    outsider = is_outsider(reader)
    rows = session.scalars(
        sa.select(JournalEntry)
        .where(JournalEntry.subject == str(finding), JournalEntry.subject_type == "finding")
        .order_by(JournalEntry.seq),
    ).all()
    if outsider:
        own = _own_of(session, finding, reader)
        rows = [row for row in rows if concerns(orjson.loads(row.facts), own)]
    names = {} if outsider else identity.names_of(session, {row.actor for row in rows if row.actor})
    return [
        {
            "seq": row.seq,
            "event": row.event,
            "actor": None if outsider else row.actor,
            "actor_name": names.get(row.actor) if row.actor else None,
            "op": row.op,
            "device_at": row.device_at,
            "happened_at": row.happened_at,
            "at": row.at,
            "time_quality": row.time_quality,
            "facts": {} if outsider else orjson.loads(row.facts),
        }
        for row in rows
    ]


def deadlines_of(session: Session, finding: UUID, reader: Actor) -> list[tuple[UUID, UUID]]:
    """The finding's dispatches that have a deadline, the oldest first, as pairs of dispatch and deadline; a contractor's own only."""
    query = sa.select(Dispatch.id, Dispatch.deadline).where(Dispatch.finding == finding, Dispatch.deadline.is_not(None))
    if is_outsider(reader):
        query = query.where(Dispatch.unit.in_({grant.unit for grant in reader.grants}))
    return [(row.id, row.deadline) for row in session.execute(query.order_by(Dispatch.issued_at, Dispatch.id))]


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
    open_tasks = tasks_of_looks.open_tasks_of(session, [] if outsider else ids)
    others = _photos_of_others(session, [each for found in photos.values() for each in found], units) if outsider else frozenset()
    supervisions = hands.supervision_docs(session, ids, units=units, outsider=outsider)
    hand_overs = hands.hand_over_docs(session, [] if outsider else ids)
    for row in rows:
        own = photos.get(row.id, [])
        tasks = [task for task in dispatches[row.id] if not outsider or task.unit in units]
        own_tasks = {task.id for task in tasks}
        own_reports = [report for report in reports[row.id] if report.dispatch in own_tasks]
        own_requests = [asked for asked in requests[row.id] if asked.dispatch in own_tasks]
        own_looks = [look for look in looks[row.id] if not outsider or look.report in {report.id for report in own_reports}]
        foreign = others
        if outsider:
            foreign |= _foreign_photos([*reports[row.id], *requests[row.id]], looks[row.id], own_tasks)
        mine = own_task(tasks, units) if outsider else None
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
            "dispatches": [dispatch_doc(task, outsider=outsider) for task in tasks],
            "reports": [report_doc(report, outsider=outsider) for report in own_reports],
            "requests": [request_doc(asked, outsider=outsider) for asked in own_requests],
            "tasks": open_tasks[row.id],
            "verifications": [verification_doc(look, outsider=outsider) for look in own_looks],
            "attached_to": None if outsider else row.attached_to,
            "followers": followers[row.id],
            "supervised": row.supervised and (not outsider or bool(supervisions.get(row.id))),
            "supervisions": supervisions.get(row.id, []),
            "hand_overs": hand_overs.get(row.id, []),
            "campaign": None if outsider else row.campaign,
            "repeat_of": None if outsider else row.repeat_of,
            "split_from": None if outsider else row.split_from,
            "counters": hands.counters(row, tasks, own_requests, supervisions.get(row.id, []), outsider=outsider),
            "deadline": row.deadline if not outsider else mine.due if mine is not None else None,
            "evidence": {
                "declared": weighed[row.id].declared,
                "stored": weighed[row.id].stored,
                "usable": weighed[row.id].usable,
                "waived": weighed[row.id].waived,
            },
            "photos": [{name: photo[name] for name in _PHOTO} for photo in own if str(photo["id"]) not in foreign],
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
            "step": None if outsider else row.step,
            "step_since": None if outsider else row.step_since,
            "step_due": None if outsider else row.step_due,
        }
        yield row.id, doc


def shows_photo(session: Session, finding: UUID, photo: UUID, reader: Actor) -> bool:
    """Whether the reader, who may see the finding, may see this photo of it: a contractor none that shows another unit's work."""
    return not is_outsider(reader) or str(photo) in _own_of(session, finding, reader)


def _own_of(session: Session, finding: UUID, reader: Actor) -> set[str]:
    """The ids of what is an outsider's of a finding: the own dispatches, what was said and demanded of them, photos that may be seen."""
    units = {grant.unit for grant in reader.grants}
    own = {task.id for task in _by_finding(session, Dispatch, [finding], "issued_at")[finding] if task.unit in units}
    said = [
        *_by_finding(session, Report, [finding], "reported_at")[finding],
        *_by_finding(session, DispatchRequest, [finding], "asked_at")[finding],
    ]
    looks = _by_finding(session, Verification, [finding], "verified_at")[finding]
    photos = evidence.photos_of(session, [finding])[finding]
    hidden = _foreign_photos(said, looks, own) | _photos_of_others(session, photos, units)
    demands = hands.supervision_docs(session, [finding], units=units, outsider=True).get(finding, [])
    seen = [*own, *(each.id for each in said if each.dispatch in own), *(each["id"] for each in demands)]
    return {str(each) for each in seen} | ({str(photo["id"]) for photo in photos} - hidden)


def _photos_of_others(session: Session, photos: Collection[Mapping[str, Any]], units: Collection[UUID]) -> frozenset[str]:
    """The photos that people of contractors other than these units declared."""
    held = identity.grants_ever(session, {photo["declared_by"] for photo in photos})
    return frozenset(str(photo["id"]) for photo in photos if is_of_another(held[photo["declared_by"]], units, at=photo["declared_at"]))


def _foreign_photos(said: Iterable[Any], looks: Iterable[Any], own: Collection[UUID]) -> frozenset[str]:
    """The photos of reports and requests on dispatches that are not among the own ones, and of looks at that work."""
    foreign = {each.id: each for each in said if each.dispatch not in own}
    shown = [each.photos for each in foreign.values()] + [look.photos for look in looks if look.report in foreign]
    return frozenset(photo for photos in shown for photo in photos)


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
