"""Photos that are waived or taken back: what they change of their finding is known at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.act import Act
from backend.core.conflicts import Rule
from backend.core.database.rows import write
from backend.core.deeds import deed
from backend.core.problems import Missing, NotYet
from backend.domains.evidence.actions import photos as evidence
from backend.domains.findings.actions.deciding import check_not_own_work
from backend.domains.findings.actions.proof import weigh_photos
from backend.domains.findings.actions.telling import tell
from backend.domains.findings.model.finding import Finding
from backend.domains.findings.queries.citations import is_cited
from backend.domains.findings.queries.one import await_finding, lock_finding
from backend.domains.findings.rules.conflicts import PHOTO_CITED
from backend.domains.findings.rules.moving import check_move


@deed
def waive_photo(session: Session, act: Act, *, finding: UUID, photo: UUID, payload: dict[str, Any]) -> Finding:
    """The finding goes on without this photo. A waiver given before changes nothing.

    Never by who did the work, or works for a unit that has it. Raises OwnWork, Missing for a photo of another finding, PhotoSettled,
    Invalid for an empty reason, and what `check_move` raises.
    """
    row = lock_finding(session, act, finding)
    check_move("waive_photo", act.actor, row)
    check_not_own_work(session, act, row)
    told = len(act.told)
    evidence.waive_photo(session, act, photo=photo, subject=finding, reason=payload["reason"])
    if len(act.told) > told:
        weigh_photos(session, row, act.at)
        row.version += 1
        tell(act, "finding.photo_waived", row, photo=photo, reason=payload["reason"])
    return row


def retract_photo(session: Session, act: Act, *, finding: UUID, payload: dict[str, Any]) -> tuple[Finding, Rule | None]:
    """Mark an own photo as taken back: it counts no more, its bytes stay. A second time changes nothing.

    One that a verdict cites (its own, or of the report it judges) stays cited: `cited`.

    Raises NotYet for a finding or photo that has not arrived, Forbidden for another's photo, Invalid for an empty reason.
    """
    row = await_finding(session, act, finding)
    told = len(act.told)
    try:
        evidence.retract_photo(session, act, photo=payload["photo"], subject=finding, reason=payload["reason"])
    except Missing as missing:  # its declaration may be under way: whatever changes the finding wakes this again
        raise NotYet(f"photo {payload['photo']} of finding {finding} has not arrived", awaits=f"finding:{finding}") from missing
    if len(act.told) > told:
        weigh_photos(session, row, act.at)
        row.version += 1
        tell(act, "finding.photo_retracted", row, photo=payload["photo"], reason=payload["reason"])
    write(session)
    return row, PHOTO_CITED if is_cited(session, finding, payload["photo"]) else None
