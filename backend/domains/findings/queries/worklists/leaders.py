"""Worklists of who answers for others' work: towns and departments by colour, leaders what has got stuck."""

from __future__ import annotations

import sqlalchemy as sa

from backend.domains.findings.model import worklists as held
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.hands import Supervision
from backend.domains.findings.model.work import Dispatch
from backend.domains.findings.queries.worklists.kinds import Reach, Reader, Worklist
from backend.domains.findings.rules.moves import ENDED

_LEADERS = ("leader",)
_OPEN = Finding.state.not_in(sorted(ENDED))


def _is_yellow(reader: Reader) -> held.Condition:
    lead = (Dispatch.finding == Finding.id, held.word(Dispatch.role, "lead"), held.STANDING)
    return held.each(sa.select(Dispatch.id).where(*lead, Dispatch.yellow_from <= reader.now))


def _stands_still() -> held.Condition:
    """Its clock is stopped: waiting for a decision on a return, or suspended."""
    lead = (Dispatch.finding == Finding.id, held.word(Dispatch.role, "lead"), held.STANDING)
    still = sa.or_(held.word(Dispatch.state, "returned"), held.word(Dispatch.state, "suspended"))
    return held.each(sa.select(Dispatch.id).where(*lead, still))


def _red(reader: Reader) -> tuple[held.Condition, ...]:
    return held.IN_WORK, Finding.deadline < reader.now


def _not_red(reader: Reader) -> tuple[held.Condition, ...]:
    return held.IN_WORK, sa.or_(Finding.deadline >= reader.now, Finding.deadline.is_(None))


def _runs(_reader: Reader) -> tuple[held.Condition, ...]:
    return (~_stands_still(),)


def _yellow(reader: Reader) -> tuple[held.Condition, ...]:
    return _is_yellow(reader), ~_stands_still()


def _green(reader: Reader) -> tuple[held.Condition, ...]:
    return ~_is_yellow(reader), ~_stands_still()


_COLOURS = (
    ("red", "Red: overdue", "红：已超时", "Past the deadline.", "已超过处置时限。", _red, _runs),
    ("yellow", "Yellow: due soon", "黄：临期", "Past four fifths of the limit.", "已过时限的五分之四。", _not_red, _yellow),
    ("green", "Green", "绿：正常", "In time, or without a deadline.", "时限内正常办理，或没有时限。", _not_red, _green),
)
_WHOSE: tuple[tuple[str, str, str, str, str, tuple[str, ...], Reach], ...] = (
    (
        "area",
        "of the own area",
        "本辖区",
        " Work in the own area, whoever does it.",
        "本辖区内的案卷，不论由谁处置。",
        ("town_officer", "leader"),
        "area",
    ),
    ("trade", "of the own trade", "本行业", " Work of the own trade.", "本行业的案卷。", ("department_officer",), "owner"),
)

LEADERS = (
    *(
        Worklist(
            f"{whose}_{colour}",
            f"{title} ({of})",
            f"{of_zh}·{title_zh}",
            f"{says}{which}",
            f"{says_zh}{which_zh}",
            roles=roles,
            order=Finding.deadline,
            where=where,
            also=also,
            reach=reach,
            by_town=True,
        )
        for whose, of, of_zh, which, which_zh, roles, reach in _WHOSE
        for colour, title, title_zh, says, says_zh, where, also in _COLOURS
    ),
    Worklist(
        "escalated",
        "Escalated",
        "已升级督促",
        "Overdue for so long that it was brought to the next level.",
        "超时已达升级条件、逐级上报的任务。",
        roles=("leader", "town_officer", "dispatcher", "shift_leader"),
        order=Dispatch.due,
        where=lambda _: held.ESCALATED,
        rows="dispatch",
        verbs=("supervise_finding",),
    ),
    Worklist(
        "bounced",
        "Bounced twice or more",
        "多次退单",
        "Units passed it on and nobody keeps it.",
        "多次被退回，单位之间相互推诿。",
        roles=_LEADERS,
        order=Finding.deadline,
        where=lambda _: (*held.BOUNCED, _OPEN),
        verbs=("supervise_finding",),
    ),
    Worklist(
        "orphaned",
        "Orphaned",
        "无人办理",
        "Nobody owns it, or nothing has happened for too long.",
        "无责任人，或长时间无任何进展。",
        roles=_LEADERS,
        order=Finding.orphaned_at,
        where=lambda _: (held.ORPHANED, _OPEN),
        is_due=False,
        verbs=("supervise_finding",),
    ),
    Worklist(
        "desk_demands",
        "Demands to the desk",
        "待中心回复的督办",
        "A leader presses for it and waits for the desk's reply.",
        "领导督办，等待中心回复。",
        roles=("acceptor", "shift_leader", "dispatcher"),
        order=Supervision.reply_due,
        where=lambda _: (held.DEMANDED,),
        reach="nobody",
        rows="demand",
        verbs=("reply_supervision",),
    ),
    Worklist(
        "replies",
        "Replies to own demands",
        "督办回复",
        "A demand of the reader was replied to: end it, or demand more.",
        "本人发起的督办已有回复：请办结或继续督办。",
        roles=_LEADERS,
        order=Supervision.replied_at,
        where=lambda _: (held.REPLIED,),
        reach="asker",
        rows="demand",
        is_due=False,
        verbs=("end_supervision",),
    ),
    Worklist(
        "supervised",
        "Supervised",
        "督办案件",
        "A leader's demand stands.",
        "领导督办、尚未答复或办结。",
        roles=("leader", "dispatcher", "shift_leader", "town_officer"),
        order=Finding.deadline,
        where=lambda _: (held.SUPERVISED, _OPEN),
    ),
)
