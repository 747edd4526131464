"""What a verification found wrong, before a person's eyes: one open incident, renewed by each run that finds something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.domains.sync.model import Incident

VERIFICATION = "verification"


def note_violations(session: Session, act: Act, *, totals: Mapping[str, int], first: Sequence[str]) -> Incident:
    """Note how many violations each invariant has, and the first of them in words: ids and numbers, no personal data."""
    query = sa.select(Incident).where(Incident.kind == VERIFICATION, Incident.closed_at.is_(None))
    row = session.scalar(query.order_by(Incident.at).limit(1).with_for_update())
    facts = {"violations": dict(sorted(totals.items())), "first": list(first), "seen_at": act.at.isoformat()}
    if row is None:
        row = add_row(session, Incident(id=act.new_id(), at=act.at, replica=None, kind=VERIFICATION, facts={**facts, "times": 1}))
        act.tell("incident.noted", "incident", row.id, kind=VERIFICATION)
    else:
        row.facts = {**facts, "times": row.facts.get("times", 1) + 1}
    session.flush()
    return row
