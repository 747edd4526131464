"""What an administrator may say in a policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from backend.core.problems import Invalid
from backend.domains.catalog.rules.categories import TRADES
from backend.domains.deadlines.rules.limits import LimitInvalid
from backend.domains.evidence.rules.photos import ROLES as PHOTO_ROLES
from backend.domains.identity.rules.roles import ADMINISTRATOR_POSTS, CONTRACTOR_SIDE, ROLES
from backend.domains.policies.rules.policy import LEVELS, MAY_NEED_CONSENT, NEEDING_PHOTOS, STEPS
from backend.domains.policies.rules.statements import SCOPES, limit_of

MOST_PHOTOS = 10
MOST_BOUNCES = 20
CONSENTING = tuple(role for role in ROLES if role not in CONTRACTOR_SIDE | ADMINISTRATOR_POSTS)
"""Who can be asked for consent: no contractor, whose work it is about, and no administrator, who handles no case."""

Faults = list[tuple[str, str]]


class PolicyInvalid(Invalid):
    """A policy that says something that cannot be."""

    slug = "policy_invalid"
    title = "This policy cannot hold"
    title_zh = "策略内容无效"
    way_out = (
        f"Photos count {', '.join(NEEDING_PHOTOS)}; consent is asked before {', '.join(MAY_NEED_CONSENT)}; steps are {', '.join(STEPS)}; "
        f"reminders are whole per cents of the limit, ascending, below 100; rungs come later and higher each, to {', '.join(LEVELS)}. "
        "A policy begins now or later: what was decided by an earlier one stays explained by it."
    )
    way_out_zh = (
        f"照片要求适用于 {'、'.join(NEEDING_PHOTOS)}；须征得同意的操作为 {'、'.join(MAY_NEED_CONSENT)}；环节为 {'、'.join(STEPS)}；"
        f"提醒填写时限的整数百分比，递增且小于 100；升级须逐级递增且时间递增，依次为 {'、'.join(LEVELS)}。"
        "策略只能自现在或将来起生效，以便已作出的决定仍可追溯。"
    )


class FilingPolicyInvalid(Invalid):
    """A policy for something the catalogue or the territory does not have."""

    slug = "filing_policy_invalid"
    title = "The policy concerns nothing known"
    title_zh = "策略的适用范围无效"
    way_out = (
        f"Use scope category with a key such as event:06010, scope trade with one of {', '.join(TRADES)}, or scope all without a key; "
        "as area the code of a district or town, or none."
    )
    way_out_zh = "适用范围请填 category（键如 event:06010）、trade（键为行业代码）或 all（不填键）；区域请填区或镇街代码，或留空。"


def refuse_scope(scope: str, key: str, area: str, *, categories: Collection[str], areas: Collection[str]) -> None:
    """Raises FilingPolicyInvalid unless the scope is known, the key one of it and the area "" or one of `areas` (districts, towns)."""
    if scope not in SCOPES:
        raise FilingPolicyInvalid(f"scope: {scope!r} is none of {', '.join(SCOPES)}", errors=[("/scope", "unknown scope")])
    known: Collection[str] = {"category": categories, "trade": TRADES, "all": ("",)}[scope]
    if key not in known:
        raise FilingPolicyInvalid(f"key: {key!r} is no {scope}", errors=[("/key", f"{key!r} is no {scope}")])
    if area and area not in areas:
        raise FilingPolicyInvalid(f"area: {area!r} is no district or town", errors=[("/area", f"{area!r} is no district or town")])


def refuse_beginning(valid_from: dt.datetime, now: dt.datetime) -> None:
    """Raises PolicyInvalid for a policy that would have held before it was said."""
    if valid_from < now:
        raise PolicyInvalid(f"valid_from: {valid_from.isoformat()} has passed", errors=[("/valid_from", "has passed")])


def refuse_settings(settings: Mapping[str, Any]) -> None:
    """Raises PolicyInvalid unless each setting is one that can hold. Their JSON types are the schema's business."""
    faults: Faults = []
    for name, check in _CHECKS.items():
        if name in settings:
            faults += [(f"/{name}{pointer}", detail) for pointer, detail in check(settings[name])]
    if faults:
        raise PolicyInvalid("; ".join(f"{pointer[1:]}: {detail}" for pointer, detail in faults[:3]), errors=faults)


def _photos(value: Mapping[str, Mapping[str, int]]) -> Faults:
    faults = [(f"/{verb}", f"{verb} is none of {', '.join(NEEDING_PHOTOS)}") for verb in value if verb not in NEEDING_PHOTOS]
    for verb, roles in value.items():
        faults += [(f"/{verb}/{role}", f"{role} is none of {', '.join(PHOTO_ROLES)}") for role in roles if role not in PHOTO_ROLES]
        faults += [(f"/{verb}/{role}", f"0 to {MOST_PHOTOS}") for role, count in roles.items() if not 0 <= count <= MOST_PHOTOS]
    return faults


def _agree(value: Mapping[str, str | None]) -> Faults:
    faults = [(f"/{verb}", f"{verb} is none of {', '.join(MAY_NEED_CONSENT)}") for verb in value if verb not in MAY_NEED_CONSENT]
    asked = {verb: role for verb, role in value.items() if role is not None}
    return faults + [(f"/{verb}", f"{role} is none of {', '.join(CONSENTING)}") for verb, role in asked.items() if role not in CONSENTING]


def _steps(value: Mapping[str, Mapping[str, Any]]) -> Faults:
    faults = [(f"/{step}", f"{step} is none of {', '.join(STEPS)}") for step in value if step not in STEPS]
    return faults + [fault for step, limit in value.items() for fault in _limit(limit, f"/{step}")]


def _reminders(value: Sequence[int]) -> Faults:
    if any(not 0 < share < 100 for share in value) or list(value) != sorted(set(value)):
        return [("", "whole per cents from 1 to 99, ascending")]
    return []


def _rungs(value: Sequence[Mapping[str, Any]]) -> Faults:
    faults = [fault for place, each in enumerate(value) for fault in _limit(each["after"], f"/{place}/after")]
    faults += [(f"/{place}/to", f"none of {', '.join(LEVELS)}") for place, each in enumerate(value) if each["to"] not in LEVELS]
    if faults:
        return faults
    ranks = [LEVELS.index(each["to"]) for each in value]
    if ranks != sorted(set(ranks)):
        return [("", "each rung must be higher than the one before")]
    after = [limit_of(each["after"]) for each in value]
    if len({limit.measure for limit in after}) > 1:
        return [("", "rungs must be given all in working time or all in time that runs without break")]
    if any(one.amount >= other.amount for one, other in pairwise(after)):
        return [("", "each rung must come later than the one before")]
    return []


def _limit(value: Mapping[str, Any], at: str = "") -> Faults:
    try:
        limit_of(value)
    except LimitInvalid as fault:
        return [(f"{at}{pointer}", detail) for pointer, detail in fault.errors]
    return []


def _bounces(value: int) -> Faults:
    return [] if 1 <= value <= MOST_BOUNCES else [("", f"1 to {MOST_BOUNCES}")]


_CHECKS: dict[str, Callable[[Any], Faults]] = {
    "photos": _photos,
    "agree": _agree,
    "steps": _steps,
    "reminders": _reminders,
    "escalation": _rungs,
    "orphan_after": _limit,
    "bounces_before_leader": _bounces,
}
