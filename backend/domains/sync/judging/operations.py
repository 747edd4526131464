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

from backend.core.act import Act, Actor
from backend.core.conflicts import Rule
from backend.domains.findings.actions import amend, assigning, end, photos, record, report, tasks, verify
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.parts import limit_of
from backend.domains.findings.rules.duty import DOERS
from backend.domains.findings.rules.hands import MANAGERS
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.visibility import is_outsider
from backend.domains.findings.schemas import hands
from backend.domains.findings.schemas import operations as findings
from backend.domains.findings.schemas import tasks as task_schemas
from backend.domains.patrols.actions import patrols
from backend.domains.patrols.model import Patrol
from backend.domains.patrols.schemas import patrols as patrol_schemas
from backend.domains.sync.judging.tolerant import tolerant
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

    def __post_init__(self) -> None:
        """What phones send may have members that this server does not know."""
        tolerant(self.schema)


class SeqVoid(Schema):
    """`d` of seq_void: seqs that will never come, and why."""

    seqs = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=1, max=MAX_SEQ)), required=True, validate=validate.Length(min=1, max=10_000)
    )
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


def operation_key(verb: str, version: int) -> str:
    """What an operation of a type that is not in the table waits for."""
    return f"operation:{verb}:{version}"


def finding_effects(row: Finding, actor: Actor | None = None) -> dict[str, Any]:
    """What is known of a finding at once (protocol, section 3); a contractor is not told who else might be liable."""
    return {
        "number": row.number,
        "state": row.state,
        "grid": row.grid,
        "community": row.community,
        "town": row.town,
        "liable": str(row.liable) if row.liable and not (actor and is_outsider(actor)) else None,
        "limit": limit_of(row),
        "deadline": row.deadline.isoformat() if row.deadline else None,
        "needs": needs_of(row),
    }


def _patrol_effects(row: Patrol) -> dict[str, Any]:
    return {"state": row.state, "late": row.late, "overlapping": row.overlapping}


def _by(rule: Rule | None) -> tuple[Status, str | None]:
    """Status and code of an act that met this row of the matrix; None: it met nothing."""
    return ("applied", None) if rule is None else (rule.status, rule.code)


def _patrol(action: Callable[..., tuple[Patrol, Rule | None]]) -> Handler:
    def do(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
        row, rule = action(session, act, patrol=entity, payload=payload)
        return (*_by(rule), row.version, _patrol_effects(row))

    return do


def _finding(action: Callable[..., tuple[Finding, Rule | None]]) -> Handler:
    def do(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
        row, rule = action(session, act, finding=entity, payload=payload)
        return (*_by(rule), row.version, finding_effects(row, act.actor))

    return do


def _amend(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
    result = amend.amend_finding(session, act, finding=entity, payload=payload)
    effects = {**finding_effects(result.finding, act.actor), "set": result.set, "kept": result.kept, "proposed": result.proposed}
    return (*_by(result.rule), result.finding.version, effects)


def _void(session: Session, act: Act, entity: UUID, payload: dict[str, Any]) -> Done:
    place = session.get(Progress, entity)
    reach = SEQ_AHEAD + (place.acked_through if place else 0)
    if max(payload["seqs"]) > reach:
        raise SeqRange(f"no operation may have a seq over {reach} yet", errors=[("/seqs", f"at most {reach}")])
    for seq in sorted(set(payload["seqs"])):
        session.merge(VoidedSeq(replica=entity, seq=seq, reason=payload["reason"]))
    act.tell("replica.seqs_voided", "replica", entity, seqs=payload["seqs"][:100], count=len(payload["seqs"]))
    return ("applied", None, None, None)


RECORDERS = ("inspector", "liaison")
PHOTOGRAPHERS = (*RECORDERS, *DOERS)


def _on_patrol(schema: Schema, action: Callable[..., tuple[Patrol, Rule | None]]) -> OperationType:
    return OperationType(schema, "patrol", Patrol, ("inspector",), _patrol(action))


def _on_finding(schema: Schema, roles: tuple[str, ...], action: Callable[..., tuple[Finding, Rule | None]]) -> OperationType:
    return OperationType(schema, "finding", Finding, roles, _finding(action))


OPERATIONS: dict[tuple[str, int], OperationType] = {
    ("open_patrol", 1): _on_patrol(patrol_schemas.OpenPatrol(), patrols.open_patrol),
    ("append_track", 1): _on_patrol(patrol_schemas.AppendTrack(), patrols.append_track),
    ("close_patrol", 1): _on_patrol(patrol_schemas.ClosePatrol(), patrols.close_patrol),
    ("record_finding", 1): _on_finding(findings.RecordFinding(), RECORDERS, record.record_finding),
    ("amend_finding", 1): OperationType(findings.AmendFinding(), "finding", Finding, amend.AMENDERS, _amend),
    ("withdraw_finding", 1): _on_finding(findings.WithdrawFinding(), RECORDERS, amend.withdraw_finding),
    ("add_photo", 1): _on_finding(findings.Photo(), PHOTOGRAPHERS, record.add_photo),
    ("retract_photo", 1): _on_finding(findings.RetractPhoto(), PHOTOGRAPHERS, photos.retract_photo),
    ("self_resolve_finding", 1): _on_finding(findings.SelfResolveFinding(), RECORDERS, end.self_resolve_finding),
    ("report_rectification", 1): _on_finding(findings.ReportRectification(), DOERS, report.report_rectification),
    ("request_extension", 1): _on_finding(findings.RequestExtension(), DOERS, report.request_extension),
    ("request_return", 1): _on_finding(findings.RequestReturn(), DOERS, report.request_return),
    ("request_suspension", 1): _on_finding(findings.RequestSuspension(), DOERS, report.request_suspension),
    ("assign_worker", 1): _on_finding(hands.AssignWorker(), MANAGERS, assigning.assign_worker),
    ("hand_back", 1): _on_finding(hands.HandBack(), MANAGERS, assigning.hand_back),
    ("verify_finding", 1): _on_finding(findings.VerifyFinding(), ("inspector",), verify.verify_finding),
    ("decline_task", 1): _on_finding(task_schemas.DeclineTask(), ("inspector",), tasks.decline_task),
    ("add_note", 1): _on_finding(findings.AddNote(), RECORDERS, record.add_note),
    ("seq_void", 1): OperationType(SeqVoid(), "replica", None, (), _void),
}
