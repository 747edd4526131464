"""Where a finding comes from: kept with it for ever. Source: the project's domain page, section 3 (record)."""

from __future__ import annotations

from backend.core.act import Actor
from backend.core.problems import Invalid

CALLS = ("hotline", "video", "leader", "import")
"""What the desk records for others: a call to 12345, a camera, a leader's word, a list from elsewhere."""
SOURCES = ("inspector", "liaison", "resident", *CALLS)
CALL_TAKERS = ("acceptor", "shift_leader")


class SourceInvalid(Invalid):
    """The desk says where a finding comes from; who records what they saw themselves does not."""

    slug = "source_invalid"
    title = "This source does not go with your role"
    title_zh = "问题来源与角色不符"
    way_out = "An acceptor names hotline, video, leader or import; inspectors and liaisons leave `source` out."
    way_out_zh = "受理员须填写来源 hotline（热线）、video（视频）、leader（领导交办）或 import（导入）；监督员和联络员无需填写。"


def source_by_role(actor: Actor) -> str:
    """Whose eyes a phone's record is of: a liaison's, where its author is no inspector."""
    return "liaison" if actor.holds("liaison") and not actor.holds("inspector") else "inspector"


def source_of(actor: Actor, named: str | None) -> str:
    """The source of what is recorded at the desk. Raises SourceInvalid."""
    if named is None:
        if not actor.holds("inspector", "liaison"):
            raise SourceInvalid("source: an acceptor says where it comes from", errors=[("/source", f"one of {', '.join(CALLS)}")])
        return source_by_role(actor)
    if named not in CALLS or not actor.holds(*CALL_TAKERS):
        raise SourceInvalid(f"source: {named} is not yours to name", errors=[("/source", "leave it out, or ask an acceptor")])
    return named
