"""Questions about the work: dispatches, reports, verifications and requests, as actions need them. Written rows must be flushed before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import find_row, lock_row
from backend.core.problems import Missing, NotYet
from backend.domains.deadlines.rules.limits import Limit, Unit
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Assignment
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.model.work import AreaSuspension, Dispatch, DispatchRequest, Report, Verification
from backend.domains.findings.rules.reports import Granted, Look, Reported, Result


def list_dispatches(session: Session, finding: UUID) -> Sequence[Dispatch]:
    """The finding's dispatches, the oldest first; not those that another came in place of."""
    query = sa.select(Dispatch).where(Dispatch.finding == finding, Dispatch.replaced_by.is_(None))
    return session.scalars(query.order_by(Dispatch.issued_at, Dispatch.id)).all()


def list_all_dispatches(session: Session, finding: UUID) -> Sequence[Dispatch]:
    """All dispatches the finding ever had, the oldest first."""
    return session.scalars(sa.select(Dispatch).where(Dispatch.finding == finding).order_by(Dispatch.issued_at, Dispatch.id)).all()


def list_standing(session: Session, finding: UUID) -> list[Dispatch]:
    """The finding's dispatches that are worked on: neither replaced nor cancelled."""
    return [task for task in list_dispatches(session, finding) if task.cancelled_at is None]


def await_dispatch(session: Session, act: Act, row: Finding, dispatch: UUID) -> Dispatch:
    """A dispatch of this finding. Raises NotYet for a phone's operation, which waits for it; Missing at the desk."""
    task = find_row(session, Dispatch, dispatch)
    if task is not None and task.finding == row.id:
        return task
    if act.op is None:
        raise Missing(f"finding {row.id} has no dispatch {dispatch}")
    raise NotYet(f"dispatch {dispatch} of finding {row.id} has not arrived", awaits=f"finding:{row.id}")


def await_report(session: Session, act: Act, row: Finding, report: UUID) -> Report:
    """A report on this finding. Raises NotYet for a phone's operation, which waits for it; Missing at the desk."""
    found = find_row(session, Report, report)
    if found is not None and found.finding == row.id:
        return found
    if act.op is None:
        raise Missing(f"finding {row.id} has no report {report}")
    raise NotYet(f"report {report} on finding {row.id} has not arrived", awaits=f"finding:{row.id}")


def lock_request(session: Session, row: Finding, request: UUID, kind: str) -> DispatchRequest:
    """A request of this kind on this finding, locked. Raises Missing."""
    found = lock_row(session, DispatchRequest, request)
    if found is None or found.finding != row.id or found.kind != kind:
        raise Missing(f"finding {row.id} has no request {request} for {'a' if kind != 'extension' else 'an'} {kind}")
    return found


def list_reports(session: Session, dispatch: UUID) -> Sequence[Report]:
    """The reports on a dispatch by (corrected time, id)."""
    return session.scalars(sa.select(Report).where(Report.dispatch == dispatch).order_by(Report.reported_at, Report.id)).all()


def reported(session: Session, reports: Collection[Report]) -> list[Reported]:
    """These reports as values, each with all verdicts on it."""
    looks: dict[UUID, list[Look]] = defaultdict(list)
    query = sa.select(Verification).where(Verification.report.in_([report.id for report in reports]), Verification.observation.is_(False))
    for each in session.scalars(query.order_by(Verification.received_at, Verification.id)):
        assert each.report is not None, "asked for by it"
        looks[each.report].append(Look(cast("Result", each.result), each.verified_at, each.received_at))
    return [
        Reported(
            id=report.id,
            at=report.reported_at,
            looks=tuple(looks[report.id]),
            decided=Look(cast("Result", report.decided_result), report.decided_at, report.decided_at)
            if report.decided_result is not None and report.decided_at is not None
            else None,
        )
        for report in reports
    ]


def list_requests(session: Session, dispatch: UUID, kind: str) -> Sequence[DispatchRequest]:
    """The requests of this kind on a dispatch, the oldest first."""
    query = sa.select(DispatchRequest).where(DispatchRequest.dispatch == dispatch, DispatchRequest.kind == kind)
    return session.scalars(query.order_by(DispatchRequest.asked_at, DispatchRequest.id)).all()


def list_asked(session: Session, dispatch: UUID) -> Sequence[DispatchRequest]:
    """All requests on a dispatch, the oldest first."""
    query = sa.select(DispatchRequest).where(DispatchRequest.dispatch == dispatch)
    return session.scalars(query.order_by(DispatchRequest.asked_at, DispatchRequest.id)).all()


def list_area_suspensions(session: Session, row: Finding) -> Sequence[AreaSuspension]:
    """The suspensions of an area it lies in, of its trade or of all, in whatever time, the oldest first."""
    areas = [code for code in (row.district, row.town, row.community) if code]
    query = sa.select(AreaSuspension).where(
        AreaSuspension.area.in_(areas), sa.or_(AreaSuspension.trade.is_(None), AreaSuspension.trade == row.trade)
    )
    return session.scalars(query.order_by(AreaSuspension.starts_at, AreaSuspension.id)).all()


def list_pending(session: Session, finding: UUID) -> Sequence[UUID]:
    """The requests on its dispatches, of whatever kind, that nobody has decided on, the oldest first."""
    query = sa.select(DispatchRequest.id).where(DispatchRequest.finding == finding, DispatchRequest.state == "pending")
    return session.scalars(query.order_by(DispatchRequest.asked_at, DispatchRequest.id)).all()


def list_extensions(session: Session, dispatch: UUID) -> list[Granted]:
    """The extensions granted to a dispatch."""
    return [
        Granted(each.decided_at, Limit(each.by_value, cast("Unit", each.by_unit)))
        for each in list_requests(session, dispatch, "extension")
        if each.state == "granted" and each.decided_at is not None and each.by_value is not None
    ]


def list_disputed(session: Session, finding: UUID) -> Sequence[Report]:
    """The reports on which verdicts differ and nobody has decided."""
    query = sa.select(Report).where(Report.finding == finding, Report.decided_result.is_(None))
    reports = session.scalars(query.order_by(Report.reported_at, Report.id)).all()
    disputed = {each.id for each in reported(session, reports) if each.ruling == "disputed"}
    return [report for report in reports if report.id in disputed]


def has_open_dispute(session: Session, finding: UUID) -> bool:
    """Whether verdicts on one of its reports differ and nobody has decided."""
    return bool(list_disputed(session, finding))


def has_open_proposal(session: Session, finding: UUID) -> bool:
    """Whether a proposal on it waits for a decision."""
    query = sa.select(sa.exists().where(Proposal.finding == finding, Proposal.resolved_at.is_(None)))
    return bool(session.scalar(query))


def doers_of(session: Session, finding: UUID) -> set[UUID]:
    """Who had a hand in work on it: reported it, handed it back, was given it within the unit, or asked something for the unit."""
    said: sa.CompoundSelect[Any] = sa.union(
        sa.select(Report.reported_by).where(Report.finding == finding),
        sa.select(Report.handed_back_by).where(Report.finding == finding, Report.handed_back_by.is_not(None)),
        sa.select(Assignment.worker).where(Assignment.finding == finding, Assignment.worker.is_not(None)),
        sa.select(DispatchRequest.asked_by).where(DispatchRequest.finding == finding),
    )
    return set(session.scalars(said))


def judges_of(session: Session, dispatch: UUID) -> set[UUID]:
    """Who said whether its work was done: gave a verdict on one of its reports that decides something, or decided between verdicts."""
    said: sa.CompoundSelect[Any] = sa.union(
        sa.select(Verification.verified_by)
        .join(Report, Report.id == Verification.report)
        .where(Report.dispatch == dispatch, Verification.observation.is_(False)),
        sa.select(Report.decided_by).where(Report.dispatch == dispatch, Report.decided_by.is_not(None)),
    )
    return set(session.scalars(said))


def list_verifications(session: Session, finding: UUID, *, report: UUID | None) -> Sequence[Verification]:
    """The verdicts on a report (None: those before filing), the oldest first."""
    query = sa.select(Verification).where(Verification.finding == finding, Verification.report == report)
    return session.scalars(query.order_by(Verification.verified_at, Verification.id)).all()


def looked_in_vain(session: Session, finding: UUID) -> bool:
    """Whether the last look before filing did not find what was recorded."""
    looks = list_verifications(session, finding, report=None)
    return bool(looks) and looks[-1].result == "fail"
