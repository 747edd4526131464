"""Reading findings: lists, one with its history, its deadlines, what is near, its photos."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, send_file

from backend.core.http.callers import caller, here
from backend.core.http.settings import settings
from backend.core.perform import reading
from backend.core.problems import Missing
from backend.domains.deadlines import queries as deadlines
from backend.domains.evidence import queries as evidence
from backend.domains.evidence.outside.serving import photo_file
from backend.domains.evidence.outside.stores import open_store
from backend.domains.findings.api.door import READERS, STAFF, blueprint, shown
from backend.domains.findings.queries import nearby
from backend.domains.findings.queries.documents import deadlines_of, shows_photo
from backend.domains.findings.queries.lists import list_findings as listed
from backend.domains.findings.queries.moves import moves_of
from backend.domains.findings.queries.one import get_finding as one
from backend.domains.findings.queries.steps import steps_of
from backend.domains.findings.rules.visibility import is_outsider
from backend.domains.findings.schemas import desk, documents, explained, work


@blueprint.get("/findings")
@caller(*READERS)
@blueprint.arguments(desk.ListFindings(), location="query")
@blueprint.response(200, documents.FindingPage())
def list_findings(query: dict[str, Any]) -> dict[str, Any]:
    """Findings the caller may see, the newest first."""
    session, act = here()
    with reading(session):
        return listed(session, act.actor, filters=query)


@blueprint.get("/findings/<uuid:finding>")
@caller(*READERS)
@blueprint.response(200, documents.FindingWithHistory())
def get_finding(finding: UUID) -> dict[str, Any]:
    """One finding with its history and the moves open to the caller."""
    return shown(finding)


@blueprint.get("/findings/<uuid:finding>/moves")
@caller(*READERS)
@blueprint.response(200, explained.MovesOpen())
def list_moves(finding: UUID) -> dict[str, Any]:
    """The moves open to the caller, with their words in Chinese and English and what each still needs."""
    session, act = here()
    with reading(session, snapshot=True):
        return moves_of(session, one(session, finding, act.actor), act.actor, at=act.at)


@blueprint.get("/findings/<uuid:finding>/deadlines")
@caller(*READERS)
@blueprint.response(200, explained.DeadlinesExplained())
def explain_deadlines(finding: UUID) -> dict[str, Any]:
    """The deadlines of its dispatches, each explained step by step in Chinese and English; also for the contractor who must keep it.

    `steps` are those of the desk and of inspectors, done and present; not for contractors.
    """
    session, act = here()
    with reading(session, snapshot=True):
        row = one(session, finding, act.actor)
        items = [
            {"dispatch": task, "deadline": deadlines.explain(session, deadlines.get_deadline(session, deadline), at=act.at)}
            for task, deadline in deadlines_of(session, finding, act.actor)
        ]
        steps = [] if is_outsider(act.actor) else steps_of(session, row)
    return {"items": items, "steps": steps}


@blueprint.get("/findings/candidates")
@caller(*STAFF)
@blueprint.arguments(work.FindCandidates(), location="query")
@blueprint.response(200, documents.NearbyFindings())
def find_candidates(query: dict[str, Any]) -> dict[str, Any]:
    """Open findings of a category that may be the thing seen at a place: of the same asset, or within max(25 m, the places' accuracy)."""
    session, act = here()
    with reading(session, snapshot=True):
        return nearby.find_candidates(session, act.actor, place=query)


@blueprint.get("/findings/<uuid:finding>/candidates")
@caller(*STAFF)
@blueprint.response(200, documents.NearbyFindings())
def list_candidates(finding: UUID) -> dict[str, Any]:
    """The same around a finding: those of the same thing, if any, are attached to their head."""
    session, act = here()
    with reading(session, snapshot=True):
        return nearby.list_candidates(session, act.actor, finding)


@blueprint.get("/findings/<uuid:finding>/photos/<uuid:photo>")
@caller(*STAFF)
@blueprint.doc(
    responses={200: {"description": "The original bytes", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}
)
def get_photo(finding: UUID, photo: UUID) -> Response:
    """The original of a photo, byte for byte; not for contractors, whose copy is a rendition without metadata."""
    return _photo(finding, photo, "original")


@blueprint.get("/findings/<uuid:finding>/photos/<uuid:photo>/<any(thumbnail,screen):kind>")
@caller(*READERS)
@blueprint.doc(
    responses={
        200: {
            "description": "An upright JPEG without metadata",
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
)
def get_rendition(finding: UUID, photo: UUID, kind: str) -> Response:
    """A rendition of a photo: thumbnail (320 px) or screen (1280 px)."""
    return _photo(finding, photo, kind)


def _photo(finding: UUID, photo: UUID, kind: str) -> Response:
    session, act = here()
    with reading(session):
        one(session, finding, act.actor)
        found = evidence.find_photo(session, photo, subject=finding) if shows_photo(session, finding, photo, act.actor) else None
    if found is None:
        raise Missing(f"there is no photo {photo} on this finding that you may see")
    chosen = settings()
    store = open_store(chosen.blob_store, chosen.data_folder)
    source, mime, etag = photo_file(store, found, kind, pixels=chosen.photo_pixels)
    answer = send_file(source, mimetype=mime, conditional=True, etag=etag)
    answer.headers["Cache-Control"] = "private, max-age=604800"
    # Whatever the bytes are, a browser must not run them.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
