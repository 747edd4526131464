"""Reports: by receipt, by id, in lists, and what belongs to them."""

from __future__ import annotations

import datetime as dt
import hmac
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import cursors
from backend.core.act import Act, Actor
from backend.core.database.rows import find_row, lock_row
from backend.domains.residents.model import PublicTurn, ResidentMessage, ResidentPhoto, ResidentReport
from backend.domains.residents.rules.access import ReportMissing, areas_of, check_handles, check_reads
from backend.domains.residents.rules.receipts import digest_of, normal_receipt
from backend.domains.residents.rules.turns import check_turn


def find_by_receipt(session: Session, receipt: str, secret: str) -> ResidentReport | None:
    """The report with this receipt, if the secret is its own; in the same time whether it is there or not."""
    row = session.scalar(sa.select(ResidentReport).where(ResidentReport.receipt == normal_receipt(receipt)))
    right = hmac.compare_digest(row.secret_hash if row else bytes(32), digest_of(secret))
    return row if right else None


def check_turns(session: Session, *, kind: str, key: bytes, now: dt.datetime) -> None:
    """Raises TooManyTurns where this address has none left; counts nothing."""
    row = find_row(session, PublicTurn, key)
    if row is not None:
        check_turn(kind, row.began_at, row.count, now)


def get_report(session: Session, report: UUID, actor: Actor) -> ResidentReport:
    """The report, if the actor may see it. Raises ReportMissing."""
    row = find_row(session, ResidentReport, report)
    check_reads(actor, row)
    assert row is not None, "checked"
    return row


def lock_report(session: Session, act: Act, report: UUID) -> ResidentReport:
    """The report, locked, for who deals with reports of its area. Raises ReportMissing, NotYourReport."""
    row = lock_row(session, ResidentReport, report)
    check_reads(act.actor, row)
    assert row is not None, "checked"
    check_handles(act.actor, row)
    return row


def own_report(session: Session, report: UUID) -> ResidentReport:
    """The report of a receipt that was checked, locked."""
    row = lock_row(session, ResidentReport, report)
    if row is None:
        raise ReportMissing("there is no such report")
    return row


def list_reports(session: Session, actor: Actor, *, filters: dict[str, Any]) -> tuple[Sequence[ResidentReport], str | None]:
    """A page of the reports of the actor's areas and the cursor of the next: what the desk owes the oldest first, else the newest first."""
    query = sa.select(ResidentReport).where(in_areas(actor, ResidentReport))
    todo, limit = filters.get("todo"), filters["limit"]
    key = sa.tuple_(ResidentReport.received_at, ResidentReport.id)
    if todo:
        query = query.where(ResidentReport.todo == todo).order_by(ResidentReport.received_at, ResidentReport.id)
    else:
        query = query.order_by(ResidentReport.received_at.desc(), ResidentReport.id.desc())
    if receipt := filters.get("receipt"):
        query = query.where(ResidentReport.receipt == normal_receipt(receipt))
    if finding := filters.get("finding"):
        query = query.where(ResidentReport.finding == finding)
    name = f"resident_reports:{todo or ''}"
    after = cursors.unpack(name, filters.get("cursor"), cursors.moment, cursors.key)
    if after:
        last = sa.tuple_(sa.literal(after[0], ResidentReport.received_at.type), sa.literal(after[1], ResidentReport.id.type))
        query = query.where(key > last if todo else key < last)
    rows = session.scalars(query.limit(limit + 1)).all()
    more = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], cursors.pack(name, more.received_at.isoformat(), str(more.id)) if more else None


def count_todo(session: Session, actor: Actor) -> dict[str, int]:
    """How many reports of the actor's areas wait for what."""
    query = sa.select(ResidentReport.todo, sa.func.count()).where(ResidentReport.todo.is_not(None), in_areas(actor, ResidentReport))
    found = {row[0]: row[1] for row in session.execute(query.group_by(ResidentReport.todo))}
    return {todo: found.get(todo, 0) for todo in ("take_up", "reply")}


def in_areas(actor: Actor, kind: type[Any]) -> sa.ColumnElement[bool]:
    """The law of `rules.access.covers` in SQL, for tables with the columns district, town and community."""
    names = {6: "district", 9: "town", 12: "community"}
    return sa.or_(sa.false(), *(getattr(kind, names[len(code)]) == code for code in areas_of(actor) if len(code) in names))


def list_photos(session: Session, reports: Collection[UUID]) -> dict[UUID, list[ResidentPhoto]]:
    """The photos of each report, the first first."""
    query = sa.select(ResidentPhoto).where(ResidentPhoto.report.in_(reports))
    return _by_report(session.scalars(query.order_by(ResidentPhoto.received_at, ResidentPhoto.id)))


def list_messages(session: Session, reports: Collection[UUID]) -> dict[UUID, list[ResidentMessage]]:
    """The words said on each report, the first first."""
    query = sa.select(ResidentMessage).where(ResidentMessage.report.in_(reports))
    return _by_report(session.scalars(query.order_by(ResidentMessage.written_at, ResidentMessage.id)))


def find_photo(session: Session, report: UUID, photo: UUID) -> ResidentPhoto | None:
    """The photo, if it is this report's."""
    row = find_row(session, ResidentPhoto, photo)
    return row if row is not None and row.report == report else None


def reports_of(session: Session, findings: Collection[UUID]) -> Sequence[UUID]:
    """The reports that became these findings, in the order of their ids."""
    query = sa.select(ResidentReport.id).where(ResidentReport.finding.in_(findings))
    return session.scalars(query.order_by(ResidentReport.id)).all()


def list_kept_too_long(session: Session, *, ended_before: dt.datetime, limit: int) -> Sequence[UUID]:
    """Reports that ended before then and still hold personal data, the longest ended first."""
    query = sa.select(ResidentReport.id).where(ResidentReport.erased_at.is_(None), ResidentReport.ended_at <= ended_before)
    return session.scalars(query.order_by(ResidentReport.ended_at, ResidentReport.id).limit(limit)).all()


def _by_report(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.report].append(row)
    return found
