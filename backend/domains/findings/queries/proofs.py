"""Which photos show the work that passed: of each dispatch that stands, by its reports, by the looks at them, and by who added them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.findings.model.work import Dispatch, DispatchRequest, Report, Verification
from backend.domains.findings.queries import work
from backend.domains.findings.rules.needs import Proof
from backend.domains.findings.rules.visibility import has_worked_for
from backend.domains.identity import queries as identity


def proofs_of(session: Session, finding: UUID, photos: Sequence[dict[str, Any]]) -> list[Proof]:
    """What shows the work of each dispatch that stands; `photos` are all of the finding's. Written rows must be flushed before.

    Of a dispatch count the photos of the report that passed and of what was reported to it later, those that its own unit added since the
    work was done anew, and those of looks that found it good.
    """
    reports: dict[UUID, list[Report]] = defaultdict(list)
    for report in session.scalars(sa.select(Report).where(Report.finding == finding)):
        reports[report.dispatch].append(report)
    looks = session.scalars(sa.select(Verification).where(Verification.finding == finding)).all()
    asked = session.scalars(sa.select(DispatchRequest.photos).where(DispatchRequest.finding == finding)).all()
    said = [*asked, *(look.photos for look in looks), *(report.photos for each in reports.values() for report in each)]
    named = {photo for photos_of in said for photo in photos_of}
    added = [photo for photo in photos if photo["role"] == "after" and str(photo["id"]) not in named]
    held = identity.grants_ever(session, {photo["declared_by"] for photo in added})
    proofs = []
    for task in work.list_standing(session, finding):
        good = _passed(reports[task.id])
        since = _since(task, reports[task.id], looks)
        own = {
            str(photo["id"])
            for photo in added
            if photo["declared_at"] >= since
            and has_worked_for(held[photo["declared_by"]], task.unit, task.unit_kind, by=photo["declared_at"])
        }
        seen = [look for look in looks if look.report in good and look.result == "pass" and not look.observation]
        proofs.append(
            Proof(
                work=frozenset(own.union(*(report.photos for report in good.values()))),
                look=frozenset(photo for look in seen for photo in look.photos),
            )
        )
    return proofs


def _passed(reports: Sequence[Report]) -> dict[UUID, Report]:
    """The report by which the work passed, the newest, and what was reported to it after."""
    passed = [report for report in reports if report.state == "passed"]
    newest = max(passed, key=lambda each: (each.counts_at or each.reported_at, each.id.int), default=None)
    return {report.id: report for report in reports if report is newest or report.state == "added"}


def _since(task: Dispatch, reports: Sequence[Report], looks: Sequence[Verification]) -> dt.datetime:
    """When the work that stands began: with the dispatch, or when it was last found not to be done."""
    failed = {report.id for report in reports if report.state == "failed"}
    seen = [look.verified_at for look in looks if look.report in failed and look.result == "fail" and not look.observation]
    decided = [report.decided_at for report in reports if report.id in failed and report.decided_at is not None]
    return max([task.issued_at, *seen, *decided])
