"""Issuing a dispatch: the row, and its clock that starts."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row
from backend.domains.deadlines import actions as deadlines
from backend.domains.findings.actions.addressing import Addressee
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.rules.visibility import scope_of_unit


def issue_dispatch(session: Session, act: Act, row: Finding, *, role: str, to: Addressee) -> Dispatch:
    """A dispatch of this finding to the addressee, issued now; the disposal clock starts where the finding's condition has a limit.

    The finding shows the lead's deadline, and the unit sees the finding from now on.
    """
    dispatch = Dispatch(
        id=act.new_id(),
        finding=row.id,
        role=role,
        state="issued",
        unit=to.unit,
        unit_kind=to.unit_kind,
        contract=to.contract,
        choice=to.choice,
        issued_at=act.at,
        issued_by=act.actor.person,
        automatic=act.actor.person is None,
        limit_value=row.limit_value,
        limit_unit=row.limit_unit,
        limit_source=row.limit_source,
        deadline=None,
        due=None,
        awaiting_calendar=False,
        handed_back_at=None,
        reworks=0,
        cancelled_at=None,
        replaced_by=None,
    )
    if row.limit_value is not None and row.limit_unit is not None:
        deadline = deadlines.start_deadline(
            session,
            act,
            subject_type="dispatch",
            subject=dispatch.id,
            value=row.limit_value,
            unit=row.limit_unit,
            start=act.at,
        )
        dispatch.deadline, dispatch.due, dispatch.awaiting_calendar = deadline.id, deadline.due, deadline.awaiting_year is not None
    add_row(session, dispatch)
    if role == "lead":
        row.deadline, row.awaiting_calendar = dispatch.due, dispatch.awaiting_calendar
    row.units = sorted({*row.units, scope_of_unit(to.unit, to.unit_kind)})
    return dispatch
