"""Findings over HTTP: the desk's moves, the lists, one finding with its history, its photos."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, send_file

from backend.core.http.api import Blueprint
from backend.core.http.callers import caller, here
from backend.core.http.settings import settings
from backend.core.perform import perform, reading
from backend.core.problems import Missing
from backend.domains.deadlines import queries as deadlines
from backend.domains.evidence import queries as evidence
from backend.domains.evidence.outside.serving import photo_file
from backend.domains.evidence.outside.stores import open_store
from backend.domains.findings.actions import amend, move, photos, record
from backend.domains.findings.queries.documents import deadlines_of, finding_docs, history_of
from backend.domains.findings.queries.lists import list_findings as listed
from backend.domains.findings.queries.one import get_finding as one
from backend.domains.findings.rules.moves import moves_open_to
from backend.domains.findings.rules.visibility import AREA_ROLES, CONTRACTOR_ROLES, DEPARTMENT_ROLES
from backend.domains.findings.schemas import desk, documents, operations

READERS = (*AREA_ROLES, *CONTRACTOR_ROLES, *DEPARTMENT_ROLES)
ORIGINAL_READERS = tuple(role for role in READERS if role not in CONTRACTOR_ROLES)
NOTE_WRITERS = tuple(role for role in ORIGINAL_READERS if role != "auditor")  # who audits leaves no trace in what is audited

blueprint = Blueprint("findings", __name__, description="What was seen, and what becomes of it.")
blueprints = [blueprint]


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
    return _shown(finding)


@blueprint.get("/findings/<uuid:finding>/deadlines")
@caller(*READERS)
@blueprint.response(200, documents.DeadlinesExplained())
def explain_deadlines(finding: UUID) -> dict[str, Any]:
    """The deadlines of its dispatches, each explained step by step in Chinese and English; also for the contractor who must keep it."""
    session, act = here()
    with reading(session, snapshot=True):
        one(session, finding, act.actor)
        items = [
            {"dispatch": task, "deadline": deadlines.explain(session, deadlines.get_deadline(session, deadline), at=act.at)}
            for task, deadline in deadlines_of(session, finding, act.actor)
        ]
    return {"items": items}


@blueprint.post("/findings/<uuid:finding>/filing")
@caller("acceptor", "shift_leader")
@blueprint.arguments(desk.FileFinding())
@blueprint.response(200, documents.FindingWithHistory())
def file_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """File a recorded finding: condition chosen, grid known, evidence complete."""
    session, act = here()
    perform(session, act, move.file_finding, finding=finding, payload=payload)
    return _shown(finding)


@blueprint.post("/findings/<uuid:finding>/void-request")
@caller("acceptor", "shift_leader")
@blueprint.arguments(desk.VoidFinding())
@blueprint.response(200, documents.FindingWithHistory())
def request_void(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Ask for a finding to be voided."""
    session, act = here()
    perform(session, act, move.request_void, finding=finding, payload=payload)
    return _shown(finding)


@blueprint.post("/findings/<uuid:finding>/void")
@caller("shift_leader")
@blueprint.arguments(desk.VoidFinding())
@blueprint.response(200, documents.FindingWithHistory())
def void_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Approve a void that somebody else asked for."""
    session, act = here()
    perform(session, act, move.void_finding, finding=finding, payload=payload)
    return _shown(finding)


@blueprint.post("/findings/<uuid:finding>/void-request/refusal")
@caller("shift_leader")
@blueprint.arguments(desk.VoidFinding())
@blueprint.response(200, documents.FindingWithHistory())
def refuse_void(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Refuse a void that somebody else asked for."""
    session, act = here()
    perform(session, act, move.refuse_void, finding=finding, payload=payload)
    return _shown(finding)


@blueprint.post("/findings/<uuid:finding>/dispatches")
@caller("dispatcher")
@blueprint.arguments(desk.DispatchFinding())
@blueprint.response(201, documents.FindingWithHistory())
def dispatch_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Dispatch a filed finding; the disposal clock starts."""
    session, act = here()
    perform(session, act, move.dispatch_finding, finding=finding, payload=payload)
    return _shown(finding)


@blueprint.post("/findings/<uuid:finding>/amendments")
@caller(*amend.AMENDERS)
@blueprint.arguments(operations.AmendFinding())
@blueprint.response(200, documents.FindingWithHistory())
def amend_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Change fields, each with the value seen; what another changed meanwhile is not overwritten but kept as a proposal."""
    session, act = here()
    perform(session, act, amend.amend_finding, finding=finding, payload=payload)
    return _shown(finding)


@blueprint.post("/findings/<uuid:finding>/notes")
@caller(*NOTE_WRITERS)
@blueprint.arguments(operations.AddNote())
@blueprint.response(201, documents.FindingWithHistory())
def add_note(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Add a note."""
    session, act = here()
    perform(session, act, record.add_note, finding=finding, payload=payload)
    return _shown(finding)


@blueprint.post("/findings/<uuid:finding>/photos/<uuid:photo>/waiver")
@caller("shift_leader")
@blueprint.arguments(desk.WaivePhoto())
@blueprint.response(200, documents.FindingWithHistory())
def waive_photo(payload: dict[str, Any], finding: UUID, photo: UUID) -> dict[str, Any]:
    """Let the finding go on without a photo that will not come or cannot be read."""
    session, act = here()
    perform(session, act, photos.waive_photo, finding=finding, photo=photo, payload=payload)
    return _shown(finding)


@blueprint.get("/findings/<uuid:finding>/photos/<uuid:photo>")
@caller(*ORIGINAL_READERS)
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
        found = evidence.find_photo(session, photo, subject=finding)
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


def _shown(finding: UUID) -> dict[str, Any]:
    session, act = here()
    with reading(session, snapshot=True):
        row = one(session, finding, act.actor)
        doc = finding_docs(session, [finding], act.actor)[finding]
        return {**doc, "history": history_of(session, finding, act.actor), "moves": moves_open_to(act.actor, row)}
