"""The doors of what a unit asks for, and of what is decided on it: more time, returns, suspensions; clocks of a whole area."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.domains.findings.actions import appeals, extend, report, returns, suspensions
from backend.domains.findings.actions.addressing import ContractNotInForce, OverrideNeedsReason
from backend.domains.findings.api.door import MOVE, READERS, blueprint, shown
from backend.domains.findings.queries.suspensions import area_suspension_doc
from backend.domains.findings.queries.suspensions import list_area_suspensions as listed
from backend.domains.findings.rules.duty import (
    DOERS,
    AlreadyOverdue,
    AppealedAlready,
    DispatchReplaced,
    NoDeadline,
    NoMoreExtensions,
    NotYourDispatch,
    OwnWork,
    RequestDecided,
    RequestPending,
    SameUnitAgain,
)
from backend.domains.findings.rules.hands import AlreadyOnIt
from backend.domains.findings.rules.holds import NotSuspended, WorkReported
from backend.domains.findings.rules.moves import AREA_SUSPENDERS
from backend.domains.findings.rules.moving import MoveNotOpen, NotReady, NotYourFinding
from backend.domains.findings.schemas import documents, operations, work


@blueprint.post("/findings/<uuid:finding>/extension-requests")
@caller(*DOERS)
@blueprint.arguments(operations.RequestExtension())
@blueprint.refuses(
    MoveNotOpen, NotYourDispatch, DispatchReplaced, WorkReported, RequestPending, AlreadyOverdue, NoMoreExtensions, NoDeadline
)
@blueprint.response(201, documents.FindingWithHistory())
def request_extension(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Ask for one original limit more, before the deadline; at most twice."""
    session, act = here()
    perform(session, act, report.request_extension, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/return-requests")
@caller(*DOERS)
@blueprint.arguments(operations.RequestReturn())
@blueprint.refuses(MoveNotOpen, NotYourDispatch, DispatchReplaced, WorkReported, RequestPending)
@blueprint.response(201, documents.FindingWithHistory())
def request_return(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Say that it is not the unit's duty."""
    session, act = here()
    perform(session, act, report.request_return, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/suspension-requests")
@caller(*DOERS)
@blueprint.arguments(operations.RequestSuspension())
@blueprint.refuses(MoveNotOpen, NotYourDispatch, DispatchReplaced, WorkReported, RequestPending)
@blueprint.response(201, documents.FindingWithHistory())
def request_suspension(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Ask for the clock to stand until a date within a year."""
    session, act = here()
    perform(session, act, report.request_suspension, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/extension-requests/<uuid:request>/grant")
@caller("dispatcher")
@blueprint.arguments(work.DecideRequest())
@blueprint.refuses(*MOVE, DispatchReplaced, RequestDecided, NoMoreExtensions, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def grant_extension(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Grant an extension: the original limit is added once more."""
    session, act = here()
    perform(session, act, extend.grant_extension, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/extension-requests/<uuid:request>/refusal")
@caller("dispatcher")
@blueprint.arguments(work.DecideRequest())
@blueprint.refuses(*MOVE, DispatchReplaced, RequestDecided, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def refuse_extension(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Refuse an extension: the deadline stays."""
    session, act = here()
    perform(session, act, extend.refuse_extension, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/return-requests/<uuid:request>/refusal")
@caller("dispatcher")
@blueprint.arguments(work.DecideRequest())
@blueprint.refuses(*MOVE, DispatchReplaced, RequestDecided, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def refuse_return(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Refuse a return: the work stays the unit's."""
    session, act = here()
    perform(session, act, returns.refuse_return, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/suspension-requests/<uuid:request>/refusal")
@caller("dispatcher")
@blueprint.arguments(work.DecideRequest())
@blueprint.refuses(*MOVE, DispatchReplaced, RequestDecided, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def refuse_suspension(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Refuse a suspension: the clock runs on."""
    session, act = here()
    perform(session, act, suspensions.refuse_suspension, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/return-requests/<uuid:request>/grant")
@caller("dispatcher")
@blueprint.arguments(work.GrantReturn())
@blueprint.refuses(
    *MOVE, DispatchReplaced, RequestDecided, OwnWork, SameUnitAgain, AlreadyOnIt, WorkReported, ContractNotInForce, OverrideNeedsReason
)
@blueprint.response(200, documents.FindingWithHistory())
def grant_return(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Grant a return: the work goes to another contract or unit with a new clock, or the finding is filed again to be dispatched."""
    session, act = here()
    perform(session, act, returns.grant_return, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/suspension-requests/<uuid:request>/grant")
@caller("dispatcher")
@blueprint.arguments(work.GrantSuspension())
@blueprint.refuses(*MOVE, DispatchReplaced, RequestDecided, OwnWork, WorkReported, NotReady)
@blueprint.response(200, documents.FindingWithHistory())
def grant_suspension(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Grant a suspension: the clock stands until a date, and then runs on by itself."""
    session, act = here()
    perform(session, act, suspensions.grant_suspension, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/suspension-requests/<uuid:request>/end")
@caller("dispatcher", *DOERS)
@blueprint.arguments(work.EndSuspension())
@blueprint.refuses(*MOVE, NotYourDispatch, NotSuspended)
@blueprint.response(200, documents.FindingWithHistory())
def end_suspension(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """End a suspension early: the clock runs on from now."""
    session, act = here()
    perform(session, act, suspensions.end_suspension, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/area-suspensions")
@caller(*AREA_SUSPENDERS)
@blueprint.arguments(work.SuspendArea())
@blueprint.refuses(NotYourFinding)
@blueprint.response(201, work.AreaSuspensionDoc())
def suspend_area(payload: dict[str, Any]) -> dict[str, Any]:
    """Let the clocks of all open dispatches of an area stand until a date, of one trade or of all: a typhoon comes."""
    session, act = here()
    return area_suspension_doc(perform(session, act, suspensions.suspend_area, payload=payload))


@blueprint.post("/area-suspensions/<uuid:suspension>/end")
@caller(*AREA_SUSPENDERS)
@blueprint.arguments(work.EndSuspension())
@blueprint.refuses(NotYourFinding, NotSuspended)
@blueprint.response(200, work.AreaSuspensionDoc())
def end_area_suspension(payload: dict[str, Any], suspension: UUID) -> dict[str, Any]:
    """End an area-wide suspension early: all its clocks run on from now."""
    session, act = here()
    return area_suspension_doc(perform(session, act, suspensions.end_area_suspension, suspension=suspension, payload=payload))


@blueprint.get("/area-suspensions")
@caller(*READERS)
@blueprint.response(200, work.AreaSuspensions())
def list_area_suspensions() -> dict[str, Any]:
    """The area-wide suspensions of the last year, the newest first."""
    session, act = here()
    with reading(session):
        return {"items": listed(session, at=act.at)}


@blueprint.post("/findings/<uuid:finding>/appeals")
@caller(*DOERS)
@blueprint.arguments(work.AppealFinding())
@blueprint.refuses(*MOVE, NotYourDispatch, DispatchReplaced, AppealedAlready)
@blueprint.response(201, documents.FindingWithHistory())
def appeal_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Appeal, once, against how an own dispatch of a closed finding counts."""
    session, act = here()
    perform(session, act, appeals.appeal_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/appeals/<uuid:request>/grant")
@caller("shift_leader", "leader")
@blueprint.arguments(work.RuleAppeal())
@blueprint.refuses(*MOVE, DispatchReplaced, RequestDecided, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def grant_appeal(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Grant an appeal: the dispatch does not count, though late stays late. Never by who closed the finding."""
    session, act = here()
    perform(session, act, appeals.grant_appeal, finding=finding, request=request, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/appeals/<uuid:request>/refusal")
@caller("shift_leader", "leader")
@blueprint.arguments(work.RuleAppeal())
@blueprint.refuses(*MOVE, DispatchReplaced, RequestDecided, OwnWork)
@blueprint.response(200, documents.FindingWithHistory())
def refuse_appeal(payload: dict[str, Any], finding: UUID, request: UUID) -> dict[str, Any]:
    """Refuse an appeal. Never by who closed the finding."""
    session, act = here()
    perform(session, act, appeals.refuse_appeal, finding=finding, request=request, payload=payload)
    return shown(finding)
