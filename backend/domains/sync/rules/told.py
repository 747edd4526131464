"""What the journal tells of an operation against what its outcome says, and what one may wait for."""

from __future__ import annotations

from uuid import UUID

from backend.domains.sync.rules.verdicts import REOPENED, SATISFYING

RESOLVED = "resolved_"
"""How the codes begin of outcomes that the desk made final."""

_KINDS: dict[str, frozenset[str]] = {
    "dependency": frozenset({"op"}),
    "parent_rejected": frozenset({"op"}),
    "earlier_operation": frozenset({"settled"}),
    "unknown_operation": frozenset({"operation"}),
    "not_yet": frozenset({"finding", "patrol"}),
    "base_ahead": frozenset({"finding", "patrol"}),
}
"""For each code of what waits the kinds of things it waits for."""


def fault_of(status: str, code: str | None, event: str, known: str | None, *, own: bool) -> str | None:
    """What is wrong with an outcome whose entry has this event; None where it fits.

    `own`: the entry is about the operation itself, and `known` the code it tells; otherwise it is about what the operation did, and says
    only that it was done. What the desk opened again keeps the entry it had. A status that is none is found elsewhere.
    """
    if status == "received" and code == REOPENED:
        return None
    resolved = (code or "").startswith(RESOLVED)
    if not own:
        done = status in SATISFYING and not resolved
        return None if done or status not in {*SATISFYING, "rejected", "deferred", "received"} else f"{status} ({code}), although {event}"
    wanted = "operation.resolved" if resolved and status == "merged" else f"operation.{status}"
    if status not in {*SATISFYING, "rejected", "deferred", "received"} or (event, known) == (wanted, code):
        return None
    return f"{status} ({code}), although the journal tells {event} ({known})"


def fault_of_wait(op: UUID, code: str | None, awaits: str) -> str | None:
    """What is wrong with what an operation deferred with this code waits for; None where it may."""
    kind, _, name = awaits.partition(":")
    if kind not in _KINDS.get(code or "", ()):
        return f"deferred ({code}), and waits for {awaits}"
    if kind == "operation":
        return None if name else f"waits for {awaits}, which names nothing"
    try:
        other = UUID(name)
    except ValueError:
        return f"waits for {awaits}, which names nothing"
    return "waits for itself" if kind in {"op", "settled"} and other == op else None
