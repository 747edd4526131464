"""Worklists: what waits for the caller, a page of it, and what is near."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Response, send_file

from backend.core.http.callers import caller, here
from backend.core.perform import reading
from backend.domains.findings.api.door import READERS, blueprint
from backend.domains.findings.outside.sheets import MIME, write_sheet
from backend.domains.findings.queries.search import SearchTooShort
from backend.domains.findings.queries.search import search_findings as searched
from backend.domains.findings.queries.worklists import answers, near
from backend.domains.findings.queries.worklists.table import ROLES, NotYourWorklist, get_worklist
from backend.domains.findings.rules.sheets import COLUMNS, MOST_ROWS, cells_of
from backend.domains.findings.schemas import worklists


@blueprint.get("/worklists")
@caller(*ROLES)
@blueprint.response(200, worklists.Worklists())
def list_worklists() -> dict[str, Any]:
    """The worklists of the caller's roles, each with a count: of exactly what its page shows."""
    session, act = here()
    with reading(session, snapshot=True):
        return answers.list_worklists(session, act.actor, now=act.at)


@blueprint.get("/worklists/<name>")
@caller(*ROLES)
@blueprint.arguments(worklists.ReadWorklist(), location="query")
@blueprint.refuses(NotYourWorklist)
@blueprint.response(200, worklists.WorklistPage())
def read_worklist(query: dict[str, Any], name: str) -> dict[str, Any]:
    """A page of a worklist, what is due first before."""
    session, act = here()
    with reading(session, snapshot=True):
        return answers.read_worklist(session, act.actor, name, now=act.at, query=query)


@blueprint.get("/worklists/<name>/sheet")
@caller(*ROLES)
@blueprint.arguments(worklists.WriteSheet(), location="query")
@blueprint.refuses(NotYourWorklist)
@blueprint.doc(responses={200: {"description": "A sheet for Excel", "content": {MIME: {"schema": {"type": "string", "format": "binary"}}}}})
def write_worklist(query: dict[str, Any], name: str) -> Response:
    """The whole of a worklist as a sheet (XLSX), headings in Chinese and English, at most 20,000 rows."""
    session, act = here()
    worklist = get_worklist(name, act.actor)
    file = BytesIO()  # twenty thousand rows are some three megabytes
    with reading(session, snapshot=True):
        lines = answers.lines_of(session, act.actor, worklist, now=act.at, filters=query)
        title, says = f"{worklist.title_zh} {worklist.title}", f"{worklist.says_zh} {worklist.says}"
        write_sheet(file, title=title, says=says, at=act.at, columns=COLUMNS, rows=map(cells_of, lines), most=MOST_ROWS)
    file.seek(0)
    answer = send_file(file, mimetype=MIME, as_attachment=True, download_name=f"{name}.xlsx")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/findings/near")
@caller("inspector")
@blueprint.arguments(worklists.FindNear(), location="query")
@blueprint.response(200, worklists.NearLines())
def find_near(query: dict[str, Any]) -> dict[str, Any]:
    """What an inspector is to look at within so many metres, the nearest first."""
    session, act = here()
    with reading(session, snapshot=True):
        return near.find_near(session, act.actor, now=act.at, place=query)


@blueprint.get("/findings/search")
@caller(*READERS)
@blueprint.arguments(worklists.SearchFindings(), location="query")
@blueprint.refuses(SearchTooShort)
@blueprint.response(200, worklists.SearchPage())
def search_findings(query: dict[str, Any]) -> dict[str, Any]:
    """Find by number (whole or its end), address, category, area, note or notes; each part must be there, the newest come first."""
    session, act = here()
    with reading(session, snapshot=True):
        return searched(session, act.actor, now=act.at, query=query)
