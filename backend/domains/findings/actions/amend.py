"""Amending and withdrawing: what others did meanwhile is never overwritten unseen, and nothing sent is thrown away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.deeds import deed
from backend.domains.catalog import queries as catalog
from backend.domains.findings.actions.attach import release_followers
from backend.domains.findings.actions.fields import Fields, row_versions
from backend.domains.findings.actions.placing import UnknownCondition, categorise
from backend.domains.findings.actions.steps import follow
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.one import await_finding
from backend.domains.findings.queries.proposals import present_value
from backend.domains.findings.rules.amending import AMENDABLE, is_held, rule_of_amendment, seen_of
from backend.domains.findings.rules.claims import UNSEEN, Claim, alike, category_key
from backend.domains.findings.rules.conflicts import WITHDRAWN_AFTER_END, WITHDRAWN_AFTER_FILING
from backend.domains.findings.rules.moves import ENDED, UNFILED, Move
from backend.domains.findings.rules.moving import NotYourFinding, allowed
from backend.domains.findings.rules.visibility import scopes_of
from backend.domains.territory.rules import datums

AMENDERS = ("inspector", "acceptor", "shift_leader", "dispatcher", "liaison")


@dataclass(slots=True)
class Amended:
    """What became of each field: set, kept as it was because a later write stands, or proposed; and the row of the matrix that it met."""

    finding: Finding
    set: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    proposed: list[str] = field(default_factory=list)
    rule: Rule | None = None


@deed
def amend_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Amended:
    """Change fields: each is a claim beside all others on that field, and what they come to together stands (rules.settling).

    The recorder amends wherever the finding is; others need a role for its area. Once it is void or withdrawn the facts are stored
    and the state stays. Raises UnknownCategory, UnknownCondition, PlaceAbsurd, DatumUnknown.
    """
    row = await_finding(session, act, finding)
    person = act.actor.person
    if person is None or not (person == row.recorded_by or allowed(Move("amend", (), "", AMENDERS), act.actor, row)):
        raise NotYourFinding("only its recorder, or staff of its area, amend a finding", roles=list(AMENDERS))
    changes: dict[str, dict[str, Any]] = {name: payload["fields_"][name] for name in AMENDABLE if name in payload["fields_"]}
    fields = Fields.of(session, row, changes)
    claims, mapped = _claims(session, act, row, changes)
    for name, claim in claims.items():
        fields.tracks[name].claims.append(claim)
    _check_condition(fields, claims.get("condition"))

    before = scopes_of(row)
    changed = fields.put(act.at)
    begun, ended = fields.settle_proposals(act)
    result = Amended(row, set=changed)
    settled = fields.settled()
    for name, claim in claims.items():
        if any(each.id == claim.id for each in settled.proposals(name)):
            result.proposed.append(name)
        elif alike(name, claim.value) != alike(name, present_value(row, name)):
            result.kept.append(name)
    if changed or begun or ended:
        row.version += 1
        fields.note_version(act)
    result.rule = rule_of_amendment(
        state=row.state,
        changed=bool(changed),
        kept=bool(result.kept),
        proposed=result.proposed,
        displaced=any(proposal.proposed_by != person for proposal in begun),
        foreign=_foreign(act, row),
        mapped=mapped,
    )
    if ended:
        ops = sorted({str(each.op) for each in ended if each.op})
        tell(act, "finding.proposals_resolved", row, ops=ops, choices={each.field: each.choice for each in ended}, set=[])
    tell(act, "finding.amended", row, left=before, set=result.set, kept=result.kept, proposed=result.proposed)
    return result


@deed
def withdraw_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Take back an own finding.

    Once filed it becomes a request to void, which a shift leader decides; ended already, the reason is stored and the state stays.
    """
    row = await_finding(session, act, finding)
    if row.recorded_by != act.actor.person:
        raise NotYourFinding("only its recorder withdraws a finding", roles=["recorder"])
    row.version += 1
    if row.state in UNFILED:
        follow(session, act, row, "withdrawn")
        tell(act, "finding.withdrawn", row, reason=payload["reason"])
        release_followers(session, act, head=row)
        return row, None
    if row.state in ENDED:
        tell(act, "finding.withdrawal_noted", row, reason=payload["reason"])
        return row, WITHDRAWN_AFTER_END
    if row.void_request is not None:  # the request that is pending is decided first; this reason is kept with the history
        tell(act, "finding.withdrawal_noted", row, reason=payload["reason"])
        return row, WITHDRAWN_AFTER_FILING
    row.void_request = {"by": str(act.actor.person), "at": act.happened_at.isoformat(), "reason": payload["reason"]}
    tell(act, "finding.void_requested", row, reason=payload["reason"])
    return row, WITHDRAWN_AFTER_FILING


def _claims(session: Session, act: Act, row: Finding, changes: dict[str, dict[str, Any]]) -> tuple[dict[str, Claim], bool]:
    """The claims, and whether a category was taken as its successor."""
    person = act.actor.person
    assert person is not None, "checked"
    id_ = str(act.op or act.new_id())
    claims, mapped = {}, False
    for name, change in changes.items():
        seen, value = seen_of(name, change["seen"]), change["value"]
        if name == "category":
            category, mapped = categorise(session, value, None, at=row.recorded_at, pointer="/fields/category/value")
            value = {"kind": category.kind, "code": category.code, "edition": category.edition}
            seen = _category_seen(session, row, seen)
        elif name == "place":
            datums.check_place(value["lon"], value["lat"], value["datum"], at="/fields/place/value")
        held = is_held(name, row.state)
        claims[name] = Claim(
            id=id_, by=person, at=act.happened_at, seen=seen, value=value, op=act.op, held=held, replica=act.replica, seq=act.seq
        )
    if "condition" in claims:
        of = _chosen_for(session, act, row, changes["condition"], claims.get("category"))
        seen = None if "category" in claims else claims["condition"].seen  # another category's condition says nothing of this one's
        claims["condition"] = replace(claims["condition"], of=of, seen=seen)
    return claims, mapped


def _category_seen(session: Session, row: Finding, seen: Any) -> Any:
    """A retired category that a phone still shows is its successor."""
    if seen is None:
        return None
    known = catalog.catalogue(session).resolve(seen["kind"], seen["code"], seen.get("edition"), at=row.recorded_at)
    if known is None:
        return UNSEEN
    return {"kind": known[0].kind, "code": known[0].code, "edition": known[0].edition}


def _chosen_for(session: Session, act: Act, row: Finding, change: dict[str, Any], category: Claim | None) -> str | None:
    """The category that the condition was chosen for: of the same amendment, as it says, at the desk the present one; else unknown."""
    if category is not None:
        return category_key(category.value)
    if change.get("of") is not None:
        named, _ = categorise(session, change["of"], None, at=row.recorded_at, pointer="/fields/condition/of")
        return category_key({"kind": named.kind, "code": named.code})
    return None if act.op else category_key({"kind": row.kind, "code": row.code})


def _check_condition(fields: Fields, claim: Claim | None) -> None:
    if claim is None or claim.value is None:
        return
    category = fields.settled().chosen_for[claim.id]
    if not fields.holds(category, claim.value):
        raise UnknownCondition(
            f"category {category} has no condition {claim.value}",
            errors=[("/fields/condition/value", "a condition number of the category, or null")],
        )


def _foreign(act: Act, row: Finding) -> bool:
    """Whether others amended it since the version that was seen; versions by the same replica are not foreign."""
    if act.base is None:
        return False
    return any(version > act.base and replica != str(act.replica) for version, replica in row_versions(row))
