"""Lists of findings: filters, the reader's scopes as SQL, keyset pages with the newest first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.act import Actor
from backend.core.problems import Invalid
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import HandOver
from backend.domains.findings.model.tasks import OPEN, VerificationTask
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.model.worklists import each, unindexed
from backend.domains.findings.queries.documents import finding_docs
from backend.domains.findings.rules.needs import FLAGS
from backend.domains.findings.rules.visibility import scopes_open_to

_LEVELS = {6: Finding.district, 9: Finding.town, 12: Finding.community, 15: Finding.grid}


def list_findings(session: Session, reader: Actor, *, filters: dict[str, Any]) -> dict[str, Any]:
    """A page `{items, next}` of the findings the reader may see."""
    limit = filters["limit"]
    query = sa.select(Finding.id, Finding.recorded_at).where(visible_to(reader), *_conditions(reader, filters))
    after = cursors.unpack("findings", filters.get("cursor"), cursors.moment, cursors.key)
    if after:
        at, last = after
        query = query.where(
            sa.tuple_(Finding.recorded_at, Finding.id)
            < sa.tuple_(sa.literal(at, Finding.recorded_at.type), sa.literal(last, Finding.id.type))
        )
    rows = session.execute(query.order_by(Finding.recorded_at.desc(), Finding.id.desc()).limit(limit + 1)).all()
    docs = finding_docs(session, [row.id for row in rows[:limit]], reader)
    last_row = rows[limit - 1] if len(rows) > limit else None
    return {
        "items": [docs[row.id] for row in rows[:limit]],
        "next": cursors.pack("findings", last_row.recorded_at.isoformat(), str(last_row.id)) if last_row else None,
    }


def visible_to(reader: Actor, *, row_by_row: bool = False) -> sa.ColumnElement[bool]:
    """The law of `rules.visibility` in SQL; a test holds the two against each other.

    `row_by_row`: for who reads few findings in an order of their own; what was dispatched to a unit is asked of each, not listed before.
    """
    clauses: list[sa.ColumnElement[bool]] = []
    for scope in scopes_open_to(reader):
        kind, _, key = scope.partition(":")
        if kind == "user":
            clauses.append(Finding.recorded_by == UUID(key))
            held = sa.select(VerificationTask.finding).where(VerificationTask.assigned_to == UUID(key), OPEN)
            clauses.append(_among(held, VerificationTask.finding, row_by_row=row_by_row))
        elif kind in {"district", "town", "community"}:
            clauses.append(getattr(Finding, kind) == key)
        else:
            whose = Dispatch.unit_kind == "contractor" if kind == "contractor" else Dispatch.unit_kind != "contractor"
            unit = unindexed(Dispatch.unit) if row_by_row else Dispatch.unit
            dispatched = sa.select(Dispatch.finding).where(unit == UUID(key), whose)
            clauses.append(_among(dispatched, Dispatch.finding, row_by_row=row_by_row))
            if kind == "department":
                clauses.append(Finding.trade_owner == UUID(key))
                held_by = unindexed(HandOver.unit) if row_by_row else HandOver.unit
                clauses.append(_among(sa.select(HandOver.finding).where(held_by == UUID(key)), HandOver.finding, row_by_row=row_by_row))
    return sa.or_(sa.false(), *clauses)


def _among(findings: sa.Select[Any], column: Any, *, row_by_row: bool) -> sa.ColumnElement[bool]:
    return each(findings.where(column == Finding.id)) if row_by_row else Finding.id.in_(findings)


def _conditions(reader: Actor, filters: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    simple = {
        "state": Finding.state,
        "trade": Finding.trade,
        "number": Finding.number,
    }
    conditions: list[sa.ColumnElement[bool]] = [column == filters[name] for name, column in simple.items() if filters.get(name)]
    if area := filters.get("area"):
        conditions.append(_LEVELS[len(area)] == area)
    if flag := filters.get("flag"):
        # A request to void it is no column of its own; the column holds SQL's null where there is none, never JSON's.
        set_ = Finding.void_request.is_not(sa.null()) if flag == "void_requested" else getattr(Finding, FLAGS[flag]).is_(True)
        conditions.append(set_)
    if contract := filters.get("contract"):
        dispatched = sa.select(Dispatch.finding).where(Dispatch.contract == contract)
        conditions.append(sa.or_(Finding.liable == contract, Finding.id.in_(dispatched)))
    if filters.get("mine"):
        conditions.append(Finding.recorded_by == reader.person)
    if since := filters.get("since"):
        conditions.append(Finding.recorded_at >= since)
    if until := filters.get("until"):
        conditions.append(Finding.recorded_at < until)
    if box := filters.get("bbox"):
        west, south, east, north = _box(box)
        conditions += [Finding.lon.between(west, east), Finding.lat.between(south, north)]
    return conditions


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Invalid("bbox is west,south,east,north", errors=[("/bbox", "four numbers: west,south,east,north")]) from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # also refuses NaN
        raise Invalid("bbox is west,south,east,north", errors=[("/bbox", "west ≤ east within ±180, south ≤ north within ±90")])
    return west, south, east, north
