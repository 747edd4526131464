"""Worklists of inspectors and liaisons: where to go, and what became of what they recorded."""

from __future__ import annotations

from backend.domains.findings.model import worklists as held
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.model.tasks import VerificationTask
from backend.domains.findings.queries.worklists.kinds import Worklist

FIELD = (
    Worklist(
        "my_tasks",
        "My looks on site",
        "我的核查任务",
        "Looks on site that were given to the reader, before filing or before closing.",
        "分派给本人的核实、核查任务。",
        roles=("inspector",),
        order=VerificationTask.due,
        where=lambda _: (held.OPEN_TASK,),
        reach="assignee",
        rows="task",
        verbs=("verify_finding", "decline_task"),
    ),
    Worklist(
        "tasks_of_nobody",
        "Looks that nobody has",
        "无人领取的核查",
        "A look on site is needed, and nobody on duty could be given it: give it to somebody.",
        "需要现场核实或核查，但没有当班人员可分派：请指定人员。",
        roles=("shift_leader", "acceptor"),
        order=VerificationTask.due,
        where=lambda _: (held.OPEN_TASK,),
        reach="nobody",
        rows="task",
        verbs=("reassign_task",),
    ),
    Worklist(
        "to_verify",
        "To verify before filing",
        "待核实",
        "The desk asks for a look before it files; another recorded it.",
        "受理员请求立案前到场核实；由他人上报。",
        by_town=True,
        roles=("inspector",),
        order=Finding.step_due,
        where=lambda reader: (held.HAS_STEP, held.word(Finding.step, "verify"), Finding.recorded_by != reader.person),
        verbs=("verify_finding",),
    ),
    Worklist(
        "to_check",
        "To check before closing",
        "待核查",
        "The work was reported as done: look whether it is.",
        "处置单位已反馈完成：请到场核查。",
        by_town=True,
        roles=("inspector",),
        order=Finding.step_due,
        where=lambda _: (held.HAS_STEP, held.word(Finding.step, "check")),
        verbs=("verify_finding",),
    ),
    Worklist(
        "mine",
        "What became of mine",
        "我的上报",
        "All that the reader recorded, the newest first: how it stands, and why.",
        "本人上报的全部案卷，最新在前：当前状态及原因。",
        roles=("inspector", "liaison", "acceptor"),
        order=Finding.recorded_at,
        reach="recorder",
        is_due=False,
        newest=True,
    ),
)
