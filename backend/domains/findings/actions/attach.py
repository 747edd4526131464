"""Findings of the same thing: which is the head, who follows, and what becomes of followers whose head is voided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.one import get_finding, lock_finding
from backend.domains.findings.rules import moving
from backend.domains.findings.rules.attaching import NoHead, head_of
from backend.domains.findings.rules.moves import ENDED
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.needs import needs_of


@deed
def attach_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Say that two findings are of the same thing; they and their followers come under one head, which keeps the only deadline.

    Which of them is the head is not for the caller: the dispatched one, else the first by (recorded time, id), so that two desks that
    attach each to the other come to the same. Raises NoHead, Missing for a head that the caller may not see, and what `check_move` raises.
    """
    for each in sorted((finding, payload["head"])):  # in one order, whoever attaches which to which
        lock_row(session, Finding, each)
    row = lock_finding(session, act, finding)
    move = check_move("attach_finding", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    named = get_finding(session, payload["head"], act.actor)
    if named.id == row.id:
        raise NoHead("a finding cannot be attached to itself", errors=[("/head", "the finding itself")])
    if named.attached_to is not None:
        raise NoHead(
            "the finding named is attached itself", errors=[("/head", f"attached to {named.attached_to}")], head=str(named.attached_to)
        )
    if named.state in ENDED:
        raise NoHead(f"the finding named is {named.state}", errors=[("/head", named.state)])
    write(session)
    group = [row, named, *_followers(session, row.id), *_followers(session, named.id)]
    head = head_of(group)
    # What becomes a follower must be free to: the head named may be waiting for a decision on its void.
    if head is not named:
        check_move("attach_finding", act.actor, named, needs=needs_of(named))
    for each in group:
        if each is not head and each.attached_to != head.id:
            each.attached_to = head.id
            if each.state == move.target:
                each.version += 1
            else:
                moving.enter(each, move.target)
            tell(act, "finding.attached", each, head=head.id, reason=payload["reason"])
    head.version += 1
    tell(act, "finding.head_chosen", head, followers=[each.id for each in group if each is not head])
    return row


def release_followers(session: Session, act: Act, *, head: Finding) -> list[Finding]:
    """The head has ended without an answer (voided, withdrawn): its followers are recorded again, each for itself. Part of that deed."""
    write(session)
    released = _followers(session, head.id)
    for each in released:
        each.attached_to = None
        moving.enter(each, "recorded")
        tell(act, "finding.released", each, head=head.id)
    return released


def _followers(session: Session, head: UUID) -> list[Finding]:
    query = sa.select(Finding.id).where(Finding.attached_to == head).order_by(Finding.id)
    rows = [lock_row(session, Finding, each) for each in session.scalars(query).all()]
    return [row for row in rows if row is not None and row.attached_to == head]
