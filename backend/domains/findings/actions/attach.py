"""Findings of the same thing: which is the head, who follows, and what becomes of followers whose head is voided."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.core.deeds import deed
from backend.domains.findings.actions.consents import check_consent
from backend.domains.findings.actions.steps import enter
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.one import get_finding, lock_finding
from backend.domains.findings.queries.steps import last_step
from backend.domains.findings.rules.attaching import NoHead, NotAlike, head_of, reach_m
from backend.domains.findings.rules.moves import OPEN
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.steps import STEP_OF
from backend.domains.territory.rules.metres import LocalMetres


@deed
def attach_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Say that two findings are of the same thing; they and their followers come under one head, which keeps the only deadline.

    Which of them is the head is not for the caller: the dispatched one, else the first by (recorded time, id), so that two desks that
    attach each to the other come to the same. Of another category, or out of reach and of another asset, only with `override`.
    Raises NoHead, NotAlike, Missing for a head that the caller may not see, and what `check_move` raises.
    """
    for each in sorted((finding, payload["head"])):  # in one order, whoever attaches which to which
        lock_row(session, Finding, each)
    row = lock_finding(session, act, finding)
    move = check_move("attach_finding", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    check_consent(session, act, row, "attach_finding")
    named = get_finding(session, payload["head"], act.actor)
    if named.id == row.id:
        raise NoHead("a finding cannot be attached to itself", errors=[("/head", "the finding itself")])
    if named.attached_to is not None:
        raise NoHead(
            "the finding named is attached itself", errors=[("/head", f"attached to {named.attached_to}")], head=str(named.attached_to)
        )
    if named.state not in OPEN:
        raise NoHead(f"the finding named is {named.state}", errors=[("/head", named.state)])
    if not payload.get("override", True):  # deeds from before it was asked for have none
        _check_alike(row, named)
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
                enter(session, act, each, move.target)
            tell(act, "finding.attached", each, head=head.id, reason=payload["reason"])
    head.version += 1
    tell(act, "finding.head_chosen", head, followers=[each.id for each in group if each is not head])
    return row


@deed
def detach_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """It is not of the same thing after all: filed or recorded as it was, with the photos it has. Its head and other followers stay.

    Raises what `check_move` raises.
    """
    known = get_finding(session, finding, act.actor)
    for each in sorted({finding, *([known.attached_to] if known.attached_to is not None else [])}):
        lock_row(session, Finding, each)
    row = lock_finding(session, act, finding)
    check_move("detach_finding", act.actor, row, state_version=payload["state_version"])
    assert row.attached_to is not None, "attached"
    head = lock_row(session, Finding, row.attached_to)
    assert head is not None, "rows are never taken away"
    row.attached_to = None
    write(session)
    was = last_step(session, row) or (STEP_OF["filed"] if row.filed_at is not None else None)
    enter(session, act, row, "filed" if was == STEP_OF["filed"] else "recorded")
    tell(act, "finding.detached", row, head=head.id, reason=payload["reason"])
    head.version += 1
    tell(act, "finding.follower_left", head, follower=row.id)
    return row


def release_followers(session: Session, act: Act, *, head: Finding) -> list[Finding]:
    """The head has ended without an answer (voided, withdrawn): its followers are recorded again, each for itself. Part of that deed."""
    write(session)
    released = _followers(session, head.id)
    for each in released:
        each.attached_to = None
        enter(session, act, each, "recorded")
        tell(act, "finding.released", each, head=head.id)
    return released


def _check_alike(one: Finding, other: Finding) -> None:
    faults = []
    if (one.kind, one.code) != (other.kind, other.code):
        faults.append(("/head", f"{other.kind}:{other.code}, not {one.kind}:{one.code}"))
    reach = reach_m(one.place.get("accuracy_m"), other.place.get("accuracy_m"))
    scale = LocalMetres.at(one.lat)
    metres = math.hypot((one.lon - other.lon) * scale.east, (one.lat - other.lat) * scale.north)
    if metres > reach and (one.asset is None or one.asset != other.asset):
        faults.append(("/head", f"{metres:.0f} m away, reach {reach:.0f} m"))
    if faults:
        raise NotAlike("; ".join(fault for _, fault in faults), errors=faults, metres=round(metres, 1), reach_m=reach)


def _followers(session: Session, head: UUID) -> list[Finding]:
    query = sa.select(Finding.id).where(Finding.attached_to == head).order_by(Finding.id)
    rows = [lock_row(session, Finding, each) for each in session.scalars(query).all()]
    return [row for row in rows if row is not None and row.attached_to == head]
