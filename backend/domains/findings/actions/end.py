"""The end of a finding and a new beginning: closed, reopened, resolved on the spot."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import write
from backend.core.deeds import deed
from backend.domains.evidence import queries as evidence
from backend.domains.findings.actions.addressing import addressee_anew
from backend.domains.findings.actions.attach import release_followers
from backend.domains.findings.actions.consents import check_consent
from backend.domains.findings.actions.deciding import check_not_own_work, lapse_requests
from backend.domains.findings.actions.declare import declare_photos
from backend.domains.findings.actions.issue import issue_dispatch, own_limit
from backend.domains.findings.actions.proof import weigh_proof
from backend.domains.findings.actions.steps import enter, follow
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import await_finding, lock_finding
from backend.domains.findings.rules.duty import EvidenceMissing, OwnWork
from backend.domains.findings.rules.moving import NotReady, NotYourFinding, check_move
from backend.domains.findings.rules.needs import lacking_on_the_spot, needs_of
from backend.domains.findings.rules.reports import SELF_RESOLVED_LATE


@deed
def close_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Close what was verified: the closing condition is met. Never by who did the work. Requests still pending lapse.

    Needs a photo of after, and one of the look before closing. Raises OwnWork and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    weigh_proof(session, row, act.at)
    move = check_move("close_finding", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    check_consent(session, act, row, "close_finding")
    check_not_own_work(session, act, row)
    row.closed_at, row.closed_by = act.at, act.actor.person
    enter(session, act, row, move.target)
    tell(act, "finding.closed", row, note=payload["note"])
    lapse_requests(session, act, row)
    return row


@deed
def reopen_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Open a closed one again: the same units get new dispatches, and their clocks begin anew. Earlier ones stay with their reports.

    A limit that was set for one of them stays. The work of a contract that is not in force any more goes to whoever matches now. Where
    nobody does it is filed and awaits a contract; one that was never dispatched (resolved on the spot) is filed, or recorded where it was
    not even that.
    """
    row = lock_finding(session, act, finding)
    check_move("reopen_finding", act.actor, row, state_version=payload["state_version"])
    check_consent(session, act, row, "reopen_finding")
    write(session)
    row.closed_at = row.closed_by = None
    former = work.list_standing(session, row.id)  # one that was cancelled does not come back
    issued = {}
    renewed = [(old, addressee_anew(session, row, old, at=act.at, why=payload["reason"])) for old in former]
    if former and all(to is not None for _, to in renewed):
        for old, to in renewed:
            assert to is not None, "just asked"
            new = issue_dispatch(session, act, row, role=old.role, to=to, limit=own_limit(old))
            old.replaced_by = new.id
            issued[str(old.id)] = new.id
        enter(session, act, row, "dispatched")
    else:
        row.deadline, row.awaiting_calendar = None, False
        row.awaiting_contract = row.awaiting_contract or bool(former)
        enter(session, act, row, "recorded" if row.filed_at is None else "filed")
    tell(act, "finding.reopened", row, reason=payload["reason"], dispatches=issued)
    lapse_requests(session, act, row)
    return row


@deed
def self_resolve_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Its recorder fixed it on the spot, shown by photos of before and after; an acceptor reviews it.

    Where the desk has moved it on meanwhile the state stays; photos and note are kept. Raises EvidenceMissing, NotYourFinding, NotYet.
    """
    row = await_finding(session, act, finding)
    if row.recorded_by != act.actor.person:
        raise NotYourFinding("only its recorder resolves a finding on the spot", roles=["recorder"])
    write(session)
    declared = [photo for photo in evidence.photos_of(session, [row.id])[row.id] if not photo["retracted"]]
    roles = {photo["role"] for photo in (*declared, *payload["photos"])}
    if lacking := [role for role in ("before", "after") if role not in roles]:
        raise EvidenceMissing(f"no photo of {' and '.join(lacking)}", errors=[("/photos", f"{role} is missing") for role in lacking])
    photos = declare_photos(session, act, row, payload["photos"])
    row.version += 1
    if row.state == "recorded" and row.void_request is None:
        follow(session, act, row, "self_resolved")
        tell(act, "finding.self_resolved", row, note=payload["note"], photos=photos)
        return row, None
    tell(act, "finding.self_resolution_noted", row, note=payload["note"], photos=photos)
    return row, SELF_RESOLVED_LATE


@deed
def accept_self_resolution(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Close what its inspector resolved on the spot, if photos of before and after still show it. Never by that inspector.

    Raises NotReady, OwnWork and what `check_move` raises.
    """
    row = _review(session, act, finding, payload, "accept_self_resolution")
    row.closed_at, row.closed_by = act.at, act.actor.person
    tell(act, "finding.self_resolution_accepted", row, reason=payload["reason"])
    return row


@deed
def refuse_self_resolution(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Void what its inspector says to have resolved on the spot. Never by that inspector."""
    row = _review(session, act, finding, payload, "refuse_self_resolution")
    tell(act, "finding.self_resolution_refused", row, reason=payload["reason"])
    release_followers(session, act, head=row)
    return row


def _review(session: Session, act: Act, finding: UUID, payload: dict[str, Any], verb: str) -> Finding:
    row = lock_finding(session, act, finding)
    move = check_move(verb, act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    if row.recorded_by == act.actor.person:
        raise OwnWork("who resolved it does not review it")
    if move.target == "closed":
        write(session)
        if lacking := lacking_on_the_spot(evidence.photos_of(session, [row.id])[row.id]):
            raise NotReady(f"{verb} needs: {', '.join(lacking)}", unmet=lacking)
    enter(session, act, row, move.target)
    return row
