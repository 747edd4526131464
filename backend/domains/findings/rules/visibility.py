"""Who may see a finding: one law for lists, documents, photos and the feed.

A finding is in named scopes; a person has scopes open by the roles held; it is visible where the two meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from backend.core.act import Actor

AREA_ROLES = ("inspector", "acceptor", "shift_leader", "dispatcher", "assessor", "leader", "auditor", "town_officer", "liaison")
CONTRACTOR_ROLES = ("contractor_manager", "contractor_worker")
DEPARTMENT_ROLES = ("department_officer",)
UNIT_ROLES = (*DEPARTMENT_ROLES, "town_officer", "liaison", "leader")
"""Roles that read what was dispatched to the unit they are held in, be it a department, a town, a community or the district."""
_WORKERS = (*CONTRACTOR_ROLES, *UNIT_ROLES)
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


def scopes_of(finding: Visible) -> list[str]:
    """The scopes it is in: its recorder's, its areas', its trade's bureau's, and those of whoever it was dispatched to."""
    scopes = [f"user:{finding.recorded_by}", f"district:{finding.district}"]
    if finding.town:
        scopes.append(f"town:{finding.town}")
    if finding.community:
        scopes.append(f"community:{finding.community}")
    if finding.trade_owner:
        scopes.append(f"department:{finding.trade_owner}")
    return sorted({*scopes, *finding.units})


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


def is_visible(finding: Visible, actor: Actor) -> bool:
    """Whether the actor may see it."""
    return not set(scopes_of(finding)).isdisjoint(scopes_open_to(actor))


def is_outsider(actor: Actor) -> bool:
    """Whether all the actor's roles are a contractor's: names of staff are masked for them."""
    return bool(actor.grants) and all(grant.role in CONTRACTOR_ROLES for grant in actor.grants)
