"""What somebody has open, before they leave."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import reading
from backend.domains.findings.api.door import blueprint
from backend.domains.findings.queries import leaving
from backend.domains.findings.schemas.leaving import OpenWorkDoc
from backend.domains.identity import queries as identity
from backend.domains.identity.rules.people import PersonMissing


@blueprint.get("/people/<uuid:person>/open-work")
@caller("administrator", "security_administrator", "shift_leader")
@blueprint.refuses(PersonMissing)
@blueprint.response(200, OpenWorkDoc())
def show_open_work(person: UUID) -> dict[str, Any]:
    """What a person has open and would leave behind: to be looked at before a role or an account is ended."""
    session, act = here()
    with reading(session, snapshot=True):
        identity.get_person(session, person)
        return leaving.open_work_of(session, person, at=act.at)
