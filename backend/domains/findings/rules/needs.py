"""What a finding still needs: flags beside its state, shown as `needs`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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


BEFORE_WORK = ("before", "scene", "other")
"""Roles of photos that show how it was found: where "before" is wanted, any of them will do."""


def lacks_photos(photos: Iterable[tuple[str, bool]], wanted: Mapping[str, int]) -> bool:
    """Whether evidence is incomplete: each photo declared must be usable or waived, and of each role there must be as many as `wanted`.

    `photos` are (role, settled) of those that nobody took back; `wanted` is what the policy says of `record_finding`.
    """
    held = list(photos)
    return not all(settled for _, settled in held) or _too_few([role for role, _ in held], wanted)


@dataclass(frozen=True, slots=True)
class Proof:
    """The ids of the photos that show the work of one dispatch: `work` those its unit gave, `look` those of looks that found it good."""

    work: Collection[str]
    look: Collection[str]


def lacks_proof(
    photos: Iterable[Mapping[str, Any]], proofs: Iterable[Proof], *, work: Mapping[str, int], look: Mapping[str, int]
) -> tuple[bool, bool]:
    """What verified work lacks for being closed: photos of the work, and of the look before closing, for each of `proofs`.

    Those that are usable or waived count, of each role as many as `work` and `look` want: what the policy says of `report_rectification`
    and `verify_finding`. Any photo of the look is one of the verification. A photo of after counts for the dispatch whose work it shows,
    given by the unit or by the look; others show the place, whoever declared them. `photos` as `evidence.queries.photos_of` gives them.
    Source: the domain page, section 3 (report rectification: after photos at the place; verify pre_closing: photo, result).
    """
    good = {str(photo["id"]): str(photo["role"]) for photo in photos if not photo["retracted"] and photo["state"] in {"usable", "waived"}}
    undone = unseen = False
    for proof in proofs:
        shown = {*proof.work, *proof.look}
        done = [role for photo, role in good.items() if role != "after" or photo in shown]
        seen = [role for photo, role in good.items() if photo in proof.look]
        undone = undone or _too_few(done, work)
        unseen = unseen or _too_few([*seen, *("verification" for role in seen if role != "verification")], look)
    return undone, unseen


def lacking_on_the_spot(photos: Iterable[Mapping[str, Any]]) -> list[str]:
    """Which of before and after no photo shows that is usable or waived, by the names of the wire; `photos` as `lacks_proof` takes them."""
    good = {photo["role"] for photo in photos if not photo["retracted"] and photo["state"] in {"usable", "waived"}}
    return [f"{role}_photos" for role in ("before", "after") if role not in good]


def _too_few(roles: Sequence[str], wanted: Mapping[str, int]) -> bool:
    return any(sum(each in (BEFORE_WORK if role == "before" else (role,)) for each in roles) < count for role, count in wanted.items())
