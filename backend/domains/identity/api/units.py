"""Units, for everybody who is signed in."""

from __future__ import annotations

from typing import Any

from backend.core import cursors
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import reading
from backend.domains.identity import queries
from backend.domains.identity.schemas import ListUnits, UnitsPage

blueprint = Blueprint("units", __name__, description="Organisations within which roles are held")


@blueprint.get("/units")
@caller()
@blueprint.arguments(ListUnits(), location="query")
@blueprint.response(200, UnitsPage())
def list_units(query: dict[str, Any]) -> dict[str, Any]:
    """Units in order of code."""
    session, _ = here()
    after = cursors.unpack("units", query["cursor"], cursors.text)
    limit = query["limit"]
    with reading(session):
        found = queries.list_units(session, limit=limit + 1, kind=query["kind"], after=after[0] if after else None)
        items = [
            {
                "id": unit.id,
                "kind": unit.kind,
                "code": unit.code,
                "name": unit.name,
                "name_en": unit.name_en,
                "area": unit.area,
                "parent": unit.parent,
            }
            for unit in found[:limit]
        ]
    return {"items": items, "next": cursors.pack("units", items[-1]["code"]) if len(found) > limit else None}
