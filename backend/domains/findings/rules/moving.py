"""Asking the table of moves: who may do what to a finding as it stands, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from backend.core.act import Actor, Grant
from backend.core.problems import Clash, Forbidden, Kind, Problem
from backend.domains.findings.rules.moves import MOVES, Move
from backend.domains.findings.rules.visibility import units_managed_by, units_worked_for


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
    way_out = (
        "Meet what `unmet` lists: wait for or waive photos, choose a condition, correct the place, decide on the request to void it or on "
        "what is disputed. `after_photos`: the unit adds a photo of the work done; `verification_photos`: an inspector looks again and "
        "sends a photo with the verdict; `suspension_photos`: the unit asks again, with photos that show why. Of what was resolved on the "
        "spot its inspector adds `before_photos` and `after_photos`."
    )
    way_out_zh = (
        "请补足 unmet 所列条件：等待或豁免照片、选择立案条件、更正位置、先处理作废申请或争议；"
        "after_photos 须由处置单位补传处置后照片，verification_photos 须由监督员再次核查并附照片；"
        "suspension_photos 须由处置单位附照片重新申请挂账；自处置的 before_photos、after_photos 须由上报的监督员补传。"
    )


class StateMoved(Problem):
    """Somebody else moved it first."""

    slug = "state_moved"
    kind = Kind.STALE
    title = "Somebody else moved it first"
    title_zh = "他人已先行办理"
    way_out = "Look at the present state and decide again."
    way_out_zh = "请查看最新状态后再决定。"


class VoidPending(Clash):
    """Somebody has asked for the void already, and nobody has decided yet."""

    slug = "void_pending"
    title = "A request to void it is pending"
    title_zh = "已有待处理的作废申请"
    way_out = "Have another shift leader approve or refuse the request that is pending; `void_request` of the finding shows it."
    way_out_zh = "请由另一位值班长批准或驳回现有的作废申请；案卷的 void_request 显示该申请。"


class SameHands(Forbidden):
    """Separation of duty: who asked does not decide."""

    slug = "same_hands"
    title = "Another person must do this"
    title_zh = "须由他人办理"
    way_out = "Ask another shift leader to decide it."
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
    @property
    def void_request(self) -> dict[str, Any] | None: ...
    @property
    def units(self) -> Sequence[str]: ...
    @property
    def assigned(self) -> Sequence[str]: ...


def covers(grant: Grant, finding: Movable) -> bool:
    """Whether the grant's area holds the finding: codes begin with their parents'. An unlocated finding belongs to the district alone."""
    return grant.area is not None and (finding.grid or finding.district).startswith(grant.area)


def dispatches_here(actor: Actor, finding: Movable) -> bool:
    """Whether the actor is a dispatcher of the finding's area."""
    return any(covers(grant, finding) for grant in actor.grants_of("dispatcher"))


def allowed(move: Move, actor: Actor, finding: Movable) -> bool:
    """Whether the actor may do it here; the system itself may do what policy lets happen by itself."""
    if actor.person is None:
        return True
    if ("recorder" in move.by and actor.person == finding.recorded_by) or ("asker" in move.by and _asked_by(finding, actor)):
        return True
    if "assignee" in move.by and f"user:{actor.person}" in finding.assigned:
        return True
    if "doer" in move.by and not set(finding.units).isdisjoint(units_worked_for(actor)):
        return True
    if "manager" in move.by and not set(finding.units).isdisjoint(units_managed_by(actor)):
        return True
    return any(covers(grant, finding) for grant in actor.grants_of(*move.by))


def check_move(verb: str, actor: Actor, finding: Movable, *, needs: Iterable[str] | None = (), state_version: int | None = None) -> Move:
    """The move, or the problem that says what stands against it: role, version, state, needs — in this order.

    `needs` None: what it needs is not asked yet. Raises NotYourFinding, StateMoved, MoveNotOpen, NotReady, VoidPending, SameHands.
    """
    move = check_role(verb, actor, finding)
    if state_version is not None and state_version != finding.state_version:
        raise StateMoved(
            f"state_version is {finding.state_version}, not {state_version}", state=finding.state, state_version=finding.state_version
        )
    check_state(verb, finding)
    if needs is not None:
        _check_needs(move, actor, finding, needs)
    return move


def check_role(verb: str, actor: Actor, finding: Movable) -> Move:
    """The move, if the actor holds a role for it here; for deeds that may come late, in whatever state. Raises NotYourFinding."""
    move = MOVES[verb]
    if not allowed(move, actor, finding):
        raise NotYourFinding(f"{verb} is for {', '.join(move.by)} of the finding's area", roles=list(move.by))
    return move


def check_state(verb: str, finding: Movable, *, sources: tuple[str, ...] = ()) -> None:
    """Refuse the verb in a state from which it does not lead; `sources` narrows them. Raises MoveNotOpen."""
    sources = sources or MOVES[verb].sources
    if finding.state not in sources:
        raise MoveNotOpen(f"{verb} is not possible while {finding.state}", state=finding.state, sources=list(sources))


def moves_open_to(actor: Actor, finding: Movable) -> list[str]:
    """The verbs whose state, role and request to void fit; what they still need is said when they are tried."""
    return [
        verb
        for verb, move in MOVES.items()
        if finding.state in move.sources
        and allowed(move, actor, finding)
        and (move.pending is None or move.pending == (finding.void_request is not None))
        and not (move.pending and _asked_by(finding, actor))
    ]


def _check_needs(move: Move, actor: Actor, finding: Movable, needs: Iterable[str]) -> None:
    pending = finding.void_request is not None
    unmet = [need for need in needs if need in move.needs]
    if move.pending is not None and move.pending != pending:
        if move.verb == "request_void":
            raise VoidPending("somebody has asked for this finding to be voided, and nobody has decided yet")
        unmet.append("void_request")
    if unmet == ["void_request"]:
        said = "somebody has asked for it to be voided" if pending else "nobody has asked for it to be voided"
        raise NotReady(f"{move.verb} is not possible: {said}", unmet=unmet)
    if unmet:
        raise NotReady(f"{move.verb} needs: {', '.join(unmet)}", unmet=unmet)
    if move.pending and _asked_by(finding, actor):
        raise SameHands("whoever asked for the void does not decide on it")


def _asked_by(finding: Movable, actor: Actor) -> bool:
    return finding.void_request is not None and finding.void_request["by"] == str(actor.person)
