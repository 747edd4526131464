"""What a finding still needs: flags beside its state, shown as `needs`."""

from __future__ import annotations

from typing import Protocol


class Flagged(Protocol):
    """The flags."""

    unlocated: bool
    awaiting_contract: bool
    awaiting_calendar: bool
    lacks_photos: bool
    lacks_condition: bool
    disputed: bool


FLAGS = {
    "photos": "lacks_photos",
    "unlocated": "unlocated",
    "condition": "lacks_condition",
    "awaiting_contract": "awaiting_contract",
    "awaiting_calendar": "awaiting_calendar",
    "disputed": "disputed",
}


def needs_of(finding: Flagged) -> list[str]:
    """The flags that are set, by the names of the wire."""
    return [name for name, column in FLAGS.items() if getattr(finding, column)]


def lacks_photos(*, declared: int, settled: int) -> bool:
    """Whether evidence is incomplete: at least one photo must be declared, and each usable or waived (`settled`)."""
    return declared == 0 or settled < declared
