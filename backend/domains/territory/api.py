"""Endpoints of the territory."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from backend.core import cursors
from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Malformed, TooLarge, WrongMedia
from backend.domains.territory import actions, queries
from backend.domains.territory.rules.area_files import TerritoryUnreadable, areas_from_csv, areas_from_geojson
from backend.domains.territory.rules.areas import AreaShape, TerritoryFaults
from backend.domains.territory.rules.datums import Datum, check_place, known_datum, to_wgs84
from backend.domains.territory.rules.documents import area_doc, area_feature, place_doc, road_doc
from backend.domains.territory.rules.territory import local_day
from backend.domains.territory.schemas import (
    AreaFeature,
    AreaQuery,
    AreasPage,
    AreasQuery,
    ImportAnswer,
    ImportQuery,
    LocateAnswer,
    LocateQuery,
    RoadsPage,
    RoadsQuery,
)

blueprint = Blueprint("territory", __name__, description="Areas (district, town, community, unit grid), roads, and where a point is")
blueprints = [blueprint]
blueprint.describe(lambda _api: {"FeatureCollection": {"type": "object", "description": "GeoJSON (RFC 7946)"}})

_FILE_BYTES = 20 * 1024 * 1024
_WITH_GEOMETRY = 200
_COLLECTION = {"$ref": "#/components/schemas/FeatureCollection"}
_FILES = {"application/json", "application/geo+json", "text/csv"}


@blueprint.get("/areas")
@caller()
@blueprint.arguments(AreasQuery(), location="query")
@blueprint.response(200, AreasPage())
def list_areas(query: dict[str, Any]) -> dict[str, Any]:
    """Areas in force now or at `at`, in order of their codes."""
    session, act = here()
    after = cursors.unpack("areas", query["cursor"], cursors.text)
    limit = min(query["limit"], _WITH_GEOMETRY) if query["geometry"] else query["limit"]
    with reading(session):
        found = queries.list_areas(
            session,
            at=query["at"] or act.at,
            limit=limit + 1,
            level=query["level"],
            parent=query["parent"],
            after=after[0] if after else None,
        )
    items = [area_doc(area, geometry=query["geometry"]) for area in found[:limit]]
    return {"items": items, "next": cursors.pack("areas", items[-1]["code"]) if len(found) > limit else None}


@blueprint.get("/areas/locate")
@caller()
@blueprint.arguments(LocateQuery(), location="query")
@blueprint.response(200, LocateAnswer())
def locate_point(query: dict[str, Any]) -> dict[str, Any]:
    """Where a point is: its grid and all areas above, with the roads beside it. A point on a border falls to one grid, always the same."""
    session, act = here()
    lon, lat, datum = check_place(query["lon"], query["lat"], query["datum"])
    at = query["at"] or act.at
    lon, lat = to_wgs84(lon, lat, datum)
    with reading(session):
        territory = queries.territory(session)
    return {**place_doc(territory, local_day(at), lon, lat), "at": at}


@blueprint.get("/areas/<string:code>")
@caller()
@blueprint.arguments(AreaQuery(), location="query")
@blueprint.response(200, AreaFeature())
def get_area(query: dict[str, Any], code: str) -> dict[str, Any]:
    """An area as a GeoJSON Feature, as it is now or was at `at`."""
    session, act = here()
    with reading(session):
        return area_feature(queries.get_area(session, code, at=query["at"] or act.at))


@blueprint.post("/areas")
@caller("administrator")
@blueprint.refuses(Malformed, TooLarge, WrongMedia, TerritoryUnreadable, TerritoryFaults)
@blueprint.arguments(ImportQuery(), location="query")
@blueprint.response(200, ImportAnswer())
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            "application/geo+json": {"schema": _COLLECTION},
            "application/json": {"schema": _COLLECTION},
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
        },
    }
)
def import_areas(query: dict[str, Any]) -> actions.Imported:
    """Import a GeoJSON FeatureCollection (or CSV) of areas, up to 20 MiB: all of it, or nothing with every offending code.

    Properties code, name, level, parent, valid_from; optional valid_until, note, illustrative. An area ends the earlier version of its
    code, and areas of its level most of whose ground the imported ones hold.
    """
    session, act = here()
    areas = _areas(known_datum(query["datum"]))
    return perform(session, act, actions.import_areas, areas=areas)


@blueprint.get("/roads")
@caller()
@blueprint.arguments(RoadsQuery(), location="query")
@blueprint.response(200, RoadsPage())
def list_roads(query: dict[str, Any]) -> dict[str, Any]:
    """Road segments in force now or at `at`, in order of their codes."""
    session, act = here()
    after, limit = cursors.unpack("roads", query["cursor"], cursors.text), query["limit"]
    with reading(session):
        found = queries.list_roads(session, at=query["at"] or act.at, limit=limit + 1, after=after[0] if after else None)
    items = [road_doc(road) for road in found[:limit]]
    return {"items": items, "next": cursors.pack("roads", items[-1]["code"]) if len(found) > limit else None}


def _areas(datum: Datum) -> list[AreaShape]:
    """The areas of the body, read before any transaction begins."""
    if request.mimetype not in _FILES:
        raise WrongMedia(f"send Content-Type: {', '.join(sorted(_FILES))}")
    request.max_content_length = _FILE_BYTES  # counted while it is read: a chunked body states no length
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as fault:
        raise TooLarge(f"the file is larger than {_FILE_BYTES} bytes", limits={"file_bytes": _FILE_BYTES}) from fault
    try:
        if request.mimetype == "text/csv":
            return areas_from_csv(body.decode("utf-8"), datum=datum)
        return areas_from_geojson(orjson.loads(body), datum=datum)
    except ValueError as fault:  # bad UTF-8 and bad JSON alike
        raise Malformed(f"the body is no UTF-8 text of {request.mimetype}: {str(fault)[:200]}") from fault
