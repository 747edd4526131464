"""Correcting what decides the deadline: the desk says what category and condition it really is, and running clocks follow."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import lock_row, write
from backend.core.deeds import deed
from backend.core.problems import Invalid
from backend.domains.deadlines import actions as deadlines
from backend.domains.findings.actions.deciding import check_not_own_work
from backend.domains.findings.actions.fields import Fields
from backend.domains.findings.actions.placing import categorise
from backend.domains.findings.actions.settle import settle_work
from backend.domains.findings.actions.steps import limit_step
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries import work
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.claims import category_key
from backend.domains.findings.rules.moves import UNFILED
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.visibility import scopes_of


@deed
def correct_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Correct category and condition, in any open state. Who has not seen it can only propose another.

    Clocks that run keep their start and what happened to them, and get the limit of the condition as corrected; that of a co-unit with a
    limit of its own stays. Whom it was dispatched to stays. Never by who did the work, or works for a unit that has it.

    Raises OwnWork, UnknownCategory, UnknownCondition, Invalid where nothing would change
    or a filed finding would lose its condition, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("correct_finding", act.actor, row, state_version=payload["state_version"])
    check_not_own_work(session, act, row)
    named = payload["category"] or {"kind": row.kind, "code": row.code, "edition": row.edition}
    category, _ = categorise(session, named, payload["condition"], at=row.recorded_at)
    if payload["condition"] is None and row.state not in UNFILED:
        raise Invalid("condition: a finding that is filed has one", errors=[("/condition", "required once it is filed")])
    before = {"category": f"{row.kind}:{row.code}", "condition": row.condition, "limit": _limit(row)}
    scopes = scopes_of(row)
    fields = Fields.of(session, row, ["category", "condition"])
    value = {"kind": category.kind, "code": category.code, "edition": category.edition}
    if category_key(value) != category_key({"kind": row.kind, "code": row.code}):
        fields.decide("category", value)
    fields.decide("condition", payload["condition"], category=category_key(value))
    if not fields.put(act.at):
        raise Invalid("category and condition are so already", errors=[("/condition", "as it is"), ("/category", "as it is")])
    _, ended = fields.settle_proposals(act)
    row.version += 1
    fields.note_version(act)
    limit_step(session, row)
    _limit_dispatches(session, act, row)
    settle_work(session, act, row)
    if ended:
        ops = sorted({str(each.op) for each in ended if each.op})
        tell(act, "finding.proposals_resolved", row, ops=ops, choices={each.field: each.choice for each in ended}, set=[])
    said: dict[str, Any] = {"category": f"{row.kind}:{row.code}", "condition": row.condition, "limit": _limit(row), "before": before}
    tell(act, "finding.corrected", row, left=scopes, **said, due=row.deadline, reason=payload["reason"])
    return row


def _limit_dispatches(session: Session, act: Act, row: Finding) -> None:
    """Give the dispatches that stand the limit of the condition as it is now."""
    write(session)
    if row.limit_value is None or row.limit_unit is None:
        return
    for each in work.list_standing(session, row.id):
        task = lock_row(session, Dispatch, each.id)
        if task is None or task.limit_source == "set":
            continue
        task.limit_value, task.limit_unit, task.limit_source = row.limit_value, row.limit_unit, row.limit_source
        if task.deadline is None:
            clock = deadlines.start_deadline(
                session,
                act,
                subject_type="dispatch",
                subject=task.id,
                value=row.limit_value,
                unit=row.limit_unit,
                start=task.issued_at,
            )
            task.deadline = clock.id


def _limit(row: Finding) -> list[Any] | None:
    return None if row.limit_value is None else [row.limit_value, cast("str", row.limit_unit)]
