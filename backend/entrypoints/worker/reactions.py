"""The table from event to what follows."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.reactions import Entry, Reaction
from backend.domains.deadlines.actions import recompute_deadlines
from backend.domains.findings.actions import follow
from backend.domains.findings.rules.moves import FILING_NEEDS
from backend.domains.sync.actions.resolve import settle_conflicts, settle_uncertain


def _settle_evidence(session: Session, act: Act, entry: Entry) -> None:
    follow.settle_evidence(session, act, finding=UUID(entry.subject))


def _advance(session: Session, act: Act, entry: Entry) -> None:
    follow.advance_finding(session, act, finding=UUID(entry.subject))


def _take_deadline(session: Session, act: Act, entry: Entry) -> None:
    if entry.facts["subject_type"] == "dispatch":
        due = dt.datetime.fromisoformat(entry.facts["due"]) if entry.facts["due"] else None
        waits = entry.facts["awaiting_year"] is not None
        follow.take_deadline(session, act, dispatch=UUID(entry.facts["subject"]), due=due, awaiting_calendar=waits)


def _is_ready(entry: Entry) -> bool:
    """A finding that lacks something for filing moves later, when it lacks it no more: that is told again."""
    return entry.event == "finding.filed" or not set(entry.facts.get("needs", ())) & set(FILING_NEEDS)


def _settle_conflicts(session: Session, act: Act, entry: Entry) -> None:
    settle_conflicts(session, act, finding=UUID(entry.subject))


def _settle_uncertain(session: Session, act: Act, entry: Entry) -> None:
    settle_uncertain(session, act, finding=UUID(entry.subject))


REACTIONS = (
    Reaction("evidence", ("photo.stored", "photo.usable", "photo.unreadable", "photo.waived", "photo.retracted"), _settle_evidence),
    Reaction(
        "automatic moves",
        (
            "finding.recorded",
            "finding.amended",
            "finding.evidence_settled",
            "finding.filed",
            "finding.void_refused",
            "finding.photo_waived",
        ),
        _advance,
        concerns=_is_ready,
    ),
    Reaction("calendar", ("calendar.changed",), lambda session, act, _entry: recompute_deadlines(session, act)),
    Reaction("deadlines shown", ("deadline.computed",), _take_deadline),
    Reaction(
        "conflicts settled",
        (
            "finding.voided",
            "finding.void_refused",
            "finding.dispute_decided",
            "finding.closed",
            "finding.proposals_resolved",
            "finding.amended",
        ),
        _settle_conflicts,
    ),
    Reaction("uncertain times settled", ("finding.contract_rebound",), _settle_uncertain),
)
