"""Issuing a dispatch: the row, and its clock that starts."""

from __future__ import annotations

from typing import cast

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, write
from backend.domains.deadlines import actions as deadlines
from backend.domains.deadlines.rules.limits import Limit, Unit
from backend.domains.findings.actions.addressing import Addressee
from backend.domains.findings.actions.escalate import watch_deadline
from backend.domains.findings.actions.settle import settle_dispatch
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries import work
from backend.domains.findings.rules.visibility import scope_of_unit


def issue_dispatch(session: Session, act: Act, row: Finding, *, role: str, to: Addressee, limit: Limit | None = None) -> Dispatch:
    """A dispatch of this finding to the addressee, issued now; the disposal clock starts where the finding's condition has a limit.

    Where a suspension of the area is in force it begins suspended. The finding shows the lead's deadline, and the unit sees the finding
    from now on. `limit`: one of its own (`limit_source` "set").
    """
    value, unit, source = row.limit_value, row.limit_unit, row.limit_source
    if limit is not None:
        value, unit, source = int(limit.value), limit.unit, "set"
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
        limit_value=value,
        limit_unit=unit,
        limit_source=source,
        deadline=None,
        due=None,
        awaiting_calendar=False,
        handed_back_at=None,
        reworks=0,
        cancelled_at=None,
        replaced_by=None,
        wide_since=None,
        wide_before=[],
        returns=0,
        exempt=False,
        escalation=0,
        stages=0,
    )
    if value is not None and unit is not None:
        deadline = deadlines.start_deadline(
            session,
            act,
            subject_type="dispatch",
            subject=dispatch.id,
            value=value,
            unit=unit,
            start=act.at,
        )
        dispatch.deadline, dispatch.due, dispatch.awaiting_calendar = deadline.id, deadline.due, deadline.awaiting_year is not None
        dispatch.yellow_from = deadline.yellow_from
    add_row(session, dispatch)
    wide = work.list_area_suspensions(session, row)
    if any(act.at < (each.ended_at or each.until) for each in wide):  # it stands from the beginning
        write(session)
        settle_dispatch(session, act, dispatch, wide)
    watch_deadline(session, act, row, dispatch)
    if role == "lead":
        row.deadline, row.awaiting_calendar = dispatch.due, dispatch.awaiting_calendar
    row.units = sorted({*row.units, scope_of_unit(to.unit, to.unit_kind)})
    return dispatch


def own_limit(task: Dispatch) -> Limit | None:
    """The limit that was set for this dispatch alone; None where it goes by the finding's."""
    return Limit(task.limit_value, cast("Unit", task.limit_unit)) if task.limit_source == "set" and task.limit_value else None
