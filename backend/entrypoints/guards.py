"""The table from event to who above may refuse it."""

from __future__ import annotations

from backend.core import guards
from backend.core.guards import Guard
from backend.domains.sync.queries.capacity import check_capacity

GUARDS = (Guard("role.granted", check_capacity),)


def install() -> None:
    """Put them up."""
    guards.post(GUARDS)
