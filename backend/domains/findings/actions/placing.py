"""What follows from category, place and time: trade, limit, grid and areas, the liable contract or who answers instead."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from backend.core.problems import Invalid
from backend.domains.catalog import queries as catalog
from backend.domains.catalog.rules.categories import Category
from backend.domains.contracts import queries as contracts
from backend.domains.contracts.rules.match import Candidate, Match
from backend.domains.contracts.rules.register import Owners
from backend.domains.findings.model.finding import Finding
from backend.domains.territory import queries as territory
from backend.domains.territory.rules import datums
from backend.domains.territory.rules.locate import Located
from backend.domains.territory.rules.territory import local_day


class UnknownCategory(Invalid):
    """No edition of the catalogue has this category, and no legacy code maps to one."""

    slug = "unknown_category"
    title = "The catalogue has no such category"
    title_zh = "分类目录中没有该类别"
    way_out = "Choose a category of GET /api/v1/catalog; a phone's record is kept and judged again once a supervisor names the category."
    way_out_zh = "请从分类目录中选择类别；手机上报的记录已保存，待班长指定类别后重新处理。"


class UnknownCondition(Invalid):
    """The category has no filing condition of this number."""

    slug = "unknown_condition"
    title = "The category has no such filing condition"
    title_zh = "该类别没有此立案条件"
    way_out = "Choose a condition number of the category in GET /api/v1/catalog, or leave it null for the desk to decide."
    way_out_zh = "请选择该类别的立案条件编号，或留空由受理员确定。"


def categorise(
    session: Session, category: dict[str, Any], condition: int | None, *, at: dt.datetime, pointer: str = "/category"
) -> tuple[Category, bool]:
    """The category that holds at that moment, and whether it is another than the one named (retired, or of 2013).

    `pointer` is where the category stands in what was sent; the condition is at `/condition`. Raises UnknownCategory, UnknownCondition.
    """
    found = catalog.catalogue(session).resolve(category["kind"], category["code"], category.get("edition"), at=at)
    if found is None:
        named = f"{category['kind']}:{category['code']}"
        raise UnknownCategory(f"there is no category {named}", errors=[(f"{pointer}/code", f"{named} is in no edition")])
    holds, mapped = found
    if condition is not None and condition not in holds.conditions:
        raise UnknownCondition(
            f"category {holds.key} has no condition {condition}",
            errors=[("/condition", f"one of {', '.join(map(str, holds.conditions))}, or null")],
        )
    return holds, mapped is not None


def category_of(session: Session, row: Finding) -> Category:
    """The category the finding has now."""
    found = catalog.catalogue(session).find(row.kind, row.code, row.edition)
    assert found is not None, "editions are never taken away"
    return found


def take_category(row: Finding, category: Category, condition: int | None) -> None:
    """Write category, trade and condition, and from the condition the limit and where it is from."""
    row.kind, row.code, row.edition, row.trade = category.kind, category.code, category.edition, category.trade
    row.condition = condition
    held = category.conditions.get(condition) if condition is not None else None
    row.lacks_condition = held is None
    row.limit_value = held.limit_value if held else None
    row.limit_unit = held.limit_unit if held else None
    row.limit_source = held.limit_source if held else None


def place_finding(session: Session, row: Finding, place: dict[str, Any]) -> None:
    """Keep the place as received (at `/place` of what was sent), convert it once and find its grid. Raises PlaceAbsurd, DatumUnknown."""
    lon, lat, datum = datums.check_place(place["lon"], place["lat"], place["datum"], at="/place")
    row.place = place
    row.lon, row.lat = datums.to_wgs84(lon, lat, datum)
    layer = territory.layer(session, row.recorded_at)
    located = layer.locate(row.lon, row.lat)
    row.unlocated = located is None
    row.grid = located.grid if located else None
    row.community = located.community if located else None
    row.town = located.town if located else None
    row.district = located.district if located else layer.district


TIME_UNCERTAIN = "time_uncertain"
"""Reason of a liability that hangs on a time which is only estimated."""


def bind_contract(session: Session, row: Finding) -> Match:
    """The liable contract: in force at the finding's corrected time. With its reason and runner-up; else who answers instead.

    Where that time is only estimated and another contract was in force at an end of its bounds, nobody is liable until somebody says so.
    """
    found, owners = match_contract(session, row, row.liable_at or row.recorded_at)
    row.liable = found.winner.contract if found.winner else None
    row.liability = liability_of(found)
    row.awaiting_contract = not row.unlocated and found.reason == "awaiting_contract"
    row.trade_owner = owners.trade_owner.unit if owners.trade_owner else None
    possible = _possible(session, row, found)
    if len(possible) > 1:
        row.liable, row.awaiting_contract = None, True
        row.liability = {**UNDECIDED, "between": [_short(winner) for winner in possible]}
    return found


UNDECIDED: dict[str, Any] = {"reason": TIME_UNCERTAIN, "contract": None, "runner_up": None, "acting": None}


def _possible(session: Session, row: Finding, found: Match) -> list[Candidate | None]:
    """The contracts in force at both ends of an estimated time and at the estimate, None for none; one alone where all is certain."""
    winners = {found.winner.contract if found.winner else None: found.winner}
    if row.liable_at is None and row.earliest_at is not None and row.latest_at is not None:
        days = {local_day(row.recorded_at)}
        for moment in (row.earliest_at, row.latest_at):
            if local_day(moment) not in days:  # contracts begin and end with the day
                days.add(local_day(moment))
                winner = match_contract(session, row, moment)[0].winner
                winners.setdefault(winner.contract if winner else None, winner)
    return list(winners.values())


def match_contract(session: Session, row: Finding, at: dt.datetime) -> tuple[Match, Owners]:
    """Which contract holds the finding's place and trade at that moment, and who owns area and trade."""
    register = contracts.register_of_contracts(session)
    category = category_of(session, row)
    located = Located.of(row.grid) if row.grid else None
    roads = territory.roads(session, at).near_with_distance(row.lon, row.lat, register.reach_m)
    return register.match(category, located, roads, row.asset, at=at), register.owners(category, located, at=at)


def liability_of(found: Match) -> dict[str, Any]:
    """How the contract was chosen, as kept on findings and dispatches: ids and the reason; the sentences are made when it is shown."""
    return {
        "reason": found.reason,
        "contract": _short(found.winner),
        "runner_up": _short(found.runner_up),
        "acting": str(found.acting.unit) if found.acting else None,
    }


def _short(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    return {
        "id": str(candidate.contract),
        "number": candidate.number,
        "contractor": str(candidate.contractor),
        "section": candidate.section_code,
        "level": candidate.level,
        "code": candidate.code,
    }
