"""Telling people what happened to a finding, from the journal: the worker calls it for each entry from which messages follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.announcing.audience import area_told, audience
from backend.domains.findings.queries.announcing.facts import actor_of, facts_judged, facts_told, told
from backend.domains.findings.rules.announcements.table import AREA_KINDS, following
from backend.domains.notifications.actions.notify import notify


def announce(session: Session, act: Act, *, finding: UUID, event: str, seq: int, facts: Mapping[str, Any]) -> int:
    """Tell everybody whom this entry of the journal concerns, but for who did it; how many were told. Safe to repeat.

    The number of the entry is the key: nobody is told twice of one, and by the first message of the table that is for them.
    """
    row = session.get(Finding, finding)
    if row is None:
        return 0
    of = told(session, row, event, facts)
    announced = following(event, facts_judged(of))
    if not announced:
        return 0
    said = facts_told(session, of)
    known = {actor_of(session, seq)}
    for each in announced:
        if each.open_work and not of.works():
            continue
        to = [person for person in audience(session, of, each.to, at=act.at) if person not in known]
        known.update(to)
        notify(session, act, to=to, kind=each.kind.name, subject_type="finding", subject=str(row.id), facts=said, key=f"journal:{seq}")
    return len(known) - 1


def announce_area(session: Session, act: Act, *, suspension: UUID, event: str, seq: int) -> int:
    """Tell every unit that has open work in the area, once, that its clocks stand or run again; how many were told. Safe to repeat."""
    facts, to = area_told(session, suspension, at=act.at)
    kind, known = AREA_KINDS[event], actor_of(session, seq)
    others = [person for person in to if person != known]
    made = notify(
        session, act, to=others, kind=kind.name, subject_type="area_suspension", subject=str(suspension), facts=facts, key=f"journal:{seq}"
    )
    return len(made)
