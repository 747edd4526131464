"""Recording a finding, and adding photos and notes to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, find_row, prefetch
from backend.core.problems import IdTaken
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.actions.photos import weigh_photos
from backend.domains.findings.actions.placing import bind_contract, categorise, place_finding, take_category
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model import Finding, Note, NumberCounter
from backend.domains.findings.queries.one import await_finding
from backend.domains.findings.rules import moves
from backend.domains.findings.rules.needs import lacks_photos
from backend.domains.patrols import queries as patrols
from backend.domains.patrols.rules import NotYourPatrol
from backend.domains.territory import queries as territory
from backend.domains.territory.rules.territory import local_day


def record_finding(
    session: Session, act: Act, *, finding: UUID, payload: dict[str, Any], source: str = "inspector"
) -> tuple[Finding, str | None]:
    """Record what was seen. Never refused for a place outside the district or for missing photos: those block filing.

    Returns the finding and `category_mapped` where a retired or legacy code was mapped to its successor. Raises NotYet for a patrol that
    has not arrived, IdTaken, UnknownCategory, UnknownCondition, PlaceAbsurd, DatumUnknown.
    """
    if act.actor.person is None or find_row(session, Finding, finding) is not None:
        raise IdTaken(f"finding {finding} exists already")
    if payload["patrol"] is not None and patrols.await_patrol(session, payload["patrol"]).inspector != act.actor.person:
        raise NotYourPatrol("the patrol named is another inspector's")
    category, mapped = categorise(session, payload["category"], payload["condition"], at=act.happened_at)
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
    )
    take_category(row, category, payload["condition"])
    place_finding(session, row, payload["place"])
    bind_contract(session, row)
    photos = [_declare(session, act, row, photo) for photo in payload["photos"]]
    row.lacks_photos = lacks_photos(declared=len(photos), settled=sum(photo.state == "usable" for photo in photos))
    row.number = take_number(session, act, row.district)
    add_row(session, row)
    declared = {str(photo.id): photo.sha256 for photo in photos}
    tell(act, "finding.recorded", row, number=row.number, category=f"{row.kind}:{row.code}", grid=row.grid, photos=declared, source=source)
    return row, "category_mapped" if mapped else None


def add_photo(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, str | None]:
    """Declare one more photo. Evidence is never refused for coming late: after the end it is `late_evidence`."""
    row = await_finding(session, act, finding)
    photo = _declare(session, act, row, payload)
    row.version += 1
    ended = row.state in moves.ENDED
    if row.state == "recorded":
        row.lacks_photos = True
        if photo.state == "usable":  # its bytes were here before, so nothing will tell of them again
            weigh_photos(session, row)
    tell(act, "finding.photo_added", row, photo=payload["id"], sha256=payload["sha256"])
    return row, "late_evidence" if ended else None


def add_note(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, str | None]:
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


def _declare(session: Session, act: Act, row: Finding, photo: dict[str, Any]) -> Any:
    return evidence.declare_photo(session, act, photo=photo, subject_type="finding", subject=row.id)
