"""Gaps and overlaps of the area coverages of a trade, community by community."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.domains.contracts.rules.match import Match, Responsible, match
from backend.domains.contracts.rules.register import Register, scopes_of_trade
from backend.domains.territory.rules.locate import Located

State = Literal["covered", "gap", "partial", "overlap"]


@dataclass(frozen=True, slots=True)
class CommunityCoverage:
    """How a community is covered. `gaps` and `overlaps` are codes of grids.

    "overlap": some grid is held by two contracts or more, `settled_by` says by which rules one was chosen; else "partial": some grids are
    held by none, "gap": no grid is held. `acting` is the unit that the matrix names for the trade here, should a contract be missing.
    """

    community: str
    state: State
    grids: int
    gaps: tuple[str, ...]
    overlaps: tuple[str, ...]
    contracts: tuple[UUID, ...]
    settled_by: tuple[str, ...]
    acting: UUID | None


def report_coverage(register: Register, trade: str, grids: Iterable[str], day: dt.date) -> list[CommunityCoverage]:
    """One line a community that has grids, in order of code. Roads and assets are left out: they hold lines and points, not ground."""
    communities: dict[str, list[Match]] = defaultdict(list)
    codes: dict[str, list[str]] = defaultdict(list)
    for grid in sorted(grids):
        located = Located.of(grid)
        communities[located.community].append(match(register.holding(trade, located), day))
        codes[located.community].append(grid)
    lines = []
    for community, answers in communities.items():
        gap = next((grid for grid, answer in zip(codes[community], answers, strict=True) if answer.winner is None), codes[community][0])
        acting = register.responsible("acting", scopes_of_trade(trade), Located.of(gap), day)
        lines.append(_line(community, codes[community], answers, acting))
    return lines


def _line(community: str, grids: list[str], answers: list[Match], acting: Responsible | None) -> CommunityCoverage:
    gaps = tuple(grid for grid, answer in zip(grids, answers, strict=True) if answer.winner is None)
    overlaps = tuple(grid for grid, answer in zip(grids, answers, strict=True) if answer.runner_up is not None)
    contracts = {candidate.contract for answer in answers for candidate in answer.considered}
    state: State = "covered"
    if overlaps:
        state = "overlap"
    elif gaps:
        state = "gap" if len(gaps) == len(grids) else "partial"
    return CommunityCoverage(
        community=community,
        state=state,
        grids=len(grids),
        gaps=gaps,
        overlaps=overlaps,
        contracts=tuple(sorted(contracts)),
        settled_by=tuple(sorted({answer.reason for answer in answers if answer.runner_up is not None})),
        acting=acting.unit if acting is not None else None,
    )
