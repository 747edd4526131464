"""Who may see a finding: one law for lists, documents, photos and the feed.

A finding is in named scopes; a person has scopes open by the roles held; it is visible where the two meet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from backend.core.act import Actor, Grant

AREA_ROLES = ("inspector", "acceptor", "shift_leader", "dispatcher", "assessor", "leader", "auditor", "town_officer", "liaison")
CONTRACTOR_ROLES = ("contractor_manager", "contractor_worker")
DEPARTMENT_ROLES = ("department_officer",)
UNIT_ROLES = (*DEPARTMENT_ROLES, "town_officer", "liaison", "leader")
"""Roles that read what was dispatched to the unit they are held in, be it a department, a town, a community or the district."""
_WORKERS = (*CONTRACTOR_ROLES, *UNIT_ROLES)
_READING = (*AREA_ROLES, *CONTRACTOR_ROLES, *UNIT_ROLES)
_LEVEL = {6: "district", 9: "town", 12: "community"}


class Visible(Protocol):
    """What decides who sees it."""

    @property
    def recorded_by(self) -> UUID: ...
    @property
    def community(self) -> str | None: ...
    @property
    def town(self) -> str | None: ...
    @property
    def district(self) -> str: ...
    @property
    def trade_owner(self) -> UUID | None: ...
    @property
    def units(self) -> Sequence[str]: ...
    @property
    def assigned(self) -> Sequence[str]: ...


def scopes_of(finding: Visible) -> list[str]:
    """The scopes it is in: its recorder's, its areas', its trade's bureau's, of whom it was dispatched to, of who is to look at it."""
    scopes = [f"user:{finding.recorded_by}", f"district:{finding.district}"]
    if finding.town:
        scopes.append(f"town:{finding.town}")
    if finding.community:
        scopes.append(f"community:{finding.community}")
    if finding.trade_owner:
        scopes.append(f"department:{finding.trade_owner}")
    return sorted({*scopes, *finding.units, *finding.assigned})


def scopes_open_to(actor: Actor) -> list[str]:
    """The scopes a person reads. An inspector of the whole district reads own findings only: a phone holds at most 20,000 entities.

    `department:` stands for every unit that is no contractor: see `scope_of_unit`.
    """
    if actor.person is None:
        return []
    scopes = {f"user:{actor.person}"}
    for grant in actor.grants:
        if grant.role in AREA_ROLES and grant.area and not (grant.role == "inspector" and len(grant.area) == 6):
            level = _LEVEL.get(len(grant.area))
            if level:
                scopes.add(f"{level}:{grant.area}")
        if grant.role in CONTRACTOR_ROLES:
            scopes.add(f"contractor:{grant.unit}")
        elif grant.role in UNIT_ROLES:
            scopes.add(f"department:{grant.unit}")
    return sorted(scopes)


def scope_of_unit(unit: UUID, kind: str) -> str:
    """The scope that a dispatch to this unit opens."""
    return f"{'contractor' if kind == 'contractor' else 'department'}:{unit}"


def units_worked_for(actor: Actor) -> set[str]:
    """The scopes of the units whose work the actor does: a contractor's people, and the officers of units that are none."""
    return {scope_of_unit(grant.unit, "contractor" if grant.role in CONTRACTOR_ROLES else "") for grant in actor.grants_of(*_WORKERS)}


def units_managed_by(actor: Actor) -> set[str]:
    """The scopes of the companies that the actor manages."""
    return {scope_of_unit(grant.unit, "contractor") for grant in actor.grants_of("contractor_manager")}


def has_worked_for(grants: Iterable[Grant], unit: UUID, kind: str, *, by: dt.datetime) -> bool:
    """Whether who held these roles did this unit's work by that moment, then or before: a phone may send late what was done for it."""
    roles = CONTRACTOR_ROLES if kind == "contractor" else UNIT_ROLES
    return any(grant.unit == unit and grant.role in roles and (grant.since is None or grant.since <= by) for grant in grants)


def is_visible(finding: Visible, actor: Actor) -> bool:
    """Whether the actor may see it."""
    return not set(scopes_of(finding)).isdisjoint(scopes_open_to(actor))


def may_be_told(finding: Visible, actor: Actor) -> bool:
    """Whether a message about it may go to the actor: where it may be seen, and to inspectors of its whole district, of a look taken back.

    Not to who holds no role any more, though what one recorded stays in the own scope.
    """
    if not actor.holds(*_READING):
        return False
    return is_visible(finding, actor) or any(grant.area == finding.district for grant in actor.grants_of("inspector"))


def is_outsider(actor: Actor) -> bool:
    """Whether all the actor's roles are a contractor's: names of staff are masked for them."""
    return bool(actor.grants) and all(grant.role in CONTRACTOR_ROLES for grant in actor.grants)


def is_of_another(grants: Iterable[Grant], units: Collection[UUID], *, at: dt.datetime) -> bool:
    """Whether who ever held these roles was a contractor's at that moment, or before it, and of none of these units."""
    known = [grant for grant in grants if grant.since is None or grant.since <= at]
    held = [grant for grant in known if grant.until is None or grant.until > at] or known
    return bool(held) and all(grant.role in CONTRACTOR_ROLES and grant.unit not in units for grant in held)


_NAMING = (
    "dispatch",
    "issued",
    "cancelled",
    "report",
    "request",
    "requests",
    "supervision",
    "hand_over",
    "photo",
    "photos",
    "task",
    "verb",
)
"""Facts of an entry of the history that name whose work it is about; a verb is what somebody of the staff agreed to."""


def concerns(facts: Mapping[str, Any], own: Collection[str]) -> bool:
    """Whether an entry of a finding's history is an outsider's to see: about what is the own, or about the finding as a whole.

    `own` are the ids of the own dispatches with all that was reported, asked and demanded of them, and of photos that may be seen.
    """
    values = [facts[name] for name in _NAMING if facts.get(name)]
    named = {each for value in values for each in (value if isinstance(value, (list, dict)) else [value])}  # photos: hashes by their ids
    return not named or not named.isdisjoint(own)
