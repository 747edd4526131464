"""Endpoints of policies."""

from __future__ import annotations

from typing import Any

from backend.core import cursors
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Invalid
from backend.domains.catalog.rules.administering import CategoryMissing
from backend.domains.policies import actions, queries
from backend.domains.policies.model import PolicyStatement
from backend.domains.policies.rules.administering import FilingPolicyInvalid, PolicyInvalid
from backend.domains.policies.schemas import (
    FilingPolicyDoc,
    ListPolicies,
    PoliciesPage,
    PolicyAnswer,
    PolicyQuery,
    SaidPolicyDoc,
    SetFilingPolicy,
    SetPolicy,
)
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.datums import Datum, PlaceAbsurd, check_place
from backend.domains.territory.rules.territory import AreaMissing

blueprint = Blueprint("policies", __name__, description="What happens by itself, what a move needs, who agrees, how long a step may take")
blueprints = [blueprint]
OFFICE = ("administrator", "leader", "auditor", "shift_leader", "acceptor", "dispatcher", "department_officer", "town_officer", "assessor")


@blueprint.get("/policies")
@caller(*OFFICE)
@blueprint.arguments(ListPolicies(), location="query")
@blueprint.response(200, PoliciesPage())
def list_policies(query: dict[str, Any]) -> dict[str, Any]:
    """Policies as they were said, the newest first."""
    session, _ = here()
    after, limit = cursors.unpack("policies", query.pop("cursor"), cursors.number), query.pop("limit")
    with reading(session):
        rows = queries.list_policies(session, limit=limit + 1, before=after[0] if after else None, **query)
    return {"items": rows[:limit], "next": cursors.pack("policies", rows[limit - 1].number) if len(rows) > limit else None}


@blueprint.post("/policies")
@caller("administrator")
@blueprint.refuses(PolicyInvalid, FilingPolicyInvalid)
@blueprint.arguments(SetPolicy())
@blueprint.response(201, SaidPolicyDoc())
def set_policy(payload: dict[str, Any]) -> PolicyStatement:
    """Say what holds from a moment on, in place of all that was said for the same scope; without settings it withdraws that."""
    session, act = here()
    payload["settings"] = {name: value for name, value in payload["settings"].items() if value is not None}
    return perform(session, act, actions.set_policy, **payload)


@blueprint.get("/policies/in-force")
@caller(*OFFICE)
@blueprint.refuses(CategoryMissing, AreaMissing, PlaceAbsurd)
@blueprint.arguments(PolicyQuery(), location="query")
@blueprint.response(200, PolicyAnswer())
def get_policy(query: dict[str, Any]) -> dict[str, Any]:
    """What holds at a place for a category at a moment, that has been or is to come, and the policies it is made of."""
    session, act = here()
    at = query["at"] or act.at
    with reading(session):
        if query["area"] is not None:
            area = territory.get_area(session, query["area"], at=at).code
        elif query["lon"] is not None and query["lat"] is not None:
            lon, lat, _ = check_place(query["lon"], query["lat"], Datum.WGS84)
            layer = territory.layer(session, at)
            located = layer.locate(lon, lat)
            area = located.grid if located else layer.district
        else:
            raise Invalid("name an area, or lon and lat", errors=[("/area", "missing, and lon and lat too")])
        return queries.get_policy(session, area=area, category=query["category"], at=at)


@blueprint.put("/catalog/policy", tags=["catalog"])
@caller("administrator")
@blueprint.refuses(PolicyInvalid, FilingPolicyInvalid)
@blueprint.arguments(SetFilingPolicy())
@blueprint.response(200, FilingPolicyDoc())
def set_filing_policy(payload: dict[str, Any]) -> PolicyStatement:
    """Say from when on findings of a category, a trade or all are filed and dispatched by themselves."""
    session, act = here()
    return perform(session, act, actions.set_filing_policy, **payload)
