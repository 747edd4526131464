"""Joint campaigns: begun, changed, joined by units, ended; findings grouped into them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, lock_row, write
from backend.core.deeds import deed
from backend.core.problems import Forbidden, Invalid
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.campaigns import Campaign, CampaignMember
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.campaigns import may_run
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.campaigns import RUNNERS, CampaignMissing, CampaignOver, NotOfCampaign
from backend.domains.findings.rules.moving import check_move
from backend.domains.identity import queries as identity
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.territory import local_day


@deed
def begin_campaign(session: Session, act: Act, *, payload: dict[str, Any]) -> Campaign:
    """A named operation in an area of the own, with its days and units. Raises Forbidden, Invalid, UnitMissing."""
    if not may_run(act.actor, payload["area"]):
        raise Forbidden("a campaign is begun by who leads, or runs the desk of, its area", roles=list(RUNNERS))
    if payload["area"] not in territory.territory(session).areas_on(local_day(act.at)):
        raise Invalid(f"there is no area {payload['area']}", errors=[("/area", "no such area")])
    _check_days(payload)
    units = [each["unit"] for each in payload["members"]]
    if len(set(units)) < len(units):
        raise Invalid("members: a unit is named twice", errors=[("/members", "a unit is named twice")])
    assert act.actor.person is not None, "checked"
    row = Campaign(
        id=act.new_id(),
        version=1,
        name=payload["name"],
        purpose=payload["purpose"],
        area=payload["area"],
        first_day=payload["first_day"],
        last_day=payload["last_day"],
        target=payload["target"],
        begun_by=act.actor.person,
        begun_at=act.at,
    )
    add_row(session, row)
    write(session)
    for each in payload["members"]:
        _join(session, act, row, each)
    act.tell("campaign.begun", "campaign", row.id, version=1, area=row.area, first_day=row.first_day, last_day=row.last_day, units=units)
    return row


@deed
def change_campaign(session: Session, act: Act, *, campaign: UUID, payload: dict[str, Any]) -> Campaign:
    """Change days, target, purpose or members: `members` are those from now on. What is not named stays. Raises what `_running` raises."""
    row = _running(session, act, campaign)
    for name in ("name", "purpose", "first_day", "last_day", "target"):
        if name in payload:
            setattr(row, name, payload[name])
    _check_days({"first_day": row.first_day, "last_day": row.last_day})
    if "members" in payload:
        _take_members(session, act, row, payload["members"])
    row.version += 1
    changed = sorted(payload)
    act.tell("campaign.changed", "campaign", row.id, version=row.version, changed=changed)
    return row


@deed
def end_campaign(session: Session, act: Act, *, campaign: UUID, payload: dict[str, Any]) -> Campaign:
    """It is over, with its result in words; its findings stay named after it. Raises what `_running` raises."""
    row = _running(session, act, campaign)
    row.ended_at, row.ended_by, row.result = act.at, act.actor.person, payload["result"]
    row.version += 1
    act.tell("campaign.ended", "campaign", row.id, version=row.version)
    return row


@deed
def group_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Group it into a campaign of its area. Again into the same changes nothing.

    Raises CampaignMissing, CampaignOver, NotOfCampaign, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("group_finding", act.actor, row, state_version=payload["state_version"])
    campaign = lock_row(session, Campaign, payload["campaign"])
    if campaign is None:
        raise CampaignMissing(f"there is no campaign {payload['campaign']}")
    if campaign.ended_at is not None:
        raise CampaignOver(f"campaign {campaign.name} has ended")
    if not (row.grid or row.district).startswith(campaign.area):
        raise NotOfCampaign(f"the finding lies outside {campaign.area}", errors=[("/campaign", f"of area {campaign.area}")])
    if row.campaign == campaign.id:
        return row
    if row.campaign is not None:
        raise NotOfCampaign(f"the finding is in campaign {row.campaign}", errors=[("/campaign", f"is in {row.campaign}")])
    row.campaign = campaign.id
    row.version += 1
    tell(act, "finding.grouped", row, campaign=campaign.id)
    return row


@deed
def ungroup_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Take it out of its campaign. One that is in none stays so. Raises what `check_move` raises."""
    row = lock_finding(session, act, finding)
    check_move("ungroup_finding", act.actor, row, state_version=payload["state_version"])
    if row.campaign is not None:
        before, row.campaign = row.campaign, None
        row.version += 1
        tell(act, "finding.ungrouped", row, campaign=before)
    return row


def _running(session: Session, act: Act, campaign: UUID) -> Campaign:
    """The campaign, locked. Raises CampaignMissing, also for one that the actor does not run, and CampaignOver."""
    row = lock_row(session, Campaign, campaign)
    if row is None or not may_run(act.actor, row.area):
        raise CampaignMissing(f"there is no campaign {campaign} that you run")
    if row.ended_at is not None:
        raise CampaignOver(f"campaign {row.name} has ended")
    return row


def _check_days(payload: dict[str, Any]) -> None:
    if payload["last_day"] < payload["first_day"]:
        raise Invalid("last_day: not before first_day", errors=[("/last_day", "before first_day")])


def _take_members(session: Session, act: Act, row: Campaign, named: list[dict[str, Any]]) -> None:
    present = {each.unit: each for each in session.scalars(_members(row.id))}
    wanted = {each["unit"]: each for each in named}
    if len(wanted) < len(named):
        raise Invalid("members: a unit is named twice", errors=[("/members", "a unit is named twice")])
    for unit, member in present.items():
        if unit not in wanted:
            member.left_at = act.at
        else:
            member.duty, member.target = wanted[unit]["duty"], wanted[unit]["target"]
    for unit, each in wanted.items():
        if unit not in present:
            _join(session, act, row, each)


def _members(campaign: UUID) -> sa.Select[CampaignMember]:
    query = sa.select(CampaignMember).where(CampaignMember.campaign == campaign, CampaignMember.left_at.is_(None))
    return query.order_by(CampaignMember.joined_at, CampaignMember.id)


def _join(session: Session, act: Act, row: Campaign, named: dict[str, Any]) -> None:
    unit = identity.get_unit(session, named["unit"])
    member = CampaignMember(
        id=act.new_id(), campaign=row.id, unit=unit.id, duty=named["duty"], target=named["target"], joined_at=act.at, left_at=None
    )
    add_row(session, member)
