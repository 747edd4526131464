"""A policy: everything that holds at one place, for one category, at one moment. The defaults hold where nobody has said otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, get_args

from backend.domains.deadlines.rules.limits import Limit

Level = Literal["community", "town", "department", "leader"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Whom an overdue task is brought to, lowest first (the 14 rules' "统一领导、分级负责": each level before the next)."""

StepName = Literal["accept", "verify", "dispatch", "check", "appeal"]
STEPS: tuple[StepName, ...] = get_args(StepName)
"""Steps that have a limit: accept a finding, look before filing, dispatch, look before closing, rule on an appeal."""


MAY_NEED_CONSENT = (
    "file_finding",
    "void_finding",
    "attach_finding",
    "dispatch_finding",
    "grant_extension",
    "grant_return",
    "grant_suspension",
    "close_finding",
    "reopen_finding",
)
"""Verbs before which a policy may want somebody's consent."""

NEEDING_PHOTOS = ("record_finding", "report_rectification", "verify_finding", "request_suspension")
"""Verbs whose photos a policy counts: before filing those of the record, before closing those of the report and of the look, before a
suspension is granted those of the request."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of the ladder: so long after the deadline the task is brought to this level."""

    after: Limit
    to: Level


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds: with the place, category and moment its `version` says exactly what held.

    That is the number of the newest statement in force there, 0 where there is none; statements are neither changed nor given for the past.

    `photos`: verb → role of photo → how many usable (or waived) ones it needs. `agree`: verb → role of the person who must have consented
    before. `reminders`: shares of the limit after which the doers are reminded, ascending. `escalation`: rungs, soonest first.
    `orphan_after`: how long nothing may happen to an open finding. `bounces_before_leader`: after so many wrong dispatches leaders see it.
    """

    version: int
    auto_file: bool
    auto_dispatch: bool
    photos: Mapping[str, Mapping[str, int]]
    agree: Mapping[str, str]
    steps: Mapping[str, Limit]
    reminders: tuple[Fraction, ...]
    escalation: tuple[Rung, ...]
    orphan_after: Limit
    bounces_before_leader: int


DEFAULTS = Policy(
    version=0,
    auto_file=False,
    auto_dispatch=False,
    photos=MappingProxyType(
        {
            "record_finding": MappingProxyType({"before": 1}),
            "report_rectification": MappingProxyType({"after": 1}),
            "verify_finding": MappingProxyType({"verification": 1}),
        }
    ),
    agree=MappingProxyType({}),
    steps=MappingProxyType(
        {
            "accept": Limit(15, "working_minutes"),
            "verify": Limit(30, "working_minutes"),
            "dispatch": Limit(15, "working_minutes"),
            "check": Limit(30, "working_minutes"),
            "appeal": Limit(2, "working_days"),
        }
    ),
    reminders=(Fraction(4, 5),),
    escalation=(
        Rung(Limit(1, "working_hours"), "community"),
        Rung(Limit(4, "working_hours"), "town"),
        Rung(Limit(1, "working_days"), "department"),
        Rung(Limit(2, "working_days"), "leader"),
    ),
    orphan_after=Limit(1, "working_days"),
    bounces_before_leader=2,
)
"""By hand; the step limits of the domain page, section 3; a reminder when a clock turns yellow (section 4); every level told in turn."""
