"""The desk of sync: what stands before it, in which words, what may be decided about it, and by whom (protocol, sections 3 and 6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from backend.core.act import Actor
from backend.core.problems import Clash, Forbidden, Invalid, Missing

READERS = ("shift_leader", "administrator")
OVERDUE = dt.timedelta(hours=72)
"""Whatever waits, or is missing, for longer is listed (protocol, section 3)."""
PHOTO_OVERDUE = dt.timedelta(days=10)
"""A photo declared this long ago whose bytes have not come is listed with its owner (research, fault 48)."""
SILENT = dt.timedelta(days=7)
"""A store that nothing was heard of for longer is silent: a week holds every rota's days off."""

KINDS = {
    "rejected": ("Rejected operation", "被拒绝的操作"),
    "waiting": ("Waiting for more than 72 hours", "等待超过 72 小时"),
    "time_uncertain": ("Its time is too uncertain", "操作时间无法确定"),
    "beside": ("A line kept beside the sequence", "未进入序列的原始数据"),
    "hole": ("Operations that never arrived", "缺失的操作序号"),
    "photo_missing": ("A declared photo that has not arrived", "已声明但未到达的照片"),
    "late_evidence": ("Evidence after the end of the case", "结案后到达的证据"),
    "incident": ("An incident of sync", "同步异常事件"),
}
"""The kinds of exceptions, in English and Chinese."""

TECHNICAL = frozenset({"hole", "incident", "waiting"})
"""What an administrator decides too: no answer about a finding hangs on it."""

OPEN = frozenset({"rejected", "deferred", "received"})
"""Statuses of an operation that can be judged again; what is in effect, or proposed, cannot."""

KEEPS_ITS_OP = frozenset({"fork", "seq_range"})
"""Lanes whose lines are whole operations under an id of their own, and which a phone renumbers and sends again."""

BESIDE_REPAIRABLE = frozenset({"malformed", "op_reuse", "fork", "seq_range"})
"""Lanes out of which an operation can be made; of what was too large only the beginning is kept."""


class ExceptionMissing(Missing):
    """No such exception, or not one of this desk's areas."""

    slug = "exception_missing"
    title = "There is no such exception on your list"
    title_zh = "您的清单中没有该异常"
    way_out = "GET /api/v1/sync/exceptions lists what stands open for your areas."
    way_out_zh = "可通过 GET /api/v1/sync/exceptions 查看您辖区内待处理的异常。"


class ConflictMissing(Missing):
    """No such conflict, decided already, or not one of this desk's areas."""

    slug = "conflict_missing"
    title = "There is no such conflict in your inbox"
    title_zh = "您的待办中没有该冲突"
    way_out = "GET /api/v1/sync/conflicts lists what is open for your areas."
    way_out_zh = "可通过 GET /api/v1/sync/conflicts 查看您辖区内待处理的冲突。"


class NotOpen(Clash):
    """What the operation became is final and in effect, or somebody was quicker: there is nothing to decide any more."""

    slug = "not_open"
    title = "There is nothing left to decide"
    title_zh = "已无需处理"
    way_out = "Look at its present outcome; what is in effect is changed by a move on the finding."
    way_out_zh = "请查看其当前结果；已生效的内容须通过案卷操作变更。"


class OutcomeMoved(Clash):
    """The outcome is no longer the one that was looked at."""

    slug = "outcome_moved"
    title = "It changed since you looked"
    title_zh = "结果已发生变化"
    way_out = "Look at it again and decide on what it is now."
    way_out_zh = "请重新查看当前结果后再决定。"


class OwnOperation(Forbidden):
    """Nobody decides on an operation of their own."""

    slug = "own_operation"
    title = "Not on one's own operation"
    title_zh = "不得处理本人的操作"
    way_out = "Ask another shift leader."
    way_out_zh = "请由其他值班长处理。"


class TechnicalOnly(Forbidden):
    """An administrator decides on what is technical, never on the content of a deed or on who might do it."""

    slug = "technical_only"
    title = "This is for a shift leader"
    title_zh = "此项须由值班长处理"
    way_out = "Ask a shift leader of the area; an administrator lets waiting operations be judged again as they are, and closes incidents."
    way_out_zh = "请由辖区值班长处理；管理员仅可原样重新处理等待中的操作和关闭技术异常。"


class OutOfReach(Forbidden):
    """A repair would make an operation act where whoever repairs it does not lead."""

    slug = "out_of_reach"
    title = "Outside your areas"
    title_zh = "超出您的辖区"
    way_out = "Ask a shift leader of the area that the operation is to act in, or of the district."
    way_out_zh = "请由该操作所涉区域或全区的值班长处理。"


class NotTheWindow(Invalid):
    """A time can be given only where it is estimated, and only one at which it can have happened."""

    slug = "not_the_window"
    title = "It cannot have happened then"
    title_zh = "所给时间不成立"
    way_out = "Give a time between the two ends of the operation's window, or none."
    way_out_zh = "请填写该操作时间窗口之内的时间，或留空。"


class NotRepairable(Clash):
    """Of this line too little was kept, or it was made into an operation before."""

    slug = "not_repairable"
    title = "No operation can be made of it"
    title_zh = "无法据此生成操作"
    way_out = "Have its author send the deed again as a new operation, then dismiss this line."
    way_out_zh = "请由原作者以新操作重新发送，然后将此条移出清单。"


@dataclass(frozen=True, slots=True)
class Desk:
    """What somebody sees and decides: `areas` are codes of the towns and communities led as shift leader."""

    person: UUID
    areas: tuple[str, ...]
    leads_district: bool
    administers: bool

    @property
    def sees_all(self) -> bool:
        """Whether every exception is on the list."""
        return self.leads_district or self.administers

    @property
    def leads(self) -> bool:
        """Whether it decides on deeds of its areas."""
        return self.leads_district or bool(self.areas)


def desk_of(actor: Actor) -> Desk:
    """The desk of this actor, by the roles held now."""
    assert actor.person is not None, "whoever calls is somebody"
    areas = sorted({grant.area for grant in actor.grants_of("shift_leader") if grant.area})
    return Desk(
        person=actor.person,
        areas=tuple(area for area in areas if len(area) > 6),
        leads_district=any(len(area) == 6 for area in areas),
        administers=actor.holds("administrator"),
    )


def waited_for(key: str) -> dict[str, str]:
    """What a deferred operation waits for, in words; `key` is of the kind and id that the model's Waiting holds."""
    kind, _, name = key.partition(":")
    words = {
        "op": (f"operation {name}, on which it depends", f"所依赖的操作 {name}"),
        "settled": (f"the earlier operation {name} on the same record", f"同一对象上较早的操作 {name}"),
        "finding": (f"finding {name}, or a change of it", f"案卷 {name} 到达或变更"),
        "patrol": (f"patrol {name}, or a change of it", f"巡查 {name} 到达或变更"),
        "operation": (f"a server that knows {name}", f"支持 {name} 的服务器版本"),
    }
    en, zh = words.get(kind, (key, key))
    return {"key": key, "en": en, "zh": zh}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the decisions on an exception hang on: its kind, whose it is, the operation's status, the line's lane, its time's quality."""

    kind: str
    person: UUID | None = None
    status: str | None = None
    lane: str | None = None
    estimated: bool = False


def decisions_open(standing: Standing, desk: Desk) -> list[str]:
    """Which decisions are open to this desk: redrive, repair, vouch, happened_at, dismiss, close."""
    if standing.kind == "incident":
        return ["close"]
    if standing.kind == "hole":
        return ["dismiss"]
    if standing.person == desk.person:
        return []
    if not desk.leads:
        return ["redrive", "dismiss"] if standing.kind in TECHNICAL else []
    found: list[str] = []
    if standing.status in OPEN:
        found += ["redrive", "repair", "vouch", *(["happened_at"] if standing.estimated else [])]
    elif standing.lane in BESIDE_REPAIRABLE:
        found.append("repair")
    return [*found, "dismiss"]
