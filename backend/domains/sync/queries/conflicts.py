"""The conflict inbox: what phones did that is valid but not in effect, until somebody decides; the oldest first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.database.base import UtcDateTime
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.model.work import Report, Verification
from backend.domains.findings.queries.proposals import proposal_view, single_view
from backend.domains.identity import queries as identity
from backend.domains.sync.model import LISTED, Outcome
from backend.domains.sync.queries.reach import WHEN, finding_of, within
from backend.domains.sync.rules.desk import ConflictMissing, Desk
from backend.domains.sync.rules.settling import FIELDS, KINDS, of_choices

_VERBS = {"withdraw_finding": "void_request", "verify_finding": "dispute", "amend_finding": "proposal"}


@dataclass(frozen=True, slots=True)
class Open:
    """One conflict: `id` is its operation, or the one proposal of the desk's own amendment. `op` None for the latter."""

    at: dt.datetime
    id: UUID
    op: UUID | None
    finding: UUID
    person: UUID


def list_conflicts(session: Session, desk: Desk, *, limit: int, cursor: str | None) -> tuple[list[Open], str | None]:
    """A page for this desk, and the cursor of the next."""
    found = _open(desk).subquery("open")
    query = sa.select(found)
    after = cursors.unpack("conflicts", cursor, cursors.moment, cursors.key)
    if after is not None:
        last_key = sa.tuple_(sa.literal(after[0], UtcDateTime()), sa.literal(after[1], sa.Uuid()))
        query = query.where(sa.tuple_(found.c.at, found.c.id) > last_key)
    rows = [Open(*row) for row in session.execute(query.order_by(found.c.at, found.c.id).limit(limit + 1))]
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], cursors.pack("conflicts", last.at.isoformat(), str(last.id)) if last else None


def get_conflict(session: Session, desk: Desk, key: UUID) -> Open:
    """The conflict of this operation (or proposal), if it is open and of this desk's areas. Raises ConflictMissing."""
    found = _open(desk).subquery("open")
    row = session.execute(sa.select(found).where(found.c.id == key)).first()
    if row is None:
        raise ConflictMissing(f"no open conflict {key} of your areas")
    return Open(*row)


def conflict_docs(session: Session, desk: Desk, conflicts: list[Open]) -> list[dict[str, Any]]:
    """The conflicts as shown: field by field what the phone saw, what it meant, and what stands now.

    What people wrote is for who leads the area: an administrator sees which fields, and no values, notes or reasons.
    """
    people = identity.names_of(session, {one.person for one in conflicts})
    docs = [_doc(session, one, people) for one in conflicts]
    return [doc if _leads(session, desk, one) else _veiled(doc) for one, doc in zip(conflicts, docs, strict=True)]


def _leads(session: Session, desk: Desk, one: Open) -> bool:
    """Whether this desk has the conflict before it as shift leader, not as administrator alone."""
    if not desk.administers:
        return True
    try:
        get_conflict(session, replace(desk, administers=False), one.id)
    except ConflictMissing:
        return False
    return True


def _veiled(doc: dict[str, Any]) -> dict[str, Any]:
    veiled = {**doc, "fields": [{**field, "base": None, "theirs": None, "ours": None} for field in doc["fields"]]}
    if doc["void_request"] is not None:
        veiled["void_request"] = {name: value for name, value in doc["void_request"].items() if name != "reason"}
    if doc["dispute"] is not None:
        verdicts = [{**verdict, "note": None} for verdict in doc["dispute"]["verdicts"]]
        veiled["dispute"] = {**doc["dispute"], "note": None, "verdicts": verdicts}
    return veiled


def kind_of(session: Session, one: Open) -> str:
    """What sort of decision it needs."""
    outcome = session.get(Outcome, one.op) if one.op is not None else None
    if outcome is None or outcome.status != "conflict":
        return "proposal"
    return _VERBS.get(outcome.verb, "other")


def disputed_report(session: Session, op: UUID) -> Report | None:
    """The report on which this operation gave its verdict."""
    return session.scalar(sa.select(Report).join(Verification, Verification.report == Report.id).where(Verification.op == op))


def _open(desk: Desk) -> sa.CompoundSelect[Any]:
    conflicts = sa.select(
        Outcome.kept_at.label("at"),
        Outcome.op.label("id"),
        Outcome.op.label("op"),
        Outcome.entity.label("finding"),
        Outcome.person.label("person"),
    ).where(
        sa.text(LISTED),
        Outcome.status == "conflict",
        Outcome.entity_type == "finding",
        within(desk, finding=finding_of(), person=Outcome.person, moments=WHEN),
    )
    listed = sa.select(Outcome.op).where(sa.text(LISTED), Outcome.status == "conflict")
    displaced = (
        sa.select(
            sa.func.min(Proposal.proposed_at, type_=UtcDateTime()),
            sa.func.coalesce(Proposal.op, Proposal.id),
            Proposal.op,
            Proposal.finding,
            Proposal.proposed_by,
        )
        .where(
            Proposal.resolved_at.is_(None),
            sa.or_(Proposal.op.is_(None), Proposal.op.not_in(listed)),
            within(desk, finding=Proposal.finding, person=Proposal.proposed_by, moments=(Proposal.proposed_at,)),
        )
        .group_by(sa.func.coalesce(Proposal.op, Proposal.id), Proposal.op, Proposal.finding, Proposal.proposed_by)
    )
    return sa.union_all(conflicts, displaced)


def _doc(session: Session, one: Open, people: dict[UUID, str]) -> dict[str, Any]:
    finding = session.get(Finding, one.finding)
    outcome = session.get(Outcome, one.op) if one.op is not None else None
    kind = kind_of(session, one)
    view = None
    if kind == "proposal":
        view = proposal_view(session, one.finding, one.op) if one.op is not None else single_view(session, one.id)
    en, zh = KINDS[kind]
    return {
        "id": one.id,
        "op": one.op,
        "kind": kind,
        "title": {"en": en, "zh": zh},
        "at": one.at,
        "person": {"id": one.person, "name": people.get(one.person)},
        "finding": {
            "id": one.finding,
            "number": finding.number if finding else None,
            "state": finding.state if finding else None,
            "state_version": finding.state_version if finding else None,
        },
        "code": outcome.code if outcome else None,
        "happened_at": outcome.at_corrected if outcome else None,
        "time_quality": outcome.time_quality if outcome else None,
        "fields": [{**field, "label": {"en": FIELDS[field["field"]][0], "zh": FIELDS[field["field"]][1]}} for field in view["fields"]]
        if view
        else [],
        "void_request": finding.void_request if finding is not None and kind == "void_request" else None,
        "dispute": _dispute(session, one.op) if kind == "dispute" and one.op is not None else None,
        "choices": _CHOICES[kind],
    }


_CHOICES = {
    "proposal": ["keep", "take", "merge"],
    "void_request": ["void", "refuse"],
    "dispute": ["pass", "fail"],
    "other": ["keep"],
}


def _dispute(session: Session, op: UUID) -> dict[str, Any] | None:
    report = disputed_report(session, op)
    if report is None:
        return None
    looks = session.scalars(sa.select(Verification).where(Verification.report == report.id).order_by(Verification.verified_at)).all()
    names = identity.names_of(session, {look.verified_by for look in looks} | {report.reported_by})
    return {
        "report": report.id,
        "note": report.note,
        "photos": report.photos,
        "reported_at": report.reported_at,
        "reported_by": {"id": report.reported_by, "name": names.get(report.reported_by)},
        "verdicts": [
            {
                "by": {"id": look.verified_by, "name": names.get(look.verified_by)},
                "at": look.verified_at,
                "result": look.result,
                "note": look.note,
                "photos": look.photos,
            }
            for look in looks
        ],
    }


def find_outcome(session: Session, one: Open) -> tuple[str | None, str | None, int | None]:
    """Status, code and number of its operation's outcome as it is now; no number for what was no operation's."""
    if one.op is None:
        choice = session.scalar(sa.select(Proposal.choice).where(Proposal.id == one.id))
        return ("conflict", "proposed", None) if choice is None else ("merged", of_choices([choice]), None)
    row = session.execute(sa.select(Outcome.status, Outcome.code, Outcome.at_seq).where(Outcome.op == one.op)).first()
    return (row.status, row.code, row.at_seq) if row else (None, None, None)
