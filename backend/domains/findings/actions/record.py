"""Recording a finding, and adding photos and notes to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import add_row, find_row, prefetch
from backend.core.deeds import deed
from backend.core.problems import IdTaken
from backend.domains.contracts.rules.match import Match
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.actions.placing import (
    TIME_UNCERTAIN,
    bind_contract,
    categorise,
    match_contract,
    place_finding,
    take_category,
)
from backend.domains.findings.actions.proof import weigh_photos, weigh_proof
from backend.domains.findings.actions.steps import begin_step, policy_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding, NumberCounter
from backend.domains.findings.model.notes import Note
from backend.domains.findings.queries.one import await_finding
from backend.domains.findings.rules import conflicts
from backend.domains.findings.rules.moves import ENDED, UNFILED
from backend.domains.findings.rules.needs import lacks_photos
from backend.domains.findings.rules.reports import LIABLE_TIME_UNCERTAIN
from backend.domains.findings.rules.sources import source_by_role
from backend.domains.patrols.actions import patrols
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.territory import local_day

_SKIPPED = 10_000


@deed
def record_finding(
    session: Session, act: Act, *, finding: UUID, payload: dict[str, Any], source: str | None = None
) -> tuple[Finding, Rule | None]:
    """Record what was seen. Never refused for a place outside the district or for missing photos: those block filing.

    Without a `source` it is its recorder's: an inspector's or a liaison's.

    The rule that comes with it: the liable contract hangs on an uncertain time, a retired or legacy category was mapped to its successor,
    the contract has ended since, or the patrol was closed before. Raises NotYet for a patrol that has not arrived, NotYourPatrol, IdTaken,
    UnknownCategory, UnknownCondition, PlaceAbsurd, DatumUnknown.
    """
    if act.actor.person is None or find_row(session, Finding, finding) is not None:
        raise IdTaken(f"finding {finding} exists already")
    category, mapped = categorise(session, payload["category"], payload["condition"], at=act.happened_at)
    source = source or source_by_role(act.actor)
    row = Finding(
        id=finding,
        version=1,
        state_version=1,
        state="recorded",
        source=source,
        address=payload["address"],
        asset=payload["asset"],
        severity=payload["severity"],
        note=payload["note"],
        recorded_by=act.actor.person,
        recorded_at=act.happened_at,
        device_at=act.device_at,
        received_at=act.at,
        time_quality=act.time_quality,
        patrol=payload["patrol"],
        awaiting_calendar=False,
        lacks_photos=False,
        disputed=False,
        units=[],
        deadline=None,
        filed_at=None,
        void_request=None,
        writes={},
        earliest_at=act.window[0] if act.window else None,
        latest_at=act.window[1] if act.window else None,
        liable_at=None,
        attached_to=None,
        closed_at=None,
        lacks_after_photos=False,
        lacks_look_photos=False,
        steps=0,
        bounces=0,
        supervised=False,
        assigned=[],
    )
    take_category(row, category, payload["condition"])
    place_finding(session, row, payload["place"])
    after_close = patrols.take_finding(session, act, patrol=payload["patrol"]) if payload["patrol"] is not None else None
    found = bind_contract(session, row)
    ended = _contract_ended(session, act, row, found)
    begin_step(session, act, row)
    photos = [_declare(session, act, row, photo, at=f"/photos/{n}") for n, photo in enumerate(payload["photos"])]
    wanted = policy_of(session, row, act.at).photos.get("record_finding", {})
    row.lacks_photos = lacks_photos(((photo.role, photo.state == "usable") for photo in photos), wanted)
    row.number = take_number(session, act, row.district)
    add_row(session, row)
    declared = {str(photo.id): photo.sha256 for photo in photos}
    tell(act, "finding.recorded", row, number=row.number, category=f"{row.kind}:{row.code}", grid=row.grid, photos=declared, source=source)
    if row.liability["reason"] == TIME_UNCERTAIN:
        return row, LIABLE_TIME_UNCERTAIN
    return row, (conflicts.CATEGORY_MAPPED if mapped else None) or ended or after_close


def _contract_ended(session: Session, act: Act, row: Finding, found: Match) -> Rule | None:
    """Whether the liable contract ended between the finding's time and now; without a successor there is none to dispatch to."""
    today = local_day(act.at)
    if row.liable is None or found.winner is None or local_day(row.recorded_at) == today or found.winner.in_force(today):
        return None
    present, _ = match_contract(session, row, act.at)
    if present.winner is not None:
        return None if present.winner.contract == row.liable else conflicts.CONTRACT_ENDED
    row.awaiting_contract = present.reason == "awaiting_contract"
    return conflicts.CONTRACT_ENDED_NONE_FOLLOWS


@deed
def add_photo(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Declare one more photo. Evidence is never refused for coming late: after the end it is `late_evidence`."""
    row = await_finding(session, act, finding)
    photo = _declare(session, act, row, payload)
    row.version += 1
    ended = row.state in ENDED
    if row.state in UNFILED:
        row.lacks_photos = True
        if photo.state == "usable":  # its bytes were here before, so nothing will tell of them again
            weigh_photos(session, row, act.at)
    weigh_proof(session, row, act.at)
    tell(act, "finding.photo_added", row, photo=payload["id"], sha256=payload["sha256"])
    return row, conflicts.LATE_PHOTO if ended else None


@deed
def add_note(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Add a note; notes are never changed."""
    row = await_finding(session, act, finding)
    assert act.actor.person is not None, "notes are written by people"
    note = Note(id=act.op or act.new_id(), finding=row.id, text=payload["text"], written_by=act.actor.person, written_at=act.happened_at)
    add_row(session, note)
    row.version += 1
    tell(act, "finding.note_added", row, note=note.id)
    return row, None


def prefetch_findings(session: Session, findings: Collection[UUID]) -> None:
    """Load and lock what a run of operations is going to touch."""
    prefetch(session, Finding, findings, lock=True)


def reserve_numbers(session: Session, act: Act, *, count: int) -> None:
    """Take `count` running numbers at once, for the findings that this session records next.

    Numbers left over are lost: a gap in the numbers says nothing. A counter row locked for the length of a whole run would let one phone
    wait for the other.
    """
    district = territory.layer(session).district
    first = _advance(session, _day(act, district), count)
    session.info["numbers"] = [_number(_day(act, district), n) for n in range(first + count - 1, first - 1, -1)]


def skip_numbers(session: Session, act: Act, *, since: dt.datetime) -> None:
    """Leave out 10,000 numbers of each day from this one to today: those a restore lost may stand on paper, and none is given twice."""
    district = territory.layer(session).district
    day, today = local_day(since), local_day(act.at)
    while day <= today:
        _advance(session, f"{district}-{day:%Y%m%d}", _SKIPPED)
        day += dt.timedelta(days=1)


def take_number(session: Session, act: Act, district: str) -> str:
    """The next number: of those reserved, else from the counter."""
    reserved: list[str] = session.info.get("numbers") or []
    if reserved and reserved[-1].startswith(f"{district}-"):
        return reserved.pop()
    day = _day(act, district)
    return _number(day, _advance(session, day, 1))


def _day(act: Act, district: str) -> str:
    return f"{district}-{local_day(act.at):%Y%m%d}"


def _number(day: str, running: int) -> str:
    return f"{day}-{running:05d}"


def _advance(session: Session, day: str, count: int) -> int:
    """The first of `count` new running numbers of the day."""
    for _ in range(2):
        update = (
            sa.update(NumberCounter).where(NumberCounter.day == day).values(last=NumberCounter.last + count).returning(NumberCounter.last)
        )
        last = session.scalar(update.execution_options(synchronize_session=False))
        if last is not None:
            return int(last) - count + 1
        _open_day(session, day)
    raise AssertionError("the counter of the day was just made")


def _open_day(session: Session, day: str) -> None:
    try:
        with session.begin_nested():
            session.execute(sa.insert(NumberCounter).values(day=day, last=0))
    except sa.exc.IntegrityError:
        return  # another process opened it first, which is as good


def _declare(session: Session, act: Act, row: Finding, photo: dict[str, Any], *, at: str = "") -> Any:
    return evidence.declare_photo(session, act, photo=photo, subject_type="finding", subject=row.id, at=at)
