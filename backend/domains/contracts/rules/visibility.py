"""Who may read which contracts."""

from __future__ import annotations

from uuid import UUID

from backend.core.act import Actor

OFFICE = (
    *("administrator", "dispatcher", "acceptor", "shift_leader", "leader", "auditor", "assessor"),
    *("department_officer", "town_officer", "inspector", "liaison"),
)
"""Roles that read all contracts and the answers of a match."""

CONTRACTORS = ("contractor_manager", "contractor_worker")
"""Roles that read the contracts of their own unit only."""


def contractors_seen(actor: Actor) -> frozenset[UUID] | None:
    """The contractors whose contracts this actor may read; None: all. A stranger sees those of none."""
    if actor.person is None or actor.holds(*OFFICE):
        return None
    return frozenset(grant.unit for grant in actor.grants_of(*CONTRACTORS) if grant.unit_kind == "contractor")
