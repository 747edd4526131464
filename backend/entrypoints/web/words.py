"""Words that reach a page through a value: states, levels, roles. `N_` marks them for the catalogues; the page translates them."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - gettext's name for it
    """Mark for translation."""
    return text


STATES = {
    "recorded": N_("recorded"),
    "verifying": N_("verifying"),
    "filed": N_("filed"),
    "dispatched": N_("dispatched"),
    "rectified": N_("rectified"),
    "verified": N_("verified"),
    "appealed": N_("appealed"),
    "closed": N_("closed"),
    "self_resolved": N_("self-resolved"),
    "attached": N_("attached"),
    "void": N_("void"),
    "withdrawn": N_("withdrawn"),
}
"""Of findings, in the order of their life."""

PHOTOS = {
    "usable": N_("usable"),
    "stored": N_("stored, not yet examined"),
    "declared": N_("announced, not yet here"),
    "unreadable": N_("unreadable"),
}

LEVELS = {
    "district": N_("district"),
    "town": N_("towns"),
    "community": N_("communities"),
    "grid": N_("grids"),
}

ROLES = {
    "inspector": N_("inspector"),
    "acceptor": N_("acceptor"),
    "shift_leader": N_("shift leader"),
    "dispatcher": N_("dispatcher"),
    "contractor_manager": N_("contractor manager"),
    "contractor_worker": N_("contractor worker"),
    "department_officer": N_("department officer"),
    "town_officer": N_("town officer"),
    "liaison": N_("community liaison"),
    "assessor": N_("assessor"),
    "leader": N_("leader"),
    "auditor": N_("auditor"),
    "administrator": N_("system administrator"),
    "security_administrator": N_("security administrator"),
    "audit_administrator": N_("audit administrator"),
}

FAULTS = {
    "does not answer": N_("does not answer"),
    "not migrated": N_("not migrated"),
    "not at head": N_("not at head"),
    "cannot be written": N_("cannot be written"),
    "not known, the database does not answer": N_("not known, the database does not answer"),
}
