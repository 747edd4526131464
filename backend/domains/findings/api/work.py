"""The doors of the work: reports, verifications, requests and their decisions, the end and a new beginning."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform
from backend.core.problems import IdTaken
from backend.domains.findings.actions import end, report, verify
from backend.domains.findings.api.door import MOVE, blueprint, shown
from backend.domains.findings.rules.duty import (
    DOERS,
    DispatchReplaced,
    EvidenceMissing,
    NothingDisputed,
    NotYourDispatch,
    OwnWork,
    ReportNeeded,
)
from backend.domains.findings.rules.moving import MoveNotOpen, NotReady, NotYourFinding, SameHands
from backend.domains.findings.schemas import documents, operations, work


@blueprint.post("/findings/<uuid:finding>/reports")
@caller(*DOERS)
@blueprint.arguments(operations.ReportRectification())
@blueprint.refuses(MoveNotOpen, NotYourDispatch, DispatchReplaced, IdTaken)
@blueprint.response(201, documents.FindingWithHistory())
def report_rectification(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Report the work of an own dispatch as done; its clock stops."""
    session, act = here()
    perform(session, act, report.report_rectification, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/verifications")
@caller("inspector")
@blueprint.arguments(operations.VerifyFinding())
@blueprint.refuses(MoveNotOpen, NotYourFinding, OwnWork, ReportNeeded)
@blueprint.response(201, documents.FindingWithHistory())
def verify_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Give the verdict of a look on site: before filing, or before closing at one report. Never of own work."""
    session, act = here()
    perform(session, act, verify.verify_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/dispute-decision")
@caller("shift_leader")
@blueprint.arguments(work.DecideDispute())
@blueprint.refuses(*MOVE, NothingDisputed, SameHands, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def decide_dispute(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Decide which of opposite verdicts on a report counts."""
    session, act = here()
    perform(session, act, verify.decide_dispute, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/closing")
@caller("shift_leader")
@blueprint.arguments(work.CloseFinding())
@blueprint.refuses(*MOVE, NotReady, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def close_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Close what was verified: with a photo of after and one of the look before closing. Never own work."""
    session, act = here()
    perform(session, act, end.close_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/reopening")
@caller("shift_leader", "leader")
@blueprint.arguments(work.ReopenFinding())
@blueprint.refuses(*MOVE)
@blueprint.response(200, documents.FindingWithHistory())
def reopen_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Open a closed finding again: the same unit, or the contract in force now, and a new clock. With neither it is only filed."""
    session, act = here()
    perform(session, act, end.reopen_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/self-resolution")
@caller("inspector", "liaison")
@blueprint.arguments(operations.SelfResolveFinding())
@blueprint.refuses(NotYourFinding, EvidenceMissing)
@blueprint.response(200, documents.FindingWithHistory())
def self_resolve_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Say that an own finding was resolved on the spot, with photos of before and after."""
    session, act = here()
    perform(session, act, end.self_resolve_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/self-resolution/acceptance")
@caller("acceptor")
@blueprint.arguments(work.ReviewSelfResolution())
@blueprint.refuses(*MOVE, NotReady, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def accept_self_resolution(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Close what its inspector resolved on the spot."""
    session, act = here()
    perform(session, act, end.accept_self_resolution, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/self-resolution/refusal")
@caller("acceptor")
@blueprint.arguments(work.ReviewSelfResolution())
@blueprint.refuses(*MOVE, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def refuse_self_resolution(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Void what its inspector says to have resolved on the spot."""
    session, act = here()
    perform(session, act, end.refuse_self_resolution, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/verification-request")
@caller("acceptor", "shift_leader")
@blueprint.arguments(work.AskVerification())
@blueprint.refuses(*MOVE, NotReady)
@blueprint.response(200, documents.FindingWithHistory())
def ask_verification(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Ask for an inspector's look before it is filed."""
    session, act = here()
    perform(session, act, verify.ask_verification, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/verification-request/cancellation")
@caller("acceptor", "shift_leader")
@blueprint.arguments(work.AskVerification())
@blueprint.refuses(*MOVE)
@blueprint.response(200, documents.FindingWithHistory())
def cancel_verification(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Wait no longer for the look that was asked for."""
    session, act = here()
    perform(session, act, verify.cancel_verification, finding=finding, payload=payload)
    return shown(finding)
