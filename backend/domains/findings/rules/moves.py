"""The state machine as one table: which verb takes a finding from where to where, by whom, and what it needs.

Source: the project's domain page, section 3. The actions, the list of moves open to a person and the OpenAPI text come from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from backend.core.act import Actor, Grant
from backend.core.problems import Clash, Forbidden, Kind, Problem


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table. `by` are roles (`recorder`: who recorded it), `needs` are flags that must be clear, `clock` what starts."""

    verb: str
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    needs: tuple[str, ...] = ()
    clock: str | None = None


FILING_NEEDS = ("unlocated", "photos", "condition")

MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        Move("withdraw_finding", ("recorded",), "withdrawn", ("recorder",)),
        Move("file_finding", ("recorded",), "filed", ("acceptor", "shift_leader"), FILING_NEEDS, "dispatch limit"),
        Move("request_void", ("recorded", "filed"), "", ("acceptor", "shift_leader")),
        Move("void_finding", ("recorded", "filed"), "void", ("shift_leader",)),
        Move("dispatch_finding", ("filed",), "dispatched", ("dispatcher",), ("photos",), "disposal"),
    )
}

ENDED = frozenset({"withdrawn", "void", "attached", "closed", "self_resolved"})


class MoveNotOpen(Clash):
    """The finding is in a state from which this verb does not lead."""

    slug = "move_not_open"
    title = "The finding is not in a state for this"
    title_zh = "当前状态不能进行该操作"
    way_out = "Fetch the finding; `sources` lists the states from which this is possible."
    way_out_zh = "请刷新案卷；sources 列出了允许该操作的状态。"


class NotYourFinding(Forbidden):
    """No role held for the finding's area allows this move."""

    slug = "not_authorised"
    title = "Your roles do not allow this here"
    title_zh = "您的角色无权在此区域办理"
    way_out = "Ask somebody who holds one of the roles named for the finding's area."
    way_out_zh = "请由在该区域具备所列角色的人员办理。"


class NotReady(Problem):
    """Something the move needs is unmet; `unmet` lists it."""

    slug = "not_ready"
    kind = Kind.CLASH
    title = "Something this move needs is unmet"
    title_zh = "尚不满足办理条件"
    way_out = "Meet what `unmet` lists: wait for or waive photos, choose a condition, correct the place."
    way_out_zh = "请补足 unmet 所列条件：等待或豁免照片、选择立案条件、更正位置。"


class StateMoved(Problem):
    """Somebody else moved it first."""

    slug = "state_moved"
    kind = Kind.STALE
    title = "Somebody else moved it first"
    title_zh = "他人已先行办理"
    way_out = "Look at the present state and decide again."
    way_out_zh = "请查看最新状态后再决定。"


class SameHands(Forbidden):
    """Separation of duty: who asked does not approve."""

    slug = "same_hands"
    title = "Another person must do this"
    title_zh = "须由他人办理"
    way_out = "Ask another shift leader to approve it."
    way_out_zh = "请由另一位值班长审批。"


class Movable(Protocol):
    """What the rules look at."""

    state: str
    state_version: int

    @property
    def recorded_by(self) -> UUID: ...
    @property
    def district(self) -> str: ...
    @property
    def grid(self) -> str | None: ...


def covers(grant: Grant, finding: Movable) -> bool:
    """Whether the grant's area holds the finding: codes begin with their parents'. An unlocated finding belongs to the district alone."""
    return grant.area is not None and (finding.grid or finding.district).startswith(grant.area)


def allowed(move: Move, actor: Actor, finding: Movable) -> bool:
    """Whether the actor may do it here; the system itself may do what policy lets happen by itself."""
    if actor.person is None:
        return True
    if "recorder" in move.by and actor.person == finding.recorded_by:
        return True
    return any(covers(grant, finding) for grant in actor.grants_of(*move.by))


def check_move(verb: str, actor: Actor, finding: Movable, *, needs: Iterable[str], state_version: int | None = None) -> Move:
    """The move, or the problem that says what stands against it: role, version, state, needs — in this order."""
    move = MOVES[verb]
    if not allowed(move, actor, finding):
        raise NotYourFinding(f"{verb} is for {', '.join(move.by)} of the finding's area", roles=list(move.by))
    if state_version is not None and state_version != finding.state_version:
        raise StateMoved(
            f"state_version is {finding.state_version}, not {state_version}", state=finding.state, state_version=finding.state_version
        )
    if finding.state not in move.sources:
        raise MoveNotOpen(f"{verb} is not possible while {finding.state}", state=finding.state, sources=list(move.sources))
    unmet = [need for need in needs if need in move.needs]
    if unmet:
        raise NotReady(f"{verb} needs: {', '.join(unmet)}", unmet=unmet)
    return move


def moves_open_to(actor: Actor, finding: Movable) -> list[str]:
    """The verbs whose state and role fit; what they still need is said when they are tried."""
    return [verb for verb, move in MOVES.items() if finding.state in move.sources and allowed(move, actor, finding)]
