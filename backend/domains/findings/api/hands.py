"""The doors of several hands: co-units, workers and hand-back, parts, a leader's demands, hand-overs, repeats, how units handle work."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Invalid
from backend.domains.contracts.rules.terms import ContractMissing
from backend.domains.findings.actions import assigning, co_units, enforcing, split, supervise
from backend.domains.findings.actions.addressing import ContractNotInForce
from backend.domains.findings.api.door import MOVE, READERS, STAFF, blueprint, shown
from backend.domains.findings.queries.handling import handling_of_units
from backend.domains.findings.queries.repeats import list_repeats as listed
from backend.domains.findings.rules.duty import DOERS, DispatchReplaced, NotYourDispatch
from backend.domains.findings.rules.hands import (
    DESK,
    AlreadyOnIt,
    AnsweredAlready,
    NoAddressee,
    NoCoUnit,
    NotAddressed,
    NothingToHandBack,
    NotYourWorker,
)
from backend.domains.findings.rules.moving import MoveNotOpen, NotReady
from backend.domains.findings.rules.visibility import UNIT_ROLES
from backend.domains.findings.schemas import documents, hands

_LONGEST = dt.timedelta(days=400)


@blueprint.post("/findings/<uuid:finding>/co-units")
@caller("dispatcher")
@blueprint.arguments(hands.AddCoUnit())
@blueprint.refuses(*MOVE, NotReady, NoCoUnit, AlreadyOnIt, ContractNotInForce, ContractMissing)
@blueprint.response(201, documents.FindingWithHistory())
def add_co_unit(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Dispatch it to one more contract or unit beside the lead, with a deadline of its own."""
    session, act = here()
    perform(session, act, co_units.add_co_unit, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/co-units/<uuid:dispatch>/cancellation")
@caller("dispatcher")
@blueprint.arguments(hands.CancelCoUnit())
@blueprint.refuses(*MOVE, NoCoUnit, DispatchReplaced)
@blueprint.response(200, documents.FindingWithHistory())
def cancel_co_unit(payload: dict[str, Any], finding: UUID, dispatch: UUID) -> dict[str, Any]:
    """Cancel the dispatch of a co-unit that is needed no more."""
    session, act = here()
    perform(session, act, co_units.cancel_co_unit, finding=finding, dispatch=dispatch, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/assignments")
@caller("contractor_manager")
@blueprint.arguments(hands.AssignWorker())
@blueprint.refuses(MoveNotOpen, NotYourDispatch, NotYourWorker, DispatchReplaced)
@blueprint.response(201, documents.FindingWithHistory())
def assign_worker(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Give a dispatch of the own company to one of its people, and say whether the worker's report or the manager's word hands it back."""
    session, act = here()
    perform(session, act, assigning.assign_worker, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/hand-back")
@caller("contractor_manager")
@blueprint.arguments(hands.HandBack())
@blueprint.refuses(MoveNotOpen, NotYourDispatch, DispatchReplaced, NothingToHandBack)
@blueprint.response(200, documents.FindingWithHistory())
def hand_back(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Hand back what a worker of the own company reported; the clock stops now."""
    session, act = here()
    perform(session, act, assigning.hand_back, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/parts")
@caller("acceptor")
@blueprint.arguments(hands.SplitFinding())
@blueprint.refuses(*MOVE, NotReady)
@blueprint.response(201, documents.FindingWithHistory())
def split_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Make a finding of its own of a part of this one; the answer is that part, which begins as recorded."""
    session, act = here()
    part = perform(session, act, split.split_finding, finding=finding, payload=payload)
    return shown(part.id)


@blueprint.post("/findings/<uuid:finding>/supervisions")
@caller("leader")
@blueprint.arguments(hands.SuperviseFinding())
@blueprint.refuses(*MOVE, NoAddressee)
@blueprint.response(201, documents.FindingWithHistory())
def supervise_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Press for a finding: a demand to whoever has it, with a reply due."""
    session, act = here()
    perform(session, act, supervise.supervise_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/supervisions/<uuid:supervision>/reply")
@caller(*dict.fromkeys((*DOERS, *DESK)))
@blueprint.arguments(hands.ReplySupervision())
@blueprint.refuses(MoveNotOpen, NotAddressed, AnsweredAlready)
@blueprint.response(200, documents.FindingWithHistory())
def reply_supervision(payload: dict[str, Any], finding: UUID, supervision: UUID) -> dict[str, Any]:
    """Answer a demand that went to the own unit, or to the desk."""
    session, act = here()
    perform(session, act, supervise.reply_supervision, finding=finding, supervision=supervision, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/supervisions/<uuid:supervision>/end")
@caller("leader")
@blueprint.arguments(hands.EndSupervision())
@blueprint.refuses(*MOVE, AnsweredAlready)
@blueprint.response(200, documents.FindingWithHistory())
def end_supervision(payload: dict[str, Any], finding: UUID, supervision: UUID) -> dict[str, Any]:
    """End a demand, with what the answer was worth."""
    session, act = here()
    perform(session, act, supervise.end_supervision, finding=finding, supervision=supervision, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/hand-overs")
@caller("acceptor", "shift_leader", "dispatcher", "leader")
@blueprint.arguments(hands.HandOverFinding())
@blueprint.refuses(*MOVE, NoAddressee, AlreadyOnIt)
@blueprint.response(201, documents.FindingWithHistory())
def hand_over_finding(payload: dict[str, Any], finding: UUID) -> dict[str, Any]:
    """Hand it over to enforcement as a clue, with its legal basis; the work on it goes on."""
    session, act = here()
    perform(session, act, enforcing.hand_over_finding, finding=finding, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/hand-overs/<uuid:hand_over>/receipt")
@caller(*UNIT_ROLES)
@blueprint.arguments(hands.ReceiveHandOver())
@blueprint.refuses(MoveNotOpen, NotAddressed, AnsweredAlready)
@blueprint.response(200, documents.FindingWithHistory())
def receive_hand_over(payload: dict[str, Any], finding: UUID, hand_over: UUID) -> dict[str, Any]:
    """Take on what was handed over to the own unit, under the number of its receipt."""
    session, act = here()
    perform(session, act, enforcing.receive_hand_over, finding=finding, hand_over=hand_over, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/hand-overs/<uuid:hand_over>/refusal")
@caller(*UNIT_ROLES)
@blueprint.arguments(hands.RefuseHandOver())
@blueprint.refuses(MoveNotOpen, NotAddressed, AnsweredAlready)
@blueprint.response(200, documents.FindingWithHistory())
def refuse_hand_over(payload: dict[str, Any], finding: UUID, hand_over: UUID) -> dict[str, Any]:
    """Send back what was handed over to the own unit."""
    session, act = here()
    perform(session, act, enforcing.refuse_hand_over, finding=finding, hand_over=hand_over, payload=payload)
    return shown(finding)


@blueprint.post("/findings/<uuid:finding>/hand-overs/<uuid:hand_over>/conclusion")
@caller(*UNIT_ROLES)
@blueprint.arguments(hands.ConcludeHandOver())
@blueprint.refuses(MoveNotOpen, NotAddressed, AnsweredAlready)
@blueprint.response(200, documents.FindingWithHistory())
def conclude_hand_over(payload: dict[str, Any], finding: UUID, hand_over: UUID) -> dict[str, Any]:
    """Say what enforcement came to."""
    session, act = here()
    perform(session, act, enforcing.conclude_hand_over, finding=finding, hand_over=hand_over, payload=payload)
    return shown(finding)


@blueprint.get("/findings/<uuid:finding>/repeats")
@caller(*READERS)
@blueprint.response(200, hands.RepeatHistory())
def list_repeats(finding: UUID) -> dict[str, Any]:
    """The same problem at the same place: what this finding repeats, and what repeats it."""
    session, act = here()
    with reading(session, snapshot=True):
        return {"items": listed(session, act.actor, finding)}


@blueprint.get("/findings/handling")
@caller(*STAFF)
@blueprint.arguments(hands.HandlingQuery(), location="query")
@blueprint.response(200, hands.Handling())
def show_handling(query: dict[str, Any]) -> dict[str, Any]:
    """How units handle what they are sent, of what the caller may see: returns, wrong dispatches, rework."""
    if not query["since"] < query["until"] <= query["since"] + _LONGEST:
        raise Invalid("until: after since, by at most 400 days", errors=[("/until", "after since, by at most 400 days")])
    session, act = here()
    with reading(session):
        return {"items": handling_of_units(session, act.actor, since=query["since"], until=query["until"])}
