"""The doors of joint campaigns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Problem
from backend.domains.findings.actions import campaigns as actions
from backend.domains.findings.api.door import MOVE, STAFF, blueprint, shown
from backend.domains.findings.queries import campaigns as queries
from backend.domains.findings.rules.campaigns import RUNNERS, CampaignMissing, CampaignOver, NotOfCampaign
from backend.domains.findings.schemas import campaigns, documents


@blueprint.get("/campaigns")
@caller(*STAFF)
@blueprint.arguments(campaigns.CampaignQuery(), location="query")
@blueprint.response(200, campaigns.CampaignPage())
def list_campaigns(query: dict[str, Any]) -> dict[str, Any]:
    """Campaigns of the caller's area, or in which the caller's unit takes part; the latest begun first."""
    session, act = here()
    with reading(session, snapshot=True):
        return queries.list_campaigns(session, act.actor, at=act.at, limit=query["limit"], cursor=query["cursor"])


@blueprint.get("/campaigns/<uuid:campaign>")
@caller(*STAFF)
@blueprint.refuses(CampaignMissing)
@blueprint.response(200, campaigns.CampaignWithCounts())
def get_campaign(campaign: UUID) -> dict[str, Any]:
    """A campaign, its members and targets, and what its findings came to."""
    session, act = here()
    with reading(session, snapshot=True):
        return queries.get_campaign(session, campaign, act.actor, at=act.at)


@blueprint.post("/campaigns")
@caller(*RUNNERS)
@blueprint.arguments(campaigns.BeginCampaign())
@blueprint.response(201, campaigns.CampaignWithCounts())
def begin_campaign(payload: dict[str, Any]) -> dict[str, Any]:
    """Begin a campaign in an area of the own."""
    session, act = here()
    row = perform(session, act, actions.begin_campaign, payload=payload)
    with reading(session, snapshot=True):
        return queries.get_campaign(session, row.id, act.actor, at=act.at)


@blueprint.patch("/campaigns/<uuid:campaign>")
@caller(*RUNNERS)
@blueprint.arguments(campaigns.ChangeCampaign())
@blueprint.refuses(CampaignMissing, CampaignOver)
@blueprint.response(200, campaigns.CampaignWithCounts())
def change_campaign(payload: dict[str, Any], campaign: UUID) -> dict[str, Any]:
    """Change its days, target, purpose or members."""
    session, act = here()
    perform(session, act, actions.change_campaign, campaign=campaign, payload=payload)
    with reading(session, snapshot=True):
        return queries.get_campaign(session, campaign, act.actor, at=act.at)


@blueprint.post("/campaigns/<uuid:campaign>/end")
@caller(*RUNNERS)
@blueprint.arguments(campaigns.EndCampaign())
@blueprint.refuses(CampaignMissing, CampaignOver)
@blueprint.response(200, campaigns.CampaignWithCounts())
def end_campaign(payload: dict[str, Any], campaign: UUID) -> dict[str, Any]:
    """End it, with its result."""
    session, act = here()
    perform(session, act, actions.end_campaign, campaign=campaign, payload=payload)
    with reading(session, snapshot=True):
        return queries.get_campaign(session, campaign, act.actor, at=act.at)


@blueprint.post("/campaigns/<uuid:campaign>/findings")
@caller(*RUNNERS)
@blueprint.arguments(campaigns.GroupFindings())
@blueprint.response(200, campaigns.GroupedFindings())
def group_findings(payload: dict[str, Any], campaign: UUID) -> dict[str, Any]:
    """Group findings into it, each by itself: what stands against one keeps no other out."""
    items: list[dict[str, Any]] = []
    for finding in payload["findings"]:
        session, act = here()
        try:
            perform(session, act, actions.group_finding, finding=finding, payload={"campaign": campaign, "state_version": None})
        except Problem as problem:
            items.append({"finding": finding, "grouped": False, "problem": problem.document()})
        else:
            items.append({"finding": finding, "grouped": True, "problem": None})
    return {"items": items}


@blueprint.post("/findings/<uuid:finding>/campaign")
@caller(*RUNNERS)
@blueprint.arguments(campaigns.GroupFinding())
@blueprint.refuses(*MOVE, CampaignMissing, CampaignOver, NotOfCampaign)
@blueprint.response(200, documents.FindingWithHistory())
def group_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Group a finding into a campaign of its area."""
    session, act = here()
    perform(session, act, actions.group_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/campaign/removal")
@caller(*RUNNERS)
@blueprint.arguments(campaigns.UngroupFinding())
@blueprint.refuses(*MOVE)
@blueprint.response(200, documents.FindingWithHistory())
def ungroup_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Take a finding out of its campaign."""
    session, act = here()
    perform(session, act, actions.ungroup_finding, finding=finding, payload=payload)
    return shown(finding)
