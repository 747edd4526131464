"""Verifications on site, and the decision where two of them differ."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import add_row, lock_row, write
from backend.core.deeds import deed
from backend.core.problems import Invalid
from backend.domains.findings.actions import tasks
from backend.domains.findings.actions.declare import declare_photos
from backend.domains.findings.actions.settle import FOLLOWING, settle_work
from backend.domains.findings.actions.steps import enter, follow
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, Report, Verification
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import await_finding, lock_finding
from backend.domains.findings.rules import conflicts, hands, moving
from backend.domains.findings.rules import reports as rules
from backend.domains.findings.rules.duty import NothingDisputed, OwnWork, ReportNeeded, check_not_own
from backend.domains.findings.rules.moves import UNFILED, WORKED
from backend.domains.findings.rules.moving import SameHands, check_move
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.visibility import scopes_of


@deed
def verify_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Give the verdict of a look on site: `pre_filing` at the finding itself, `pre_closing` at one report of its work.

    The verdict sticks to the report it names, the state follows the newest report; opposite verdicts on one report are disputed. A look
    before filing that was asked for leaves it recorded again, whatever the verdict. Raises NotYet for a finding or report that has not
    arrived (at the desk Missing), NotYourFinding, OwnWork, ReportNeeded, at the desk also MoveNotOpen and NotHandedBack.
    """
    row = await_finding(session, act, finding)
    moving.check_role("verify_finding", act.actor, row)
    if (payload["phase"] == "pre_closing") != (payload["report"] is not None):
        raise ReportNeeded(f"report: {payload['report']} with the phase {payload['phase']}", errors=[("/report", "see phase")])
    report = work.await_report(session, act, row, payload["report"]) if payload["report"] is not None else None
    _check_duty(session, act, row, report)
    if act.op is None:
        moving.check_state("verify_finding", row, sources=UNFILED if report is None else WORKED)
    early = report is not None and hands.is_early(
        act.happened_at, by_manager=report.by_manager, handed_back_at=report.handed_back_at, word=report.hand_back_by
    )
    if early and act.op is None:
        raise hands.NotHandedBack(f"report {payload['report']} awaits its hand-back", errors=[("/report", "awaiting_hand_back")])
    write(session)
    before = work.reported(session, [report])[0] if report is not None else None
    assert act.actor.person is not None, "verdicts are given by people"
    scopes = scopes_of(row)
    observed = tasks.sees_only(session, act, row, phase=payload["phase"], report=payload["report"])
    verification = Verification(
        id=act.op or act.new_id(),
        finding=row.id,
        phase=payload["phase"],
        report=report.id if report is not None else None,
        result=payload["result"],
        note=payload["note"],
        photos=declare_photos(session, act, row, payload["photos"]),
        verified_by=act.actor.person,
        verified_at=act.happened_at,
        received_at=act.at,
        time_quality=act.time_quality,
        op=act.op,
        observation=observed or early,
    )
    add_row(session, verification)
    standing = settle_work(session, act, row).get(report.dispatch) if report is not None else None
    if report is None and row.state == "verifying" and not observed:
        follow(session, act, row, "recorded")
    tasks.take_look(session, row)
    row.version += 1
    said: dict[str, Any] = {"phase": verification.phase, "report": verification.report, "result": verification.result}
    tell(act, "finding.verified", row, left=scopes, verification=verification.id, **said)
    if early:
        return row, hands.VERDICT_BEFORE_HAND_BACK
    if observed:
        return row, conflicts.TASK_REASSIGNED
    if report is None or before is None:
        return row, None if row.state == "recorded" else rules.VERDICT_ON_ENDED
    return row, _met_by(row, before, verification.result, newest=standing is not None and standing.current == report.id)


@deed
def ask_verification(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Ask for an inspector's look before it is filed: it waits for a verdict, whichever. Raises what `check_move` raises."""
    row = lock_finding(session, act, finding)
    move = check_move("ask_verification", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    enter(session, act, row, move.target)
    tell(act, "finding.verification_asked", row, reason=payload["reason"])
    return row


@deed
def cancel_verification(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Wait for the look no longer: the finding is recorded again. Raises what `check_move` raises."""
    row = lock_finding(session, act, finding)
    move = check_move("cancel_verification", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    enter(session, act, row, move.target)
    tell(act, "finding.verification_cancelled", row, reason=payload["reason"])
    return row


def _met_by(row: Finding, before: rules.Reported, result: str, *, newest: bool) -> Rule | None:
    """The row of the matrix that this verdict is a case of."""
    if before.decided is not None:
        return rules.VERDICT_AFTER_DECISION
    if any(look.result != result for look in before.looks):
        return conflicts.OPPOSITE_VERDICTS
    if row.state not in FOLLOWING:
        return rules.VERDICT_ON_ENDED
    return None if newest else conflicts.VERDICT_ON_REPLACED_REPORT


@deed
def decide_dispute(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """A shift leader decides which of opposite verdicts on a report counts; `report` may be left out where only one is disputed.

    Raises NothingDisputed, SameHands for who gave one of the verdicts, OwnWork, Invalid where several are disputed and none is named.
    """
    row = lock_finding(session, act, finding)
    check_move("decide_dispute", act.actor, row, state_version=payload.get("state_version"))
    write(session)
    disputed = work.list_disputed(session, row.id)
    named = payload.get("report")
    chosen = [report for report in disputed if named in (None, report.id)]
    if not chosen:
        raise NothingDisputed("no verdicts on " + (f"report {named}" if named else "this finding") + " differ and wait for a decision")
    if len(chosen) > 1:
        raise Invalid("report: several are disputed", errors=[("/report", ", ".join(str(report.id) for report in chosen))])
    report = chosen[0]
    if any(each.verified_by == act.actor.person for each in work.list_verifications(session, row.id, report=report.id)):
        raise SameHands("whoever gave one of the verdicts does not decide between them")
    _check_duty(session, act, row, report)
    locked = lock_row(session, Report, report.id)
    assert locked is not None, "just listed"
    locked.decided_result, locked.decided_by = payload["result"], act.actor.person
    locked.decided_at, locked.decided_reason = act.happened_at, payload["reason"]
    settle_work(session, act, row)
    row.version += 1
    tell(act, "finding.dispute_decided", row, report=report.id, result=payload["result"], reason=payload["reason"])
    return row


def _check_duty(session: Session, act: Act, row: Finding, report: Report | None) -> None:
    """Nobody looks at what they found or did themselves."""
    if report is None:
        if act.actor.person == row.recorded_by:
            raise OwnWork("who recorded a finding does not verify it before filing")
        return
    task = lock_row(session, Dispatch, report.dispatch)
    assert task is not None, "a report is on a dispatch"
    check_not_own(act.actor, work.doers_of(session, row.id), [(task.unit, task.unit_kind)])
