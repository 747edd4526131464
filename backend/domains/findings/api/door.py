"""The door to findings: the blueprint, who reads, and a finding as it is answered after each deed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.api import Blueprint
from backend.core.http.callers import here
from backend.core.perform import reading
from backend.domains.findings.queries.documents import finding_docs, history_of
from backend.domains.findings.queries.one import get_finding
from backend.domains.findings.rules.moving import MoveNotOpen, NotYourFinding, StateMoved, VoidPending, moves_open_to
from backend.domains.findings.rules.visibility import AREA_ROLES, CONTRACTOR_ROLES, DEPARTMENT_ROLES

READERS = (*AREA_ROLES, *CONTRACTOR_ROLES, *DEPARTMENT_ROLES)
STAFF = tuple(role for role in READERS if role not in CONTRACTOR_ROLES)

MOVE = (MoveNotOpen, NotYourFinding, StateMoved, VoidPending)
"""What any move may be refused with."""

blueprint = Blueprint("findings", __name__, description="What was seen, and what becomes of it.")


def shown(finding: UUID) -> dict[str, Any]:
    """The finding as the caller sees it now, with its history and the moves open to the caller."""
    session, act = here()
    with reading(session, snapshot=True):
        row = get_finding(session, finding, act.actor)
        doc = finding_docs(session, [finding], act.actor)[finding]
        return {**doc, "history": history_of(session, finding, act.actor), "moves": moves_open_to(act.actor, row)}
