"""Splitting a finding in two: what was seen was two things, each with its own category and its own way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.database.rows import add_row, write
from backend.core.deeds import deed
from backend.core.problems import Invalid
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.actions.placing import bind_contract, categorise, place_finding, take_category
from backend.domains.findings.actions.record import take_number
from backend.domains.findings.actions.steps import begin_step, policy_of
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.one import lock_finding
from backend.domains.findings.rules.moving import check_move
from backend.domains.findings.rules.needs import lacks_photos, needs_of

KEPT = (
    *("source", "place", "lon", "lat", "address", "grid", "community", "town", "district", "unlocated", "severity", "campaign"),
    *("recorded_by", "recorded_at", "device_at", "time_quality", "earliest_at", "latest_at", "liable_at"),
)
"""What the second has of the first: where and when it was seen, and by whom."""


@deed
def split_finding(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> Finding:
    """Make a second finding of a part of this one: seen by the same person at the same moment, with a category of its own.

    `photos` of the first show it, too; `place`, `address`, `asset`, `severity` and `note` are its own where they are given. It begins as
    recorded; the first goes on as it is. The second finding. Raises UnknownCategory, UnknownCondition, PlaceAbsurd, DatumUnknown,
    Missing for a photo that is not of the first, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("split_finding", act.actor, row, needs=needs_of(row), state_version=payload["state_version"])
    category, _ = categorise(session, payload["category"], payload["condition"], at=row.recorded_at)
    if len(set(payload["photos"])) < len(payload["photos"]):
        raise Invalid("photos: one is named twice", errors=[("/photos", "one is named twice")])
    write(session)
    part = Finding(
        **{name: getattr(row, name) for name in KEPT},
        id=act.new_id(),
        version=1,
        state_version=1,
        state="recorded",
        asset=payload["asset"],
        note=payload["note"],
        received_at=act.at,
        split_from=row.id,
        awaiting_calendar=False,
        lacks_photos=False,
        disputed=False,
        units=[],
        writes={},
        lacks_after_photos=False,
        lacks_look_photos=False,
        steps=0,
        bounces=0,
        supervised=False,
        assigned=[],
    )
    part.address = payload["address"] or part.address
    part.severity = payload["severity"] or part.severity
    take_category(part, category, payload["condition"])
    if payload["place"] is not None:
        place_finding(session, part, payload["place"])
    bind_contract(session, part)
    begin_step(session, act, part)
    shown = [
        evidence.show_again(session, act, photo=each, subject=row.id, on_type="finding", on=part.id, at=f"/photos/{n}")
        for n, each in enumerate(payload["photos"])
    ]
    wanted = policy_of(session, part, act.at).photos.get("record_finding", {})
    part.lacks_photos = lacks_photos(((photo.role, photo.state == "usable") for photo in shown), wanted)
    part.number = take_number(session, act, part.district)
    add_row(session, part)
    row.version += 1
    facts: dict[str, Any] = {"category": f"{part.kind}:{part.code}", "grid": part.grid, "source": part.source}
    photos = {str(photo.id): photo.sha256 for photo in shown}
    tell(act, "finding.recorded", part, number=part.number, photos=photos, split_from=row.id, **facts)
    tell(act, "finding.split", row, into=part.id, number=part.number, reason=payload["reason"])
    return part
