"""The table of all worklists."""

from __future__ import annotations

from backend.core.act import Actor
from backend.core.problems import Forbidden, Missing
from backend.domains.findings.queries.worklists.desk import DESK
from backend.domains.findings.queries.worklists.field import FIELD
from backend.domains.findings.queries.worklists.kinds import Worklist
from backend.domains.findings.queries.worklists.leaders import LEADERS
from backend.domains.findings.queries.worklists.units import UNITS

WORKLISTS: dict[str, Worklist] = {each.name: each for each in (*DESK, *FIELD, *UNITS, *LEADERS)}
ROLES = tuple(dict.fromkeys(role for each in WORKLISTS.values() for role in each.roles))
"""Who has a worklist at all."""


class NotYourWorklist(Forbidden):
    """The worklist is another role's."""

    slug = "not_your_worklist"
    title = "This worklist is another role's"
    title_zh = "该工作清单不属于您的角色"
    way_out = "GET /worklists lists those of your roles."
    way_out_zh = "您可办理的清单见 GET /worklists。"


def worklists_of(actor: Actor) -> list[Worklist]:
    """Those that the actor's roles have, in the order of the table."""
    return [each for each in WORKLISTS.values() if actor.holds(*each.roles)]


def get_worklist(name: str, actor: Actor) -> Worklist:
    """The worklist of this name. Raises Missing, NotYourWorklist."""
    found = WORKLISTS.get(name)
    if found is None:
        raise Missing(f"there is no worklist {name[:60]}")
    if not actor.holds(*found.roles):
        raise NotYourWorklist(f"{name} is for {', '.join(found.roles)}", roles=list(found.roles))
    return found
