"""Joint campaigns (联合整治): when findings can be grouped into one, and by whom.

Source: the domain page, section 3, and the domain research, wish 9.
"""

from __future__ import annotations

import datetime as dt

from backend.core.problems import Clash, Invalid, Missing

RUNNERS = ("leader", "shift_leader", "dispatcher")
"""Who begins and runs a campaign within the own area."""
MOST_AT_ONCE = 200
"""Findings grouped by one request."""


class CampaignMissing(Missing):
    """There is no such campaign in the caller's area."""

    slug = "campaign_missing"
    title = "There is no such campaign"
    title_zh = "没有该专项行动"
    way_out = "Choose one of GET /api/v1/campaigns."
    way_out_zh = "请从专项行动列表中选择。"


class CampaignOver(Clash):
    """It was ended: nothing is grouped into it any more."""

    slug = "campaign_over"
    title = "The campaign has ended"
    title_zh = "专项行动已结束"
    way_out = "Begin another campaign, or group the finding into one that goes on."
    way_out_zh = "请新建专项行动，或将案卷归入进行中的专项行动。"


class NotOfCampaign(Invalid):
    """The finding lies outside the campaign's area, or is grouped elsewhere."""

    slug = "not_of_campaign"
    title = "The finding does not fit the campaign"
    title_zh = "该案卷不能归入此专项行动"
    way_out = "Group findings of the campaign's area that are in no other campaign; take a finding out of its campaign first."
    way_out_zh = "只能归入行动范围内且未归入其他行动的案卷；如需调整请先移出原行动。"


def phase(*, first_day: dt.date, last_day: dt.date, ended: bool, today: dt.date) -> str:
    """planned, running, past or ended: past is one whose last day went by and that nobody ended."""
    if ended:
        return "ended"
    if today < first_day:
        return "planned"
    return "running" if today <= last_day else "past"
