"""What becomes of an act that meets another done at the same time, out of its sight: the conflict matrix, row by row.

Source: the sync protocol, section 7, and the conflict matrix of the sync research; its severity clauses are void. Actions answer with a
row's `outcome`; they never make up a status or code of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["applied", "merged", "conflict", "rejected"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `late` is the act that arrives, `meets` what it finds; `then` says what holds afterwards.

    `any_order`: whether the findings, dispatches, patrols and photos must come out the same whichever of the two arrives first (⟂ of the
    matrix; versions aside).
    """

    late: str
    meets: str
    then: str
    status: Status
    code: str | None = None
    any_order: bool = False
