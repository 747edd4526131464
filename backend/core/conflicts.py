"""The shape of a row of the conflict matrix: what becomes of an act that meets another done at the same time, out of its sight.

The rows stand in `patrols.rules.patrols` and `findings.rules.conflicts`; the latter is the whole table, in the order of the research.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["applied", "merged", "conflict", "rejected", "deferred"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `late` is the act that arrives, `meets` what it finds; `then` says what holds afterwards.

    `any_order`: whether the findings, dispatches, patrols and photos must come out the same whichever of the two arrives first (⟂ of the
    matrix; versions aside). Status and code are those of the act named `late`.
    """

    late: str
    meets: str
    then: str
    status: Status
    code: str | None = None
    any_order: bool = False
