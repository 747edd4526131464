"""Campaigns as they are shown: members, targets, and what their findings came to."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.act import Actor
from backend.core.database.rows import find_row
from backend.domains.findings.model.campaigns import Campaign, CampaignMember
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.campaigns import RUNNERS, CampaignMissing, phase
from backend.domains.findings.rules.visibility import AREA_ROLES, UNIT_ROLES
from backend.domains.territory.rules.territory import local_day


def may_run(actor: Actor, area: str) -> bool:
    """Whether the actor runs campaigns of this area."""
    return any(grant.area is not None and area.startswith(grant.area) for grant in actor.grants_of(*RUNNERS))


def may_read(actor: Actor, area: str, units: set[UUID]) -> bool:
    """Whether the actor reads a campaign: its area and the own overlap, or an own unit takes part."""
    grants = actor.grants_of(*AREA_ROLES, *UNIT_ROLES)
    return any(each.unit in units or (each.area and (area.startswith(each.area) or each.area.startswith(area))) for each in grants)


def get_campaign(session: Session, campaign: UUID, reader: Actor, *, at: dt.datetime) -> dict[str, Any]:
    """One campaign with its counts (see `_counts`). Raises CampaignMissing for what the reader may not see, too."""
    row = find_row(session, Campaign, campaign)
    members = _members(session, [campaign]).get(campaign, [])
    if row is None or not may_read(reader, row.area, {each.unit for each in members}):
        raise CampaignMissing(f"there is no campaign {campaign} that you may see")
    return {**_shown(row, members, at), "counts": _counts(session, row, members, at)}


def list_campaigns(session: Session, reader: Actor, *, at: dt.datetime, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page `{items, next}` of the campaigns that the reader may see, the latest begun first, without counts."""
    query = sa.select(Campaign)
    if after := cursors.unpack("campaigns", cursor, cursors.moment, cursors.key):
        last_begun, last = after
        begun, known = sa.literal(last_begun, Campaign.begun_at.type), sa.literal(last, Campaign.id.type)
        query = query.where(sa.tuple_(Campaign.begun_at, Campaign.id) < sa.tuple_(begun, known))
    items: list[dict[str, Any]] = []
    more = True
    while more and len(items) <= limit:  # what the reader may not see is passed over: there are few campaigns, and all staff see most
        page = session.scalars(query.order_by(Campaign.begun_at.desc(), Campaign.id.desc()).limit(limit + 1)).all()
        members = _members(session, [row.id for row in page])
        items += [
            _shown(row, members.get(row.id, []), at)
            for row in page
            if may_read(reader, row.area, {each.unit for each in members.get(row.id, [])})
        ]
        more = len(page) > limit
        if more:
            begun, known = sa.literal(page[-1].begun_at, Campaign.begun_at.type), sa.literal(page[-1].id, Campaign.id.type)
            query = sa.select(Campaign).where(sa.tuple_(Campaign.begun_at, Campaign.id) < sa.tuple_(begun, known))
    last_shown = items[limit - 1] if len(items) > limit else None
    return {
        "items": items[:limit],
        "next": cursors.pack("campaigns", last_shown["begun_at"].isoformat(), str(last_shown["id"])) if last_shown else None,
    }


def _members(session: Session, campaigns: list[UUID]) -> dict[UUID, list[CampaignMember]]:
    found: dict[UUID, list[CampaignMember]] = {}
    query = sa.select(CampaignMember).where(CampaignMember.campaign.in_(campaigns), CampaignMember.left_at.is_(None))
    for each in session.scalars(query.order_by(CampaignMember.joined_at, CampaignMember.id)):
        found.setdefault(each.campaign, []).append(each)
    return found


def _shown(row: Campaign, members: list[CampaignMember], at: dt.datetime) -> dict[str, Any]:
    today = local_day(at)
    return {
        "id": row.id,
        "version": row.version,
        "name": row.name,
        "purpose": row.purpose,
        "area": row.area,
        "first_day": row.first_day,
        "last_day": row.last_day,
        "phase": phase(first_day=row.first_day, last_day=row.last_day, ended=row.ended_at is not None, today=today),
        "target": row.target,
        "members": [{"unit": each.unit, "duty": each.duty, "target": each.target, "joined_at": each.joined_at} for each in members],
        "begun_by": row.begun_by,
        "begun_at": row.begun_at,
        "ended_at": row.ended_at,
        "result": row.result,
    }


def _counts(session: Session, row: Campaign, members: list[CampaignMember], at: dt.datetime) -> dict[str, Any]:
    """What its findings came to, from one snapshot.

    `{total, closed, overdue, states: {state: count}, units: [{unit, dispatched, closed, target}]}`: `overdue` runs past its deadline
    now; a unit's are those that it has or had a dispatch of, members first, in their order.
    """
    of = Finding.campaign == row.id
    by_state = session.execute(sa.select(Finding.state, sa.func.count().label("findings")).where(of).group_by(Finding.state))
    states = {row.state: row.findings for row in by_state}
    overdue = session.scalar(sa.select(sa.func.count()).where(of, Finding.state == "dispatched", Finding.deadline < at))
    closed = sa.func.count(sa.distinct(sa.case((Finding.state == "closed", Finding.id))))
    worked = (
        sa.select(Dispatch.unit, sa.func.count(sa.distinct(Finding.id)), closed)
        .join(Finding, Finding.id == Dispatch.finding)
        .where(of, Dispatch.cancelled_at.is_(None))
        .group_by(Dispatch.unit)
        .order_by(Dispatch.unit)
    )
    by_unit = {unit: (dispatched, done) for unit, dispatched, done in session.execute(worked)}
    targets = {each.unit: each.target for each in members}
    units = [*targets, *(unit for unit in by_unit if unit not in targets)]
    return {
        "total": sum(states.values()),
        "closed": states.get("closed", 0),
        "overdue": overdue or 0,
        "states": dict(sorted(states.items())),
        "units": [
            {
                "unit": unit,
                "dispatched": by_unit.get(unit, (0, 0))[0],
                "closed": by_unit.get(unit, (0, 0))[1],
                "target": targets.get(unit),
            }
            for unit in units
        ],
    }
