"""The desk's doors: file, void, dispatch, amend, annotate, waive, attach, bind anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform
from backend.domains.contracts.rules.terms import ContractMissing
from backend.domains.findings.actions import amend, attach, correct, move, photos, rebind, record
from backend.domains.findings.actions.addressing import ContractNotInForce, OverrideNeedsReason
from backend.domains.findings.actions.placing import UnknownCategory, UnknownCondition
from backend.domains.findings.api.door import MOVE, STAFF, blueprint, shown
from backend.domains.findings.rules.attaching import NoHead, NotAlike
from backend.domains.findings.rules.duty import OwnWork
from backend.domains.findings.rules.moving import NotReady, NotYourFinding, SameHands
from backend.domains.findings.schemas import desk, documents, operations, work

NOTE_WRITERS = tuple(role for role in STAFF if role != "auditor")  # who audits leaves no trace in what is audited


@blueprint.post("/findings/<uuid:finding>/filing")
@caller("acceptor", "shift_leader")
@blueprint.arguments(desk.FileFinding())
@blueprint.refuses(*MOVE, NotReady)
@blueprint.response(200, documents.FindingWithHistory())
def file_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """File a recorded finding: condition chosen, grid known, evidence complete."""
    session, act = here()
    perform(session, act, move.file_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/void-request")
@caller("acceptor", "shift_leader")
@blueprint.arguments(desk.VoidFinding())
@blueprint.refuses(*MOVE)
@blueprint.response(200, documents.FindingWithHistory())
def request_void(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Ask for a finding to be voided."""
    session, act = here()
    perform(session, act, move.request_void, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/void")
@caller("shift_leader")
@blueprint.arguments(desk.VoidFinding())
@blueprint.refuses(*MOVE, SameHands, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def void_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Approve a void that somebody else asked for."""
    session, act = here()
    perform(session, act, move.void_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/void-request/refusal")
@caller("shift_leader")
@blueprint.arguments(desk.VoidFinding())
@blueprint.refuses(*MOVE, SameHands)
@blueprint.response(200, documents.FindingWithHistory())
def refuse_void(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Refuse a void that somebody else asked for."""
    session, act = here()
    perform(session, act, move.refuse_void, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/void-request/withdrawal")
@caller("inspector", "liaison", "acceptor", "shift_leader")
@blueprint.arguments(desk.VoidFinding())
@blueprint.refuses(*MOVE)
@blueprint.response(200, documents.FindingWithHistory())
def withdraw_void_request(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Take back an own request to void it, while nobody has decided."""
    session, act = here()
    perform(session, act, move.withdraw_void_request, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/dispatches")
@caller("dispatcher")
@blueprint.arguments(desk.DispatchFinding())
@blueprint.refuses(*MOVE, NotReady, ContractNotInForce, OverrideNeedsReason)
@blueprint.response(201, documents.FindingWithHistory())
def dispatch_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Dispatch a filed finding; the disposal clock starts."""
    session, act = here()
    perform(session, act, move.dispatch_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/amendments")
@caller(*amend.AMENDERS)
@blueprint.arguments(operations.AmendFinding())
@blueprint.refuses(NotYourFinding)
@blueprint.response(200, documents.FindingWithHistory())
def amend_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Change fields, each with the value seen; what another changed meanwhile is not overwritten but kept as a proposal."""
    session, act = here()
    perform(session, act, amend.amend_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/notes")
@caller(*NOTE_WRITERS)
@blueprint.arguments(operations.AddNote())
@blueprint.response(201, documents.FindingWithHistory())
def add_note(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Add a note."""
    session, act = here()
    perform(session, act, record.add_note, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/photos/<uuid:photo>/waiver")
@caller("shift_leader")
@blueprint.arguments(desk.WaivePhoto())
@blueprint.refuses(*MOVE, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def waive_photo(payload: dict[str, Any], finding: UUID, photo: UUID) -> dict[str, Any]:
    """Let the finding go on without a photo that will not come or cannot be read."""
    session, act = here()
    perform(session, act, photos.waive_photo, finding=finding, photo=photo, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/attachment")
@caller("acceptor")
@blueprint.arguments(work.AttachFinding())
@blueprint.refuses(*MOVE, NotReady, NoHead, NotAlike)
@blueprint.response(200, documents.FindingWithHistory())
def attach_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Say that it and another are of the same thing. The head is the dispatched one, else the first recorded, whichever is named.

    Of another category, or farther apart than their places are uncertain, it needs `override`.
    """
    session, act = here()
    perform(session, act, attach.attach_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/attachment/cancellation")
@caller("acceptor")
@blueprint.arguments(work.DetachFinding())
@blueprint.refuses(*MOVE)
@blueprint.response(200, documents.FindingWithHistory())
def detach_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Take back that it is of the same thing as its head: it stands for itself again, filed or recorded as it was."""
    session, act = here()
    perform(session, act, attach.detach_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/contract")
@caller("shift_leader", "dispatcher")
@blueprint.arguments(work.RebindContract())
@blueprint.refuses(*MOVE, NotReady, ContractMissing)
@blueprint.response(200, documents.FindingWithHistory())
def rebind_contract(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Say which contract is liable, after an uncertain time or a correction; dispatches keep theirs."""
    session, act = here()
    perform(session, act, rebind.rebind_contract, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/correction")
@caller("acceptor", "shift_leader", "dispatcher")
@blueprint.arguments(work.CorrectFinding())
@blueprint.refuses(*MOVE, NotReady, OwnWork, UnknownCategory, UnknownCondition)
@blueprint.response(200, documents.FindingWithHistory())
def correct_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Correct category and condition: clocks that run get the limit as corrected, from when they began."""
    session, act = here()
    perform(session, act, correct.correct_finding, finding=finding, payload=payload)
    return shown(finding)
