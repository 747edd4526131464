"""How units handle what they are sent: returns, wrong dispatches, rework. Passing the buck is shown, unit by unit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch, DispatchRequest
from backend.domains.findings.queries.lists import visible_to


def handling_of_units(session: Session, reader: Actor, *, since: dt.datetime, until: dt.datetime) -> list[dict[str, Any]]:
    """What became of the dispatches issued from `since` until before `until`, of findings that the reader may see, by unit.

    Each `{unit, unit_kind, dispatches, leads, co_units, returned, wrong, refused_returns, reworked, reworks}`: `returned`
    dispatches that their unit asked to be rid of, `wrong` those that the dispatcher took back, `refused_returns` where the dispatcher found
    it the unit's duty after all. The most returned first.
    """
    sent = (Dispatch.issued_at >= since, Dispatch.issued_at < until, visible_to(reader))

    def some(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((condition, 1)))

    def asked(state: str) -> sa.ColumnElement[bool]:
        return sa.exists().where(DispatchRequest.dispatch == Dispatch.id, DispatchRequest.kind == "return", DispatchRequest.state == state)

    query = (
        sa.select(
            Dispatch.unit,
            Dispatch.unit_kind,
            sa.func.count().label("dispatches"),
            some(Dispatch.role == "lead").label("leads"),
            some(Dispatch.role != "lead").label("co_units"),
            some(Dispatch.returns > 0).label("returned"),
            some(asked("granted")).label("wrong"),
            some(asked("refused")).label("refused_returns"),
            some(Dispatch.reworks > 0).label("reworked"),
            sa.func.coalesce(sa.func.sum(Dispatch.reworks), 0).label("reworks"),
        )
        .join(Finding, Finding.id == Dispatch.finding)
        .where(*sent)
        .group_by(Dispatch.unit, Dispatch.unit_kind)
    )
    rows = [{**row._mapping, "reworks": int(row.reworks)} for row in session.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it
    return sorted(rows, key=lambda each: (-each["returned"], -each["dispatches"], str(each["unit"])))
