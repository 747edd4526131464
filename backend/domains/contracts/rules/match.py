"""Choosing one contract among those that hold a place (domain.md section 5): order-independent, with its reason and the runner-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

CoverageKind = Literal["area", "road", "asset"]
COVERAGE_KINDS: tuple[CoverageKind, ...] = ("area", "road", "asset")

Reason = Literal["only_one", "priority", "more_specific", "later_signature", "lowest_id", "acting_unit", "awaiting_contract"]

_OF_DIGITS = {6: 1, 9: 2, 12: 3, 15: 4}
_SPECIFICITY = {"district": 1, "town": 2, "community": 3, "grid": 4, "road": 5, "asset": 6}
_LEVELS = {rank: level for level, rank in _SPECIFICITY.items()}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coverage that holds the place, with its section and contract.

    In force on the days `valid_from` <= day < `valid_until`: those of the coverage within those of the contract, cut at its termination.
    `priority` is the coverage's own, else the contract's; higher wins. `buffer_m` is the reach of a road to each side, edge included.
    """

    contract: UUID
    number: str
    name: str
    contractor: UUID
    section: UUID
    section_code: str
    section_name: str
    coverage: UUID
    trade: str
    kind: CoverageKind
    code: str
    buffer_m: float | None
    priority: int
    signed_on: dt.date
    valid_from: dt.date
    valid_until: dt.date

    def in_force(self, day: dt.date) -> bool:
        """Whether it holds on that day (Asia/Shanghai)."""
        return self.valid_from <= day < self.valid_until

    @property
    def specificity(self) -> int:
        """Rank of what it names: asset 6 > road 5 > grid 4 > community 3 > town 2 > district 1."""
        return _SPECIFICITY[self.kind] if self.kind != "area" else _OF_DIGITS[len(self.code)]

    @property
    def level(self) -> str:
        """What the coverage names: asset, road, grid, community, town or district."""
        return _LEVELS[self.specificity]


@dataclass(frozen=True, slots=True)
class Responsible:
    """A line of the responsibility matrix: who answers for some categories in an area.

    `scope` "category" (`key` `kind:code`), "class" (`kind:class code`), "trade" or "all" (""). `valid_until` is the first day after it.
    """

    id: UUID
    role: str
    scope: str
    key: str
    area: str
    unit: UUID
    person: str | None
    phone: str | None
    valid_from: dt.date
    valid_until: dt.date | None

    def in_force(self, day: dt.date) -> bool:
        """Whether it holds on that day (Asia/Shanghai)."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True)
class Match:
    """The answer. Exactly one of: a `winner`; an `acting` unit of the matrix (`acting_unit`); neither (`awaiting_contract`).

    `runner_up` is the best candidate of another contract than the winner's; `reason` says what set the winner before it. `considered` are
    all candidates in force, best first; `out_of_force` those that hold the place on other days only.
    """

    winner: Candidate | None
    reason: Reason
    runner_up: Candidate | None
    considered: tuple[Candidate, ...]
    out_of_force: tuple[Candidate, ...]
    day: dt.date
    acting: Responsible | None = None


def match(candidates: Iterable[Candidate], day: dt.date, acting: Responsible | None = None) -> Match:
    """Choose among candidates that hold the place and trade; `acting` is who the matrix names should there be none in force that day.

    Explicit priority first, then the more specific coverage, then the later signature, then the lowest contract id, which stands for
    nothing but that the answer is always the same. The order of `candidates` does not matter.
    """
    holding = sorted(candidates, key=_rank)
    considered = tuple(candidate for candidate in holding if candidate.in_force(day))
    out_of_force = tuple(candidate for candidate in holding if not candidate.in_force(day))
    if not considered:
        reason: Reason = "acting_unit" if acting is not None else "awaiting_contract"
        return Match(None, reason, None, (), out_of_force, day, acting)
    winner = considered[0]
    # Several coverages of one contract are no overlap: the contract is the same whichever holds.
    runner_up = next((candidate for candidate in considered if candidate.contract != winner.contract), None)
    return Match(winner, _reason(winner, runner_up), runner_up, considered, out_of_force, day)


def _rank(candidate: Candidate) -> tuple[int, int, int, int, int]:
    """Best first. UUIDs go in as numbers: that is quicker than comparing the objects."""
    return (
        -candidate.priority,
        -candidate.specificity,
        -candidate.signed_on.toordinal(),
        candidate.contract.int,
        candidate.coverage.int,
    )


def _reason(winner: Candidate, runner_up: Candidate | None) -> Reason:
    if runner_up is None:
        return "only_one"
    if winner.priority != runner_up.priority:
        return "priority"
    if winner.specificity != runner_up.specificity:
        return "more_specific"
    return "later_signature" if winner.signed_on != runner_up.signed_on else "lowest_id"
