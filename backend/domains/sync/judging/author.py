"""When an operation was done, and whether its author might do it then (protocol, sections 2 and 6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from backend.core.act import Act
from backend.core.problems import Clash, Forbidden
from backend.domains.identity.queries import Standing
from backend.domains.sync.judging.run import Run
from backend.domains.sync.queries.kept import Judged, KeptOperation
from backend.domains.sync.rules.clock import corrected, window_of
from backend.domains.sync.rules.envelope import Operation
from backend.domains.sync.rules.verdicts import REOPENED


class RoleLost(Forbidden):
    """At the corrected time of the deed its author did not hold a role for it."""

    slug = "role_lost"
    title = "No role for this at that time"
    title_zh = "当时不具备相应角色"
    way_out = "The operation is kept; a supervisor can judge it again after the role was corrected."
    way_out_zh = "该操作已保存；更正角色后值班长可重新处理。"


class TimeUncertain(Clash):
    """Whether its author held the role then hangs on a time that is only estimated: a person must decide."""

    slug = "time_uncertain"
    title = "Its time is too uncertain to judge it"
    title_zh = "操作时间无法确定"
    way_out = "The operation is kept and stands deferred until a supervisor decides; phones should keep anchors of true time."
    way_out_zh = "该操作已保存并暂缓，待值班长决定；手机应保留准确的时间锚点。"


class ReplicaRevoked(Forbidden):
    """The phone's replica was revoked: what it still delivers is kept, not judged."""

    slug = "replica_revoked"
    title = "This phone's access was withdrawn"
    title_zh = "该终端的访问权限已被撤销"
    way_out = "The operation is kept; a supervisor can have it judged."
    way_out_zh = "该操作已保存；值班长可决定是否处理。"


def set_time(act: Act, run: Run, kept: KeptOperation, operation: Operation) -> None:
    """The corrected time and, where it is only estimated, its window.

    One judged again keeps the time it was given first: only then its predecessor was at hand. A time that the desk gave stands over all.
    """
    act.device_at = operation.at
    before = run.before.get(kept.op)
    if before is not None and (before.status != "received" or (before.code == REOPENED and _was_timed(before))):
        act.happened_at, act.time_quality = before.at_corrected, before.time_quality
        earliest = before.earliest_at
    else:
        previous = run.last[1] if run.last is not None and run.last[0] < kept.seq else None
        act.happened_at, act.time_quality = corrected(operation, kept.header, kept.received_at, previous)
        assert run.registered_at is not None, "prepared"
        earliest = window_of(act.happened_at, kept.received_at, previous=previous, registered_at=run.registered_at)[0]
        if run.last is None or run.last[0] < kept.seq:
            run.last = (kept.seq, act.happened_at)
    if act.time_quality == "estimated" and earliest is not None:
        run.earliest[kept.op] = earliest
        act.window = (earliest, kept.received_at)
    if kept.happened_at is not None:
        act.happened_at = kept.happened_at
    if kept.vouched or kept.happened_at is not None:
        act.window = None  # a person answers for it


def _was_timed(before: Judged) -> bool:
    """Whether its time was ever worked out: a line whose envelope was refused has none."""
    return before.time_quality != "estimated" or before.earliest_at is not None


def authorise(act: Act, run: Run, kept: KeptOperation, roles: tuple[str, ...]) -> None:
    """Revoked replicas deliver but do not act; roles are those held at the corrected time.

    A supervisor who vouches answers for both: then a role counts that its author holds or held at any time, and for nothing beyond it.
    """
    if run.revoked_at is not None and not kept.vouched:
        raise ReplicaRevoked("the replica was revoked; the operation is kept")
    standing = run.standing
    assert standing is not None, "prepared"
    act.actor = standing.actor_at(act.happened_at)
    lost = _lost(standing, act.happened_at, roles)
    if kept.vouched:
        if lost is not None:
            ever = [grant for grant in standing.grants if grant.role in roles]
            act.actor = replace(act.actor, grants=tuple(dict.fromkeys([*act.actor.grants, *ever])))
            if roles and not ever:
                raise RoleLost(f"its author never held one of the roles {', '.join(roles)}", roles=list(roles))
        return
    if act.window is not None:
        answers = {_lost(standing, moment, roles) is None for moment in _moments(act.happened_at, act.window, standing)}
        if len(answers) > 1:
            raise TimeUncertain(f"whether its author might do this hangs on when it was done: {_span(act.window)}")
    if lost is not None:
        raise RoleLost(lost, roles=list(roles))


def _moments(happened_at: dt.datetime, window: tuple[dt.datetime, dt.datetime], standing: Standing) -> set[dt.datetime]:
    """The moments within the window at which an answer about its author may change."""
    changes = [moment for grant in standing.grants for moment in (grant.since, grant.until)] + [standing.disabled_at]
    return {happened_at, *window, *(moment for moment in changes if moment is not None and window[0] <= moment <= window[1])}


def _span(window: tuple[dt.datetime, dt.datetime]) -> str:
    return f"between {window[0].isoformat(timespec='seconds')} and {window[1].isoformat(timespec='seconds')}"


def _lost(standing: Standing, moment: dt.datetime, roles: tuple[str, ...]) -> str | None:
    """Why the person might not do it at that moment, None where nothing stands against it."""
    if standing.disabled_at is not None and moment >= standing.disabled_at:
        return "the account was disabled before this was done"
    if roles and not standing.actor_at(moment).holds(*roles):
        return f"this needed one of the roles {', '.join(roles)} at {moment.isoformat()}"
    return None
