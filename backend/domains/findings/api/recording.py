"""The door for what is recorded without a phone: calls at the desk, and inspectors and liaisons at a screen."""

from __future__ import annotations

from typing import Any

from backend.core.http.callers import caller, here
from backend.core.perform import perform
from backend.core.problems import IdTaken
from backend.domains.findings.actions import record
from backend.domains.findings.actions.placing import UnknownCategory, UnknownCondition
from backend.domains.findings.api.door import blueprint, shown
from backend.domains.findings.rules.sources import CALL_TAKERS, SourceInvalid, source_of
from backend.domains.findings.schemas import desk, documents
from backend.domains.territory.rules.datums import DatumUnknown, PlaceAbsurd


@blueprint.post("/findings")
@caller("inspector", "liaison", *CALL_TAKERS)
@blueprint.arguments(desk.RecordFindingAtDesk())
@blueprint.refuses(SourceInvalid, UnknownCategory, UnknownCondition, PlaceAbsurd, DatumUnknown, IdTaken)
@blueprint.response(201, documents.FindingWithHistory())
def record_finding(payload: dict[str, Any]) -> dict[str, Any]:
    """Record a finding under an id that the client made, as phones do: 409 for an id that is there already.

    The desk names the `source`: a call, a camera, a leader, a list. Bytes of the photos declared go to `PUT /blobs/sha256/{sha256}`.
    """
    session, act = here()
    finding, source = payload.pop("finding"), source_of(act.actor, payload.pop("source"))
    perform(session, act, record.record_finding, finding=finding, payload=payload, source=source)
    return shown(finding)
