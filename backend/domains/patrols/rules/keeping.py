"""Who keeps the rosters of an area, and what a responsibility grid may be made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.core.act import Actor


def keeps_roster_of(actor: Actor, area: str) -> bool:
    """Whether the actor keeps the rosters of an area (code): an administrator, or a shift leader of it or of one above."""
    if actor.person is None or actor.holds("administrator"):
        return True
    return any(grant.area is not None and area.startswith(grant.area) for grant in actor.grants_of("shift_leader"))


def grid_faults(area: str, grids: Sequence[str], standing: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong with the unit grids of a responsibility grid; `standing` is code to level of the areas in force."""
    faults = [] if area in standing and standing[area] != "grid" else [("/area", f"there is no such district, town or community: {area}")]
    for number, code in enumerate(grids):
        if standing.get(code) != "grid":
            faults.append((f"/grids/{number}", f"there is no unit grid {code}"))
        elif not code.startswith(area):
            faults.append((f"/grids/{number}", f"{code} is not in {area}"))
    return faults
