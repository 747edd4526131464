"""Endpoints of the catalogue."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.catalog import actions, queries
from backend.domains.catalog.model import ClassDefaultLimit, Edition
from backend.domains.catalog.rules.administering import CategoryMissing, EditionClash, SuccessorInvalid
from backend.domains.catalog.rules.documents import category_doc
from backend.domains.catalog.rules.edition_file import CatalogFaults
from backend.domains.catalog.schemas import (
    CatalogDoc,
    CategoryAnswer,
    ClassDefaultDoc,
    EditionDoc,
    EditionQuery,
    LoadEdition,
    SetClassDefault,
)

blueprint = Blueprint("catalog", __name__, description="Categories, filing conditions and limits in dated editions")
blueprints = [blueprint]


@blueprint.get("/catalog")
@caller()
@blueprint.refuses(CategoryMissing)
@blueprint.arguments(EditionQuery(), location="query")
@blueprint.response(200, CatalogDoc())
@blueprint.alt_response(304, "NOT_MODIFIED")
def get_catalog(query: dict[str, Any]) -> Response:
    """The whole catalogue of an edition, by default the one in force today. With `If-None-Match` 304 while it stands unchanged."""
    session, act = here()
    with reading(session):
        tag, body = queries.catalog_document(session, query["edition"], act.at)
    response = Response(body, content_type="application/json")
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


@blueprint.get("/catalog/<string:kind>/<string:code>")
@caller()
@blueprint.refuses(CategoryMissing)
@blueprint.arguments(EditionQuery(), location="query")
@blueprint.response(200, CategoryAnswer())
def get_category(query: dict[str, Any], kind: str, code: str) -> dict[str, Any]:
    """A category with its conditions. Without an edition codes of 2013 ("01-10") and retired ones too: answered with what holds today."""
    session, act = here()
    with reading(session):
        held, category, said = queries.get_category(session, kind, code, edition=query["edition"], at=act.at)
        policy = queries.filing_of(session, category, act.at)
    return {"category": category_doc(held, category), "code": said, "policy": policy}


@blueprint.post("/catalog/editions")
@caller("administrator")
@blueprint.refuses(CatalogFaults, EditionClash, SuccessorInvalid)
@blueprint.arguments(LoadEdition())
@blueprint.response(201, EditionDoc())
def load_edition(payload: dict[str, Any]) -> Edition:
    """Load a new edition from the text of a CSV file: all of it, or nothing with every fault by row and column."""
    session, act = here()
    return perform(session, act, actions.load_edition, **payload)


@blueprint.put("/catalog/defaults/<string:kind>/<string:class_code>")
@caller("administrator")
@blueprint.arguments(SetClassDefault())
@blueprint.response(200, ClassDefaultDoc())
def set_class_default(payload: dict[str, Any], kind: str, class_code: str) -> ClassDefaultLimit:
    """Set the limit of those conditions of a class that have none of their own."""
    session, act = here()
    return perform(session, act, actions.set_class_default, kind=kind, class_code=class_code, **payload)
