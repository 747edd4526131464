"""The door for many moves at once: each is done by itself, as through its own door, and has its own result."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from backend.core import act as acts
from backend.core.act import Act
from backend.core.http.callers import caller, here
from backend.core.perform import perform, reading
from backend.core.problems import Invalid, Missing, Problem, Unexpected
from backend.core.validation import of_validation
from backend.domains.findings.actions import appeals, attach, end, extend, move, rebind, returns, supervise, suspensions
from backend.domains.findings.api.door import STAFF, blueprint
from backend.domains.findings.queries.one import get_finding
from backend.domains.findings.schemas import bulk, desk, hands, work

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Bulk:
    """A verb that may be done in bulk: its action, what its body is read by, and whether it decides on a request."""

    action: Callable[..., object]
    schema: Schema
    of_request: bool = False


_VERBS = {
    "file_finding": _Bulk(move.file_finding, desk.FileFinding()),
    "request_void": _Bulk(move.request_void, desk.VoidFinding()),
    "void_finding": _Bulk(move.void_finding, desk.VoidFinding()),
    "refuse_void": _Bulk(move.refuse_void, desk.VoidFinding()),
    "attach_finding": _Bulk(attach.attach_finding, work.AttachFinding()),
    "dispatch_finding": _Bulk(move.dispatch_finding, desk.DispatchFinding()),
    "accept_self_resolution": _Bulk(end.accept_self_resolution, work.ReviewSelfResolution()),
    "refuse_self_resolution": _Bulk(end.refuse_self_resolution, work.ReviewSelfResolution()),
    "close_finding": _Bulk(end.close_finding, work.CloseFinding()),
    "grant_extension": _Bulk(extend.grant_extension, work.DecideRequest(), of_request=True),
    "refuse_extension": _Bulk(extend.refuse_extension, work.DecideRequest(), of_request=True),
    "grant_return": _Bulk(returns.grant_return, work.GrantReturn(), of_request=True),
    "refuse_return": _Bulk(returns.refuse_return, work.DecideRequest(), of_request=True),
    "grant_suspension": _Bulk(suspensions.grant_suspension, work.GrantSuspension(), of_request=True),
    "refuse_suspension": _Bulk(suspensions.refuse_suspension, work.DecideRequest(), of_request=True),
    "end_suspension": _Bulk(suspensions.end_suspension, work.EndSuspension(), of_request=True),
    "grant_appeal": _Bulk(appeals.grant_appeal, work.RuleAppeal(), of_request=True),
    "refuse_appeal": _Bulk(appeals.refuse_appeal, work.RuleAppeal(), of_request=True),
    "rebind_contract": _Bulk(rebind.rebind_contract, work.RebindContract()),
    "supervise_finding": _Bulk(supervise.supervise_finding, hands.SuperviseFinding()),
}


@blueprint.post("/findings/bulk")
@caller(*STAFF)
@blueprint.arguments(bulk.MoveFindings())
@blueprint.response(200, bulk.MovedFindings())
def move_findings(payload: dict[str, Any]) -> dict[str, Any]:
    """Move many findings by one verb. Nothing is undone where another is refused: look at each result.

    Verbs: file_finding, request_void, void_finding, refuse_void, attach_finding, dispatch_finding, accept_ and refuse_self_resolution,
    close_finding, rebind_contract, supervise_finding; and grant_ and refuse_ of extension, return, suspension and appeal and
    end_suspension, which name a request for each finding. `bulk` of a worklist names those that fit its lines.
    """
    verb = _VERBS.get(payload["verb"])
    if verb is None:
        raise Invalid(f"{payload['verb'][:60]} cannot be done in bulk", errors=[("/verb", f"one of {', '.join(_VERBS)}")])
    body = _body(verb, payload["payload"])
    for number, item in enumerate(payload["items"]):
        if verb.of_request != (item["request"] is not None):
            said = "names the request to decide on" if verb.of_request else "the verb decides on no request"
            raise Invalid(f"items/{number}/request: {said}", errors=[(f"/items/{number}/request", said)])
    session, act = here()
    items = [_moved(session, act, verb, body, item) for item in payload["items"]]
    moved = sum(item["status"] == "moved" for item in items)
    return {"verb": payload["verb"], "moved": moved, "refused": len(items) - moved, "items": items}


def _body(verb: _Bulk, payload: dict[str, Any]) -> dict[str, Any]:
    """What the verb is told, alike for all. Raises Invalid with pointers into `payload`."""
    if "state_version" in payload:
        raise Invalid("state_version differs from finding to finding", errors=[("/payload/state_version", "stands with each item")])
    try:
        loaded: dict[str, Any] = verb.schema.load(payload)
    except ValidationError as error:
        raise of_validation({"payload": error.messages}) from error
    return loaded


def _moved(session: Session, act: Act, verb: _Bulk, body: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """Do it to one, in a transaction and with an act of its own."""
    told = dict(body)
    if "state_version" in verb.schema.fields:
        told["state_version"] = item["state_version"]
    named = {"request": item["request"]} if verb.of_request else {}
    problem: Problem | None = None
    own = acts.begin(act.actor, request_id=act.request_id)
    try:
        perform(session, own, verb.action, finding=item["finding"], payload=told, **named)
    except Problem as refused:
        problem = refused
    except Exception:
        log.exception("a move in bulk failed unexpectedly", extra={"finding": str(item["finding"])})
        problem = Unexpected("the fault was logged")
    state, version = _stands(session, act, item["finding"])
    return {
        "finding": item["finding"],
        "request": item["request"],
        "status": "refused" if problem else "moved",
        "state": state,
        "state_version": version,
        "problem": problem.document() if problem else None,
    }


def _stands(session: Session, act: Act, finding: UUID) -> tuple[str | None, int | None]:
    with reading(session):
        try:
            row = get_finding(session, finding, act.actor)
        except Missing:
            return None, None
        return row.state, row.state_version
