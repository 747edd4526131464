"""What a field comes to when several people amend it unseen by each other: a function of the set of their claims, not of who came first.

Each amendment of a field is kept as a claim. The claims are taken in the order of their corrected times (see `ordered`), as if all had
arrived so, whatever the order of arrival; from that follow the value and the proposals. Source: the conflict matrix (`rules.conflicts`),
rows "two inspectors, different fields / same field".

A condition is a number within one category. It is therefore kept for the category it was chosen for: another category brings its own
condition, none at first, and the old one comes back with the old category. So category and condition cannot depend on which came first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from backend.domains.findings.rules.claims import ALONE, Claim, State, Track, alike, category_key

MOST_CLAIMS = 100
"""Of one field: more are folded into its base, the oldest first."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the fields have come to. `conditions` by category, `chosen_for` the category of each claim of a condition by its id."""

    states: dict[str, State]
    conditions: dict[str, State]
    chosen_for: dict[str, str]

    def value(self, name: str) -> Any:
        """The value of the field."""
        return self.states[name].value

    def proposals(self, name: str) -> tuple[Claim, ...]:
        """What is proposed for the field, the earliest first.

        A condition proposed together with a category is shown with it.
        """
        found = list(self.states[name].proposals)
        if name == "condition":
            for category in self.states["category"].proposals:
                key = category_key(category.value)
                if key != category_key(self.value("category")):
                    held = self.conditions.get(key, State(None))
                    found += [each for each in (held.claim, *held.proposals) if each is not None and each.by == category.by]
        return tuple(sorted(found, key=lambda each: (each.at, each.id)))


def settle(tracks: Mapping[str, Track], *, author: UUID, holds: Callable[[str, int], bool]) -> Settled:
    """What the fields come to by their tracks. Tracks of category and condition come together or not at all.

    `holds`: whether a category (`kind:code`) has this condition.
    """
    states: dict[str, State] = {}
    conditions: dict[str, State] = {}
    chosen_for: dict[str, str] = {}
    for name, track in tracks.items():
        if name != "condition":
            states[name] = _steps(name, track.bases[ALONE], ordered(track.claims), author)[-1][1]
    if "condition" in tracks:
        conditions, chosen_for = _conditions(tracks, author, holds)
        states["condition"] = conditions.get(category_key(states["category"].value), State(None))
    return Settled(states, conditions, chosen_for)


def fix_categories(tracks: Mapping[str, Track], settled: Settled) -> None:
    """Write down which category each condition was taken to be for, before the claims it was taken from are gone."""
    track = tracks["condition"]
    track.claims = [replace(each, of=settled.chosen_for[each.id]) for each in track.claims]


def shorten(tracks: Mapping[str, Track], *, author: UUID, holds: Callable[[str, int], bool]) -> None:
    """Take the oldest claims of a track that has grown beyond all measure into its base: from then on their order is as it is."""
    if "condition" in tracks and any(len(tracks[name].claims) > MOST_CLAIMS for name in ("category", "condition")):
        fix_categories(tracks, settle(tracks, author=author, holds=holds))
    for name, track in tracks.items():
        if len(track.claims) <= MOST_CLAIMS:
            continue
        claims = ordered(track.claims)
        old, track.claims = claims[: MOST_CLAIMS // 2], claims[MOST_CLAIMS // 2 :]
        if name == "condition":
            bases, _ = _conditions({**tracks, "condition": Track(track.bases, old)}, author, holds)
            track.bases = bases
        else:
            track.bases = {ALONE: _steps(name, track.bases[ALONE], old, author)[-1][1]}


def ordered(claims: Iterable[Claim]) -> list[Claim]:
    """The claims as if they had arrived by their corrected times, a tie by id; those of one phone as that phone made them.

    A corrected time hangs on how long its request was under way: two claims of one phone may be corrected past each other. The later one
    then counts as of the moment of the earlier.
    """
    keys = _keys(claims)
    return sorted(claims, key=lambda each: keys[each.id])


def _keys(claims: Iterable[Claim]) -> dict[str, tuple[dt.datetime, str, int]]:
    keys: dict[str, tuple[dt.datetime, str, int]] = {}
    last: dict[UUID, tuple[dt.datetime, str]] = {}
    for claim in sorted(claims, key=lambda each: (each.seq or 0, each.at, each.id)):
        moment = claim.at, claim.id
        if claim.replica is not None:
            moment = last[claim.replica] = max(last.get(claim.replica, moment), moment)
        keys[claim.id] = (*moment, claim.seq or 0)
    return keys


def _steps(name: str, base: State, claims: Iterable[Claim], author: UUID) -> list[tuple[Claim | None, State]]:
    steps: list[tuple[Claim | None, State]] = [(None, base)]
    for claim in claims:
        steps.append((claim, _step(name, steps[-1][1], claim, author)))
    return steps


def _step(name: str, state: State, claim: Claim, author: UUID) -> State:
    """What becomes of the field by one more claim."""
    seen, value, present = alike(name, claim.seen), alike(name, claim.value), alike(name, state.value)
    proposals = tuple(each for each in state.proposals if each.by != claim.by)  # what somebody says last is what that person means
    by_author = claim.by == author
    if value == present:
        # Two said the same: said by the author too, it holds against a third.
        if by_author and not claim.held and state.since_author is None and _knows(name, seen, state.since_decision):
            return replace(state, claim=claim, since_author=(state.value,), proposals=proposals)
        return replace(state, proposals=proposals)
    unaware = not _knows(name, seen, state.since_author) and not by_author
    if claim.held or unaware or not _knows(name, seen, state.since_decision):
        return replace(state, proposals=(*proposals, claim))
    displaced = state.claim
    if displaced is not None and by_author and displaced.by != author and seen != present:
        proposals = (*(each for each in proposals if each.by != displaced.by), displaced)
    return State(
        value=claim.value,
        claim=claim,
        since_decision=None if state.since_decision is None else (*state.since_decision, claim.value),
        since_author=(claim.value,) if by_author else None if state.since_author is None else (*state.since_author, claim.value),
        proposals=tuple(each for each in proposals if alike(name, each.value) != value),
    )


def _knows(name: str, seen: Any, since: tuple[Any, ...] | None) -> bool:
    return since is None or any(alike(name, each) == seen for each in since)


def _conditions(tracks: Mapping[str, Track], author: UUID, holds: Callable[[str, int], bool]) -> tuple[dict[str, State], dict[str, str]]:
    """Each category's condition, and which category each claim of a condition was taken to be for."""
    keys = _keys([*tracks["category"].claims, *tracks["condition"].claims])
    in_order = [sorted(tracks[name].claims, key=lambda each: keys[each.id]) for name in ("category", "condition")]
    categories = _steps("category", tracks["category"].bases[ALONE], in_order[0], author)
    states = dict(tracks["condition"].bases)
    shown = {key: [base.value] for key, base in states.items()}
    chosen_for: dict[str, str] = {}
    for claim in in_order[1]:
        by_then = [(earlier, state) for earlier, state in categories if earlier is None or keys[earlier.id] <= keys[claim.id]]
        key = claim.of or _meant(claim, by_then, shown, holds)
        states[key] = _step("condition", states.get(key, State(None)), claim, author)
        shown.setdefault(key, [None]).append(claim.value)
        chosen_for[claim.id] = key
    return states, chosen_for


def _meant(
    claim: Claim, categories: list[tuple[Claim | None, State]], shown: Mapping[str, list[Any]], holds: Callable[[str, int], bool]
) -> str:
    """The category that a condition was chosen for where nobody said it.

    Of those in force by then, and those that the same person named, the newest that has the condition and can have shown what was seen.
    """
    named = []
    for earlier, state in categories:
        named.append(category_key(state.value))
        if earlier is not None and earlier.by == claim.by:
            named.append(category_key(earlier.value))
    candidates = list(dict.fromkeys(reversed(named)))
    fitting = [key for key in candidates if claim.value is None or holds(key, claim.value)]
    return next((key for key in fitting if claim.seen in shown.get(key, [None])), (fitting or candidates)[0])
