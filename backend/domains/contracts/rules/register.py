"""The register of contracts in memory: coverages found by code, so that matching a place takes microseconds."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from backend.domains.catalog.rules.categories import Category
from backend.domains.contracts.rules.match import Candidate, Match, Responsible, match
from backend.domains.territory.rules.locate import Located
from backend.domains.territory.rules.territory import local_day


@dataclass(frozen=True, slots=True)
class ContractSummary:
    """A contract in short. In force on `valid_from` <= day < `valid_until`, and before `terminated_on`."""

    id: UUID
    number: str
    name: str
    contractor: UUID
    valid_from: dt.date
    valid_until: dt.date
    successor: UUID | None
    terminated_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Owners:
    """Who answers for a place and category whatever contract there is: the town (area owner, 块) and the bureau (trade owner, 条)."""

    area_owner: Responsible | None
    trade_owner: Responsible | None


class Register:
    """All coverages and responsibilities, whatever their days. Immutable: threads share it."""

    def __init__(
        self, coverages: Iterable[Candidate], matrix: Iterable[Responsible] = (), contracts: Iterable[ContractSummary] = ()
    ) -> None:
        self.coverages = tuple(coverages)
        self.contracts: Mapping[UUID, ContractSummary] = MappingProxyType({contract.id: contract for contract in contracts})
        self._areas = _index(self.coverages, "area")
        self._roads = _index(self.coverages, "road")
        self._assets = _index(self.coverages, "asset")
        self.reach_m = max((coverage.buffer_m for coverage in self.coverages if coverage.buffer_m is not None), default=0.0)
        """The widest buffer of any road: how far from a place its caller must look for roads, in metres."""
        lines: dict[tuple[str, str, str, str], list[Responsible]] = defaultdict(list)
        # Of two lines for the same thing the one that began later holds, then the lower id: always the same.
        for line in sorted(matrix, key=lambda line: (-line.valid_from.toordinal(), line.id.int)):
            lines[line.role, line.scope, line.key, line.area].append(line)
        self._lines = dict(lines)

    def match(
        self,
        category: Category,
        located: Located | None,
        roads: Sequence[tuple[str, float]] = (),
        asset: str | None = None,
        *,
        at: dt.datetime,
    ) -> Match:
        """The contract that answers for a place and category at a moment.

        `at` is the finding's corrected time for the liable contract and the moment of dispatch for the executing one. `located` None: in no
        grid; roads and assets may still hold the place. `roads` are pairs of code and metres of the segments within `reach_m`.
        """
        day = local_day(at)
        found = self.holding(category.trade, located, roads, asset)
        answer = match(found, day)
        if answer.winner is not None:
            return answer
        acting = self.responsible("acting", _scopes(category), located, day)
        return match(found, day, acting) if acting is not None else answer

    def holding(
        self,
        trade: str,
        located: Located | None,
        roads: Sequence[tuple[str, float]] = (),
        asset: str | None = None,
    ) -> list[Candidate]:
        """The coverages of a trade that hold a place, whatever their days."""
        found: list[Candidate] = []
        if located is not None:
            for code in (located.grid, located.community, located.town, located.district):
                found += self._areas.get((trade, code), ())
        for code, metres in roads:
            found += [road for road in self._roads.get((trade, code), ()) if road.buffer_m is not None and metres <= road.buffer_m]
        if asset is not None:
            found += self._assets.get((trade, asset), ())
        return found

    def owners(self, category: Category, located: Located | None, *, at: dt.datetime) -> Owners:
        """Area owner and trade owner at a moment, each None where the matrix is silent."""
        day = local_day(at)
        scopes = _scopes(category)
        return Owners(
            area_owner=self.responsible("area_owner", scopes, located, day),
            trade_owner=self.responsible("trade_owner", scopes, located, day),
        )

    def responsible(
        self,
        role: str,
        scopes: Sequence[tuple[str, str]],
        located: Located | None,
        day: dt.date,
    ) -> Responsible | None:
        """The line that holds for the narrowest of these scopes, within it for the smallest area."""
        if located is None:
            return None
        for scope, key in scopes:
            for area in (located.grid, located.community, located.town, located.district):
                for line in self._lines.get((role, scope, key, area), ()):
                    if line.in_force(day):
                        return line
        return None


def scopes_of_trade(trade: str) -> tuple[tuple[str, str], ...]:
    """Scope and key of the lines that hold for a whole trade, the narrowest first."""
    return ("trade", trade), ("all", "")


def _scopes(category: Category) -> tuple[tuple[str, str], ...]:
    return ("category", category.key), ("class", category.class_key), *scopes_of_trade(category.trade)


def _index(coverages: Iterable[Candidate], kind: str) -> dict[tuple[str, str], tuple[Candidate, ...]]:
    found: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for coverage in coverages:
        if coverage.kind == kind:
            found[coverage.trade, coverage.code].append(coverage)
    return {key: tuple(group) for key, group in found.items()}
