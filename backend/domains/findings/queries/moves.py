"""Which moves are open to somebody: by the table, and by what there is to decide, ask or report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Actor
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import HandOver, Supervision
from backend.domains.findings.model.work import Dispatch, DispatchRequest, Report
from backend.domains.findings.queries import hands, work
from backend.domains.findings.rules.duty import does_work_of, may_rule
from backend.domains.findings.rules.hands import manages, may_reply
from backend.domains.findings.rules.moves import MOVES, UNFILED
from backend.domains.findings.rules.moving import dispatches_here, moves_open_to
from backend.domains.findings.rules.needs import needs_of
from backend.domains.findings.rules.wording import named


@dataclass(frozen=True)
class _Facts:
    """What there is of the work, of requests, demands and hand-overs on it: asked for once somebody wants to know."""

    session: Session
    row: Finding
    actor: Actor
    at: dt.datetime

    @cached_property
    def standing(self) -> Sequence[Dispatch]:
        return work.list_standing(self.session, self.row.id)

    @cached_property
    def own(self) -> Sequence[Dispatch]:
        """The actor's own of those that stand."""
        return [each for each in self.standing if does_work_of(self.actor, each.unit, each.unit_kind)]

    @cached_property
    def managed(self) -> Sequence[Dispatch]:
        return [each for each in self.own if manages(self.actor, each.unit)]

    @cached_property
    def requests(self) -> Sequence[DispatchRequest]:
        """The requests on those that stand."""
        query = sa.select(DispatchRequest).where(DispatchRequest.dispatch.in_([each.id for each in self.standing]))
        return self.session.scalars(query).all()

    @cached_property
    def reports(self) -> Sequence[Report]:
        """The reports on those that stand."""
        return self.session.scalars(sa.select(Report).where(Report.dispatch.in_([each.id for each in self.standing]))).all()

    @cached_property
    def doers(self) -> set[UUID]:
        return work.doers_of(self.session, self.row.id)

    @cached_property
    def free(self) -> bool:
        """Whether nothing of the work is the actor's own."""
        units = [(each.unit, each.unit_kind) for each in work.list_dispatches(self.session, self.row.id)]
        return may_rule(self.actor, self.doers, units)

    @cached_property
    def ruled_on(self) -> set[UUID]:
        """The dispatches that stand on which the actor may rule."""
        return {each.id for each in self.standing if may_rule(self.actor, self.doers, [(each.unit, each.unit_kind)])}

    def decidable(self, kind: str) -> bool:
        return any(each.kind == kind and each.state == "pending" and each.dispatch in self.ruled_on for each in self.requests)

    @property
    def ruleable(self) -> bool:
        """Whether an appeal waits that is against nothing of what the actor said of the work."""
        return self.row.closed_by != self.actor.person and any(
            each.kind == "appeal"
            and each.state == "pending"
            and each.dispatch in self.ruled_on
            and self.actor.person not in work.judges_of(self.session, each.dispatch)
            for each in self.requests
        )

    def askable(self, kind: str) -> bool:
        waiting = {each.dispatch for each in self.requests if each.kind == kind and each.state == "pending"}
        return any(task.state != "handed_back" and task.id not in waiting for task in self.own)

    @property
    def suspended(self) -> bool:
        """Whether a suspension goes on that is the actor's to end."""
        mine = {each.id for each in (self.standing if dispatches_here(self.actor, self.row) else self.own)}
        return any(
            each.dispatch in mine
            and each.kind == "suspension"
            and each.granted_until
            and each.granted_until > self.at
            and each.ended_at is None
            for each in self.requests
        )

    @property
    def appealable(self) -> bool:
        appealed = {each.dispatch for each in self.requests if each.kind == "appeal"}
        return any(task.id not in appealed for task in self.own)

    @property
    def verifiable(self) -> bool:
        """Before filing by who did not record it, afterwards where work is reported that somebody else did."""
        if self.row.state in UNFILED:
            return self.actor.person != self.row.recorded_by
        return any(each.state != "awaiting_hand_back" and each.dispatch in self.ruled_on for each in self.reports)

    @property
    def disputed(self) -> bool:
        """Whether verdicts differ that others gave, on work of others."""
        return self.row.disputed and any(
            each.dispatch in self.ruled_on
            and all(look.verified_by != self.actor.person for look in work.list_verifications(self.session, self.row.id, report=each.id))
            for each in work.list_disputed(self.session, self.row.id)
        )

    @property
    def waits_for_hand_back(self) -> bool:
        managed = {each.id for each in self.managed}
        return any(each.state == "awaiting_hand_back" and each.dispatch in managed for each in self.reports)

    @cached_property
    def demands(self) -> Sequence[Supervision]:
        """The demands that are not ended."""
        if not self.row.supervised:
            return []
        query = sa.select(Supervision).where(Supervision.finding == self.row.id, Supervision.state != "ended")
        return self.session.scalars(query).all()

    @property
    def demanded(self) -> bool:
        return any(each.state == "open" and may_reply(self.actor, self.row, each.unit, each.unit_kind) for each in self.demands)

    @cached_property
    def hand_overs(self) -> Sequence[HandOver]:
        """The hand-overs to the actor's own units."""
        listed = hands.list_hand_overs(self.session, self.row.id)
        return [each for each in listed if does_work_of(self.actor, each.unit, each.unit_kind)]

    def handed_over(self, state: str) -> bool:
        return any(each.state == state for each in self.hand_overs)


def _askable(kind: str) -> Callable[[_Facts], bool]:
    return lambda facts: facts.askable(kind)


def _decidable(kind: str) -> Callable[[_Facts], bool]:
    return lambda facts: facts.decidable(kind)


def _handed_over(state: str) -> Callable[[_Facts], bool]:
    return lambda facts: facts.handed_over(state)


_KINDS = ("extension", "return", "suspension")
_OPEN: Mapping[str, Callable[[_Facts], bool]] = {
    "report_rectification": lambda facts: bool(facts.own),
    "appeal_finding": lambda facts: facts.appealable,
    "end_suspension": lambda facts: facts.suspended,
    "verify_finding": lambda facts: facts.verifiable,
    "decide_dispute": lambda facts: facts.disputed,
    "assign_worker": lambda facts: bool(facts.managed),
    "hand_back": lambda facts: facts.waits_for_hand_back,
    "cancel_co_unit": lambda facts: any(each.role != "lead" and each.state != "handed_back" for each in facts.standing),
    "reply_supervision": lambda facts: facts.demanded,
    "end_supervision": lambda facts: bool(facts.demands),
    "receive_hand_over": _handed_over("sent"),
    "refuse_hand_over": _handed_over("sent"),
    "conclude_hand_over": _handed_over("received"),
    "ungroup_finding": lambda facts: facts.row.campaign is not None,
    **dict.fromkeys(("void_finding", "waive_photo", "correct_finding", "close_finding"), lambda facts: facts.free),
    **{f"request_{kind}": _askable(kind) for kind in _KINDS},
    **{f"{verb}_{kind}": _decidable(kind) for verb in ("grant", "refuse") for kind in _KINDS},
    **dict.fromkeys(("grant_appeal", "refuse_appeal"), lambda facts: facts.ruleable),
}


def open_moves(session: Session, row: Finding, actor: Actor, *, at: dt.datetime) -> list[str]:
    """The verbs open to the actor: by state, role and request to void, and where there is something that they can be done to."""
    facts = _Facts(session, row, actor, at)
    return [verb for verb in moves_open_to(actor, row) if verb not in _OPEN or _OPEN[verb](facts)]


def moves_of(session: Session, row: Finding, actor: Actor, *, at: dt.datetime) -> dict[str, Any]:
    """The same with words in both languages, where each leads, and what it still needs (`unmet`)."""
    needs = needs_of(row)
    pending = ["void_request"] if row.void_request is not None else []
    items = [
        {
            **named(verb),
            "target": MOVES[verb].target or None,
            "clock": MOVES[verb].clock,
            "unmet": [need for need in needs if need in MOVES[verb].needs] + (pending if MOVES[verb].pending is False else []),
        }
        for verb in open_moves(session, row, actor, at=at)
    ]
    return {"state": row.state, "state_version": row.state_version, "items": items}
