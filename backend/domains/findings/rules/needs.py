"""What a finding still needs: flags beside its state, shown as `needs`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol


class Flagged(Protocol):
    """The flags."""

    unlocated: bool
    awaiting_contract: bool
    awaiting_calendar: bool
    lacks_photos: bool
    lacks_condition: bool
    disputed: bool
    lacks_after_photos: bool
    lacks_look_photos: bool


FLAGS = {
    "photos": "lacks_photos",
    "unlocated": "unlocated",
    "condition": "lacks_condition",
    "awaiting_contract": "awaiting_contract",
    "awaiting_calendar": "awaiting_calendar",
    "disputed": "disputed",
    "after_photos": "lacks_after_photos",
    "verification_photos": "lacks_look_photos",
}


def needs_of(finding: Flagged) -> list[str]:
    """The flags that are set, by the names of the wire."""
    return [name for name, column in FLAGS.items() if getattr(finding, column)]


def lacks_photos(*, declared: int, settled: int) -> bool:
    """Whether evidence is incomplete: at least one photo must be declared, and each usable or waived (`settled`)."""
    return declared == 0 or settled < declared


def lacks_proof(photos: Iterable[Mapping[str, Any]], *, looks: Collection[str], since: dt.datetime | None) -> tuple[bool, bool]:
    """What verified work lacks for being closed: a photo of after, and one of the look before closing (its photos' ids are `looks`).

    One that is usable or waived of each will do. Of a finding that was reopened only photos of after declared `since` count: earlier ones
    show the work that did not last. `photos` as `evidence.queries.photos_of` gives them. Source: the domain page, section 3 (report
    rectification: after photos at the place; verify pre_closing: photo, result).
    """
    good = [photo for photo in photos if not photo["retracted"] and photo["state"] in {"usable", "waived"}]
    after = any(photo["role"] == "after" and (since is None or photo["declared_at"] >= since) for photo in good)
    return not after, not any(str(photo["id"]) in looks for photo in good)
