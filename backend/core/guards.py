"""Guards: a domain above may refuse what one below is about to do, without the one below knowing it.

Tell up, and be told no: an act says what happened, and before it is sealed the guards of these events are asked. One that raises a Problem
undoes the act. The table is `entrypoints.guards.GUARDS`. Guards are asked where an act is performed alone, not in runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.core.act import Told


@dataclass(frozen=True, slots=True)
class Guard:
    """`check(session, told)` is given all that one act told of this event, its rows written; it raises a Problem to refuse."""

    event: str
    check: Callable[[Session, Sequence[Told]], None]


_POSTED: dict[str, list[Guard]] = {}


def post(guards: Iterable[Guard]) -> None:
    """Put these guards up in this process, and no others."""
    _POSTED.clear()
    for guard in guards:
        _POSTED.setdefault(guard.event, []).append(guard)


def ask(session: Session, told: Sequence[Told]) -> None:
    """Ask the guards of what was told. Raises what they raise."""
    for event in dict.fromkeys(item.event for item in told if item.event in _POSTED):
        for guard in _POSTED[event]:
            guard.check(session, [item for item in told if item.event == event])
