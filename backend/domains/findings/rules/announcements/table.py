"""One table from the journal's events to kinds of message, and to those they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from backend.domains.findings.rules.announcements import kinds
from backend.domains.notifications.rules.kinds import Kind

Audience = Literal[
    "recorder",
    "doers",
    "unit",
    "worker",
    "managers",
    "asker",
    "assignee",
    "former_assignee",
    "dispatchers",
    "shift_leaders",
    "leaders",
    "level",
    "issued",
    "cancelled",
    "consenters",
    "deciders",
    "who_asked",
    "who_sent",
]
"""Whom a message is for, as `queries.announcing` finds them.

recorder: nobody where a resident was; doers: everybody whose work on it is open; unit: the people of the dispatch or unit that the event
names, the desk where it names none; managers: of that dispatch's company; level: of the rung of an escalation; issued, cancelled: of the
dispatches that the event names so; consenters: whose consent a policy wants; deciders: who decides then; who_asked, who_sent: whom it
names.
"""


@dataclass(frozen=True, slots=True)
class Announcement:
    """From an event follows this message, for these people, where the facts of the event have these values.

    `open_work`: only while the work it speaks of is still to be done, for what says that time is short.
    """

    event: str
    kind: Kind
    to: tuple[Audience, ...]
    where: tuple[tuple[str, Any], ...] = ()
    open_work: bool = False

    def fits(self, facts: Mapping[str, Any]) -> bool:
        """Whether it follows from an event with these facts."""
        return all(facts.get(name) == value for name, value in self.where)


_FAILED = (("phase", "pre_closing"), ("result", "fail"), ("disputed", False))

ANNOUNCEMENTS: tuple[Announcement, ...] = (
    Announcement("finding.dispatched", kinds.DISPATCHED, ("unit",)),
    Announcement("finding.co_unit_added", kinds.CO_UNIT, ("unit",)),
    Announcement("finding.co_unit_cancelled", kinds.WORK_CANCELLED, ("unit",)),
    Announcement("finding.worker_assigned", kinds.ASSIGNED, ("worker",)),
    Announcement("finding.worker_left", kinds.TO_ASSIGN, ("managers",)),
    Announcement("finding.rectification_reported", kinds.TO_HAND_BACK, ("managers",), (("report_state", "awaiting_hand_back"),)),
    Announcement("finding.due_soon", kinds.DUE_SOON, ("unit",), open_work=True),
    Announcement("finding.overdue", kinds.OVERDUE, ("unit", "dispatchers"), open_work=True),
    Announcement("finding.escalated", kinds.ESCALATED, ("level",), (("why", "overdue"),)),
    Announcement("finding.escalated", kinds.BOUNCED, ("level",), (("why", "bounced"),)),
    Announcement("finding.orphaned", kinds.ORPHANED, ("dispatchers", "shift_leaders", "leaders")),
    Announcement("finding.verified", kinds.REWORK, ("unit",), _FAILED),
    Announcement("finding.verified", kinds.DISPUTED, ("shift_leaders",), (("phase", "pre_closing"), ("disputed", True))),
    Announcement("finding.dispute_decided", kinds.REWORK, ("unit",), (("result", "fail"),)),
    # What a unit asks, and what is decided.
    Announcement("finding.return_requested", kinds.RETURN_REQUESTED, ("dispatchers",)),
    Announcement("finding.extension_requested", kinds.EXTENSION_REQUESTED, ("dispatchers",)),
    Announcement("finding.suspension_requested", kinds.SUSPENSION_REQUESTED, ("dispatchers",)),
    Announcement("finding.return_granted", kinds.RETURN_GRANTED, ("asker", "managers")),
    Announcement("finding.return_granted", kinds.DISPATCHED, ("issued",)),
    Announcement("finding.return_granted", kinds.WORK_CANCELLED, ("cancelled",)),
    Announcement("finding.return_refused", kinds.RETURN_REFUSED, ("asker", "managers")),
    Announcement("finding.extension_granted", kinds.EXTENSION_GRANTED, ("asker", "managers")),
    Announcement("finding.extension_refused", kinds.EXTENSION_REFUSED, ("asker", "managers")),
    Announcement("finding.suspension_granted", kinds.SUSPENSION_GRANTED, ("asker", "managers")),
    Announcement("finding.suspension_refused", kinds.SUSPENSION_REFUSED, ("asker", "managers")),
    Announcement("finding.appealed", kinds.APPEALED, ("shift_leaders", "leaders")),
    Announcement("finding.appeal_granted", kinds.APPEAL_GRANTED, ("asker", "managers")),
    Announcement("finding.appeal_refused", kinds.APPEAL_REFUSED, ("asker", "managers")),
    # Of an area-wide suspension each unit is told once, not of each dispatch: see AREA_KINDS.
    Announcement("finding.suspended", kinds.SUSPENDED, ("unit",), (("area_suspension", None),)),
    Announcement("finding.suspension_ended", kinds.RESUMED, ("unit",), (("area_suspension", None),)),
    Announcement("finding.return_requested", kinds.CONSENT_ASKED, ("consenters",)),
    Announcement("finding.extension_requested", kinds.CONSENT_ASKED, ("consenters",)),
    Announcement("finding.suspension_requested", kinds.CONSENT_ASKED, ("consenters",)),
    Announcement("finding.void_requested", kinds.CONSENT_ASKED, ("consenters",)),
    Announcement("finding.consented", kinds.CONSENTED, ("deciders",), (("result", "agreed"),)),
    Announcement("finding.consented", kinds.OBJECTED, ("deciders",), (("result", "objected"),)),
    Announcement("finding.corrected", kinds.CORRECTED, ("doers",)),
    # Looks on site.
    Announcement("finding.task_assigned", kinds.TASK_ASSIGNED, ("assignee",)),
    Announcement("finding.task_reassigned", kinds.TASK_ASSIGNED, ("assignee",)),
    Announcement("finding.task_reassigned", kinds.TASK_TAKEN_BACK, ("former_assignee",)),
    Announcement("finding.task_cancelled", kinds.TASK_TAKEN_BACK, ("assignee",)),
    Announcement("finding.task_unassigned", kinds.TASK_UNASSIGNED, ("shift_leaders",), (("left_alone", True),)),
    Announcement("finding.task_declined", kinds.TASK_UNASSIGNED, ("shift_leaders",)),
    # The end, and what became of what somebody recorded.
    Announcement("finding.void_requested", kinds.VOID_REQUESTED, ("shift_leaders",)),
    Announcement("finding.void_refused", kinds.VOID_REFUSED, ("who_asked",)),
    Announcement("finding.voided", kinds.VOIDED, ("recorder", "who_asked")),
    Announcement("finding.voided", kinds.WORK_CANCELLED, ("doers",)),
    Announcement("finding.closed", kinds.CLOSED, ("recorder",)),
    Announcement("finding.closed", kinds.WORK_CLOSED, ("doers",)),
    Announcement("finding.attached", kinds.ATTACHED, ("recorder",)),
    Announcement("finding.released", kinds.RELEASED, ("recorder",)),
    Announcement("finding.detached", kinds.DETACHED, ("recorder",)),
    Announcement("finding.reopened", kinds.WORK_REOPENED, ("doers",)),
    Announcement("finding.reopened", kinds.REOPENED, ("recorder",)),
    Announcement("finding.self_resolution_accepted", kinds.SELF_ACCEPTED, ("recorder",)),
    Announcement("finding.self_resolution_refused", kinds.SELF_REFUSED, ("recorder",)),
    Announcement("finding.split", kinds.SPLIT, ("recorder",)),
    # Pressure, and enforcement.
    Announcement("finding.supervised", kinds.SUPERVISED, ("unit",)),
    Announcement("finding.supervision_replied", kinds.SUPERVISION_REPLIED, ("who_asked",)),
    Announcement("finding.supervision_overdue", kinds.SUPERVISION_OVERDUE, ("unit", "who_asked")),
    Announcement("finding.supervision_ended", kinds.SUPERVISION_ENDED, ("unit",)),
    Announcement("finding.handed_over", kinds.HANDED_OVER, ("unit",)),
    Announcement("finding.hand_over_received", kinds.HAND_OVER_RECEIVED, ("who_sent",)),
    Announcement("finding.hand_over_refused", kinds.HAND_OVER_REFUSED, ("who_sent",)),
    Announcement("finding.hand_over_concluded", kinds.HAND_OVER_CONCLUDED, ("who_sent",)),
)

EVENTS: tuple[str, ...] = tuple(dict.fromkeys(each.event for each in ANNOUNCEMENTS))
"""The events of the journal from which messages follow."""


AREA_KINDS = {"area.suspended": kinds.AREA_SUSPENDED, "area.suspension_ended": kinds.AREA_RESUMED}
"""What every unit that has open work in an area is told once, by event."""


def following(event: str, facts: Mapping[str, Any]) -> list[Announcement]:
    """What follows from this event with these facts, in the order of the table: who is told by one is not told again by the next."""
    return [each for each in ANNOUNCEMENTS if each.event == event and each.fits(facts)]
