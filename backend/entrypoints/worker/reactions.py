"""The table from event to what follows."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.reactions import Entry, Reaction
from backend.domains.deadlines.actions import recompute_deadlines
from backend.domains.findings.actions import escalate, follow, leaving, looking
from backend.domains.findings.actions.announce import announce, announce_area
from backend.domains.findings.actions.repeats import note_repeat
from backend.domains.findings.actions.search import INDEXED_AFTER, index_finding
from backend.domains.findings.queries.repeats import find_repeated
from backend.domains.findings.rules.announcements.table import AREA_KINDS
from backend.domains.findings.rules.announcements.table import EVENTS as ANNOUNCED
from backend.domains.findings.rules.moves import FILING_NEEDS
from backend.domains.findings.rules.tasks import LOOKS_FOLLOW, NEEDING_A_LOOK
from backend.domains.notifications.actions.webhooks import disable_webhooks_of
from backend.domains.residents.actions import announce as tell_desk
from backend.domains.residents.actions import follow as residents
from backend.domains.residents.rules.announcements import OF_REPORTS, OF_REQUESTS
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


def _note_repeat(session: Session, act: Act, entry: Entry) -> None:
    finding = UUID(entry.subject)
    note_repeat(session, act, finding=finding, of=find_repeated(session, finding))


def _settle_uncertain(session: Session, act: Act, entry: Entry) -> None:
    settle_uncertain(session, act, finding=UUID(entry.subject))


def _announce_area(session: Session, act: Act, entry: Entry) -> None:
    announce_area(session, act, suspension=UUID(entry.subject), event=entry.event, seq=entry.seq)


def _announce(session: Session, act: Act, entry: Entry) -> None:
    announce(session, act, finding=UUID(entry.subject), event=entry.event, seq=entry.seq, facts=entry.facts)


def _follow_reports(session: Session, act: Act, entry: Entry) -> None:
    residents.follow_finding(session, act, finding=UUID(entry.subject))


def _pass_on_of_leaver(session: Session, act: Act, entry: Entry) -> None:
    leaving.pass_work_on(session, act, person=UUID(entry.subject))


def _disable_webhooks(session: Session, act: Act, entry: Entry) -> None:
    disable_webhooks_of(session, act, person=UUID(entry.subject))


def _pass_on_of_absent(session: Session, act: Act, entry: Entry) -> None:
    looking.pass_tasks_on(session, act, person=UUID(entry.facts["person"]))


def _announce_report(session: Session, act: Act, entry: Entry) -> None:
    tell_desk.announce_report(session, act, report=UUID(entry.subject), seq=entry.seq)


def _announce_request(session: Session, act: Act, entry: Entry) -> None:
    tell_desk.announce_request(session, act, request=UUID(entry.subject), seq=entry.seq)


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
            "finding.void_request_withdrawn",
            "finding.photo_waived",
            "finding.consented",
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
            "finding.void_request_withdrawn",
            "finding.dispute_decided",
            "finding.closed",
            "finding.proposals_resolved",
            "finding.amended",
        ),
        _settle_conflicts,
    ),
    Reaction("repeats", ("finding.recorded", "finding.amended", "finding.corrected"), _note_repeat),
    Reaction("uncertain times settled", ("finding.contract_rebound",), _settle_uncertain),
    Reaction(
        "bounced to leaders",
        ("finding.return_granted",),
        lambda session, act, entry: escalate.note_bounces(session, act, finding=UUID(entry.subject)),
    ),
    Reaction(
        "looks on site",
        LOOKS_FOLLOW,
        lambda session, act, entry: looking.follow_looks(session, act, finding=UUID(entry.subject)),
        concerns=lambda entry: entry.event != "finding.verified" or entry.facts.get("state") in NEEDING_A_LOOK,
    ),
    Reaction("open work of who left", ("role.ended", "person.disabled"), _pass_on_of_leaver),
    Reaction("webhooks of who left", ("role.ended",), _disable_webhooks),
    Reaction("tasks of the absent", ("absence.noted", "absence.covered", "absence.ended"), _pass_on_of_absent),
    Reaction("reports of residents", residents.FOLLOWED, _follow_reports),
    Reaction("reports announced", OF_REPORTS, _announce_report),
    Reaction("reopening announced", OF_REQUESTS, _announce_request, once=False),
    Reaction("search", INDEXED_AFTER, lambda session, act, entry: index_finding(session, act, finding=UUID(entry.subject))),
    Reaction("announcements", ANNOUNCED, _announce, once=False),
    Reaction("area announcements", tuple(AREA_KINDS), _announce_area, once=False),
)
