"""The operations phones send: for each its schema, the roles that may, the entity it is on, and the action of the domain that does it.

One table. An operation type or version that is not here is deferred until a server knows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.domains.findings.actions import amend, photos, record
from backend.domains.findings.model import Finding
from backend.domains.findings.queries.documents import limit_of
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.schemas import operations as findings
from backend.domains.patrols import actions as patrols
from backend.domains.patrols import schemas as patrol_schemas
from backend.domains.patrols.model import Patrol
from backend.domains.sync.model import Progress, VoidedSeq
from backend.domains.sync.rules.lines import SEQ_AHEAD, SeqRange
from backend.domains.sync.rules.values import MAX_SEQ
from backend.domains.sync.rules.verdicts import Status

Done = tuple[Status, str | None, int | None, dict[str, Any] | None]
"""How an operation went: its outcome and code, the entity's version, and what is known of it at once."""

Handler = Callable[[Session, Act, UUID, dict[str, Any]], Done]


@dataclass(frozen=True, slots=True)
class OperationType:
    """A row of the table."""

    schema: Schema
    entity: str
    model: type[Finding | Patrol] | None
    roles: tuple[str, ...]
    do: Handler


class SeqVoid(Schema):
    """`d` of seq_void: seqs that will never come, and why."""

    seqs = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=1, max=MAX_SEQ)), required=True, validate=validate.Length(min=1, max=10_000)
    )
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


def operation_key(verb: str, version: int) -> str:
    """What an operation of a type that is not in the table waits for."""
    return f"operation:{verb}:{version}"


def finding_effects(row: Finding) -> dict[str, Any]:
    """What is known of a finding at once (protocol, section 3)."""
    return {
        "number": row.number,
        "state": row.state,
        "grid": row.grid,
        "community": row.community,
        "town": row.town,
        "liable": str(row.liable) if row.liable else None,
        "limit": limit_of(row),
        "deadline": row.deadline.isoformat() if row.deadline else None,
        "needs": needs_of(row),
    }


def _patrol_effects(row: Patrol) -> dict[str, Any]:
    return {"state": row.state, "late": row.late, "overlapping": row.overlapping}


def _patrol(action: Callable[..., Patrol]) -> Handler:
    def do(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
        row = action(session, act, patrol=entity, payload=payload)
        return ("applied", None, row.version, _patrol_effects(row))

    return do


def _track(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
    row, code = patrols.append_track(session, act, patrol=entity, payload=payload)
    return ("merged" if code else "applied", code, row.version, _patrol_effects(row))


def _finding(action: Callable[..., tuple[Finding, str | None]]) -> Handler:
    def do(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
        row, code = action(session, act, finding=entity, payload=payload)
        return ("merged" if code else "applied", code, row.version, finding_effects(row))

    return do


def _amend(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
    result = amend.amend_finding(session, act, finding=entity, payload=payload)
    effects = {**finding_effects(result.finding), "set": result.set, "kept": result.kept, "proposed": result.proposed}
    if result.proposed:
        return ("conflict", "proposed", result.finding.version, effects)
    return ("merged" if result.code else "applied", result.code, result.finding.version, effects)


def _withdraw(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
    row, code, took_effect = amend.withdraw_finding(session, act, finding=entity, payload=payload)
    status: Status = "conflict" if not took_effect else "merged" if code else "applied"
    return (status, code, row.version, finding_effects(row))


def _void(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
    place = session.get(Progress, entity)
    reach = SEQ_AHEAD + (place.acked_through if place else 0)
    if max(payload["seqs"]) > reach:
        raise SeqRange(f"no operation may have a seq over {reach} yet", errors=[("/d/seqs", f"at most {reach}")])
    for seq in sorted(set(payload["seqs"])):
        session.merge(VoidedSeq(replica=entity, seq=seq, reason=payload["reason"]))
    act.tell("replica.seqs_voided", "replica", entity, seqs=payload["seqs"][:100], count=len(payload["seqs"]))
    return ("applied", None, None, None)


RECORDERS = ("inspector", "liaison")

OPERATIONS: dict[tuple[str, int], OperationType] = {
    ("open_patrol", 1): OperationType(patrol_schemas.OpenPatrol(), "patrol", Patrol, ("inspector",), _patrol(patrols.open_patrol)),
    ("append_track", 1): OperationType(patrol_schemas.AppendTrack(), "patrol", Patrol, ("inspector",), _track),
    ("close_patrol", 1): OperationType(patrol_schemas.ClosePatrol(), "patrol", Patrol, ("inspector",), _patrol(patrols.close_patrol)),
    ("record_finding", 1): OperationType(findings.RecordFinding(), "finding", Finding, RECORDERS, _finding(record.record_finding)),
    ("amend_finding", 1): OperationType(findings.AmendFinding(), "finding", Finding, amend.AMENDERS, _amend),
    ("withdraw_finding", 1): OperationType(findings.WithdrawFinding(), "finding", Finding, RECORDERS, _withdraw),
    ("add_photo", 1): OperationType(findings.Photo(), "finding", Finding, RECORDERS, _finding(record.add_photo)),
    ("retract_photo", 1): OperationType(findings.RetractPhoto(), "finding", Finding, RECORDERS, _finding(photos.retract_photo)),
    ("add_note", 1): OperationType(findings.AddNote(), "finding", Finding, RECORDERS, _finding(record.add_note)),
    ("seq_void", 1): OperationType(SeqVoid(), "replica", None, (), _void),
}
