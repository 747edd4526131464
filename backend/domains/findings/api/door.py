"""The door to findings: the blueprint, who reads, and a finding as it is answered after each deed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, after_this_request, request

from backend.core.http.api import Blueprint
from backend.core.http.callers import here
from backend.core.http.callers import session as session_here
from backend.core.perform import reading
from backend.domains.findings.queries.documents import finding_docs, history_of
from backend.domains.findings.queries.moves import open_moves
from backend.domains.findings.queries.one import EXPECTED, get_finding
from backend.domains.findings.rules.diagram import moves_table
from backend.domains.findings.rules.moving import MoveNotOpen, NotYourFinding, StateMoved, VoidPending
from backend.domains.findings.rules.visibility import AREA_ROLES, CONTRACTOR_ROLES, DEPARTMENT_ROLES

READERS = (*AREA_ROLES, *CONTRACTOR_ROLES, *DEPARTMENT_ROLES)
STAFF = tuple(role for role in READERS if role not in CONTRACTOR_ROLES)

MOVE = (MoveNotOpen, NotYourFinding, StateMoved, VoidPending)
"""What any move may be refused with."""

IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of the finding as it was seen. Somebody moved it since: 412 `state_moved` with the state it is in now.",
}


class Door(Blueprint):
    """Whatever is done to one finding may say which state it is meant for (If-Match), and answers with the state it led to (ETag)."""

    def _store_endpoint_docs(self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any) -> None:
        moving = "<uuid:finding>/" in self._rule and "GET" not in (options.get("methods") or ("GET",))
        if moving:
            obj.declared_problems = (*getattr(obj, "declared_problems", ()), StateMoved)
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        if moving:
            for method, doc in self._docs[endpoint].items():
                if method != "parameters":
                    doc["manual_doc"].setdefault("parameters", []).append(IF_MATCH)


blueprint = Door("findings", __name__, description=f"What was seen, and what becomes of it. Its moves:\n\n{moves_table()}")


@blueprint.before_request
def expect_state() -> None:
    """Keep what the caller says to have seen until the finding is locked: only then it can be said whether it still is so."""
    finding, header = (request.view_args or {}).get("finding"), request.headers.get("If-Match")
    session_here().info[EXPECTED] = (finding, header) if finding and header and request.method not in {"GET", "HEAD"} else None


def etag_of(state_version: int, version: int) -> str:
    """The ETag of a finding: the state it is in, and the version of all else. If-Match compares the state alone."""
    return f'"s{state_version}.v{version}"'


def shown(finding: UUID) -> dict[str, Any]:
    """The finding as the caller sees it now, with its history and the moves open to the caller."""
    session, act = here()
    with reading(session, snapshot=True):
        row = get_finding(session, finding, act.actor)
        doc = finding_docs(session, [finding], act.actor)[finding]
        etag = etag_of(row.state_version, row.version)

        @after_this_request
        def tag(answer: Response) -> Response:
            answer.headers["ETag"] = etag
            return answer

        return {**doc, "history": history_of(session, finding, act.actor), "moves": open_moves(session, row, act.actor, at=act.at)}
