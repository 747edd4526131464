"""Incidents: what must not be is noted once, and again with the day it was last seen, until somebody closes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.domains.sync.model import Incident, Progress


def note_incident(session: Session, act: Act, *, kind: str, replica: UUID, facts: dict[str, Any]) -> Incident:
    """Note it, or add it to the open one of the same kind and replica. `facts` are ids and numbers; the latest stand."""
    query = sa.select(Incident).where(Incident.replica == replica, Incident.kind == kind, Incident.closed_at.is_(None))
    row = session.scalar(query.order_by(Incident.at).limit(1))
    if row is None:
        row = add_row(session, Incident(id=act.new_id(), at=act.at, replica=replica, kind=kind, facts={**facts, "times": 1}))
        act.tell("incident.noted", "incident", row.id, kind=kind, replica=replica)
    else:
        row.facts = {**row.facts, **facts, "times": row.facts.get("times", 1) + 1}
    session.flush()
    return row


def note_mismatch(session: Session, act: Act, *, replica: UUID, scopes: Sequence[str]) -> Incident | None:
    """Copies of these scopes differed from ours and are filled again. A scope is noted once a day; None where nothing is new."""
    # Two pulls at once note it once.
    session.execute(sa.select(Progress.replica).where(Progress.replica == replica).with_for_update())
    query = sa.select(Incident).where(Incident.replica == replica, Incident.kind == "digest_mismatch", Incident.closed_at.is_(None))
    row = session.scalar(query.order_by(Incident.at).limit(1))
    noted: dict[str, str] = row.facts.get("scopes", {}) if row else {}
    today = act.at.date().isoformat()
    if all(noted.get(scope) == today for scope in scopes):
        return None
    return note_incident(session, act, kind="digest_mismatch", replica=replica, facts={"scopes": {**noted, **dict.fromkeys(scopes, today)}})
