"""Open proposals: those of one finding, and as the desk sees them, field by field: base (what was seen), theirs (meant), ours (stands)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.rules.claims import UNSEEN
from backend.domains.identity import queries as identity


def open_proposals(session: Session, finding: UUID, *, names: Collection[str] | None = None) -> list[Proposal]:
    """The finding's open proposals, of these fields or of all, those of this transaction with them; the earliest first."""
    written = session.scalars(sa.select(Proposal).where(Proposal.finding == finding, Proposal.resolved_at.is_(None)))
    added = [row for row in session.new if isinstance(row, Proposal) and row.finding == finding]
    found = [row for row in (*written, *added) if row.resolved_at is None and (names is None or row.field in names)]
    return sorted(found, key=lambda row: (row.proposed_at, row.id))


def proposal_view(session: Session, finding: UUID, op: UUID | None) -> dict[str, Any] | None:
    """What one operation proposes on a finding, None where nothing of it is open.

    `{finding, number, state, state_version, op, proposed_by, proposed_by_name, proposed_at, fields: [{field, base, theirs, ours}]}`.
    Whether the reader may see the finding is the caller's question.
    """
    return next((view for view in _views(session, [finding], None if op is None else [op]).get(finding, []) if view["op"] == op), None)


def single_view(session: Session, proposal: UUID) -> dict[str, Any] | None:
    """The same of one proposal alone, with the one field that it is of; None where it is decided."""
    row = session.execute(
        sa.select(Proposal, Finding)
        .join(Finding, Finding.id == Proposal.finding)
        .where(Proposal.id == proposal, Proposal.resolved_at.is_(None))
    ).first()
    if row is None:
        return None
    one, finding = row
    return _view(finding, [one], identity.names_of(session, {one.proposed_by}))


def _views(session: Session, findings: Sequence[UUID], ops: Collection[UUID] | None) -> dict[UUID, list[dict[str, Any]]]:
    query = sa.select(Proposal, Finding).join(Finding, Finding.id == Proposal.finding)
    query = query.where(Proposal.resolved_at.is_(None), Proposal.finding.in_(findings))
    if ops is not None:
        query = query.where(Proposal.op.in_(ops))
    rows = sorted(session.execute(query).all(), key=lambda each: (each[0].proposed_at, str(each[0].op), str(each[0].proposed_by)))
    names = identity.names_of(session, {proposal.proposed_by for proposal, _ in rows})
    views: dict[UUID, list[dict[str, Any]]] = {}
    for (finding, _, _), group in groupby(rows, key=lambda each: (each[0].finding, each[0].op, each[0].proposed_by)):
        own = list(group)
        view = _view(own[0][1], [proposal for proposal, _ in own], names)
        views.setdefault(finding, []).append(view)
    return views


def _view(finding: Finding, own: Sequence[Proposal], names: Mapping[UUID, str]) -> dict[str, Any]:
    """Proposals of one origin on one finding, the earliest first."""
    first = own[0]
    return {
        "finding": finding.id,
        "number": finding.number,
        "state": finding.state,
        "state_version": finding.state_version,
        "op": first.op,
        "proposed_by": first.proposed_by,
        "proposed_by_name": names.get(first.proposed_by),
        "proposed_at": first.proposed_at,
        "fields": [
            {
                "field": proposal.field,
                "base": None if proposal.seen == UNSEEN else proposal.seen,
                "theirs": proposal.value,
                "ours": present_value(finding, proposal.field),
            }
            for proposal in sorted(own, key=lambda each: each.field)
        ],
    }


def present_value(row: Finding, name: str) -> Any:
    """What the finding says now in this field, in the shape of an amendment."""
    if name == "category":
        return {"kind": row.kind, "code": row.code, "edition": row.edition}
    return getattr(row, name)
