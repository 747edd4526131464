"""Consents: given or withheld before a move, and asked for by the move."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, find_row, write
from backend.core.deeds import deed
from backend.core.problems import Missing
from backend.domains.findings.actions.steps import policy_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.consents import Consent
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import DispatchRequest
from backend.domains.findings.queries.consents import last_consent
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.consents import ConsentNotAsked, check_given, check_giver
from backend.domains.findings.rules.moving import check_state

ON_REQUEST = {"grant_extension": "extension", "grant_return": "return", "grant_suspension": "suspension"}
"""Moves that decide on a request, and its kind."""


@deed
def consent_to_move(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Agree or object to a move that the policy lets nobody make alone. The latest word counts, until the finding leaves its state.

    Raises ConsentNotAsked, NotYourConsent, MoveNotOpen, Missing for a request that is not this finding's, or not what the move decides on.
    """
    row = lock_finding(session, act, finding)
    verb, policy = payload["verb"], policy_of(session, row, act.at)
    role = policy.agree.get(verb)
    if role is None:
        raise ConsentNotAsked(f"no policy in force here asks for consent to {verb}", errors=[("/verb", "needs nobody's consent")])
    asked_by = _asked_by(session, row, verb, payload["request"])
    check_giver(role, act.actor, row, asked_by=asked_by)
    check_state(verb, row)
    assert act.actor.person is not None, "roles are held by people"
    add_row(
        session,
        Consent(
            id=act.new_id(),
            finding=row.id,
            verb=verb,
            request=payload["request"],
            state_version=row.state_version,
            role=role,
            result=payload["result"],
            reason=payload["reason"],
            given_by=act.actor.person,
            given_at=act.at,
            policy=policy.version,
        ),
    )
    write(session)
    row.version += 1
    tell(act, "finding.consented", row, verb=verb, request=payload["request"], role=role, result=payload["result"], policy=policy.version)
    return row


def check_consent(session: Session, act: Act, row: Finding, verb: str, request: UUID | None = None) -> None:
    """Refuse a move that the policy lets nobody make alone until who is to agree has. Part of the move's action.

    Raises ConsentMissing, ConsentRefused, NotYourConsent.
    """
    role = policy_of(session, row, act.at).agree.get(verb)
    if role is not None:
        write(session)
        check_given(verb, role, last_consent(session, row, verb, request), act.actor)


def is_agreed(session: Session, act: Act, row: Finding, verb: str) -> bool:
    """Whether nothing is left to agree to before this move: for those that happen by themselves."""
    if policy_of(session, row, act.at).agree.get(verb) is None:
        return True
    write(session)
    given = last_consent(session, row, verb, None)
    return given is not None and given.result == "agreed"


def _asked_by(session: Session, row: Finding, verb: str, request: UUID | None) -> set[UUID]:
    """Who asked for what the move decides on. Raises Missing."""
    kind = ON_REQUEST.get(verb)
    if kind is None:
        if request is not None:
            raise Missing(f"{verb} decides on no request", errors=[("/request", "not wanted")])
        return {UUID(row.void_request["by"])} if verb == "void_finding" and row.void_request is not None else set()
    asked = find_row(session, DispatchRequest, request) if request is not None else None
    if asked is None or asked.finding != row.id or asked.kind != kind:
        raise Missing(f"request {request} is no {kind} of this finding", errors=[("/request", f"name the {kind} asked for")])
    return {asked.asked_by}
