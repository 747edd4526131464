"""What a contract, a coverage and a line of the matrix must look like before they are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from backend.core.problems import Clash, Invalid, Missing
from backend.domains.catalog.rules.categories import TRADES
from backend.domains.contracts.rules.match import COVERAGE_KINDS

ROLES = ("area_owner", "trade_owner", "acting")
SCOPES = ("category", "class", "trade", "all")
WIDEST_BUFFER_M = 500.0
MOST_PRIORITY = 1_000

Faults = list[tuple[str, str]]


class ContractInvalid(Invalid):
    """A contract, section, coverage or responsibility with a wrong field."""

    slug = "contract_invalid"
    title = "The contract data have a fault"
    title_zh = "合同数据有误"
    way_out = "Correct the fields listed under errors; valid_until is the first day that no longer counts. Nothing was changed."
    way_out_zh = "请更正 errors 中所列字段；valid_until 为不再有效的首日(不含当日)。数据未作任何改动。"


class ContractTaken(Clash):
    """A contract's number or a section's code that is taken, or a successor or end that the contract already has."""

    slug = "contract_taken"
    title = "There is one already"
    title_zh = "合同信息重复"
    way_out = "Fetch the contract that is there; choose another number or code, or correct that one."
    way_out_zh = "请先查看已有合同；另选编号，或更正原合同。"


class ContractMissing(Missing):
    """No such contract or section, or not one this caller may see."""

    slug = "contract_not_found"
    title = "There is no such contract"
    title_zh = "合同不存在"
    way_out = "GET /api/v1/contracts lists the contracts that you may see."
    way_out_zh = "可通过 GET /api/v1/contracts 查看您有权查看的合同。"


@dataclass(frozen=True, slots=True)
class Days:
    """A period: `first` counts, `until` is the first day that does not; None: open."""

    first: dt.date
    until: dt.date | None

    def faults(self) -> Faults:
        """Reversed days."""
        if self.until is not None and self.until <= self.first:
            return [("/valid_until", f"{self.until} is not after valid_from {self.first}")]
        return []

    def outside(self, other: Days) -> Faults:
        """Days of this period that the other does not have."""
        faults = []
        if self.first < other.first:
            faults.append(("/valid_from", f"{self.first} is before the contract's first day {other.first}"))
        if other.until is not None and (self.until is None or self.until > other.until):
            faults.append(("/valid_until", f"{self.until or 'open'} is after the contract's {other.until}"))
        return faults


def refuse(faults: Faults) -> None:
    """Raises ContractInvalid with these faults, if there is one."""
    if faults:
        raise ContractInvalid("; ".join(f"{pointer[1:]}: {detail}" for pointer, detail in faults), errors=faults)


def contractor_faults(kind: str | None) -> Faults:
    """What is wrong with the unit of this kind (None: unknown) as a contractor."""
    if kind is None:
        return [("/contractor", "there is no such unit")]
    return [("/contractor", f"the unit is a {kind}, not a contractor")] if kind != "contractor" else []


def coverage_faults(*, trade: str, kind: str, code: str, buffer_m: float | None, days: Days, contract: Days) -> Faults:
    """What is wrong with a coverage by itself and against its contract's days; whether its code exists is asked elsewhere."""
    faults = days.faults() or days.outside(contract)
    if trade not in TRADES:
        faults = [*faults, ("/trade", f"{trade!r} is none of {', '.join(TRADES)}")]
    if kind not in COVERAGE_KINDS:
        faults = [*faults, ("/kind", f"{kind!r} is none of {', '.join(COVERAGE_KINDS)}")]
    if not code.strip():
        faults = [*faults, ("/code", "is empty")]
    if kind == "road" and (buffer_m is None or not 0 < buffer_m <= WIDEST_BUFFER_M):
        faults = [*faults, ("/buffer_m", f"a road needs a buffer above 0 and up to {WIDEST_BUFFER_M:g} metres")]
    if kind != "road" and buffer_m is not None:
        faults = [*faults, ("/buffer_m", "only a road has a buffer")]
    return faults


def responsibility_faults(*, role: str, scope: str, key: str, days: Days, known: Collection[str]) -> Faults:
    """What is wrong with a line of the matrix; `known` are the keys there are for its scope of category or class."""
    faults = days.faults()
    if role not in ROLES:
        faults = [*faults, ("/role", f"{role!r} is none of {', '.join(ROLES)}")]
    if scope not in SCOPES:
        return [*faults, ("/scope", f"{scope!r} is none of {', '.join(SCOPES)}")]
    keys: Collection[str] = TRADES if scope == "trade" else (("",) if scope == "all" else known)
    if key not in keys:
        faults = [*faults, ("/key", f"{key!r} is no {scope}" if scope != "all" else "scope all takes no key")]
    return faults
