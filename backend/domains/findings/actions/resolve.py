"""The desk decides on what is only proposed: keep what stands, take what is proposed, or set a value of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.deeds import deed
from backend.core.problems import Clash, Invalid
from backend.domains.findings.actions.fields import Fields, settle_proposal
from backend.domains.findings.actions.placing import UnknownCondition, categorise
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.notes import Proposal
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.queries.proposals import open_proposals, present_value
from backend.domains.findings.rules.amending import AMENDABLE, CHOICES, checked_value
from backend.domains.findings.rules.claims import alike, category_key
from backend.domains.findings.rules.moves import Move
from backend.domains.findings.rules.moving import NotYourFinding, SameHands, allowed
from backend.domains.findings.rules.visibility import scopes_of
from backend.domains.territory.rules import datums

DECIDERS = ("acceptor", "shift_leader")


class NothingProposed(Clash):
    """No open proposal on this field: somebody else has decided it, or it never was."""

    slug = "nothing_proposed"
    title = "Nothing is proposed there any more"
    title_zh = "该字段没有待处理的修改建议"
    way_out = "Fetch the finding: its `proposals` are those that are open."
    way_out_zh = "请刷新案卷；proposals 列出尚待处理的修改建议。"


@deed
def resolve_proposals(
    session: Session, act: Act, *, finding: UUID, op: UUID | None, choices: dict[str, dict[str, Any]], reason: str
) -> Finding:
    """Decide open proposals, field by field: `choices` is `{field: {"choice": keep | take | merge, "value": of merge}}`.

    `op`: those of one operation alone; None: all on the fields named. It takes effect whatever the state, also for what decides contract
    and deadline of a dispatched finding (its dispatches keep theirs). Never by a proposer. A category taken brings the condition that its
    proposer chose for it, unless the condition is decided as well. From then on who has not seen the decision can only propose.

    Problems point into `/fields`, where the body has the choices. Raises NotYourFinding, SameHands, NothingProposed, Invalid,
    UnknownCategory, UnknownCondition, PlaceAbsurd, DatumUnknown.
    """
    row = lock_finding(session, act, finding)
    if not allowed(Move("resolve_proposals", (), "", DECIDERS), act.actor, row):
        raise NotYourFinding("acceptors and shift leaders of its area decide on proposals", roles=list(DECIDERS))
    decided = _proposed(session, row, op, choices)
    if any(each.proposed_by == act.actor.person for proposals in decided.values() for each in proposals):
        raise SameHands("who proposed a value does not decide on it")
    values = {name: _value(session, row, name, choices[name], decided[name]) for name in AMENDABLE if name in choices}

    before = scopes_of(row)
    fields = Fields.of(session, row, choices)
    _decide(fields, values, decided, choices)
    changed = fields.put(act.at)
    for name, proposals in decided.items():
        choice = choices[name]["choice"]
        for each in proposals:
            settle_proposal(act, each, choice=choice)
    _, overtaken = fields.settle_proposals(act)
    row.version += 1
    fields.note_version(act)
    ended = [*(each for proposals in decided.values() for each in proposals), *overtaken]
    tell(
        act,
        "finding.proposals_resolved",
        row,
        left=before,
        ops=sorted({str(each.op) for each in ended if each.op}),
        choices={name: choices[name]["choice"] for name in decided},
        set=changed,
        reason=reason,
    )
    return row


def _proposed(session: Session, row: Finding, op: UUID | None, choices: Mapping[str, Any]) -> dict[str, list[Proposal]]:
    if not choices:
        raise Invalid("say for at least one field what is to be", errors=[("/fields", "at least one field")])
    found: dict[str, list[Proposal]] = {name: [] for name in choices}
    for each in open_proposals(session, row.id, names=choices):
        if op is None or each.op == op:
            found[each.field].append(each)
    for name, proposals in found.items():
        if not proposals:
            raise NothingProposed(f"nothing open is proposed for {name}", errors=[(f"/fields/{name}", "no open proposal")])
    return found


def _value(session: Session, row: Finding, name: str, choice: Mapping[str, Any], proposals: Sequence[Proposal]) -> Any:
    """What the field is to be."""
    what = choice.get("choice")
    if what not in CHOICES:
        raise Invalid(f"{name}: keep, take or merge", errors=[(f"/fields/{name}/choice", f"one of {', '.join(CHOICES)}")])
    if what == "keep":
        return present_value(row, name)
    if what == "take":
        if any(alike(name, each.value) != alike(name, proposals[0].value) for each in proposals):
            raise Invalid(
                f"several values are proposed for {name}: name the operation", errors=[(f"/fields/{name}", "several are proposed")]
            )
        return proposals[0].value
    if "value" not in choice:
        raise Invalid(f"{name}: merge needs a value", errors=[(f"/fields/{name}/value", "required")])
    value = checked_value(name, choice["value"])
    if name == "category":
        category, _ = categorise(session, value, None, at=row.recorded_at, pointer="/fields/category/value")
        return {"kind": category.kind, "code": category.code, "edition": category.edition}
    if name == "place":
        datums.check_place(value["lon"], value["lat"], value["datum"], at="/fields/place/value")
    return value


def _decide(
    fields: Fields, values: Mapping[str, Any], decided: Mapping[str, Sequence[Proposal]], choices: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write the decisions into the tracks; proposals of others on the same fields stay open."""
    settled = fields.settled()
    own = category_key(present_value(fields.row, "category"))
    category = category_key(values["category"]) if "category" in values else own
    for name, given in values.items():
        value = given
        gone = {(each.proposed_by, each.op) for each in decided[name]}
        left = [each for each in settled.states[name].proposals if (each.by, each.op) not in gone]
        if name == "condition":
            if category != own and choices[name]["choice"] == "keep":
                value = None  # what stands is the condition of a category that does not
            if category != own:
                left = []
            if value is not None and not fields.holds(category, value):
                raise UnknownCondition(
                    f"category {category} has no condition {value}",
                    errors=[("/fields/condition", "a condition number of the category as decided, or null")],
                )
        fields.decide(name, value, left=left, category=category)
