"""Consent: moves that a policy lets nobody make alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from backend.core.act import Actor
from backend.core.problems import Clash, Forbidden
from backend.domains.findings.rules.moving import Movable, covers
from backend.domains.findings.rules.visibility import scope_of_unit


class ConsentMissing(Clash):
    """The policy wants somebody's consent before this move, and nobody has given it."""

    slug = "consent_missing"
    title = "This needs somebody's consent first"
    title_zh = "须先征得同意"
    way_out = "Ask a person who holds `role` for the finding to agree (POST /api/v1/findings/{id}/consents with `verb`); then try again."
    way_out_zh = "请由该案卷的 role 所列角色人员先表示同意（POST /api/v1/findings/{id}/consents，填写 verb），然后再办理。"


class ConsentRefused(Clash):
    """Who was to consent objects."""

    slug = "consent_refused"
    title = "Who was to agree objects"
    title_zh = "须征得同意的一方不同意"
    way_out = "Decide otherwise, or ask again: a later consent counts instead of the objection."
    way_out_zh = "请另作决定，或重新征求意见：其后的同意将取代此前的不同意。"


class ConsentNotAsked(Clash):
    """No policy in force here wants consent to this move."""

    slug = "consent_not_asked"
    title = "Nobody's consent is asked for this"
    title_zh = "该操作无须征得同意"
    way_out = "GET /api/v1/policies/in-force shows the moves that need consent here (`agree`); those who move it may go on."
    way_out_zh = "请通过 GET /api/v1/policies/in-force 的 agree 查看须征得同意的操作；办理人可直接办理。"


class NotYourConsent(Forbidden):
    """The consent is for somebody else to give."""

    slug = "not_your_consent"
    title = "This consent is not yours to give"
    title_zh = "您无权对此表示同意"
    way_out = "A person who holds `role` for the finding agrees or objects, and never who asks for the move or makes it."
    way_out_zh = "须由在该案卷范围内具备 role 所列角色的人员表态，且不得为申请人或办理人本人。"


class Given(Protocol):
    """A consent or an objection."""

    @property
    def result(self) -> str: ...
    @property
    def given_by(self) -> UUID: ...


class Owned(Movable, Protocol):
    """What decides whose consent it is."""

    @property
    def trade_owner(self) -> UUID | None: ...


def may_consent(role: str, actor: Actor, finding: Owned) -> bool:
    """Whether the actor holds the role for this finding: for its area, or in the bureau of its trade, or in a unit that works on it."""
    return any(
        covers(grant, finding) or grant.unit == finding.trade_owner or scope_of_unit(grant.unit, grant.unit_kind) in finding.units
        for grant in actor.grants_of(role)
    )


def check_giver(role: str, actor: Actor, finding: Owned, *, asked_by: Collection[UUID]) -> None:
    """Refuse a consent by who does not hold the role here, or asked for the move (`asked_by`). Raises NotYourConsent."""
    if not may_consent(role, actor, finding):
        raise NotYourConsent(f"{role} of the finding agrees or objects", role=role)
    if actor.person in asked_by:
        raise NotYourConsent("who asked for it does not agree to it", role=role)


def check_given(verb: str, role: str, given: Given | None, actor: Actor) -> None:
    """Refuse the move unless what was said last is a consent, by another than who makes it.

    Raises ConsentMissing, ConsentRefused, NotYourConsent.
    """
    if given is None:
        raise ConsentMissing(f"{verb} needs the consent of {role}", verb=verb, role=role)
    if given.result != "agreed":
        raise ConsentRefused(f"{role} objects to {verb}", verb=verb, role=role)
    if given.given_by == actor.person:
        raise NotYourConsent(f"who agreed to {verb} does not make it", role=role)
